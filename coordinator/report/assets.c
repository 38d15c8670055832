// SPDX-License-Identifier: Apache-2.0
#include "coordinator/report/assets.h"

#include <stdint.h>

// A file and its length in bytes. The paths come from CMakeLists.txt, which also makes this file depend on
// them.
#define EMBED(name, path)                                                                                    \
    __asm__(".pushsection .rodata, \"a\", @progbits\n"                                                       \
            ".balign 8\n"                                                                                    \
            "np_asset_" #name "_size: .quad 1f - 0f\n"                                                       \
            "np_asset_" #name ":\n"                                                                          \
            "0: .incbin \"" path "\"\n"                                                                      \
            "1: .popsection\n");                                                                             \
    extern const char np_asset_##name[];                                                                     \
    extern const uint64_t np_asset_##name##_size

EMBED(chart_js, NP_CHART_JS);
EMBED(draw, NP_DRAW_JS);
EMBED(script, NP_PAGE_JS);
EMBED(style, NP_PAGE_CSS);

void asset_chart_js(FILE *out)
{
    fwrite(np_asset_chart_js, 1, np_asset_chart_js_size, out);
}

void asset_script(FILE *out)
{
    fwrite(np_asset_draw, 1, np_asset_draw_size, out);
    fwrite(np_asset_script, 1, np_asset_script_size, out);
}

void asset_style(FILE *out)
{
    fwrite(np_asset_style, 1, np_asset_style_size, out);
}
