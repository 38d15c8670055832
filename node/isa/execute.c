// SPDX-License-Identifier: Apache-2.0
// EXECUTE: the target instruction, with the last byte of R1 ORed into its second byte. For the instruction
// address, its length and interruptions EXECUTE is the instruction under way, not its target.
#include "node/isa/fetch.h"
#include "node/isa/operands.h"

static void execute_target(struct zcpu *z, const struct instruction *in, uint64_t address)
{
    struct instruction target;
    if (address & 1)
        program_check(z, PGM_SPECIFICATION);
    fetch_target(z, address, in->r1 ? (uint8_t)UG1 : 0, &target);
    if (target.execute == isa_ex || target.execute == isa_exrl)
        program_check(z, PGM_EXECUTE);
    // Relative operands count from the target; address_relative() will count from EXECUTE.
    z->loose = own_address(z);
    if (isa_relative(&target))
        target.i += (int64_t)(address - z->loose);
    target.execute(z, &target);
}

void isa_ex(struct zcpu *z, const struct instruction *in)
{
    execute_target(z, in, address2x(z, in));
}

void isa_exrl(struct zcpu *z, const struct instruction *in)
{
    execute_target(z, in, address_relative(z, in));
}
