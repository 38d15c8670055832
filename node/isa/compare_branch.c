// SPDX-License-Identifier: Apache-2.0
#include "node/isa/operands.h"

// Comparisons that leave the condition code alone: the mask says on which outcome something happens.
static inline bool compared(unsigned mask, int64_t a, int64_t b)
{
    return condition(mask, a < b ? 1 : a > b ? 2 : 0);
}

static inline bool compared_logical(unsigned mask, uint64_t a, uint64_t b)
{
    return condition(mask, a < b ? 1 : a > b ? 2 : 0);
}

#define S_SECOND ((int64_t)in->d2) // the second immediate of RIE-c
#define U_SECOND ((uint64_t)in->d2)

#define BRANCH_IF(name, compare, first, second, target)                                                      \
    void isa_##name(struct zcpu *z, const struct instruction *in)                                            \
    {                                                                                                        \
        if (compare(in->m3, first, second))                                                                  \
            branch_to(z, target);                                                                            \
    }
BRANCH_IF(crj, compared, SW1, SW2, address_relative(z, in))
BRANCH_IF(cgrj, compared, SG1, SG2, address_relative(z, in))
BRANCH_IF(cij, compared, SW1, S_SECOND, address_relative(z, in))
BRANCH_IF(cgij, compared, SG1, S_SECOND, address_relative(z, in))
BRANCH_IF(clrj, compared_logical, UW1, UW2, address_relative(z, in))
BRANCH_IF(clgrj, compared_logical, UG1, UG2, address_relative(z, in))
BRANCH_IF(clij, compared_logical, UW1, U_SECOND, address_relative(z, in))
BRANCH_IF(clgij, compared_logical, UG1, U_SECOND, address_relative(z, in))

BRANCH_IF(crb, compared, SW1, SW2, address2(z, in))
BRANCH_IF(cgrb, compared, SG1, SG2, address2(z, in))
BRANCH_IF(cib, compared, SW1, S_IMMEDIATE, address2(z, in))
BRANCH_IF(cgib, compared, SG1, S_IMMEDIATE, address2(z, in))
BRANCH_IF(clrb, compared_logical, UW1, UW2, address2(z, in))
BRANCH_IF(clgrb, compared_logical, UG1, UG2, address2(z, in))
BRANCH_IF(clib, compared_logical, UW1, U_IMMEDIATE, address2(z, in))
BRANCH_IF(clgib, compared_logical, UG1, U_IMMEDIATE, address2(z, in))

#define TRAP_IF(name, compare, first, second)                                                                \
    void isa_##name(struct zcpu *z, const struct instruction *in)                                            \
    {                                                                                                        \
        if (compare(in->m3, first, second))                                                                  \
            data_exception(z, DXC_TRAP);                                                                     \
    }
TRAP_IF(crt, compared, SW1, SW2)
TRAP_IF(cgrt, compared, SG1, SG2)
TRAP_IF(cit, compared, SW1, S_IMMEDIATE)
TRAP_IF(cgit, compared, SG1, S_IMMEDIATE)
TRAP_IF(clrt, compared_logical, UW1, UW2)
TRAP_IF(clgrt, compared_logical, UG1, UG2)
TRAP_IF(clfit, compared_logical, UW1, U_IMMEDIATE)
TRAP_IF(clgit, compared_logical, UG1, U_IMMEDIATE)
TRAP_IF(clt, compared_logical, UW1, load32(z, address2(z, in)))
TRAP_IF(clgt, compared_logical, UG1, load64(z, address2(z, in)))
