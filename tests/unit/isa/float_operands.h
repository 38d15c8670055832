// SPDX-License-Identifier: Apache-2.0
// Random floating-point operands for tests.
#ifndef NP_TESTS_UNIT_ISA_FLOAT_OPERANDS_H
#define NP_TESTS_UNIT_ISA_FLOAT_OPERANDS_H

#include "node/isa/soft.h"

static uint64_t random_seed = 1;

static inline uint64_t random_bits(void)
{
    random_seed += UINT64_C(0x9e3779b97f4a7c15); // splitmix64
    uint64_t x = random_seed;
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

// An operand at one of the edges of its format: few fraction bits, all ones, ends of the exponents; never a
// NaN.
static inline soft_bits random_operand(const struct soft_format *f)
{
    unsigned fraction_bits = f->precision - 1u, exponent_max = 2 * (unsigned)f->bias + 1;
    soft_bits random = (soft_bits)random_bits() << 64 | random_bits(),
              ones = ((soft_bits)1 << fraction_bits) - 1, fraction;
    uint64_t how = random_bits();
    fraction = how & 3 ? random & ones : 0;
    if ((how & 12) == 0)
        fraction = ones ^ (fraction >> (random_bits() % fraction_bits));
    if ((how & 12) == 4)
        fraction &= ~(ones >> (random_bits() % fraction_bits));
    static const int edges[] = {0, 0, 1, 2, -1, -2, -3};
    unsigned exponent = (unsigned)random_bits() % exponent_max, edge = how >> 8 & 15;
    if (edge < 7)
        exponent = edges[edge] < 0 ? exponent_max + (unsigned)edges[edge] : (unsigned)edges[edge];
    else if (edge < 13)
        exponent = (unsigned)f->bias + (unsigned)(how >> 16 & 127) - 64;
    if ((how >> 24 & 31) == 0) {
        exponent = exponent_max;
        fraction = 0;
    }
    return (soft_bits)(how >> 32 & 1) << (f->width - 1) | (soft_bits)exponent << fraction_bits | fraction;
}

#endif
