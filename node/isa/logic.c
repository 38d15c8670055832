// SPDX-License-Identifier: Apache-2.0
#include "node/isa/operands.h"

// Condition code of all of these: 0 the result is zero, 1 it is not.
#define LOGIC_WORD(name, value)                                                                              \
    void isa_##name(struct zcpu *z, const struct instruction *in)                                            \
    {                                                                                                        \
        uint32_t result = (uint32_t)(value);                                                                 \
        set_low(z, in->r1, result);                                                                          \
        z->cc = result != 0;                                                                                 \
    }
#define LOGIC_ALL(name, value)                                                                               \
    void isa_##name(struct zcpu *z, const struct instruction *in)                                            \
    {                                                                                                        \
        uint64_t result = value;                                                                             \
        z->gr[in->r1] = result;                                                                              \
        z->cc = result != 0;                                                                                 \
    }
LOGIC_WORD(nr, UW1 &UW2)
LOGIC_ALL(ngr, UG1 &UG2)
LOGIC_WORD(nrk, UW2 &UW3)
LOGIC_ALL(ngrk, UG2 &UG3)
LOGIC_WORD(n, UW1 &UW_STORAGE)
LOGIC_ALL(ng, UG1 &UG_STORAGE)
LOGIC_WORD(or, UW1 | UW2)
LOGIC_ALL(ogr, UG1 | UG2)
LOGIC_WORD(ork, UW2 | UW3)
LOGIC_ALL(ogrk, UG2 | UG3)
LOGIC_WORD(o, UW1 | UW_STORAGE)
LOGIC_ALL(og, UG1 | UG_STORAGE)
LOGIC_WORD(xr, UW1 ^ UW2)
LOGIC_ALL(xgr, UG1 ^ UG2)
LOGIC_WORD(xrk, UW2 ^ UW3)
LOGIC_ALL(xgrk, UG2 ^ UG3)
LOGIC_WORD(x, UW1 ^ UW_STORAGE)
LOGIC_ALL(xg, UG1 ^ UG_STORAGE)

// With an immediate operand for one part of the register, `bits` wide and `right` bits from its end: the
// other parts stay, and the condition code is that of the part.
#define PART(bits, right) ((UINT64_MAX >> (64 - (bits))) << (right))
#define LOGIC_PART(name, bits, right, value)                                                                 \
    void isa_##name(struct zcpu *z, const struct instruction *in)                                            \
    {                                                                                                        \
        const uint64_t part = PART(bits, right), immediate = U_IMMEDIATE << (right);                         \
        uint64_t result = (value)&part;                                                                      \
        z->gr[in->r1] = (UG1 & ~part) | result;                                                              \
        z->cc = result != 0;                                                                                 \
    }
LOGIC_PART(nihf, 32, 32, UG1 &immediate)
LOGIC_PART(nilf, 32, 0, UG1 &immediate)
LOGIC_PART(nihh, 16, 48, UG1 &immediate)
LOGIC_PART(nihl, 16, 32, UG1 &immediate)
LOGIC_PART(nilh, 16, 16, UG1 &immediate)
LOGIC_PART(nill, 16, 0, UG1 &immediate)
LOGIC_PART(oihf, 32, 32, UG1 | immediate)
LOGIC_PART(oilf, 32, 0, UG1 | immediate)
LOGIC_PART(oihh, 16, 48, UG1 | immediate)
LOGIC_PART(oihl, 16, 32, UG1 | immediate)
LOGIC_PART(oilh, 16, 16, UG1 | immediate)
LOGIC_PART(oill, 16, 0, UG1 | immediate)
LOGIC_PART(xihf, 32, 32, UG1 ^ immediate)
LOGIC_PART(xilf, 32, 0, UG1 ^ immediate)

#define INSERT_PART(name, bits, right)                                                                       \
    void isa_##name(struct zcpu *z, const struct instruction *in)                                            \
    {                                                                                                        \
        z->gr[in->r1] = (UG1 & ~PART(bits, right)) | U_IMMEDIATE << (right);                                 \
    }
INSERT_PART(iihf, 32, 32)
INSERT_PART(iilf, 32, 0)
INSERT_PART(iihh, 16, 48)
INSERT_PART(iihl, 16, 32)
INSERT_PART(iilh, 16, 16)
INSERT_PART(iill, 16, 0)

// Selected bits: 0 all zero, or none selected; 3 all one; mixed 1, in a register 2 when the leftmost is one.
void isa_tm(struct zcpu *z, const struct instruction *in)
{
    uint64_t selected = UB_FIRST & U_IMMEDIATE;
    z->cc = selected == 0 ? 0 : selected == U_IMMEDIATE ? 3 : 1;
}

static uint8_t test_code(uint64_t value, uint64_t mask)
{
    uint64_t selected = value & mask;
    if (selected == 0)
        return 0;
    if (selected == mask)
        return 3;
    return selected > (mask ^ selected) ? 2 : 1; // where the leftmost bit of the mask has gone
}

#define TEST_PART(name, right)                                                                               \
    void isa_##name(struct zcpu *z, const struct instruction *in)                                            \
    {                                                                                                        \
        z->cc = test_code(UG1 >> (right), U_IMMEDIATE);                                                      \
    }
TEST_PART(tmhh, 48)
TEST_PART(tmhl, 32)
TEST_PART(tmlh, 16)
TEST_PART(tmll, 0)
