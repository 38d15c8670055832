// SPDX-License-Identifier: Apache-2.0
// What each partition did, and where its accesses were served.
#include <stdlib.h>

#include "coordinator/report/chart.h"
#include "coordinator/report/sections.h"
#include "proto/base/assert.h"
#include "proto/base/results.h"

double percent(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

// Millions of accesses per simulated second.
static double throughput(const json_t *partition)
{
    uint64_t end = view_count(partition, "end_ps");
    return end ? 1e6 * (double)view_count(partition, "accesses") / (double)end : 0;
}

// Mean latency over all places that served, ns.
static double mean_ns(const json_t *object)
{
    uint64_t count = 0, sum = 0;
    for (unsigned s = 0; s < SERVED_COUNT; s++) {
        count += view_latency(object, served_name((enum served)s), "count");
        sum += view_latency(object, served_name((enum served)s), "sum_ps");
    }
    return count ? 1e-3 * (double)sum / (double)count : 0;
}

static void throughput_chart(struct page *page, const struct view *view)
{
    size_t n = json_array_size(view->partitions);
    struct chart_point *points = calloc(n, sizeof *points);
    const char **names = calloc(n, sizeof *names);
    NP_ASSERT(points && names);
    for (size_t i = 0; i < n; i++) {
        points[i].y = throughput(json_array_get(view->partitions, i));
        names[i] = view_text(json_array_get(view->partitions, i), "name");
    }
    const struct chart_series series = {page_words(page, TEXT_THROUGHPUT), points, n, MARKS_BOTH,
                                        SPREAD_NONE};
    const struct chart chart = {
        .kind = CHART_BARS,
        .title = page_words(page, TEXT_THROUGHPUT_CHART),
        .x = {page_words(page, TEXT_PARTITION), NULL, false},
        .y = {page_words(page, TEXT_THROUGHPUT), page_words(page, TEXT_M_PER_S), false},
        .categories = names,
        .n_categories = n,
        .series = &series,
        .n_series = 1};
    chart_write(page, &chart);
    free(points);
    free(names);
}

static void partition_row(struct page *page, const struct page_column *c, const json_t *p)
{
    char text[NUMBER_TEXT_SIZE];
    enum language l = page->language;
    page_row_begin(page);
    page_cell(page, &c[0], view_text(p, "name"));
    page_cell(page, &c[1], view_text(p, "system"));
    page_cell(page, &c[2], number_count(l, json_array_size(json_object_get(p, "boards")), text));
    page_cell(page, &c[3], number_count(l, view_count(p, "cpus"), text));
    page_cell(page, &c[4], number_fixed(l, 1e-6 * (double)view_count(p, "end_ps"), 1, text));
    page_cell(page, &c[5], number_count(l, view_count(p, "accesses"), text));
    page_cell(page, &c[6], number_fixed(l, throughput(p), 1, text));
    page_cell(page, &c[7],
              number_fixed(l, percent(view_count(p, "hits"), view_count(p, "accesses")), 2, text));
    page_cell(page, &c[8], number_fixed(l, mean_ns(p), 1, text));
    page_row_end(page);
}

void section_throughput(struct page *page, const struct view *view)
{
    if (json_array_size(view->partitions) == 0)
        return;
    const struct page_column columns[] = {
        {page_words(page, TEXT_PARTITION), NULL, false, false},
        {page_words(page, TEXT_SYSTEM), NULL, false, false},
        {page_words(page, TEXT_BOARDS), NULL, true, false},
        {page_words(page, TEXT_CPUS), NULL, true, false},
        {page_words(page, TEXT_SIMULATED_TIME), "µs", true, false},
        {page_words(page, TEXT_ACCESSES), NULL, true, false},
        {page_words(page, TEXT_THROUGHPUT), page_words(page, TEXT_M_PER_S), true, false},
        {page_words(page, TEXT_L1_HITS), "%", true, false},
        {page_words(page, TEXT_MEAN_LATENCY), "ns", true, false},
    };
    page_section_begin(page, "throughput", page_words(page, TEXT_THROUGHPUT_HEADING));
    page_paragraph(page, page_words(page, TEXT_THROUGHPUT_WHAT), NULL);
    throughput_chart(page, view);
    page_table_begin(page, NULL, columns, NP_ARRAY_LEN(columns));
    for (size_t i = 0; i < json_array_size(view->partitions); i++)
        partition_row(page, columns, json_array_get(view->partitions, i));
    page_table_end(page);
    page_section_end(page);
}

void chart_of_boards(struct page *page, const struct view *view, struct chart *chart,
                     const struct board_series *rows, size_t n)
{
    struct chart_series *series = calloc(n, sizeof *series);
    struct chart_point *points = calloc(n * view->n_members + 1, sizeof *points);
    const char **labels = calloc(view->n_members + 1, sizeof *labels);
    NP_ASSERT(series && points && labels);
    for (size_t b = 0; b < view->n_members; b++)
        labels[b] = view->members[b].label;
    for (size_t s = 0; s < n; s++) {
        struct chart_point *own = points + s * view->n_members;
        for (size_t b = 0; b < view->n_members; b++)
            own[b].y = rows[s].of(&view->members[b]);
        series[s].name = page_words(page, rows[s].name);
        series[s].points = own;
        series[s].n = view->n_members;
    }
    chart->x = (struct chart_axis){page_words(page, TEXT_BOARD), NULL, false};
    chart->categories = labels;
    chart->n_categories = view->n_members;
    chart->series = series;
    chart->n_series = n;
    chart_write(page, chart);
    free(series);
    free(points);
    free(labels);
}

static uint64_t served_in_all(const struct view_board *board, unsigned first)
{
    uint64_t all = 0;
    for (unsigned s = first; s < SERVED_COUNT; s++)
        all += view_latency(board->json, served_name((enum served)s), "count");
    return all;
}

static double share_of_all(const struct view_board *board, enum served served)
{
    return percent(view_latency(board->json, served_name(served), "count"), served_in_all(board, 0));
}

static double share_of_misses(const struct view_board *board, enum served served)
{
    return percent(view_latency(board->json, served_name(served), "count"),
                   served_in_all(board, SERVED_BOARD));
}

#define SHARES(of, name)                                                                                     \
    static double name##_##of(const struct view_board *board)                                                \
    {                                                                                                        \
        return share_of_##of(board, name);                                                                   \
    }
SHARES(all, SERVED_L1)
SHARES(all, SERVED_BOARD)
SHARES(all, SERVED_HOME_LOCAL)
SHARES(all, SERVED_HOME_REMOTE)
SHARES(all, SERVED_OWNER)
SHARES(misses, SERVED_BOARD)
SHARES(misses, SERVED_HOME_LOCAL)
SHARES(misses, SERVED_HOME_REMOTE)
SHARES(misses, SERVED_OWNER)

static void served_charts(struct page *page, const struct view *view)
{
    static const struct board_series all[] = {{TEXT_SERVED_L1, SERVED_L1_all},
                                              {TEXT_SERVED_BOARD, SERVED_BOARD_all},
                                              {TEXT_SERVED_LOCAL, SERVED_HOME_LOCAL_all},
                                              {TEXT_SERVED_REMOTE, SERVED_HOME_REMOTE_all},
                                              {TEXT_SERVED_OWNER, SERVED_OWNER_all}};
    static const struct board_series misses[] = {{TEXT_SERVED_BOARD, SERVED_BOARD_misses},
                                                 {TEXT_SERVED_LOCAL, SERVED_HOME_LOCAL_misses},
                                                 {TEXT_SERVED_REMOTE, SERVED_HOME_REMOTE_misses},
                                                 {TEXT_SERVED_OWNER, SERVED_OWNER_misses}};
    struct chart chart = {.kind = CHART_STACKED,
                          .title = page_words(page, TEXT_SERVED_ALL_CHART),
                          .y = {page_words(page, TEXT_SHARE_OF_ACCESSES), "%", false},
                          .to_one = true};
    page_grid_begin(page);
    chart_of_boards(page, view, &chart, all, NP_ARRAY_LEN(all));
    chart.first_colour = 1; // as above, where L1 is the first
    chart.title = page_words(page, TEXT_SERVED_MISSES_CHART);
    chart.y.label = page_words(page, TEXT_SHARE_OF_MISSES);
    chart_of_boards(page, view, &chart, misses, NP_ARRAY_LEN(misses));
    page_grid_end(page);
}

static const enum text_id served_texts[SERVED_COUNT] = {
    [SERVED_L1] = TEXT_SERVED_L1,
    [SERVED_BOARD] = TEXT_SERVED_BOARD,
    [SERVED_HOME_LOCAL] = TEXT_SERVED_LOCAL,
    [SERVED_HOME_REMOTE] = TEXT_SERVED_REMOTE,
    [SERVED_OWNER] = TEXT_SERVED_OWNER,
};

static void served_rows(struct page *page, const struct page_column *c, const json_t *p)
{
    char text[NUMBER_TEXT_SIZE];
    enum language l = page->language;
    uint64_t all = 0;
    for (unsigned s = 0; s < SERVED_COUNT; s++)
        all += view_latency(p, served_name((enum served)s), "count");
    for (unsigned s = 0; s < SERVED_COUNT; s++) {
        const char *name = served_name((enum served)s);
        uint64_t count = view_latency(p, name, "count"), sum = view_latency(p, name, "sum_ps");
        if (!count)
            continue;
        page_row_begin(page);
        page_cell(page, &c[0], view_text(p, "name"));
        page_cell(page, &c[1], page_words(page, served_texts[s]));
        page_cell(page, &c[2], number_count(l, count, text));
        page_cell_bar(page, number_fixed(l, percent(count, all), 2, text), percent(count, all) / 100);
        page_cell(page, &c[4], number_fixed(l, 1e-3 * (double)view_latency(p, name, "min_ps"), 1, text));
        page_cell(page, &c[5], number_fixed(l, 1e-3 * (double)sum / (double)count, 1, text));
        page_cell(page, &c[6], number_fixed(l, 1e-3 * (double)view_latency(p, name, "max_ps"), 1, text));
        page_row_end(page);
    }
}

void section_served(struct page *page, const struct view *view)
{
    uint64_t all = 0;
    for (size_t b = 0; b < view->n_members; b++)
        all += served_in_all(&view->members[b], 0);
    if (!all)
        return;
    const struct page_column columns[] = {
        {page_words(page, TEXT_PARTITION), NULL, false, false},
        {page_words(page, TEXT_SERVED_BY), NULL, false, false},
        {page_words(page, TEXT_ACCESSES), NULL, true, false},
        {page_words(page, TEXT_SHARE), "%", true, false},
        {page_words(page, TEXT_SHORTEST), "ns", true, false},
        {page_words(page, TEXT_MEAN), "ns", true, false},
        {page_words(page, TEXT_LONGEST), "ns", true, false},
    };
    page_section_begin(page, "served", page_words(page, TEXT_SERVED_HEADING));
    page_paragraph(page, page_words(page, TEXT_SERVED_WHAT), NULL);
    served_charts(page, view);
    page_table_begin(page, NULL, columns, NP_ARRAY_LEN(columns));
    for (size_t i = 0; i < json_array_size(view->partitions); i++)
        served_rows(page, columns, json_array_get(view->partitions, i));
    page_table_end(page);
    page_section_end(page);
}
