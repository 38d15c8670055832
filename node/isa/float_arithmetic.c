// SPDX-License-Identifier: Apache-2.0
// Binary floating-point sums, products, quotients, roots. float.h says when the host's result is taken.
#include <math.h>

#include "node/isa/families.h"
#include "node/isa/float.h"

// Whether sum is exactly x + y: the error of a sum to nearest can itself be computed exactly (Knuth, The Art
// of Computer Programming 2, 4.2.2). An overflow on the way makes a NaN, and the answer no.
NP_INLINE bool sum_exact_double(double x, double y, double sum)
{
    double part = sum - x;
    return (x - (sum - part)) + (y - part) == 0;
}

NP_INLINE bool sum_exact_float(float x, float y, float sum)
{
    float part = sum - x;
    return (x - (sum - part)) + (y - part) == 0;
}

typedef soft_bits sum_function(struct soft *s, const struct soft_format *f, soft_bits a, soft_bits b);

FLOAT_SOFTLY void sum_softly(struct zcpu *z, const struct soft_format *f, unsigned r1, soft_bits b,
                             sum_function *sum)
{
    struct soft s = float_environment(z);
    soft_bits value = sum(&s, f, float_get(z, f, r1), b);
    float_complete(z, &s, f, r1, value, float_code_of(f, value));
}

// A finite sum has no other exception than inexact: whatever is tiny is exact.
NP_INLINE bool host_sum_double(struct zcpu *z, unsigned r1, double x, double y)
{
    double sum = x + y;
    if (NP_UNLIKELY(!finite_double(sum)))
        return false;
    if (NP_UNLIKELY(!host_inexact(z)) && !(host_environment(z) && sum_exact_double(x, y, sum)))
        return false;
    z->fpr[r1] = double_bits(sum);
    z->cc = sum == 0 ? 0 : sum < 0 ? 1 : 2;
    return true;
}

NP_INLINE bool host_sum_float(struct zcpu *z, unsigned r1, float x, float y)
{
    float sum = x + y;
    if (NP_UNLIKELY(!finite_float(sum)))
        return false;
    if (NP_UNLIKELY(!host_inexact(z)) && !(host_environment(z) && sum_exact_float(x, y, sum)))
        return false;
    set_short(z, r1, float_bits(sum));
    z->cc = sum == 0 ? 0 : sum < 0 ? 1 : 2;
    return true;
}

NP_INLINE void add_double(struct zcpu *z, unsigned r1, uint64_t b)
{
    if (!host_sum_double(z, r1, as_double(z->fpr[r1]), as_double(b)))
        sum_softly(z, &soft_long, r1, b, soft_add);
}

NP_INLINE void subtract_double(struct zcpu *z, unsigned r1, uint64_t b)
{
    if (!host_sum_double(z, r1, as_double(z->fpr[r1]), -as_double(b)))
        sum_softly(z, &soft_long, r1, b, soft_subtract);
}

NP_INLINE void add_float(struct zcpu *z, unsigned r1, uint32_t b)
{
    if (!host_sum_float(z, r1, as_float(short_of(z, r1)), as_float(b)))
        sum_softly(z, &soft_short, r1, b, soft_add);
}

NP_INLINE void subtract_float(struct zcpu *z, unsigned r1, uint32_t b)
{
    if (!host_sum_float(z, r1, as_float(short_of(z, r1)), -as_float(b)))
        sum_softly(z, &soft_short, r1, b, soft_subtract);
}

void isa_aebr(struct zcpu *z, const struct instruction *in)
{
    add_float(z, in->r1, short_of(z, in->r2));
}

void isa_aeb(struct zcpu *z, const struct instruction *in)
{
    add_float(z, in->r1, load32(z, address2x(z, in)));
}

void isa_adbr(struct zcpu *z, const struct instruction *in)
{
    add_double(z, in->r1, z->fpr[in->r2]);
}

void isa_adb(struct zcpu *z, const struct instruction *in)
{
    add_double(z, in->r1, load64(z, address2x(z, in)));
}

void isa_axbr(struct zcpu *z, const struct instruction *in)
{
    sum_softly(z, &soft_extended, in->r1, extended_of(z, in->r2), soft_add);
}

void isa_sebr(struct zcpu *z, const struct instruction *in)
{
    subtract_float(z, in->r1, short_of(z, in->r2));
}

void isa_seb(struct zcpu *z, const struct instruction *in)
{
    subtract_float(z, in->r1, load32(z, address2x(z, in)));
}

void isa_sdbr(struct zcpu *z, const struct instruction *in)
{
    subtract_double(z, in->r1, z->fpr[in->r2]);
}

void isa_sdb(struct zcpu *z, const struct instruction *in)
{
    subtract_double(z, in->r1, load64(z, address2x(z, in)));
}

void isa_sxbr(struct zcpu *z, const struct instruction *in)
{
    sum_softly(z, &soft_extended, in->r1, extended_of(z, in->r2), soft_subtract);
}

// Products. One is exact for certain when the significands' widths together fit.
FLOAT_SOFTLY void multiply_softly(struct zcpu *z, const struct soft_format *from, const struct soft_format *f,
                                  unsigned r1, soft_bits b)
{
    struct soft s = float_environment(z);
    soft_bits value = soft_multiply(&s, from, f, float_get(z, from, r1), b);
    float_complete(z, &s, f, r1, value, CODE_KEPT);
}

NP_INLINE void multiply_double(struct zcpu *z, unsigned r1, uint64_t b)
{
    double x = as_double(z->fpr[r1]), y = as_double(b), product = x * y;
    if (NP_LIKELY(ordinary_double(product) &&
                  (host_inexact(z) || (host_environment(z) && double_width(x) + double_width(y) <= 53))))
        z->fpr[r1] = double_bits(product);
    else
        multiply_softly(z, &soft_long, &soft_long, r1, b);
}

NP_INLINE void multiply_float(struct zcpu *z, unsigned r1, uint32_t b)
{
    float x = as_float(short_of(z, r1)), y = as_float(b), product = x * y;
    if (NP_LIKELY(ordinary_float(product) &&
                  (host_inexact(z) || (host_environment(z) && float_width(x) + float_width(y) <= 24))))
        set_short(z, r1, float_bits(product));
    else
        multiply_softly(z, &soft_short, &soft_short, r1, b);
}

void isa_meebr(struct zcpu *z, const struct instruction *in)
{
    multiply_float(z, in->r1, short_of(z, in->r2));
}

void isa_meeb(struct zcpu *z, const struct instruction *in)
{
    multiply_float(z, in->r1, load32(z, address2x(z, in)));
}

void isa_mdbr(struct zcpu *z, const struct instruction *in)
{
    multiply_double(z, in->r1, z->fpr[in->r2]);
}

void isa_mdb(struct zcpu *z, const struct instruction *in)
{
    multiply_double(z, in->r1, load64(z, address2x(z, in)));
}

void isa_mxbr(struct zcpu *z, const struct instruction *in)
{
    multiply_softly(z, &soft_extended, &soft_extended, in->r1, extended_of(z, in->r2));
}

// Factors of half the product's length: exact.
void isa_mdebr(struct zcpu *z, const struct instruction *in)
{
    multiply_softly(z, &soft_short, &soft_long, in->r1, short_of(z, in->r2));
}

void isa_mdeb(struct zcpu *z, const struct instruction *in)
{
    multiply_softly(z, &soft_short, &soft_long, in->r1, load32(z, address2x(z, in)));
}

void isa_mxdbr(struct zcpu *z, const struct instruction *in)
{
    multiply_softly(z, &soft_long, &soft_extended, in->r1, z->fpr[in->r2]);
}

void isa_mxdb(struct zcpu *z, const struct instruction *in)
{
    multiply_softly(z, &soft_long, &soft_extended, in->r1, load64(z, address2x(z, in)));
}

// Quotients. One that is narrow enough is exact if it gives the dividend back: their product has at most 53
// bits, so even where it is tiny and loses some, it is then too far from the dividend for the quotient to be
// the nearest number.
FLOAT_SOFTLY void divide_softly(struct zcpu *z, const struct soft_format *f, unsigned r1, soft_bits b)
{
    struct soft s = float_environment(z);
    soft_bits value = soft_divide(&s, f, float_get(z, f, r1), b);
    float_complete(z, &s, f, r1, value, CODE_KEPT);
}

NP_INLINE void divide_double(struct zcpu *z, unsigned r1, uint64_t b)
{
    double x = as_double(z->fpr[r1]), y = as_double(b), quotient = x / y;
    if (NP_LIKELY(ordinary_double(quotient) &&
                  (host_inexact(z) || (host_environment(z) && quotient * y == x &&
                                       double_width(quotient) + double_width(y) <= 53))))
        z->fpr[r1] = double_bits(quotient);
    else
        divide_softly(z, &soft_long, r1, b);
}

NP_INLINE void divide_float(struct zcpu *z, unsigned r1, uint32_t b)
{
    float x = as_float(short_of(z, r1)), y = as_float(b), quotient = x / y;
    if (NP_LIKELY(ordinary_float(quotient) &&
                  (host_inexact(z) || (host_environment(z) && quotient * y == x &&
                                       float_width(quotient) + float_width(y) <= 24))))
        set_short(z, r1, float_bits(quotient));
    else
        divide_softly(z, &soft_short, r1, b);
}

void isa_debr(struct zcpu *z, const struct instruction *in)
{
    divide_float(z, in->r1, short_of(z, in->r2));
}

void isa_deb(struct zcpu *z, const struct instruction *in)
{
    divide_float(z, in->r1, load32(z, address2x(z, in)));
}

void isa_ddbr(struct zcpu *z, const struct instruction *in)
{
    divide_double(z, in->r1, z->fpr[in->r2]);
}

void isa_ddb(struct zcpu *z, const struct instruction *in)
{
    divide_double(z, in->r1, load64(z, address2x(z, in)));
}

void isa_dxbr(struct zcpu *z, const struct instruction *in)
{
    divide_softly(z, &soft_extended, in->r1, extended_of(z, in->r2));
}

// Square roots: neither overflow nor underflow. Exact ones are told as with quotients.
FLOAT_SOFTLY void root_softly(struct zcpu *z, const struct soft_format *f, unsigned r1, soft_bits a)
{
    struct soft s = float_environment(z);
    soft_bits value = soft_square_root(&s, f, a);
    float_complete(z, &s, f, r1, value, CODE_KEPT);
}

NP_INLINE void root_double(struct zcpu *z, unsigned r1, uint64_t a)
{
    double x = as_double(a), root = x > 0 ? sqrt(x) : 0;
    if (NP_LIKELY(ordinary_double(root) &&
                  (host_inexact(z) || (host_environment(z) && root * root == x && double_width(root) <= 26))))
        z->fpr[r1] = double_bits(root);
    else
        root_softly(z, &soft_long, r1, a);
}

NP_INLINE void root_float(struct zcpu *z, unsigned r1, uint32_t a)
{
    float x = as_float(a), root = x > 0 ? sqrtf(x) : 0;
    if (NP_LIKELY(ordinary_float(root) &&
                  (host_inexact(z) || (host_environment(z) && root * root == x && float_width(root) <= 12))))
        set_short(z, r1, float_bits(root));
    else
        root_softly(z, &soft_short, r1, a);
}

void isa_sqebr(struct zcpu *z, const struct instruction *in)
{
    root_float(z, in->r1, short_of(z, in->r2));
}

void isa_sqeb(struct zcpu *z, const struct instruction *in)
{
    root_float(z, in->r1, load32(z, address2x(z, in)));
}

void isa_sqdbr(struct zcpu *z, const struct instruction *in)
{
    root_double(z, in->r1, z->fpr[in->r2]);
}

void isa_sqdb(struct zcpu *z, const struct instruction *in)
{
    root_double(z, in->r1, load64(z, address2x(z, in)));
}

void isa_sqxbr(struct zcpu *z, const struct instruction *in)
{
    root_softly(z, &soft_extended, in->r1, extended_of(z, in->r2));
}
