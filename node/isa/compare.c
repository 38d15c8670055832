// SPDX-License-Identifier: Apache-2.0
#include "node/isa/operands.h"

// Condition codes: 0 equal, 1 the first operand is low, 2 it is high.
#define COMPARE(name, type, first, second)                                                                   \
    void isa_##name(struct zcpu *z, const struct instruction *in)                                            \
    {                                                                                                        \
        type a = first, b = second;                                                                          \
        z->cc = (uint8_t)((a < b) | (a > b) << 1);                                                           \
    }
COMPARE(cr, int64_t, SW1, SW2)
COMPARE(cgr, int64_t, SG1, SG2)
COMPARE(cgfr, int64_t, SG1, SW2)
COMPARE(c, int64_t, SW1, SW_STORAGE)
COMPARE(cg, int64_t, SG1, SG_STORAGE)
COMPARE(cgf, int64_t, SG1, SW_STORAGE)
COMPARE(ch, int64_t, SW1, SH_STORAGE)
COMPARE(cgh, int64_t, SG1, SH_STORAGE)
COMPARE(chi, int64_t, SW1, S_IMMEDIATE)
COMPARE(cghi, int64_t, SG1, S_IMMEDIATE)
COMPARE(crl, int64_t, SW1, SW_RELATIVE)
COMPARE(cgrl, int64_t, SG1, SG_RELATIVE)
COMPARE(cgfrl, int64_t, SG1, SW_RELATIVE)
COMPARE(chrl, int64_t, SW1, SH_RELATIVE)
COMPARE(cghrl, int64_t, SG1, SH_RELATIVE)
COMPARE(chhsi, int64_t, SH_FIRST, S_IMMEDIATE)
COMPARE(chsi, int64_t, SW_FIRST, S_IMMEDIATE)
COMPARE(cghsi, int64_t, SG_FIRST, S_IMMEDIATE)
COMPARE(chhr, int64_t, SH1, SH2)
COMPARE(chlr, int64_t, SH1, SW2)
COMPARE(chf, int64_t, SH1, SW_STORAGE)
COMPARE(cih, int64_t, SH1, S_IMMEDIATE)

COMPARE(clr, uint64_t, UW1, UW2)
COMPARE(clgr, uint64_t, UG1, UG2)
COMPARE(clgfr, uint64_t, UG1, UW2)
COMPARE(cl, uint64_t, UW1, UW_STORAGE)
COMPARE(clg, uint64_t, UG1, UG_STORAGE)
COMPARE(clgf, uint64_t, UG1, UW_STORAGE)
COMPARE(cli, uint64_t, UB_FIRST, U_IMMEDIATE)
COMPARE(clfi, uint64_t, UW1, U_IMMEDIATE)
COMPARE(clgfi, uint64_t, UG1, U_IMMEDIATE)
COMPARE(clrl, uint64_t, UW1, UW_RELATIVE)
COMPARE(clgrl, uint64_t, UG1, UG_RELATIVE)
COMPARE(clgfrl, uint64_t, UG1, UW_RELATIVE)
COMPARE(clhrl, uint64_t, UW1, UH_RELATIVE)
COMPARE(clghrl, uint64_t, UG1, UH_RELATIVE)
COMPARE(clhhsi, uint64_t, UH_FIRST, U_IMMEDIATE)
COMPARE(clfhsi, uint64_t, UW_FIRST, U_IMMEDIATE)
COMPARE(clghsi, uint64_t, UG_FIRST, U_IMMEDIATE)
COMPARE(clhhr, uint64_t, UH1, UH2)
COMPARE(clhlr, uint64_t, UH1, UW2)
COMPARE(clhf, uint64_t, UH1, UW_STORAGE)
COMPARE(clih, uint64_t, UH1, U_IMMEDIATE)
