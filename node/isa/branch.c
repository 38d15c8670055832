// SPDX-License-Identifier: Apache-2.0
#include "node/isa/access.h"
#include "node/isa/families.h"

static bool taken(const struct zcpu *z, unsigned mask)
{
    return mask & 8u >> z->cc;
}

// BCR 15,0 and BCR 14,0 serialise (Principles of Operation, "BRANCH ON CONDITION").
void isa_bcr(struct zcpu *z, const struct instruction *in)
{
    if (in->r2 == 0 && in->m1 >= 14)
        serialise(z);
    if (in->r2 && taken(z, in->m1))
        branch_to(z, z->gr[in->r2]);
}

void isa_brc(struct zcpu *z, const struct instruction *in)
{
    if (taken(z, in->m1))
        branch_to(z, address_relative(z, in));
}

void isa_brctg(struct zcpu *z, const struct instruction *in)
{
    if (--z->gr[in->r1])
        branch_to(z, address_relative(z, in));
}
