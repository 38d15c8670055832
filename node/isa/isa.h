// SPDX-License-Identifier: Apache-2.0
// z/Architecture CPUs: the kind of CPU (node/cpu/cpu.h) that runs real programs.
#ifndef NP_NODE_ISA_ISA_H
#define NP_NODE_ISA_ISA_H

#include "proto/base/err.h"
#include "proto/base/machine.h"
#include "proto/base/text.h"

struct cpu;

// Makes `cpu` a CPU of the guest of a partition, with a CPU address and the state after a clear reset: it is
// stopped; address 0 starts when its image has been loaded. `configuration` is that of its board, and
// outlives it.
struct configuration;
void zarch_open(struct cpu *cpu, const struct configuration *configuration, uint32_t partition,
                uint32_t address);

// From the stopped state: not configured.
void zarch_standby(struct cpu *cpu);

// How many it has executed.
uint64_t zarch_instructions(const struct cpu *cpu);

// Whether it is a CPU of a guest, and configured.
bool zarch_is_configured(const struct cpu *cpu);

// Whether it is one of which accesses in [base, base + size) are under way.
bool zarch_uses(const struct cpu *cpu, uint64_t base, uint64_t size);

// Address 0 only: where the image that has been loaded begins.
void zarch_start(struct cpu *cpu, uint64_t psw_mask, uint64_t psw_address);

// Writes a line per instruction from now on to its text stream; never state.
void zarch_trace(struct cpu *cpu);

#endif
