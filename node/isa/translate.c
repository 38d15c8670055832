// SPDX-License-Identifier: Apache-2.0
// Translation of characters through tables. Of a table only those lines are fetched that are needed.
#include "node/isa/families.h"
#include "node/isa/storage.h"

#define TABLE_SIZE 256u

// The function byte for an argument. `bytes` are the operand at `to`, the first `done` of them translated
// already: they may lie in the table.
static uint8_t function_byte(struct zcpu *z, struct window *table, uint64_t to, const uint8_t *bytes,
                             uint32_t done, uint8_t argument)
{
    uint64_t at = (table->address + argument - to) & z->address_mask;
    return at < done ? bytes[at] : window_byte(z, table, argument);
}

void isa_tr(struct zcpu *z, const struct instruction *in)
{
    uint8_t bytes[OPERAND_MAX];
    uint32_t size = in->l1 + 1u;
    uint64_t to = address1(z, in);
    struct window table;
    window_open(&table, address2(z, in), TABLE_SIZE);
    load_bytes(z, to, size, bytes);
    for (uint32_t i = 0; i < size; i++)
        bytes[i] = function_byte(z, &table, to, bytes, i, bytes[i]);
    store_bytes(z, to, size, bytes);
    charge(z, size);
}

// TRANSLATE AND TEST, from the left or from the right end of `w`.
static void translate_and_test(struct zcpu *z, const struct instruction *in, uint64_t begin, bool reverse)
{
    uint32_t size = in->l1 + 1u, i = 0, at = 0;
    uint8_t function = 0;
    struct window w, table;
    window_open(&w, begin, size);
    window_open(&table, address2(z, in), TABLE_SIZE);
    for (; i < size && !function; i++) {
        at = reverse ? size - 1 - i : i;
        function = window_byte(z, &table, window_byte(z, &w, at));
    }
    charge(z, i);
    z->cc = !function ? 0 : i < size ? 1 : 2;
    if (!function)
        return;
    set_address(z, 1, begin + at);
    z->gr[2] = (z->gr[2] & ~UINT64_C(0xff)) | function;
}

void isa_trt(struct zcpu *z, const struct instruction *in)
{
    translate_and_test(z, in, address1(z, in), false);
}

void isa_trtr(struct zcpu *z, const struct instruction *in)
{
    translate_and_test(z, in, (address1(z, in) - in->l1) & z->address_mask, true);
}

// TRANSLATE EXTENDED: ends before the test byte in register 0.
void isa_tre(struct zcpu *z, const struct instruction *in)
{
    uint64_t to = register_address(z, in->r1), length = register_length(z, in->r1 + 1u);
    uint32_t size = least(length, UNIT), n = 0;
    uint8_t test = (uint8_t)z->gr[0], bytes[UNIT];
    bool ended = false;
    struct window w, table;
    window_open(&w, to, size);
    window_open(&table, register_address(z, in->r2), TABLE_SIZE);
    while (n < size && !ended) {
        uint8_t byte = window_byte(z, &w, n);
        ended = byte == test;
        if (!ended) {
            bytes[n] = function_byte(z, &table, to, bytes, n, byte);
            n++;
        }
    }
    if (n)
        store_bytes(z, to, n, bytes);
    set_address(z, in->r1, to + n);
    set_length(z, in->r1 + 1u, length - n);
    charge(z, n);
    if (!ended && n < length)
        end_or_repeat(z, length, length - n);
    else
        z->cc = ended;
}

// Characters in a unit of TRANSLATE ONE TO ONE and its like: each may fetch a line of its own of the table.
#define CHARACTERS_MAX 64u

struct translation {
    uint64_t to, from, table;
    unsigned from_width, to_width;
    uint32_t at;   // characters done
    uint32_t made; // bytes of the result
    uint8_t source[2 * CHARACTERS_MAX], result[2 * CHARACTERS_MAX];
};

// Characters are translated one at a time: a byte may be one that the instruction has stored.
static bool in_result(const struct zcpu *z, const struct translation *t, uint64_t address, uint8_t *byte)
{
    uint64_t offset = (address - t->to) & z->address_mask;
    if (offset < t->made)
        *byte = t->result[offset];
    return offset < t->made;
}

static uint32_t argument_of(const struct zcpu *z, const struct translation *t)
{
    uint32_t argument = 0, first = t->at * t->from_width;
    for (uint32_t i = first; i < first + t->from_width; i++) {
        uint8_t byte = t->source[i];
        in_result(z, t, t->from + i, &byte);
        argument = argument << 8 | byte;
    }
    return argument;
}

static uint32_t function_of(struct zcpu *z, const struct translation *t, uint32_t argument)
{
    uint64_t address = (t->table + (uint64_t)argument * t->to_width) & z->address_mask;
    uint8_t bytes[2];
    load_bytes(z, address, t->to_width, bytes);
    for (uint32_t i = 0; i < t->to_width; i++)
        in_result(z, t, address + i, &bytes[i]);
    return t->to_width == 1 ? bytes[0] : (uint32_t)bytes[0] << 8 | bytes[1];
}

// Without the enhancement a table of two-byte arguments begins at a page, and the test cannot be left out.
static uint64_t table_address(const struct zcpu *z, unsigned from_width)
{
    bool page = from_width == 2 && !isa_has(z->level, F_ETF2E);
    return register_address(z, 1) & ~(page ? PAGE_SIZE - 1 : UINT64_C(7));
}

// Translates up to `n` characters; returns whether the test character, if there is one, ended it.
static bool translate_unit(struct zcpu *z, struct translation *t, uint32_t n, bool tested, uint32_t test)
{
    while (t->at < n) {
        uint32_t function = function_of(z, t, argument_of(z, t));
        if (tested && function == test)
            return true;
        if (t->to_width == 2)
            t->result[t->made++] = (uint8_t)(function >> 8);
        t->result[t->made++] = (uint8_t)function;
        t->at++;
    }
    return false;
}

static void translate_wide(struct zcpu *z, const struct instruction *in, unsigned from_width,
                           unsigned to_width)
{
    struct translation t;
    uint64_t length = register_length(z, in->r1 + 1u), characters = length / from_width;
    uint32_t n = least(characters, CHARACTERS_MAX), test = low(z, 0) & (to_width == 1 ? 0xff : 0xffff);
    bool tested = !(in->m3 & 1 && isa_has(z->level, F_ETF2E));
    if (length % from_width)
        program_check(z, PGM_SPECIFICATION);
    t.to = register_address(z, in->r1);
    t.from = register_address(z, in->r2);
    t.table = table_address(z, from_width);
    t.from_width = from_width;
    t.to_width = to_width;
    t.at = t.made = 0;
    if (n)
        load_bytes(z, t.from, n * from_width, t.source);
    bool ended = translate_unit(z, &t, n, tested, test);
    if (t.made)
        store_bytes(z, t.to, t.made, t.result);
    set_address(z, in->r1, t.to + t.made);
    set_length(z, in->r1 + 1u, length - (uint64_t)t.at * from_width);
    set_address(z, in->r2, t.from + (uint64_t)t.at * from_width);
    charge(z, t.at * from_width);
    if (!ended && t.at < characters)
        end_or_repeat(z, characters, characters - t.at);
    else
        z->cc = ended;
}

void isa_troo(struct zcpu *z, const struct instruction *in)
{
    translate_wide(z, in, 1, 1);
}

void isa_trot(struct zcpu *z, const struct instruction *in)
{
    translate_wide(z, in, 1, 2);
}

void isa_trto(struct zcpu *z, const struct instruction *in)
{
    translate_wide(z, in, 2, 1);
}

void isa_trtt(struct zcpu *z, const struct instruction *in)
{
    translate_wide(z, in, 2, 2);
}
