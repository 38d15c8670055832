// SPDX-License-Identifier: Apache-2.0
// What is published of a machine as a whole: latencies and bandwidths seen from outside. They are no figures
// of a machine (those are its components'); `numaplex calibrate` measures them and compares. In a preset:
//
//     published:
//       - {measure: own, value: 212ns, use: fitted, source: "[S:HP-NUMA] facts 2"}
//       - {measure: dirty, value: 450ns, to: 550ns, use: unverified, source: "[K] facts 1.3"}
#ifndef NP_COORDINATOR_MACHINE_PUBLISHED_H
#define NP_COORDINATOR_MACHINE_PUBLISHED_H

#include "coordinator/machine/figures.h"

// X(enumerator, key, unit, what it is for people). Loads are those of a single CPU, one after another, each
// missing all caches; bandwidths are of bytes that the CPUs of one board read, many accesses under way.
#define MEASURES(X)                                                                                          \
    X(MEASURE_OWN, "own", UNIT_TIME, "load: own board's memory")                                             \
    X(MEASURE_NEAR, "near", UNIT_TIME, "load: other board, same crossbar")                                   \
    X(MEASURE_FAR, "far", UNIT_TIME, "load: board on another crossbar")                                      \
    X(MEASURE_FAR_MEAN, "far-mean", UNIT_TIME, "load: mean of the other crossbar's boards")                  \
    X(MEASURE_INTERLEAVED, "interleaved", UNIT_TIME, "mean load: memory interleaved over")                   \
    X(MEASURE_RATIO, "ratio", UNIT_SHARE, "load: other board to own")                                        \
    X(MEASURE_DIRTY, "dirty", UNIT_TIME, "load: dirty in a third board's cache")                             \
    X(MEASURE_DIRTY_HOPS, "dirty-hops", UNIT_COUNT, "crossings of a load dirty in a third board")            \
    X(MEASURE_BUS, "bus", UNIT_BANDWIDTH, "bandwidth: CPU buses of a board")                                 \
    X(MEASURE_MEMORY, "memory", UNIT_BANDWIDTH, "bandwidth: own board's memory")                             \
    X(MEASURE_CROSSBAR, "crossbar", UNIT_BANDWIDTH, "bandwidth: from other boards")

enum measure {
#define X(name, key, unit, what) name,
    MEASURES(X)
#undef X
        MEASURE_COUNT
};

// How the value was used: component figures were chosen to meet it; it was left out of that choice; or nobody
// vouches for the value itself.
enum published_use { USE_FITTED, USE_HELD_OUT, USE_UNVERIFIED, USE_COUNT };

struct published {
    enum measure measure;
    uint32_t boards;    // interleaved: over how many; else 0
    uint64_t low, high; // in the measure's unit; equal: one value
    enum published_use use;
    struct source source;
};

#define PUBLISHED_MAX 32

struct published_list {
    uint32_t n;
    struct published items[PUBLISHED_MAX];
};

// Reads the list of a preset. Errors as fields_read, and ERR_LIMIT.
enum err_code published_read(struct value list, struct published_list *published, struct err *err);

const char *measure_key(enum measure measure);
enum unit_kind measure_unit(enum measure measure);
const char *measure_text(enum measure measure);
const char *published_use_text(enum published_use use); // as in the file: fitted, held-out, unverified

#endif
