// SPDX-License-Identifier: Apache-2.0
// The program-status word, and the states that a new one brings (Principles of Operation, chapter 4).
#include "node/cpu/drive.h"
#include "node/isa/fetch.h"
#include "node/isa/interrupt.h"

uint64_t zcpu_psw_mask(const struct zcpu *z)
{
    return z->psw_mask | (uint64_t)z->cc << PSW_CC_SHIFT;
}

static uint64_t mode_mask(uint64_t mask)
{
    return mask & PSW_EA ? UINT64_MAX : mask & PSW_BA ? UINT64_C(0x7fffffff) : UINT64_C(0xffffff);
}

// Reasons for an early specification exception. Address translation is not there yet: a PSW that wants it is
// refused like one with a reserved bit.
static bool psw_valid(uint64_t mask, uint64_t address)
{
    return !(mask & (PSW_RESERVED | PSW_DAT)) && !((mask & PSW_EA) && !(mask & PSW_BA)) &&
           !(address & ~mode_mask(mask));
}

// A disabled wait ends the CPU; where its address ends in 0xFFF the guest says that all is well, as on QEMU.
static void enter_wait(struct zcpu *z, uint64_t mask)
{
    if (mask & (PSW_IO | PSW_EXTERNAL | PSW_MACHINE))
        z->activity = DOING_WAIT;
    else
        zcpu_end(z, (z->psw_address & 0xfff) == 0xfff ? GUEST_ENDED : GUEST_DISABLED_WAIT);
}

void zcpu_set_psw(struct zcpu *z, uint64_t mask, uint64_t address)
{
    z->psw_mask = mask & ~PSW_CC;
    z->cc = (mask & PSW_CC) >> PSW_CC_SHIFT;
    z->address_mask = mode_mask(mask);
    z->psw_address = address;
    z->target = address;
    z->next = &z->leave; // should an instruction have loaded it
    z->code_size = 0;
    z->activity = DOING_INSTRUCTIONS;
    zcpu_attend(z);
    if (!psw_valid(mask, address)) {
        z->ilc = 0;
        z->program_code = PGM_SPECIFICATION;
        z->interruption = INT_PROGRAM;
        z->activity = DOING_INTERRUPTION;
    } else if (mask & PSW_WAIT) {
        enter_wait(z, mask);
    }
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
void zcpu_control_changed(struct zcpu *z)
{
    z->protect_mask = ~UINT64_C(0x11ff);
    z->protect_value = z->cr[0] & CR0_LOW_PROTECT ? 0 : 1; // no masked address is 1
    fetch_forget(z);
    zcpu_attend(z);
}
