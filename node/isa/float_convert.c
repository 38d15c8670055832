// SPDX-License-Identifier: Apache-2.0
// Binary floating-point conversions: between formats, to whole numbers, to and from integers.
#include <math.h>

#include "node/isa/families.h"
#include "node/isa/float.h"

// LOAD LENGTHENED. Only a signaling NaN is an exception.
FLOAT_SOFTLY void lengthen(struct zcpu *z, const struct soft_format *from, const struct soft_format *f,
                           unsigned r1, soft_bits a)
{
    struct soft s = float_environment(z);
    soft_bits value = soft_resize(&s, from, f, a);
    float_complete(z, &s, f, r1, value, CODE_KEPT);
}

NP_INLINE void lengthen_float(struct zcpu *z, unsigned r1, uint32_t a)
{
    float value = as_float(a);
    if (NP_LIKELY(!__builtin_isunordered(value, value)))
        z->fpr[r1] = double_bits((double)value);
    else
        lengthen(z, &soft_short, &soft_long, r1, a);
}

void isa_ldebr(struct zcpu *z, const struct instruction *in)
{
    lengthen_float(z, in->r1, short_of(z, in->r2));
}

void isa_ldeb(struct zcpu *z, const struct instruction *in)
{
    lengthen_float(z, in->r1, load32(z, address2x(z, in)));
}

void isa_lxebr(struct zcpu *z, const struct instruction *in)
{
    lengthen(z, &soft_short, &soft_extended, in->r1, short_of(z, in->r2));
}

void isa_lxeb(struct zcpu *z, const struct instruction *in)
{
    lengthen(z, &soft_short, &soft_extended, in->r1, load32(z, address2x(z, in)));
}

void isa_lxdbr(struct zcpu *z, const struct instruction *in)
{
    lengthen(z, &soft_long, &soft_extended, in->r1, z->fpr[in->r2]);
}

void isa_lxdb(struct zcpu *z, const struct instruction *in)
{
    lengthen(z, &soft_long, &soft_extended, in->r1, load64(z, address2x(z, in)));
}

// LOAD ROUNDED. Where overflow or underflow traps, the result has the format of the source.
FLOAT_SOFTLY void load_rounded(struct zcpu *z, const struct instruction *in, const struct soft_format *from,
                               const struct soft_format *f)
{
    struct soft s = float_environment(z);
    float_modifiers(z, in, false, &s);
    soft_bits value = soft_resize(&s, from, f, float_get(z, from, in->r2));
    float_complete(z, &s, s.scaled ? from : f, in->r1, value, CODE_KEPT);
}

void isa_ledbr(struct zcpu *z, const struct instruction *in)
{
    double a = as_double(z->fpr[in->r2]);
    float value = (float)a;
    if (NP_LIKELY(ordinary_float(value) && !in->m3 && !in->m4 &&
                  (host_inexact(z) || (host_environment(z) && (double)value == a))))
        set_short(z, in->r1, float_bits(value));
    else
        load_rounded(z, in, &soft_long, &soft_short);
}

void isa_lexbr(struct zcpu *z, const struct instruction *in)
{
    load_rounded(z, in, &soft_extended, &soft_short);
}

void isa_ldxbr(struct zcpu *z, const struct instruction *in)
{
    load_rounded(z, in, &soft_extended, &soft_long);
}

// LOAD FP INTEGER.
FLOAT_SOFTLY void load_integer(struct zcpu *z, const struct instruction *in, const struct soft_format *f)
{
    struct soft s = float_environment(z);
    float_modifiers(z, in, true, &s);
    soft_bits value = soft_integral(&s, f, float_get(z, f, in->r2));
    float_complete(z, &s, f, in->r1, value, CODE_KEPT);
}

void isa_fiebr(struct zcpu *z, const struct instruction *in)
{
    load_integer(z, in, &soft_short);
}

// To nearest, towards zero, up or down; anything else gives a NaN.
NP_INLINE double whole_double(double a, unsigned m3)
{
    switch (m3) {
    case 0:
    case 4:
        return rint(a);
    case 5:
        return trunc(a);
    case 6:
        return ceil(a);
    case 7:
        return floor(a);
    default:
        return NAN;
    }
}

void isa_fidbr(struct zcpu *z, const struct instruction *in)
{
    double a = as_double(z->fpr[in->r2]), value = whole_double(a, in->m3);
    if (NP_LIKELY(finite_double(value) && (host_inexact(z) || (host_environment(z) && value == a))))
        z->fpr[in->r1] = double_bits(value);
    else
        load_integer(z, in, &soft_long);
}

void isa_fixbr(struct zcpu *z, const struct instruction *in)
{
    load_integer(z, in, &soft_extended);
}

// CONVERT FROM FIXED, CONVERT FROM LOGICAL.
static void from_integer(struct zcpu *z, const struct instruction *in, const struct soft_format *f,
                         bool negative, uint64_t magnitude)
{
    struct soft s = float_environment(z);
    float_modifiers(z, in, false, &s);
    soft_bits value = soft_from_integer(&s, f, negative, magnitude);
    float_complete(z, &s, f, in->r1, value, CODE_KEPT);
}

FLOAT_SOFTLY void from_signed(struct zcpu *z, const struct instruction *in, const struct soft_format *f,
                              int64_t value)
{
    from_integer(z, in, f, value < 0, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

// Up to 53 bits convert exactly, in whatever mode.
NP_INLINE void double_from_signed(struct zcpu *z, const struct instruction *in, int64_t value)
{
    const int64_t limit = INT64_C(1) << 53;
    if (NP_LIKELY(value <= limit && value >= -limit && !in->m3))
        z->fpr[in->r1] = double_bits((double)value);
    else
        from_signed(z, in, &soft_long, value);
}

void isa_cdfbr(struct zcpu *z, const struct instruction *in)
{
    double_from_signed(z, in, (int32_t)low(z, in->r2));
}

void isa_cdgbr(struct zcpu *z, const struct instruction *in)
{
    double_from_signed(z, in, (int64_t)z->gr[in->r2]);
}

void isa_cefbr(struct zcpu *z, const struct instruction *in)
{
    from_signed(z, in, &soft_short, (int32_t)low(z, in->r2));
}

void isa_cegbr(struct zcpu *z, const struct instruction *in)
{
    from_signed(z, in, &soft_short, (int64_t)z->gr[in->r2]);
}

void isa_celfbr(struct zcpu *z, const struct instruction *in)
{
    from_integer(z, in, &soft_short, false, low(z, in->r2));
}

void isa_celgbr(struct zcpu *z, const struct instruction *in)
{
    from_integer(z, in, &soft_short, false, z->gr[in->r2]);
}

void isa_cdlfbr(struct zcpu *z, const struct instruction *in)
{
    from_integer(z, in, &soft_long, false, low(z, in->r2));
}

void isa_cdlgbr(struct zcpu *z, const struct instruction *in)
{
    from_integer(z, in, &soft_long, false, z->gr[in->r2]);
}

void isa_cxfbr(struct zcpu *z, const struct instruction *in)
{
    from_signed(z, in, &soft_extended, (int32_t)low(z, in->r2));
}

void isa_cxgbr(struct zcpu *z, const struct instruction *in)
{
    from_signed(z, in, &soft_extended, (int64_t)z->gr[in->r2]);
}

void isa_cxlfbr(struct zcpu *z, const struct instruction *in)
{
    from_integer(z, in, &soft_extended, false, low(z, in->r2));
}

void isa_cxlgbr(struct zcpu *z, const struct instruction *in)
{
    from_integer(z, in, &soft_extended, false, z->gr[in->r2]);
}

// CONVERT TO FIXED, CONVERT TO LOGICAL.
FLOAT_SOFTLY void to_integer(struct zcpu *z, const struct instruction *in, const struct soft_format *f,
                             unsigned bits, bool is_signed)
{
    struct soft s = float_environment(z);
    uint8_t cc;
    float_modifiers(z, in, true, &s);
    uint64_t value = soft_to_integer(&s, f, float_get(z, f, in->r2), bits, is_signed, &cc);
    float_check(z, &s);
    if (bits == 32)
        set_low(z, in->r1, (uint32_t)value);
    else
        z->gr[in->r1] = value;
    z->cc = cc;
    float_finish(z, &s);
}

// What compilers write for a cast: towards zero, from a number that fits. False: not so.
NP_INLINE bool double_cast(struct zcpu *z, const struct instruction *in, double limit, int64_t *whole)
{
    double a = as_double(z->fpr[in->r2]);
    if (in->m3 != 5 || in->m4 || !(a < limit && a > -limit))
        return false;
    *whole = (int64_t)a;
    if (!host_inexact(z) && !(host_environment(z) && (double)*whole == a))
        return false;
    z->cc = a == 0 ? 0 : a < 0 ? 1 : 2;
    return true;
}

void isa_cfdbr(struct zcpu *z, const struct instruction *in)
{
    int64_t whole;
    if (NP_LIKELY(double_cast(z, in, 0x1p31, &whole)))
        set_low(z, in->r1, (uint32_t)whole);
    else
        to_integer(z, in, &soft_long, 32, true);
}

void isa_cgdbr(struct zcpu *z, const struct instruction *in)
{
    int64_t whole;
    if (NP_LIKELY(double_cast(z, in, 0x1p63, &whole)))
        z->gr[in->r1] = (uint64_t)whole;
    else
        to_integer(z, in, &soft_long, 64, true);
}

void isa_cfebr(struct zcpu *z, const struct instruction *in)
{
    to_integer(z, in, &soft_short, 32, true);
}

void isa_clfebr(struct zcpu *z, const struct instruction *in)
{
    to_integer(z, in, &soft_short, 32, false);
}

void isa_cgebr(struct zcpu *z, const struct instruction *in)
{
    to_integer(z, in, &soft_short, 64, true);
}

void isa_clgebr(struct zcpu *z, const struct instruction *in)
{
    to_integer(z, in, &soft_short, 64, false);
}

void isa_clfdbr(struct zcpu *z, const struct instruction *in)
{
    to_integer(z, in, &soft_long, 32, false);
}

void isa_clgdbr(struct zcpu *z, const struct instruction *in)
{
    to_integer(z, in, &soft_long, 64, false);
}

void isa_cfxbr(struct zcpu *z, const struct instruction *in)
{
    to_integer(z, in, &soft_extended, 32, true);
}

void isa_clfxbr(struct zcpu *z, const struct instruction *in)
{
    to_integer(z, in, &soft_extended, 32, false);
}

void isa_cgxbr(struct zcpu *z, const struct instruction *in)
{
    to_integer(z, in, &soft_extended, 64, true);
}

void isa_clgxbr(struct zcpu *z, const struct instruction *in)
{
    to_integer(z, in, &soft_extended, 64, false);
}
