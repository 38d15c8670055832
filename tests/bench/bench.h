// SPDX-License-Identifier: Apache-2.0
// `numaplex bench`: a table of rows, each a figure that one function measures. Every sample is taken in a
// process of its own, and the rows take turns, so that whatever else the host does meets all of them.
#ifndef NP_TESTS_BENCH_BENCH_H
#define NP_TESTS_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/err.h"
#include "proto/base/limits.h"

#define BENCH_RUNS_MAX 101u

struct bench_settings {
    uint32_t runs;               // samples of each row, 1 .. BENCH_RUNS_MAX
    double length;               // of a sample, as a share of the normal one; 0 < length <= 100
    char folder[PATH_MAX_BYTES]; // for scenarios and run folders; removed at the end
};

// How often an access missed, and what became of the misses; of the measured part only.
struct ratios {
    bool known;
    double miss;   // accesses that the L1 did not serve, of all
    double remote; // misses of the board whose home is another board, of all misses of the board
    double merged; // accesses that joined a request under way for the same line, of all
};

struct sample {
    double value;
    struct ratios ratios;
};

// A program of tests/guests/zarch: image, and "KEY=amount MORE" on its command line. A sample of length x
// does `amount` x times, at least `least`.
struct guest_setup {
    const char *image, *key, *more;
    uint64_t amount, least;
    bool functional;
    const char *flight; // between boards; NULL: 100ns
};

// What is simulated, and how: a scenario that is shipped, or one generator on all CPUs of the bench machine.
struct setup {
    const char *scenario;  // shipped; NULL: built from what follows
    const char *generator; // pattern
    uint32_t boards, cpus; // cpus: per board
    uint32_t region_kib;   // shared by all CPUs
    uint32_t outstanding;
    const char *compute; // between accesses; NULL: none
    uint64_t until_us;
    uint32_t threads;         // of a packed node; 1: kept on one core
    bool reference;           // every access an event of its own
    const char *option;       // one more of `numaplex run`, for rows that start it; NULL: none
    struct guest_setup guest; // image NULL: none
};

struct row;
typedef enum err_code measure_fn(const struct row *row, const struct bench_settings *settings,
                                 struct sample *sample, struct err *err);

struct row {
    const char *name; // "hit/2": asked for by this name, or by what stands before the slash
    const char *unit;
    const char *what;
    measure_fn *measure; // NULL: the ratio of the two rows in `over`, round by round
    struct setup setup;
    const char *over[2];
    const char *against; // what to compare it with
    const char *bound;   // what bounds it
};

extern const struct row rows[];
extern const size_t n_rows;

// What became of a row: its samples in the order they were taken.
struct series {
    bool wanted;
    uint32_t n;
    double values[BENCH_RUNS_MAX];
    struct ratios ratios; // of the last sample
};

struct statistics {
    double median, least, most;
};

struct statistics series_statistics(const struct series *series);

// Measures in a forked process and brings the sample back. ERR_PROCESS when that process dies.
enum err_code sample_in_child(const struct row *row, const struct bench_settings *settings,
                              struct sample *sample, struct err *err);

// The path of the row's scenario; a built one is written to settings->folder first.
enum err_code setup_path(const struct row *row, const struct bench_settings *settings,
                         char path[PATH_MAX_BYTES], struct err *err);

double bench_seconds(void); // host time, monotonic

void report_text(const struct bench_settings *settings, const struct series *series);
enum err_code report_json(const struct bench_settings *settings, const struct series *series,
                          struct err *err);
void report_list(void);

// One packed node in this process (measure_packed.c).
measure_fn measure_rate;        // M accesses/s, warm-up excluded
measure_fn measure_cost;        // host ns per access, warm-up excluded
measure_fn measure_resident;    // MB, the most that this process had
measure_fn measure_idle_grants; // grants per simulated second
measure_fn measure_idle_factor; // lookaheads in the simulated time, per grant

// `numaplex run`, a process per board (measure_run.c).
measure_fn measure_run_grants;   // grants per host second, bounds and skipping off
measure_fn measure_run_speed;    // simulated ms per host second
measure_fn measure_run_ready;    // host s from the first process started to all of them ready
measure_fn measure_run_start;    // host s from the command to its end, one grant between
measure_fn measure_run_resident; // MB, the most that any process of a board had

// A program of the host, recorded and replayed (measure_trace.c). setup.option: the recorder's tool.
measure_fn measure_recording;  // M references/s of the whole command
measure_fn measure_replay;     // M references per second of processor time
measure_fn measure_cachegrind; // the same of valgrind's cachegrind

measure_fn measure_console; // ms to ask a run for all its boards, no machine behind it (measure_console.c)

// Guests (measure_guest.c): M instructions/s.
measure_fn measure_guest;          // one packed node in this process
measure_fn measure_guest_apart;    // the machine twice at the same time, a process each; both together
measure_fn measure_guest_grant;    // its instructions per grant and board
measure_fn measure_guest_run;      // `numaplex run`, a process per board
measure_fn measure_guest_qemu;     // QEMU's translator
measure_fn measure_guest_hercules; // Hercules' interpreter

// Sockets without a machine (measure_wire.c).
measure_fn measure_wire; // rounds/s of the window protocol
measure_fn measure_bare; // rounds/s of plain ZeroMQ sockets

#endif
