// SPDX-License-Identifier: Apache-2.0
// The runs of a point taken together.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/campaign/sweep.h"
#include "coordinator/law/statistics.h"
#include "proto/base/assert.h"

uint32_t sweep_partitions(const struct sweep *sweep)
{
    for (uint32_t i = 0; i < sweep->n_points; i++)
        if (sweep->points[i].metrics.n)
            return sweep->points[i].metrics.n;
    return 0;
}

const char *sweep_partition(const struct sweep *sweep, uint32_t partition)
{
    for (uint32_t i = 0; i < sweep->n_points; i++)
        if (sweep->points[i].metrics.n > partition)
            return sweep->points[i].metrics.partitions[partition].name;
    return "";
}

static double value_of(const struct point *point, uint32_t partition, enum metric metric)
{
    return partition < point->metrics.n ? point->metrics.partitions[partition].value[metric] : NAN;
}

struct cell sweep_cell(const struct sweep *sweep, uint32_t combination, uint32_t partition,
                       enum metric metric)
{
    uint32_t seeds = sweep->question->seeds;
    struct cell cell = {.mean = NAN, .half = NAN, .state = POINT_DONE};
    struct sample sample = {0};
    for (uint32_t i = combination * seeds; i < (combination + 1) * seeds; i++) {
        double value = value_of(&sweep->points[i], partition, metric);
        enum point_state state = sweep->points[i].state;
        if (state != POINT_DONE && state != POINT_KEPT && cell.state == POINT_DONE)
            cell.state = state;
        if (!isnan(value))
            sample_add(&sample, value);
    }
    cell.n = (uint32_t)sample.n;
    if (cell.n) {
        cell.mean = sample.mean;
        cell.half = sample_half_width(&sample);
    }
    return cell;
}

uint32_t sweep_metrics(const struct sweep *sweep, enum metric metrics[METRIC_COUNT])
{
    const struct question *q = sweep->question;
    if (q->n_metrics) {
        memcpy(metrics, q->metrics, q->n_metrics * sizeof *metrics);
        return q->n_metrics;
    }
    metrics[0] = METRIC_ACCESS_RATE; // generators without rounds count accesses only
    for (uint32_t i = 0; i < sweep->n_points; i++)
        for (uint32_t p = 0; p < sweep->points[i].metrics.n; p++)
            if (sweep->points[i].metrics.partitions[p].value[METRIC_WORK] > 0)
                metrics[0] = METRIC_WORK_RATE;
    return 1;
}

double sweep_error(const struct sweep *sweep, uint32_t point, uint32_t partition, enum metric metric)
{
    const struct question *q = sweep->question;
    uint32_t stride = 1, axis = q->n_axes;
    while (axis > 0 && strcmp(q->axes[axis - 1].name, q->against.name) != 0)
        stride *= q->axes[--axis].n;
    if (axis == 0)
        return NAN;
    const struct axis *a = &q->axes[axis - 1];
    uint32_t at = sweep->points[point].combination / stride % a->n;
    uint32_t with = axis_find(a, q->against.value);
    uint32_t combination = sweep->points[point].combination + (with - at) * stride; // may wrap, and back
    double exact = value_of(&sweep->points[combination * q->seeds + point % q->seeds], partition, metric);
    double value = value_of(&sweep->points[point], partition, metric);
    return exact > 0 ? value / exact - 1 : NAN;
}

uint32_t sweep_series(const struct sweep *sweep)
{
    return sweep->combinations / sweep->question->axes[0].n;
}

const char *sweep_series_name(const struct sweep *sweep, uint32_t series, enum metric metric, char text[256])
{
    size_t used = 0;
    snprintf(text, 256, "%s", metric_name(metric));
    for (uint32_t i = 1; i < sweep->question->n_axes && used < 255; i++)
        used += (size_t)snprintf(text + used, 256 - used, "%s%s=%s", i > 1 ? " " : "",
                                 sweep->question->axes[i].name, sweep_value(sweep, series, i));
    return text;
}

enum curve sweep_fit(const struct sweep *sweep, uint32_t series, uint32_t partition, enum metric metric,
                     struct fit fits[CURVE_COUNT])
{
    const struct question *q = sweep->question;
    const struct axis *x = &q->axes[0];
    uint32_t all = sweep_series(sweep);
    size_t n = 0;
    if (strcmp(x->name, "cpus") != 0 || (metric != METRIC_WORK_RATE && metric != METRIC_ACCESS_RATE))
        return CURVE_COUNT;
    struct fit_point *points = calloc((size_t)x->n * q->seeds, sizeof *points);
    NP_ASSERT(points);
    for (uint32_t i = 0; i < x->n * q->seeds; i++) {
        const struct point *point = &sweep->points[(i / q->seeds * all + series) * q->seeds + i % q->seeds];
        double cpus, rate = value_of(point, partition, metric);
        if (axis_number(x->values[i / q->seeds], &cpus) && cpus > 0 && !isnan(rate))
            points[n++] = (struct fit_point){cpus, rate};
    }
    enum curve best = n > FIT_MAX ? fit_all(fits, points, n, 0) : CURVE_COUNT;
    free(points);
    return best;
}
