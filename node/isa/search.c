// SPDX-License-Identifier: Apache-2.0
// Strings that end with a character, and searches. Each execution looks at one unit, a line at a time.
#include "node/isa/families.h"
#include "node/isa/storage.h"

// The character in register 0, whose bits left of it in the word must be zero.
static uint32_t wanted(struct zcpu *z, uint32_t mask)
{
    if (low(z, 0) & ~mask)
        program_check(z, PGM_SPECIFICATION);
    return low(z, 0);
}

// MOVE STRING: condition code 1 with the end moved, 3 after a unit.
void isa_mvst(struct zcpu *z, const struct instruction *in)
{
    uint8_t bytes[UNIT];
    uint8_t ending = (uint8_t)wanted(z, 0xff);
    uint64_t to = register_address(z, in->r1), from = register_address(z, in->r2);
    uint32_t size = page_rest(from, page_rest(to, UNIT));
    uint32_t overlap = destructive(z, to, from, size);
    struct window w;
    window_open(&w, from, size);
    bool ended = false;
    uint32_t n = 0;
    for (; n < size && !ended; n++) {
        bytes[n] = overlap && n >= overlap ? bytes[n - overlap] : window_byte(z, &w, n);
        ended = bytes[n] == ending;
    }
    store_bytes(z, to, n, bytes);
    charge(z, n);
    set_address_zero(z, in->r1, to + n - ended);
    if (!ended)
        set_address_zero(z, in->r2, from + n);
    z->cc = ended ? 1 : 3;
}

// COMPARE LOGICAL STRING: the string that ends first is low.
void isa_clst(struct zcpu *z, const struct instruction *in)
{
    uint8_t ending = (uint8_t)wanted(z, 0xff);
    struct window a, b;
    uint32_t i = 0;
    window_open(&a, register_address(z, in->r1), UNIT);
    window_open(&b, register_address(z, in->r2), UNIT);
    for (; i < UNIT; i++) {
        uint8_t first = window_byte(z, &a, i), second = window_byte(z, &b, i);
        if (first == second && first != ending)
            continue;
        z->cc = first == second ? 0 : first == ending ? 1 : second == ending ? 2 : first < second ? 1 : 2;
        break;
    }
    charge(z, i);
    if (i < UNIT && z->cc == 0)
        return;
    set_address(z, in->r1, a.address + i);
    set_address(z, in->r2, b.address + i);
    if (i == UNIT)
        z->cc = 3;
}

// Index of the first such byte below `size`, or `size`.
static uint32_t find_byte(struct zcpu *z, struct window *w, uint32_t size, uint8_t byte)
{
    for (uint32_t i = 0; i < size;) {
        uint32_t end = least(window_reach(z, w, i), size);
        const uint8_t *found = memchr(w->bytes + i, byte, end - i);
        if (found)
            return (uint32_t)(found - w->bytes);
        i = end;
    }
    return size;
}

static void found(struct zcpu *z, const struct instruction *in, uint64_t address, uint32_t at)
{
    charge(z, at);
    set_address(z, in->r1, address + at);
    z->cc = 1;
}

// Nothing found in `size` bytes: the end has been reached, or a unit has been searched.
static void not_found(struct zcpu *z, const struct instruction *in, uint64_t address, uint32_t size, bool end)
{
    charge(z, size);
    z->cc = end ? 2 : 3;
    if (!end)
        set_address(z, in->r2, address + size);
}

// SEARCH STRING.
void isa_srst(struct zcpu *z, const struct instruction *in)
{
    uint8_t byte = (uint8_t)wanted(z, 0xff);
    uint64_t address = register_address(z, in->r2), end = register_address(z, in->r1);
    uint64_t length = (end - address) & z->address_mask;
    uint32_t size = least(length, UNIT);
    struct window w;
    window_open(&w, address, size);
    uint32_t i = find_byte(z, &w, size, byte);
    if (i < size)
        found(z, in, address, i);
    else
        not_found(z, in, address, size, length == size);
}

// Byte offset of a character of two bytes below `size`, or `size`.
static uint32_t find_character(struct zcpu *z, struct window *w, uint32_t size, uint32_t character)
{
    uint32_t i = 0;
    while (i < size && ((uint32_t)window_byte(z, w, i) << 8 | window_byte(z, w, i + 1)) != character)
        i += 2;
    return i;
}

// SEARCH STRING UNICODE: two bytes at a time, also over the end when that is not at a whole character. At
// least 256 characters, as others search 256 bytes, before condition code 3: two windows.
void isa_srstu(struct zcpu *z, const struct instruction *in)
{
    uint32_t character = wanted(z, 0xffff), at = 0;
    uint64_t address = register_address(z, in->r2), end = register_address(z, in->r1);
    uint64_t length = (end - address) & z->address_mask;
    length = (length + (length & 1)) & z->address_mask;
    for (unsigned part = 0; part < 2; part++) {
        uint32_t size = least(length - at, UNIT);
        struct window w;
        window_open(&w, (address + at) & z->address_mask, size);
        uint32_t i = find_character(z, &w, size, character);
        at += i;
        if (i < size) {
            found(z, in, address, at);
            return;
        }
    }
    not_found(z, in, address, at, length == at);
}

// One operand of COMPARE UNTIL SUBSTRING EQUAL: its first unit, behind it the padding byte in register 1.
static void until_open(const struct zcpu *z, struct window *w, unsigned r)
{
    window_open(w, register_address(z, r), least(register_length(z, r + 1), UNIT));
    memset(w->bytes + w->size, (uint8_t)z->gr[1], sizeof w->bytes - w->size);
}

static void until_advance(struct zcpu *z, unsigned r, uint64_t length, uint32_t bytes)
{
    uint32_t n = least(length, bytes);
    set_address(z, r, register_address(z, r) + n);
    set_length(z, r + 1, length - n);
}

// COMPARE UNTIL SUBSTRING EQUAL. A substring that the end of a unit cuts is begun again by the next: it is
// shorter than a unit.
void isa_cuse(struct zcpu *z, const struct instruction *in)
{
    uint64_t first = register_length(z, in->r1 + 1u), second = register_length(z, in->r2 + 1u);
    uint64_t longer = first > second ? first : second;
    uint32_t wanted_equal = z->gr[0] & 0xff, size = least(longer, UNIT), at = 0, equal = 0;
    struct window a, b;
    until_open(z, &a, in->r1);
    until_open(z, &b, in->r2);
    for (; at < size && equal < wanted_equal; at++)
        equal = window_byte(z, &a, at) == window_byte(z, &b, at) ? equal + 1 : 0;
    z->cc = equal == wanted_equal ? 0 : at < longer ? 3 : equal ? 1 : 2;
    until_advance(z, in->r1, first, at - equal);
    if (in->r2 != in->r1)
        until_advance(z, in->r2, second, at - equal);
    charge(z, at);
}
