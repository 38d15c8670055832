// SPDX-License-Identifier: Apache-2.0
#include "node/isa/operands.h"

// Operands are numbers of 64 bits in the range of their own, so a sum of words cannot overflow here.
static inline void word_result(struct zcpu *z, unsigned r, int64_t result)
{
    set_low(z, r, (uint32_t)result);
    z->cc = sign_code((int32_t)result);
    if (result != (int32_t)result)
        fixed_overflow(z);
}

static inline void high_result(struct zcpu *z, unsigned r, int64_t result)
{
    set_high(z, r, (uint32_t)result);
    z->cc = sign_code((int32_t)result);
    if (result != (int32_t)result)
        fixed_overflow(z);
}

static inline void add_word(struct zcpu *z, unsigned r, int64_t a, int64_t b)
{
    word_result(z, r, a + b);
}

static inline void subtract_word(struct zcpu *z, unsigned r, int64_t a, int64_t b)
{
    word_result(z, r, a - b);
}

static inline void add_high(struct zcpu *z, unsigned r, int64_t a, int64_t b)
{
    high_result(z, r, a + b);
}

static inline void subtract_high(struct zcpu *z, unsigned r, int64_t a, int64_t b)
{
    high_result(z, r, a - b);
}

static inline void add_all(struct zcpu *z, unsigned r, int64_t a, int64_t b)
{
    int64_t sum;
    bool over = __builtin_add_overflow(a, b, &sum);
    z->gr[r] = (uint64_t)sum;
    z->cc = sign_code(sum);
    if (over)
        fixed_overflow(z);
}

static inline void subtract_all(struct zcpu *z, unsigned r, int64_t a, int64_t b)
{
    int64_t difference;
    bool over = __builtin_sub_overflow(a, b, &difference);
    z->gr[r] = (uint64_t)difference;
    z->cc = sign_code(difference);
    if (over)
        fixed_overflow(z);
}

// a + b + carry without sign; sets the condition code. Returns the low 32 bits.
static inline uint32_t logical_sum(struct zcpu *z, uint64_t a, uint64_t b, unsigned carry)
{
    uint64_t sum = (uint64_t)(uint32_t)a + (uint32_t)b + carry;
    z->cc = carry_code((uint32_t)sum, sum >> 32);
    return (uint32_t)sum;
}

static inline void logical_word(struct zcpu *z, unsigned r, uint64_t a, uint64_t b, unsigned carry)
{
    set_low(z, r, logical_sum(z, a, b, carry));
}

static inline void logical_high(struct zcpu *z, unsigned r, uint64_t a, uint64_t b, unsigned carry)
{
    set_high(z, r, logical_sum(z, a, b, carry));
}

static inline void logical_all(struct zcpu *z, unsigned r, uint64_t a, uint64_t b, unsigned carry)
{
    uint64_t part, sum;
    bool out = __builtin_add_overflow(a, b, &part);
    out |= __builtin_add_overflow(part, (uint64_t)carry, &sum);
    z->gr[r] = sum;
    z->cc = carry_code(sum, out);
}

#define SIGNED(name, how, first, second)                                                                     \
    void isa_##name(struct zcpu *z, const struct instruction *in)                                            \
    {                                                                                                        \
        how(z, in->r1, first, second);                                                                       \
    }
SIGNED(ar, add_word, SW1, SW2)
SIGNED(agr, add_all, SG1, SG2)
SIGNED(agfr, add_all, SG1, SW2)
SIGNED(ark, add_word, SW2, SW3)
SIGNED(agrk, add_all, SG2, SG3)
SIGNED(a, add_word, SW1, SW_STORAGE)
SIGNED(ag, add_all, SG1, SG_STORAGE)
SIGNED(agf, add_all, SG1, SW_STORAGE)
SIGNED(ah, add_word, SW1, SH_STORAGE)
SIGNED(ahi, add_word, SW1, S_IMMEDIATE)
SIGNED(aghi, add_all, SG1, S_IMMEDIATE)
SIGNED(ahik, add_word, SW3, S_IMMEDIATE)
SIGNED(aghik, add_all, SG3, S_IMMEDIATE)

SIGNED(sr, subtract_word, SW1, SW2)
SIGNED(sgr, subtract_all, SG1, SG2)
SIGNED(sgfr, subtract_all, SG1, SW2)
SIGNED(srk, subtract_word, SW2, SW3)
SIGNED(sgrk, subtract_all, SG2, SG3)
SIGNED(s, subtract_word, SW1, SW_STORAGE)
SIGNED(sg, subtract_all, SG1, SG_STORAGE)
SIGNED(sgf, subtract_all, SG1, SW_STORAGE)
SIGNED(sh, subtract_word, SW1, SH_STORAGE)

SIGNED(ahhhr, add_high, SH2, SH3)
SIGNED(ahhlr, add_high, SH2, SW3)
SIGNED(aih, add_high, SH1, S_IMMEDIATE)
SIGNED(shhhr, subtract_high, SH2, SH3)
SIGNED(shhlr, subtract_high, SH2, SW3)

// A difference is the sum with the complement and 1, or the borrow that the condition code holds.
#define CARRY (z->cc >> 1u)
#define LOGICAL(name, how, first, second, carry)                                                             \
    void isa_##name(struct zcpu *z, const struct instruction *in)                                            \
    {                                                                                                        \
        how(z, in->r1, first, second, carry);                                                                \
    }
LOGICAL(alr, logical_word, UW1, UW2, 0)
LOGICAL(algr, logical_all, UG1, UG2, 0)
LOGICAL(algfr, logical_all, UG1, UW2, 0)
LOGICAL(alrk, logical_word, UW2, UW3, 0)
LOGICAL(algrk, logical_all, UG2, UG3, 0)
LOGICAL(al, logical_word, UW1, UW_STORAGE, 0)
LOGICAL(alg, logical_all, UG1, UG_STORAGE, 0)
LOGICAL(algf, logical_all, UG1, UW_STORAGE, 0)
LOGICAL(alfi, logical_word, UW1, U_IMMEDIATE, 0)
LOGICAL(algfi, logical_all, UG1, U_IMMEDIATE, 0)
LOGICAL(alhsik, logical_word, UW3, U_IMMEDIATE, 0)
LOGICAL(alghsik, logical_all, UG3, U_IMMEDIATE, 0)
LOGICAL(alcr, logical_word, UW1, UW2, CARRY)
LOGICAL(alcgr, logical_all, UG1, UG2, CARRY)
LOGICAL(alc, logical_word, UW1, UW_STORAGE, CARRY)
LOGICAL(alcg, logical_all, UG1, UG_STORAGE, CARRY)

LOGICAL(slr, logical_word, UW1, ~UW2, 1)
LOGICAL(slgr, logical_all, UG1, ~UG2, 1)
LOGICAL(slgfr, logical_all, UG1, ~UW2, 1)
LOGICAL(slrk, logical_word, UW2, ~UW3, 1)
LOGICAL(slgrk, logical_all, UG2, ~UG3, 1)
LOGICAL(sl, logical_word, UW1, ~UW_STORAGE, 1)
LOGICAL(slg, logical_all, UG1, ~UG_STORAGE, 1)
LOGICAL(slgf, logical_all, UG1, ~UW_STORAGE, 1)
LOGICAL(slfi, logical_word, UW1, ~U_IMMEDIATE, 1)
LOGICAL(slgfi, logical_all, UG1, ~U_IMMEDIATE, 1)
LOGICAL(slbr, logical_word, UW1, ~UW2, CARRY)
LOGICAL(slbgr, logical_all, UG1, ~UG2, CARRY)
LOGICAL(slb, logical_word, UW1, ~UW_STORAGE, CARRY)
LOGICAL(slbg, logical_all, UG1, ~UG_STORAGE, CARRY)

LOGICAL(alhhhr, logical_high, UH2, UH3, 0)
LOGICAL(alhhlr, logical_high, UH2, UW3, 0)
LOGICAL(alsih, logical_high, UH1, U_IMMEDIATE, 0)
LOGICAL(slhhhr, logical_high, UH2, ~UH3, 1)
LOGICAL(slhhlr, logical_high, UH2, ~UW3, 1)

void isa_alsihn(struct zcpu *z, const struct instruction *in)
{
    set_high(z, in->r1, (uint32_t)(UH1 + U_IMMEDIATE));
}
