// SPDX-License-Identifier: Apache-2.0
#include "node/isa/operands.h"

// In the 24- and 31-bit modes bits 0-31 stay as they are.
static void set_address(struct zcpu *z, unsigned r, uint64_t address)
{
    if (z->address_mask == UINT64_MAX)
        z->gr[r] = address;
    else
        set_low(z, r, (uint32_t)address);
}

void isa_la(struct zcpu *z, const struct instruction *in)
{
    set_address(z, in->r1, address2x(z, in));
}

void isa_larl(struct zcpu *z, const struct instruction *in)
{
    set_address(z, in->r1, address_relative(z, in));
}

// The access register says in which address space the address is (Principles of Operation, "LOAD ADDRESS
// EXTENDED"): PSW bits 16-17.
static uint32_t address_space(const struct zcpu *z, unsigned base)
{
    switch ((z->psw_mask & PSW_SPACE) / (PSW_SPACE & -PSW_SPACE)) {
    case 1: // access-register mode
        return base == GR_NONE ? 0 : z->ar[base];
    case 2: // secondary space
        return 1;
    case 3: // home space
        return 2;
    default: // primary space
        return 0;
    }
}

void isa_lae(struct zcpu *z, const struct instruction *in)
{
    uint64_t address = address2x(z, in);
    z->ar[in->r1] = address_space(z, in->b2);
    set_address(z, in->r1, address);
}

void isa_cpya(struct zcpu *z, const struct instruction *in)
{
    z->ar[in->r1] = z->ar[in->r2];
}

void isa_sar(struct zcpu *z, const struct instruction *in)
{
    z->ar[in->r1] = (uint32_t)UG2;
}

void isa_ear(struct zcpu *z, const struct instruction *in)
{
    set_low(z, in->r1, z->ar[in->r2]);
}

static unsigned count(const struct instruction *in)
{
    return ((in->r3 - in->r1) & 15u) + 1;
}

void isa_lam(struct zcpu *z, const struct instruction *in)
{
    uint32_t words[16];
    uint64_t address = address2(z, in);
    check_aligned(z, address, 4);
    load_bytes(z, address, 4 * count(in), (uint8_t *)words);
    for (unsigned i = 0; i < count(in); i++)
        z->ar[(in->r1 + i) & 15] = be32toh(words[i]);
}

void isa_stam(struct zcpu *z, const struct instruction *in)
{
    uint32_t words[16];
    uint64_t address = address2(z, in);
    check_aligned(z, address, 4);
    for (unsigned i = 0; i < count(in); i++)
        words[i] = htobe32(z->ar[(in->r1 + i) & 15]);
    store_bytes(z, address, 4 * count(in), (const uint8_t *)words);
}
