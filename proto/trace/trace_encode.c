// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "proto/base/assert.h"
#include "proto/trace/trace_code.h"
#include "proto/trace/trace_number.h"

void trace_encoder_init(struct trace_encoder *encoder)
{
    memset(encoder, 0, sizeof *encoder);
    trace_memory_init(&encoder->memory);
}

static uint8_t *flush_repeats(struct trace_encoder *encoder, uint8_t *to)
{
    if (encoder->repeats)
        *to++ = (uint8_t)(RECORD_REPEAT | (encoder->repeats - 1) << 2);
    encoder->repeats = 0;
    return to;
}

static uint32_t hash_of(const struct trace_encoder *encoder)
{
    uint64_t hash = encoder->start + encoder->n_items;
    for (uint32_t i = 0; i < encoder->n_items; i++)
        hash = hash * 31 + encoder->items[i].kind * 65u + encoder->items[i].size;
    return (uint32_t)(hash * UINT64_C(0x9e3779b97f4a7c15) >> 51) % TRACE_RUN_TABLE;
}

static bool is_gathered(const struct trace_encoder *encoder, uint32_t number)
{
    const struct trace_memory *memory = &encoder->memory;
    const struct trace_run *run = &memory->runs[number];
    return run->start == encoder->start && run->n_items == encoder->n_items &&
           memcmp(&memory->items[run->first_item], encoder->items,
                  encoder->n_items * sizeof encoder->items[0]) == 0;
}

// The entry of the gathered run: its number + 1, or 0 where it would go. The table is twice as large as the
// runs are many.
static uint16_t *entry_of(struct trace_encoder *encoder)
{
    for (uint32_t at = hash_of(encoder);; at = (at + 1) % TRACE_RUN_TABLE) {
        uint16_t *entry = &encoder->table[at];
        if (*entry == 0 || is_gathered(encoder, *entry - 1u))
            return entry;
    }
}

static uint8_t *put_address(struct trace_memory *memory, struct trace_slot *slot, unsigned kind,
                            enum trace_data_mode mode, uint64_t address, uint8_t *to)
{
    uint64_t from = mode == DATA_NEAR_OWN_LAST ? slot->last : memory->last[kind];
    to = put_number(to, zigzag(address - from));
    slot->stride = address - slot->last;
    slot->last = address;
    memory->last[kind] = address;
    return to;
}

static uint8_t *put_new(struct trace_encoder *encoder, uint8_t *to)
{
    struct trace_memory *memory = &encoder->memory;
    *to++ = RECORD_NEW;
    to = put_number(to, zigzag(encoder->start - memory->following));
    *to++ = (uint8_t)encoder->n_items;
    for (uint32_t i = 0; i < encoder->n_items; i++)
        *to++ = (uint8_t)(encoder->items[i].kind | trace_size_code(encoder->items[i].size) << 3);
    uint32_t before = memory->n_runs;
    uint32_t number = trace_memory_add(memory, encoder->start, encoder->items, encoder->n_items);
    if (number < before) // all were forgotten
        memset(encoder->table, 0, sizeof encoder->table);
    *entry_of(encoder) = (uint16_t)(number + 1);
    struct trace_slot *slot = &memory->slots[memory->runs[number].first_slot];
    for (uint32_t i = 0, data = 0; i < encoder->n_items; i++)
        if (encoder->items[i].kind != TRACE_FETCH) {
            to = put_address(memory, slot, encoder->items[i].kind, DATA_NEAR_KIND_LAST,
                             encoder->address[data], to);
            slot++->stride = 0;
            data++;
        }
    return to;
}

static bool in_stride(const struct trace_encoder *encoder, const struct trace_run *run)
{
    const struct trace_slot *slot = &encoder->memory.slots[run->first_slot];
    bool all = true;
    for (uint32_t i = 0; i < run->n_data; i++)
        all &= encoder->address[i] == slot[i].last + slot[i].stride;
    return all;
}

static void stride_on(struct trace_memory *memory, const struct trace_run *run)
{
    struct trace_slot *slot = &memory->slots[run->first_slot];
    for (uint32_t i = 0; i < run->n_data; i++)
        slot[i].last += slot[i].stride;
}

static enum trace_data_mode mode_of(const struct trace_memory *memory, const struct trace_slot *slot,
                                    unsigned kind, uint64_t address)
{
    if (address == slot->last + slot->stride)
        return DATA_IN_STRIDE;
    return zigzag(address - slot->last) <= zigzag(address - memory->last[kind]) ? DATA_NEAR_OWN_LAST
                                                                                : DATA_NEAR_KIND_LAST;
}

// Modes first, four to a byte, then the numbers of those that need one.
static uint8_t *put_data(struct trace_encoder *encoder, const struct trace_run *run, uint8_t *to)
{
    struct trace_memory *memory = &encoder->memory;
    struct trace_slot *slot = &memory->slots[run->first_slot];
    uint8_t *modes = to;
    memset(modes, 0, (run->n_data + 3u) / 4);
    to += (run->n_data + 3u) / 4;
    for (uint32_t i = 0, data = 0; i < encoder->n_items; i++) {
        unsigned kind = encoder->items[i].kind;
        if (kind == TRACE_FETCH)
            continue;
        uint64_t address = encoder->address[data];
        enum trace_data_mode mode = mode_of(memory, slot, kind, address);
        modes[data / 4] |= (uint8_t)((unsigned)mode << data % 4 * 2);
        if (mode == DATA_IN_STRIDE)
            slot->last = address;
        else
            to = put_address(memory, slot, kind, mode, address, to);
        slot++;
        data++;
    }
    return to;
}

static uint8_t *put_known(struct trace_encoder *encoder, uint32_t number, bool predicted, bool strides,
                          uint8_t *to)
{
    struct trace_memory *memory = &encoder->memory;
    struct trace_run *run = &memory->runs[number];
    *to++ = (uint8_t)(RECORD_KNOWN | (unsigned)predicted << 2 | (unsigned)strides << 3);
    if (!predicted)
        to = put_number(to, number);
    if (strides)
        stride_on(memory, run);
    else
        to = put_data(encoder, run, to);
    trace_memory_follow(memory, number);
    return to;
}

// The gathered run is complete.
static uint8_t *put_run(struct trace_encoder *encoder, uint8_t *to)
{
    struct trace_memory *memory = &encoder->memory;
    if (encoder->n_items == 0)
        return to;
    uint16_t entry = *entry_of(encoder);
    if (entry == 0) {
        to = put_new(encoder, flush_repeats(encoder, to));
    } else {
        uint32_t number = entry - 1u;
        bool predicted = memory->current != TRACE_NO_RUN && memory->runs[memory->current].next == number;
        bool strides = in_stride(encoder, &memory->runs[number]);
        if (predicted && strides) {
            stride_on(memory, &memory->runs[number]);
            trace_memory_follow(memory, number);
            if (++encoder->repeats == TRACE_REPEATS_MAX)
                to = flush_repeats(encoder, to);
        } else {
            to = put_known(encoder, number, predicted, strides, flush_repeats(encoder, to));
        }
    }
    encoder->n_items = encoder->n_data = 0;
    return to;
}

// A reference that no run can hold.
static uint8_t *put_loose(struct trace_encoder *encoder, const struct trace_ref *ref, uint8_t *to)
{
    struct trace_memory *memory = &encoder->memory;
    to = flush_repeats(encoder, to);
    *to++ = (uint8_t)(RECORD_LOOSE | ref->kind << 2);
    to = put_number(to, ref->size);
    to = put_number(to, zigzag(ref->address - memory->last[ref->kind]));
    memory->last[ref->kind] = ref->address;
    if (ref->kind == TRACE_SYNC) {
        uint32_t *last = trace_memory_version(memory, ref->address);
        to = put_number(to, (uint32_t)(ref->version - *last - 1));
        *last = ref->version;
    }
    if (ref->kind != TRACE_FETCH)
        return to;
    memory->following = ref->address + ref->size;
    encoder->end = memory->following <= TRACE_RUN_ADDRESS_MAX ? memory->following : 0;
    return to;
}

static bool fits_run(const struct trace_ref *ref)
{
    return ref->kind != TRACE_SYNC && trace_size_code(ref->size) &&
           ref->address <= TRACE_RUN_ADDRESS_MAX - TRACE_RUN_ITEMS_MAX * TRACE_SIZE_MAX;
}

static void gather(struct trace_encoder *encoder, const struct trace_ref *ref)
{
    bool fetch = ref->kind == TRACE_FETCH;
    if (encoder->n_items == 0)
        encoder->start = fetch ? ref->address : encoder->end;
    if (fetch)
        encoder->end = ref->address + ref->size;
    else
        encoder->address[encoder->n_data++] = ref->address;
    encoder->items[encoder->n_items++] = (struct trace_item){ref->kind, (uint8_t)ref->size};
}

size_t trace_encode(struct trace_encoder *encoder, const struct trace_ref *ref, uint8_t *to)
{
    uint8_t *at = to;
    NP_ASSERT(ref->size >= 1 && ref->size <= TRACE_SIZE_MAX && ref->kind < TRACE_KIND_COUNT);
    NP_ASSERT(ref->address <= UINT64_MAX - ref->size);
    NP_ASSERT(ref->kind != TRACE_SYNC || (ref->size == TRACE_WORD && ref->address % TRACE_WORD == 0));
    NP_ASSERT(ref->kind == TRACE_SYNC || ref->version == 0);
    bool fits = fits_run(ref);
    bool jumps = ref->kind == TRACE_FETCH && ref->address != encoder->end;
    if (!fits || jumps || encoder->n_items == TRACE_RUN_ITEMS_MAX)
        at = put_run(encoder, at);
    if (fits)
        gather(encoder, ref);
    else
        at = put_loose(encoder, ref, at);
    return (size_t)(at - to);
}

size_t trace_encode_end(struct trace_encoder *encoder, uint8_t *to)
{
    uint8_t *at = put_run(encoder, to);
    return (size_t)(flush_repeats(encoder, at) - to);
}
