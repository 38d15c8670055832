// SPDX-License-Identifier: Apache-2.0
// One thread: its program, and its bytes.
#include <stdlib.h>

#include "node/cpu/thread.h"

void thread_append(struct thread_list *list, struct thread *thread)
{
    struct thread **at = &list->first;
    while (*at)
        at = &(*at)->next;
    *at = thread;
    thread->next = NULL;
    list->n++;
}

void thread_remove(struct thread_list *list, struct thread *thread)
{
    struct thread **at = &list->first;
    while (*at != thread)
        at = &(*at)->next;
    *at = thread->next;
    list->n--;
}

// In one order, whichever CPU the host lets run first.
void thread_has_left(struct threads *threads, struct thread *thread, uint32_t from, sim_time at)
{
    struct thread **next = &threads->left.first;
    thread->left_at = at;
    thread->left_from = from;
    while (*next && ((*next)->left_at < at || ((*next)->left_at == at && (*next)->left_from <= from)))
        next = &(*next)->next;
    thread->next = *next;
    *next = thread;
    threads->left.n++;
}

// The CPU that holds a program while none runs it.
static struct cpu *hold(struct threads *threads, struct thread *thread)
{
    threads->holder.desc = &thread->desc;
    threads->holder.ops = thread->ops;
    threads->holder.program = thread->program;
    return &threads->holder;
}

static enum err_code open_program(struct threads *threads, struct thread *thread, struct err *err)
{
    struct cpu *holder = hold(threads, thread);
    struct address_spaces *spaces = threads->spaces;
    enum err_code code;
    if (thread->desc.kind == CPU_TRACE)
        code = trace_open_thread(holder, thread->pool, spaces, err);
    else
        code = generator_open_thread(holder, thread->pool,
                                     address_spaces_get(spaces, thread->desc.program, 0, 0), err);
    thread->ops = holder->ops;
    thread->program = holder->program;
    return code ? err_wrap(err, "pool %u", thread->pool) : ERR_OK;
}

static struct thread *make(const struct threads *threads, uint32_t pool, uint32_t member)
{
    const struct machine *machine = threads->machine;
    struct thread *thread = calloc(1, sizeof *thread);
    NP_ASSERT(thread);
    thread->pool = pool;
    thread->member = member;
    thread->desc = machine->pools[pool].what;
    thread->desc.member = member;
    thread->desc.members = machine->pools[pool].n_threads;
    // Threads are components beside boards and their units: their numbers lie above those.
    uint64_t component = UINT64_C(1) << 40 | (uint64_t)pool << 16 | member;
    thread->rng = rng_for(machine->partitions[machine->pools[pool].partition].seed, component);
    return thread;
}

enum err_code thread_new(struct threads *threads, uint32_t pool, uint32_t member, struct thread **thread,
                         struct err *err)
{
    *thread = make(threads, pool, member);
    if (open_program(threads, *thread, err) == ERR_OK)
        return ERR_OK;
    thread_free(threads, *thread);
    *thread = NULL;
    return err->code;
}

void thread_end(struct threads *threads, struct thread *thread)
{
    if (thread->program)
        thread->ops->free(hold(threads, thread));
    thread->program = NULL;
    thread->ended = true;
}

void thread_free(struct threads *threads, struct thread *thread)
{
    thread_end(threads, thread);
    free(thread);
}

// Its program's own state, in which everything is that decides what it does next.
static void program_state(struct threads *threads, struct thread *thread, struct archive *ar)
{
    struct err err;
    if (ar_loading(ar) && open_program(threads, thread, &err)) {
        ar_fail(ar, "%s", err.text);
        return;
    }
    thread->ops->state(hold(threads, thread), ar);
}

static bool may_be_here(const struct threads *threads, uint32_t pool, uint32_t member)
{
    const struct machine *machine = threads->machine;
    return pool < machine->n_pools && machine->pools[pool].partition == threads->partition &&
           member < machine->pools[pool].n_threads;
}

static void fields_state(struct threads *threads, struct thread *thread, struct archive *ar)
{
    const struct address_spaces *spaces = threads->spaces;
    ar_u64(ar, &thread->rng.state);
    ar_bool(ar, &thread->ended);
    ar_bool(ar, &thread->leaving);
    ar_bool(ar, &thread->waits);
    ar_u32(ar, &thread->space);
    ar_u32(ar, &thread->page);
    ar_u64(ar, &thread->left_at);
    ar_u32(ar, &thread->left_from);
    if (thread->waits && (thread->space >= spaces->n || thread->page >= spaces->list[thread->space].n))
        ar_fail(ar, "thread %u of pool %u waits for page %u", thread->member, thread->pool, thread->page);
}

void thread_state(struct threads *threads, struct thread **thread, struct archive *ar)
{
    uint32_t pool = ar_loading(ar) ? 0 : (*thread)->pool, member = ar_loading(ar) ? 0 : (*thread)->member;
    ar_mark(ar, "THRD");
    ar_u32(ar, &pool);
    ar_u32(ar, &member);
    if (ar_loading(ar)) {
        *thread = NULL;
        if (ar_failed(ar) || !may_be_here(threads, pool, member)) {
            ar_fail(ar, "thread %u of pool %u where it does not belong", member, pool);
            return;
        }
        *thread = make(threads, pool, member);
    }
    fields_state(threads, *thread, ar);
    if (!(*thread)->ended && !ar_failed(ar))
        program_state(threads, *thread, ar);
}
