// SPDX-License-Identifier: Apache-2.0
// A sweep as a page: for each partition and metric the first axis as x, and the second one too when both are
// numbers; the law's fits; and error against speed when points are compared with one of them.
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/campaign/axis_scale.h"
#include "coordinator/campaign/sweep.h"
#include "coordinator/report/chart.h"
#include "coordinator/run/whole.h"
#include "proto/base/assert.h"

#define SERIES_MAX 8 // that have colours of their own

struct drawing {
    const struct sweep *sweep;
    struct page *page;
    uint32_t partition;
    enum metric metric;
    struct chart_series series[SERIES_MAX];
    struct chart_point *points[SERIES_MAX];
    char names[SERIES_MAX][256];
};

// Of n things the one to show at place i of `shown`, ends included.
static uint32_t spread(uint32_t i, uint32_t shown, uint32_t n)
{
    return shown > 1 ? (uint32_t)((uint64_t)i * (n - 1) / (shown - 1)) : 0;
}

// One line: along an axis with `step` combinations from value to value, beginning at `from`.
static void add_line(struct drawing *d, uint32_t i, const double *x, uint32_t n, uint32_t from, uint32_t step)
{
    d->points[i] = calloc(n, sizeof **d->points);
    NP_ASSERT(d->points[i]);
    for (uint32_t k = 0; k < n; k++) {
        struct cell cell = sweep_cell(d->sweep, from + k * step, d->partition, d->metric);
        double half = isnan(cell.half) ? 0 : cell.half;
        d->points[i][k] =
            (struct chart_point){x ? x[k] : k, cell.n ? cell.mean : NAN, cell.mean - half, cell.mean + half};
    }
    d->series[i] = (struct chart_series){
        .name = d->names[i],
        .points = d->points[i],
        .n = n,
        .marks = MARKS_BOTH,
        .spread = d->sweep->question->seeds > 1 ? SPREAD_BARS : SPREAD_NONE,
    };
}

static void write_chart(struct drawing *d, const struct axis *axis, const struct axis_scale *scale,
                        uint32_t n_series)
{
    const char *categories[AXIS_VALUES_MAX];
    for (uint32_t i = 0; i < axis->n; i++)
        categories[i] = axis->values[i];
    const struct chart chart = {
        .kind = scale ? CHART_LINES : CHART_BARS,
        .title = metric_what(d->metric, d->page->language),
        .x = {.label = axis->name, .unit = scale ? scale->unit : "", .log = scale && scale->log},
        .y = {.label = metric_name(d->metric), .unit = metric_unit(d->metric)},
        .categories = categories,
        .n_categories = scale ? 0 : axis->n,
        .series = d->series,
        .n_series = n_series,
    };
    chart_write(d->page, &chart);
    for (uint32_t i = 0; i < n_series; i++)
        free(d->points[i]);
}

// x: the first axis; a line for each series.
static void draw_first(struct drawing *d)
{
    const struct axis *x = &d->sweep->question->axes[0];
    struct axis_scale scale;
    uint32_t all = sweep_series(d->sweep), shown = all < SERIES_MAX ? all : SERIES_MAX;
    bool numbers = axis_scale_open(&scale, x);
    for (uint32_t i = 0; i < shown; i++) {
        uint32_t series = spread(i, shown, all);
        sweep_series_name(d->sweep, series, d->metric, d->names[i]);
        add_line(d, i, numbers ? scale.x : NULL, x->n, series, all);
    }
    write_chart(d, x, numbers ? &scale : NULL, shown);
    if (numbers)
        axis_scale_free(&scale);
}

// x: the second of two axes; a line for each value of the first.
static void draw_second(struct drawing *d)
{
    const struct question *q = d->sweep->question;
    const struct axis *x = &q->axes[1];
    struct axis_scale scale;
    if (q->n_axes != 2 || x->n < 3 || !axis_scale_open(&scale, x))
        return;
    uint32_t shown = q->axes[0].n < SERIES_MAX ? q->axes[0].n : SERIES_MAX;
    for (uint32_t i = 0; i < shown; i++) {
        uint32_t value = spread(i, shown, q->axes[0].n);
        snprintf(d->names[i], sizeof d->names[i], "%.120s=%.120s", q->axes[0].name, q->axes[0].values[value]);
        add_line(d, i, scale.x, x->n, value * x->n, 1);
    }
    write_chart(d, x, &scale, shown);
    axis_scale_free(&scale);
}

static const char *interval(enum language language, const struct fit *fit, unsigned i, char text[160])
{
    char value[NUMBER_TEXT_SIZE], low[NUMBER_TEXT_SIZE], high[NUMBER_TEXT_SIZE];
    snprintf(text, 160, "%s (%s .. %s)", number_short(language, fit->value[i], 3, value),
             number_short(language, fit->value[i] - fit->half[i], 3, low),
             number_short(language, fit->value[i] + fit->half[i], 3, high));
    return text;
}

static void put_fit(const struct drawing *d, uint32_t series, const struct page_column *columns,
                    const struct fit *fits, enum curve best)
{
    char name[256], text[160], number[NUMBER_TEXT_SIZE];
    enum language language = d->page->language;
    const struct fit *usl = &fits[CURVE_USL];
    double peak = fit_peak(usl);
    page_row_begin(d->page);
    page_cell(d->page, &columns[0], sweep_series_name(d->sweep, series, d->metric, name));
    page_cell(d->page, &columns[1], interval(language, usl, FIT_FIRST, text));
    page_cell(d->page, &columns[2], interval(language, usl, FIT_KAPPA, text));
    page_cell(d->page, &columns[3],
              isfinite(peak) ? number_fixed(language, peak, 1, number)
                             : page_words(d->page, TEXT_LAW_NO_PEAK));
    snprintf(text, sizeof text, "%s, %s %%", curve_name(best),
             number_short(language, 100 * fits[best].relative, 2, number));
    page_cell(d->page, &columns[4], text);
    page_row_end(d->page);
}

static void put_fits(const struct drawing *d)
{
    const struct page_column columns[] = {
        {.label = page_words(d->page, TEXT_SWEEP_SERIES)},
        {.label = "sigma", .number = true},
        {.label = "kappa", .number = true},
        {.label = page_words(d->page, TEXT_LAW_PEAK), .unit = "CPUs", .number = true},
        {.label = page_words(d->page, TEXT_SWEEP_BEST)},
    };
    struct fit fits[CURVE_COUNT];
    bool any = false;
    for (uint32_t s = 0; s < sweep_series(d->sweep); s++) {
        enum curve best = sweep_fit(d->sweep, s, d->partition, d->metric, fits);
        if (best == CURVE_COUNT || !fits[CURVE_USL].found)
            continue;
        if (!any)
            page_table_begin(d->page, page_words(d->page, TEXT_SWEEP_SPEEDUP_FITS), columns,
                             NP_ARRAY_LEN(columns));
        any = true;
        put_fit(d, s, columns, fits, best);
    }
    if (!any)
        return;
    page_table_end(d->page);
    page_paragraph(d->page, page_words(d->page, TEXT_SWEEP_FIT_WHAT), NULL);
}

// One point per run: how far its metric is from the run it is compared with, and how fast the host was. A
// series for each value of the axis that is compared along.
static void draw_errors(struct drawing *d, uint32_t axis)
{
    const struct question *q = d->sweep->question;
    uint32_t n = d->sweep->n_points, shown = q->axes[axis].n < SERIES_MAX ? q->axes[axis].n : SERIES_MAX;
    for (uint32_t i = 0; i < shown; i++) {
        const char *value = q->axes[axis].values[spread(i, shown, q->axes[axis].n)];
        size_t k = 0;
        d->points[i] = calloc(n, sizeof **d->points);
        NP_ASSERT(d->points[i]);
        for (uint32_t p = 0; p < n; p++) {
            const struct point *point = &d->sweep->points[p];
            double error = sweep_error(d->sweep, p, d->partition, d->metric);
            if (strcmp(sweep_value(d->sweep, point->combination, axis), value) != 0 || isnan(error) ||
                d->partition >= point->metrics.n)
                continue;
            d->points[i][k++] = (struct chart_point){
                .x = 100 * error, .y = point->metrics.partitions[d->partition].value[METRIC_HOST_SPEED]};
        }
        snprintf(d->names[i], sizeof d->names[i], "%.120s=%.120s", q->axes[axis].name, value);
        d->series[i] =
            (struct chart_series){.name = d->names[i], .points = d->points[i], .n = k, .marks = MARKS_POINTS};
    }
    const struct chart chart = {
        .kind = CHART_LINES,
        .title = metric_what(d->metric, d->page->language),
        .x = {.label = page_words(d->page, TEXT_SWEEP_ERROR), .unit = "%"},
        .y = {.label = page_words(d->page, TEXT_SWEEP_HOST_SPEED), .unit = metric_unit(METRIC_HOST_SPEED)},
        .series = d->series,
        .n_series = shown,
    };
    chart_write(d->page, &chart);
    for (uint32_t i = 0; i < shown; i++)
        free(d->points[i]);
}

static void put_errors(struct drawing *d)
{
    const struct question *q = d->sweep->question;
    uint32_t axis = 0;
    enum metric rate[METRIC_COUNT];
    if (!q->against.name[0])
        return;
    while (strcmp(q->axes[axis].name, q->against.name) != 0)
        axis++;
    page_heading(d->page, page_words(d->page, TEXT_SWEEP_ERROR_HEAD));
    page_paragraph(d->page, page_words(d->page, TEXT_SWEEP_ERROR_WHAT),
                   ARGS(q->against.name, q->against.value));
    page_grid_begin(d->page);
    sweep_metrics(d->sweep, rate);
    d->metric = rate[0] == METRIC_WORK_RATE ? METRIC_WORK_RATE : METRIC_ACCESS_RATE;
    draw_errors(d, axis);
    d->metric = METRIC_LATENCY;
    draw_errors(d, axis);
    page_grid_end(d->page);
}

static void put_partition(const struct sweep *sweep, struct page *page, uint32_t partition)
{
    struct drawing *d = calloc(1, sizeof *d);
    enum metric metrics[METRIC_COUNT];
    char id[32], heading[160];
    NP_ASSERT(d);
    *d = (struct drawing){.sweep = sweep, .page = page, .partition = partition};
    snprintf(id, sizeof id, "partition-%" PRIu32, partition);
    page_section_begin(page, id,
                       text_fill(heading, sizeof heading, page_words(page, TEXT_SWEEP_PARTITION),
                                 ARGS(sweep_partition(sweep, partition))));
    uint32_t n = sweep_metrics(sweep, metrics);
    for (uint32_t m = 0; m < n; m++) {
        d->metric = metrics[m];
        page_grid_begin(page);
        draw_first(d);
        draw_second(d);
        page_grid_end(page);
        put_fits(d);
    }
    put_errors(d);
    page_section_end(page);
    free(d);
}

static void put_counts(const struct sweep *sweep, struct page *page)
{
    char all[NUMBER_TEXT_SIZE], done[NUMBER_TEXT_SIZE], impossible[NUMBER_TEXT_SIZE],
        failed[NUMBER_TEXT_SIZE], pending[NUMBER_TEXT_SIZE], seeds[NUMBER_TEXT_SIZE];
    enum language l = page->language;
    uint32_t finished = sweep->kept + sweep->done;
    page_paragraph(
        page, page_words(page, TEXT_SWEEP_COUNTS),
        ARGS(number_count(l, sweep->n_points, all), number_count(l, finished, done),
             number_count(l, sweep->impossible, impossible), number_count(l, sweep->failed, failed),
             number_count(l, sweep->n_points - finished - sweep->impossible - sweep->failed, pending)));
    if (sweep->question->seeds > 1)
        page_paragraph(page, page_words(page, TEXT_SWEEP_BANDS),
                       ARGS(number_count(l, sweep->question->seeds, seeds)));
}

enum err_code sweep_html(const struct sweep *sweep, enum language language, struct err *err)
{
    struct whole_file file;
    struct page page;
    char name[NAME_MAX_BYTES + 8];
    snprintf(name, sizeof name, "%s.html", sweep->question->name);
    if (whole_open(&file, sweep->folder, name, err))
        return err->code;
    page_begin(&page, file.out, language, text_of(language, TEXT_SWEEP_KIND), sweep->question->name);
    put_counts(sweep, &page);
    for (uint32_t p = 0; p < sweep_partitions(sweep); p++)
        put_partition(sweep, &page, p);
    page_end(&page);
    enum err_code code = whole_finish(&file, err);
    return code ? code : whole_commit(&file, err);
}
