// SPDX-License-Identifier: Apache-2.0
// The loop: instructions while nothing else is to be done; and what else there is.
#include "node/isa/run.h"

#include "node/cpu/drive.h"

#include "node/isa/fetch.h"
#include "node/isa/interrupt.h"
#include "node/isa/service.h"
#include "proto/base/assert.h"

static void cycles(struct zcpu *z, uint32_t n)
{
    struct clock *clock = &z->cpu->clock;
    for (; n; n--)
        clock_tick(clock);
}

static void block(struct zcpu *z)
{
    cpu_block(z->cpu);
    z->stop = 0;
}

// After an instruction or an interruption whose accesses went the long way.
static void finish_carefully(struct zcpu *z)
{
    z->gather.n = 0;
    zcpu_set_careful(z);
    if (z->plan.n == 0 || plan_perform(z))
        return;
    z->after_plan = z->activity;
    z->activity = DOING_PLAN;
    block(z);
}

static void go_on_with_plan(struct zcpu *z)
{
    if (plan_perform(z))
        z->activity = z->after_plan;
    else
        block(z);
}

static void wait_for_signals(struct zcpu *z)
{
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
}

// Where time, signals and states are looked at. False when the run is over for now, else instructions follow.
static bool boundary(struct zcpu *z)
{
    struct cpu *cpu = z->cpu;
    while (!cpu->blocked && !cpu->done && cpu->clock.now < z->limit) {
        switch ((enum activity)z->activity) {
        case DOING_INSTRUCTIONS:
            if (interruption_due(z))
                break;
            z->stop = sim_min(z->limit, interruption_timer(z));
            return true;
        case DOING_INTERRUPTION:
            interruption_take(z);
            cycles(z, 1);
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
            finish_carefully(z);
            break;
        case DOING_STOPPED:
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
    const struct clock *clock = &z->cpu->clock;
    while (NP_LIKELY(clock->now < z->stop) || boundary(z)) {
        z->here = z->ia;
        z->stall = 0;
        const struct instruction *in = fetch_next(z);
        z->ilc = in->length;
        z->ia = (z->here + in->length) & z->address_mask;
        in->execute(z, in);
        z->instructions++;
        cycles(z, 1 + z->stall);
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
        if (cpu->n_pending == 0 && !cpu->draining)
            return cpu->clock.now < z->limit;
        cpu_block(cpu);
    }
}

static void escaped(struct zcpu *z, int how)
{
    if (z->activity == DOING_INSTRUCTIONS)
        z->ia = z->here;
    if (how == ESCAPE_BLOCKED) {
        block(z);
        return;
    }
    z->gather.n = 0;
    NP_ASSERT(z->plan.n == 0);
    zcpu_set_careful(z);
    zcpu_attend(z);
}

void zarch_run(struct cpu *cpu, sim_time limit)
{
    struct zcpu *z = zcpu_of(cpu);
    cpu->limit = z->limit = limit;
    z->stop = 0;
    fetch_check(z);
    int how = _setjmp(z->escape);
    if (how)
        escaped(z, how);
    while (resume(z)) {
        z->stop = 0;
        execute(z);
    }
    cpu->results.hits += z->hits;
    cpu->results.accesses += z->hits;
    z->hits = 0;
}
