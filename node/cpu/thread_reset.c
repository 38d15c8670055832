// SPDX-License-Identifier: Apache-2.0
// A partition ends, and begins anew: its threads and their pages are dealt out over the boards that it has.
#include <stdlib.h>
#include <string.h>

#include "node/cpu/thread.h"
#include "proto/base/assert.h"

// What the CPU had under way was performed before, and concerns nobody any more.
static void clear_cpu(struct cpu *cpu, sim_time at)
{
    NP_ASSERT(cpu->buffer.n == 0 && cpu->n_under_way == 0);
    cpu->n_pending = 0;
    cpu->due = cpu->wake_at = SIM_NEVER;
    cpu->done = cpu->draining = false;
    cpu->blocked = true;
    clock_align(&cpu->clock, at);
    cpu->blocked_since = cpu->clock.now;
}

void threads_end(struct threads *threads, sim_time at)
{
    struct err err;
    NP_ASSERT(threads->left.n == 0); // none was asked to go
    threads_free_all(threads);
    for (uint32_t i = 0; i < threads->n_cpus; i++) {
        clear_cpu(threads->cpu[i].cpu, at);
        cpu_publish(threads->cpu[i].cpu);
    }
    if (threads_serve(threads, NO_PARTITION, NULL, &err))
        np_panic("%s: %s", err_id(err.code), err.text);
    threads->online = false;
}

// The partition's description with the boards and segments that it has now. Owns nothing.
static struct partition_desc *present_of(const struct machine *machine, const struct domain *domain)
{
    struct partition_desc *present = malloc(sizeof *present);
    NP_ASSERT(present && domain->partition < machine->n_partitions);
    *present = machine->partitions[domain->partition];
    uint32_t first = machine->systems[present->system].first_board;
    present->n_boards = 0;
    for (uint32_t i = 0; i < BOARDS_PER_SYSTEM_MAX; i++)
        if (domain->members >> i & 1)
            present->boards[present->n_boards++] = (uint16_t)(first + i);
    present->n_segments = domain->n_segments;
    memcpy(present->segments, domain->segments, sizeof present->segments);
    return present;
}

void threads_reset(struct threads *threads, const struct domain *domain, sim_time at)
{
    struct err err;
    struct partition_desc *present = present_of(threads->machine, domain);
    threads_end(threads, at);
    if (threads_begin(threads, domain->partition, present, at, &err))
        np_panic("%s: %s", err_id(err.code), err.text); // the files were there at time 0
    for (uint32_t i = 0; i < threads->n_cpus; i++)
        cpu_publish(threads->cpu[i].cpu);
    free(present);
}
