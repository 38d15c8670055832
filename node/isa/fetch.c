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

// Behind the slots of a line: where an instruction of 2, 4 or 6 bytes that ends or crosses there leads to.
#define SLOTS_BEHIND 3u

struct code_cache {
    uint32_t lines_mask, slots_per_line, line_bytes;
    struct code_line *lines;
    uint8_t *copies;
    struct instruction *slots;
    struct crossing crossings[CROSSING_SLOTS];
};

static isa_function execute_leave, execute_crossing, execute_undecoded;

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
    code->slots_per_line = code->line_bytes / 2 + SLOTS_BEHIND;
    uint32_t lines = z->text->hint_mask + 1; // what can be executed lies in the L1, twice its lines are kept
    code->lines_mask = lines - 1;
    code->lines = calloc(lines, sizeof *code->lines);
    code->copies = calloc(lines, code->line_bytes);
    code->slots = calloc((size_t)lines * code->slots_per_line, sizeof *code->slots);
    NP_ASSERT(code->lines && code->copies && code->slots);
    // Length: of an instruction that cannot be fetched, 2, 4 or 6 (Principles of Operation,
    // "Instruction-Length Code").
    z->leave = (struct instruction){.execute = execute_leave, .length = 2};
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
    if (z->code_size)
        fetch_drop(z);
    z->code_line = z->unified_code_line = NO_LINE;
}

void fetch_drop(struct zcpu *z)
{
    if (z->current)
        z->loose = own_address(z);
    if (z->next) {
        z->target = next_address(z);
        z->next = &z->leave;
    }
    z->code_size = 0;
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
    if (line == z->code_line && z->code_size)
        fetch_drop(z);
}

void fetch_check(struct zcpu *z)
{
    if (z->code_size == 0)
        return;
    uint64_t tag = z->text->tag[z->code_index];
    if ((tag & ~(uint64_t)TAG_BITS) != z->code_line || !(tag & TAG_READ))
        fetch_drop(z);
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
        z->cpu->results.hits++;
        z->cpu->results.accesses++;
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
    if (!storage_there(z, address))
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
static const struct instruction *gathered(struct zcpu *z, uint64_t address)
{
    struct crossing *crossing = &z->code->crossings[0];
    fetch_text(z, address, crossing->text);
    crossing->address = 1;
    isa_decode(crossing->text, z->level, afp(z), &crossing->instruction);
    z->loose = address;
    z->target = (address + crossing->instruction.length) & z->address_mask;
    z->next = &z->leave;
    return &crossing->instruction;
}

static void clear_slots(const struct code_cache *code, struct instruction *slots)
{
    uint32_t own = code->slots_per_line - SLOTS_BEHIND;
    memset(slots, 0, code->slots_per_line * sizeof *slots);
    for (uint32_t i = 0; i < code->slots_per_line; i++)
        slots[i].execute = i < own ? execute_undecoded : execute_leave;
}

// The slots of the line at `index` of the L1. What was decoded of it before holds while its bytes do.
static struct instruction *slots_of(struct zcpu *z, uint64_t line, uint32_t index)
{
    struct code_cache *code = z->code;
    uint32_t place = place_of(z, line);
    struct code_line *entry = &code->lines[place];
    struct instruction *slots = code->slots + (size_t)place * code->slots_per_line;
    uint8_t *copy = code->copies + (size_t)place * code->line_bytes;
    const uint8_t *bytes = l1_bytes(z->text, index, line);
    bool check = entry->line != line || entry->unverified || unified(z);
    if (check && (entry->line != line || memcmp(copy, bytes, code->line_bytes) != 0)) {
        memcpy(copy, bytes, code->line_bytes);
        clear_slots(code, slots);
    }
    *entry = (struct code_line){.line = line};
    return slots;
}

// Makes the line at `index` of the L1 the one under way.
static void bind(struct zcpu *z, uint64_t base, uint64_t line, uint32_t index)
{
    z->slots = slots_of(z, line, index);
    z->code_line = line;
    z->code_index = index;
    z->unified_code_line = unified(z) ? line : NO_LINE;
    z->code_base = base;
    z->code_size = z->code->line_bytes;
}

// Executes the instruction that `current` turned out to be.
static void execute_found(struct zcpu *z, const struct instruction *in)
{
    z->current = in;
    in->execute(z, in);
}

// Instructions go on in another line than that of the fetch buffer.
static void execute_leave(struct zcpu *z, const struct instruction *in)
{
    uint64_t address = in == &z->leave ? z->target : (z->code_base + slot_offset(z, in)) & z->address_mask;
    z->target = address; // of what is under way, should the fetch fail
    z->loose = address;
    z->current = &z->leave;
    z->next = &z->leave;
    if (address & 1)
        program_check(z, PGM_SPECIFICATION);
    if (!storage_there(z, address))
        program_check(z, PGM_ADDRESSING);
    uint64_t absolute = real_to_absolute(z, address);
    int32_t index = fetch_line(z, absolute);
    if (index < 0) {
        execute_found(z, gathered(z, address));
        return;
    }
    uint64_t offset = absolute & z->text->line_mask;
    bind(z, address - offset, absolute - offset, (uint32_t)index);
    in = z->slots + offset / 2;
    z->next = instruction_after(in);
    execute_found(z, in);
}

const struct instruction *fetch_locate(struct zcpu *z, uint64_t address)
{
    z->current = NULL;
    z->next = NULL;
    branch_to(z, address);
    return z->next;
}

void fetch_state(struct zcpu *z, struct archive *ar)
{
    fetch_check(z);
    uint64_t base = z->code_base;
    bool full = z->code_size;
    ar_bool(ar, &full);
    if (!full)
        return;
    ar_u64(ar, &base);
    if (!ar_loading(ar))
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
    uint8_t text[6] = {0};
    uint64_t own = own_address(z);
    struct crossing *crossing = &z->code->crossings[(own >> 1) % CROSSING_SLOTS];
    uint32_t done = z->text->line_mask + 1 - (uint32_t)(own & z->text->line_mask);
    memcpy(text, l1_bytes(z->text, z->code_index, real_to_absolute(z, own)), done);
    while (done < in->length)
        done += fetch_part(z, (own + done) & z->address_mask, in->length - done, text + done);
    if (crossing->address != own || memcmp(crossing->text, text, sizeof text) != 0) {
        crossing->address = own;
        memcpy(crossing->text, text, sizeof text);
        isa_decode(text, z->level, afp(z), &crossing->instruction);
    }
    z->loose = own;
    crossing->instruction.execute(z, &crossing->instruction);
}

// Decodes the instruction at `address`, which has that slot of the line at `index` of the L1.
static void decode_slot(struct zcpu *z, struct instruction *slot, uint64_t address, uint32_t index)
{
    uint8_t text[6] = {0};
    uint32_t rest = z->text->line_mask + 1 - (uint32_t)(address & z->text->line_mask);
    memcpy(text, l1_bytes(z->text, index, real_to_absolute(z, address)), rest < 6 ? rest : 6);
    uint32_t length = isa_length(text[0]);
    if (length > rest)
        *slot = (struct instruction){.execute = execute_crossing, .length = (uint8_t)length};
    else
        isa_decode(text, z->level, afp(z), slot);
}

// The first time that this halfword of the line is executed as an instruction.
static void execute_undecoded(struct zcpu *z, const struct instruction *in)
{
    struct instruction *slot = z->slots + (in - z->slots);
    decode_slot(z, slot, own_address(z), z->code_index);
    z->next = instruction_after(slot);
    slot->execute(z, slot);
}

// Its slot, if it has one that can be had without touching that of the line under way.
static struct instruction *slot_at(struct zcpu *z, uint64_t address)
{
    struct instruction *slot;
    uint64_t absolute = real_to_absolute(z, address), offset = absolute & z->text->line_mask;
    uint32_t index = z->code_index;
    if (address - z->code_base < z->code_size) {
        slot = z->slots + offset / 2;
    } else {
        int32_t found = fetch_line(z, absolute);
        if (found < 0 || (z->code_size && place_of(z, absolute - offset) == place_of(z, z->code_line)))
            return NULL;
        index = (uint32_t)found;
        slot = slots_of(z, absolute - offset, index) + offset / 2;
    }
    if (slot->execute == execute_undecoded)
        decode_slot(z, slot, address, index);
    return slot;
}

void fetch_target(struct zcpu *z, uint64_t address, uint8_t change, struct instruction *in)
{
    uint8_t text[6];
    if (!storage_there(z, address))
        program_check(z, PGM_ADDRESSING);
    const struct instruction *slot = slot_at(z, address);
    bool whole = slot && slot->execute != execute_crossing;
    if (whole && (change == 0 || isa_rows[slot->row].format == FORMAT_SS_A)) {
        *in = *slot;
        in->l1 |= change;
        return;
    }
    fetch_text(z, address, text);
    text[1] |= change;
    isa_decode(text, z->level, afp(z), in);
}
