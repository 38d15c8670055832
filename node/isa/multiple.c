// SPDX-License-Identifier: Apache-2.0
#include "node/isa/operands.h"

// Registers R1 to R3; behind 15 comes 0.
static unsigned count(const struct instruction *in)
{
    return ((in->r3 - in->r1) & 15u) + 1;
}

static unsigned nth(const struct instruction *in, unsigned i)
{
    return (in->r1 + i) & 15;
}

void isa_lm(struct zcpu *z, const struct instruction *in)
{
    uint32_t words[16];
    load_bytes(z, address2(z, in), 4 * count(in), (uint8_t *)words);
    for (unsigned i = 0; i < count(in); i++)
        set_low(z, nth(in, i), be32toh(words[i]));
}

void isa_lmh(struct zcpu *z, const struct instruction *in)
{
    uint32_t words[16];
    load_bytes(z, address2(z, in), 4 * count(in), (uint8_t *)words);
    for (unsigned i = 0; i < count(in); i++)
        set_high(z, nth(in, i), be32toh(words[i]));
}

void isa_lmg(struct zcpu *z, const struct instruction *in)
{
    uint64_t doublewords[16];
    load_bytes(z, address2(z, in), 8 * count(in), (uint8_t *)doublewords);
    for (unsigned i = 0; i < count(in); i++)
        z->gr[nth(in, i)] = be64toh(doublewords[i]);
}

// High words from the second operand, low words from the fourth.
void isa_lmd(struct zcpu *z, const struct instruction *in)
{
    uint32_t high[16], words[16];
    load_bytes(z, address1(z, in), 4 * count(in), (uint8_t *)high);
    load_bytes(z, address2(z, in), 4 * count(in), (uint8_t *)words);
    for (unsigned i = 0; i < count(in); i++)
        z->gr[nth(in, i)] = (uint64_t)be32toh(high[i]) << 32 | be32toh(words[i]);
}

void isa_stm(struct zcpu *z, const struct instruction *in)
{
    uint32_t words[16];
    for (unsigned i = 0; i < count(in); i++)
        words[i] = htobe32((uint32_t)z->gr[nth(in, i)]);
    store_bytes(z, address2(z, in), 4 * count(in), (const uint8_t *)words);
}

void isa_stmh(struct zcpu *z, const struct instruction *in)
{
    uint32_t words[16];
    for (unsigned i = 0; i < count(in); i++)
        words[i] = htobe32((uint32_t)(z->gr[nth(in, i)] >> 32));
    store_bytes(z, address2(z, in), 4 * count(in), (const uint8_t *)words);
}

void isa_stmg(struct zcpu *z, const struct instruction *in)
{
    uint64_t doublewords[16];
    for (unsigned i = 0; i < count(in); i++)
        doublewords[i] = htobe64(z->gr[nth(in, i)]);
    store_bytes(z, address2(z, in), 8 * count(in), (const uint8_t *)doublewords);
}

// Sixteen bytes that are never seen in parts.
void isa_lpq(struct zcpu *z, const struct instruction *in)
{
    uint64_t pair[2], address = address2x(z, in);
    check_aligned(z, address, 16);
    load_quadword(z, address, (uint8_t *)pair);
    z->gr[in->r1] = be64toh(pair[0]);
    z->gr[in->r1 + 1] = be64toh(pair[1]);
}

void isa_stpq(struct zcpu *z, const struct instruction *in)
{
    uint64_t pair[2] = {htobe64(z->gr[in->r1]), htobe64(z->gr[in->r1 + 1])}, address = address2x(z, in);
    check_aligned(z, address, 16);
    store_quadword(z, address, (const uint8_t *)pair);
}

void isa_ic(struct zcpu *z, const struct instruction *in)
{
    uint64_t byte = UB_STORAGE;
    z->gr[in->r1] = (z->gr[in->r1] & ~UINT64_C(0xff)) | byte;
}

// Characters under a mask: its bits name the bytes of a word, those in storage lie side by side.
// All bits of the bytes that the mask names.
static uint32_t mask_bits(unsigned mask)
{
    uint32_t bits = 0;
    for (unsigned i = 0; i < 4; i++)
        if (condition(mask, i))
            bits |= UINT32_C(0xff000000) >> 8 * i;
    return bits;
}

static unsigned mask_size(unsigned mask)
{
    return (unsigned)__builtin_popcount(mask);
}

// The characters in storage as a number; a mask of zero fetches one that does not count.
static uint32_t load_packed(struct zcpu *z, uint64_t address, unsigned mask)
{
    switch (mask_size(mask)) {
    case 0:
        load8(z, address);
        return 0;
    case 1:
        return load8(z, address);
    case 2:
        return load16(z, address);
    case 4:
        return load32(z, address);
    default: {
        uint8_t bytes[3];
        load_bytes(z, address, 3, bytes);
        return (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2];
    }
    }
}

// From side by side to the places that the mask names, and back.
static uint32_t spread(uint32_t packed, unsigned mask)
{
    uint32_t value = 0;
    for (unsigned i = 4; i-- > 0;)
        if (condition(mask, i)) {
            value |= (packed & 0xff) << (24 - 8 * i);
            packed >>= 8;
        }
    return value;
}

static uint32_t gather_bytes(uint32_t value, unsigned mask)
{
    uint32_t packed = 0;
    for (unsigned i = 0; i < 4; i++)
        if (condition(mask, i))
            packed = packed << 8 | (value >> (24 - 8 * i) & 0xff);
    return packed;
}

// The word with the characters inserted. Condition code: 0 all inserted bits zero, 1 the first is one, 2 it
// is zero.
static uint32_t insert(struct zcpu *z, const struct instruction *in, uint32_t word)
{
    unsigned size = mask_size(in->m3);
    uint32_t packed = load_packed(z, address2(z, in), in->m3);
    z->cc = packed == 0 ? 0 : packed >> (8 * size - 1) & 1 ? 1 : 2;
    return (word & ~mask_bits(in->m3)) | spread(packed, in->m3);
}

void isa_icm(struct zcpu *z, const struct instruction *in)
{
    set_low(z, in->r1, insert(z, in, (uint32_t)UG1));
}

void isa_icmh(struct zcpu *z, const struct instruction *in)
{
    set_high(z, in->r1, insert(z, in, (uint32_t)UH1));
}

// A mask of zero stores nothing.
static void store_masked(struct zcpu *z, const struct instruction *in, uint32_t word)
{
    uint64_t address = address2(z, in);
    unsigned size = mask_size(in->m3);
    uint32_t big = htobe32(gather_bytes(word, in->m3));
    if (size)
        store_bytes(z, address, size, (const uint8_t *)&big + (4 - size));
}

void isa_stcm(struct zcpu *z, const struct instruction *in)
{
    store_masked(z, in, (uint32_t)UG1);
}

void isa_stcmh(struct zcpu *z, const struct instruction *in)
{
    store_masked(z, in, (uint32_t)UH1);
}

static void compare_masked(struct zcpu *z, const struct instruction *in, uint32_t word)
{
    uint32_t second = load_packed(z, address2(z, in), in->m3), first = gather_bytes(word, in->m3);
    z->cc = sign_code((int64_t)first - second);
}

void isa_clm(struct zcpu *z, const struct instruction *in)
{
    compare_masked(z, in, (uint32_t)UG1);
}

void isa_clmh(struct zcpu *z, const struct instruction *in)
{
    compare_masked(z, in, (uint32_t)UH1);
}
