// SPDX-License-Identifier: Apache-2.0
// A self-contained HTML page: no network, no other file; English or German; light, dark and in print.
//
//     struct page page;
//     page_begin(&page, out, LANG_DE, scenario_name);
//     page_section_begin(&page, "law", TEXT_LAW);
//     page_paragraph(&page, page_words(&page, TEXT_LAW_WHAT), ARGS(name));
//     chart_write(&page, &chart);                                          see chart.h
//     page_section_end(&page);
//     page_end(&page);
//
// Whatever text is passed in is escaped here; callers escape nothing. Errors of the file show when it is
// finished (whole_finish). Words come from texts.def: add rows there, in both languages.
#ifndef NP_COORDINATOR_REPORT_PAGE_H
#define NP_COORDINATOR_REPORT_PAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "coordinator/report/number.h"
#include "coordinator/report/text.h"

struct page {
    FILE *out;
    enum language language;
    uint32_t charts; // written so far
};

// Style sheet, title and heading. `kind` is what the page is ("Report of a run"), `title` what it is about.
void page_begin(struct page *page, FILE *out, enum language language, const char *kind, const char *title);

// The scripts, and the end of the page.
void page_end(struct page *page);

// The words of an id in the page's language.
const char *page_words(const struct page *page, enum text_id id);

// A section with a heading. `id`, of lower-case letters, digits and dashes, is unique in the page. In print a
// section starts on a page of its own.
void page_section_begin(struct page *page, const char *id, const char *heading);
void page_section_end(struct page *page);

// A heading inside a section.
void page_heading(struct page *page, const char *text);

// A paragraph: `words` with {N} replaced by args[N] (see text_fill); args may be NULL.
void page_paragraph(struct page *page, const char *words, const char *const *args);

// A paragraph that stands out.
void page_warning(struct page *page, const char *words, const char *const *args);

// Facts: names and values, as at the head of a page.
void page_facts_begin(struct page *page);
void page_fact(struct page *page, const char *name, const char *value);
void page_facts_end(struct page *page);

// What stands between these is set side by side where the page is wide enough: charts, mostly.
void page_grid_begin(struct page *page);
void page_grid_end(struct page *page);

struct page_column {
    const char *label;
    const char *unit;   // "" or NULL: none
    bool number, fixed; // number: to the right; fixed: in the font of code (digests, addresses)
};

// A table: begin, rows of exactly `n` cells, end. `caption` may be NULL. `columns` is used until the end.
void page_table_begin(struct page *page, const char *caption, const struct page_column *columns, size_t n);
void page_row_begin(struct page *page);
void page_cell(struct page *page, const struct page_column *column, const char *text);
// A figure with a bar of `share` (0 to 1) behind it.
void page_cell_bar(struct page *page, const char *text, double share);
void page_row_end(struct page *page);
void page_table_end(struct page *page);

// Lines of text as they are, in the font of code: consoles.
void page_lines(struct page *page, const char *text);

// What is folded away until it is asked for: long tables. Open in print only if it was opened.
void page_details_begin(struct page *page, const char *summary);
void page_details_end(struct page *page);

#endif
