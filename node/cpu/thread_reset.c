// SPDX-License-Identifier: Apache-2.0
// A partition begins anew: so do the threads that are on a board, where they are, and their pages where they
// lie.
#include <stdlib.h>

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

static void move_all(struct thread_list *to, struct thread_list *from)
{
    while (from->first) {
        struct thread *thread = from->first;
        thread_remove(from, thread);
        thread_append(to, thread);
    }
}

static void begin_again(struct threads *threads, struct pool_cpu *slot, struct thread *old, sim_time at)
{
    struct thread *thread;
    struct err err;
    if (thread_new(threads, old->pool, old->member, &thread, &err))
        np_panic("%s: %s", err_id(err.code), err.text);
    thread_free(threads, old);
    pool_cpu_join(slot, thread, at);
}

static void forget_stored(struct address_spaces *spaces)
{
    for (uint32_t s = 0; spaces && s < spaces->n; s++)
        for (uint32_t p = 0; p < spaces->list[s].n; p++) {
            struct page *page = &spaces->list[s].pages[p];
            free(page->stored);
            page->stored = NULL;
            page->unchecked = false;
        }
}

void threads_reset(struct threads *threads, sim_time at)
{
    NP_ASSERT(threads->left.n == 0); // none was asked to go
    forget_stored(threads->spaces);
    for (uint32_t i = 0; i < threads->n_cpus; i++) {
        struct pool_cpu *slot = &threads->cpu[i];
        struct thread_list old = {0};
        if (slot->current)
            thread_append(&old, slot->current);
        move_all(&old, &slot->waiting);
        move_all(&old, &slot->ended);
        pool_cpu_clear(slot);
        slot->n_ready = 0;
        clear_cpu(slot->cpu, at);
        while (old.first) {
            struct thread *thread = old.first;
            thread_remove(&old, thread);
            begin_again(threads, slot, thread, at);
        }
        cpu_publish(slot->cpu);
    }
}
