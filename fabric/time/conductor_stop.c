// SPDX-License-Identifier: Apache-2.0
// Where sync groups stop before the end of the run, and before their horizon lets them: at a time, for
// reports of their boards, near the slowest, at the pace of a person who watches.
#include "fabric/link/host_time.h"
#include "fabric/time/conductor_state.h"
#include "proto/base/assert.h"

#define NS_PER_S     UINT64_C(1000000000)
#define GRANTS_PER_S 50u      // at a pace: more would be work that nobody sees
#define CATCH_UP_NS  NS_PER_S // a host that was stopped does not catch up more than this at once

// Of all groups that will go on; SIM_NEVER when there is none.
static sim_time least_reached(const struct conductor *c)
{
    sim_time least = SIM_NEVER;
    for (uint32_t g = 0; g < c->n_groups; g++)
        if (!c->state[g].finished)
            least = sim_min(least, c->horizon[g].reached);
    return least;
}

enum err_code conductor_begin_stops(struct conductor *c, const struct conductor_stop *stop, struct err *err)
{
    c->stop = stop;
    c->stopping = false;
    for (uint32_t g = 0; g < c->n_groups; g++) {
        struct group_state *group = &c->state[g];
        group->wanted = NULL;
        group->stop_at = SIM_NEVER;
        group->reported = false;
        group->ask |= group->grants > 0;
    }
    for (uint32_t i = 0; i < stop->n_wanted; i++) {
        const struct wanted_reports *wanted = &stop->wanted[i];
        if (wanted->group >= c->n_groups || c->state[wanted->group].n_members == 0)
            return err_set(err, ERR_INTERNAL, "reports are wanted of group %u, which has no boards",
                           wanted->group);
        NP_ASSERT(wanted->reports && wanted->latency);
        c->state[wanted->group].wanted = wanted;
        c->state[wanted->group].ask = true;
    }
    c->pace = (struct host_pace){.allowed = SIM_NEVER};
    if (stop->pace) {
        c->pace.at_ns = host_now_ns();
        c->pace.allowed = least_reached(c);
    }
    return ERR_OK;
}

// When report number `wanted` of the group was made, in order of time; SIM_NEVER: fewer wait.
static sim_time time_of_report(const struct group_state *group, uint32_t wanted)
{
    uint32_t at[MEMBERS_MAX] = {0};
    sim_time time = SIM_NEVER;
    for (uint32_t n = 0; n < wanted; n++) {
        uint32_t next = MEMBERS_MAX;
        time = SIM_NEVER;
        for (uint32_t m = 0; m < group->n_members; m++) {
            const struct time_list *reports = &group->members[m].reports;
            if (at[m] < reports->n && (next == MEMBERS_MAX || reports->items[at[m]] < time)) {
                next = m;
                time = reports->items[at[m]];
            }
        }
        if (next == MEMBERS_MAX)
            return SIM_NEVER;
        at[next]++;
    }
    return time;
}

void conductor_take_reports(struct conductor *c, uint32_t g)
{
    struct group_state *group = &c->state[g];
    if (!group->wanted)
        return;
    sim_time last = time_of_report(group, group->wanted->reports);
    if (last != SIM_NEVER)
        group->stop_at = sim_add(last, group->wanted->latency);
    // Whoever wants reports has taken all those before, so this one was made in the grant that has just ended
    // or not long before, and grants are at most `latency` long: never too late, however time is cut.
    NP_ASSERT(group->stop_at >= c->horizon[g].reached);
    group->reported = group->stop_at != SIM_NEVER && c->horizon[g].reached == group->stop_at;
    if (group->reported && !c->stopping) {
        c->stopping = true;
        c->stop_reason = PAUSE_REPORTS;
    }
}

bool conductor_awaits_stop(const struct conductor *c, uint32_t g)
{
    const struct group_state *group = &c->state[g];
    return group->wanted && group->stop_at != SIM_NEVER && c->horizon[g].reached < group->stop_at;
}

// Nothing can be reported while nothing happens, so a quiet group is not held back.
static sim_time stop_for_reports(const struct conductor *c, uint32_t g)
{
    const struct group_state *group = &c->state[g];
    if (!group->wanted)
        return SIM_NEVER;
    if (group->stop_at != SIM_NEVER)
        return group->stop_at;
    return group_is_quiet(c, g) ? SIM_NEVER : sim_add(c->horizon[g].reached, group->wanted->latency);
}

sim_time conductor_stop_of(const struct conductor *c, uint32_t g)
{
    sim_time stop = sim_min(c->machine->until, c->stop->time);
    stop = sim_min(stop, stop_for_reports(c, g));
    if (c->stop->skew)
        stop = sim_min(stop, sim_add(least_reached(c), c->stop->skew));
    return sim_max(stop, c->horizon[g].reached);
}

bool conductor_keeps_pace(struct conductor *c, uint32_t g, sim_time until)
{
    if (until < c->pace.allowed || until - c->horizon[g].reached > c->stop->pace / GRANTS_PER_S)
        return true;
    c->pace.held = true;
    return false;
}

void conductor_tick(struct conductor *c)
{
    c->pace.held = false;
    if (!c->stop->pace)
        return;
    uint64_t now = host_now_ns(), spent = now - c->pace.at_ns;
    spent = spent < CATCH_UP_NS ? spent : CATCH_UP_NS;
    sim_time step = (sim_time)((double)spent / NS_PER_S * (double)c->stop->pace);
    if (step == 0)
        return;
    c->pace.allowed = sim_add(c->pace.allowed, step);
    c->pace.at_ns = now;
}
