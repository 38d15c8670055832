// SPDX-License-Identifier: Apache-2.0
// What a replay stores in pages that several threads share, where no board knows the last value: each byte
// carries a mark of its own address in the high half, which is never 0, and some bits of the store in the low
// half. So every byte that is read is 0 (never written) or has the mark of the address that was asked for,
// and bytes of another place, another process or another copy of the program show. No copy of the page is
// needed.
#ifndef NP_NODE_CPU_MARKS_H
#define NP_NODE_CPU_MARKS_H

#include <stdint.h>

#include "proto/base/assert.h"
#include "proto/base/rng.h"

#define MARK_BITS   UINT64_C(0xf0f0f0f0f0f0f0f0)
#define MARK_LOWEST UINT64_C(0x1010101010101010)
#define MARK_STORE  UINT64_C(0x0101010101010101) // times 0 .. 15: the low half of each byte

// Marks of the eight bytes at 8 x number; a half byte that comes out as 0 becomes 1.
NP_INLINE uint64_t marks_of_eight(uint64_t salt, uint64_t number)
{
    uint64_t marks = rng_mix(salt ^ number) & MARK_BITS;
    uint64_t some = (marks | marks >> 1 | marks >> 2 | marks >> 3) & MARK_LOWEST;
    return marks | (some ^ MARK_LOWEST);
}

// Marks of `size` bytes (1 .. 8) at a virtual address.
NP_INLINE uint64_t marks_at(uint64_t salt, uint64_t address, unsigned size)
{
    unsigned skip = (unsigned)(address & 7) * 8;
    uint64_t marks = marks_of_eight(salt, address >> 3) >> skip;
    if (skip + 8 * size > 64)
        marks |= marks_of_eight(salt, (address >> 3) + 1) << (64 - skip);
    return size == 8 ? marks : marks & ((UINT64_C(1) << 8 * size) - 1);
}

// The value of a store: the `count`th of its CPU.
NP_INLINE uint64_t marked_value(uint64_t salt, uint64_t address, unsigned size, uint64_t count)
{
    uint64_t low = (count & 15) * MARK_STORE;
    return marks_at(salt, address, size) | (size == 8 ? low : low & ((UINT64_C(1) << 8 * size) - 1));
}

// Whether a value that was read can be one that was stored where these marks belong.
NP_INLINE bool marks_hold(uint64_t value, uint64_t marks)
{
    uint64_t other = (value ^ marks) & MARK_BITS;
    for (; NP_UNLIKELY(other != 0); other >>= 8, value >>= 8)
        if ((other & 0xff) && (value & 0xff))
            return false;
    return true;
}

#endif
