// SPDX-License-Identifier: Apache-2.0
// Guests on small machines, run in every way that must not change anything of the outcome: digests, counters,
// consoles, registers. What a guest's CPU is about when a run is cut is looked at, so that runs are saved in
// every situation that occurs: with stores planned, operands half gathered, signals under way.
#ifndef NP_TESTS_LIB_GUEST_MACHINE_H
#define NP_TESTS_LIB_GUEST_MACHINE_H

#include "tests/lib/whole_run.h"

// Partition P has boards A0, A1 ... with two CPUs and 64 MiB each, and a guest on all of them.
struct guest_setup {
    const char *name;
    const char *protocol;
    const char *timing; // full, functional
    const char *board;  // figures beyond its CPUs, as a scenario has them
    unsigned boards;
    const char *kernel;    // of tests/guests/zarch
    const char *arguments; // beyond "boards="
    const char *beside;    // NULL, or what else there is: partitions, in the form of a scenario
};

// Fails the test program on an error.
void guest_machine_read(const struct guest_setup *setup, struct scenario *scenario);

#define GUEST_SITUATIONS 160u

// What a run leaves behind.
struct guest_outcome {
    struct whole_result whole;
    char *console[PARTITIONS_MAX]; // of partitions with a guest; owned
    struct guest_cpu_results cpu[BOARDS_MAX][CPUS_PER_BOARD_MAX];
    uint64_t situation[GUEST_SITUATIONS]; // grants at the end of which a CPU was first in it; 0: never
};

// Whether every guest ended clean.
bool guest_clean(const struct machine *machine, const struct guest_outcome *outcome);

void guest_run(const struct machine *machine, const struct whole_options *options,
               struct guest_outcome *outcome);
void guest_outcome_free(struct guest_outcome *outcome);

// Bit by bit; prints what differs first. `how` names the other run.
bool guest_same(const struct machine *machine, const struct guest_outcome *a, const struct guest_outcome *b,
                const char *how);

// Runs the machine with other threads, cut otherwise, in steps of one instruction, without bounds; saved
// `saves` times at grants of the seed and once in each situation that `seen` does not have yet, which it has
// then. True when nothing differs from `expected`.
bool guest_same_everywhere(const struct machine *machine, const struct guest_outcome *expected,
                           unsigned saves, uint64_t seed, bool seen[GUEST_SITUATIONS]);

// Name of a situation; false when there is none of that number.
bool guest_situation_name(unsigned situation, char name[64]);

#endif
