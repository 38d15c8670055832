// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <string.h>

#include "coordinator/report/sections.h"
#include "proto/base/assert.h"

#define LIST_SIZE 512

static uint64_t sum_of(const struct view *view, const char *key)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < json_array_size(view->partitions); i++)
        sum += view_count(json_array_get(view->partitions, i), key);
    return sum;
}

static uint64_t latest_end(const struct view *view)
{
    uint64_t end = 0;
    for (size_t i = 0; i < json_array_size(view->partitions); i++) {
        uint64_t of = view_count(json_array_get(view->partitions, i), "end_ps");
        end = of > end ? of : end;
    }
    return end;
}

// Names of the partitions for which `key` is true or a number above 0.
static const char *partitions_with(const struct view *view, const char *key, char list[LIST_SIZE])
{
    list[0] = '\0';
    for (size_t i = 0; i < json_array_size(view->partitions); i++) {
        const json_t *p = json_array_get(view->partitions, i);
        size_t used = strlen(list);
        if (view_true(p, key) || view_count(p, key))
            snprintf(list + used, LIST_SIZE - used, "%s%s", used ? ", " : "", view_text(p, "name"));
    }
    return list;
}

static const char *parameters(const struct view *view, char list[LIST_SIZE])
{
    const char *name;
    json_t *value;
    list[0] = '\0';
    json_object_foreach(json_object_get(view->results, "parameters"), name, value)
    {
        size_t used = strlen(list);
        const char *text = json_string_value(value);
        if (text)
            snprintf(list + used, LIST_SIZE - used, "%s%s = %s", used ? ", " : "", name, text);
    }
    return list;
}

// "sun: mesi": each system with its coherence protocol.
static const char *protocols(const struct view *view, char list[LIST_SIZE])
{
    const json_t *systems = json_object_get(view->results, "systems");
    list[0] = '\0';
    for (size_t i = 0; i < json_array_size(systems); i++) {
        const json_t *system = json_array_get(systems, i);
        size_t used = strlen(list);
        snprintf(list + used, LIST_SIZE - used, "%s%s: %s", used ? ", " : "", view_text(system, "name"),
                 view_text(system, "protocol"));
    }
    return list;
}

static enum text_id end_of(const struct view *view)
{
    const char *end = view_text(view->results, "end");
    if (strcmp(end, "done") == 0)
        return TEXT_END_DONE;
    return strcmp(end, "until") == 0 ? TEXT_END_UNTIL : TEXT_END_INTERRUPTED;
}

static void count_fact(struct page *page, enum text_id name, uint64_t value)
{
    char text[NUMBER_TEXT_SIZE];
    page_fact(page, page_words(page, name), number_count(page->language, value, text));
}

static void facts(struct page *page, const struct view *view)
{
    char text[NUMBER_TEXT_SIZE], list[LIST_SIZE];
    const json_t *seed = json_object_get(view->results, "seed");
    page_facts_begin(page);
    page_fact(page, page_words(page, TEXT_END), page_words(page, end_of(view)));
    page_fact(page, page_words(page, TEXT_SIMULATED_TIME),
              number_time(page->language, latest_end(view), text));
    count_fact(page, TEXT_ACCESSES, sum_of(view, "accesses"));
    count_fact(page, TEXT_PARTITIONS, json_array_size(view->partitions));
    count_fact(page, TEXT_BOARDS, view->n_boards);
    count_fact(page, TEXT_CPUS, sum_of(view, "cpus"));
    snprintf(text, sizeof text, "%" PRIu64, view_count(view->results, "seed")); // a name, not an amount
    page_fact(page, page_words(page, TEXT_SEED), json_is_string(seed) ? json_string_value(seed) : text);
    if (protocols(view, list)[0])
        page_fact(page, page_words(page, TEXT_PROTOCOLS), list);
    if (parameters(view, list)[0])
        page_fact(page, page_words(page, TEXT_PARAMETERS), list);
    page_fact(page, page_words(page, TEXT_DIGEST), view_text(view->results, "digest"));
    page_facts_end(page);
}

static void warn_of_checks(struct page *page, const struct view *view)
{
    uint64_t failed = view_total(view, "checks_failed");
    char wrong[NUMBER_TEXT_SIZE], all[NUMBER_TEXT_SIZE];
    number_count(page->language, failed, wrong);
    number_count(page->language, view_total(view, "checks"), all);
    if (!failed) {
        page_paragraph(page, page_words(page, TEXT_CHECKS_GOOD), ARGS(all));
        return;
    }
    page_warning(page, page_words(page, TEXT_CHECKS_FAILED), ARGS(wrong, all));
    for (size_t i = 0; i < view->n_boards; i++) {
        const char *first = view_text(view->boards[i].json, "first_failure");
        if (first[0])
            page_warning(page, page_words(page, TEXT_FIRST_FAILURE), ARGS(view->boards[i].label, first));
    }
}

static void warn_of_counters(struct page *page, const struct view *view)
{
    static const struct {
        const char *counter;
        enum text_id text;
    } rows[] = {{"late", TEXT_WARN_LATE},
                {"gate_refusals", TEXT_WARN_REFUSALS},
                {"bus_errors", TEXT_WARN_BUS_ERRORS},
                {"poisoned", TEXT_WARN_POISONED}};
    char text[NUMBER_TEXT_SIZE];
    for (size_t i = 0; i < NP_ARRAY_LEN(rows); i++) {
        uint64_t n = view_total(view, rows[i].counter);
        if (n)
            page_warning(page, page_words(page, rows[i].text), ARGS(number_count(page->language, n, text)));
    }
}

// What a reader must know before trusting a figure, on the page as well as on the terminal.
static void warn_of_partitions(struct page *page, const struct view *view)
{
    static const struct {
        const char *key;
        enum text_id text;
    } rows[] = {{"values_synthetic", TEXT_WARN_SYNTHETIC},
                {"weakly_ordered", TEXT_WARN_WEAK},
                {"store_buffer", TEXT_WARN_STORE_BUFFER}};
    char list[LIST_SIZE];
    for (size_t i = 0; i < NP_ARRAY_LEN(rows); i++)
        if (partitions_with(view, rows[i].key, list)[0])
            page_paragraph(page, page_words(page, rows[i].text), ARGS(list));
}

static const char *fitted_systems(const struct view *view, char list[LIST_SIZE])
{
    const json_t *systems = json_object_get(view->results, "systems");
    list[0] = '\0';
    for (size_t i = 0; i < json_array_size(systems); i++) {
        const json_t *system = json_array_get(systems, i);
        size_t used = strlen(list);
        if (view_count(json_object_get(system, "sources"), "fitted"))
            snprintf(list + used, LIST_SIZE - used, "%s%s", used ? ", " : "", view_text(system, "name"));
    }
    return list;
}

static void warn_of_figures(struct page *page, const struct view *view)
{
    uint64_t all, unverified;
    char some[NUMBER_TEXT_SIZE], total[NUMBER_TEXT_SIZE], list[LIST_SIZE];
    figures_count(view, &all, &unverified);
    if (unverified)
        page_warning(
            page, page_words(page, TEXT_WARN_UNVERIFIED),
            ARGS(number_count(page->language, unverified, some), number_count(page->language, all, total)));
    if (fitted_systems(view, list)[0])
        page_paragraph(page, page_words(page, TEXT_NOTE_FITTED), ARGS(list));
}

void section_head(struct page *page, const struct view *view)
{
    facts(page, view);
    if (view_true(view->results, "interrupted"))
        page_warning(page, page_words(page, TEXT_WARN_INTERRUPTED), NULL);
    warn_of_checks(page, view);
    warn_of_counters(page, view);
    warn_of_figures(page, view);
    warn_of_partitions(page, view);
}
