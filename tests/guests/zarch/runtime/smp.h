// SPDX-License-Identifier: Apache-2.0
// Finding and starting CPUs by SIGNAL PROCESSOR.
#ifndef TESTS_GUESTS_ZARCH_RUNTIME_SMP_H
#define TESTS_GUESTS_ZARCH_RUNTIME_SMP_H

#include <stdbool.h>

// The caller becomes CPU 0 of the runtime: its struct cpu, the new PSWs of its lowcore. Before anything is
// printed.
void smp_prepare_first(void);

// Sets options.cpus if it was not given, and starts that many CPUs. Each has its lowcore, its stacks and its
// struct cpu on its own board, and waits for team_run.
void smp_start(void);

// Starts a CPU that is not one of those, or starts one of them again that had been stopped: it waits for work
// (give_work). What it needs of its own lies on board 0.
void smp_join(unsigned address);

// Work for a CPU that waits; and whether it has done it.
void smp_give(unsigned address, void (*work)(void *), void *argument);
bool smp_is_done(unsigned address);

// Stops a CPU that waits.
void smp_stop(unsigned address);

#endif
