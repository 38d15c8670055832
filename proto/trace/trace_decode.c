// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "proto/base/assert.h"
#include "proto/trace/trace_code.h"
#include "proto/trace/trace_number.h"

void trace_decoder_init(struct trace_decoder *decoder)
{
    trace_memory_init(&decoder->memory);
    decoder->repeats = 0;
    decoder->run = &decoder->loose_run;
}

// The run's data lie where they are predicted. False: beyond the address space.
NP_INLINE bool stride_on(struct trace_decoder *decoder, const struct trace_run *run)
{
    struct trace_slot *slot = &decoder->memory.slots[run->first_slot];
    uint64_t highest = 0;
    for (uint32_t i = 0; i < run->n_data; i++) {
        uint64_t address = slot[i].last + slot[i].stride;
        slot[i].last = address;
        decoder->address[i] = address;
        highest = address > highest ? address : highest;
    }
    return highest <= TRACE_RUN_ADDRESS_MAX;
}

NP_INLINE void take(struct trace_decoder *decoder, uint32_t number)
{
    struct trace_memory *memory = &decoder->memory;
    trace_memory_follow(memory, number);
    decoder->run = &memory->runs[number];
    decoder->items = &memory->items[decoder->run->first_item];
}

static bool decode_repeat(struct trace_decoder *decoder)
{
    struct trace_memory *memory = &decoder->memory;
    uint32_t next = memory->current == TRACE_NO_RUN ? TRACE_NO_RUN : memory->runs[memory->current].next;
    if (NP_UNLIKELY(next == TRACE_NO_RUN))
        return false;
    decoder->repeats--;
    const struct trace_run *run = &memory->runs[next];
    memory->current = next;
    memory->following = run->start + run->bytes;
    decoder->run = run;
    decoder->items = &memory->items[run->first_item];
    return stride_on(decoder, run);
}

NP_INLINE void get_address(struct trace_memory *memory, struct trace_slot *slot, unsigned mode,
                           const uint8_t **at)
{
    uint64_t from = mode == DATA_NEAR_OWN_LAST ? slot->last : memory->last[slot->kind];
    uint64_t address = from + unzigzag(get_number(at));
    slot->stride = address - slot->last;
    slot->last = address;
    memory->last[slot->kind] = address;
}

// Addresses of the current run's data, each as its mode says.
static bool decode_data(struct trace_decoder *decoder, const uint8_t **at)
{
    struct trace_memory *memory = &decoder->memory;
    const struct trace_run *run = decoder->run;
    struct trace_slot *slot = &memory->slots[run->first_slot];
    const uint8_t *modes = *at;
    bool good = true;
    *at += (run->n_data + 3u) / 4;
    for (uint32_t i = 0; i < run->n_data; i++) {
        unsigned mode = modes[i / 4] >> i % 4 * 2 & 3;
        if (mode == DATA_IN_STRIDE)
            slot[i].last += slot[i].stride;
        else
            get_address(memory, &slot[i], mode, at);
        decoder->address[i] = slot[i].last;
        good &= mode < DATA_MODES && slot[i].last <= TRACE_RUN_ADDRESS_MAX;
    }
    return good;
}

static bool decode_known(struct trace_decoder *decoder, unsigned token, const uint8_t **at)
{
    struct trace_memory *memory = &decoder->memory;
    uint64_t number = TRACE_NO_RUN;
    if (!(token >> 2 & 1))
        number = get_number(at);
    else if (memory->current != TRACE_NO_RUN)
        number = memory->runs[memory->current].next;
    if (token >> 4 || number >= memory->n_runs)
        return false;
    take(decoder, (uint32_t)number);
    return token >> 3 & 1 ? stride_on(decoder, decoder->run) : decode_data(decoder, at);
}

static bool decode_items(const uint8_t **at, struct trace_item *items, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        unsigned kind = **at & 7, size = trace_code_size(*(*at)++ >> 3);
        if (kind >= TRACE_KIND_COUNT || kind == TRACE_SYNC || size == 0)
            return false;
        items[i] = (struct trace_item){(uint8_t)kind, (uint8_t)size};
    }
    return true;
}

static bool decode_new(struct trace_decoder *decoder, unsigned token, const uint8_t **at)
{
    struct trace_memory *memory = &decoder->memory;
    struct trace_item items[TRACE_RUN_ITEMS_MAX];
    uint64_t start = memory->following + unzigzag(get_number(at));
    uint32_t n = *(*at)++;
    if (token >> 2 || n == 0 || n > TRACE_RUN_ITEMS_MAX || start > TRACE_RUN_ADDRESS_MAX ||
        !decode_items(at, items, n))
        return false;
    trace_memory_add(memory, start, items, n);
    take(decoder, memory->current);
    struct trace_slot *slot = &memory->slots[decoder->run->first_slot];
    bool good = true;
    for (uint32_t i = 0; i < decoder->run->n_data; i++) {
        get_address(memory, &slot[i], DATA_NEAR_KIND_LAST, at);
        slot[i].stride = 0;
        decoder->address[i] = slot[i].last;
        good &= slot[i].last <= TRACE_RUN_ADDRESS_MAX;
    }
    return good;
}

static bool decode_loose(struct trace_decoder *decoder, unsigned token, const uint8_t **at)
{
    struct trace_memory *memory = &decoder->memory;
    unsigned kind = token >> 2;
    if (kind >= TRACE_KIND_COUNT)
        return false;
    uint64_t size = get_number(at), address = memory->last[kind] + unzigzag(get_number(at));
    memory->last[kind] = address;
    if (size == 0 || size > TRACE_SIZE_MAX || address > UINT64_MAX - size)
        return false;
    decoder->version = 0;
    if (kind == TRACE_SYNC) {
        uint32_t *last = trace_memory_version(memory, address);
        if (size != TRACE_WORD || address % TRACE_WORD)
            return false;
        decoder->version = *last += (uint32_t)get_number(at) + 1;
    }
    if (kind == TRACE_FETCH)
        memory->following = address + size;
    decoder->loose_run = (struct trace_run){.start = address, .n_items = 1, .n_data = kind != TRACE_FETCH};
    decoder->loose_item = (struct trace_item){.kind = (uint8_t)kind};
    decoder->loose_size = (uint16_t)size;
    decoder->address[0] = address;
    decoder->run = &decoder->loose_run;
    decoder->items = &decoder->loose_item;
    return true;
}

static bool decode_record(struct trace_decoder *decoder, const uint8_t **at)
{
    unsigned token = *(*at)++;
    switch ((enum trace_record)(token & 3)) {
    case RECORD_REPEAT:
        decoder->repeats = (token >> 2) + 1;
        return decode_repeat(decoder);
    case RECORD_KNOWN:
        return decode_known(decoder, token, at);
    case RECORD_NEW:
        return decode_new(decoder, token, at);
    case RECORD_LOOSE:
        return decode_loose(decoder, token, at);
    }
    return false;
}

bool trace_decode(struct trace_decoder *decoder, const uint8_t **at, const uint8_t *end)
{
    if (NP_LIKELY(decoder->repeats))
        return decode_repeat(decoder);
    return *at < end && decode_record(decoder, at) && *at <= end;
}
