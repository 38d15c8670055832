// SPDX-License-Identifier: Apache-2.0
// Two barriers. Which of them a team uses, the argument barrier=tree|sense says.
#ifndef TESTS_GUESTS_ZARCH_RUNTIME_BARRIER_H
#define TESTS_GUESTS_ZARCH_RUNTIME_BARRIER_H

#include "tests/guests/zarch/runtime/cpu.h"

// Sense-reversing: all CPUs count in one word and wait for another, whose value alternates.
struct sense_barrier {
    uint32_t arrived __attribute__((aligned(LINE_BYTES)));
    uint32_t sense __attribute__((aligned(LINE_BYTES)));
};

// From each of n CPUs, passage = 1, 2, 3 ... A barrier starts zeroed.
void sense_barrier_wait(struct sense_barrier *barrier, unsigned n, uint64_t passage);

// The tree has its words in the CPUs: each waits on lines of its own, for its children and then for its
// parent. From each of CPUs 0 to n - 1, passage = 1, 2, 3 ... since tree_barrier_reset.
void tree_barrier_wait(unsigned n, uint64_t passage);

// While no CPU below n waits.
void tree_barrier_reset(unsigned n);

#endif
