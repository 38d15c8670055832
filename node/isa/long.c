// SPDX-License-Identifier: Apache-2.0
// Operands whose length is in registers. The instruction is executed again by itself for each unit; those
// that may end with condition code 3 do so at pages, or for each STRETCH of the remaining length.
#include <endian.h>

#include "node/isa/families.h"
#include "node/isa/storage.h"

// The registers of one operand: address in r, length in r + 1.
struct operand {
    uint64_t address, length;
};

// Lengths of MVCL and CLCL have 24 bits; those above them are the padding byte, or not used.
#define SHORT_LENGTH UINT64_C(0xffffff)

static struct operand operand_short(const struct zcpu *z, unsigned r)
{
    return (struct operand){register_address(z, r), z->gr[r + 1] & SHORT_LENGTH};
}

static struct operand operand_long(const struct zcpu *z, unsigned r)
{
    return (struct operand){register_address(z, r), register_length(z, r + 1)};
}

static void advance(const struct zcpu *z, struct operand *o, uint64_t bytes)
{
    uint64_t n = bytes < o->length ? bytes : o->length;
    o->address = (o->address + n) & z->address_mask;
    o->length -= n;
}

static void set_short(struct zcpu *z, unsigned r, uint64_t length)
{
    z->gr[r + 1] = (z->gr[r + 1] & ~SHORT_LENGTH) | length;
}

static void set_long(struct zcpu *z, unsigned r, const struct operand *o)
{
    set_address(z, r, o->address);
    set_length(z, r + 1, o->length);
}

// Condition code of moves by the lengths: equal, first shorter, first longer. Units do not change it.
static uint8_t length_code(const struct operand *to, const struct operand *from)
{
    return to->length == from->length ? 0 : to->length < from->length ? 1 : 2;
}

// One unit of padding: the two bytes alternate, the second at odd lengths.
static void pad_unit(const struct operand *to, const uint8_t pad[2], uint32_t size, uint8_t *bytes)
{
    for (uint32_t i = 0; i < size; i++)
        bytes[i] = pad[(to->length - i) & 1];
}

// Moves one unit, or pads it, and advances both operands.
static void move_unit(struct zcpu *z, struct operand *to, struct operand *from, const uint8_t pad[2])
{
    uint8_t bytes[UNIT];
    uint32_t size = page_rest(to->address, least(to->length, UNIT));
    if (size == 0)
        return;
    if (from->length)
        size = page_rest(from->address, least(from->length, size));
    if (from->length)
        load_bytes(z, from->address, size, bytes);
    else
        pad_unit(to, pad, size, bytes);
    store_bytes(z, to->address, size, bytes);
    advance(z, to, size);
    advance(z, from, size);
    charge(z, size);
}

// MOVE LONG. Bits 32-39 of the addresses become zeros in 24-bit mode also when nothing is moved.
void isa_mvcl(struct zcpu *z, const struct instruction *in)
{
    struct operand to = operand_short(z, in->r1), from = operand_short(z, in->r2);
    uint8_t pad = (uint8_t)(z->gr[in->r2 + 1] >> 24), cc = length_code(&to, &from);
    if (destructive(z, to.address, from.address, least(to.length, from.length)))
        cc = 3;
    else
        move_unit(z, &to, &from, (const uint8_t[]){pad, pad});
    set_address_zero(z, in->r2, from.address);
    set_address_zero(z, in->r1, to.address);
    set_short(z, in->r2, from.length);
    set_short(z, in->r1, to.length);
    if (cc != 3 && to.length)
        repeat_instruction(z);
    else
        z->cc = cc;
}

static bool at_page(const struct operand *o)
{
    return o->address % PAGE_SIZE == 0;
}

// Ends with condition code 3 at the end of a page, and before padding.
static void move_extended(struct zcpu *z, const struct instruction *in, const uint8_t pad[2])
{
    struct operand to = operand_long(z, in->r1), from = operand_long(z, in->r3);
    uint8_t cc = length_code(&to, &from);
    bool padding = from.length == 0;
    move_unit(z, &to, &from, pad);
    set_long(z, in->r3, &from);
    set_long(z, in->r1, &to);
    if (to.length == 0)
        z->cc = cc;
    else if (at_page(&to) || (!padding && (at_page(&from) || from.length == 0)))
        z->cc = 3;
    else
        repeat_instruction(z);
}

void isa_mvcle(struct zcpu *z, const struct instruction *in)
{
    uint8_t pad = (uint8_t)address2(z, in);
    move_extended(z, in, (const uint8_t[]){pad, pad});
}

static void check_even(struct zcpu *z, uint64_t length)
{
    if (length & 1)
        program_check(z, PGM_SPECIFICATION);
}

// Characters of two bytes: with an even number of bytes to go, the left one of the padding character is next.
void isa_mvclu(struct zcpu *z, const struct instruction *in)
{
    uint64_t pad = address2(z, in);
    check_even(z, register_length(z, in->r1 + 1u) | register_length(z, in->r3 + 1u));
    move_extended(z, in, (const uint8_t[]){(uint8_t)(pad >> 8), (uint8_t)pad});
}

static uint64_t longest(const struct operand *a, const struct operand *b)
{
    return a->length > b->length ? a->length : b->length;
}

// Compares one unit of characters of `width` bytes, and advances both operands to the first that are unequal
// or behind the unit. Returns the condition code; 3: equal so far.
static uint8_t compare_unit(struct zcpu *z, struct operand *first, struct operand *second, uint16_t pad,
                            unsigned width)
{
    struct window a, b;
    uint64_t longer = longest(first, second);
    uint32_t size = least(longer, UNIT);
    window_open(&a, first->address, least(first->length, UNIT));
    window_open(&b, second->address, least(second->length, UNIT));
    for (uint32_t i = a.size; i < size; i++)
        a.bytes[i] = i & 1 ? (uint8_t)pad : (uint8_t)(pad >> 8);
    for (uint32_t i = b.size; i < size; i++)
        b.bytes[i] = i & 1 ? (uint8_t)pad : (uint8_t)(pad >> 8);
    uint32_t i = windows_differ(z, &a, &b, size), equal = i - i % width;
    advance(z, first, equal);
    advance(z, second, equal);
    charge(z, i);
    if (i < size)
        return a.bytes[i] < b.bytes[i] ? 1 : 2;
    return size == longer ? 0 : 3;
}

// COMPARE LOGICAL LONG.
void isa_clcl(struct zcpu *z, const struct instruction *in)
{
    struct operand first = operand_short(z, in->r1), second = operand_short(z, in->r2);
    uint16_t pad = (uint16_t)((z->gr[in->r2 + 1] >> 24 & 0xff) * 0x101);
    uint8_t cc = compare_unit(z, &first, &second, pad, 1);
    set_address(z, in->r1, first.address);
    set_address(z, in->r2, second.address);
    set_short(z, in->r1, first.length);
    set_short(z, in->r2, second.length);
    if (cc == 3)
        repeat_instruction(z);
    else
        z->cc = cc;
}

static void compare_extended(struct zcpu *z, const struct instruction *in, uint16_t pad, unsigned width)
{
    struct operand first = operand_long(z, in->r1), second = operand_long(z, in->r3);
    uint64_t before = longest(&first, &second);
    uint8_t cc = compare_unit(z, &first, &second, pad, width);
    set_long(z, in->r1, &first);
    set_long(z, in->r3, &second);
    if (cc != 3)
        z->cc = cc;
    else
        end_or_repeat(z, before, longest(&first, &second));
}

void isa_clcle(struct zcpu *z, const struct instruction *in)
{
    compare_extended(z, in, (uint16_t)((address2(z, in) & 0xff) * 0x101), 1);
}

void isa_clclu(struct zcpu *z, const struct instruction *in)
{
    check_even(z, register_length(z, in->r1 + 1u) | register_length(z, in->r3 + 1u));
    compare_extended(z, in, (uint16_t)address2(z, in), 2);
}

// Sum of words with the carry added at the right; the last word is padded with zeros.
static uint32_t checksum(uint32_t sum, const uint8_t *bytes, uint32_t size)
{
    uint64_t wide = sum;
    for (uint32_t i = 0; i < size; i += 4) {
        uint32_t word = 0;
        memcpy(&word, bytes + i, size - i < 4 ? size - i : 4);
        wide += be32toh(word);
    }
    while (wide >> 32)
        wide = (uint32_t)wide + (wide >> 32);
    return (uint32_t)wide;
}

// CHECKSUM. Two windows in a unit. Bits left of the address remain as they are in the 24- and 31-bit modes.
void isa_cksm(struct zcpu *z, const struct instruction *in)
{
    uint8_t bytes[2 * OPERAND_MAX];
    struct operand from = operand_long(z, in->r2);
    uint32_t size = least(from.length, sizeof bytes), first = least(size, OPERAND_MAX);
    if (first)
        load_bytes(z, from.address, first, bytes);
    if (size > first)
        load_bytes(z, (from.address + first) & z->address_mask, size - first, bytes + first);
    uint32_t sum = checksum(low(z, in->r1), bytes, size);
    advance(z, &from, size);
    z->gr[in->r2] = (z->gr[in->r2] & ~z->address_mask) | from.address;
    set_length(z, in->r2 + 1u, from.length);
    set_low(z, in->r1, sum);
    charge(z, size);
    if (from.length)
        end_or_repeat(z, from.length + size, from.length);
    else
        z->cc = 0;
}
