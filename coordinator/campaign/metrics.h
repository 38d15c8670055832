// SPDX-License-Identifier: Apache-2.0
// What a sweep keeps of each run: figures of each partition, read from its results.json.
#ifndef NP_COORDINATOR_CAMPAIGN_METRICS_H
#define NP_COORDINATOR_CAMPAIGN_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/digest.h"
#include "proto/base/err.h"
#include "proto/base/limits.h"

// X(enumerator, column, unit, what it is). Rates are per second of simulated time; latencies are means over
// completed accesses. host_s is not a result: it differs from run to run.
#define METRICS(X)                                                                                           \
    X(METRIC_WORK_RATE, "work_per_s", "1/s", "throughput: rounds of work")                                   \
    X(METRIC_ACCESS_RATE, "accesses_per_s", "1/s", "completed accesses")                                     \
    X(METRIC_LATENCY, "latency_ns", "ns", "mean latency of an access")                                       \
    X(METRIC_MISS_LATENCY, "miss_latency_ns", "ns", "mean latency of an access that misses its L1")          \
    X(METRIC_HIT_RATIO, "hit_ratio", "", "share of accesses served by the CPU's own L1")                     \
    X(METRIC_REMOTE_SHARE, "remote_share", "", "share of accesses served by another board")                  \
    X(METRIC_WAIT_SHARE, "wait_share", "", "share of their time in which CPUs wait for memory")              \
    X(METRIC_CPUS, "busy_cpus", "CPUs", "CPUs with programs")                                                \
    X(METRIC_TIME, "simulated_us", "us", "simulated time until the end or until the last CPU is done")       \
    X(METRIC_WORK, "work", "rounds", "rounds of work")                                                       \
    X(METRIC_ACCESSES, "accesses", "accesses", "completed accesses")                                         \
    X(METRIC_LATE, "late", "messages", "arrivals below the receiver's time (with a window only)")            \
    X(METRIC_WRONG, "checks_failed", "values", "loaded values that were wrong")                              \
    X(METRIC_HOST_TIME, "host_s", "s", "the host's time for the whole run, no result")                       \
    X(METRIC_HOST_SPEED, "host_us_per_s", "us/s", "simulated time per second of the host's time, no result")

enum metric {
#define X(name, column, unit, what) name,
    METRICS(X)
#undef X
        METRIC_COUNT
};

const char *metric_name(enum metric metric); // of the column
const char *metric_unit(enum metric metric);
const char *metric_what(enum metric metric);

// The metric of that name. Returns false when there is none such.
bool metric_find(const char *name, enum metric *metric);

struct partition_metrics {
    char name[NAME_MAX_BYTES];
    double value[METRIC_COUNT]; // NAN where there is none, such as a mean over nothing
};

struct run_metrics {
    uint32_t n;
    struct partition_metrics *partitions; // owned
    char digest[DIGEST_TEXT_SIZE];
};

// Reads FOLDER/results.json of a finished run. ERR_FILE when there is none, ERR_DAMAGED_STATE when it cannot
// be understood or the run was interrupted. The caller frees after success.
enum err_code metrics_read(const char *folder, struct run_metrics *metrics, struct err *err);
void metrics_free(struct run_metrics *metrics);

#endif
