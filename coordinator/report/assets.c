// SPDX-License-Identifier: Apache-2.0
#include "coordinator/report/assets.h"

#include <stddef.h>

// The paths come from CMakeLists.txt, which also makes this file depend on them.
#define EMBED(name, path)                                                                                    \
    __asm__(".pushsection .rodata, \"a\", @progbits\n"                                                       \
            "np_asset_" #name ":\n"                                                                          \
            ".incbin \"" path "\"\n"                                                                         \
            "np_asset_" #name "_end:\n"                                                                      \
            ".byte 0\n"                                                                                      \
            ".popsection\n");                                                                                \
    extern const char np_asset_##name[], np_asset_##name##_end[]

EMBED(chart_js, NP_CHART_JS);
EMBED(script, NP_PAGE_JS);
EMBED(style, NP_PAGE_CSS);

void asset_chart_js(FILE *out)
{
    fwrite(np_asset_chart_js, 1, (size_t)(np_asset_chart_js_end - np_asset_chart_js), out);
}

void asset_script(FILE *out)
{
    fwrite(np_asset_script, 1, (size_t)(np_asset_script_end - np_asset_script), out);
}

void asset_style(FILE *out)
{
    fwrite(np_asset_style, 1, (size_t)(np_asset_style_end - np_asset_style), out);
}
