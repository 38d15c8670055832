// SPDX-License-Identifier: Apache-2.0
// Sums, products, quotients, roots: exact but for what one last bit can stand for, then rounded once.
#include "node/isa/soft.h"

static bool less(const struct soft_number *a, const struct soft_number *b)
{
    if (a->exponent != b->exponent)
        return a->exponent < b->exponent;
    return a->high != b->high ? a->high < b->high : a->low < b->low;
}

// |big| + |small|, exponents equal, into big.
static void add_magnitudes(struct soft_number *big, const struct soft_number *small)
{
    soft_bits low = big->low + small->low, carry = low < big->low;
    soft_bits high = big->high + small->high, over = high < big->high;
    high += carry;
    over |= high < carry;
    big->high = high;
    big->low = low;
    if (over) {
        soft_shift(big, 1);
        big->high |= (soft_bits)1 << 127;
        big->exponent++;
    }
}

// |big| - |small|.
static void subtract_magnitudes(struct soft *s, struct soft_number *big, const struct soft_number *small)
{
    soft_bits borrow = big->low < small->low;
    big->low -= small->low;
    big->high -= small->high + borrow;
    if (big->high == 0 && big->low == 0)
        *big = (struct soft_number){.kind = SOFT_IS_ZERO, .negative = s->mode == SOFT_DOWN};
    else
        soft_normalise(big);
}

static void sum_specially(struct soft *s, const struct soft_number *a, const struct soft_number *b,
                          struct soft_number *out)
{
    bool opposite = a->negative != b->negative;
    if (a->kind == SOFT_IS_INFINITE && b->kind == SOFT_IS_INFINITE && opposite)
        soft_invalid(s, out);
    else if (a->kind == SOFT_IS_ZERO && b->kind == SOFT_IS_ZERO)
        *out = (struct soft_number){.kind = SOFT_IS_ZERO,
                                    .negative = opposite ? s->mode == SOFT_DOWN : a->negative};
    else
        *out = a->kind == SOFT_IS_INFINITE || b->kind == SOFT_IS_ZERO ? *a : *b;
}

void soft_sum(struct soft *s, const struct soft_number *a, const struct soft_number *b,
              struct soft_number *out)
{
    if (a->kind != SOFT_IS_NUMBER || b->kind != SOFT_IS_NUMBER) {
        sum_specially(s, a, b, out);
        return;
    }
    bool swap = less(a, b);
    struct soft_number big = swap ? *b : *a, small = swap ? *a : *b;
    soft_shift(&small, (uint32_t)(big.exponent - small.exponent));
    if (big.negative == small.negative)
        add_magnitudes(&big, &small);
    else
        subtract_magnitudes(s, &big, &small);
    *out = big;
}

static soft_bits add(struct soft *s, const struct soft_format *f, soft_bits a, soft_bits b, bool subtract)
{
    struct soft_number x = soft_unpack(f, a), y = soft_unpack(f, b), sum;
    if (!soft_nan(s, &x, &y, NULL, &sum)) {
        y.negative ^= subtract;
        soft_sum(s, &x, &y, &sum);
    }
    return soft_pack(s, f, &sum);
}

soft_bits soft_add(struct soft *s, const struct soft_format *f, soft_bits a, soft_bits b)
{
    return add(s, f, a, b, false);
}

soft_bits soft_subtract(struct soft *s, const struct soft_format *f, soft_bits a, soft_bits b)
{
    return add(s, f, a, b, true);
}

// The 256 bits of high * high; the low parts of both factors are 0.
static void multiply_significands(const struct soft_number *a, const struct soft_number *b,
                                  struct soft_number *out)
{
    uint64_t a1 = (uint64_t)(a->high >> 64), a0 = (uint64_t)a->high;
    uint64_t b1 = (uint64_t)(b->high >> 64), b0 = (uint64_t)b->high;
    soft_bits low = (soft_bits)a0 * b0, middle = (soft_bits)a1 * b0, other = (soft_bits)a0 * b1;
    soft_bits column = (low >> 64) + (uint64_t)middle + (uint64_t)other;
    out->low = column << 64 | (uint64_t)low;
    out->high = (soft_bits)a1 * b1 + (middle >> 64) + (other >> 64) + (column >> 64);
}

// Neither is a NaN.
static void product(struct soft *s, const struct soft_number *a, const struct soft_number *b,
                    struct soft_number *out)
{
    bool zero = a->kind == SOFT_IS_ZERO || b->kind == SOFT_IS_ZERO;
    bool infinite = a->kind == SOFT_IS_INFINITE || b->kind == SOFT_IS_INFINITE;
    *out = (struct soft_number){.negative = a->negative != b->negative};
    if (zero && infinite) {
        soft_invalid(s, out);
    } else if (zero || infinite) {
        out->kind = zero ? SOFT_IS_ZERO : SOFT_IS_INFINITE;
    } else {
        out->kind = SOFT_IS_NUMBER;
        out->exponent = a->exponent + b->exponent + 1;
        multiply_significands(a, b, out);
        soft_normalise(out);
    }
}

soft_bits soft_multiply(struct soft *s, const struct soft_format *from, const struct soft_format *f,
                        soft_bits a, soft_bits b)
{
    struct soft_number x = soft_unpack(from, a), y = soft_unpack(from, b), out;
    if (!soft_nan(s, &x, &y, NULL, &out))
        product(s, &x, &y, &out);
    return soft_pack(s, f, &out);
}

// An invalid product (infinity by zero) is the default NaN whatever the addend is: the product comes first.
static void product_and_sum(struct soft *s, const struct soft_number *x, const struct soft_number *y,
                            struct soft_number *z, bool subtract, struct soft_number *out)
{
    struct soft_number p;
    if (!soft_is_nan(x) && !soft_is_nan(y)) {
        product(s, x, y, &p);
        if (soft_is_nan(&p)) {
            *out = p;
            return;
        }
    }
    if (soft_nan(s, x, y, z, out))
        return;
    z->negative ^= subtract;
    soft_sum(s, &p, z, out);
}

soft_bits soft_multiply_add(struct soft *s, const struct soft_format *f, soft_bits a, soft_bits b,
                            soft_bits c, bool subtract)
{
    struct soft_number x = soft_unpack(f, a), y = soft_unpack(f, b), z = soft_unpack(f, c), out;
    product_and_sum(s, &x, &y, &z, subtract, &out);
    return soft_pack(s, f, &out);
}

// 128 bits of a/b by long division, and whether something is left.
static void divide_significands(const struct soft_number *a, const struct soft_number *b,
                                struct soft_number *out)
{
    soft_bits divisor = b->high, rest = a->high, quotient = 0;
    bool carry = false;
    for (unsigned i = 0; i < 128; i++) {
        bool fits = carry || rest >= divisor;
        rest -= fits ? divisor : 0;
        quotient = quotient << 1 | fits;
        carry = rest >> 127;
        rest <<= 1;
    }
    out->high = quotient;
    out->low = carry || rest;
}

static void quotient(struct soft *s, const struct soft_number *a, const struct soft_number *b,
                     struct soft_number *out)
{
    *out = (struct soft_number){.negative = a->negative != b->negative};
    if (a->kind == b->kind && a->kind != SOFT_IS_NUMBER) {
        soft_invalid(s, out);
    } else if (a->kind == SOFT_IS_INFINITE || b->kind == SOFT_IS_ZERO) {
        s->raised |= a->kind == SOFT_IS_INFINITE ? 0 : SOFT_DIVISION;
        out->kind = SOFT_IS_INFINITE;
    } else if (a->kind == SOFT_IS_NUMBER && b->kind == SOFT_IS_NUMBER) {
        out->kind = SOFT_IS_NUMBER;
        out->exponent = a->exponent - b->exponent;
        divide_significands(a, b, out);
        soft_normalise(out);
    }
}

soft_bits soft_divide(struct soft *s, const struct soft_format *f, soft_bits a, soft_bits b)
{
    struct soft_number x = soft_unpack(f, a), y = soft_unpack(f, b), out;
    if (!soft_nan(s, &x, &y, NULL, &out))
        quotient(s, &x, &y, &out);
    return soft_pack(s, f, &out);
}

// `bits` bits of the root, two bits of the radicand for each, and whether something is left.
static void root(const struct soft_number *a, unsigned bits, struct soft_number *out)
{
    bool odd = a->exponent & 1;
    soft_bits radicand = a->high, found = 0, rest = 0;
    out->exponent = (a->exponent - odd) / 2;
    // The first two bits are 01.x for an even exponent, 1x.x for an odd one.
    unsigned first = odd ? 2 : 1;
    for (unsigned i = 0; i < bits; i++) {
        unsigned n = i ? 2 : first;
        rest = rest << n | radicand >> (128 - n);
        radicand <<= n;
        soft_bits trial = found << 2 | 1;
        bool fits = rest >= trial;
        rest -= fits ? trial : 0;
        found = found << 1 | fits;
    }
    out->high = found << (128 - bits);
    out->low = rest || radicand;
}

soft_bits soft_square_root(struct soft *s, const struct soft_format *f, soft_bits a)
{
    struct soft_number x = soft_unpack(f, a), out = x;
    if (!soft_nan(s, &x, NULL, NULL, &out) && x.kind != SOFT_IS_ZERO) {
        if (x.negative)
            soft_invalid(s, &out);
        else if (x.kind == SOFT_IS_NUMBER)
            root(&x, f->precision + 2u, &out);
    }
    return soft_pack(s, f, &out);
}
