// SPDX-License-Identifier: Apache-2.0
// What a sweep keeps of each run: figures of each partition, read from its results.json.
#ifndef NP_COORDINATOR_CAMPAIGN_METRICS_H
#define NP_COORDINATOR_CAMPAIGN_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "coordinator/report/text.h"
#include "proto/base/digest.h"
#include "proto/base/err.h"
#include "proto/base/limits.h"

// X(enumerator, column, unit, what it is, the same in German). Rates are per second of simulated time;
// latencies are means over completed accesses; the guest's are those of the first region that it names.
// host_s is not a result: it differs from run to run.
#define METRICS(X)                                                                                           \
    X(METRIC_WORK_RATE, "work_per_s", "1/s", "Throughput: rounds of work", "Durchsatz: Arbeitsrunden")       \
    X(METRIC_ACCESS_RATE, "accesses_per_s", "1/s", "Completed accesses", "Beendete Zugriffe")                \
    X(METRIC_LATENCY, "latency_ns", "ns", "Mean latency of an access", "Mittlere Latenz eines Zugriffs")     \
    X(METRIC_MISS_LATENCY, "miss_latency_ns", "ns", "Mean latency of an access that misses its L1",          \
      "Mittlere Latenz eines Zugriffs, der seinen L1 verfehlt")                                              \
    X(METRIC_HIT_RATIO, "hit_ratio", "", "Share of accesses served by the CPU's own L1",                     \
      "Anteil der Zugriffe, die der eigene L1 bedient")                                                      \
    X(METRIC_REMOTE_SHARE, "remote_share", "", "Share of accesses served by another board",                  \
      "Anteil der Zugriffe, die eine andere Baugruppe bedient")                                              \
    X(METRIC_WAIT_SHARE, "wait_share", "", "Share of their time in which CPUs wait for memory",              \
      "Zeitanteil, in dem CPUs auf Speicher warten")                                                         \
    X(METRIC_CPUS, "busy_cpus", "CPUs", "CPUs with programs", "CPUs mit Programmen")                         \
    X(METRIC_TIME, "simulated_us", "us", "Simulated time until the end or until the last CPU is done",       \
      "Simulierte Zeit bis zum Ende oder bis die letzte CPU fertig ist")                                     \
    X(METRIC_WORK, "work", "rounds", "Rounds of work", "Arbeitsrunden")                                      \
    X(METRIC_ACCESSES, "accesses", "accesses", "Completed accesses", "Beendete Zugriffe")                    \
    X(METRIC_GUEST_TIME, "guest_us", "us", "Time of the guest's work on all its CPUs, by its own word",      \
      "Zeit der Arbeit des Gastes auf allen seinen CPUs, nach seinen Worten")                                \
    X(METRIC_GUEST_SPEEDUP, "guest_speedup", "",                                                             \
      "Speed-up of the guest's work over one CPU, by its own word",                                          \
      "Beschleunigung der Arbeit des Gastes gegenüber einer CPU, nach seinen Worten")                        \
    X(METRIC_LATE, "late", "messages", "Arrivals below the receiver's time (with a window only)",            \
      "Ankünfte vor der Zeit des Empfängers (nur mit Fenster)")                                              \
    X(METRIC_WRONG, "checks_failed", "values", "Loaded values that were wrong",                              \
      "Gelesene Werte, die falsch waren")                                                                    \
    X(METRIC_HOST_TIME, "host_s", "s", "The host's time for the whole run, no result",                       \
      "Zeit des Rechners für den ganzen Lauf, kein Ergebnis")                                                \
    X(METRIC_HOST_SPEED, "host_us_per_s", "us/s", "Simulated time per second of the host's time, no result", \
      "Simulierte Zeit je Sekunde Rechnerzeit, kein Ergebnis")

enum metric {
#define X(name, column, unit, en, de) name,
    METRICS(X)
#undef X
        METRIC_COUNT
};

const char *metric_name(enum metric metric); // of the column
const char *metric_unit(enum metric metric);
const char *metric_what(enum metric metric, enum language language);

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

// Reads FOLDER/results.json of a finished run. ERR_FILE when there is none, ERR_DAMAGED_STATE when it
// cannot be understood or the run was interrupted. The caller frees after success.
enum err_code metrics_read(const char *folder, struct run_metrics *metrics, struct err *err);
void metrics_free(struct run_metrics *metrics);

#endif
