// SPDX-License-Identifier: Apache-2.0
// What was measured, for people and for programs.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"
#include "tests/bench/bench.h"

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct statistics series_statistics(const struct series *series)
{
    double sorted[BENCH_RUNS_MAX];
    uint32_t n = series->n;
    NP_ASSERT(n);
    memcpy(sorted, series->values, n * sizeof sorted[0]);
    qsort(sorted, n, sizeof sorted[0], by_value);
    double median = n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
    return (struct statistics){median, sorted[0], sorted[n - 1]};
}

static void print_ratios(const struct ratios *ratios)
{
    if (ratios->known)
        printf("  miss %.2f %%, remote %.1f %% of misses, merged %.2f %%", 100 * ratios->miss,
               100 * ratios->remote, 100 * ratios->merged);
}

static void print_row(const struct row *row, const struct series *series)
{
    struct statistics s = series_statistics(series);
    printf("%-20s %10.4g %-13s (%.4g .. %.4g, %u runs)", row->name, s.median, row->unit, s.least, s.most,
           series->n);
    print_ratios(&series->ratios);
    printf("\n    %s\n    compare: %s\n    bound by: %s\n", row->what, row->against, row->bound);
}

void report_text(const struct bench_settings *settings, const struct series *series)
{
    printf("Medians of interleaved runs (least .. most).");
    if (settings->length != 1)
        printf(" Runs of %g times the normal length: not for comparison.", settings->length);
    printf("\n\n");
    for (size_t i = 0; i < n_rows; i++)
        if (series[i].wanted)
            print_row(&rows[i], &series[i]);
}

static void put(json_t *object, const char *key, json_t *value)
{
    NP_ASSERT(value && json_object_set_new(object, key, value) == 0);
}

static json_t *row_json(const struct row *row, const struct series *series)
{
    struct statistics s = series_statistics(series);
    json_t *object = json_object();
    put(object, "name", json_string(row->name));
    put(object, "value", json_real(s.median));
    put(object, "unit", json_string(row->unit));
    put(object, "min", json_real(s.least));
    put(object, "max", json_real(s.most));
    put(object, "runs", json_integer(series->n));
    if (series->ratios.known) {
        put(object, "miss", json_real(series->ratios.miss));
        put(object, "remote", json_real(series->ratios.remote));
        put(object, "merged", json_real(series->ratios.merged));
    }
    put(object, "what", json_string(row->what));
    put(object, "against", json_string(row->against));
    put(object, "bound", json_string(row->bound));
    return object;
}

enum err_code report_json(const struct bench_settings *settings, const struct series *series, struct err *err)
{
    json_t *document = json_object(), *list = json_array();
    put(document, "format", json_string("numaplex-bench"));
    put(document, "version", json_integer(1));
    put(document, "length", json_real(settings->length));
    for (size_t i = 0; i < n_rows; i++)
        if (series[i].wanted)
            NP_ASSERT(json_array_append_new(list, row_json(&rows[i], &series[i])) == 0);
    put(document, "rows", list);
    int failed = json_dumpf(document, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(document);
    if (failed || fflush(stdout))
        return err_errno(err, ERR_FILE, "standard output cannot be written");
    return ERR_OK;
}

void report_list(void)
{
    for (size_t i = 0; i < n_rows; i++)
        printf("%-20s %-13s %s\n", rows[i].name, rows[i].unit, rows[i].what);
}
