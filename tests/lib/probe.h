// SPDX-License-Identifier: Apache-2.0
// Runs a small machine once, and then in every way that must not change a byte of the outcome.
#ifndef NP_TESTS_LIB_PROBE_H
#define NP_TESTS_LIB_PROBE_H

#include "tests/lib/mini_complex.h"

struct probe {
    bool ended; // all programs have
    struct digest digest;
    uint64_t counters[COUNTER_COUNT];
    uint64_t work[BOARDS_MAX][CPUS_PER_BOARD_MAX];
    sim_time done_at; // of the program that ended last
    char failure[256];
};

// Runs the machine to `until` (SIM_NEVER: until nothing is left to happen). Returns false when it cannot be
// built; `probe->failure` then says why.
bool probe_run(const struct machine *machine, const struct mini_options *options, sim_time until,
               struct probe *probe);

// With every access an event of its own, with windows cut at random, and saved in the middle and continued in
// another complex: the digest must be `expected` each time. Prints which way differs.
bool probe_same_everywhere(const struct machine *machine, sim_time until, const struct probe *expected);

// Saved at `from` and every `step` from there on, below `to`, and continued each time in another complex.
bool probe_same_saved(const struct machine *machine, sim_time from, sim_time to, sim_time step,
                      const struct probe *expected);

#endif
