// SPDX-License-Identifier: Apache-2.0
// Pages of memory that boards other than their home asked for.
#include <inttypes.h>

#include "coordinator/report/sections.h"

#define PAGES_SHOWN 12 // of each partition; the rest is folded away
#define COLUMNS     8

// Whether any page's place in a program is known: else the last two columns are left out.
static bool has_places(const json_t *pages)
{
    for (size_t i = 0; i < json_array_size(pages); i++) {
        const json_t *p = json_array_get(pages, i);
        if (json_is_integer(json_object_get(p, "virtual")) || view_text(p, "symbol")[0])
            return true;
    }
    return false;
}

static void page_row(struct page *page, const struct page_column *c, size_t n, const json_t *p, uint64_t most)
{
    char text[NUMBER_TEXT_SIZE], name[512], virtual[NUMBER_TEXT_SIZE] = "";
    enum language l = page->language;
    uint64_t requests = view_count(p, "requests"), remote = view_count(p, "remote");
    const char *process = view_text(p, "process"), *symbol = view_text(p, "symbol");
    if (json_is_integer(json_object_get(p, "virtual")))
        snprintf(virtual, sizeof virtual, "0x%" PRIx64, view_count(p, "virtual"));
    snprintf(name, sizeof name, "%s%s%s", process, process[0] && symbol[0] ? ": " : "", symbol);
    page_row_begin(page);
    snprintf(text, sizeof text, "0x%" PRIx64, view_count(p, "address"));
    page_cell(page, &c[0], text);
    page_cell(page, &c[1], view_text(p, "home"));
    page_cell_bar(page, number_count(l, remote, text), most ? (double)remote / (double)most : 0);
    page_cell(page, &c[3], number_fixed(l, percent(remote, requests), 1, text));
    page_cell(page, &c[4], number_fixed(l, percent(view_count(p, "writes"), requests), 1, text));
    page_cell(page, &c[5], number_count(l, view_count(p, "boards"), text));
    if (n == COLUMNS) {
        page_cell(page, &c[6], virtual);
        page_cell(page, &c[7], name);
    }
    page_row_end(page);
}

static void table_of(struct page *page, const char *caption, const struct page_column *columns,
                     const json_t *pages, size_t from, size_t to, uint64_t most)
{
    size_t n = has_places(pages) ? COLUMNS : COLUMNS - 2;
    page_table_begin(page, caption, columns, n);
    for (size_t i = from; i < to; i++)
        page_row(page, columns, n, json_array_get(pages, i), most);
    page_table_end(page);
}

static void partition_table(struct page *page, const json_t *partition)
{
    const json_t *pages = json_object_get(partition, "pages");
    const struct page_column columns[COLUMNS] = {
        {page_words(page, TEXT_PAGE), NULL, false, true},
        {page_words(page, TEXT_HOME), NULL, false, false},
        {page_words(page, TEXT_REMOTE_REQUESTS), NULL, true, false},
        {page_words(page, TEXT_REMOTE), "%", true, false},
        {page_words(page, TEXT_WRITES), "%", true, false},
        {page_words(page, TEXT_BOARDS), NULL, true, false},
        {page_words(page, TEXT_VIRTUAL), NULL, false, true},
        {page_words(page, TEXT_SYMBOL), NULL, false, false},
    };
    uint64_t most = 0;
    for (size_t i = 0; i < json_array_size(pages); i++) {
        uint64_t remote = view_count(json_array_get(pages, i), "remote");
        most = remote > most ? remote : most;
    }
    size_t n = json_array_size(pages), shown = n <= PAGES_SHOWN ? n : PAGES_SHOWN;
    table_of(page, view_text(partition, "name"), columns, pages, 0, shown, most);
    if (shown == n)
        return;
    page_details_begin(page, page_words(page, TEXT_MORE_PAGES));
    table_of(page, NULL, columns, pages, shown, n, most);
    page_details_end(page);
}

void section_sharing(struct page *page, const struct view *view)
{
    size_t any = 0;
    for (size_t i = 0; i < json_array_size(view->partitions); i++)
        any += json_array_size(json_object_get(json_array_get(view->partitions, i), "pages"));
    if (!any)
        return;
    page_section_begin(page, "sharing", page_words(page, TEXT_SHARING_HEADING));
    page_paragraph(page, page_words(page, TEXT_SHARING_WHAT), NULL);
    for (size_t i = 0; i < json_array_size(view->partitions); i++) {
        const json_t *p = json_array_get(view->partitions, i);
        if (json_array_size(json_object_get(p, "pages")))
            partition_table(page, p);
    }
    page_section_end(page);
}
