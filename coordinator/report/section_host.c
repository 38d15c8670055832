// SPDX-License-Identifier: Apache-2.0
// Host time: the one section whose content differs between two runs of the same inputs. It stands last.
#include <stdlib.h>

#include "coordinator/report/chart.h"
#include "coordinator/report/sections.h"
#include "proto/base/assert.h"

static void host_chart(struct page *page, const json_t *processes)
{
    static const struct {
        const char *key;
        enum text_id name;
    } rows[] = {{"simulating_ns", TEXT_SIMULATING},
                {"exchanging_ns", TEXT_EXCHANGING},
                {"waiting_ns", TEXT_WAITING_HOST}};
    size_t n = json_array_size(processes);
    struct chart_point *points = calloc(n * NP_ARRAY_LEN(rows), sizeof *points);
    const char **names = calloc(n, sizeof *names);
    struct chart_series series[NP_ARRAY_LEN(rows)];
    NP_ASSERT(points && names);
    for (size_t i = 0; i < n; i++)
        names[i] = view_text(json_array_get(processes, i), "process");
    for (size_t s = 0; s < NP_ARRAY_LEN(rows); s++) {
        for (size_t i = 0; i < n; i++)
            points[s * n + i].y = 1e-9 * (double)view_count(json_array_get(processes, i), rows[s].key);
        series[s] =
            (struct chart_series){.name = page_words(page, rows[s].name), .points = points + s * n, .n = n};
    }
    const struct chart chart = {.kind = CHART_STACKED,
                                .title = page_words(page, TEXT_HOST_CHART),
                                .x = {page_words(page, TEXT_PROCESS), NULL, false},
                                .y = {page_words(page, TEXT_HOST_TIME), "s", false},
                                .categories = names,
                                .n_categories = n,
                                .series = series,
                                .n_series = NP_ARRAY_LEN(rows)};
    chart_write(page, &chart);
    free(points);
    free(names);
}

static uint64_t sum_of(const json_t *list, const char *key)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < json_array_size(list); i++)
        sum += view_count(json_array_get(list, i), key);
    return sum;
}

static void host_facts(struct page *page, const struct view *view, const json_t *host)
{
    char text[NUMBER_TEXT_SIZE];
    enum language l = page->language;
    const json_t *processes = json_object_get(host, "processes");
    double seconds = json_number_value(json_object_get(host, "seconds"));
    uint64_t accesses = sum_of(view->partitions, "accesses");
    page_facts_begin(page);
    number_fixed(l, seconds, 2, text);
    page_fact(page, page_words(page, TEXT_HOST_SECONDS), text);
    number_fixed(l, seconds > 0 ? 1e-6 * (double)accesses / seconds : 0, 2, text);
    page_fact(page, page_words(page, TEXT_HOST_SPEED), text);
    page_fact(page, page_words(page, TEXT_PROCESSES), number_count(l, view_count(host, "nodes"), text));
    page_fact(page, page_words(page, TEXT_THREADS), number_count(l, view_count(host, "threads"), text));
    page_fact(page, page_words(page, TEXT_LINK), view_text(host, "link"));
    page_fact(page, page_words(page, TEXT_GRANTS), number_count(l, view_count(host, "grants"), text));
    page_fact(page, page_words(page, TEXT_EXCHANGED),
              number_bytes(l, sum_of(processes, "bytes_out") + sum_of(processes, "bytes_in"), text));
    page_fact(page, page_words(page, TEXT_RESENDS), number_count(l, sum_of(processes, "resends"), text));
    page_facts_end(page);
}

void section_host(struct page *page, const struct view *view)
{
    const json_t *host = json_object_get(view->results, "host");
    if (!host)
        return;
    page_section_begin(page, "host", page_words(page, TEXT_HOST_HEADING));
    page_paragraph(page, page_words(page, TEXT_HOST_WHAT), NULL);
    host_facts(page, view, host);
    if (json_array_size(json_object_get(host, "processes")))
        host_chart(page, json_object_get(host, "processes"));
    page_section_end(page);
}
