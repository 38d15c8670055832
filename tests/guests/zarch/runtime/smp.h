// SPDX-License-Identifier: Apache-2.0
// Finding and starting CPUs by SIGNAL PROCESSOR.
#ifndef TESTS_GUESTS_ZARCH_RUNTIME_SMP_H
#define TESTS_GUESTS_ZARCH_RUNTIME_SMP_H

// The caller becomes CPU 0 of the runtime: its struct cpu, the new PSWs of its lowcore. Before anything is
// printed.
void smp_prepare_first(void);

// Sets options.cpus if it was not given, and starts that many CPUs. Each has its lowcore, its stacks and its
// struct cpu on its own board, and waits for team_run.
void smp_start(void);

#endif
