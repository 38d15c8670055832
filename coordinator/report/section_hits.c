// SPDX-License-Identifier: Apache-2.0
// Hit ratios of boards and CPUs.
#include <inttypes.h>
#include <stdlib.h>

#include "coordinator/report/chart.h"
#include "coordinator/report/sections.h"
#include "proto/base/assert.h"

#define CPUS_CHARTED_MAX 128 // bars; beyond, a table says more

// Of a member, or of a board by its CPUs.
static double l1_ratio(const struct view_board *board)
{
    uint64_t accesses = view_count(board->json, "accesses"), hits = view_count(board->json, "hits");
    const json_t *cpus = json_object_get(board->json, "cpus");
    for (size_t i = 0; i < json_array_size(cpus); i++) {
        accesses += view_count(json_array_get(cpus, i), "accesses");
        hits += view_count(json_array_get(cpus, i), "hits");
    }
    return percent(hits, accesses);
}

// Of the requests that reached the board's order point.
static double l2_ratio(const struct view_board *board)
{
    uint64_t hits = view_counter(board->json, "l2_hits");
    return percent(hits, hits + view_counter(board->json, "misses_local") +
                             view_counter(board->json, "misses_remote"));
}

struct cpu {
    const struct view_board *board;
    const json_t *json;
    char name[128];
};

// All CPUs that did something, in the order of the boards; owned by the caller.
static struct cpu *all_cpus(const struct view *view, size_t *n)
{
    size_t room = 1;
    for (size_t b = 0; b < view->n_boards; b++)
        room += json_array_size(json_object_get(view->boards[b].json, "cpus"));
    struct cpu *list = calloc(room, sizeof *list);
    NP_ASSERT(list);
    *n = 0;
    for (size_t b = 0; b < view->n_boards; b++) {
        const json_t *cpus = json_object_get(view->boards[b].json, "cpus");
        for (size_t i = 0; i < json_array_size(cpus); i++) {
            struct cpu *cpu = &list[*n];
            cpu->board = &view->boards[b];
            cpu->json = json_array_get(cpus, i);
            snprintf(cpu->name, sizeof cpu->name, "%s/%" PRIu64, cpu->board->label,
                     view_count(cpu->json, "cpu"));
            *n += view_count(cpu->json, "accesses") != 0;
        }
    }
    return list;
}

static void cpu_chart(struct page *page, const struct cpu *cpus, size_t n)
{
    struct chart_point *points = calloc(n, sizeof *points);
    const char **names = calloc(n, sizeof *names);
    NP_ASSERT(points && names);
    for (size_t i = 0; i < n; i++) {
        uint64_t accesses = view_count(cpus[i].json, "accesses"), hits = view_count(cpus[i].json, "hits");
        points[i].y = percent(accesses > hits ? accesses - hits : 0, accesses);
        names[i] = cpus[i].name;
    }
    const struct chart_series series = {.name = page_words(page, TEXT_L1_MISSES), .points = points, .n = n};
    const struct chart chart = {.kind = CHART_BARS,
                                .title = page_words(page, TEXT_CPU_CHART),
                                .x = {page_words(page, TEXT_CPU), NULL, false},
                                .y = {page_words(page, TEXT_L1_MISSES), "%", false},
                                .categories = names,
                                .n_categories = n,
                                .series = &series,
                                .n_series = 1};
    chart_write(page, &chart);
    free(points);
    free(names);
}

static void cpu_row(struct page *page, const struct page_column *c, const struct cpu *cpu)
{
    char text[NUMBER_TEXT_SIZE];
    enum language l = page->language;
    const json_t *j = cpu->json;
    uint64_t accesses = view_count(j, "accesses"), end = view_count(cpu->board->partition, "end_ps");
    const json_t *done = json_object_get(j, "done_at_ps");
    page_row_begin(page);
    page_cell(page, &c[0], cpu->name);
    page_cell(page, &c[1], number_count(l, accesses, text));
    page_cell(page, &c[2], number_fixed(l, percent(view_count(j, "hits"), accesses), 2, text));
    page_cell(page, &c[3],
              number_fixed(l, 1e-3 * (double)view_count(j, "latency_sum_ps") / (double)accesses, 1, text));
    page_cell(page, &c[4], number_fixed(l, percent(view_count(j, "wait_ps"), end), 1, text));
    page_cell(page, &c[5], number_fixed(l, percent(view_count(j, "compute_ps"), end), 1, text));
    page_cell(page, &c[6], number_count(l, view_count(j, "work"), text));
    page_cell(page, &c[7],
              json_is_integer(done) ? number_fixed(l, 1e-6 * (double)view_count(j, "done_at_ps"), 1, text)
                                    : page_words(page, TEXT_RUNS_ON));
    page_row_end(page);
}

static void cpu_table(struct page *page, const struct cpu *cpus, size_t n)
{
    const struct page_column columns[] = {
        {page_words(page, TEXT_CPU), NULL, false, false},
        {page_words(page, TEXT_ACCESSES), NULL, true, false},
        {page_words(page, TEXT_L1_HITS), "%", true, false},
        {page_words(page, TEXT_MEAN_LATENCY), "ns", true, false},
        {page_words(page, TEXT_WAITING), page_words(page, TEXT_PERCENT_OF_TIME), true, false},
        {page_words(page, TEXT_COMPUTING), page_words(page, TEXT_PERCENT_OF_TIME), true, false},
        {page_words(page, TEXT_WORK), page_words(page, TEXT_ROUNDS), true, false},
        {page_words(page, TEXT_DONE_AT), "µs", true, false},
    };
    page_details_begin(page, page_words(page, TEXT_CPU_TABLE));
    page_table_begin(page, NULL, columns, NP_ARRAY_LEN(columns));
    for (size_t i = 0; i < n; i++)
        cpu_row(page, columns, &cpus[i]);
    page_table_end(page);
    page_details_end(page);
}

void section_hits(struct page *page, const struct view *view)
{
    static const struct board_series rows[] = {{TEXT_L1_RATIO, l1_ratio}, {TEXT_L2_RATIO, l2_ratio}};
    size_t n;
    struct cpu *cpus = all_cpus(view, &n);
    if (n) {
        struct chart chart = {.kind = CHART_BARS,
                              .title = page_words(page, TEXT_HITS_CHART),
                              .y = {page_words(page, TEXT_HIT_RATIO), "%", false},
                              .to_one = true};
        page_section_begin(page, "hits", page_words(page, TEXT_HITS_HEADING));
        page_paragraph(page, page_words(page, TEXT_HITS_WHAT), NULL);
        page_grid_begin(page);
        chart_of_boards(page, view, &chart, rows, NP_ARRAY_LEN(rows));
        if (n <= CPUS_CHARTED_MAX)
            cpu_chart(page, cpus, n);
        page_grid_end(page);
        cpu_table(page, cpus, n);
        page_section_end(page);
    }
    free(cpus);
}
