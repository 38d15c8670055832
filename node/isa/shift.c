// SPDX-License-Identifier: Apache-2.0
#include "node/isa/operands.h"

// The amount: the last six bits of the second operand's address, which addresses nothing.
static inline unsigned amount(const struct zcpu *z, const struct instruction *in)
{
    return (unsigned)address2(z, in) & 63;
}

static inline uint32_t left_word(uint32_t value, unsigned n)
{
    return n < 32 ? value << n : 0;
}

static inline uint32_t right_word(uint32_t value, unsigned n)
{
    return n < 32 ? value >> n : 0;
}

static inline int32_t right_signed_word(int32_t value, unsigned n)
{
    return value >> (n < 32 ? n : 31);
}

void isa_sll(struct zcpu *z, const struct instruction *in)
{
    set_low(z, in->r1, left_word((uint32_t)UG1, amount(z, in)));
}

void isa_sllk(struct zcpu *z, const struct instruction *in)
{
    set_low(z, in->r1, left_word((uint32_t)UG3, amount(z, in)));
}

void isa_sllg(struct zcpu *z, const struct instruction *in)
{
    z->gr[in->r1] = UG3 << amount(z, in);
}

void isa_srl(struct zcpu *z, const struct instruction *in)
{
    set_low(z, in->r1, right_word((uint32_t)UG1, amount(z, in)));
}

void isa_srlk(struct zcpu *z, const struct instruction *in)
{
    set_low(z, in->r1, right_word((uint32_t)UG3, amount(z, in)));
}

void isa_srlg(struct zcpu *z, const struct instruction *in)
{
    z->gr[in->r1] = UG3 >> amount(z, in);
}

void isa_rll(struct zcpu *z, const struct instruction *in)
{
    uint32_t value = (uint32_t)UG3;
    unsigned n = amount(z, in) & 31;
    set_low(z, in->r1, value << n | value >> (-n & 31));
}

void isa_rllg(struct zcpu *z, const struct instruction *in)
{
    unsigned n = amount(z, in);
    z->gr[in->r1] = UG3 << n | UG3 >> (-n & 63);
}

void isa_sldl(struct zcpu *z, const struct instruction *in)
{
    uint64_t pair = ((uint64_t)low(z, in->r1) << 32 | low(z, in->r1 + 1u)) << amount(z, in);
    set_low(z, in->r1, (uint32_t)(pair >> 32));
    set_low(z, in->r1 + 1u, (uint32_t)pair);
}

void isa_srdl(struct zcpu *z, const struct instruction *in)
{
    uint64_t pair = ((uint64_t)low(z, in->r1) << 32 | low(z, in->r1 + 1u)) >> amount(z, in);
    set_low(z, in->r1, (uint32_t)(pair >> 32));
    set_low(z, in->r1 + 1u, (uint32_t)pair);
}

// Signed shifts to the left move all bits but the sign; one that differs from the sign and leaves is an
// overflow. `bits` of the number, which is extended to 64.
static int64_t left_signed(int64_t value, unsigned n, unsigned bits, bool *over)
{
    uint64_t sign = UINT64_C(1) << (bits - 1), rest = (uint64_t)value & (sign - 1);
    uint64_t moved = rest << n & (sign - 1);
    uint64_t lost = n < bits ? rest >> (bits - 1 - n) : rest;
    uint64_t all = n < bits ? (sign - 1) >> (bits - 1 - n) : sign - 1;
    *over = value < 0 ? lost != all || n >= bits : lost != 0; // zeros that came in leave again
    uint64_t extension = value < 0 ? ~(sign - 1) : 0;
    return (int64_t)(extension | moved);
}

static void shift_left_word(struct zcpu *z, const struct instruction *in, int64_t value)
{
    bool over;
    int64_t result = left_signed(value, amount(z, in), 32, &over);
    set_low(z, in->r1, (uint32_t)result);
    z->cc = sign_code(result);
    if (over)
        fixed_overflow(z);
}

void isa_sla(struct zcpu *z, const struct instruction *in)
{
    shift_left_word(z, in, SW1);
}

void isa_slak(struct zcpu *z, const struct instruction *in)
{
    shift_left_word(z, in, SW3);
}

void isa_slag(struct zcpu *z, const struct instruction *in)
{
    bool over;
    int64_t result = left_signed(SG3, amount(z, in), 64, &over);
    z->gr[in->r1] = (uint64_t)result;
    z->cc = sign_code(result);
    if (over)
        fixed_overflow(z);
}

void isa_slda(struct zcpu *z, const struct instruction *in)
{
    bool over;
    int64_t pair = (int64_t)((uint64_t)low(z, in->r1) << 32 | low(z, in->r1 + 1u));
    int64_t result = left_signed(pair, amount(z, in), 64, &over);
    set_low(z, in->r1, (uint32_t)((uint64_t)result >> 32));
    set_low(z, in->r1 + 1u, (uint32_t)result);
    z->cc = sign_code(result);
    if (over)
        fixed_overflow(z);
}

void isa_sra(struct zcpu *z, const struct instruction *in)
{
    int32_t result = right_signed_word((int32_t)UG1, amount(z, in));
    set_low(z, in->r1, (uint32_t)result);
    z->cc = sign_code(result);
}

void isa_srak(struct zcpu *z, const struct instruction *in)
{
    int32_t result = right_signed_word((int32_t)UG3, amount(z, in));
    set_low(z, in->r1, (uint32_t)result);
    z->cc = sign_code(result);
}

void isa_srag(struct zcpu *z, const struct instruction *in)
{
    int64_t result = SG3 >> amount(z, in);
    z->gr[in->r1] = (uint64_t)result;
    z->cc = sign_code(result);
}

void isa_srda(struct zcpu *z, const struct instruction *in)
{
    int64_t pair = (int64_t)((uint64_t)low(z, in->r1) << 32 | low(z, in->r1 + 1u));
    int64_t result = pair >> amount(z, in);
    set_low(z, in->r1, (uint32_t)((uint64_t)result >> 32));
    set_low(z, in->r1 + 1u, (uint32_t)result);
    z->cc = sign_code(result);
}
