// SPDX-License-Identifier: Apache-2.0
// What the scenario claims of its results, judged by the run (coordinator/run/claims.h).
#include <string.h>

#include "coordinator/report/sections.h"
#include "proto/base/assert.h"

// A number of the results: those of paths that end in _ps are times.
static const char *figure(const struct page *page, const char *path, const json_t *number,
                          char text[NUMBER_TEXT_SIZE])
{
    double value = json_number_value(number);
    size_t length = strlen(path);
    if (!json_is_number(number))
        return strcpy(text, "–");
    if (length > 3 && strcmp(path + length - 3, "_ps") == 0 && value >= 0)
        return number_time(page->language, (uint64_t)value, text);
    return number_short(page->language, value, 6, text);
}

// The relation of a claim as a sign, in every language.
static const char *sign_of(const char *relation)
{
    static const char *const signs[][2] = {
        {"equals", "="}, {"above", ">"}, {"below", "<"}, {"least", "≥"}, {"most", "≤"}};
    for (size_t i = 0; i < NP_ARRAY_LEN(signs); i++)
        if (strcmp(relation, signs[i][0]) == 0)
            return signs[i][1];
    return relation;
}

static void row(struct page *page, const struct page_column *c, const json_t *claim)
{
    char actual[NUMBER_TEXT_SIZE], expected[NUMBER_TEXT_SIZE];
    const char *path = view_text(claim, "value"), *why = view_text(claim, "why");
    bool holds = view_true(claim, "holds");
    page_row_begin(page);
    page_cell(page, &c[0], view_text(claim, "says"));
    page_cell(page, &c[1], page_words(page, holds ? TEXT_CLAIM_HOLDS : TEXT_CLAIM_FAILS));
    page_cell(page, &c[2], figure(page, path, json_object_get(claim, "actual"), actual));
    page_cell(page, &c[3], sign_of(view_text(claim, "relation")));
    page_cell(page, &c[4], figure(page, path, json_object_get(claim, "expected"), expected));
    page_cell(page, &c[5], why[0] ? why : path);
    page_row_end(page);
}

void section_claims(struct page *page, const struct view *view)
{
    const json_t *claims = json_object_get(view->results, "claims");
    const struct page_column columns[] = {
        {page_words(page, TEXT_CLAIM), NULL, false, false},
        {page_words(page, TEXT_STANDING), NULL, false, false},
        {page_words(page, TEXT_CLAIM_ACTUAL), NULL, true, false},
        {page_words(page, TEXT_CLAIM_RELATION), NULL, false, false},
        {page_words(page, TEXT_CLAIM_EXPECTED), NULL, true, false},
        {page_words(page, TEXT_CLAIM_VALUE), NULL, false, true},
    };
    char held[NUMBER_TEXT_SIZE], all[NUMBER_TEXT_SIZE];
    size_t n = json_array_size(claims), hold = 0;
    for (size_t i = 0; i < n; i++)
        hold += view_true(json_array_get(claims, i), "holds");
    if (n == 0)
        return;
    page_section_begin(page, "claims", page_words(page, TEXT_CLAIMS_HEADING));
    page_paragraph(page, page_words(page, TEXT_CLAIMS_WHAT),
                   ARGS(number_count(page->language, hold, held), number_count(page->language, n, all)));
    page_table_begin(page, NULL, columns, NP_ARRAY_LEN(columns));
    for (size_t i = 0; i < n; i++)
        row(page, columns, json_array_get(claims, i));
    page_table_end(page);
    page_section_end(page);
}
