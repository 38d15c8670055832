// SPDX-License-Identifier: Apache-2.0
// PSW, control registers, prefix, keys: Principles of Operation, chapter 10.
#include "node/isa/access.h"
#include "node/isa/families.h"
#include "node/isa/interrupt.h"

#define CR0_SSM_SUPPRESSION UINT64_C(0x40000000) // bit 33
#define CR0_EXTRACTION      UINT64_C(0x08000000) // bit 36: extraction authority

static void check_aligned(struct zcpu *z, uint64_t address, unsigned bytes)
{
    if (address & (bytes - 1))
        program_check(z, PGM_SPECIFICATION);
}

void isa_lpswe(struct zcpu *z, const struct instruction *in)
{
    uint64_t address = address2(z, in);
    check_aligned(z, address, 8);
    uint64_t mask = load64(z, address), target = load64(z, address + 8);
    serialise(z);
    zcpu_set_psw(z, mask, target);
}

void isa_lpsw(struct zcpu *z, const struct instruction *in)
{
    uint64_t address = address1(z, in);
    check_aligned(z, address, 8);
    uint64_t psw = load64(z, address);
    serialise(z);
    zcpu_set_psw(z, zcpu_short_mask(psw), psw & 0x7fffffff);
}

void isa_ssm(struct zcpu *z, const struct instruction *in)
{
    if (z->cr[0] & CR0_SSM_SUPPRESSION)
        program_check(z, PGM_SPECIAL_OPERATION);
    uint64_t mask = load8(z, address1(z, in));
    zcpu_change_psw(z, (z->psw_mask & (UINT64_MAX >> 8)) | mask << 56);
}

void isa_stnsm(struct zcpu *z, const struct instruction *in)
{
    store8(z, address1(z, in), (uint8_t)(z->psw_mask >> 56));
    zcpu_change_psw(z, z->psw_mask & ((uint64_t)in->i << 56 | UINT64_MAX >> 8));
}

void isa_stosm(struct zcpu *z, const struct instruction *in)
{
    store8(z, address1(z, in), (uint8_t)(z->psw_mask >> 56));
    zcpu_change_psw(z, z->psw_mask | (uint64_t)in->i << 56);
}

void isa_epsw(struct zcpu *z, const struct instruction *in)
{
    uint64_t mask = zcpu_psw_mask(z);
    set_low(z, in->r1, (uint32_t)(mask >> 32));
    if (in->r2)
        set_low(z, in->r2, (uint32_t)mask);
}

static bool problem_state(const struct zcpu *z)
{
    return z->psw_mask & PSW_PROBLEM;
}

void isa_ipk(struct zcpu *z, const struct instruction *in)
{
    (void)in;
    if (problem_state(z) && !(z->cr[0] & CR0_EXTRACTION))
        program_check(z, PGM_PRIVILEGED);
    z->gr[2] = (z->gr[2] & ~UINT64_C(0xff)) | ((z->psw_mask & PSW_KEY) >> 48);
}

// In the problem state CR3 bits 32-47 say which keys may be set.
void isa_spka(struct zcpu *z, const struct instruction *in)
{
    unsigned key = (unsigned)(address2(z, in) >> 4) & 15;
    if (problem_state(z) && !(z->cr[3] & UINT64_C(0x80000000) >> key))
        program_check(z, PGM_PRIVILEGED);
    z->psw_mask = (z->psw_mask & ~PSW_KEY) | (uint64_t)key << 52;
}

static unsigned registers(const struct instruction *in)
{
    return ((in->r3 - in->r1) & 15u) + 1;
}

static void load_control(struct zcpu *z, const struct instruction *in, unsigned bytes)
{
    uint8_t operand[128];
    uint64_t address = address2(z, in);
    check_aligned(z, address, bytes);
    load_bytes(z, address, registers(in) * bytes, operand);
    serialise(z);
    for (unsigned i = 0; i < registers(in); i++) {
        unsigned number = (in->r1 + i) & 15;
        uint64_t value = 0;
        for (unsigned at = i * bytes; at < (i + 1) * bytes; at++)
            value = value << 8 | operand[at];
        if (bytes == 4)
            value |= z->cr[number] & UINT64_C(0xffffffff00000000);
        zcpu_set_control(z, number, value);
    }
}

static void store_control(struct zcpu *z, const struct instruction *in, unsigned bytes)
{
    uint8_t operand[128];
    uint64_t address = address2(z, in);
    check_aligned(z, address, bytes);
    for (unsigned i = 0; i < registers(in); i++) {
        uint64_t big = htobe64(z->cr[(in->r1 + i) & 15]);
        memcpy(operand + (size_t)i * bytes, (uint8_t *)&big + 8 - bytes, bytes);
    }
    store_bytes(z, address, registers(in) * bytes, operand);
}

void isa_lctl(struct zcpu *z, const struct instruction *in)
{
    load_control(z, in, 4);
}

void isa_lctlg(struct zcpu *z, const struct instruction *in)
{
    load_control(z, in, 8);
}

void isa_stctl(struct zcpu *z, const struct instruction *in)
{
    store_control(z, in, 4);
}

void isa_stctg(struct zcpu *z, const struct instruction *in)
{
    store_control(z, in, 8);
}

void isa_spx(struct zcpu *z, const struct instruction *in)
{
    uint64_t address = address2(z, in);
    check_aligned(z, address, 4);
    uint64_t prefix = load32(z, address) & 0x7fffe000;
    if (!configuration_has(z->configuration, prefix) || !configuration_has(z->configuration, prefix + 8191))
        program_check(z, PGM_ADDRESSING);
    serialise(z);
    z->prefix = prefix;
    fetch_drop(z);
}

void isa_stpx(struct zcpu *z, const struct instruction *in)
{
    uint64_t address = address2(z, in);
    check_aligned(z, address, 4);
    store32(z, address, (uint32_t)z->prefix);
}

void isa_stap(struct zcpu *z, const struct instruction *in)
{
    uint64_t address = address2(z, in);
    check_aligned(z, address, 2);
    store16(z, address, z->address);
}

void isa_svc(struct zcpu *z, const struct instruction *in)
{
    serialise(z);
    z->svc_code = (uint16_t)in->i;
    z->ilc = z->current->length;
    z->interruption = INT_SVC;
    z->activity = DOING_INTERRUPTION;
    zcpu_attend(z);
}

// MONITOR CALL: an event if CR8 has the mask bit of the class.
void isa_mc(struct zcpu *z, const struct instruction *in)
{
    if (in->i & 0xf0)
        program_check(z, PGM_SPECIFICATION);
    if (!(z->cr[8] & UINT64_C(0x8000) >> in->i))
        return;
    z->monitor_class = (uint16_t)in->i;
    z->monitor_code = address1(z, in);
    program_check_completed(z, PGM_MONITOR);
}

// PTLB, PALB: there is nothing to purge while addresses are not translated.
void isa_purge(struct zcpu *z, const struct instruction *in)
{
    (void)in;
    serialise(z);
}

// TEST PROTECTION without keys: condition code 0 where stores are permitted, 1 where only fetches are.
void isa_tprot(struct zcpu *z, const struct instruction *in)
{
    uint64_t address = address1(z, in);
    check_load(z, address, 1);
    z->cc = (address & z->protect_mask) == z->protect_value;
}

// Real storage: the same as any, today, but for low-address protection, which holds for STURA too.
static uint64_t real_operand(struct zcpu *z, const struct instruction *in, unsigned bytes)
{
    uint64_t address = z->gr[in->r2] & z->address_mask;
    check_aligned(z, address, bytes);
    return address;
}

void isa_lura(struct zcpu *z, const struct instruction *in)
{
    set_low(z, in->r1, load32(z, real_operand(z, in, 4)));
}

void isa_lurag(struct zcpu *z, const struct instruction *in)
{
    z->gr[in->r1] = load64(z, real_operand(z, in, 8));
}

void isa_stura(struct zcpu *z, const struct instruction *in)
{
    store32(z, real_operand(z, in, 4), low(z, in->r1));
}

void isa_sturg(struct zcpu *z, const struct instruction *in)
{
    store64(z, real_operand(z, in, 8), z->gr[in->r1]);
}

// Addressing modes. The instruction itself must lie where the new mode reaches.
static void set_mode(struct zcpu *z, uint64_t mode)
{
    uint64_t mask = zcpu_mode_mask(mode);
    if (own_address(z) & ~mask)
        program_check(z, PGM_SPECIFICATION);
    uint64_t next = next_address(z);
    z->psw_mask = (z->psw_mask & ~(PSW_EA | PSW_BA)) | mode;
    z->address_mask = mask;
    branch_to(z, next);
}

void isa_sam24(struct zcpu *z, const struct instruction *in)
{
    (void)in;
    set_mode(z, 0);
}

void isa_sam31(struct zcpu *z, const struct instruction *in)
{
    (void)in;
    set_mode(z, PSW_BA);
}

void isa_sam64(struct zcpu *z, const struct instruction *in)
{
    (void)in;
    set_mode(z, PSW_EA | PSW_BA);
}

void isa_tam(struct zcpu *z, const struct instruction *in)
{
    (void)in;
    z->cc = z->psw_mask & PSW_EA ? 3 : z->psw_mask & PSW_BA ? 1 : 0;
}
