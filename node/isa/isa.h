// SPDX-License-Identifier: Apache-2.0
// z/Architecture CPUs: the kind of CPU (node/cpu/cpu.h) that runs real programs.
#ifndef NP_NODE_ISA_ISA_H
#define NP_NODE_ISA_ISA_H

#include "proto/base/err.h"
#include "proto/base/machine.h"
#include "proto/base/text.h"

struct cpu;

// Makes `cpu` (its desc is of CPU_ZARCH) a CPU of its partition's guest: address desc->member, state as after
// a clear reset; address 0 starts with PSW `start_mask`, `start_address`, the others are stopped. The image
// has been loaded into memory by the board.
enum err_code zarch_open(struct cpu *cpu, const struct machine *machine, struct err *err);

// Address 0 only: where the image that has been loaded begins.
void zarch_start(struct cpu *cpu, uint64_t psw_mask, uint64_t psw_address);

// Writes a line per instruction from now on to its text stream; never state.
void zarch_trace(struct cpu *cpu);

#endif
