// SPDX-License-Identifier: Apache-2.0
// Conversions between formats and to and from integers, comparison, data classes.
#include "node/isa/soft.h"

soft_bits soft_resize(struct soft *s, const struct soft_format *from, const struct soft_format *f,
                      soft_bits a)
{
    struct soft_number x = soft_unpack(from, a), nan;
    return soft_pack_scaled(s, f, from, from->rounded_scale, soft_nan(s, &x, NULL, NULL, &nan) ? &nan : &x);
}

// The magnitude rounded to an integer; exponent less than 127.
static soft_bits to_whole(struct soft *s, const struct soft_number *x, bool *inexact)
{
    struct soft_number v = *x;
    if (v.exponent >= -1)
        return soft_take(s, &v, (unsigned)(v.exponent + 1), inexact);
    soft_shift(&v, (uint32_t)(-1 - v.exponent));
    return soft_take(s, &v, 0, inexact);
}

soft_bits soft_integral(struct soft *s, const struct soft_format *f, soft_bits a)
{
    struct soft_number x = soft_unpack(f, a), out = x;
    bool inexact;
    if (soft_nan(s, &x, NULL, NULL, &out) || x.kind != SOFT_IS_NUMBER || x.exponent >= f->precision - 1)
        return soft_pack(s, f, &out);
    out.low = to_whole(s, &x, &inexact);
    out.high = 0;
    out.exponent = 255;
    bool incremented = s->incremented;
    s->raised |= inexact ? SOFT_INEXACT : 0;
    if (out.low)
        soft_normalise(&out);
    else
        out.kind = SOFT_IS_ZERO;
    soft_bits bits = soft_pack(s, f, &out);
    s->incremented = incremented;
    return bits;
}

// What an invalid conversion gives (Principles of Operation, "CONVERT TO FIXED", "CONVERT TO LOGICAL"). What
// is too large is also inexact, unlike in IEEE 754; a NaN is not.
static uint64_t out_of_range(struct soft *s, unsigned bits, bool is_signed, bool nan, bool negative)
{
    uint64_t most = UINT64_MAX >> (64 - bits), sign = is_signed ? UINT64_C(1) << (bits - 1) : 0;
    s->raised |= nan ? SOFT_INVALID : SOFT_INVALID | SOFT_INEXACT;
    s->incremented = false;
    return nan || negative ? sign : most ^ sign;
}

uint64_t soft_to_integer(struct soft *s, const struct soft_format *f, soft_bits a, unsigned bits,
                         bool is_signed, uint8_t *cc)
{
    struct soft_number x = soft_unpack(f, a);
    bool inexact = false;
    soft_bits whole = 0, limit = (soft_bits)1 << (bits - is_signed);
    *cc = x.kind == SOFT_IS_ZERO ? 0 : x.negative ? 1 : 2;
    s->incremented = false;
    if (x.kind == SOFT_IS_NUMBER)
        whole = x.exponent >= 65 ? limit + 1 : to_whole(s, &x, &inexact);
    if (x.negative)
        limit = is_signed ? limit : 0;
    else
        limit--;
    if (soft_is_nan(&x) || x.kind == SOFT_IS_INFINITE || whole > limit) {
        *cc = 3;
        return out_of_range(s, bits, is_signed, soft_is_nan(&x), x.negative);
    }
    s->raised |= inexact ? SOFT_INEXACT : 0;
    return x.negative ? 0 - (uint64_t)whole : (uint64_t)whole;
}

soft_bits soft_from_integer(struct soft *s, const struct soft_format *f, bool negative, uint64_t magnitude)
{
    struct soft_number x = {.kind = SOFT_IS_NUMBER, .negative = negative, .exponent = 255, .low = magnitude};
    if (magnitude == 0)
        return 0;
    soft_normalise(&x);
    return soft_pack(s, f, &x);
}

// A value's place in order: the bits of a format order magnitudes.
static bool before(const struct soft_format *f, soft_bits a, soft_bits b)
{
    soft_bits sign = (soft_bits)1 << (f->width - 1);
    if ((a ^ b) & sign)
        return a & sign;
    return a & sign ? a > b : a < b;
}

uint8_t soft_compare(struct soft *s, const struct soft_format *f, soft_bits a, soft_bits b, bool signal)
{
    struct soft_number x = soft_unpack(f, a), y = soft_unpack(f, b), nan;
    if (soft_nan(s, &x, &y, NULL, &nan)) {
        s->raised |= signal ? SOFT_INVALID : 0;
        return 3;
    }
    if (a == b || (x.kind == SOFT_IS_ZERO && y.kind == SOFT_IS_ZERO))
        return 0;
    return before(f, a, b) ? 1 : 2;
}

// Principles of Operation, "TEST DATA CLASS": positive and negative zero, normal, subnormal, infinity, quiet
// and signaling NaN, from bit 52 on.
uint32_t soft_class(const struct soft_format *f, soft_bits a)
{
    struct soft_number x = soft_unpack(f, a);
    static const uint32_t classes[] = {[SOFT_IS_ZERO] = 0x800,
                                       [SOFT_IS_NUMBER] = 0x200,
                                       [SOFT_IS_INFINITE] = 0x20,
                                       [SOFT_IS_QUIET] = 0x8,
                                       [SOFT_IS_SIGNALING] = 0x2};
    uint32_t bit = classes[x.kind];
    if (x.kind == SOFT_IS_NUMBER && x.exponent < 1 - f->bias)
        bit = 0x80;
    return bit >> x.negative;
}
