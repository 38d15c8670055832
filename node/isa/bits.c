// SPDX-License-Identifier: Apache-2.0
// Selected bits of a rotated register (Principles of Operation, "ROTATE THEN ... SELECTED BITS"), and counts.
#include "node/isa/operands.h"

// Bits `first` to `last` of 64, around the end when last < first.
static uint64_t selected_bits(unsigned first, unsigned last)
{
    uint64_t from = UINT64_MAX >> first, to = UINT64_MAX << (63 - last);
    return first <= last ? from & to : from | to;
}

// I3, I4: the first and the last bit; I5: how far R2 is rotated to the left.
static uint64_t rotated(const struct zcpu *z, const struct instruction *in)
{
    unsigned n = (unsigned)in->i & 63;
    return UG2 << n | UG2 >> (-n & 63);
}

#define FLAG 0x80 // bit 0 of I3: only test; of I4: the remaining bits become zero

static uint64_t inserted(const struct zcpu *z, const struct instruction *in)
{
    uint64_t mask = selected_bits((unsigned)in->d1 & 63, (unsigned)in->d2 & 63);
    uint64_t rest = in->d2 & FLAG ? 0 : UG1 & ~mask;
    return rest | (rotated(z, in) & mask);
}

void isa_risbg(struct zcpu *z, const struct instruction *in)
{
    z->gr[in->r1] = inserted(z, in);
    z->cc = sign_code(SG1);
}

void isa_risbgn(struct zcpu *z, const struct instruction *in)
{
    z->gr[in->r1] = inserted(z, in);
}

// I3 and I4 count within the half of the register that changes, which begins with bit `offset`.
static void insert_half(struct zcpu *z, const struct instruction *in, unsigned offset)
{
    unsigned first = (unsigned)in->d1 & 31, last = (unsigned)in->d2 & 31;
    uint32_t from = UINT32_MAX >> first, to = UINT32_MAX << (31 - last);
    uint64_t mask = (uint64_t)(first <= last ? from & to : from | to) << (32 - offset);
    uint64_t changed = in->d2 & FLAG ? UINT64_C(0xffffffff) << (32 - offset) : mask;
    z->gr[in->r1] = (UG1 & ~changed) | (rotated(z, in) & mask);
}

void isa_risbhg(struct zcpu *z, const struct instruction *in)
{
    insert_half(z, in, 0);
}

void isa_risblg(struct zcpu *z, const struct instruction *in)
{
    insert_half(z, in, 32);
}

// The selected bits of `result` go into R1 unless I3 says that they are only tested.
static void combine_selected(struct zcpu *z, const struct instruction *in, uint64_t result)
{
    uint64_t mask = selected_bits((unsigned)in->d1 & 63, (unsigned)in->d2 & 63);
    if (!(in->d1 & FLAG))
        z->gr[in->r1] = (UG1 & ~mask) | (result & mask);
    z->cc = (result & mask) != 0;
}

void isa_rnsbg(struct zcpu *z, const struct instruction *in)
{
    combine_selected(z, in, UG1 & rotated(z, in));
}

void isa_rosbg(struct zcpu *z, const struct instruction *in)
{
    combine_selected(z, in, UG1 | rotated(z, in));
}

void isa_rxsbg(struct zcpu *z, const struct instruction *in)
{
    combine_selected(z, in, UG1 ^ rotated(z, in));
}

// The number of the leftmost one bit, and the rest without it.
void isa_flogr(struct zcpu *z, const struct instruction *in)
{
    uint64_t value = UG2;
    unsigned n = value ? (unsigned)__builtin_clzll(value) : 64;
    z->gr[in->r1] = n;
    z->gr[in->r1 + 1] = value ? value & ~(UINT64_C(1) << (63 - n)) : 0;
    z->cc = value ? 2 : 0;
}

// Ones in each byte, in that byte.
void isa_popcnt(struct zcpu *z, const struct instruction *in)
{
    uint64_t n = UG2;
    n -= n >> 1 & UINT64_C(0x5555555555555555);
    n = (n & UINT64_C(0x3333333333333333)) + (n >> 2 & UINT64_C(0x3333333333333333));
    n = (n + (n >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    z->gr[in->r1] = n;
    z->cc = n != 0;
}
