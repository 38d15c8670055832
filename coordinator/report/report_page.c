// SPDX-License-Identifier: Apache-2.0
#include "coordinator/report/report_page.h"

#include "coordinator/report/sections.h"
#include "proto/base/assert.h"

static void (*const sections[])(struct page *, const struct view *) = {
    section_head,     section_claims,  section_moves, section_throughput, section_guests,
    section_served,   section_latency, section_hits,  section_busy,       section_crossbar,
    section_messages, section_sharing, section_watch, section_figures,    section_host,
};

enum err_code report_page_write(FILE *out, enum language language, const json_t *results,
                                const char *resolved, struct err *err)
{
    struct view view;
    struct page page;
    if (view_open(&view, results, resolved, err))
        return err->code;
    page_begin(&page, out, language, text_of(language, TEXT_REPORT), view_text(results, "scenario"));
    for (size_t i = 0; i < NP_ARRAY_LEN(sections); i++)
        sections[i](&page, &view);
    page_end(&page);
    view_free(&view);
    return ERR_OK;
}
