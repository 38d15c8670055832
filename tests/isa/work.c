// SPDX-License-Identifier: Apache-2.0
#include "tests/isa/work.h"

#include <string.h>

#include "proto/base/big_endian.h"
#include "tests/isa/batch.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

uint64_t edge_integer(struct rng *rng)
{
    static const uint64_t edges[] = {0,           1,         2,          0x7f,       0x80,       0xff,
                                     0x7fff,      0x8000,    0xffff,     0x7fffffff, 0x80000000, 0xffffffff,
                                     0x100000000, INT64_MAX, 1ull << 63, UINT64_MAX, 10,         0x80000001};
    uint64_t value = edges[rng_below(rng, COUNT(edges))];
    switch (rng_below(rng, 8)) {
    case 0:
        return value;
    case 1:
        return value << 32 | edges[rng_below(rng, COUNT(edges))] % (1ull << 32);
    case 2:
        return -value;
    case 3:
        return 1ull << rng_below(rng, 64);
    case 4:
        return rng_below(rng, 33) - 16;
    case 5:
        return (uint64_t)(int32_t)rng_next(rng);
    case 6:
        return rng_next(rng) >> rng_below(rng, 64);
    default:
        return rng_next(rng);
    }
}

uint64_t edge_short(struct rng *rng)
{
    static const uint32_t edges[] = {
        0x00000000, 0x00000001, 0x007fffff, 0x00800000, 0x00800001, 0x3f7fffff, 0x3f800000, 0x3f800001,
        0x3f000000, 0x3fc00000, 0x40000000, 0x40200000, 0x4b000000, 0x4b800000, 0x4effffff, 0x4f000000,
        0x4f800000, 0x5f000000, 0x5f800000, 0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fa00000, 0x7f812345,
        0x7fbfffff, 0x7fc00000, 0x7fc12345, 0x7e800000, 0x01000000, 0x33800000, 0x20000000, 0x1f800000};
    uint32_t value = edges[rng_below(rng, COUNT(edges))];
    if (rng_below(rng, 3) == 0)
        value = (uint32_t)rng_next(rng);
    else if (rng_below(rng, 4) == 0) // near to one: results that cancel
        value = 0x3f000000u + (uint32_t)rng_below(rng, 0x2000000);
    return (uint64_t)(value ^ (uint32_t)rng_below(rng, 2) << 31) << 32 |
           (rng_below(rng, 2) ? rng_next(rng) % (1ull << 32) : 0);
}

uint64_t edge_long(struct rng *rng)
{
    static const uint64_t edges[] = {
        0x0000000000000000, 0x0000000000000001, 0x000fffffffffffff, 0x0010000000000000, 0x0010000000000001,
        0x3fefffffffffffff, 0x3ff0000000000000, 0x3ff0000000000001, 0x3fe0000000000000, 0x3ff8000000000000,
        0x4000000000000000, 0x4004000000000000, 0x41dfffffffc00000, 0x41dfffffffe00000, 0x41e0000000000000,
        0x41efffffffe00000, 0x41f0000000000000, 0x43dfffffffffffff, 0x43e0000000000000, 0x43efffffffffffff,
        0x43f0000000000000, 0x4330000000000000, 0x4340000000000000, 0x7fefffffffffffff, 0x7ff0000000000000,
        0x7ff0000000000001, 0x7ff4000000000000, 0x7ff0123456789abc, 0x7ff7ffffffffffff, 0x7ff8000000000000,
        0x7ff8123456789abc, 0x47efffffe0000000, 0x47effffff0000000, 0x380fffffffffffff, 0x3690000000000000,
        0x3ca0000000000000, 0x1ff0000000000000};
    uint64_t value = edges[rng_below(rng, COUNT(edges))];
    if (rng_below(rng, 3) == 0)
        value = rng_next(rng);
    else if (rng_below(rng, 4) == 0)
        value = 0x3fe0000000000000u + rng_below(rng, 0x40000000000000);
    return value ^ rng_below(rng, 2) << 63;
}

uint64_t edge_extended(struct rng *rng)
{
    static const uint64_t edges[] = {
        0x0000000000000000, 0x0000000000000001, 0x0000ffffffffffff, 0x0001000000000000, 0x3ffeffffffffffff,
        0x3fff000000000000, 0x3fff000000000001, 0x3ffe000000000000, 0x3fff800000000000, 0x4000000000000000,
        0x4000400000000000, 0x401dfffffffc0000, 0x401e000000000000, 0x403dffffffffffff, 0x403e000000000000,
        0x403f000000000000, 0x406e000000000000, 0x406f000000000000, 0x7ffeffffffffffff, 0x7fff000000000000,
        0x7fff400000000000, 0x7fff800000000000, 0x43feffffffffffff, 0x43ff000000000000, 0x3c00ffffffffffff};
    uint64_t value = edges[rng_below(rng, COUNT(edges))];
    if (rng_below(rng, 4) == 0)
        value = 0x3ffe000000000000u + rng_below(rng, 0x4000000000000);
    return value ^ rng_below(rng, 2) << 63;
}

uint64_t edge_huge(struct rng *rng, bool is_short)
{
    uint64_t sign = rng_below(rng, 2) << 63;
    if (is_short)
        return sign | (0x7f000000ull + rng_below(rng, 0x800000)) << 32;
    return sign | (0x7fe0000000000000ull +
                   (rng_next(rng) & (rng_below(rng, 2) ? UINT64_MAX >> 12 : ~0ull << 48 >> 12)));
}

static void fill_text(struct rng *rng, uint8_t *text)
{
    for (unsigned i = 0; i < WORK_INTEGERS - WORK_TEXT; i++)
        text[i] = (uint8_t)(rng_below(rng, 2) ? 'a' + rng_below(rng, 4) : rng_next(rng));
    for (unsigned i = 0; i < WORK_INTEGERS - WORK_TEXT; i += 64)
        for (unsigned terminator = 0; terminator < 4; terminator++)
            text[i + 16 * terminator + rng_below(rng, 16)] = (uint8_t)terminator;
}

static void fill_floats(struct rng *rng, uint8_t *floats)
{
    for (unsigned i = 0; i < WORK_DECIMALS - WORK_FLOATS; i += 8) {
        unsigned kind = (unsigned)rng_below(rng, 3);
        put64(floats + i, i < 8 * WORK_HUGE ? edge_huge(rng, i & 8)
                          : kind == 0       ? edge_short(rng)
                          : kind == 1       ? edge_long(rng)
                                            : edge_extended(rng));
    }
}

static void fill_decimals(struct rng *rng, uint8_t *decimals)
{
    for (unsigned i = 0; i < 256; i++) {
        unsigned low = i % 16 == 15 ? 10 + (unsigned)rng_below(rng, 6) : (unsigned)rng_below(rng, 10);
        unsigned high = (unsigned)rng_below(rng, 10);
        if (i % 16 < i / 16) // with more and more leading zeros
            low = high = 0;
        decimals[i] = (uint8_t)(high << 4 | low);
    }
    if (rng_below(rng, 4) == 0)
        decimals[rng_below(rng, 256)] = 0xab;
    static const uint8_t pattern[] = {0x40, 0x20, 0x20, 0x6b, 0x20, 0x21, 0x20, 0x4b, 0x20, 0x20, 0x40, 0xc3,
                                      0xd9, 0x22, 0x20, 0x20, 0x21, 0x5c, 0x20, 0x20, 0x60, 0x40, 0x20, 0x20};
    for (unsigned i = 0; i < WORK_PSWS - WORK_PATTERNS; i++)
        decimals[256 + i] = pattern[i % sizeof pattern];
}

// PSWs that lead to a catcher, and some that must be refused. Never one that waits, translates or records.
static void fill_psws(struct rng *rng, uint8_t *psws)
{
    for (unsigned i = 0; i < PSWS_LONG + PSWS_SHORT; i++) {
        uint64_t mode = rng_below(rng, 4) ? 3 : rng_below(rng, 3); // BA, and EA that needs it
        uint64_t address = SLOTS_AT + 2 * rng_below(rng, SLOT_BYTES / 2) + (rng_below(rng, 8) == 0);
        uint64_t mask = rng_below(rng, 1ull << 32) & 0x0305ff00u; // masks of I/O and external, M, P, AS, cc
        mask = mask << 32 | rng_below(rng, 8) << 52 | (mode & 1) << 31 | (mode >> 1) << 32;
        if (rng_below(rng, 8) == 0)
            mask |= 1ull << (rng_below(rng, 2) ? 40 : 63);
        if (rng_below(rng, 8) == 0)
            address |= rng_below(rng, 2) ? 1ull << 26 : 1ull << 40;
        if (i < PSWS_LONG) {
            put64(psws + (size_t)16 * i, mask);
            put64(psws + (size_t)16 * i + 8, address);
        } else {
            uint64_t notation = rng_below(rng, 8) ? 1ull << 51 : 0;
            put64(psws + (size_t)16 * PSWS_LONG + (size_t)8 * (i - PSWS_LONG),
                  mask | notation | (address & 0x7fffffff));
        }
    }
}

static void fill_system(struct rng *rng, uint8_t *work)
{
    for (unsigned i = 0; i < 16; i++)
        work[WORK_MASKS + i] =
            (uint8_t)(rng_below(rng, 4) | (i >= 12 ? 0x80u >> rng_below(rng, 4) % 3 * 2 : 0));
    for (unsigned i = 0; i < 16; i++)
        work[WORK_MASKS + i] &= 0xbb;
    for (unsigned i = 0; i < 8; i++)
        put32(work + WORK_PREFIXES + (size_t)4 * i, i < 3   ? 0
                                                    : i < 7 ? PREFIX_PAGE_AT | (i < 5 ? 0 : 0x80000fffu)
                                                            : MEMORY_BYTES + 0x2000);
    for (unsigned i = WORK_PREFIXES + 32; i < WORK_BYTES; i += 8)
        put64(work + i, edge_integer(rng));
}

void work_fill(struct rng *rng, uint8_t work[WORK_BYTES], uint8_t guard[GUARD_BYTES])
{
    fill_text(rng, work + WORK_TEXT);
    for (unsigned i = WORK_INTEGERS; i < WORK_FLOATS; i += 8)
        put64(work + i, i % 64 == 0 ? 0 : i % 32 == 16 ? UINT64_MAX : edge_integer(rng));
    fill_floats(rng, work + WORK_FLOATS);
    fill_decimals(rng, work + WORK_DECIMALS);
    fill_psws(rng, work + WORK_PSWS);
    fill_system(rng, work);
    for (unsigned i = 0; i < 0x400;
         i++) // QEMU 7.2 takes the characters that begin with 0xe0 for invalid UTF-8
        work[i] = work[i] == 0xe0 ? 0xe1 : work[i];
    for (unsigned i = 0; i < GUARD_BYTES; i += 8)
        put64(guard + i, rng_below(rng, 2) ? edge_long(rng) : edge_integer(rng));
}
