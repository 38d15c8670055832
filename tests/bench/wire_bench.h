// SPDX-License-Identifier: Apache-2.0
// The exchange over the wire, measured against what ZeroMQ itself can do.
#ifndef NP_TESTS_BENCH_WIRE_BENCH_H
#define NP_TESTS_BENCH_WIRE_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/results.h"

#define WIRE_BENCH_WORKERS_MAX 64u
#define WIRE_BENCH_RUNS_MAX    101u

struct wire_bench {
    const char *endpoint; // ipc:// or tcp:// on loopback
    uint32_t workers;     // processes
    uint32_t rounds;      // of one run
    uint32_t runs;        // of each kind, taking turns
    uint32_t messages;    // in each grant and each batch
};

struct wire_bench_result {
    double wire, bare; // rounds per second, medians
    double ratio;      // median of wire / bare, pair by pair
    size_t grant_bytes, batch_bytes;
    struct host_stats stats; // of the wire's hub, all runs together
};

// Rounds per second of one run, over plain sockets when `bare`; bench->runs is not used. stats: of the wire's
// hub. Forks processes, as wire_bench_run does.
double wire_bench_once(const struct wire_bench *bench, bool bare, struct host_stats *stats);

// Forks processes: call it while this process has no other threads. Ends the program when something fails.
struct wire_bench_result wire_bench_run(const struct wire_bench *bench);

#endif
