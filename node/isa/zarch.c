// SPDX-License-Identifier: Apache-2.0
// A z/Architecture CPU as a kind of CPU of a board: made, saved, asked.
#include "node/isa/isa.h"

#include <stdlib.h>

#include "node/isa/clock.h"
#include "node/isa/fetch.h"
#include "node/isa/interrupt.h"
#include "node/isa/run.h"
#include "node/isa/service.h"
#include "node/isa/signal.h"
#include "node/isa/trace.h"
#include "proto/base/assert.h"

// The state after a clear reset (Principles of Operation, "Resets"): registers zero, CR0 and CR14 as
// assigned.
static void reset(struct zcpu *z)
{
    for (unsigned i = 0; i < 16; i++)
        z->cr[i] = zcpu_initial_control(i);
    z->address_mask = zcpu_mode_mask(0);
    z->activity = DOING_STOPPED;
    z->how = GUEST_STOPPED;
}

static void set_facilities(struct zcpu *z)
{
    for (unsigned bit = 0; bit < 8 * sizeof z->facilities; bit++)
        if (isa_has(z->level, (enum facility)bit))
            z->facilities[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
}

void zarch_open(struct cpu *cpu, const struct configuration *configuration, uint32_t partition,
                uint32_t address)
{
    const struct guest_desc *guest = &configuration->machine->partitions[partition].guest;
    struct zcpu *z = calloc(1, sizeof *z);
    NP_ASSERT(z && cpu->outstanding == 1);
    cpu->ops = &program_zarch;
    cpu->program = z;
    cpu->done = true;
    z->cpu = cpu;
    z->data = &cpu->l1[0];
    z->text = &cpu->l1[cpu->split];
    z->machine = configuration->machine;
    z->configuration = configuration;
    z->guest = guest;
    z->level = guest->architecture;
    z->address = (uint16_t)address;
    z->span_max = INT64_MAX / cpu->clock.hz;
    z->hit_extra = guest->functional ? 0 : cpu->hit_cycles - 1;
    set_facilities(z);
    fetch_init(z);
    signal_init(z);
    service_init(z);
    reset(z);
    clock_plan(z);
    zcpu_control_loaded(z);
}

void zarch_standby(struct cpu *cpu)
{
    zcpu_of(cpu)->activity = DOING_STANDBY;
}

uint64_t zarch_instructions(const struct cpu *cpu)
{
    return zcpu_of(cpu)->instructions;
}

bool zarch_is_configured(const struct cpu *cpu)
{
    return cpu->ops == &program_zarch && zcpu_of(cpu)->activity != DOING_STANDBY;
}

bool zarch_uses(const struct cpu *cpu, uint64_t base, uint64_t size)
{
    return cpu->ops == &program_zarch && signal_uses(zcpu_of(cpu), base, size);
}

void zarch_start(struct cpu *cpu, uint64_t psw_mask, uint64_t psw_address)
{
    struct zcpu *z = zcpu_of(cpu);
    signal_start(z, 0);
    zcpu_set_psw(z, psw_mask, psw_address);
    cpu_publish(cpu);
}

static void perform(struct cpu *cpu, struct access *access, uint8_t *bytes)
{
    (void)access;
    access_update(zcpu_of(cpu), bytes);
}

static void store_failed(struct cpu *cpu, const struct access *access, sim_time at)
{
    (void)access;
    storage_damaged(zcpu_of(cpu), at);
}

static uint8_t end_of(const struct zcpu *z)
{
    if (z->activity == DOING_ENDED || z->activity == DOING_STOPPED || z->activity == DOING_STANDBY)
        return z->how;
    return z->activity == DOING_WAIT ? GUEST_WAITING : GUEST_RUNNING;
}

static sim_time busy_ps(const struct zcpu *z)
{
    return (z->idle_since == SIM_NEVER ? z->cpu->clock.now : z->idle_since) - z->idle_ps;
}

static void guest(const struct cpu *cpu, struct guest_cpu_results *results)
{
    const struct zcpu *z = zcpu_of(cpu);
    *results = (struct guest_cpu_results){.end = end_of(z),
                                          .instructions = z->instructions,
                                          .busy_ps = busy_ps(z),
                                          .psw_mask = zcpu_psw_mask(z),
                                          .psw_address = z->psw_address};
    memcpy(results->gr, z->gr, sizeof results->gr);
}

static void psw_state(struct zcpu *z, struct archive *ar)
{
    ar_u64(ar, &z->psw_mask);
    ar_u64(ar, &z->psw_address);
    ar_u64(ar, &z->address_mask);
    ar_u8(ar, &z->cc);
    ar_u8(ar, &z->ilc);
    if (z->cc > 3 || z->ilc > 6)
        ar_fail(ar, "a condition code of %u, a length of %u", z->cc, z->ilc);
}

static void activity_state(struct zcpu *z, struct archive *ar)
{
    ar_u8(ar, &z->activity);
    ar_u8(ar, &z->after_plan);
    ar_u8(ar, &z->how);
    ar_u8(ar, &z->interruption);
    ar_bool(ar, &z->damaged);
    ar_u16(ar, &z->program_code);
    ar_u8(ar, &z->data_code);
    ar_u16(ar, &z->svc_code);
    ar_u16(ar, &z->monitor_class);
    ar_u64(ar, &z->monitor_code);
    ar_u32(ar, &z->loops);
    ar_u64(ar, &z->loop_instructions);
    ar_u64(ar, &z->instructions);
    ar_u64(ar, &z->stall);
    z->clocked = z->instructions + z->stall;
    ar_u64(ar, &z->idle_since);
    ar_u64(ar, &z->idle_ps);
    if (z->activity >= ACTIVITY_COUNT || z->after_plan >= ACTIVITY_COUNT || z->how >= GUEST_END_COUNT ||
        z->interruption >= INTERRUPTION_COUNT)
        ar_fail(ar, "a CPU in activity %u", z->activity);
}

static void state(struct cpu *cpu, struct archive *ar)
{
    struct zcpu *z = zcpu_of(cpu);
    ar_mark(ar, "ZCPU");
    for (unsigned i = 0; i < 16; i++) {
        ar_u64(ar, &z->gr[i]);
        ar_u64(ar, &z->fpr[i]);
        ar_u32(ar, &z->ar[i]);
        ar_u64(ar, &z->cr[i]);
    }
    ar_u32(ar, &z->fpc);
    ar_u32(ar, &z->todpr);
    ar_u64(ar, &z->prefix);
    psw_state(z, ar);
    activity_state(z, ar);
    access_state(z, ar);
    signal_state(z, ar);
    service_state(z, ar);
    for (unsigned i = 0; i < TEXT_STREAM_COUNT; i++)
        ar_u64(ar, &z->text_seq[i]);
    if (ar_loading(ar))
        zcpu_control_loaded(z);
    fetch_state(z, ar);
}

static void free_zarch(struct cpu *cpu)
{
    fetch_free(zcpu_of(cpu));
    trace_free(zcpu_of(cpu));
    free(zcpu_of(cpu)->signals);
    free(zcpu_of(cpu)->service);
    free(cpu->program);
}

const struct program_ops program_zarch = {.kind = "zarch",
                                          .run = zarch_run,
                                          .store_failed = store_failed,
                                          .perform = perform,
                                          .signal = signal_arrived,
                                          .guest = guest,
                                          .state = state,
                                          .free = free_zarch};
