// SPDX-License-Identifier: Apache-2.0
#include "node/isa/operands.h"

// BCR 15,0 serialises; so does BCR 14,0 with the fast-BCR-serialization facility, which came with z196.
void isa_bcr(struct zcpu *z, const struct instruction *in)
{
    if (in->r2 == 0 && (in->m1 == 15 || (in->m1 == 14 && installed(z, F_Z196))))
        serialise(z);
    if (in->r2 && condition(in->m1, z->cc))
        branch_to(z, UG2);
}

void isa_bc(struct zcpu *z, const struct instruction *in)
{
    if (condition(in->m1, z->cc))
        branch_to(z, address2x(z, in));
}

void isa_brc(struct zcpu *z, const struct instruction *in)
{
    if (condition(in->m1, z->cc))
        branch_to(z, address_relative(z, in));
}

// Counting down: the target is taken from the registers as they were.
static inline bool count_word(struct zcpu *z, unsigned r)
{
    set_low(z, r, (uint32_t)z->gr[r] - 1);
    return low(z, r) != 0;
}

#define COUNT(name, counted, target)                                                                         \
    void isa_##name(struct zcpu *z, const struct instruction *in)                                            \
    {                                                                                                        \
        uint64_t to = target;                                                                                \
        if (counted)                                                                                         \
            branch_to(z, to);                                                                                \
    }
#define RELATIVE address_relative(z, in)
COUNT(bct, count_word(z, in->r1), address2x(z, in))
COUNT(bctr, count_word(z, in->r1) && in->r2, UG2)
COUNT(bctg, --z->gr[in->r1] != 0, address2x(z, in))
COUNT(bctgr, --z->gr[in->r1] != 0 && in->r2, UG2)
COUNT(brct, count_word(z, in->r1), RELATIVE)
COUNT(brctg, --z->gr[in->r1] != 0, RELATIVE)

void isa_brcth(struct zcpu *z, const struct instruction *in)
{
    set_high(z, in->r1, (uint32_t)UH1 - 1);
    if (UH1)
        branch_to(z, address_relative(z, in));
}

// R3 is added to R1, and the sum compared with the odd register of R3's pair, or R3 itself when that is odd.
static inline bool index_word(struct zcpu *z, const struct instruction *in, bool high)
{
    int32_t limit = (int32_t)z->gr[in->r3 | 1];
    int32_t sum = (int32_t)((uint32_t)UG1 + (uint32_t)UG3);
    set_low(z, in->r1, (uint32_t)sum);
    return (sum > limit) == high;
}

static inline bool index_all(struct zcpu *z, const struct instruction *in, bool high)
{
    int64_t limit = (int64_t)z->gr[in->r3 | 1];
    int64_t sum = (int64_t)(UG1 + UG3);
    z->gr[in->r1] = (uint64_t)sum;
    return (sum > limit) == high;
}

COUNT(bxh, index_word(z, in, true), address2(z, in))
COUNT(bxle, index_word(z, in, false), address2(z, in))
COUNT(bxhg, index_all(z, in, true), address2(z, in))
COUNT(bxleg, index_all(z, in, false), address2(z, in))
COUNT(brxh, index_word(z, in, true), RELATIVE)
COUNT(brxle, index_word(z, in, false), RELATIVE)
COUNT(brxhg, index_all(z, in, true), RELATIVE)
COUNT(brxlg, index_all(z, in, false), RELATIVE)

// What comes after this instruction, with the basic addressing mode in bit 32 (Principles of Operation,
// "BRANCH AND SAVE").
static void save_address(struct zcpu *z, unsigned r)
{
    uint64_t address = next_address(z);
    if (z->address_mask == UINT64_MAX)
        z->gr[r] = address;
    else
        set_low(z, r, (uint32_t)address | (z->psw_mask & PSW_BA ? UINT32_C(0x80000000) : 0));
}

// The same for BRANCH AND LINK, which in the 24-bit mode tells the instruction length, the condition code and
// the program mask, too.
static void link_address(struct zcpu *z, unsigned r)
{
    uint32_t about = (uint32_t)z->current->length / 2 << 30 | (uint32_t)z->cc << 28;
    about |= (uint32_t)((z->psw_mask & PSW_PROGRAM) >> 40) << 24;
    if (z->psw_mask & PSW_BA)
        save_address(z, r);
    else
        set_low(z, r, (uint32_t)next_address(z) | about);
}

#define CALL(name, save, target)                                                                             \
    void isa_##name(struct zcpu *z, const struct instruction *in)                                            \
    {                                                                                                        \
        uint64_t to = target;                                                                                \
        save(z, in->r1);                                                                                     \
        branch_to(z, to);                                                                                    \
    }
#define CALL_REGISTER(name, save)                                                                            \
    void isa_##name(struct zcpu *z, const struct instruction *in)                                            \
    {                                                                                                        \
        uint64_t to = UG2;                                                                                   \
        save(z, in->r1);                                                                                     \
        if (in->r2)                                                                                          \
            branch_to(z, to);                                                                                \
    }
CALL(bas, save_address, address2x(z, in))
CALL(bras, save_address, RELATIVE)
CALL(brasl, save_address, RELATIVE)
CALL(bal, link_address, address2x(z, in))
CALL_REGISTER(basr, save_address)
CALL_REGISTER(balr, link_address)

// A branch that sets the addressing mode as an address in R2 says: bit 63 one 64 bits, else bit 32 one 31.
static void branch_mode(struct zcpu *z, uint64_t to)
{
    bool extended = to & 1, basic = extended || to & 0x80000000;
    z->psw_mask &= ~(PSW_EA | PSW_BA);
    z->psw_mask |= (extended ? PSW_EA : 0) | (basic ? PSW_BA : 0);
    z->address_mask = extended ? UINT64_MAX : basic ? UINT64_C(0x7fffffff) : UINT64_C(0xffffff);
    branch_to(z, extended ? to - 1 : to);
}

void isa_bassm(struct zcpu *z, const struct instruction *in)
{
    uint64_t to = UG2;
    save_address(z, in->r1);
    if (z->psw_mask & PSW_EA)
        z->gr[in->r1] |= 1;
    if (in->r2)
        branch_mode(z, to);
}

void isa_bsm(struct zcpu *z, const struct instruction *in)
{
    uint64_t to = UG2;
    if (in->r1 && z->psw_mask & PSW_EA)
        z->gr[in->r1] |= 1;
    else if (in->r1)
        set_low(z, in->r1, ((uint32_t)UG1 & 0x7fffffff) | (z->psw_mask & PSW_BA ? UINT32_C(0x80000000) : 0));
    if (in->r2)
        branch_mode(z, to);
}

void isa_hint(struct zcpu *z, const struct instruction *in)
{
    (void)z;
    (void)in;
}

#define PROGRAM_MASK_SHIFT 16 // from its place in the PSW to that in a register

void isa_ipm(struct zcpu *z, const struct instruction *in)
{
    uint64_t mask = (z->psw_mask & PSW_PROGRAM) >> PROGRAM_MASK_SHIFT;
    z->gr[in->r1] = (UG1 & ~UINT64_C(0xff000000)) | (uint64_t)z->cc << 28 | mask;
}

void isa_spm(struct zcpu *z, const struct instruction *in)
{
    z->cc = UG1 >> 28 & 3;
    z->psw_mask = (z->psw_mask & ~PSW_PROGRAM) | (UG1 << PROGRAM_MASK_SHIFT & PSW_PROGRAM);
}
