// SPDX-License-Identifier: Apache-2.0
// The program-status word, and the states that a new one brings (Principles of Operation, chapter 4).
#include "node/cpu/drive.h"
#include "node/isa/fetch.h"
#include "node/isa/interrupt.h"

uint64_t zcpu_psw_mask(const struct zcpu *z)
{
    return z->psw_mask | (uint64_t)z->cc << PSW_CC_SHIFT;
}

uint64_t zcpu_mode_mask(uint64_t mask)
{
    return mask & PSW_EA ? UINT64_MAX : mask & PSW_BA ? UINT64_C(0x7fffffff) : UINT64_C(0xffffff);
}

uint64_t zcpu_short_mask(uint64_t short_psw)
{
    return (short_psw & UINT64_C(0xffffffff80000000)) ^ PSW_SHORT_12;
}

// Reasons for an early specification exception. Address translation is not there yet: a PSW that wants it is
// refused like one with a reserved bit.
static bool psw_valid(uint64_t mask, uint64_t address)
{
    return !(mask & (PSW_RESERVED | PSW_DAT)) && !((mask & PSW_EA) && !(mask & PSW_BA)) &&
           !(address & ~zcpu_mode_mask(mask));
}

// A disabled wait ends the CPU; where its address ends in 0xFFF the guest says that all is well, as on QEMU.
static void enter_wait(struct zcpu *z, uint64_t mask)
{
    if (mask & (PSW_IO | PSW_EXTERNAL | PSW_MACHINE))
        z->activity = DOING_WAIT;
    else
        zcpu_end(z, (z->psw_address & 0xfff) == 0xfff ? GUEST_ENDED : GUEST_DISABLED_WAIT);
}

static void specification(struct zcpu *z, uint8_t ilc)
{
    z->ilc = ilc;
    z->program_code = PGM_SPECIFICATION;
    z->interruption = INT_PROGRAM;
    z->activity = DOING_INTERRUPTION;
}

void zcpu_enter_psw(struct zcpu *z)
{
    z->activity = DOING_INSTRUCTIONS;
    zcpu_attend(z);
    if (!psw_valid(z->psw_mask, z->psw_address))
        specification(z, 0);
    else if (z->psw_mask & PSW_WAIT)
        enter_wait(z, z->psw_mask);
}

void zcpu_change_psw(struct zcpu *z, uint64_t mask)
{
    z->psw_mask = mask;
    zcpu_attend(z);
    if (!psw_valid(mask, 0))
        specification(z, z->current->length);
}

void zcpu_set_psw(struct zcpu *z, uint64_t mask, uint64_t address)
{
    z->psw_mask = mask & ~PSW_CC;
    z->cc = (uint8_t)((mask & PSW_CC) >> PSW_CC_SHIFT);
    z->address_mask = zcpu_mode_mask(mask);
    z->psw_address = address;
    z->target = address;
    z->next = &z->leave; // should an instruction have loaded it
    z->code_size = 0;
    zcpu_enter_psw(z);
}

void zcpu_end(struct zcpu *z, enum guest_end end)
{
    z->how = (uint8_t)end;
    z->activity = DOING_ENDED;
    zcpu_attend(z);
}

void zcpu_go_on(struct zcpu *z, sim_time at)
{
    struct cpu *cpu = z->cpu;
    cpu->done = false;
    cpu->results.done_at = SIM_NEVER;
    z->how = GUEST_NONE;
    zcpu_attend(z);
    if (!cpu->blocked)
        cpu_block(cpu);
    cpu_wake(cpu, at);
}

// Low-address protection: bytes 0-511 and 4096-4607, that is, addresses without any other bit than 0x11ff.
static void set_protection(struct zcpu *z)
{
    z->protect_mask = ~UINT64_C(0x11ff);
    z->protect_value = z->cr[0] & CR0_LOW_PROTECT ? 0 : 1; // no masked address is 1
}

void zcpu_set_control(struct zcpu *z, unsigned number, uint64_t value)
{
    uint64_t changed = z->cr[number] ^ value;
    z->cr[number] = value;
    zcpu_attend(z);
    if (number != 0)
        return;
    set_protection(z);
    if (changed & CR0_AFP)
        fetch_forget(z);
}

uint64_t zcpu_initial_control(unsigned number)
{
    return number == 0 ? 0xe0 : number == 14 ? UINT64_C(0xc2000000) : 0;
}

void zcpu_control_loaded(struct zcpu *z)
{
    set_protection(z);
    fetch_forget(z);
    zcpu_attend(z);
}
