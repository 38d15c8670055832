// SPDX-License-Identifier: Apache-2.0
// Small machines built by code, for tests of boards and CPUs. Everything lies in the struct: nothing to free.
#ifndef NP_TESTS_LIB_TINY_MACHINE_H
#define NP_TESTS_LIB_TINY_MACHINE_H

#include "proto/base/machine.h"

#define TINY_BOARDS 8u
#define TINY_CPUS   32u

struct tiny_machine {
    struct machine machine;
    struct system_desc system;
    struct board_desc boards[TINY_BOARDS];
    struct partition_desc partitions[2];
    struct cpu_desc cpus[TINY_CPUS];
    struct link_desc links[1];
};

struct tiny_shape {
    const char *protocol;
    uint32_t boards, cpus; // cpus: per board
    uint32_t partitions;   // 1, or 2: the first half of the boards and the others, joined by a timed link
    uint64_t memory_bytes; // per board
    uint64_t granule;      // of the interleave between a partition's boards; 0: one segment after another
    uint64_t frames_offset;
    bool l1_split;
    uint32_t store_buffer; // stores; 0: sequentially consistent
};

// Builds the machine, without programs. The shape's numbers must give a valid machine.
void tiny_machine_init(struct tiny_machine *tiny, const struct tiny_shape *shape);

// A program for the CPU; call in ascending order of board and index. What it runs is the caller's to fill in.
struct cpu_desc *tiny_machine_add(struct tiny_machine *tiny, unsigned board, unsigned index,
                                  enum cpu_kind kind);

#endif
