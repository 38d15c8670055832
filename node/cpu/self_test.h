// SPDX-License-Identifier: Apache-2.0
// What a board's CPUs run while it tests itself: patterns through all of a stretch of memory, each CPU a
// slice of its own, then counters that all CPUs add to, which shows whether their caches agree.
#ifndef NP_NODE_CPU_SELF_TEST_H
#define NP_NODE_CPU_SELF_TEST_H

#include "node/cpu/cpu.h"

#define SELF_TEST_BYTES_MIN (2u * PAGE_BYTES) // a page of counters, and at least one of patterns

extern const struct program_ops program_self_test;

// The CPU, which has nothing under way, runs the test of real addresses 0 .. bytes - 1 as number `member` of
// `members` from its time on. Its own program is the caller's to keep and to put back.
void self_test_open(struct cpu *cpu, uint64_t bytes, uint32_t member, uint32_t members);

// How many bytes this CPU has tested, and how many of its looks found something else than they should.
uint64_t self_test_tested(const struct cpu *cpu);
uint64_t self_test_failed(const struct cpu *cpu);

#endif
