// SPDX-License-Identifier: Apache-2.0
#include "node/isa/interrupt.h"

#include "node/isa/access.h"
#include "node/isa/service.h"
#include "node/isa/signal.h"
#include "proto/base/assert.h"

// Assigned storage locations (Principles of Operation, chapter 3).
static const struct {
    uint16_t old_psw, new_psw;
} lowcore[INTERRUPTION_COUNT] = {
    [INT_RESTART] = {0x120, 0x1a0}, [INT_EXTERNAL] = {0x130, 0x1b0}, [INT_SVC] = {0x140, 0x1c0},
    [INT_PROGRAM] = {0x150, 0x1d0}, [INT_MACHINE] = {0x160, 0x1e0},  [INT_IO] = {0x170, 0x1f0},
};
enum {
    LC_EXTERNAL_PARAMETER = 0x80,
    LC_CPU_ADDRESS = 0x84, // and the interruption code
    LC_SVC_ILC = 0x88,
    LC_PROGRAM_ILC = 0x8c,
    LC_DATA_CODE = 0x90,
    LC_MONITOR_CLASS = 0x94,
    LC_MONITOR_CODE = 0xb0,
    LC_MACHINE_CODE = 0xe8,
};

// As many as this in a row without an instruction between them, and the CPU will never do anything else.
#define CHECK_LOOP 16u

_Noreturn void escape_blocked(struct zcpu *z)
{
    longjmp(z->escape, ESCAPE_BLOCKED);
}

_Noreturn void program_check_completed(struct zcpu *z, enum program_code code)
{
    z->program_code = (uint16_t)code;
    z->ilc = z->current->length;
    z->psw_address = next_address(z);
    z->interruption = INT_PROGRAM;
    z->activity = DOING_INTERRUPTION;
    longjmp(z->escape, ESCAPE_INTERRUPTION);
}

_Noreturn void program_check(struct zcpu *z, enum program_code code)
{
    if (z->activity != DOING_INSTRUCTIONS) { // the lowcore itself cannot be reached
        zcpu_end(z, GUEST_CHECK_STOP);
        longjmp(z->escape, ESCAPE_INTERRUPTION);
    }
    NP_ASSERT(z->plan.n == 0); // what is suppressed has stored nothing
    z->target = (own_address(z) + z->current->length) & z->address_mask;
    z->next = &z->leave;
    program_check_completed(z, code);
}

_Noreturn void data_exception(struct zcpu *z, uint8_t dxc)
{
    z->data_code = dxc;
    if (z->cr[0] & CR0_AFP)
        z->fpc = (z->fpc & ~UINT32_C(0xff00)) | (uint32_t)dxc << 8;
    program_check(z, PGM_DATA);
}

void storage_damaged(struct zcpu *z, sim_time at)
{
    z->damaged = true;
    zcpu_attend(z);
    if (z->activity == DOING_WAIT)
        cpu_wake(z->cpu, at);
}

// An interruption that could not be taken is lost, the machine check takes its place.
void storage_failed(struct zcpu *z)
{
    access_give_up(z);
    if (z->activity == DOING_SERVICE)
        service_give_up(z);
    else if (z->activity == DOING_INTERRUPTION && z->interruption == INT_MACHINE)
        zcpu_end(z, GUEST_CHECK_STOP);
    else if (z->activity == DOING_INTERRUPTION)
        z->activity = DOING_INSTRUCTIONS;
    storage_damaged(z, z->cpu->clock.now);
}

// The machine check is exigent: where it is not allowed to interrupt, the CPU stops for good (Principles of
// Operation, "Check-Stop State").
static void begin_machine_check(struct zcpu *z)
{
    if (!(z->psw_mask & PSW_MACHINE)) {
        zcpu_end(z, GUEST_CHECK_STOP);
        return;
    }
    z->interruption = INT_MACHINE;
    z->activity = DOING_INTERRUPTION;
}

// A machine check comes first, external interruptions come before a restart (Principles of Operation,
// "Priority of Interruptions"), and a CPU stops only when it has taken those that it is enabled for.
bool interruption_due(struct zcpu *z)
{
    if (z->damaged) {
        begin_machine_check(z);
        return true;
    }
    if ((z->psw_mask & PSW_EXTERNAL) && signal_take_external(z)) {
        z->interruption = INT_EXTERNAL;
        z->activity = DOING_INTERRUPTION;
        return true;
    }
    return signal_perform_order(z);
}

sim_time interruption_timer(const struct zcpu *z)
{
    const struct signals *signals = z->signals;
    sim_time at = SIM_NEVER;
    if (!(z->psw_mask & PSW_EXTERNAL))
        return at;
    if (z->cr[0] & EXTERNAL_COMPARATOR)
        at = signals->comparator_at;
    if (z->cr[0] & EXTERNAL_TIMER)
        at = sim_min(at, signals->timer_at);
    return at;
}

// Only a service signal has a parameter, only a signal of another CPU an address; zeros are stored else.
static void store_external(struct zcpu *z)
{
    const struct signals *signals = z->signals;
    if (signals->external_code == EXTERNAL_CODE_SERVICE)
        store32(z, LC_EXTERNAL_PARAMETER, signals->external_parameter);
    store32(z, LC_CPU_ADDRESS, (uint32_t)signals->external_cpu << 16 | signals->external_code);
}

static void store_monitor(struct zcpu *z)
{
    store16(z, LC_MONITOR_CLASS, z->monitor_class);
    store64(z, LC_MONITOR_CODE, z->monitor_code);
}

static void store_identification(struct zcpu *z)
{
    switch ((enum interruption)z->interruption) {
    case INT_EXTERNAL:
        store_external(z);
        break;
    case INT_SVC:
        store32(z, LC_SVC_ILC, (uint32_t)z->ilc << 16 | z->svc_code);
        break;
    case INT_PROGRAM:
        store32(z, LC_PROGRAM_ILC, (uint32_t)z->ilc << 16 | z->program_code);
        if (z->program_code == PGM_DATA)
            store32(z, LC_DATA_CODE, z->data_code);
        if (z->program_code == PGM_MONITOR)
            store_monitor(z);
        break;
    case INT_MACHINE: // instruction-processing damage, storage error uncorrected; PSW, registers valid
        store64(z, LC_MACHINE_CODE, UINT64_C(0x40008000000f0000));
        break;
    default:
        break;
    }
}

// Whether the new PSW leads to the same interruption again and again.
static bool check_loops(struct zcpu *z)
{
    if (z->interruption != INT_PROGRAM && z->interruption != INT_MACHINE)
        return false;
    z->loops = z->loop_instructions == z->instructions ? z->loops + 1 : 0;
    z->loop_instructions = z->instructions;
    return z->loops >= CHECK_LOOP;
}

void interruption_take(struct zcpu *z)
{
    uint16_t old_psw = lowcore[z->interruption].old_psw, new_psw = lowcore[z->interruption].new_psw;
    uint64_t address_mask = z->address_mask, protect = z->protect_value;
    if (z->interruption == INT_MACHINE) {
        serialise(z); // what else has gone wrong before it belongs to the same machine check
        z->damaged = false;
    }
    z->address_mask = UINT64_MAX;
    uint64_t mask = load64(z, new_psw), address = load64(z, new_psw + 8u);
    z->protect_value = 1; // low-address protection does not hold for interruptions
    store_identification(z);
    store64(z, old_psw, zcpu_psw_mask(z));
    store64(z, old_psw + 8u, z->psw_address & address_mask);
    z->protect_value = protect;
    if (check_loops(z))
        zcpu_end(z, z->interruption == INT_MACHINE ? GUEST_CHECK_STOP : GUEST_PROGRAM_LOOP);
    else
        zcpu_set_psw(z, mask, address);
}
