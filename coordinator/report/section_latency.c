// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "coordinator/report/chart.h"
#include "coordinator/report/sections.h"
#include "proto/base/assert.h"
#include "proto/base/results.h"

// The bins of one histogram, in ns. Returns how many; `points` has room for LATENCY_BUCKETS.
static size_t bins(const json_t *histogram, struct chart_point *points)
{
    const json_t *buckets = json_object_get(histogram, "buckets");
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(buckets) && n < LATENCY_BUCKETS; i++) {
        json_int_t floor = json_integer_value(json_array_get(json_array_get(buckets, i), 0));
        json_int_t count = json_integer_value(json_array_get(json_array_get(buckets, i), 1));
        if (floor < 0 || count <= 0)
            continue;
        unsigned bucket = latency_bucket((uint64_t)floor);
        double high =
            bucket + 1 < LATENCY_BUCKETS ? (double)latency_bucket_floor(bucket + 1) : 2 * (double)floor;
        points[n++] =
            (struct chart_point){.y = (double)count,
                                 .low = 1e-3 * (floor ? (double)floor : high / 2), // the axis has no 0
                                 .high = 1e-3 * high};
    }
    return n;
}

static void partition_chart(struct page *page, const json_t *partition)
{
    static const enum text_id names[SERVED_COUNT] = {[SERVED_L1] = TEXT_SERVED_L1,
                                                     [SERVED_BOARD] = TEXT_SERVED_BOARD,
                                                     [SERVED_HOME_LOCAL] = TEXT_SERVED_LOCAL,
                                                     [SERVED_HOME_REMOTE] = TEXT_SERVED_REMOTE,
                                                     [SERVED_OWNER] = TEXT_SERVED_OWNER};
    struct chart_point(*points)[LATENCY_BUCKETS] = calloc(SERVED_COUNT, sizeof *points);
    struct chart_series series[SERVED_COUNT];
    char title[256];
    size_t any = 0;
    NP_ASSERT(points);
    for (unsigned s = 0; s < SERVED_COUNT; s++) {
        const json_t *latency = json_object_get(partition, "latency");
        size_t n = bins(json_object_get(latency, served_name((enum served)s)), points[s]);
        series[s] = (struct chart_series){.name = page_words(page, names[s]), .points = points[s], .n = n};
        any += n;
    }
    text_fill(title, sizeof title, page_words(page, TEXT_LATENCY_CHART), ARGS(view_text(partition, "name")));
    const struct chart chart = {.kind = CHART_HISTOGRAM,
                                .title = title,
                                .x = {page_words(page, TEXT_LATENCY), "ns", true},
                                .y = {page_words(page, TEXT_ACCESSES), NULL, true},
                                .series = series,
                                .n_series = SERVED_COUNT};
    if (any)
        chart_write(page, &chart);
    free(points);
}

void section_latency(struct page *page, const struct view *view)
{
    size_t n = json_array_size(view->partitions);
    if (n == 0 || !json_object_get(json_array_get(view->partitions, 0), "latency"))
        return;
    page_section_begin(page, "latency", page_words(page, TEXT_LATENCY_HEADING));
    page_paragraph(page, page_words(page, TEXT_LATENCY_WHAT), NULL);
    page_grid_begin(page);
    for (size_t i = 0; i < n; i++)
        partition_chart(page, json_array_get(view->partitions, i));
    page_grid_end(page);
    page_section_end(page);
}
