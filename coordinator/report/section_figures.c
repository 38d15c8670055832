// SPDX-License-Identifier: Apache-2.0
// The figures of the machine and where each comes from, read from the run's resolved.yaml.
#include <string.h>

#include "coordinator/machine/document.h"
#include "coordinator/report/sections.h"
#include "proto/base/assert.h"

struct figure {
    const char *system, *name, *value, *source;
    bool unverified;
};

// The nearest mapping around node `at` that has a name: the system whose figure it is.
static const char *owner_of(const struct document *document, int at)
{
    for (; at; at = document->places[at].parent) {
        const char *name = value_text(mapping_get((struct value){document, at}, "name"));
        if (name)
            return name;
    }
    return "";
}

// Whether node `at` is a figure: a mapping with a value and a source.
static bool figure_at(const struct document *document, int at, struct figure *figure)
{
    const struct value v = {document, at};
    const char *value = value_is_mapping(v) ? value_text(mapping_get(v, "value")) : NULL;
    const char *source = value ? value_text(mapping_get(v, "source")) : NULL;
    const char *name = source ? value_text((struct value){document, document->places[at].key}) : NULL;
    if (!name)
        return false;
    *figure = (struct figure){owner_of(document, document->places[at].parent), name, value, source,
                              strstr(source, "unverified") != NULL};
    return true;
}

// False where there is none, or none that can be read: then the page says nothing of figures.
static bool open_document(struct document *document, const struct view *view)
{
    struct err err;
    return view->resolved && document_read_file(document, view->resolved, &err) == ERR_OK;
}

void figures_count(const struct view *view, unsigned *all, unsigned *unverified)
{
    struct document document;
    struct figure figure;
    *all = *unverified = 0;
    if (!open_document(&document, view))
        return;
    for (int at = 1; at <= document_nodes(&document); at++)
        if (figure_at(&document, at, &figure)) {
            ++*all;
            *unverified += figure.unverified;
        }
    document_free(&document);
}

static void rows(struct page *page, const struct page_column *columns, const struct document *document)
{
    struct figure figure;
    for (int at = 1; at <= document_nodes(document); at++) {
        if (!figure_at(document, at, &figure))
            continue;
        page_row_begin(page);
        page_cell(page, &columns[0], figure.system);
        page_cell(page, &columns[1], figure.name);
        page_cell(page, &columns[2], figure.value);
        page_cell(page, &columns[3], figure.unverified ? page_words(page, TEXT_UNVERIFIED) : "");
        page_cell(page, &columns[4], figure.source);
        page_row_end(page);
    }
}

void section_figures(struct page *page, const struct view *view)
{
    const struct page_column columns[] = {
        {page_words(page, TEXT_SYSTEM), NULL, false, false},
        {page_words(page, TEXT_FIGURE), NULL, false, true},
        {page_words(page, TEXT_VALUE), NULL, true, false},
        {page_words(page, TEXT_STANDING), NULL, false, false},
        {page_words(page, TEXT_SOURCE), NULL, false, false},
    };
    struct document document;
    unsigned all, unverified;
    figures_count(view, &all, &unverified);
    if (!all || !open_document(&document, view))
        return;
    page_section_begin(page, "figures", page_words(page, TEXT_FIGURES_HEADING));
    page_paragraph(page, page_words(page, TEXT_FIGURES_WHAT), NULL);
    page_table_begin(page, NULL, columns, NP_ARRAY_LEN(columns));
    rows(page, columns, &document);
    page_table_end(page);
    page_section_end(page);
    document_free(&document);
}
