// SPDX-License-Identifier: Apache-2.0
// Which CPUs of a partition have no program of their own, and so take threads; and on which of them each
// thread of its pools begins. Pure functions of the machine and the boards that the partition begins with.
#ifndef NP_NODE_CPU_POOL_CPUS_H
#define NP_NODE_CPU_POOL_CPUS_H

#include "proto/base/machine.h"

struct pool_cpu_place {
    uint16_t board; // complex-wide
    uint16_t place; // of the board, in its partition
    uint16_t index; // of the CPU, on the board
};

// Those of a partition's boards, board after board.
struct pool_cpus {
    uint32_t n;
    struct pool_cpu_place cpu[BOARDS_PER_SYSTEM_MAX * CPUS_PER_BOARD_MAX];
};

// Of the partition with the boards of `present`. Allocated; the caller frees.
struct pool_cpus *pool_cpus_find(const struct machine *machine, const struct partition_desc *present);

// Where a thread begins: threads are dealt out in turn, pool after pool. There is at least one CPU.
const struct pool_cpu_place *pool_cpu_of(const struct pool_cpus *cpus, const struct machine *machine,
                                         uint32_t pool, uint32_t thread);

// Whether a CPU is without a program of its own.
bool cpu_takes_threads(const struct machine *machine, uint16_t board, uint32_t index);

#endif
