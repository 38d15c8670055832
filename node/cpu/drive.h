// SPDX-License-Identifier: Apache-2.0
// The loop that all kinds of CPU share, written once and compiled into each with its own `next` and
// `complete`: no indirect call per access, counters in locals, one masked compare per way.
#ifndef NP_NODE_CPU_DRIVE_H
#define NP_NODE_CPU_DRIVE_H

#include <string.h>

#include "node/cpu/cpu.h"
#include "node/cpu/store_buffer.h"

// What comes next: fills *access for NEXT_ACCESS; for NEXT_COMPUTE sets access->value to the picoseconds to
// pass; NEXT_WAIT: nothing until an access completes or a frame arrives; NEXT_FENCE: nothing until every
// store has been performed; NEXT_DONE: the program has ended (returned again until nothing is pending).
typedef enum next cpu_next_fn(struct cpu *cpu, struct access *access);

// An access completed; access->value holds what a fetch, load or rmw read. `at`: when its result was there,
// which is at or before clock.now.
typedef void cpu_complete_fn(struct cpu *cpu, const struct access *access, enum access_status status,
                             sim_time at);

// Performs an access on its bytes. Free of data-dependent branches for whole words, the common case: a load
// writes back what it read, and a third of stores among loads would otherwise be mispredicted.
NP_INLINE void access_perform(struct access *access, uint8_t *bytes)
{
    uint64_t old = 0, new = access->value;
    if (NP_LIKELY(access->size == 8 && access->kind != ACCESS_RMW)) {
        uint64_t keep = (uint64_t)(access->kind == ACCESS_STORE) - 1;
        memcpy(&old, bytes, 8);
        new = (new & ~keep) | (old & keep);
        memcpy(bytes, &new, 8);
        access->value = new;
        return;
    }
    memcpy(&old, bytes, access->size);
    if (access->kind == ACCESS_RMW && access->op == RMW_ADD)
        new = old + access->value;
    if (access->kind == ACCESS_RMW && access->op == RMW_COMPARE_SWAP && old != access->expected)
        new = old;
    if (access->kind >= ACCESS_STORE)
        memcpy(bytes, &new, access->size);
    if (access->kind != ACCESS_STORE)
        access->value = old;
}

NP_INLINE uint64_t access_permission(unsigned kind)
{
    return TAG_READ | (uint64_t)(kind >= ACCESS_STORE) << 1;
}

NP_INLINE uint64_t l1_line(const struct l1 *l1, uint64_t address)
{
    return address & ~(uint64_t)l1->line_mask;
}

// Is an earlier access to the line still under way? Then this one queues behind it: per-location order.
NP_INLINE bool cpu_line_under_way(const struct cpu *cpu, unsigned l1, uint64_t line)
{
    for (uint32_t i = 0; i < cpu->n_pending; i++) {
        const struct pending *p = &cpu->pending[i];
        if (p->done_at == SIM_NEVER && p->l1 == l1 && !p->behind_stores &&
            l1_line(&cpu->l1[l1], p->access.address) == line)
            return true;
    }
    return false;
}

// Puts an access that cannot be performed now among the pending; the first of its line posts a bus request.
// By value: an access whose address escapes could not live in registers in the loop below.
// A store may go into the store buffer instead, and is then complete (cpu->aside).
void cpu_suspend(struct cpu *cpu, struct access access, unsigned l1, uint64_t line, bool join);

// Performs any access, the program's own kind included, on its bytes.
void cpu_perform(struct cpu *cpu, struct access *access, uint8_t *bytes);

// Takes the first pending access whose result is due at clock.now out of the set. False when there is none.
bool cpu_retire(struct cpu *cpu, struct pending *retired);

// Stops issuing until the earliest completion. Leaves clock.now at it when it is already known.
void cpu_block(struct cpu *cpu);

NP_INLINE bool cpu_hit(struct cpu *cpu, struct access *access, unsigned which)
{
    struct l1 *l1 = &cpu->l1[which];
    uint64_t line = l1_line(l1, access->address);
    if (NP_UNLIKELY(cpu->n_under_way)) {
        if (cpu->buffer.n && store_buffer_meets(cpu, *access, which))
            return false;
        if (cpu_line_under_way(cpu, which, line)) {
            cpu_suspend(cpu, *access, which, line, true);
            return false;
        }
    }
    int32_t index = l1_find(l1, line, access_permission(access->kind));
    if (NP_UNLIKELY(index < 0)) {
        cpu_suspend(cpu, *access, which, line, false);
        return false;
    }
    l1->stamp[index] = ++l1->tick;
    l1->tag[index] |= (uint64_t)(access->kind >= ACCESS_STORE) << 2;
    access_perform(access, l1_bytes(l1, (uint32_t)index, access->address));
    return true;
}

NP_INLINE void cpu_cycles(struct cpu *cpu, uint32_t cycles)
{
    clock_tick(&cpu->clock);
    for (uint32_t i = 1; NP_UNLIKELY(i < cycles); i++)
        clock_tick(&cpu->clock);
}

// A blocked CPU goes on once the earliest result is due before the limit.
bool cpu_unblock(struct cpu *cpu, sim_time limit);

// Results that are due reach the program; false when the CPU has to wait for more, beyond the limit.
NP_INLINE bool cpu_settle(struct cpu *cpu, sim_time limit, cpu_complete_fn *complete)
{
    struct pending retired;
    for (;;) {
        while (cpu_retire(cpu, &retired))
            complete(cpu, &retired.access, (enum access_status)retired.status, retired.done_at);
        if (cpu->n_pending < cpu->outstanding)
            return true;
        cpu_block(cpu);
        if (!cpu_unblock(cpu, limit) || cpu->clock.now >= limit)
            return false;
    }
}

// What is not an access. False when nothing can be issued before the limit.
NP_INLINE bool cpu_pause(struct cpu *cpu, enum next what, uint64_t compute_ps, sim_time limit)
{
    if (what == NEXT_COMPUTE) {
        cpu->results.compute_ps += compute_ps;
        clock_align(&cpu->clock, cpu->clock.now + compute_ps);
        return true;
    }
    if (cpu->buffer.n && what != NEXT_WAIT)
        cpu->draining = true;
    else if (what == NEXT_FENCE)
        return true;
    if (what == NEXT_WAIT || cpu->n_pending || cpu->draining) {
        cpu_block(cpu);
        return cpu_unblock(cpu, limit);
    }
    cpu->done = true;
    cpu->results.done_at = cpu->clock.now;
    return false;
}

NP_INLINE void cpu_drive(struct cpu *cpu, sim_time limit, cpu_next_fn *next, cpu_complete_fn *complete)
{
    uint64_t hits = 0;
    cpu->limit = limit;
    if (cpu->done || (cpu->blocked && !cpu_unblock(cpu, limit)))
        return;
    while (cpu->clock.now < limit) {
        struct access access;
        access.tag = access.expected = 0;
        if (NP_UNLIKELY(cpu->n_pending) && !cpu_settle(cpu, limit, complete))
            break;
        enum next what = next(cpu, &access);
        if (NP_UNLIKELY(what != NEXT_ACCESS)) {
            if (!cpu_pause(cpu, what, access.value, limit))
                break;
            continue;
        }
        uint32_t cycles = 1;
        cpu->by_kind[access.kind]++;
        if (NP_LIKELY(cpu_hit(cpu, &access, cpu->split && access.kind == ACCESS_FETCH))) {
            hits++;
            cycles = cpu->hit_cycles;
            complete(cpu, &access, ACCESS_OK, cpu->clock.now);
        } else {
            cpu->limit = limit = sim_min(limit, sim_add(cpu->clock.now, cpu->bus_order));
            if (NP_UNLIKELY(cpu->has_aside)) {
                cpu->has_aside = false;
                complete(cpu, &cpu->aside, ACCESS_OK, cpu->clock.now);
            }
        }
        cpu_cycles(cpu, cycles);
    }
    cpu->results.hits += hits;
    cpu->results.accesses += hits;
}

#endif
