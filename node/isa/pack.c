// SPDX-License-Identifier: Apache-2.0
// Between zoned, packed and character forms of decimal numbers. No digit or sign is checked.
#include "node/isa/families.h"
#include "node/isa/storage.h"

// Two operands of up to 16 bytes, processed from right to left byte by byte: the second may be read from what
// has been stored in the first.
struct backwards {
    uint64_t to, from;
    uint32_t size, from_size;
    uint32_t stored; // the first operand's bytes from here on
    uint32_t next;   // bytes of the second operand that are left
    uint8_t source[16], result[16];
};

static void begin(struct zcpu *z, const struct instruction *in, struct backwards *b)
{
    b->to = address1(z, in);
    b->from = address2(z, in);
    b->size = b->stored = in->l1 + 1u;
    b->from_size = b->next = in->l2 + 1u;
    load_bytes(z, b->from, b->from_size, b->source);
}

// The next byte of the second operand to the left; zeros beyond its end.
static uint8_t take(const struct zcpu *z, struct backwards *b)
{
    if (b->next == 0)
        return 0;
    uint64_t offset = (b->from + --b->next - b->to) & z->address_mask;
    return offset < b->size && offset >= b->stored ? b->result[offset] : b->source[b->next];
}

static void put(struct backwards *b, unsigned byte)
{
    b->result[--b->stored] = (uint8_t)byte;
}

static void end(struct zcpu *z, const struct backwards *b)
{
    store_bytes(z, b->to, b->size, b->result);
    charge(z, b->size);
}

static unsigned swapped(uint8_t byte)
{
    return (unsigned)byte << 4 | byte >> 4;
}

// MOVE WITH OFFSET: the rightmost digit of the first operand remains.
void isa_mvo(struct zcpu *z, const struct instruction *in)
{
    struct backwards b;
    begin(z, in, &b);
    unsigned right = load8(z, (b.to + in->l1) & z->address_mask) & 0xf;
    while (b.stored) {
        uint8_t byte = take(z, &b);
        put(&b, (unsigned)byte << 4 | right);
        right = byte >> 4;
    }
    end(z, &b);
}

void isa_pack(struct zcpu *z, const struct instruction *in)
{
    struct backwards b;
    begin(z, in, &b);
    put(&b, swapped(take(z, &b)));
    while (b.stored) {
        unsigned right = take(z, &b) & 0xf, left = take(z, &b);
        put(&b, left << 4 | right);
    }
    end(z, &b);
}

void isa_unpk(struct zcpu *z, const struct instruction *in)
{
    struct backwards b;
    begin(z, in, &b);
    put(&b, swapped(take(z, &b)));
    while (b.stored) {
        uint8_t byte = take(z, &b);
        put(&b, 0xf0u | byte);
        if (b.stored)
            put(&b, 0xf0u | byte >> 4);
    }
    end(z, &b);
}

// Packed operands of 16 bytes: the sign, and 31 digits.
#define PACKED_SIZE   16u
#define PACKED_DIGITS 31u
#define SIGN_PLUS     0xcu

// Characters of `width` bytes whose last four bits are a digit, into a packed number.
static void pack_characters(struct zcpu *z, const struct instruction *in, uint32_t width)
{
    uint8_t source[64], result[PACKED_SIZE] = {[PACKED_SIZE - 1] = SIGN_PLUS};
    uint32_t size = in->l2 + 1u, characters = size / width;
    if (size > 32 * width || size % width)
        program_check(z, PGM_SPECIFICATION);
    load_bytes(z, address2(z, in), size, source);
    for (uint32_t i = 1; i <= characters && i <= PACKED_DIGITS; i++) {
        unsigned digit = source[size - width * (i - 1) - 1] & 0xfu;
        result[PACKED_SIZE - 1 - i / 2] |= (uint8_t)(i & 1 ? digit << 4 : digit);
    }
    store_bytes(z, address1(z, in), PACKED_SIZE, result);
    charge(z, size);
}

void isa_pka(struct zcpu *z, const struct instruction *in)
{
    pack_characters(z, in, 1);
}

void isa_pku(struct zcpu *z, const struct instruction *in)
{
    pack_characters(z, in, 2);
}

// Condition code of a sign: 0 plus, 1 minus, 3 none.
static uint8_t sign_of(uint8_t byte)
{
    unsigned sign = byte & 0xf;
    return sign < 0xa ? 3 : sign == 0xb || sign == 0xd;
}

// From right to left; a byte is taken when its right digit is, and may be one of the result.
static void unpack_digits(const struct zcpu *z, struct window *from, uint64_t to, uint32_t size,
                          uint32_t width, uint8_t *result)
{
    unsigned byte = from->bytes[PACKED_SIZE - 1];
    for (uint32_t i = 1; i <= size / width; i++) {
        uint32_t end = size - width * (i - 1), at = PACKED_SIZE - 1 - i / 2;
        uint64_t stored = (from->address + at - to) & z->address_mask;
        if (i > PACKED_DIGITS)
            byte = 0;
        else if (i % 2 == 0)
            byte = stored >= end && stored < size ? result[stored] : from->bytes[at];
        result[end - 1] = (uint8_t)(0x30 | (i & 1 ? byte >> 4 : byte & 0xf));
        if (width == 2)
            result[end - 2] = 0;
    }
}

static void unpack_characters(struct zcpu *z, const struct instruction *in, uint32_t width)
{
    uint8_t result[64];
    uint32_t size = in->l1 + 1u;
    if (size > 32 * width || size % width)
        program_check(z, PGM_SPECIFICATION);
    struct window from;
    window_open(&from, address2(z, in), PACKED_SIZE);
    load_bytes(z, from.address, PACKED_SIZE, from.bytes);
    unpack_digits(z, &from, address1(z, in), size, width, result);
    store_bytes(z, address1(z, in), size, result);
    charge(z, size);
    z->cc = sign_of(from.bytes[PACKED_SIZE - 1]);
}

void isa_unpka(struct zcpu *z, const struct instruction *in)
{
    unpack_characters(z, in, 1);
}

void isa_unpku(struct zcpu *z, const struct instruction *in)
{
    unpack_characters(z, in, 2);
}

// TEST DECIMAL: 1 for an invalid sign, 2 for an invalid digit, 3 for both.
void isa_tp(struct zcpu *z, const struct instruction *in)
{
    uint8_t bytes[16];
    uint32_t size = in->l1 + 1u;
    load_bytes(z, address1(z, in), size, bytes);
    bool digits = bytes[size - 1] >> 4 <= 9;
    for (uint32_t i = 0; i + 1 < size; i++)
        digits &= bytes[i] >> 4 <= 9 && (bytes[i] & 0xf) <= 9;
    charge(z, size);
    z->cc = (uint8_t)((sign_of(bytes[size - 1]) == 3) | !digits << 1);
}
