// SPDX-License-Identifier: Apache-2.0
#include "node/cpu/store_buffer.h"

#include <stdlib.h>
#include <string.h>

#include "node/cpu/drive.h"
#include "proto/base/assert.h"

void store_buffer_init(struct store_buffer *buffer, uint32_t capacity)
{
    *buffer = (struct store_buffer){.capacity = capacity};
    if (capacity == 0)
        return;
    buffer->stores = calloc(capacity, sizeof *buffer->stores);
    NP_ASSERT(buffer->stores);
}

void store_buffer_open(struct store_buffer *buffer, uint32_t capacity)
{
    store_buffer_free(buffer);
    buffer->capacity = capacity;
    buffer->stores = capacity ? calloc(capacity, sizeof *buffer->stores) : NULL;
    NP_ASSERT(buffer->stores || !capacity);
}

void store_buffer_free(struct store_buffer *buffer)
{
    free(buffer->stores);
    buffer->stores = NULL;
}

static uint64_t line_of(const struct cpu *cpu, const struct pending *p)
{
    return l1_line(&cpu->l1[p->l1], p->access.address);
}

bool store_buffer_asked(const struct cpu *cpu, unsigned l1, uint64_t line)
{
    const struct store_buffer *buffer = &cpu->buffer;
    return buffer->asked && buffer->stores[0].l1 == l1 && line_of(cpu, &buffer->stores[0]) == line;
}

// Asks for the oldest store's line, unless a load that missed has asked for it already.
static void ask(struct cpu *cpu, sim_time at)
{
    const struct pending *store = &cpu->buffer.stores[0];
    uint64_t line = line_of(cpu, store);
    cpu->buffer.asked = true;
    if (!cpu_line_under_way(cpu, store->l1, line))
        cpu->port.request(cpu->port.board, cpu, store->l1, line, true, at);
}

static void append(struct cpu *cpu, struct access access, unsigned l1, sim_time at)
{
    struct store_buffer *buffer = &cpu->buffer;
    NP_ASSERT(buffer->n < buffer->capacity);
    buffer->stores[buffer->n++] =
        (struct pending){.access = access, .issued = at, .done_at = SIM_NEVER, .l1 = (uint8_t)l1};
    cpu->n_under_way++;
    if (buffer->n == 1)
        ask(cpu, at);
}

// To the program the access is complete.
static void set_aside(struct cpu *cpu, struct access access)
{
    cpu->aside = access;
    cpu->has_aside = true;
}

void store_buffer_put(struct cpu *cpu, struct access access, unsigned l1)
{
    append(cpu, access, l1, cpu->clock.now);
    set_aside(cpu, access);
}

enum meeting { PASSES, FORWARDED, WAITS };

// The youngest store that touches a byte of the load decides.
static enum meeting meet_load(const struct cpu *cpu, struct access *load)
{
    uint64_t begin = load->address, end = begin + load->size;
    for (uint32_t i = cpu->buffer.n; i-- > 0;) {
        const struct access *store = &cpu->buffer.stores[i].access;
        if (store->address >= end || store->address + store->size <= begin)
            continue;
        if (store->address > begin || store->address + store->size < end)
            return WAITS;
        uint64_t value = store->value >> 8 * (begin - store->address);
        load->value = load->size == 8 ? value : value & ((UINT64_C(1) << 8 * load->size) - 1);
        return FORWARDED;
    }
    return PASSES;
}

// What an access finds: a store needs room, an atomic an empty buffer.
static enum meeting meet(const struct cpu *cpu, struct access *access)
{
    const struct store_buffer *buffer = &cpu->buffer;
    if (access->kind == ACCESS_STORE)
        return buffer->n < buffer->capacity ? FORWARDED : WAITS;
    if (access->kind == ACCESS_RMW)
        return buffer->n ? WAITS : PASSES;
    return meet_load(cpu, access);
}

// An access that the buffer holds up is the only one pending: the CPU keeps program order.
static void hold(struct cpu *cpu, struct access access, unsigned l1)
{
    NP_ASSERT(cpu->n_pending == 0);
    cpu->buffer.held++;
    cpu->pending[cpu->n_pending++] = (struct pending){.access = access,
                                                      .issued = cpu->clock.now,
                                                      .done_at = SIM_NEVER,
                                                      .l1 = (uint8_t)l1,
                                                      .behind_stores = true};
    cpu->n_under_way++;
}

// A load that reads a store of its own CPU is as fast as a hit, and counts as one.
static void forward(struct cpu *cpu, struct access load)
{
    cpu->buffer.forwards++;
    cpu->results.hits++;
    cpu->results.accesses++;
    set_aside(cpu, load);
}

bool store_buffer_meets(struct cpu *cpu, struct access access, unsigned l1)
{
    switch (meet(cpu, &access)) {
    case PASSES:
        return false;
    case WAITS:
        hold(cpu, access, l1);
        return true;
    case FORWARDED:
        if (access.kind == ACCESS_STORE)
            store_buffer_put(cpu, access, l1);
        else
            forward(cpu, access);
        return true;
    }
    return false;
}

// The oldest store leaves the buffer, at `at`.
static void leave(struct cpu *cpu, enum access_status status, sim_time at)
{
    struct store_buffer *buffer = &cpu->buffer;
    cpu->results.accesses++;
    cpu->bus_errors += status == ACCESS_BUS_ERROR;
    cpu->poisoned += status == ACCESS_POISONED;
    if (status != ACCESS_OK && cpu->ops->store_failed)
        cpu->ops->store_failed(cpu, &buffer->stores[0].access, at);
    buffer->n--;
    cpu->n_under_way--;
    memmove(buffer->stores, buffer->stores + 1, buffer->n * sizeof buffer->stores[0]);
}

static void perform(struct cpu *cpu, struct pending *p, int64_t index, sim_time at)
{
    struct l1 *l1 = &cpu->l1[p->l1];
    l1->stamp[index] = ++l1->tick;
    l1->tag[index] |= (uint64_t)(p->access.kind >= ACCESS_STORE) << 2;
    cpu_perform(cpu, &p->access, l1_bytes(l1, (uint32_t)index, p->access.address));
    if (NP_UNLIKELY(cpu->watch != NULL))
        cpu->watch(cpu, &p->access, at);
}

static void end_hold(struct cpu *cpu, struct pending *p, sim_time at)
{
    p->done_at = at;
    cpu->due = at;
    cpu->n_under_way--;
}

// What passes at last is a hit, or asks for its line.
static void let_pass(struct cpu *cpu, struct pending *p, sim_time at)
{
    uint64_t line = line_of(cpu, p);
    int32_t index = l1_find(&cpu->l1[p->l1], line, access_permission(p->access.kind));
    if (index >= 0) {
        perform(cpu, p, index, at);
        cpu->results.hits++;
        end_hold(cpu, p, at);
        return;
    }
    p->asked = !store_buffer_asked(cpu, p->l1, line);
    cpu->merged += !p->asked;
    if (p->asked)
        cpu->port.request(cpu->port.board, cpu, p->l1, line, p->access.kind >= ACCESS_STORE, at);
}

// The access that was held up may have its turn now, at `at`. Never to be forwarded: when the store that it
// overlapped has left, so have all before that one, and those behind it do not touch the load.
static void release(struct cpu *cpu, sim_time at)
{
    struct pending *p = &cpu->pending[0];
    enum meeting meeting = meet(cpu, &p->access);
    if (meeting == WAITS)
        return;
    p->behind_stores = false;
    if (meeting == PASSES) {
        let_pass(cpu, p, at);
        return;
    }
    NP_ASSERT(p->access.kind == ACCESS_STORE);
    p->buffered = true;
    end_hold(cpu, p, at);
    append(cpu, p->access, p->l1, at);
}

// Stores follow one another while their lines may be written: one that only waited for its turn is a hit.
static void drain(struct cpu *cpu, sim_time at)
{
    struct store_buffer *buffer = &cpu->buffer;
    while (buffer->n) {
        struct pending *store = &buffer->stores[0];
        int32_t index = l1_find(&cpu->l1[store->l1], line_of(cpu, store), TAG_READ | TAG_WRITE);
        if (index < 0) {
            ask(cpu, at);
            break;
        }
        perform(cpu, store, index, at);
        cpu->results.hits++;
        leave(cpu, ACCESS_OK, at);
    }
    if (cpu->n_pending && cpu->pending[0].behind_stores)
        release(cpu, at);
    if (buffer->n == 0 && cpu->draining) {
        cpu->draining = false;
        cpu_wake(cpu, at);
    }
}

bool store_buffer_granted(struct cpu *cpu, unsigned l1, uint64_t line, int64_t index, sim_time done_at,
                          enum access_status status, enum served served)
{
    struct store_buffer *buffer = &cpu->buffer;
    if (!store_buffer_asked(cpu, l1, line))
        return false;
    if (index >= 0 && !(cpu->l1[l1].tag[index] & TAG_WRITE))
        return true;
    struct pending *store = &buffer->stores[0];
    if (index >= 0)
        perform(cpu, store, index, done_at);
    cpu->results.latency_sum_ps += done_at - store->issued;
    latency_add(&cpu->latency[served], done_at - store->issued);
    cpu_note_miss(cpu, store, done_at, served);
    buffer->asked = false;
    leave(cpu, status, done_at);
    drain(cpu, done_at);
    return false;
}

void store_buffer_state(struct cpu *cpu, struct archive *ar)
{
    struct store_buffer *buffer = &cpu->buffer;
    if (buffer->capacity == 0 && !cpu->pool) // the next thread may have one, and its counts go on
        return;
    ar_mark(ar, "STOR");
    ar_count(ar, &buffer->n, buffer->capacity);
    ar_bool(ar, &buffer->asked);
    ar_bool(ar, &cpu->draining);
    ar_u64(ar, &buffer->forwards);
    ar_u64(ar, &buffer->held);
    for (uint32_t i = 0; i < buffer->n; i++)
        cpu_pending_state(cpu, &buffer->stores[i], ar);
    if (buffer->asked && buffer->n == 0)
        ar_fail(ar, "a store buffer that asks for nothing");
}
