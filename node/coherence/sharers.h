// SPDX-License-Identifier: Apache-2.0
// Sets of boards as a directory keeps them. Three forms: a full map is exact; i pointers are exact for up to
// i boards, more count as all; a coarse vector has one bit for K boards. The latter two may name boards that
// hold nothing, and cannot always let one go. Board numbers are relative to the system's first board.
#ifndef NP_NODE_COHERENCE_SHARERS_H
#define NP_NODE_COHERENCE_SHARERS_H

#include <stdbool.h>
#include <stdint.h>

// Opaque but to this file: the boards named, whatever the form.
struct sharers {
    uint64_t bits;
};

// How the sets of one home are kept, and of which boards. Both figures 0: full map.
struct sharer_form {
    uint64_t boards;  // that may hold a line: those of the home's partition
    uint8_t pointers; // 0, or that many pointers
    uint8_t coarse;   // 0, or boards per bit
};

static inline bool sharers_has(const struct sharers *sharers, unsigned board)
{
    return sharers->bits >> board & 1;
}

static inline unsigned sharers_count(const struct sharers *sharers)
{
    return (unsigned)__builtin_popcountll(sharers->bits);
}

// The boards that share a bit with `board`, itself included.
static inline uint64_t sharers_group(const struct sharer_form *form, unsigned board)
{
    uint64_t bits = UINT64_C(1) << board;
    for (unsigned i = board - board % (form->coarse ? form->coarse : 1), n = 0; n < form->coarse && i < 64;
         n++)
        bits |= (UINT64_C(1) << i++) & form->boards;
    return bits;
}

static inline void sharers_add(struct sharers *sharers, const struct sharer_form *form, unsigned board)
{
    sharers->bits |= sharers_group(form, board);
    if (form->pointers && sharers_count(sharers) > form->pointers)
        sharers->bits |= form->boards;
}

// Leaves the set as it is where the form cannot say that this board alone has gone.
static inline void sharers_remove(struct sharers *sharers, const struct sharer_form *form, unsigned board)
{
    bool overflown = form->pointers && sharers_count(sharers) > form->pointers;
    uint64_t group = sharers_group(form, board);
    if (!overflown && (group & (group - 1)) == 0)
        sharers->bits &= ~group;
}

static inline void sharers_all(struct sharers *sharers, const struct sharer_form *form)
{
    sharers->bits = form->boards;
}

#endif
