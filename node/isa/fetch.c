// SPDX-License-Identifier: Apache-2.0
#include "node/isa/fetch.h"

#include <stdlib.h>

#include "proto/base/assert.h"

#define CROSSING_SLOTS 64u // instructions that lie in two lines, by address

struct code_line {
    uint64_t line; // absolute, or NO_LINE
    bool unverified;
};
#define NO_LINE UINT64_MAX

struct crossing {
    uint64_t address;
    uint8_t text[6];
    struct instruction instruction; // execute NULL: none
};

struct code_cache {
    uint32_t lines_mask, slots_per_line, line_bytes;
    struct code_line *lines;
    uint8_t *copies;
    struct instruction *slots;
    struct crossing crossings[CROSSING_SLOTS];
};

static bool unified(const struct zcpu *z)
{
    return z->text == z->data;
}

static bool afp(const struct zcpu *z)
{
    return z->cr[0] & CR0_AFP;
}

void fetch_init(struct zcpu *z)
{
    struct code_cache *code = z->code = calloc(1, sizeof *code);
    NP_ASSERT(code);
    code->line_bytes = z->text->line_mask + 1;
    code->slots_per_line = code->line_bytes / 2;
    uint32_t lines = z->text->hint_mask + 1; // what can be executed lies in the L1, twice its lines are kept
    code->lines_mask = lines - 1;
    code->lines = calloc(lines, sizeof *code->lines);
    code->copies = calloc(lines, code->line_bytes);
    code->slots = calloc((size_t)lines * code->slots_per_line, sizeof *code->slots);
    NP_ASSERT(code->lines && code->copies && code->slots);
    z->code_mask = ~(uint64_t)(z->text->line_mask & ~1u); // an odd address is in no line
    fetch_forget(z);
}

void fetch_free(struct zcpu *z)
{
    free(z->code->lines);
    free(z->code->copies);
    free(z->code->slots);
    free(z->code);
}

void fetch_forget(struct zcpu *z)
{
    struct code_cache *code = z->code;
    for (uint32_t i = 0; i <= code->lines_mask; i++)
        code->lines[i].line = NO_LINE;
    memset(code->crossings, 0, sizeof code->crossings);
    z->code_base = 1;
    z->code_line = z->unified_code_line = NO_LINE;
}

static uint32_t place_of(const struct zcpu *z, uint64_t line)
{
    return (uint32_t)(line >> z->text->line_shift) & z->code->lines_mask;
}

void fetch_filled(struct zcpu *z, uint64_t line, unsigned kind)
{
    if (kind != ACCESS_FETCH && !unified(z))
        return;
    z->code->lines[place_of(z, line)].unverified = true;
    if (line == z->code_line)
        z->code_base = 1;
}

void fetch_check(struct zcpu *z)
{
    if (z->code_base == 1)
        return;
    uint64_t tag = z->text->tag[z->code_index];
    if ((tag & ~(uint64_t)TAG_BITS) != z->code_line || !(tag & TAG_READ))
        z->code_base = 1;
}

// Own stores that wait in the store buffer are seen by fetches: they are performed first.
static void wait_for_stores(struct zcpu *z, uint64_t line)
{
    const struct store_buffer *buffer = &z->cpu->buffer;
    for (uint32_t i = 0; i < buffer->n; i++)
        if ((buffer->stores[i].access.address & ~(uint64_t)z->text->line_mask) == line)
            serialise(z);
}

// One fetch access to the line of `absolute`. Returns its place in the L1, or -1: the bytes from `absolute`
// to the end of the doubleword are in the gather list.
static int32_t fetch_line(struct zcpu *z, uint64_t absolute)
{
    uint64_t line = absolute & ~(uint64_t)z->text->line_mask;
    wait_for_stores(z, line);
    int32_t index = l1_find(z->text, line, TAG_READ);
    if (NP_LIKELY(index >= 0)) {
        z->text->stamp[index] = ++z->text->tick;
        z->cpu->by_kind[ACCESS_FETCH]++;
        z->hits++;
        return index;
    }
    uint32_t size = 8 - (uint32_t)(absolute & 7);
    if (gather_find(z, absolute, ACCESS_FETCH, size))
        return -1;
    struct access access = {.address = absolute, .kind = ACCESS_FETCH, .size = (uint8_t)size};
    access_issue(z, &access, z->text);
    escape_blocked(z);
}

// Up to `size` bytes that lie within the line of `address`; returns how many it got.
static uint32_t fetch_part(struct zcpu *z, uint64_t address, uint32_t size, uint8_t *bytes)
{
    if (address >= z->memory_size)
        program_check(z, PGM_ADDRESSING);
    uint64_t absolute = real_to_absolute(z, address);
    uint32_t rest = z->text->line_mask + 1 - (uint32_t)(absolute & z->text->line_mask);
    int32_t index = fetch_line(z, absolute);
    if (index >= 0) {
        size = size < rest ? size : rest;
        memcpy(bytes, l1_bytes(z->text, (uint32_t)index, absolute), size);
        return size;
    }
    rest = 8 - (uint32_t)(absolute & 7);
    const struct gathered *piece = gather_find(z, absolute, ACCESS_FETCH, rest);
    size = size < rest ? size : rest;
    memcpy(bytes, piece->bytes, size);
    return size;
}

void fetch_text(struct zcpu *z, uint64_t address, uint8_t text[6])
{
    memset(text, 0, 6);
    uint32_t done = fetch_part(z, address, 2, text), size = isa_length(text[0]);
    while (done < size)
        done += fetch_part(z, (address + done) & z->address_mask, size - done, text + done);
}

// The line has left the L1 again before this instruction of it could be executed: it is executed from what
// the fill brought.
static const struct instruction *execute_gathered(struct zcpu *z)
{
    struct crossing *crossing = &z->code->crossings[0];
    fetch_text(z, z->ia, crossing->text);
    crossing->address = 1;
    isa_decode(crossing->text, z->level, afp(z), &crossing->instruction);
    return &crossing->instruction;
}

// Makes the line at `index` of the L1 the one under way. What was decoded of it before holds while its bytes
// do.
static void bind(struct zcpu *z, uint64_t base, uint64_t line, uint32_t index)
{
    struct code_cache *code = z->code;
    uint32_t place = place_of(z, line);
    struct code_line *entry = &code->lines[place];
    uint8_t *copy = code->copies + (size_t)place * code->line_bytes;
    const uint8_t *bytes = l1_bytes(z->text, index, line);
    z->slots = code->slots + (size_t)place * code->slots_per_line;
    bool check = entry->line != line || entry->unverified || unified(z);
    if (check && (entry->line != line || memcmp(copy, bytes, code->line_bytes) != 0)) {
        memcpy(copy, bytes, code->line_bytes);
        memset(z->slots, 0, code->slots_per_line * sizeof *z->slots);
    }
    *entry = (struct code_line){.line = line};
    z->code_line = line;
    z->code_index = index;
    z->unified_code_line = unified(z) ? line : NO_LINE;
    z->code_base = base;
}

const struct instruction *fetch_enter(struct zcpu *z)
{
    z->ilc = 2;
    if (z->ia & 1)
        program_check(z, PGM_SPECIFICATION);
    if (z->ia >= z->memory_size)
        program_check(z, PGM_ADDRESSING);
    uint64_t absolute = real_to_absolute(z, z->ia);
    int32_t index = fetch_line(z, absolute);
    if (index < 0)
        return execute_gathered(z);
    bind(z, z->ia & z->code_mask, absolute & ~(uint64_t)z->text->line_mask, (uint32_t)index);
    return fetch_next(z);
}

void fetch_state(struct zcpu *z, struct archive *ar)
{
    fetch_check(z);
    uint64_t base = z->code_base;
    ar_u64(ar, &base);
    if (!ar_loading(ar) || base == 1)
        return;
    uint64_t line = real_to_absolute(z, base);
    int64_t index = l1_locate(z->text, line);
    if (index < 0 || base & z->text->line_mask)
        ar_fail(ar, "instructions of a line at 0x%llx that is not in the L1", (unsigned long long)base);
    else
        bind(z, base, line, (uint32_t)index);
}

// The rest of the instruction lies in the next line: that is another fetch, and its bytes are looked at each
// time.
static void execute_crossing(struct zcpu *z, const struct instruction *in)
{
    uint8_t text[6];
    struct crossing *crossing = &z->code->crossings[(z->here >> 1) % CROSSING_SLOTS];
    uint64_t line_end = (z->here | z->text->line_mask) + 1;
    uint32_t have = (uint32_t)(line_end - z->here);
    memset(text, 0, sizeof text);
    memcpy(text, l1_bytes(z->text, z->code_index, real_to_absolute(z, z->here)), have);
    for (uint32_t done = have; done < in->length;)
        done += fetch_part(z, (z->here + done) & z->address_mask, in->length - done, text + done);
    if (crossing->address != z->here || memcmp(crossing->text, text, sizeof text) != 0) {
        crossing->address = z->here;
        memcpy(crossing->text, text, sizeof text);
        isa_decode(text, z->level, afp(z), &crossing->instruction);
    }
    crossing->instruction.execute(z, &crossing->instruction);
}

const struct instruction *fetch_decode(struct zcpu *z, struct instruction *slot)
{
    uint8_t text[6] = {0};
    uint32_t rest = z->text->line_mask + 1 - (uint32_t)(z->ia & z->text->line_mask);
    memcpy(text, l1_bytes(z->text, z->code_index, real_to_absolute(z, z->ia)), rest < 6 ? rest : 6);
    uint32_t length = isa_length(text[0]);
    if (length > rest)
        *slot = (struct instruction){.execute = execute_crossing, .length = (uint8_t)length};
    else
        isa_decode(text, z->level, afp(z), slot);
    return slot;
}
