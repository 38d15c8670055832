// SPDX-License-Identifier: Apache-2.0
// What registers and PSW hold when the instruction begins, apart from addresses.
#include "tests/isa/generate.h"
#include "tests/isa/work.h"

#define CR0_AFP        0x00040000u
#define CR0_EXTRACTION 0x08000000u // IPK, EPAR and others in the problem state
#define PSW_PROBLEM    0x0001000000000000u

// Whether a relative operand can be reached with 24-bit addresses.
static bool fits_24_bits(const struct making *making)
{
    const struct isa_field *field = format_field(&making->insn->format, FIELD_REL);
    if (!field)
        return true;
    int32_t halfwords =
        (int32_t)(field_get(making->bytes, field) << (32 - field->bits)) >> (32 - field->bits);
    return making->insn->operands == OPERANDS_VALUE ||
           making->at + (uint64_t)(2 * (int64_t)halfwords) <= 0xffffff;
}

static void make_psw(struct making *making)
{
    struct rng *rng = making->rng;
    uint64_t mask = chance(rng, 70)                            ? PSW_MODE_64
                    : chance(rng, 60) || !fits_24_bits(making) ? PSW_MODE_31
                                                               : 0;
    mask |= rng_below(rng, 4) << 44;                          // condition code
    mask |= (chance(rng, 50) ? rng_below(rng, 16) : 0) << 40; // program mask
    mask |= (chance(rng, 80) ? 0 : rng_below(rng, 4)) << 46;  // address space
    if (making->insn->operands == OPERANDS_PROBLEM_ONLY || chance(rng, 8))
        mask |= PSW_PROBLEM;
    making->test.psw_mask = mask;
}

static void make_control(struct making *making)
{
    struct rng *rng = making->rng;
    making->test.cr0 = CR0_AFP;
    enum isa_operands operands = making->insn->operands;
    if (operands == OPERANDS_PREFIX || operands == OPERANDS_CONTROL || operands == OPERANDS_PSW_LONG ||
        operands == OPERANDS_PSW_SHORT)
        making->test.flags |= CASE_SYSTEM;
    if (chance(rng, 6)) {
        making->test.flags |= CASE_SYSTEM;
        making->test.cr0 = rng_below(rng, 2) * CR0_AFP + rng_below(rng, 2) * CR0_EXTRACTION;
    }
}

static void make_fpc(struct making *making)
{
    struct rng *rng = making->rng;
    uint32_t fpc = (uint32_t)rng_below(rng, 4); // rounding mode
    if (chance(rng, making->insn->row->checks & BFP ? 65 : 30))
        fpc |= (uint32_t)rng_below(rng, 32) << 27; // masks
    if (chance(rng, 30))
        fpc |= (uint32_t)rng_below(rng, 32) << 19 | (uint32_t)rng_below(rng, 256) << 8; // flags, DXC
    making->test.fpc = fpc;
}

static void make_floats(struct making *making)
{
    struct rng *rng = making->rng;
    uint64_t flavour = rng_below(rng, 4);
    for (unsigned i = 0; i < 16; i++) {
        uint64_t kind = flavour < 3 ? flavour : rng_below(rng, 3);
        uint64_t value = kind == 0 ? edge_short(rng) : kind == 1 ? edge_long(rng) : edge_extended(rng);
        if (kind == 2 && (i & 2))
            value = chance(rng, 40) ? 0 : edge_integer(rng);
        making->test.fpr[i] = value;
    }
    if (chance(rng, 8)) // sums and products beyond the range
        for (unsigned i = 0; i < 16; i++)
            making->test.fpr[i] = edge_huge(rng, flavour & 1) ^ (flavour & 2) << 62;
}

// Registers that are related to one another: equal, in both halves or in one, or next to each other.
static void relate(struct making *making)
{
    struct rng *rng = making->rng;
    uint64_t *gr = making->test.gr, *fpr = making->test.fpr;
    for (unsigned n = (unsigned)rng_below(rng, 12); n; n--) {
        unsigned a = (unsigned)rng_below(rng, 16), b = (unsigned)rng_below(rng, 16);
        switch (rng_below(rng, 8)) {
        case 7:
            fpr[a & ~2u] = fpr[a | 2u] = 0;
            break;
        case 6:
            gr[a] = 0;
            gr[b] = UINT64_MAX;
            break;
        case 0:
            gr[a] = gr[b] + rng_below(rng, 3) - 1;
            break;
        case 1:
            gr[a] = (gr[a] & ~0xffffffffull) | (uint32_t)(gr[b] + rng_below(rng, 3) - 1);
            break;
        case 2:
            gr[a] = (gr[a] & 0xffffffffull) | gr[b] << 32;
            break;
        case 3:
            fpr[a] = fpr[b] ^ rng_below(rng, 2) << 63;
            break;
        case 4:
            fpr[a] = fpr[b] + ((rng_below(rng, 3) - 1) << (rng_below(rng, 2) ? 32 : 0));
            break;
        default:
            fpr[a & ~2u] = fpr[b & ~2u] ^ rng_below(rng, 2) << 63;
            fpr[a | 2u] = fpr[b | 2u];
        }
    }
}

static void make_registers(struct making *making)
{
    struct rng *rng = making->rng;
    for (unsigned i = 0; i < 16; i++) {
        making->test.gr[i] = edge_integer(rng);
        making->test.ar[i] = (uint32_t)rng_next(rng);
    }
    make_floats(making);
    relate(making);
}

void state_make(struct making *making)
{
    make_registers(making);
    make_psw(making);
    make_control(making);
    make_fpc(making);
}
