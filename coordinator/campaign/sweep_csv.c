// SPDX-License-Identifier: Apache-2.0
// One row per point, seed and partition; points without results have one row. Quoting as in RFC 4180.
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "coordinator/campaign/sweep.h"
#include "coordinator/run/whole.h"
#include "proto/base/assert.h"

// Compared with the point of --against.
static const enum metric compared[] = {METRIC_WORK_RATE, METRIC_ACCESS_RATE, METRIC_LATENCY,
                                       METRIC_MISS_LATENCY};

static void put_text(FILE *out, const char *text)
{
    if (!strpbrk(text, ",\"\n\r")) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text; text++)
        fprintf(out, *text == '"' ? "\"%c" : "%c", *text);
    fputc('"', out);
}

static void put_number(FILE *out, double value)
{
    fputc(',', out);
    if (isfinite(value))
        fprintf(out, "%.9g", value);
}

static void put_header(const struct sweep *sweep, FILE *out)
{
    const struct question *q = sweep->question;
    for (uint32_t i = 0; i < q->n_axes; i++) {
        put_text(out, q->axes[i].name);
        fputc(',', out);
    }
    fputs("seed,state,partition", out);
    for (unsigned m = 0; m < METRIC_COUNT; m++)
        fprintf(out, ",%s", metric_name((enum metric)m));
    for (size_t i = 0; q->against.name[0] && i < NP_ARRAY_LEN(compared); i++)
        fprintf(out, ",error_%s", metric_name(compared[i]));
    fputs(",digest,folder,note\n", out);
}

static void put_row(const struct sweep *sweep, FILE *out, uint32_t number, uint32_t partition)
{
    const struct question *q = sweep->question;
    const struct point *point = &sweep->points[number];
    bool there = partition < point->metrics.n, ran = point->state == POINT_DONE || point->state == POINT_KEPT;
    for (uint32_t i = 0; i < q->n_axes; i++) {
        put_text(out, sweep_value(sweep, point->combination, i));
        fputc(',', out);
    }
    if (point->state != POINT_IMPOSSIBLE)
        fprintf(out, "%" PRIu64, point->seed);
    fprintf(out, ",%s,", point_state_name(point->state));
    put_text(out, there ? point->metrics.partitions[partition].name : "");
    for (unsigned m = 0; m < METRIC_COUNT; m++)
        put_number(out, there ? point->metrics.partitions[partition].value[m] : NAN);
    for (size_t i = 0; q->against.name[0] && i < NP_ARRAY_LEN(compared); i++)
        put_number(out, there ? sweep_error(sweep, number, partition, compared[i]) : NAN);
    fprintf(out, ",%s,", point->metrics.digest);
    if (ran)
        fprintf(out, "points/%s", point->key);
    fputc(',', out);
    put_text(out, point->message ? point->message : "");
    fputc('\n', out);
}

enum err_code sweep_csv(const struct sweep *sweep, struct err *err)
{
    struct whole_file file;
    char name[NAME_MAX_BYTES + 8];
    snprintf(name, sizeof name, "%s.csv", sweep->question->name);
    if (whole_open(&file, sweep->folder, name, err))
        return err->code;
    put_header(sweep, file.out);
    for (uint32_t i = 0; i < sweep->n_points; i++)
        for (uint32_t p = 0; p == 0 || p < sweep->points[i].metrics.n; p++)
            put_row(sweep, file.out, i, p);
    enum err_code code = whole_finish(&file, err);
    return code ? code : whole_commit(&file, err);
}
