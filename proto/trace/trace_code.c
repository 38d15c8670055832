// SPDX-License-Identifier: Apache-2.0
// What writer and reader of a trace remember alike.
#include "proto/trace/trace_code.h"

#include <string.h>

#include "proto/base/assert.h"

void trace_memory_init(struct trace_memory *memory)
{
    // Runs, items and slots mean nothing beyond their counts.
    uint32_t serial = memory->serial;
    memset(memory, 0, offsetof(struct trace_memory, runs));
    memory->serial = serial;
    memory->current = TRACE_NO_RUN;
}

static uint32_t data_items(const struct trace_item *items, uint32_t n)
{
    uint32_t data = 0;
    for (uint32_t i = 0; i < n; i++)
        data += items[i].kind != TRACE_FETCH;
    return data;
}

static bool has_room(const struct trace_memory *memory, uint32_t items, uint32_t data)
{
    return memory->n_runs < TRACE_RUNS_MAX && items <= TRACE_ITEMS_MAX - memory->n_items &&
           data <= TRACE_SLOTS_MAX - memory->n_slots;
}

static uint32_t fetched_bytes(const struct trace_item *items, uint32_t n)
{
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < n; i++)
        bytes += items[i].kind == TRACE_FETCH ? items[i].size : 0;
    return bytes;
}

uint32_t trace_memory_add(struct trace_memory *memory, uint64_t start, const struct trace_item *items,
                          uint32_t n_items)
{
    uint32_t data = data_items(items, n_items);
    NP_ASSERT(n_items >= 1 && n_items <= TRACE_RUN_ITEMS_MAX);
    if (!has_room(memory, n_items, data)) {
        memory->n_runs = memory->n_items = memory->n_slots = 0;
        memory->current = TRACE_NO_RUN;
    }
    uint32_t number = memory->n_runs++;
    struct trace_run *run = &memory->runs[number];
    *run = (struct trace_run){.start = start,
                              .bytes = fetched_bytes(items, n_items),
                              .first_item = memory->n_items,
                              .first_slot = memory->n_slots,
                              .next = TRACE_NO_RUN,
                              .serial = ++memory->serial,
                              .n_items = (uint8_t)n_items,
                              .n_data = (uint8_t)data};
    memcpy(&memory->items[run->first_item], items, n_items * sizeof *items);
    struct trace_slot *slot = &memory->slots[run->first_slot];
    for (uint32_t i = 0; i < n_items; i++)
        if (items[i].kind != TRACE_FETCH)
            *slot++ = (struct trace_slot){.kind = items[i].kind};
    memory->n_items += n_items;
    memory->n_slots += data;
    trace_memory_follow(memory, number);
    return number;
}

void trace_memory_follow(struct trace_memory *memory, uint32_t run)
{
    if (memory->current != TRACE_NO_RUN)
        memory->runs[memory->current].next = run;
    memory->current = run;
    memory->following = memory->runs[run].start + memory->runs[run].bytes;
}

// Words that share an entry only cost bytes. The multiplier is 2^64 over the golden ratio.
uint32_t *trace_memory_version(struct trace_memory *memory, uint64_t address)
{
    return &memory->version[(address / TRACE_WORD * UINT64_C(0x9e3779b97f4a7c15) >> 54) % TRACE_WORDS_TABLE];
}

unsigned trace_size_code(uint32_t bytes)
{
    if (bytes <= 16)
        return bytes;
    return bytes == 32 ? 17 : bytes == 64 ? 18 : 0;
}

uint32_t trace_code_size(unsigned code)
{
    if (code <= 16)
        return code;
    return code == 17 ? 32 : code == 18 ? 64 : 0;
}
