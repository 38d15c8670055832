// SPDX-License-Identifier: Apache-2.0
#ifndef NP_NODE_ISA_RUN_H
#define NP_NODE_ISA_RUN_H

#include "node/isa/zcpu.h"

// Simulates the CPU up to `limit`, as far as it can go: struct program_ops, `run`.
void zarch_run(struct cpu *cpu, sim_time limit);

#endif
