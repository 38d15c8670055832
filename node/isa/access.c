// SPDX-License-Identifier: Apache-2.0
// The long way of an access: pieces within a doubleword, the store buffer, misses, and what is kept of them.
#include "node/isa/access.h"

#include "node/cpu/drive.h"
#include "node/cpu/store_buffer.h"
#include "node/isa/fetch.h"
#include "node/isa/trace.h"
#include "proto/base/assert.h"
#include "proto/base/big_endian.h"

// A request holds the CPU back: whatever it causes on its own board takes effect that much later.
static void requested(struct zcpu *z)
{
    struct cpu *cpu = z->cpu;
    z->limit = cpu->limit = sim_min(z->limit, sim_add(cpu->clock.now, cpu->bus_order));
    zcpu_attend(z);
}

static bool take_aside(struct zcpu *z, struct access *access)
{
    if (!z->cpu->has_aside)
        return false;
    z->cpu->has_aside = false;
    *access = z->cpu->aside;
    uint64_t line = access->address & ~(uint64_t)z->data->line_mask;
    if (access->kind == ACCESS_STORE && line == z->code_line)
        fetch_drop(z); // the next fetch waits for the store
    return true;
}

static void hit(struct zcpu *z, struct access *access, struct l1 *l1, uint32_t index)
{
    l1->stamp[index] = ++l1->tick;
    l1->tag[index] |= (uint64_t)(access->kind >= ACCESS_STORE) << 2;
    cpu_perform(z->cpu, access, l1_bytes(l1, index, access->address));
    z->stall += z->hit_extra;
    z->cpu->results.hits++;
    z->cpu->results.accesses++;
    if (access->kind >= ACCESS_STORE && (access->address & ~(uint64_t)l1->line_mask) == z->unified_code_line)
        fetch_drop(z);
}

static bool issue(struct zcpu *z, struct access *access, struct l1 *l1)
{
    struct cpu *cpu = z->cpu;
    unsigned which = l1 == &cpu->l1[1];
    uint64_t line = access->address & ~(uint64_t)l1->line_mask;
    zcpu_now(z);
    cpu->by_kind[access->kind]++;
    if (cpu->buffer.n && store_buffer_meets(cpu, *access, which)) {
        requested(z);
        return take_aside(z, access);
    }
    int32_t index = l1_find(l1, line, TAG_READ | (uint64_t)(access->kind >= ACCESS_STORE) << 1);
    if (index >= 0) {
        hit(z, access, l1, (uint32_t)index);
        return true;
    }
    cpu_suspend(cpu, *access, which, line, false);
    requested(z);
    return take_aside(z, access);
}

bool access_issue(struct zcpu *z, struct access *access, struct l1 *l1)
{
    bool done = issue(z, access, l1);
    z->long_way = z->careful || z->cpu->n_under_way;
    return done;
}

const struct gathered *gather_find(const struct zcpu *z, uint64_t absolute, enum access_kind kind,
                                   uint32_t size)
{
    for (uint32_t i = 0; i < z->gather.n; i++) {
        const struct gathered *piece = &z->gather.pieces[i];
        if (piece->address == absolute && piece->kind == kind && piece->size == size)
            return piece;
    }
    return NULL;
}

static void gather_add(struct zcpu *z, const struct access *access)
{
    NP_ASSERT(z->gather.n < GATHER_MAX);
    struct gathered *piece = &z->gather.pieces[z->gather.n++];
    *piece = (struct gathered){.address = access->address, .kind = access->kind, .size = access->size};
    if (access->kind == ACCESS_RMW)
        memcpy(piece->bytes, z->update.old, sizeof piece->bytes);
    else
        memcpy(piece->bytes, &access->value, sizeof access->value);
    zcpu_set_careful(z);
}

void access_completed(struct zcpu *z, const struct pending *pending)
{
    const struct access *access = &pending->access;
    if (pending->status != ACCESS_OK) {
        storage_failed(z);
        return;
    }
    if (access->kind == ACCESS_STORE)
        z->plan.done += access->size;
    else
        gather_add(z, access);
    fetch_filled(z, access->address & ~(uint64_t)z->data->line_mask, access->kind);
}

// The end of the piece that begins at `address`: its doubleword's, or the operand's.
static uint32_t piece_size(uint64_t address, uint32_t size)
{
    uint32_t left = 8 - (uint32_t)(address & 7);
    return size < left ? size : left;
}

static void load_piece(struct zcpu *z, uint64_t address, uint32_t size, uint8_t *bytes)
{
    struct access access = {
        .address = real_to_absolute(z, address), .kind = ACCESS_LOAD, .size = (uint8_t)size};
    const struct gathered *piece = gather_find(z, access.address, ACCESS_LOAD, size);
    if (piece) {
        memcpy(bytes, piece->bytes, size);
        return;
    }
    if (!access_issue(z, &access, z->data))
        escape_blocked(z);
    memcpy(bytes, &access.value, size);
}

static void load_pieces(struct zcpu *z, uint64_t address, uint32_t size, uint8_t *bytes)
{
    check_load(z, address, size);
    for (uint32_t done = 0; done < size;) {
        uint64_t at = (address + done) & z->address_mask;
        uint32_t n = piece_size(at, size - done);
        load_piece(z, at, n, bytes + done);
        done += n;
    }
}

uint8_t *operand_late(struct zcpu *z, uint64_t address, uint32_t size, bool store)
{
    if (z->gather.n || z->plan.n || z->cpu->n_under_way)
        return NULL;
    uint64_t line = real_to_absolute(z, address) & ~(uint64_t)z->data->line_mask;
    if (l1_find(z->data, line, TAG_READ | (uint64_t)store << 1) < 0)
        return NULL;
    z->long_way = 0;
    uint8_t *bytes = operand_hit(z, address, size, store);
    zcpu_set_careful(z);
    return bytes;
}

uint64_t load_slow(struct zcpu *z, uint64_t address, uint32_t size)
{
    uint64_t value = 0;
    uint8_t *bytes = (uint8_t *)&value + (8 - size);
    const uint8_t *hit = operand_late(z, address, size, false);
    if (hit)
        memcpy(bytes, hit, size);
    else
        load_pieces(z, address, size, bytes);
    trace_note(z, TRACE_LOAD, address, size, bytes);
    return be64toh(value);
}

// Whether a fetch there would hit in the L1.
static bool present(struct zcpu *z, uint64_t address)
{
    return l1_find(z->data, real_to_absolute(z, address) & ~(uint64_t)z->data->line_mask, TAG_READ) >= 0;
}

bool load_both(struct zcpu *z, uint64_t first, uint64_t second, uint32_t size, uint64_t values[2])
{
    serialise(z);
    if (z->gather.n && present(z, first) && present(z, second))
        z->gather.n = 0; // both are there by now: once more, together
    values[0] = load_slow(z, first, size);
    values[1] = load_slow(z, second, size);
    return z->gather.n == 0;
}

static uint32_t line_rest(const struct zcpu *z, uint64_t address, uint32_t size)
{
    uint32_t rest = z->data->line_mask + 1 - (uint32_t)(address & z->data->line_mask);
    return size < rest ? size : rest;
}

void load_bytes(struct zcpu *z, uint64_t address, uint32_t size, uint8_t *bytes)
{
    for (uint32_t done = 0; done < size;) {
        uint64_t at = (address + done) & z->address_mask;
        uint32_t n = line_rest(z, at, size - done);
        const uint8_t *from = operand_hit(z, at, n, false);
        if (NP_UNLIKELY(from == NULL))
            from = operand_late(z, at, n, false);
        if (NP_LIKELY(from != NULL))
            memcpy(bytes + done, from, n);
        else
            load_pieces(z, at, n, bytes + done);
        done += n;
    }
    trace_note(z, TRACE_LOAD, address, size, bytes);
}

// Both ends: no operand is so long that it could lie around the end of storage, or around an increment.
void check_load(struct zcpu *z, uint64_t address, uint64_t size)
{
    uint64_t last = (address + size - 1) & z->address_mask;
    if (!storage_there(z, address) || !storage_there(z, last))
        program_check(z, PGM_ADDRESSING);
}

// Low-address protection covers bytes 0 to 511 and 4096 to 4607 (Principles of Operation, "Low-Address
// Protection").
static bool low_protected(const struct zcpu *z, uint64_t address, uint64_t size)
{
    uint64_t last = (address + size - 1) & z->address_mask;
    return (address & z->protect_mask) == z->protect_value || (last & z->protect_mask) == z->protect_value;
}

void check_store(struct zcpu *z, uint64_t address, uint64_t size)
{
    check_load(z, address, size);
    if (low_protected(z, address, size))
        program_check(z, PGM_PROTECTION);
}

static void plan_add(struct zcpu *z, uint64_t address, uint32_t size, const uint8_t *bytes)
{
    struct plan *plan = &z->plan;
    NP_ASSERT(plan->n < PLAN_PIECES_MAX && plan->used + size <= PLAN_BYTES_MAX);
    plan->pieces[plan->n].address = address;
    plan->pieces[plan->n].offset = plan->used;
    plan->pieces[plan->n++].size = size;
    memcpy(plan->bytes + plan->used, bytes, size);
    plan->used += size;
    zcpu_set_careful(z);
}

void store_slow(struct zcpu *z, uint64_t address, uint32_t size, uint64_t value)
{
    uint64_t big = htobe64(value);
    const uint8_t *bytes = (uint8_t *)&big + (8 - size);
    uint8_t *hit = operand_late(z, address, size, true);
    if (hit) {
        memcpy(hit, bytes, size);
    } else {
        check_store(z, address, size);
        plan_add(z, address, size, bytes);
    }
    trace_note(z, TRACE_STORE, address, size, bytes);
}

void store_bytes(struct zcpu *z, uint64_t address, uint32_t size, const uint8_t *bytes)
{
    bool one_line = line_rest(z, address, size) == size;
    uint8_t *to = one_line ? operand_hit(z, address, size, true) : NULL;
    if (NP_UNLIKELY(to == NULL) && one_line)
        to = operand_late(z, address, size, true);
    if (NP_LIKELY(to != NULL)) {
        memcpy(to, bytes, size);
    } else {
        check_store(z, address, size);
        plan_add(z, address, size, bytes);
    }
    trace_note(z, TRACE_STORE, address, size, bytes);
}

static bool store_piece(struct zcpu *z, uint64_t address, uint32_t size, const uint8_t *bytes)
{
    struct access access = {
        .address = real_to_absolute(z, address), .kind = ACCESS_STORE, .size = (uint8_t)size};
    memcpy(&access.value, bytes, size);
    return access_issue(z, &access, z->data);
}

static void plan_clear(struct plan *plan)
{
    plan->n = plan->at = plan->done = plan->used = 0;
}

void access_give_up(struct zcpu *z)
{
    z->gather.n = 0;
    plan_clear(&z->plan);
    zcpu_set_careful(z);
}

bool plan_perform(struct zcpu *z)
{
    struct plan *plan = &z->plan;
    for (; plan->at < plan->n; plan->at++, plan->done = 0) {
        const uint8_t *bytes = plan->bytes + plan->pieces[plan->at].offset;
        while (plan->done < plan->pieces[plan->at].size) {
            uint64_t at = (plan->pieces[plan->at].address + plan->done) & z->address_mask;
            uint32_t n = piece_size(at, plan->pieces[plan->at].size - plan->done);
            if (!store_piece(z, at, n, bytes + plan->done))
                return false;
            plan->done += n;
        }
    }
    plan_clear(plan);
    zcpu_set_careful(z);
    return true;
}

void serialise(struct zcpu *z)
{
    if (z->cpu->buffer.n == 0)
        return;
    z->cpu->draining = true;
    escape_blocked(z);
}

static uint64_t combine(enum update_op op, uint64_t old, uint64_t operand)
{
    switch (op) {
    case UPDATE_ADD:
        return old + operand;
    case UPDATE_AND:
        return old & operand;
    case UPDATE_OR:
        return old | operand;
    case UPDATE_XOR:
        return old ^ operand;
    default:
        return operand;
    }
}

void access_update(struct zcpu *z, uint8_t *bytes)
{
    struct update *update = &z->update;
    unsigned size = update->size;
    memcpy(update->old, bytes, size);
    if (update->op == UPDATE_COMPARE_SWAP || update->op == UPDATE_SET) {
        if (update->op == UPDATE_SET || memcmp(bytes, update->expected, size) == 0)
            memcpy(bytes, update->operand, size);
        return;
    }
    uint64_t value =
        combine((enum update_op)update->op, get_number(bytes, size), get_number(update->operand, size));
    put_number(bytes, size, value);
}

// z->update on storage, whether anything may be stored there or not.
static const uint8_t *update_storage(struct zcpu *z, uint64_t address)
{
    struct access access = {.address = real_to_absolute(z, address),
                            .kind = ACCESS_RMW,
                            .op = RMW_PROGRAM,
                            .size = z->update.size};
    const struct gathered *piece = gather_find(z, access.address, ACCESS_RMW, access.size);
    if (piece)
        return piece->bytes;
    if (!access_issue(z, &access, z->data))
        escape_blocked(z);
    return z->update.old;
}

// An update whose line is there and may be stored into: at once. It counts as an update, not as a store.
static bool update_hit(struct zcpu *z, uint64_t address, unsigned size)
{
    uint8_t *bytes = operand_hit(z, address, size, true);
    if (NP_UNLIKELY(bytes == NULL)) {
        check_store(z, address, size);
        bytes = operand_late(z, address, size, true);
    }
    if (bytes == NULL)
        return false;
    access_update(z, bytes);
    z->hits[1]--;
    z->cpu->by_kind[ACCESS_RMW]++;
    z->cpu->results.hits++;
    z->cpu->results.accesses++;
    return true;
}

const uint8_t *storage_update(struct zcpu *z, uint64_t address, enum update_op op, unsigned size,
                              const uint8_t *operand, const uint8_t *expected)
{
    z->update.op = (uint8_t)op;
    z->update.size = (uint8_t)size;
    memcpy(z->update.operand, operand, size);
    if (expected)
        memcpy(z->update.expected, expected, size);
    const uint8_t *old = z->update.old;
    if (NP_UNLIKELY(!update_hit(z, address, size))) {
        serialise(z);
        old = update_storage(z, address);
    }
    trace_note(z, TRACE_UPDATE, address, size, old);
    return old;
}

void load_quadword(struct zcpu *z, uint64_t address, uint8_t bytes[16])
{
    const uint8_t *from = operand_hit(z, address, 16, false);
    if (NP_UNLIKELY(from == NULL)) {
        check_load(z, address, 16);
        from = operand_late(z, address, 16, false);
    }
    if (NP_UNLIKELY(from == NULL)) {
        serialise(z);
        z->update = (struct update){.op = UPDATE_COMPARE_SWAP, .size = 16}; // zeros by zeros
        from = update_storage(z, address);
    }
    memcpy(bytes, from, 16);
    trace_note(z, TRACE_LOAD, address, 16, bytes);
}

void store_quadword(struct zcpu *z, uint64_t address, const uint8_t bytes[16])
{
    storage_update(z, address, UPDATE_SET, 16, bytes, NULL);
}

uint64_t storage_update_value(struct zcpu *z, uint64_t address, enum update_op op, unsigned size,
                              uint64_t operand, uint64_t expected)
{
    uint8_t bytes[8], old[8];
    put_number(bytes, size, operand);
    put_number(old, size, expected);
    return get_number(storage_update(z, address, op, size, bytes, old), size);
}

static void gather_state(struct zcpu *z, struct archive *ar)
{
    ar_count(ar, &z->gather.n, GATHER_NEEDED);
    for (uint32_t i = 0; i < z->gather.n; i++) {
        struct gathered *piece = &z->gather.pieces[i];
        ar_u64(ar, &piece->address);
        ar_u8(ar, &piece->kind);
        ar_u8(ar, &piece->size);
        ar_bytes(ar, piece->bytes, sizeof piece->bytes);
        if (piece->kind >= ACCESS_KIND_COUNT || piece->size > sizeof piece->bytes)
            ar_fail(ar, "a fetched piece of kind %u, size %u", piece->kind, piece->size);
    }
}

static void plan_state(struct plan *plan, struct archive *ar)
{
    ar_count(ar, &plan->n, PLAN_PIECES_MAX);
    ar_count(ar, &plan->at, PLAN_PIECES_MAX);
    ar_u32(ar, &plan->done);
    ar_count(ar, &plan->used, PLAN_BYTES_MAX);
    for (uint32_t i = 0; i < plan->n; i++) {
        ar_u64(ar, &plan->pieces[i].address);
        ar_count(ar, &plan->pieces[i].offset, PLAN_BYTES_MAX);
        ar_count(ar, &plan->pieces[i].size, PLAN_BYTES_MAX - plan->pieces[i].offset);
    }
    ar_bytes(ar, plan->bytes, plan->used);
    if (plan->n && (plan->at >= plan->n || plan->done > plan->pieces[plan->at].size))
        ar_fail(ar, "a store at piece %u of %u", plan->at, plan->n);
}

void access_state(struct zcpu *z, struct archive *ar)
{
    gather_state(z, ar);
    plan_state(&z->plan, ar);
    ar_u8(ar, &z->update.op);
    ar_u8(ar, &z->update.size);
    ar_bytes(ar, z->update.operand, sizeof z->update.operand);
    ar_bytes(ar, z->update.expected, sizeof z->update.expected);
    ar_bytes(ar, z->update.old, sizeof z->update.old);
    if (z->update.size > 16 || z->update.op >= UPDATE_OP_COUNT)
        ar_fail(ar, "an interlocked update of %u bytes", z->update.size);
    zcpu_set_careful(z);
}
