// SPDX-License-Identifier: Apache-2.0
#include "node/cpu/cpu.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "node/cpu/generator.h"
#include "node/cpu/thread.h"
#include "proto/base/assert.h"

static uint32_t latency_cycles(sim_time latency, uint64_t hz)
{
    uint64_t cycles = (uint64_t)(((unsigned __int128)latency * hz + SIM_PS_PER_S - 1) / SIM_PS_PER_S);
    return cycles < 1 ? 1 : (uint32_t)cycles;
}

void cpu_init(struct cpu *cpu, const struct board_params *params, const struct cpu_desc *desc, unsigned board,
              unsigned index, uint64_t seed, uint8_t *data, sim_time *ready)
{
    *cpu = (struct cpu){.desc = desc, .index = (uint8_t)index, .split = params->l1_split, .ready = ready};
    cpu->due = cpu->wake_at = SIM_NEVER;
    *ready = SIM_NEVER;
    cpu->id = component(board, UNIT_CPU0 + index);
    cpu->rng = rng_for(seed, cpu->id);
    cpu->outstanding = desc && desc->outstanding ? desc->outstanding : 1;
    cpu->l1_latency = params->l1.latency;
    cpu->bus_order = params->bus_order;
    cpu->hit_cycles = cpu->outstanding > 1 ? 1 : latency_cycles(params->l1.latency, params->cpu_hz);
    cpu->results.done_at = SIM_NEVER;
    store_buffer_init(&cpu->buffer, cpu->outstanding > 1 || !desc ? 0 : params->store_buffer);
    clock_init(&cpu->clock, params->cpu_hz);
    l1_init(&cpu->l1[0], &params->l1, params->line_bytes, data);
    if (cpu->split)
        l1_init(&cpu->l1[1], &params->l1i, params->line_bytes, data);
}

void cpu_free(struct cpu *cpu)
{
    if (cpu->ops && cpu->ops->free)
        cpu->ops->free(cpu);
    store_buffer_free(&cpu->buffer);
    l1_free(&cpu->l1[0]);
    if (cpu->split)
        l1_free(&cpu->l1[1]);
    cpu->ops = NULL;
}

// The lowest lane that no access under way has.
static uint8_t free_lane(const struct cpu *cpu)
{
    uint32_t used = 0;
    for (uint32_t i = 0; i < cpu->n_pending; i++)
        used |= 1u << cpu->pending[i].lane;
    return (uint8_t)__builtin_ctz(~used);
}

void cpu_suspend(struct cpu *cpu, struct access access, unsigned l1, uint64_t line, bool join)
{
    if (cpu->buffer.capacity && access.kind == ACCESS_STORE) {
        store_buffer_put(cpu, access, l1);
        return;
    }
    NP_ASSERT(cpu->n_pending < cpu->outstanding);
    join |= store_buffer_asked(cpu, l1, line);
    uint8_t lane = NP_UNLIKELY(cpu->missed != NULL) ? free_lane(cpu) : 0;
    cpu->pending[cpu->n_pending++] = (struct pending){.access = access,
                                                      .issued = cpu->clock.now,
                                                      .done_at = SIM_NEVER,
                                                      .l1 = (uint8_t)l1,
                                                      .asked = !join,
                                                      .lane = lane};
    cpu->n_under_way++;
    cpu->merged += join;
    if (!join)
        cpu->port.request(cpu->port.board, cpu, l1, line, access.kind >= ACCESS_STORE, cpu->clock.now);
}

static void find_due(struct cpu *cpu)
{
    cpu->due = SIM_NEVER;
    for (uint32_t i = 0; i < cpu->n_pending; i++)
        cpu->due = sim_min(cpu->due, cpu->pending[i].done_at);
}

bool cpu_retire(struct cpu *cpu, struct pending *retired)
{
    for (uint32_t i = 0; cpu->due <= cpu->clock.now && i < cpu->n_pending; i++) {
        if (cpu->pending[i].done_at > cpu->clock.now)
            continue;
        *retired = cpu->pending[i];
        cpu->n_pending--;
        memmove(&cpu->pending[i], &cpu->pending[i + 1], (cpu->n_pending - i) * sizeof cpu->pending[0]);
        find_due(cpu);
        cpu->results.accesses += !retired->buffered;
        cpu->bus_errors += retired->status == ACCESS_BUS_ERROR;
        cpu->poisoned += retired->status == ACCESS_POISONED;
        return true;
    }
    return false;
}

void cpu_block(struct cpu *cpu)
{
    cpu->blocked = true;
    cpu->blocked_since = cpu->clock.now;
}

bool cpu_unblock(struct cpu *cpu, sim_time limit)
{
    sim_time ready = cpu_ready(cpu);
    if (ready >= limit)
        return false;
    clock_align(&cpu->clock, ready);
    cpu->results.wait_ps += cpu->clock.now - cpu->blocked_since;
    cpu->blocked = false;
    return true;
}

void cpu_wake(struct cpu *cpu, sim_time at)
{
    if (!cpu->blocked || cpu->done)
        return;
    clock_align(&cpu->clock, at);
    cpu->results.wait_ps += cpu->clock.now - cpu->blocked_since;
    cpu->blocked = false;
    cpu_publish(cpu);
}

void cpu_hold_until(struct cpu *cpu, sim_time at)
{
    if (!cpu->ops || cpu->done)
        return;
    for (uint32_t i = 0; i < cpu->n_pending; i++)
        cpu->pending[i].done_at = sim_max(cpu->pending[i].done_at, at);
    find_due(cpu);
    cpu->wake_at = sim_max(cpu->wake_at, at);
    if (!cpu->blocked && cpu->clock.now < at) {
        cpu->results.wait_ps += at - cpu->clock.now;
        clock_align(&cpu->clock, at);
    }
}

void cpu_perform(struct cpu *cpu, struct access *access, uint8_t *bytes)
{
    if (NP_UNLIKELY(access->kind == ACCESS_RMW && access->op == RMW_PROGRAM))
        cpu->ops->perform(cpu, access, bytes);
    else
        access_perform(access, bytes);
}

static void perform(struct cpu *cpu, struct pending *p, int64_t index, sim_time done_at,
                    enum access_status status, enum served served)
{
    if (index >= 0) {
        struct l1 *l1 = &cpu->l1[p->l1];
        l1->stamp[index] = ++l1->tick;
        l1->tag[index] |= (uint64_t)(p->access.kind >= ACCESS_STORE) << 2;
        cpu_perform(cpu, &p->access, l1_bytes(l1, (uint32_t)index, p->access.address));
    }
    if (NP_UNLIKELY(cpu->watch != NULL))
        cpu->watch(cpu, &p->access, done_at);
    p->done_at = done_at;
    cpu->due = sim_min(cpu->due, done_at);
    p->status = (uint8_t)status;
    cpu->n_under_way--;
    cpu->results.latency_sum_ps += done_at - p->issued;
    latency_add(&cpu->latency[served], done_at - p->issued);
    cpu_note_miss(cpu, p, done_at, served);
}

static bool grant_pending(struct cpu *cpu, unsigned l1, uint64_t line, int64_t index, sim_time done_at,
                          enum access_status status, enum served served)
{
    for (uint32_t i = 0; i < cpu->n_pending; i++) {
        struct pending *p = &cpu->pending[i];
        if (p->done_at != SIM_NEVER || p->l1 != l1 || p->behind_stores ||
            l1_line(&cpu->l1[l1], p->access.address) != line)
            continue;
        bool store = p->access.kind >= ACCESS_STORE;
        if (index >= 0 && store && !(cpu->l1[l1].tag[index] & TAG_WRITE))
            return true; // and what was issued after it waits behind it
        perform(cpu, p, index, done_at, status, served);
    }
    return false;
}

bool cpu_granted(struct cpu *cpu, unsigned l1, uint64_t line, int64_t index, sim_time done_at,
                 enum access_status status, enum served served)
{
    bool waits = grant_pending(cpu, l1, line, index, done_at, status, served);
    if (cpu->buffer.n && !waits)
        waits = store_buffer_granted(cpu, l1, line, index, done_at, status, served);
    cpu_publish(cpu);
    return waits;
}

void cpu_fail(struct cpu *cpu, const char *fmt, ...)
{
    if (cpu->checks_failed++)
        return;
    char *text = cpu->first_failure, thread[64] = "";
    if (cpu->pool)
        pool_cpu_name(cpu, thread, sizeof thread);
    int n =
        snprintf(text, sizeof cpu->first_failure, "board %u CPU %u%s at %llu ps: ", component_board(cpu->id),
                 cpu->index, thread, (unsigned long long)cpu->clock.now);
    va_list args;
    va_start(args, fmt);
    vsnprintf(text + n, sizeof cpu->first_failure - (size_t)n, fmt, args);
    va_end(args);
}

void cpu_note_failure(struct cpu *cpu, uint64_t address, uint64_t value, const char *expected)
{
    bool is_virtual = address >> VIRTUAL_SHIFT;
    cpu_fail(cpu, "%s0x%llx holds 0x%llx, expected %s", is_virtual ? "virtual address " : "",
             (unsigned long long)(is_virtual ? address & VIRTUAL_MASK : address), (unsigned long long)value,
             expected);
}

void cpu_access_state(struct access *access, struct archive *ar)
{
    ar_u64(ar, &access->address);
    ar_u64(ar, &access->value);
    ar_u64(ar, &access->expected);
    ar_u64(ar, &access->tag);
    ar_u8(ar, &access->kind);
    ar_u8(ar, &access->size);
    ar_u8(ar, &access->op);
    if (access->kind >= ACCESS_KIND_COUNT || access->size > 16 || access->op >= RMW_OP_COUNT)
        ar_fail(ar, "an access of kind %u, size %u", access->kind, access->size);
}

void cpu_pending_state(const struct cpu *cpu, struct pending *pending, struct archive *ar)
{
    cpu_access_state(&pending->access, ar);
    ar_u64(ar, &pending->issued);
    ar_u64(ar, &pending->done_at);
    ar_u8(ar, &pending->l1);
    ar_u8(ar, &pending->status);
    ar_bool(ar, &pending->asked);
    ar_bool(ar, &pending->behind_stores);
    ar_bool(ar, &pending->buffered);
    if (pending->l1 > cpu->split)
        ar_fail(ar, "an access at L1 number %u", pending->l1);
}

static void pending_state(struct cpu *cpu, struct archive *ar)
{
    store_buffer_state(cpu, ar);
    ar_count(ar, &cpu->n_pending, cpu->outstanding);
    cpu->n_under_way = cpu->buffer.n;
    for (uint32_t i = 0; i < cpu->n_pending; i++) {
        cpu_pending_state(cpu, &cpu->pending[i], ar);
        cpu->n_under_way += cpu->pending[i].done_at == SIM_NEVER;
    }
    find_due(cpu);
}

static void results_state(struct cpu *cpu, struct archive *ar)
{
    struct cpu_results *r = &cpu->results;
    uint64_t *values[] = {
        &r->accesses,     &r->hits,       &r->latency_sum_ps, &r->wait_ps,     &r->compute_ps,
        &r->done_at,      &r->work,       &cpu->merged,       &cpu->checks,    &cpu->checks_failed,
        &cpu->bus_errors, &cpu->poisoned, &r->sync_waits,     &r->sync_wait_ps};
    for (unsigned i = 0; i < NP_ARRAY_LEN(values); i++)
        ar_u64(ar, values[i]);
    for (unsigned i = 0; i < ACCESS_KIND_COUNT; i++)
        ar_u64(ar, &cpu->by_kind[i]);
    for (unsigned i = 0; i < SERVED_COUNT; i++)
        latency_state(&cpu->latency[i], ar);
}

void cpu_state(struct cpu *cpu, struct archive *ar, uint32_t slots)
{
    ar_mark(ar, "CPU ");
    ar_bool(ar, &cpu->done);
    ar_bool(ar, &cpu->blocked);
    ar_u64(ar, &cpu->clock.now);
    ar_u64(ar, &cpu->clock.rem);
    if (cpu->clock.rem >= cpu->clock.hz)
        ar_fail(ar, "a clock remainder of %llu", (unsigned long long)cpu->clock.rem);
    ar_u64(ar, &cpu->seq);
    ar_u64(ar, &cpu->rng.state);
    ar_u64(ar, &cpu->blocked_since);
    ar_u64(ar, &cpu->wake_at);
    pending_state(cpu, ar);
    l1_state(&cpu->l1[0], ar, slots);
    if (cpu->split)
        l1_state(&cpu->l1[1], ar, slots);
    results_state(cpu, ar);
    if (cpu->ops)
        cpu->ops->state(cpu, ar);
    cpu_publish(cpu);
}
