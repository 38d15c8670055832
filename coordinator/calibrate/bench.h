// SPDX-License-Identifier: Apache-2.0
// How one published value is measured: the scenarios that are run for it, and what their results say.
#ifndef NP_COORDINATOR_CALIBRATE_BENCH_H
#define NP_COORDINATOR_CALIBRATE_BENCH_H

#include <stdbool.h>
#include <stdio.h>

#include "coordinator/machine/preset.h"

#define BENCH_RUNS_MAX 2

// What a run measures. Latencies: one CPU, one access at a time. Bandwidths: all CPUs of a board.
enum bench_kind {
    BENCH_CHASE,  // a chain of loads through the memory of `home`, interleaved by line when these are several
    BENCH_DIRTY,  // loads of lines that another board has just written, homes on a third
    BENCH_STREAM, // many loads under way, from the memory of `home`
    BENCH_BUS     // the same, all of it in the board's own caches
};

struct bench_run {
    enum bench_kind kind;
    uint32_t boards;              // of the system
    uint32_t first_home, n_homes; // boards whose memory is used; board 0 reads
    uint64_t flight;              // within a crossbar, ps; 0: the preset's
};

// The runs that `item` needs on a machine of this preset, at most BENCH_RUNS_MAX. Returns their number; 0
// with ERR_IMPOSSIBLE_MACHINE when the machine has no such distance.
unsigned bench_plan(const struct preset *preset, const struct published *item,
                    struct bench_run runs[BENCH_RUNS_MAX], struct err *err);

// Writes the scenario of one run. `name` is how the preset is asked for: a name, or an absolute path. Caches
// are made small in it, so that few accesses are enough to miss them; no latency or bandwidth is touched.
void bench_write(const struct preset *preset, const char *name, const struct bench_run *run, FILE *out);

// Reads FOLDER/results.json of such a run: picoseconds, or bytes per second. Errors: ERR_FILE and
// ERR_DAMAGED_STATE (no such accesses in it).
enum err_code bench_read(const char *folder, const struct preset *preset, const struct bench_run *run,
                         double *value, struct err *err);

// The published item's value from those of its runs, in the item's unit.
double bench_combine(const struct published *item, const double *values);

#endif
