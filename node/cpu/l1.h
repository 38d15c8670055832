// SPDX-License-Identifier: Apache-2.0
// A private L1: tags and permissions. Bytes live once per board, in the board cache; each L1 line knows the
// slot there. A tag word is the line's address with its permission in the low bits, so that one masked
// comparison answers 'is it here, and may I'.
#ifndef NP_NODE_CPU_L1_H
#define NP_NODE_CPU_L1_H

#include <stdbool.h>
#include <stdint.h>

#include "node/coherence/onboard.h"
#include "proto/base/archive.h"
#include "proto/base/assert.h"
#include "proto/base/machine.h"

// Permission bits of a tag word; the four L1 states are 0, 1, 3 and 7.
enum { TAG_READ = 1, TAG_WRITE = 2, TAG_WRITTEN = 4, TAG_BITS = 7 };

struct l1 {
    uint32_t ways, sets;
    uint32_t line_shift;
    uint32_t line_mask; // offset of a byte in its line
    uint32_t tick;      // counts lookups that hit; wraps, ages are differences
    uint64_t *tag;      // [set x ways + way]
    uint32_t *stamp;    // tick of the last use
    uint32_t *slot;     // of the line's bytes in the board cache
    uint8_t *data;      // the board cache's bytes, all slots (borrowed)
    uint32_t hint_mask;
    uint32_t *hint; // [line number & hint_mask]: index where such a line was found last
};

void l1_init(struct l1 *l1, const struct cache_geometry *geometry, uint32_t line_bytes, uint8_t *data);
void l1_free(struct l1 *l1);
void l1_state(struct l1 *l1, struct archive *ar, uint32_t slots);

// The line's index in the arrays, or -1 when its tag is not here. For the board's side; the fast path is
// l1_find.
int64_t l1_locate(const struct l1 *l1, uint64_t line);

// The way to use for `line`: a free one, else the least recently used. Returns its index.
uint32_t l1_victim(const struct l1 *l1, uint64_t line);

NP_INLINE enum l1_state l1_state_of_tag(uint64_t tag)
{
    static const uint8_t states[8] = {[0] = L_I, [1] = L_S, [3] = L_E, [7] = L_M};
    return (enum l1_state)states[tag & TAG_BITS];
}

NP_INLINE uint64_t l1_tag(uint64_t line, enum l1_state state)
{
    static const uint8_t bits[L1_STATE_COUNT] = {[L_I] = 0, [L_S] = 1, [L_E] = 3, [L_M] = 7};
    return state == L_I ? 0 : line | bits[state];
}

NP_INLINE uint32_t l1_set_base(const struct l1 *l1, uint64_t address)
{
    return ((uint32_t)(address >> l1->line_shift) & (l1->sets - 1)) * l1->ways;
}

// All ways of the set, and the hint set for the next time. Index or -1.
int32_t l1_search(const struct l1 *l1, uint64_t line, uint64_t permission);

// Index of the way that holds `line` with all `permission` bits, or -1. A hint, by line number, says where
// the line was found last: one comparison decides almost every hit, whatever the number of ways, and without
// a branch that depends on which way it is. Hints are the host's business: they are checked, never trusted,
// never saved.
NP_INLINE int32_t l1_find(const struct l1 *l1, uint64_t line, uint64_t permission)
{
    uint32_t index = l1->hint[(line >> l1->line_shift) & l1->hint_mask];
    uint64_t mask = ~(uint64_t)TAG_BITS | permission;
    if (NP_LIKELY(((l1->tag[index] ^ (line | permission)) & mask) == 0))
        return (int32_t)index;
    return l1_search(l1, line, permission);
}

// The bytes at `address` in the line at `index`.
NP_INLINE uint8_t *l1_bytes(const struct l1 *l1, uint32_t index, uint64_t address)
{
    return l1->data + ((uint64_t)l1->slot[index] << l1->line_shift) + (address & l1->line_mask);
}

#endif
