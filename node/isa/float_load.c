// SPDX-License-Identifier: Apache-2.0
// Floating-point loads, stores, moves and signs: nothing here looks at a value.
#include "node/isa/families.h"
#include "node/isa/float.h"

#define SIGN UINT64_C(0x8000000000000000)

void isa_le(struct zcpu *z, const struct instruction *in)
{
    set_short(z, in->r1, load32(z, address2x(z, in)));
}

void isa_ld(struct zcpu *z, const struct instruction *in)
{
    z->fpr[in->r1] = load64(z, address2x(z, in));
}

void isa_ste(struct zcpu *z, const struct instruction *in)
{
    store32(z, address2x(z, in), short_of(z, in->r1));
}

void isa_std(struct zcpu *z, const struct instruction *in)
{
    store64(z, address2x(z, in), z->fpr[in->r1]);
}

void isa_ler(struct zcpu *z, const struct instruction *in)
{
    set_short(z, in->r1, short_of(z, in->r2));
}

void isa_ldr(struct zcpu *z, const struct instruction *in)
{
    z->fpr[in->r1] = z->fpr[in->r2];
}

void isa_lxr(struct zcpu *z, const struct instruction *in)
{
    set_extended(z, in->r1, extended_of(z, in->r2));
}

void isa_lzer(struct zcpu *z, const struct instruction *in)
{
    set_short(z, in->r1, 0);
}

void isa_lzdr(struct zcpu *z, const struct instruction *in)
{
    z->fpr[in->r1] = 0;
}

void isa_lzxr(struct zcpu *z, const struct instruction *in)
{
    set_extended(z, in->r1, 0);
}

void isa_lgdr(struct zcpu *z, const struct instruction *in)
{
    z->gr[in->r1] = z->fpr[in->r2];
}

void isa_ldgr(struct zcpu *z, const struct instruction *in)
{
    z->fpr[in->r1] = z->gr[in->r2];
}

void isa_cpsdr(struct zcpu *z, const struct instruction *in)
{
    z->fpr[in->r1] = (z->fpr[in->r2] & ~SIGN) | (z->fpr[in->r3] & SIGN);
}

void isa_lpdfr(struct zcpu *z, const struct instruction *in)
{
    z->fpr[in->r1] = z->fpr[in->r2] & ~SIGN;
}

void isa_lndfr(struct zcpu *z, const struct instruction *in)
{
    z->fpr[in->r1] = z->fpr[in->r2] | SIGN;
}

void isa_lcdfr(struct zcpu *z, const struct instruction *in)
{
    z->fpr[in->r1] = z->fpr[in->r2] ^ SIGN;
}

// The same with a condition code: LOAD POSITIVE, NEGATIVE, COMPLEMENT. No NaN is an exception here.
static void set_double(struct zcpu *z, unsigned r, uint64_t value)
{
    z->fpr[r] = value;
    z->cc = double_code(value);
}

static void set_float(struct zcpu *z, unsigned r, uint32_t value)
{
    set_short(z, r, value);
    z->cc = float_code(value);
}

static void set_pair(struct zcpu *z, unsigned r, uint64_t upper, uint64_t lower)
{
    z->fpr[r] = upper;
    z->fpr[r + 2] = lower;
    z->cc = extended_code(extended_of(z, r));
}

void isa_lpebr(struct zcpu *z, const struct instruction *in)
{
    set_float(z, in->r1, short_of(z, in->r2) & ~(uint32_t)(SIGN >> 32));
}

void isa_lnebr(struct zcpu *z, const struct instruction *in)
{
    set_float(z, in->r1, short_of(z, in->r2) | (uint32_t)(SIGN >> 32));
}

void isa_lcebr(struct zcpu *z, const struct instruction *in)
{
    set_float(z, in->r1, short_of(z, in->r2) ^ (uint32_t)(SIGN >> 32));
}

void isa_lpdbr(struct zcpu *z, const struct instruction *in)
{
    set_double(z, in->r1, z->fpr[in->r2] & ~SIGN);
}

void isa_lndbr(struct zcpu *z, const struct instruction *in)
{
    set_double(z, in->r1, z->fpr[in->r2] | SIGN);
}

void isa_lcdbr(struct zcpu *z, const struct instruction *in)
{
    set_double(z, in->r1, z->fpr[in->r2] ^ SIGN);
}

void isa_lpxbr(struct zcpu *z, const struct instruction *in)
{
    set_pair(z, in->r1, z->fpr[in->r2] & ~SIGN, z->fpr[in->r2 + 2]);
}

void isa_lnxbr(struct zcpu *z, const struct instruction *in)
{
    set_pair(z, in->r1, z->fpr[in->r2] | SIGN, z->fpr[in->r2 + 2]);
}

void isa_lcxbr(struct zcpu *z, const struct instruction *in)
{
    set_pair(z, in->r1, z->fpr[in->r2] ^ SIGN, z->fpr[in->r2 + 2]);
}
