// SPDX-License-Identifier: Apache-2.0
#include "node/isa/operands.h"

// INTO_WORD changes bits 32-63 of R1, INTO_HIGH bits 0-31, INTO_ALL the whole register.
#define INTO_WORD(name, value)                                                                               \
    void isa_##name(struct zcpu *z, const struct instruction *in)                                            \
    {                                                                                                        \
        set_low(z, in->r1, (uint32_t)(value));                                                               \
    }
#define INTO_HIGH(name, value)                                                                               \
    void isa_##name(struct zcpu *z, const struct instruction *in)                                            \
    {                                                                                                        \
        set_high(z, in->r1, (uint32_t)(value));                                                              \
    }
#define INTO_ALL(name, value)                                                                                \
    void isa_##name(struct zcpu *z, const struct instruction *in)                                            \
    {                                                                                                        \
        z->gr[in->r1] = (uint64_t)(value);                                                                   \
    }
#define LOW_31(value) ((value)&0x7fffffff) // an address of 31 bits: LOAD LOGICAL THIRTY ONE BITS

INTO_WORD(lr, UW2)
INTO_ALL(lgr, UG2)
INTO_ALL(lgfr, SW2)
INTO_WORD(l, UW_STORAGE)
INTO_ALL(lg, UG_STORAGE)
INTO_ALL(lgf, SW_STORAGE)

INTO_WORD(lhi, U_IMMEDIATE)
INTO_ALL(lghi, U_IMMEDIATE)
INTO_WORD(lh, SH_STORAGE)
INTO_ALL(lgh, SH_STORAGE)
INTO_WORD(lhr, (int16_t)UG2)
INTO_ALL(lghr, (int64_t)(int16_t)UG2)
INTO_WORD(lb, SB_STORAGE)
INTO_ALL(lgb, SB_STORAGE)
INTO_WORD(lbr, (int8_t)UG2)
INTO_ALL(lgbr, (int64_t)(int8_t)UG2)

INTO_WORD(llcr, (uint8_t)UG2)
INTO_ALL(llgcr, (uint8_t)UG2)
INTO_WORD(llhr, (uint16_t)UG2)
INTO_ALL(llghr, (uint16_t)UG2)
INTO_WORD(llc, UB_STORAGE)
INTO_ALL(llgc, UB_STORAGE)
INTO_WORD(llh, UH_STORAGE)
INTO_ALL(llgh, UH_STORAGE)
INTO_ALL(llgfr, UW2)
INTO_ALL(llgf, UW_STORAGE)
INTO_ALL(llgtr, LOW_31(UG2))
INTO_ALL(llgt, LOW_31(UW_STORAGE))
INTO_ALL(llihf, U_IMMEDIATE << 32)
INTO_ALL(llihh, U_IMMEDIATE << 48)
INTO_ALL(llilh, U_IMMEDIATE << 16)
INTO_ALL(llill, U_IMMEDIATE)

INTO_WORD(lrvr, __builtin_bswap32((uint32_t)UG2))
INTO_ALL(lrvgr, __builtin_bswap64(UG2))
INTO_WORD(lrv, __builtin_bswap32((uint32_t)UW_STORAGE))
INTO_ALL(lrvg, __builtin_bswap64(UG_STORAGE))

INTO_WORD(lrl, UW_RELATIVE)
INTO_ALL(lgrl, UG_RELATIVE)
INTO_ALL(lgfrl, SW_RELATIVE)
INTO_WORD(lhrl, SH_RELATIVE)
INTO_ALL(lghrl, SH_RELATIVE)
INTO_WORD(llhrl, UH_RELATIVE)
INTO_ALL(llghrl, UH_RELATIVE)
INTO_ALL(llgfrl, UW_RELATIVE)

INTO_HIGH(lbh, SB_STORAGE)
INTO_HIGH(lhh, SH_STORAGE)
INTO_HIGH(lfh, UW_STORAGE)
INTO_HIGH(llch, UB_STORAGE)
INTO_HIGH(llhh, UH_STORAGE)

// The halfword goes into bits 48-63, nothing else changes.
void isa_lrvh(struct zcpu *z, const struct instruction *in)
{
    uint16_t value = __builtin_bswap16((uint16_t)UH_STORAGE);
    z->gr[in->r1] = (z->gr[in->r1] & ~UINT64_C(0xffff)) | value;
}

// Loads that set the condition code: as it is, negated, negative, positive. Values and results are numbers of
// 64 bits; a word does not overflow when it goes into a whole register.
static void test_word(struct zcpu *z, unsigned r, int64_t value)
{
    set_low(z, r, (uint32_t)value);
    z->cc = sign_code((int32_t)value);
    if (value != (int32_t)value)
        fixed_overflow(z);
}

static void test_all(struct zcpu *z, unsigned r, int64_t value)
{
    z->gr[r] = (uint64_t)value;
    z->cc = sign_code(value);
}

static void complement_all(struct zcpu *z, unsigned r, int64_t value)
{
    test_all(z, r, (int64_t)(0 - (uint64_t)value));
    if (value == INT64_MIN)
        fixed_overflow(z);
}

static void positive_all(struct zcpu *z, unsigned r, int64_t value)
{
    if (value < 0)
        complement_all(z, r, value);
    else
        test_all(z, r, value);
}

static int64_t negative(int64_t value)
{
    return value < 0 ? value : -value;
}

static int64_t positive(int64_t value)
{
    return value < 0 ? -value : value;
}

#define TESTED(name, how, value)                                                                             \
    void isa_##name(struct zcpu *z, const struct instruction *in)                                            \
    {                                                                                                        \
        how(z, in->r1, value);                                                                               \
    }
TESTED(ltr, test_word, SW2)
TESTED(ltgr, test_all, SG2)
TESTED(ltgfr, test_all, SW2)
TESTED(lt, test_word, SW_STORAGE)
TESTED(ltg, test_all, SG_STORAGE)
TESTED(ltgf, test_all, SW_STORAGE)
TESTED(lcr, test_word, -SW2)
TESTED(lcgr, complement_all, SG2)
TESTED(lcgfr, test_all, -SW2)
TESTED(lnr, test_word, negative(SW2))
TESTED(lngr, test_all, negative(SG2))
TESTED(lngfr, test_all, negative(SW2))
TESTED(lpr, test_word, positive(SW2))
TESTED(lpgr, positive_all, SG2)
TESTED(lpgfr, test_all, positive(SW2))

// Load on condition. Without the condition nothing is fetched.
void isa_locr(struct zcpu *z, const struct instruction *in)
{
    if (condition(in->m3, z->cc))
        set_low(z, in->r1, (uint32_t)UG2);
}

void isa_locgr(struct zcpu *z, const struct instruction *in)
{
    if (condition(in->m3, z->cc))
        z->gr[in->r1] = UG2;
}

void isa_loc(struct zcpu *z, const struct instruction *in)
{
    if (condition(in->m3, z->cc))
        set_low(z, in->r1, load32(z, address2(z, in)));
}

void isa_locg(struct zcpu *z, const struct instruction *in)
{
    if (condition(in->m3, z->cc))
        z->gr[in->r1] = load64(z, address2(z, in));
}

// The register is loaded before the trap.
#define AND_TRAP(name, load, loaded)                                                                         \
    void isa_##name(struct zcpu *z, const struct instruction *in)                                            \
    {                                                                                                        \
        load(z, in);                                                                                         \
        if ((loaded) == 0)                                                                                   \
            data_exception(z, DXC_TRAP);                                                                     \
    }
AND_TRAP(lat, isa_l, UW1)
AND_TRAP(lgat, isa_lg, UG1)
AND_TRAP(lfhat, isa_lfh, UH1)
AND_TRAP(llgfat, isa_llgf, UG1)
AND_TRAP(llgtat, isa_llgt, UG1)
