// SPDX-License-Identifier: Apache-2.0
#include "coordinator/campaign/metrics.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/assert.h"
#include "proto/base/results.h"

static const struct {
    const char *name, *unit, *what[LANGUAGE_COUNT];
} rows[METRIC_COUNT] = {
#define X(name, column, unit, en, de) {column, unit, {en, de}},
    METRICS(X)
#undef X
};

const char *metric_name(enum metric metric)
{
    return rows[metric].name;
}

const char *metric_unit(enum metric metric)
{
    return rows[metric].unit;
}

const char *metric_what(enum metric metric, enum language language)
{
    return rows[metric].what[language];
}

bool metric_find(const char *name, enum metric *metric)
{
    for (unsigned i = 0; i < METRIC_COUNT; i++)
        if (strcmp(rows[i].name, name) == 0) {
            *metric = (enum metric)i;
            return true;
        }
    return false;
}

// A number of an object; NAN when it is not there or none.
static double get(const json_t *object, const char *key)
{
    const json_t *number = json_object_get(object, key);
    return json_is_number(number) ? json_number_value(number) : NAN;
}

static double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : NAN;
}

// Of a partition; results of before it told this itself have it by CPU.
static double sum_of(const json_t *partition, const char *what)
{
    double sum = 0;
    size_t b, c;
    json_t *board, *cpu;
    if (json_object_get(partition, what))
        return get(partition, what);
    json_array_foreach(json_object_get(partition, "boards"), b, board)
    {
        json_array_foreach(json_object_get(board, "cpus"), c, cpu)
        {
            sum += get(cpu, what);
        }
    }
    return sum;
}

// Count and sum of the latencies of one kind, such as SERVED_OWNER.
static double served(const json_t *partition, enum served kind, const char *what)
{
    return get(json_object_get(json_object_get(partition, "latency"), served_name(kind)), what);
}

static void fill(struct partition_metrics *m, const json_t *partition)
{
    double work = sum_of(partition, "work");
    const json_t *counters = json_object_get(partition, "counters");
    double seconds = 1e-12 * get(partition, "end_ps"), accesses = get(partition, "accesses");
    double remote = served(partition, SERVED_HOME_REMOTE, "count") + served(partition, SERVED_OWNER, "count");
    double missed_ps = 0, missed = 0;
    for (unsigned kind = SERVED_L1 + 1; kind < SERVED_COUNT; kind++) {
        missed_ps += served(partition, (enum served)kind, "sum_ps");
        missed += served(partition, (enum served)kind, "count");
    }
    m->value[METRIC_WORK] = work;
    m->value[METRIC_WORK_RATE] = ratio(work, seconds);
    m->value[METRIC_ACCESSES] = accesses;
    m->value[METRIC_ACCESS_RATE] = ratio(accesses, seconds);
    m->value[METRIC_LATENCY] = 1e-3 * ratio(sum_of(partition, "latency_sum_ps"), accesses);
    m->value[METRIC_MISS_LATENCY] = 1e-3 * ratio(missed_ps, missed);
    m->value[METRIC_HIT_RATIO] = ratio(get(partition, "hits"), accesses);
    m->value[METRIC_REMOTE_SHARE] = ratio(remote, accesses);
    m->value[METRIC_CPUS] = get(partition, "cpus_with_programs");
    m->value[METRIC_WAIT_SHARE] =
        ratio(1e-12 * sum_of(partition, "wait_ps"), seconds * get(partition, "cpus_with_programs"));
    m->value[METRIC_TIME] = 1e6 * seconds;
    const json_t *guest = json_object_get(partition, "guest");
    const json_t *region = json_array_get(json_object_get(guest, "times"), 0);
    m->value[METRIC_GUEST_TIME] = get(region, "us");
    m->value[METRIC_GUEST_SPEEDUP] = get(region, "speedup");
    m->value[METRIC_LATE] = get(counters, counter_name(CNT_LATE));
    m->value[METRIC_WRONG] = get(counters, counter_name(CNT_CHECKS_FAILED));
}

static bool read_partitions(struct run_metrics *metrics, const json_t *list, double host_s)
{
    metrics->n = (uint32_t)json_array_size(list);
    metrics->partitions = calloc(metrics->n ? metrics->n : 1, sizeof *metrics->partitions);
    NP_ASSERT(metrics->partitions);
    for (uint32_t p = 0; p < metrics->n; p++) {
        const json_t *partition = json_array_get(list, p);
        const char *name = json_string_value(json_object_get(partition, "name"));
        struct partition_metrics *m = &metrics->partitions[p];
        if (!name || strlen(name) >= sizeof m->name || isnan(get(partition, "accesses")))
            return false;
        strcpy(m->name, name);
        fill(m, partition);
    }
    for (uint32_t p = 0; p < metrics->n; p++) {
        double *value = metrics->partitions[p].value;
        value[METRIC_HOST_TIME] = host_s;
        value[METRIC_HOST_SPEED] = ratio(value[METRIC_TIME], host_s);
    }
    return metrics->n > 0;
}

enum err_code metrics_read(const char *folder, struct run_metrics *metrics, struct err *err)
{
    char path[PATH_MAX_BYTES + 32];
    json_error_t why;
    *metrics = (struct run_metrics){0};
    snprintf(path, sizeof path, "%s/results.json", folder);
    if (access(path, R_OK) != 0)
        return err_errno(err, ERR_FILE, "%s", path);
    json_t *json = json_load_file(path, 0, &why);
    const char *digest = json_string_value(json_object_get(json, "digest"));
    bool whole = json && digest && strlen(digest) < sizeof metrics->digest &&
                 json_is_false(json_object_get(json, "interrupted"));
    if (whole) {
        strcpy(metrics->digest, digest);
        whole = read_partitions(metrics, json_object_get(json, "partitions"),
                                get(json_object_get(json, "host"), "seconds"));
    }
    json_decref(json);
    if (whole)
        return ERR_OK;
    metrics_free(metrics);
    return err_set(err, ERR_DAMAGED_STATE, "%s holds no whole results; run it again", path);
}

void metrics_free(struct run_metrics *metrics)
{
    free(metrics->partitions);
    *metrics = (struct run_metrics){0};
}
