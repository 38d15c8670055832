// SPDX-License-Identifier: Apache-2.0
// CPUs of the pools: threads one after another. Nothing here depends on how far a CPU is let run at a time:
// whether its thread gives way is decided by the time of its next access and by what the board's events have
// brought until then.
#include <stdio.h>

#include "node/cpu/drive.h"
#include "node/cpu/replay.h"
#include "node/cpu/thread.h"

enum next pool_cpu_wants(struct cpu *cpu, const struct address_space *space, uint32_t page)
{
    struct thread *thread = cpu->pool->current;
    thread->waits = true;
    thread->space = space->index;
    thread->page = page;
    return pool_cpu_pauses(cpu);
}

void pool_cpu_name(const struct cpu *cpu, char *text, size_t size)
{
    const struct thread *thread = cpu->pool->current;
    text[0] = '\0';
    if (thread)
        snprintf(text, size, ", thread %u of pool %u", thread->member, thread->pool);
}

static bool is_under_way(const struct cpu *cpu)
{
    return cpu->n_pending || cpu->buffer.n;
}

static uint32_t store_buffer_of(const struct pool_cpu *slot)
{
    return slot->threads->machine->boards[slot->threads->board].params.store_buffer;
}

void pool_cpu_clear(struct pool_cpu *slot)
{
    struct cpu *cpu = slot->cpu;
    slot->current = NULL;
    cpu->program = NULL;
    cpu->desc = NULL;
    cpu->outstanding = 1;
    cpu->hit_cycles = slot->hit_cycles;
    cpu->buffer.capacity = store_buffer_of(slot);
}

void pool_cpu_init(struct pool_cpu *slot, struct threads *threads, struct cpu *cpu)
{
    *slot = (struct pool_cpu){.cpu = cpu, .threads = threads, .hit_cycles = cpu->hit_cycles};
    store_buffer_free(&cpu->buffer);
    store_buffer_init(&cpu->buffer, store_buffer_of(slot));
    cpu->ops = &program_pool;
    cpu->pool = slot;
    cpu->blocked = true;
    cpu->results.done_at = 0;
    cpu_publish(cpu);
}

void pool_cpu_attach(struct pool_cpu *slot, struct thread *thread)
{
    struct cpu *cpu = slot->cpu;
    bool ordered = thread->desc.outstanding == 1;
    slot->current = thread;
    cpu->program = thread->program;
    cpu->desc = &thread->desc;
    cpu->rng = thread->rng;
    cpu->outstanding = thread->desc.outstanding;
    cpu->hit_cycles = ordered ? slot->hit_cycles : 1;
    cpu->buffer.capacity = ordered ? store_buffer_of(slot) : 0;
}

static void wait_for_turn(struct pool_cpu *slot, struct thread *thread)
{
    thread_append(&slot->waiting, thread);
    slot->n_ready += !thread->waits;
}

static void go_on(struct cpu *cpu)
{
    cpu->results.wait_ps += cpu->clock.now - cpu->blocked_since;
    cpu->blocked = cpu->draining = false;
}

// The thread that has waited longest, of those that can run, after `switch_time` from now.
static void begin_next(struct pool_cpu *slot)
{
    struct cpu *cpu = slot->cpu;
    struct thread *next = slot->waiting.first;
    while (next->waits)
        next = next->next;
    thread_remove(&slot->waiting, next);
    slot->n_ready--;
    pool_cpu_attach(slot, next);
    const struct pool_desc *pool = &slot->threads->machine->pools[next->pool];
    clock_align(&cpu->clock, cpu->clock.now + pool->switch_time);
    slot->quantum_end = cpu->clock.now + pool->quantum;
    cpu->results.done_at = SIM_NEVER;
    go_on(cpu);
}

// Where a thread goes that has nothing under way and is not to go on.
static void put_away(struct pool_cpu *slot, struct thread *thread)
{
    if (thread->leaving)
        thread_has_left(slot->threads, thread, slot->cpu->index, slot->cpu->clock.now);
    else if (thread->ended)
        thread_append(&slot->ended, thread);
    else
        wait_for_turn(slot, thread);
}

// The thread in hand gives way, now: nothing of it is under way. One that only waits for a page stays in hand
// as long as nobody else can run.
static void give_way(struct pool_cpu *slot)
{
    struct cpu *cpu = slot->cpu;
    struct thread *thread = slot->current;
    bool stays = !thread->ended && !thread->leaving && slot->n_ready == 0;
    if (stays && !thread->waits)
        go_on(cpu);
    if (stays)
        return;
    thread->rng = cpu->rng;
    pool_cpu_clear(slot);
    put_away(slot, thread);
    if (slot->n_ready)
        begin_next(slot);
    else if (slot->waiting.n == 0)
        cpu->results.done_at = cpu->clock.now;
}

static void end_thread(struct pool_cpu *slot)
{
    struct cpu *cpu = slot->cpu;
    cpu->done = false;
    cpu->results.done_at = SIM_NEVER;
    cpu->blocked = true;
    cpu->blocked_since = cpu->clock.now;
    thread_end(slot->threads, slot->current);
    give_way(slot);
}

// The loop has returned because the CPU can issue nothing.
static void settle(struct pool_cpu *slot)
{
    struct cpu *cpu = slot->cpu;
    if (cpu->done)
        end_thread(slot);
    else if (cpu->blocked && !is_under_way(cpu) && (slot->stop || slot->current->waits))
        give_way(slot);
}

// A quantum ends when others wait; before, or without any, the thread in hand goes on.
static void run(struct cpu *cpu, sim_time limit)
{
    struct pool_cpu *slot = cpu->pool;
    for (sim_time ready = cpu_ready(cpu); ready < limit; ready = cpu_ready(cpu)) {
        struct thread *thread = slot->current;
        NP_ASSERT(thread); // a CPU without one is never ready
        bool others = slot->n_ready > 0;
        slot->stop = thread->leaving || (others && ready >= slot->quantum_end);
        sim_time until = others && !slot->stop ? sim_min(limit, slot->quantum_end) : limit;
        thread->ops->run(cpu, until);
        if (cpu->limit < until)
            limit = cpu->limit; // it asked for a line: no further than its own request allows
        settle(slot);
    }
}

void pool_cpu_look(struct pool_cpu *slot, sim_time at)
{
    struct cpu *cpu = slot->cpu;
    if (!slot->current && slot->n_ready) {
        clock_align(&cpu->clock, at);
        cpu->blocked_since = cpu->clock.now; // nobody has waited for anything
        begin_next(slot);
    } else if (slot->current && cpu->blocked && !is_under_way(cpu)) {
        clock_align(&cpu->clock, at);
        give_way(slot);
    }
    cpu_publish(cpu);
}

void pool_cpu_join(struct pool_cpu *slot, struct thread *thread, sim_time at)
{
    wait_for_turn(slot, thread);
    pool_cpu_look(slot, at);
}

static void store_failed(struct cpu *cpu, const struct access *access, sim_time at)
{
    const struct thread *thread = cpu->pool->current;
    if (thread->ops->store_failed)
        thread->ops->store_failed(cpu, access, at);
}

// The rest is part of the state of threads, which comes first.
static void state(struct cpu *cpu, struct archive *ar)
{
    const struct thread *thread = cpu->pool->current;
    if (!ar_loading(ar))
        return;
    if (!thread && (is_under_way(cpu) || !cpu->blocked))
        ar_fail(ar, "CPU %u is busy without a thread", cpu->index);
    if (cpu->done)
        ar_fail(ar, "CPU %u of the pools has ended", cpu->index);
    if (thread && thread->desc.kind == CPU_TRACE)
        replay_check_pending(cpu, ar);
}

// The threads own their programs.
static void free_nothing(struct cpu *cpu)
{
    cpu->program = NULL;
}

const struct program_ops program_pool = {
    .kind = "pool", .run = run, .store_failed = store_failed, .state = state, .free = free_nothing};
