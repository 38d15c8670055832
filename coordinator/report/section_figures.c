// SPDX-License-Identifier: Apache-2.0
// The figures of the machine and where each comes from, read from the run's resolved.yaml.
#include <stdio.h>

#include "coordinator/machine/document.h"
#include "coordinator/machine/provenance.h"
#include "coordinator/report/sections.h"
#include "proto/base/assert.h"

struct shown_figure {
    const char *system, *name, *value, *source;
    enum provenance provenance;
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
static bool figure_at(const struct document *document, int at, struct shown_figure *figure)
{
    const struct value v = {document, at};
    const char *value = value_is_mapping(v) ? value_text(mapping_get(v, "value")) : NULL;
    const char *source = value ? value_text(mapping_get(v, "source")) : NULL;
    const char *name = source ? value_text((struct value){document, document->places[at].key}) : NULL;
    if (!name)
        return false;
    struct source tagged;
    snprintf(tagged.text, sizeof tagged.text, "%s", source);
    *figure = (struct shown_figure){owner_of(document, document->places[at].parent), name, value, source,
                                    provenance_of(&tagged)};
    return true;
}

// False where there is none, or none that can be read: then the page says nothing of figures.
static bool open_document(struct document *document, const struct view *view)
{
    struct err err;
    return view->resolved && document_read_file(document, view->resolved, &err) == ERR_OK;
}

// Figures of all systems whose source is of one kind, as results.json counts them.
static uint64_t counted(const struct view *view, enum provenance provenance)
{
    const json_t *systems = json_object_get(view->results, "systems");
    uint64_t sum = 0;
    for (size_t i = 0; i < json_array_size(systems); i++)
        sum +=
            view_count(json_object_get(json_array_get(systems, i), "sources"), provenance_name(provenance));
    return sum;
}

void figures_count(const struct view *view, uint64_t *all, uint64_t *unverified)
{
    *all = 0;
    for (unsigned i = 0; i < PROVENANCE_COUNT; i++)
        *all += counted(view, (enum provenance)i);
    *unverified = counted(view, PROVENANCE_UNVERIFIED);
}

static void rows(struct page *page, const struct page_column *columns, const struct document *document)
{
    static const enum text_id standings[PROVENANCE_COUNT] = {
        [PROVENANCE_PUBLISHED] = TEXT_PUBLISHED,
        [PROVENANCE_COMPUTED] = TEXT_COMPUTED,
        [PROVENANCE_FITTED] = TEXT_FITTED,
        [PROVENANCE_UNVERIFIED] = TEXT_UNVERIFIED,
        [PROVENANCE_OWN] = TEXT_OWN,
    };
    struct shown_figure figure;
    for (int at = 1; at <= document_nodes(document); at++) {
        if (!figure_at(document, at, &figure))
            continue;
        page_row_begin(page);
        page_cell(page, &columns[0], figure.system);
        page_cell(page, &columns[1], figure.name);
        page_cell(page, &columns[2], figure.value);
        page_cell(page, &columns[3], page_words(page, standings[figure.provenance]));
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
    if (!open_document(&document, view))
        return;
    page_section_begin(page, "figures", page_words(page, TEXT_FIGURES_HEADING));
    page_paragraph(page, page_words(page, TEXT_FIGURES_WHAT), NULL);
    page_table_begin(page, NULL, columns, NP_ARRAY_LEN(columns));
    rows(page, columns, &document);
    page_table_end(page);
    page_section_end(page);
    document_free(&document);
}
