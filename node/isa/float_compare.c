// SPDX-License-Identifier: Apache-2.0
// Binary floating-point comparisons and tests of a datum.
#include "node/isa/families.h"
#include "node/isa/float.h"

FLOAT_SOFTLY void compare_softly(struct zcpu *z, const struct soft_format *f, soft_bits a, soft_bits b,
                                 bool signal)
{
    struct soft s = float_environment(z);
    uint8_t cc = soft_compare(&s, f, a, b, signal);
    float_check(z, &s);
    z->cc = cc;
    float_finish(z, &s);
}

// The host compares as the guest does, but for NaNs.
NP_INLINE void compare_double(struct zcpu *z, uint64_t a, uint64_t b, bool signal)
{
    double x = as_double(a), y = as_double(b);
    if (NP_LIKELY(!__builtin_isunordered(x, y)))
        z->cc = x == y ? 0 : x < y ? 1 : 2;
    else
        compare_softly(z, &soft_long, a, b, signal);
}

NP_INLINE void compare_float(struct zcpu *z, uint32_t a, uint32_t b, bool signal)
{
    float x = as_float(a), y = as_float(b);
    if (NP_LIKELY(!__builtin_isunordered(x, y)))
        z->cc = x == y ? 0 : x < y ? 1 : 2;
    else
        compare_softly(z, &soft_short, a, b, signal);
}

void isa_cebr(struct zcpu *z, const struct instruction *in)
{
    compare_float(z, short_of(z, in->r1), short_of(z, in->r2), false);
}

void isa_ceb(struct zcpu *z, const struct instruction *in)
{
    compare_float(z, short_of(z, in->r1), load32(z, address2x(z, in)), false);
}

void isa_cdbr(struct zcpu *z, const struct instruction *in)
{
    compare_double(z, z->fpr[in->r1], z->fpr[in->r2], false);
}

void isa_cdb(struct zcpu *z, const struct instruction *in)
{
    compare_double(z, z->fpr[in->r1], load64(z, address2x(z, in)), false);
}

void isa_cxbr(struct zcpu *z, const struct instruction *in)
{
    compare_softly(z, &soft_extended, extended_of(z, in->r1), extended_of(z, in->r2), false);
}

void isa_kebr(struct zcpu *z, const struct instruction *in)
{
    compare_float(z, short_of(z, in->r1), short_of(z, in->r2), true);
}

void isa_keb(struct zcpu *z, const struct instruction *in)
{
    compare_float(z, short_of(z, in->r1), load32(z, address2x(z, in)), true);
}

void isa_kdbr(struct zcpu *z, const struct instruction *in)
{
    compare_double(z, z->fpr[in->r1], z->fpr[in->r2], true);
}

void isa_kdb(struct zcpu *z, const struct instruction *in)
{
    compare_double(z, z->fpr[in->r1], load64(z, address2x(z, in)), true);
}

void isa_kxbr(struct zcpu *z, const struct instruction *in)
{
    compare_softly(z, &soft_extended, extended_of(z, in->r1), extended_of(z, in->r2), true);
}

// LOAD AND TEST: a move with a condition code, but a signaling NaN is invalid and becomes quiet.
FLOAT_SOFTLY void load_and_test(struct zcpu *z, const struct soft_format *f, const struct instruction *in)
{
    struct soft s = float_environment(z);
    s.masks &= SOFT_INVALID; // a tiny number is moved, not computed
    soft_bits value = soft_resize(&s, f, f, float_get(z, f, in->r2));
    float_complete(z, &s, f, in->r1, value, float_code_of(f, value));
}

void isa_ltebr(struct zcpu *z, const struct instruction *in)
{
    load_and_test(z, &soft_short, in);
}

void isa_ltdbr(struct zcpu *z, const struct instruction *in)
{
    uint64_t value = z->fpr[in->r2];
    uint8_t cc = double_code(value);
    if (NP_UNLIKELY(cc == 3)) {
        load_and_test(z, &soft_long, in);
        return;
    }
    z->fpr[in->r1] = value;
    z->cc = cc;
}

void isa_ltxbr(struct zcpu *z, const struct instruction *in)
{
    load_and_test(z, &soft_extended, in);
}

// TEST DATA CLASS: the classes asked for are in the low twelve bits of the second operand's address.
static void test_class(struct zcpu *z, const struct soft_format *f, const struct instruction *in)
{
    z->cc = (address2x(z, in) & soft_class(f, float_get(z, f, in->r1))) != 0;
}

void isa_tceb(struct zcpu *z, const struct instruction *in)
{
    test_class(z, &soft_short, in);
}

void isa_tcdb(struct zcpu *z, const struct instruction *in)
{
    test_class(z, &soft_long, in);
}

void isa_tcxb(struct zcpu *z, const struct instruction *in)
{
    test_class(z, &soft_extended, in);
}
