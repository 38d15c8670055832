// SPDX-License-Identifier: Apache-2.0
// Principles of Operation, chapter 4, "Timing", and the instructions that read and set clocks.
#include "node/isa/clock.h"

#include "node/isa/access.h"
#include "node/isa/families.h"
#include "node/isa/signal.h"

uint64_t clock_units(sim_time time)
{
    return (uint64_t)((unsigned __int128)time * 64 / 15625);
}

sim_time clock_time(uint64_t units)
{
    unsigned __int128 time = ((unsigned __int128)units * 15625 + 63) / 64;
    return time < SIM_NEVER ? (sim_time)time : SIM_NEVER;
}

// The comparator asks for an interruption while the clock's value is greater than its own.
static sim_time comparator_at(uint64_t comparator)
{
    return comparator < TOD_AT_ZERO ? 0 : clock_time(comparator - TOD_AT_ZERO + 1);
}

// The timer asks while it is negative. `end`: its value plus the units that had passed.
static sim_time timer_at(uint64_t timer, uint64_t end)
{
    return timer >> 63 ? 0 : end == UINT64_MAX ? SIM_NEVER : clock_time(end + 1);
}

uint64_t clock_timer(const struct zcpu *z, sim_time time)
{
    return z->signals->timer - (z->signals->timer_runs ? clock_units(time) : 0);
}

void clock_set_timer(struct zcpu *z, uint64_t value, sim_time time)
{
    struct signals *signals = z->signals;
    signals->timer = value + (signals->timer_runs ? clock_units(time) : 0);
    clock_plan(z);
    zcpu_attend(z);
}

void clock_set_comparator(struct zcpu *z, uint64_t value)
{
    z->signals->comparator = value;
    clock_plan(z);
    zcpu_attend(z);
}

void clock_plan(struct zcpu *z)
{
    struct signals *signals = z->signals;
    uint64_t now = clock_timer(z, z->cpu->clock.now);
    signals->comparator_at = comparator_at(signals->comparator);
    signals->timer_at = signals->timer_runs ? timer_at(now, signals->timer) : SIM_NEVER;
}

static uint64_t doubleword(struct zcpu *z, const struct instruction *in)
{
    uint64_t address = address2(z, in);
    if (address & 7)
        program_check(z, PGM_SPECIFICATION);
    return address;
}

// STORE CLOCK, STORE CLOCK FAST. The clock is set: condition code 0.
void isa_stck(struct zcpu *z, const struct instruction *in)
{
    uint64_t address = address2(z, in);
    serialise(z);
    store64(z, address, clock_tod(zcpu_now(z)));
    z->cc = 0;
}

void isa_stckf(struct zcpu *z, const struct instruction *in)
{
    store64(z, address2(z, in), clock_tod(zcpu_now(z)));
    z->cc = 0;
}

// Epoch index 0, the clock with zeros to its right, and the TOD programmable register.
void isa_stcke(struct zcpu *z, const struct instruction *in)
{
    uint8_t bytes[16] = {0};
    uint64_t address = address2(z, in), tod = htobe64(clock_tod(zcpu_now(z)));
    serialise(z);
    memcpy(bytes + 1, &tod, sizeof tod);
    bytes[13] |= 1; // bits 72-111, to the right of what STORE CLOCK stores, are never all zero
    bytes[14] = (uint8_t)(z->todpr >> 8);
    bytes[15] = (uint8_t)z->todpr;
    store_bytes(z, address, sizeof bytes, bytes);
    z->cc = 0;
}

// The clock is secure: it belongs to all partitions' CPUs, and no program changes it (condition code 1).
void isa_sck(struct zcpu *z, const struct instruction *in)
{
    check_load(z, doubleword(z, in), 8);
    z->cc = 1;
}

void isa_sckpf(struct zcpu *z, const struct instruction *in)
{
    (void)in;
    if (z->gr[0] & UINT64_C(0xffff0000))
        program_check(z, PGM_SPECIFICATION);
    z->todpr = (uint32_t)z->gr[0] & 0xffff;
}

void isa_sckc(struct zcpu *z, const struct instruction *in)
{
    uint64_t value = load64(z, doubleword(z, in));
    clock_set_comparator(z, value);
}

void isa_stckc(struct zcpu *z, const struct instruction *in)
{
    store64(z, doubleword(z, in), z->signals->comparator);
}

void isa_spt(struct zcpu *z, const struct instruction *in)
{
    uint64_t value = load64(z, doubleword(z, in));
    clock_set_timer(z, value, zcpu_now(z));
}

void isa_stpt(struct zcpu *z, const struct instruction *in)
{
    store64(z, doubleword(z, in), clock_timer(z, zcpu_now(z)));
}

// EXTRACT CPU TIME: what has passed since the value at the first operand, the second operand, the third.
void isa_ectg(struct zcpu *z, const struct instruction *in)
{
    uint64_t then = load64(z, address1(z, in)), second = load64(z, address2(z, in));
    uint64_t third = load64(z, z->gr[in->r3] & z->address_mask);
    z->gr[0] = then - clock_timer(z, zcpu_now(z));
    z->gr[1] = second;
    z->gr[in->r3] = third;
}
