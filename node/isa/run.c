// SPDX-License-Identifier: Apache-2.0
// The loop: instructions while nothing else is to be done; and what else there is.
#include "node/isa/run.h"

#include "node/cpu/drive.h"
#include "node/isa/fetch.h"
#include "node/isa/interrupt.h"
#include "node/isa/service.h"
#include "node/isa/trace.h"
#include "proto/base/assert.h"

sim_time zcpu_now(struct zcpu *z)
{
    uint64_t cycles = z->instructions + z->stall;
    clock_skip(&z->cpu->clock, cycles - z->clocked);
    z->clocked = cycles;
    return z->cpu->clock.now;
}

static void block(struct zcpu *z)
{
    cpu_block(z->cpu);
    zcpu_attend(z);
}

// Stores that hit take their time; the clock has it before anybody asks whether the CPU may go on.
static bool perform_plan(struct zcpu *z)
{
    bool performed = plan_perform(z);
    zcpu_now(z);
    return performed;
}

// Performs the stores of what is complete. False: some of them wait, and what comes next waits for them.
static bool perform_stores(struct zcpu *z)
{
    if (z->plan.n == 0 || perform_plan(z))
        return true;
    z->after_plan = z->activity;
    z->activity = DOING_PLAN;
    block(z);
    return false;
}

// After an instruction or an interruption whose accesses went the long way.
static void finish_carefully(struct zcpu *z)
{
    z->gather.n = 0;
    zcpu_set_careful(z);
    if (z->tracer)
        trace_executed(z);
    if (perform_stores(z) && z->tracer)
        trace_done(z);
}

static void go_on_with_plan(struct zcpu *z)
{
    if (!perform_plan(z)) {
        block(z);
        return;
    }
    z->activity = z->after_plan;
    if (z->tracer)
        trace_done(z);
}

// From the moment at which a CPU stops or waits until it runs again. One that was made is idle since time 0.
static void become_idle(struct zcpu *z)
{
    z->idle_since = z->cpu->clock.now;
}

static void leave_idle(struct zcpu *z)
{
    if (z->idle_since == SIM_NEVER)
        return;
    z->idle_ps += z->cpu->clock.now - z->idle_since;
    z->idle_since = SIM_NEVER;
}

static void wait_for_signals(struct zcpu *z)
{
    become_idle(z);
    z->cpu->wake_at = interruption_timer(z);
    block(z);
}

static void end(struct zcpu *z)
{
    struct cpu *cpu = z->cpu;
    if (cpu->buffer.n) {
        cpu->draining = true;
        block(z);
        return;
    }
    cpu->done = true;
    cpu->results.done_at = cpu->clock.now;
    become_idle(z);
}

// The loop goes on until the first edge of the clock at or after `stop`, or less far; when it has to be
// careful, for one instruction.
static void set_end(struct zcpu *z, sim_time stop)
{
    const struct clock *clock = &z->cpu->clock;
    z->end = 0;
    zcpu_set_careful(z);
    if (z->tracer)
        trace_begin(z);
    if (z->careful || stop <= clock->now)
        return;
    uint64_t span = sim_min(stop - clock->now, z->span_max) * clock->hz;
    z->end = z->clocked + (span - clock->rem + SIM_PS_PER_S - 1) / SIM_PS_PER_S;
}

// Where time, signals and states are looked at. False when the run is over for now, else instructions follow.
static bool boundary(struct zcpu *z)
{
    struct cpu *cpu = z->cpu;
    while (!cpu->blocked && !cpu->done && cpu->clock.now < z->limit) {
        switch ((enum activity)z->activity) {
        case DOING_INSTRUCTIONS:
            // One that has fetched something goes on: its update of storage may have been performed, and
            // values that it keeps for longer would be old.
            if (z->gather.n == 0 && interruption_due(z))
                break;
            set_end(z, sim_min(z->limit, interruption_timer(z)));
            return true;
        case DOING_INTERRUPTION:
            if (z->tracer)
                trace_begin(z);
            interruption_take(z);
            z->stall++;
            zcpu_now(z);
            finish_carefully(z);
            break;
        case DOING_PLAN:
            go_on_with_plan(z);
            break;
        case DOING_WAIT:
            if (!interruption_due(z))
                wait_for_signals(z);
            break;
        case DOING_SERVICE:
            service_go_on(z);
            z->stall++;
            zcpu_now(z);
            finish_carefully(z);
            break;
        case DOING_STOPPED:
        case DOING_STANDBY:
        case DOING_ENDED:
            end(z);
            break;
        case ACTIVITY_COUNT:
            np_panic("a CPU that does nothing known");
        }
    }
    return false;
}

static void execute(struct zcpu *z)
{
    while (boundary(z)) {
        z->next = fetch_locate(z, z->psw_address);
        do {
            const struct instruction *in = z->current = z->next;
            z->next = instruction_after(in);
            in->execute(z, in);
        } while (++z->instructions + z->stall < z->end);
        z->psw_address = next_address(z);
        z->current = z->next = NULL;
        zcpu_now(z);
        if (NP_UNLIKELY(z->careful))
            finish_carefully(z);
    }
}

// Whatever the CPU waited for that is there by now. False when it cannot go on before the limit.
static bool resume(struct zcpu *z)
{
    struct cpu *cpu = z->cpu;
    struct pending retired;
    for (;;) {
        if (cpu->done || (cpu->blocked && !cpu_unblock(cpu, z->limit)))
            return false;
        cpu->wake_at = SIM_NEVER;
        while (cpu_retire(cpu, &retired))
            access_completed(z, &retired);
        if (cpu->n_pending == 0 && !cpu->draining) {
            leave_idle(z);
            return cpu->clock.now < z->limit;
        }
        cpu_block(cpu);
    }
}

static void escaped(struct zcpu *z, int how)
{
    zcpu_now(z);
    if (how == ESCAPE_BLOCKED) {
        if (z->activity == DOING_INSTRUCTIONS)
            z->psw_address = own_address(z);
        block(z);
    } else {
        z->gather.n = 0;
        zcpu_set_careful(z);
        perform_stores(z); // of what is complete all the same: an addition to storage that overflows
    }
    z->current = z->next = NULL;
}

static void count_hits(struct zcpu *z)
{
    struct cpu *cpu = z->cpu;
    cpu->results.hits += z->hits[0] + z->hits[1];
    cpu->results.accesses += z->hits[0] + z->hits[1];
    cpu->by_kind[ACCESS_LOAD] += z->hits[0];
    cpu->by_kind[ACCESS_STORE] += z->hits[1];
    z->hits[0] = z->hits[1] = 0;
}

void zarch_run(struct cpu *cpu, sim_time limit)
{
    struct zcpu *z = zcpu_of(cpu);
    cpu->limit = z->limit = limit;
    NP_ASSERT(z->clocked == z->instructions + z->stall);
    fetch_check(z);
    int how = _setjmp(z->escape);
    if (how)
        escaped(z, how);
    while (resume(z))
        execute(z);
    count_hits(z);
}
