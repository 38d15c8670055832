// SPDX-License-Identifier: Apache-2.0
// Partitions that changed while the run went on: throughput and CPUs over simulated time with operations
// marked, and the operations with their steps.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/report/chart.h"
#include "coordinator/report/sections.h"
#include "proto/base/assert.h"

#define SERIES_SHOWN 8u   // partitions in one chart, as there are colours
#define SPANS_SHOWN  40u  // beyond that shades are all that one would see
#define STEPS_SHOWN  20u  // operations whose steps are shown
#define EVENTS_SHOWN 500u // results.json has all

static double at(const json_t *row, const char *key, size_t i)
{
    return json_number_value(json_array_get(json_object_get(row, key), i));
}

static size_t rows_of(const json_t *series)
{
    return json_array_size(json_object_get(series, "to_ps"));
}

// Simulated time in the unit of the charts.
struct scale {
    double per_ps;
    const char *unit;
};

static struct scale scale_of(const json_t *all)
{
    double end = 0;
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *series = json_array_get(all, i);
        size_t n = rows_of(series);
        if (n)
            end = fmax(end, at(series, "to_ps", n - 1));
    }
    return end >= 2e9 ? (struct scale){1e-9, "ms"} : (struct scale){1e-6, "µs"};
}

// Rows where an operation began or ended may be short: they are drawn together with what follows, because a
// rate over a moment says little.
static size_t throughput_points(const json_t *series, struct scale scale, struct chart_point *points)
{
    size_t rows = rows_of(series), n = 0;
    double from = 0, accesses = 0, least = rows ? at(series, "to_ps", rows - 1) / (double)rows / 2 : 0;
    for (size_t i = 0; i < rows; i++) {
        double to = at(series, "to_ps", i);
        accesses += at(series, "accesses", i);
        if (to - from < least && i + 1 < rows)
            continue;
        points[n++] = (struct chart_point){.x = (from + to) / 2 * scale.per_ps,
                                           .y = to > from ? accesses / (to - from) * 1e6 : NAN};
        from = to;
        accesses = 0;
    }
    return n;
}

// Steps: a number of CPUs holds until it changes.
static size_t cpu_points(const json_t *series, struct scale scale, struct chart_point *points)
{
    size_t rows = rows_of(series), n = 0;
    double cpus = 0;
    for (size_t i = 0; i < rows; i++) {
        double from = i ? at(series, "to_ps", i - 1) * scale.per_ps : 0, now = at(series, "cpus_online", i);
        if (i && cpus != now)
            points[n++] = (struct chart_point){.x = from, .y = cpus};
        if (i == 0 || cpus != now)
            points[n++] = (struct chart_point){.x = from, .y = now};
        cpus = now;
    }
    if (rows)
        points[n++] = (struct chart_point){.x = at(series, "to_ps", rows - 1) * scale.per_ps, .y = cpus};
    return n;
}

// An operation or a step of one, as a stretch of the charts' x; what is under way goes on to their end.
static struct chart_span span_of(const json_t *what, struct scale scale, double end, const char *label)
{
    const json_t *ended = json_object_get(what, "ended_ps");
    return (struct chart_span){(double)view_count(what, "began_ps") * scale.per_ps,
                               json_is_number(ended) ? json_number_value(ended) * scale.per_ps : end, label};
}

// Operations that took time, and in them the time in which they drained.
static size_t spans_of(const struct page *page, const json_t *operations, struct scale scale, double end,
                       struct chart_span spans[SPANS_SHOWN])
{
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(operations); i++) {
        const json_t *op = json_array_get(operations, i), *steps = json_object_get(op, "steps");
        if (json_array_size(steps) && n < SPANS_SHOWN)
            spans[n++] = span_of(op, scale, end, view_text(op, "name"));
        for (size_t k = 0; k < json_array_size(steps) && n < SPANS_SHOWN; k++)
            if (strcmp(view_text(json_array_get(steps, k), "name"), "drain") == 0)
                spans[n++] =
                    span_of(json_array_get(steps, k), scale, end, page_words(page, TEXT_MOVES_DRAIN));
    }
    return n;
}

struct time_chart {
    enum text_id title, y;
    const char *unit;
    size_t (*points)(const json_t *series, struct scale scale, struct chart_point *points);
};

static void time_chart(struct page *page, const struct view *view, const struct time_chart *what)
{
    const json_t *all = json_object_get(view->results, "series");
    struct scale scale = scale_of(all);
    struct chart_series series[SERIES_SHOWN];
    struct chart_span spans[SPANS_SHOWN];
    struct chart_point *points[SERIES_SHOWN];
    size_t n = json_array_size(all) < SERIES_SHOWN ? json_array_size(all) : SERIES_SHOWN;
    double end = 0;
    for (size_t i = 0; i < n; i++) {
        const json_t *row = json_array_get(all, i);
        points[i] = calloc(2 * rows_of(row) + 2, sizeof *points[i]);
        NP_ASSERT(points[i]);
        size_t count = what->points(row, scale, points[i]);
        series[i] = (struct chart_series){
            .name = view_text(row, "name"), .points = points[i], .n = count, .marks = MARKS_LINE};
        if (count)
            end = fmax(end, points[i][count - 1].x);
    }
    struct chart chart = {
        .kind = CHART_LINES,
        .title = page_words(page, what->title),
        .x = {page_words(page, TEXT_SIMULATED_TIME), scale.unit, false},
        .y = {page_words(page, what->y), what->unit, false},
        .from_zero = true,
        .series = series,
        .n_series = n,
        .spans = spans,
        .n_spans = spans_of(page, json_object_get(view->results, "operations"), scale, end, spans)};
    chart_write(page, &chart);
    for (size_t i = 0; i < n; i++)
        free(points[i]);
}

static const char *outcome_words(const struct page *page, const char *outcome)
{
    static const struct {
        const char *word;
        enum text_id text;
    } words[] = {{"done", TEXT_MOVES_DONE},
                 {"failed", TEXT_MOVES_FAILED},
                 {"refused", TEXT_MOVES_REFUSED},
                 {"under way", TEXT_MOVES_UNDER_WAY}};
    for (size_t i = 0; i < NP_ARRAY_LEN(words); i++)
        if (strcmp(outcome, words[i].word) == 0)
            return page_words(page, words[i].text);
    return outcome;
}

// A time, or a dash where it is not known.
static const char *time_of(const struct page *page, const json_t *object, const char *key,
                           char text[NUMBER_TEXT_SIZE])
{
    if (!json_is_number(json_object_get(object, key)))
        return "–";
    return number_time(page->language, view_count(object, key), text);
}

static const char *share_of(const struct page *page, const json_t *op, const char *key,
                            char text[NUMBER_TEXT_SIZE])
{
    const json_t *share = json_object_get(op, key);
    return json_is_number(share) ? number_fixed(page->language, 100 * json_number_value(share), 1, text)
                                 : "–";
}

static void operation_row(struct page *page, const struct page_column *c, const json_t *op)
{
    char text[NUMBER_TEXT_SIZE], reason[600];
    enum language l = page->language;
    bool drained = json_is_number(json_object_get(op, "drain_ps"));
    page_row_begin(page);
    page_cell(page, &c[0], time_of(page, op, "began_ps", text));
    page_cell(page, &c[1], view_text(op, "command"));
    page_cell(page, &c[2], outcome_words(page, view_text(op, "outcome")));
    page_cell(page, &c[3], view_count(op, "duration_ps") ? time_of(page, op, "duration_ps", text) : "–");
    page_cell(page, &c[4], drained ? number_count(l, view_count(op, "pages_done"), text) : "–");
    page_cell(page, &c[5],
              drained ? number_fixed(l, 1e-9 * (double)view_count(op, "drain_bytes_per_s"), 2, text) : "–");
    page_cell(page, &c[6], share_of(page, op, "drain_port_share", text));
    page_cell(page, &c[7], share_of(page, op, "drain_home_share", text));
    snprintf(reason, sizeof reason, "%s%s%s", view_text(op, "code"), view_text(op, "code")[0] ? " " : "",
             view_text(op, "text"));
    page_cell(page, &c[8], reason);
    page_row_end(page);
}

static void operations_table(struct page *page, const json_t *operations)
{
    const struct page_column columns[] = {
        {page_words(page, TEXT_MOVES_AT), NULL, true, false},
        {page_words(page, TEXT_MOVES_OPERATION), NULL, false, false},
        {page_words(page, TEXT_MOVES_OUTCOME), NULL, false, false},
        {page_words(page, TEXT_MOVES_TOOK), NULL, true, false},
        {page_words(page, TEXT_MOVES_PAGES), NULL, true, false},
        {page_words(page, TEXT_MOVES_DRAIN_RATE), "GB/s", true, false},
        {page_words(page, TEXT_MOVES_PORT_SHARE), "%", true, false},
        {page_words(page, TEXT_MOVES_HOME_SHARE), "%", true, false},
        {page_words(page, TEXT_MOVES_REASON), NULL, false, false},
    };
    page_heading(page, page_words(page, TEXT_MOVES_OPERATIONS));
    page_table_begin(page, NULL, columns, NP_ARRAY_LEN(columns));
    for (size_t i = 0; i < json_array_size(operations); i++)
        operation_row(page, columns, json_array_get(operations, i));
    page_table_end(page);
}

// A rate in millions, or a dash where there was no quiet time to take it from.
static const char *rate_of(const struct page *page, const json_t *p, const char *key,
                           char text[NUMBER_TEXT_SIZE])
{
    if (!json_is_number(json_object_get(p, key)))
        return "–";
    return number_fixed(page->language, 1e-6 * (double)view_count(p, key), 1, text);
}

static void effect_row(struct page *page, const struct page_column *c, const json_t *op, const json_t *p)
{
    char text[NUMBER_TEXT_SIZE], change[NUMBER_TEXT_SIZE + 4];
    enum language l = page->language;
    double before = (double)view_count(p, "accesses_per_s_before");
    double after = (double)view_count(p, "accesses_per_s_after");
    page_row_begin(page);
    page_cell(page, &c[0], view_text(op, "name"));
    page_cell(page, &c[1], view_text(p, "name"));
    page_cell(page, &c[2], number_count(l, view_count(p, "cpus_before"), text));
    page_cell(page, &c[3], number_count(l, view_count(p, "cpus_after"), text));
    page_cell(page, &c[4], rate_of(page, p, "accesses_per_s_before", text));
    page_cell(page, &c[5], rate_of(page, p, "accesses_per_s_after", text));
    snprintf(change, sizeof change, "%s%s", after >= before ? "+" : "",
             number_fixed(l, before > 0 ? 100 * (after - before) / before : 0, 1, text));
    page_cell(page, &c[6], before > 0 && after > 0 ? change : "–");
    page_row_end(page);
}

static void effects_table(struct page *page, const json_t *operations)
{
    const char *per_second = page_words(page, TEXT_M_PER_S);
    const struct page_column columns[] = {
        {page_words(page, TEXT_MOVES_OPERATION), NULL, false, false},
        {page_words(page, TEXT_PARTITION), NULL, false, false},
        {page_words(page, TEXT_MOVES_CPUS_BEFORE), NULL, true, false},
        {page_words(page, TEXT_MOVES_CPUS_AFTER), NULL, true, false},
        {page_words(page, TEXT_MOVES_RATE_BEFORE), per_second, true, false},
        {page_words(page, TEXT_MOVES_RATE_AFTER), per_second, true, false},
        {page_words(page, TEXT_MOVES_CHANGE), "%", true, false},
    };
    bool any = false;
    for (size_t i = 0; i < json_array_size(operations); i++) {
        const json_t *op = json_array_get(operations, i), *effects = json_object_get(op, "partitions");
        for (size_t p = 0; p < json_array_size(effects); p++) {
            if (!json_object_get(json_array_get(effects, p), "cpus_after"))
                continue;
            if (!any) {
                page_heading(page, page_words(page, TEXT_MOVES_BEFORE_AFTER));
                page_paragraph(page, page_words(page, TEXT_MOVES_BEFORE_AFTER_WHAT), NULL);
                page_table_begin(page, NULL, columns, NP_ARRAY_LEN(columns));
            }
            any = true;
            effect_row(page, columns, op, json_array_get(effects, p));
        }
    }
    if (any)
        page_table_end(page);
}

static void step_rows(struct page *page, const struct page_column *c, const json_t *op)
{
    const json_t *steps = json_object_get(op, "steps");
    char text[NUMBER_TEXT_SIZE];
    for (size_t i = 0; i < json_array_size(steps); i++) {
        const json_t *step = json_array_get(steps, i);
        bool ended = json_is_number(json_object_get(step, "ended_ps"));
        page_row_begin(page);
        page_cell(page, &c[0], i ? "" : view_text(op, "name"));
        page_cell(page, &c[1], view_text(step, "name"));
        page_cell(page, &c[2], time_of(page, step, "began_ps", text));
        page_cell(page, &c[3],
                  ended ? number_time(page->language,
                                      view_count(step, "ended_ps") - view_count(step, "began_ps"), text)
                        : "–");
        page_row_end(page);
    }
}

static void steps_table(struct page *page, const json_t *operations)
{
    const struct page_column columns[] = {
        {page_words(page, TEXT_MOVES_OPERATION), NULL, false, false},
        {page_words(page, TEXT_MOVES_STEP), NULL, false, true},
        {page_words(page, TEXT_MOVES_AT), NULL, true, false},
        {page_words(page, TEXT_MOVES_TOOK), NULL, true, false},
    };
    page_details_begin(page, page_words(page, TEXT_MOVES_STEPS));
    page_table_begin(page, NULL, columns, NP_ARRAY_LEN(columns));
    for (size_t i = 0; i < json_array_size(operations) && i < STEPS_SHOWN; i++)
        step_rows(page, columns, json_array_get(operations, i));
    page_table_end(page);
    page_details_end(page);
}

static void events_log(struct page *page, const struct view *view)
{
    const json_t *events = json_object_get(view->results, "events");
    const struct page_column columns[] = {
        {page_words(page, TEXT_MOVES_AT), NULL, true, false},
        {page_words(page, TEXT_MOVES_EVENT), NULL, false, true},
        {page_words(page, TEXT_BOARD), NULL, false, false},
        {page_words(page, TEXT_PARTITION), NULL, false, false},
        {page_words(page, TEXT_MOVES_EVENT_TEXT), NULL, false, false},
    };
    char text[NUMBER_TEXT_SIZE], shown[NUMBER_TEXT_SIZE], heading[128];
    size_t n = json_array_size(events), most = n < EVENTS_SHOWN ? n : EVENTS_SHOWN;
    uint64_t all = n + view_count(view->results, "events_dropped");
    if (n == 0)
        return;
    number_count(page->language, all, text);
    page_details_begin(page,
                       text_fill(heading, sizeof heading, page_words(page, TEXT_MOVES_EVENTS), ARGS(text)));
    if (most < all)
        page_paragraph(page, page_words(page, TEXT_MOVES_EVENTS_SHOWN),
                       ARGS(number_count(page->language, most, shown), text));
    page_table_begin(page, NULL, columns, NP_ARRAY_LEN(columns));
    for (size_t i = 0; i < most; i++) {
        const json_t *e = json_array_get(events, i);
        page_row_begin(page);
        page_cell(page, &columns[0], time_of(page, e, "at_ps", text));
        page_cell(page, &columns[1], view_text(e, "what"));
        page_cell(page, &columns[2], view_text(e, "board"));
        page_cell(page, &columns[3], view_text(e, "partition"));
        page_cell(page, &columns[4], view_text(e, "text"));
        page_row_end(page);
    }
    page_table_end(page);
    page_details_end(page);
}

void section_moves(struct page *page, const struct view *view)
{
    static const struct time_chart throughput = {TEXT_MOVES_THROUGHPUT, TEXT_THROUGHPUT, NULL,
                                                 throughput_points};
    static const struct time_chart cpus = {TEXT_MOVES_CPUS_CHART, TEXT_MOVES_CPUS_ONLINE, NULL, cpu_points};
    const json_t *operations = json_object_get(view->results, "operations");
    struct time_chart rate = throughput;
    if (json_array_size(json_object_get(view->results, "series")) == 0)
        return;
    rate.unit = page_words(page, TEXT_M_PER_S);
    page_section_begin(page, "moves", page_words(page, TEXT_MOVES_HEADING));
    page_paragraph(page, page_words(page, TEXT_MOVES_WHAT), NULL);
    time_chart(page, view, &rate);
    time_chart(page, view, &cpus);
    if (json_array_size(operations)) {
        effects_table(page, operations);
        operations_table(page, operations);
        steps_table(page, operations);
    }
    events_log(page, view);
    page_section_end(page);
}
