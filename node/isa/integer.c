// SPDX-License-Identifier: Apache-2.0
#include "node/isa/access.h"
#include "node/isa/families.h"

// Condition code of a signed addition: 0 zero, 1 negative, 2 positive, 3 overflow.
static uint8_t sign_code(int64_t value)
{
    return value == 0 ? 0 : value < 0 ? 1 : 2;
}

static void overflow(struct zcpu *z)
{
    z->cc = 3;
    if (z->psw_mask & PSW_FIXED)
        program_check_completed(z, PGM_FIXED_OVERFLOW);
}

void isa_lr(struct zcpu *z, const struct instruction *in)
{
    set_low(z, in->r1, low(z, in->r2));
}

void isa_ar(struct zcpu *z, const struct instruction *in)
{
    int32_t sum;
    bool over = __builtin_add_overflow((int32_t)low(z, in->r1), (int32_t)low(z, in->r2), &sum);
    set_low(z, in->r1, (uint32_t)sum);
    z->cc = sign_code(sum);
    if (over)
        overflow(z);
}

void isa_agr(struct zcpu *z, const struct instruction *in)
{
    int64_t sum;
    bool over = __builtin_add_overflow((int64_t)z->gr[in->r1], (int64_t)z->gr[in->r2], &sum);
    z->gr[in->r1] = (uint64_t)sum;
    z->cc = sign_code(sum);
    if (over)
        overflow(z);
}

void isa_la(struct zcpu *z, const struct instruction *in)
{
    uint64_t address = address2x(z, in);
    if (z->address_mask == UINT64_MAX)
        z->gr[in->r1] = address;
    else
        set_low(z, in->r1, (uint32_t)address);
}

void isa_st(struct zcpu *z, const struct instruction *in)
{
    store32(z, address2x(z, in), low(z, in->r1));
}

void isa_l(struct zcpu *z, const struct instruction *in)
{
    set_low(z, in->r1, load32(z, address2x(z, in)));
}

void isa_lgr(struct zcpu *z, const struct instruction *in)
{
    z->gr[in->r1] = z->gr[in->r2];
}

void isa_lghi(struct zcpu *z, const struct instruction *in)
{
    z->gr[in->r1] = (uint64_t)in->i;
}

void isa_larl(struct zcpu *z, const struct instruction *in)
{
    uint64_t address = address_relative(z, in);
    if (z->address_mask == UINT64_MAX)
        z->gr[in->r1] = address;
    else
        set_low(z, in->r1, (uint32_t)address);
}

void isa_lg(struct zcpu *z, const struct instruction *in)
{
    z->gr[in->r1] = load64(z, address2x(z, in));
}

void isa_stg(struct zcpu *z, const struct instruction *in)
{
    store64(z, address2x(z, in), z->gr[in->r1]);
}
