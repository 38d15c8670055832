// SPDX-License-Identifier: Apache-2.0
// Threads that leave a board, and threads that arrive.
#include <stdlib.h>

#include "node/cpu/thread.h"

// Threads of a CPU that stay and have not ended.
static uint32_t n_staying(const struct pool_cpu *slot)
{
    return slot->waiting.n + (slot->current && !slot->current->leaving);
}

static struct pool_cpu *busiest(struct threads *threads)
{
    struct pool_cpu *most = NULL;
    for (uint32_t i = 0; i < threads->n_cpus; i++)
        if (n_staying(&threads->cpu[i]) > (most ? n_staying(most) : 0))
            most = &threads->cpu[i];
    return most;
}

static void leave_list(struct threads *threads, struct pool_cpu *slot, struct thread_list *list, sim_time at)
{
    struct thread *thread = list->first;
    thread_remove(list, thread);
    thread->leaving = true;
    thread_has_left(threads, thread, slot->cpu->index, at);
}

// Who waits, and has waited longest, goes first: elsewhere it may run at once.
static void dismiss_one(struct threads *threads, sim_time at)
{
    struct pool_cpu *slot = busiest(threads);
    if (slot && slot->waiting.n) {
        slot->n_ready -= !slot->waiting.first->waits;
        leave_list(threads, slot, &slot->waiting, at);
        return;
    }
    if (slot) {
        slot->current->leaving = true;
        pool_cpu_look(slot, at);
        return;
    }
    for (uint32_t i = 0; i < threads->n_cpus; i++)
        if (threads->cpu[i].ended.n) {
            leave_list(threads, &threads->cpu[i], &threads->cpu[i].ended, at);
            return;
        }
}

void threads_dismiss(struct threads *threads, uint32_t n, sim_time at)
{
    for (uint32_t i = 0; i < n; i++)
        dismiss_one(threads, at);
}

// Whether a thread may still leave this CPU before one that has left `from` at `at`, in the order of threads
// that have left.
static bool may_precede(const struct pool_cpu *slot, const struct thread *left)
{
    if (!slot->current || !slot->current->leaving)
        return false;
    sim_time ready = cpu_ready(slot->cpu);
    return ready < left->left_at || (ready == left->left_at && slot->cpu->index < left->left_from);
}

bool threads_waiting(const struct threads *threads)
{
    const struct thread *first = threads->left.first;
    if (!first)
        return false;
    for (uint32_t i = 0; i < threads->n_cpus; i++)
        if (may_precede(&threads->cpu[i], first))
            return false;
    return true;
}

bool threads_depart(struct threads *threads, uint8_t **bytes, uint32_t *size, sim_time *at)
{
    if (!threads_waiting(threads))
        return false;
    struct thread *thread = threads->left.first;
    struct archive ar;
    *at = thread->left_at;
    thread_remove(&threads->left, thread);
    thread->leaving = thread->waits = false;
    thread->left_at = thread->left_from = thread->space = thread->page = 0;
    ar_init_save(&ar);
    thread_state(threads, &thread, &ar);
    *bytes = ar.bytes;
    *size = (uint32_t)ar.at;
    thread_free(threads, thread);
    return true;
}

uint64_t threads_context(const struct threads *threads, const uint8_t *bytes, uint32_t size)
{
    struct archive ar;
    uint32_t pool = 0;
    ar_init_load(&ar, bytes, size);
    ar_mark(&ar, "THRD");
    ar_u32(&ar, &pool);
    NP_ASSERT(!ar_failed(&ar) && pool < threads->machine->n_pools);
    ar_free(&ar);
    return threads->machine->pools[pool].context_bytes;
}

static struct pool_cpu *idlest(struct threads *threads)
{
    struct pool_cpu *least = &threads->cpu[0];
    for (uint32_t i = 1; i < threads->n_cpus; i++)
        if (n_staying(&threads->cpu[i]) < n_staying(least))
            least = &threads->cpu[i];
    return least;
}

void threads_arrive(struct threads *threads, const uint8_t *bytes, uint32_t size, sim_time at)
{
    struct archive ar;
    struct thread *thread;
    NP_ASSERT(threads->n_cpus);
    struct pool_cpu *slot = idlest(threads);
    ar_init_load(&ar, bytes, size);
    thread_state(threads, &thread, &ar);
    if (ar_failed(&ar) || ar.at != size)
        np_panic("NP0101: a thread that cannot be taken in: %s", ar.err.text);
    if (thread->ended)
        thread_append(&slot->ended, thread);
    else
        pool_cpu_join(slot, thread, at);
    ar_free(&ar);
}
