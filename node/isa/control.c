// SPDX-License-Identifier: Apache-2.0
#include "node/isa/access.h"
#include "node/isa/families.h"

void isa_lpswe(struct zcpu *z, const struct instruction *in)
{
    uint64_t address = address2(z, in);
    if (address & 7)
        program_check(z, PGM_SPECIFICATION);
    uint64_t mask = load64(z, address), target = load64(z, address + 8);
    serialise(z);
    zcpu_set_psw(z, mask, target);
}
