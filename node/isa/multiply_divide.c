// SPDX-License-Identifier: Apache-2.0
#include "node/isa/operands.h"

// The product of words in an even-odd pair of words.
static void word_pair(struct zcpu *z, unsigned r, uint64_t product)
{
    set_low(z, r, (uint32_t)(product >> 32));
    set_low(z, r + 1, (uint32_t)product);
}

#define ODD(r) z->gr[(r) + 1u]

// Products in an even-odd pair: the multiplicand is in the odd register.
void isa_mr(struct zcpu *z, const struct instruction *in)
{
    word_pair(z, in->r1, (uint64_t)((int64_t)(int32_t)ODD(in->r1) * SW2));
}

void isa_m(struct zcpu *z, const struct instruction *in)
{
    word_pair(z, in->r1, (uint64_t)((int64_t)(int32_t)ODD(in->r1) * SW_STORAGE));
}

void isa_mlr(struct zcpu *z, const struct instruction *in)
{
    word_pair(z, in->r1, (uint32_t)ODD(in->r1) * UW2);
}

void isa_ml(struct zcpu *z, const struct instruction *in)
{
    word_pair(z, in->r1, (uint32_t)ODD(in->r1) * UW_STORAGE);
}

static void logical_pair(struct zcpu *z, unsigned r, uint64_t multiplier)
{
    unsigned __int128 product = (unsigned __int128)ODD(r) * multiplier;
    z->gr[r] = (uint64_t)(product >> 64);
    ODD(r) = (uint64_t)product;
}

void isa_mlgr(struct zcpu *z, const struct instruction *in)
{
    logical_pair(z, in->r1, UG2);
}

void isa_mlg(struct zcpu *z, const struct instruction *in)
{
    logical_pair(z, in->r1, UG_STORAGE);
}

// Products of the size of their operands: what does not fit is lost, the condition code stays.
#define SINGLE_WORD(name, second)                                                                            \
    void isa_##name(struct zcpu *z, const struct instruction *in)                                            \
    {                                                                                                        \
        set_low(z, in->r1, (uint32_t)(UW1 * (uint64_t)(second)));                                            \
    }
#define SINGLE_ALL(name, second)                                                                             \
    void isa_##name(struct zcpu *z, const struct instruction *in)                                            \
    {                                                                                                        \
        z->gr[in->r1] = UG1 * (uint64_t)(second);                                                            \
    }
SINGLE_WORD(mh, SH_STORAGE)
SINGLE_WORD(mhi, S_IMMEDIATE)
SINGLE_ALL(mghi, S_IMMEDIATE)
SINGLE_WORD(msr, SW2)
SINGLE_ALL(msgr, SG2)
SINGLE_ALL(msgfr, SW2)
SINGLE_WORD(ms, SW_STORAGE)
SINGLE_ALL(msg, SG_STORAGE)
SINGLE_ALL(msgf, SW_STORAGE)

// Divisions: the remainder goes into the even register, the quotient into the odd one. A divisor of zero or a
// quotient that does not fit is a fixed-point-divide exception, and nothing changes.
static void divide_words(struct zcpu *z, unsigned r, int64_t divisor)
{
    int64_t dividend = (int64_t)((uint64_t)low(z, r) << 32 | low(z, r + 1));
    if (divisor == 0 || (dividend == INT64_MIN && divisor == -1))
        program_check(z, PGM_FIXED_DIVIDE);
    int64_t quotient = dividend / divisor;
    if (quotient != (int32_t)quotient)
        program_check(z, PGM_FIXED_DIVIDE);
    set_low(z, r, (uint32_t)(dividend % divisor));
    set_low(z, r + 1, (uint32_t)quotient);
}

static void divide_single(struct zcpu *z, unsigned r, int64_t divisor)
{
    int64_t dividend = (int64_t)ODD(r);
    if (divisor == 0 || (dividend == INT64_MIN && divisor == -1))
        program_check(z, PGM_FIXED_DIVIDE);
    z->gr[r] = (uint64_t)(dividend % divisor);
    ODD(r) = (uint64_t)(dividend / divisor);
}

static void divide_logical_words(struct zcpu *z, unsigned r, uint64_t divisor)
{
    uint64_t dividend = (uint64_t)low(z, r) << 32 | low(z, r + 1);
    if (divisor == 0 || dividend / divisor > UINT32_MAX)
        program_check(z, PGM_FIXED_DIVIDE);
    set_low(z, r, (uint32_t)(dividend % divisor));
    set_low(z, r + 1, (uint32_t)(dividend / divisor));
}

static void divide_logical(struct zcpu *z, unsigned r, uint64_t divisor)
{
    unsigned __int128 dividend = (unsigned __int128)z->gr[r] << 64 | ODD(r);
    if (z->gr[r] >= divisor) // a divisor of zero, too
        program_check(z, PGM_FIXED_DIVIDE);
    z->gr[r] = (uint64_t)(dividend % divisor);
    ODD(r) = (uint64_t)(dividend / divisor);
}

#define DIVIDE(name, how, divisor)                                                                           \
    void isa_##name(struct zcpu *z, const struct instruction *in)                                            \
    {                                                                                                        \
        how(z, in->r1, divisor);                                                                             \
    }
DIVIDE(dr, divide_words, SW2)
DIVIDE(d, divide_words, SW_STORAGE)
DIVIDE(dsgr, divide_single, SG2)
DIVIDE(dsgfr, divide_single, SW2)
DIVIDE(dsg, divide_single, SG_STORAGE)
DIVIDE(dsgf, divide_single, SW_STORAGE)
DIVIDE(dlr, divide_logical_words, UW2)
DIVIDE(dl, divide_logical_words, UW_STORAGE)
DIVIDE(dlgr, divide_logical, UG2)
DIVIDE(dlg, divide_logical, UG_STORAGE)
