// SPDX-License-Identifier: Apache-2.0
#include "node/cpu/pool_cpus.h"

#include <stdlib.h>

#include "proto/base/assert.h"

bool cpu_takes_threads(const struct machine *machine, uint16_t board, uint32_t index)
{
    for (uint32_t i = 0; i < machine->n_cpus; i++) {
        const struct cpu_desc *cpu = &machine->cpus[i];
        if (cpu->board == board && cpu->index == index)
            return cpu->kind == CPU_IDLE;
    }
    return true;
}

struct pool_cpus *pool_cpus_find(const struct machine *machine, const struct partition_desc *p)
{
    struct pool_cpus *cpus = calloc(1, sizeof *cpus);
    NP_ASSERT(cpus);
    for (uint32_t i = 0; i < p->n_boards; i++)
        for (uint32_t c = 0; c < machine->boards[p->boards[i]].params.cpus; c++)
            if (cpu_takes_threads(machine, p->boards[i], c))
                cpus->cpu[cpus->n++] = (struct pool_cpu_place){p->boards[i], (uint16_t)i, (uint16_t)c};
    return cpus;
}

const struct pool_cpu_place *pool_cpu_of(const struct pool_cpus *cpus, const struct machine *machine,
                                         uint32_t pool, uint32_t thread)
{
    uint64_t number = thread;
    for (uint32_t i = 0; i < pool; i++)
        if (machine->pools[i].partition == machine->pools[pool].partition)
            number += machine->pools[i].n_threads;
    return &cpus->cpu[number % cpus->n];
}
