// SPDX-License-Identifier: Apache-2.0
#include "fabric/time/horizon.h"

#include "proto/base/assert.h"

sim_time horizon_floor(const struct horizon_group *state, const struct group *group)
{
    sim_time floor = state->floor_out;
    for (uint32_t m = 0; m < group->n_members; m++)
        floor = sim_min(floor, state->bound[m]);
    return sim_max(floor, state->reached);
}

// The crossbar's rule, inside the group.
static sim_time crossbar_horizon(const struct horizon_group *state, const struct group *group, bool no_bounds)
{
    sim_time horizon = SIM_NEVER;
    for (uint32_t m = 0; m < group->n_members; m++) {
        sim_time bound = no_bounds ? state->reached : sim_max(state->bound[m], state->reached);
        horizon = sim_min(horizon, sim_add(bound, group->members[m].lookahead));
    }
    return horizon;
}

// The links' rule. A linked group may act at its floor, or later because of what reaches it over links, this
// group's own frames included: floors are relaxed over the links until nothing changes (at most once per
// group and link).
static sim_time link_horizon(const struct horizon_group *state, const struct groups *groups,
                             const struct horizon_link *links, uint32_t n_links, uint32_t g)
{
    sim_time floor[PARTITIONS_MAX], horizon = SIM_NEVER;
    for (uint32_t i = 0; i < groups->n; i++)
        floor[i] = horizon_floor(&state[i], &groups->group[i]);
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t i = 0; i < 2 * n_links; i++) {
            uint32_t from = links[i / 2].group[i % 2], to = links[i / 2].group[1 - i % 2];
            sim_time reached = sim_add(floor[from], links[i / 2].latency);
            if (reached < floor[to]) {
                floor[to] = reached;
                changed = true;
            }
        }
    }
    for (uint32_t i = 0; i < 2 * n_links; i++)
        if (links[i / 2].group[1 - i % 2] == g)
            horizon = sim_min(horizon, sim_add(floor[links[i / 2].group[i % 2]], links[i / 2].latency));
    return horizon;
}

// Half of the grants end somewhere before they could; results must not notice.
static sim_time chopped(sim_time reached, sim_time horizon, struct rng *rng)
{
    uint64_t length = horizon - reached;
    if (horizon == SIM_NEVER || length < 2 || rng_next(rng) & 1)
        return horizon;
    return reached + 1 + rng_below(rng, length - 1);
}

sim_time horizon_compute(const struct horizon_group *state, const struct groups *groups,
                         const struct horizon_link *links, uint32_t n_links, uint32_t g,
                         const struct horizon_options *options, struct rng *rng)
{
    const struct horizon_group *own = &state[g];
    sim_time horizon = crossbar_horizon(own, &groups->group[g], options->no_bounds);
    if (options->window)
        horizon = sim_max(horizon, sim_add(own->reached, options->window));
    if (n_links)
        horizon = sim_min(horizon, link_horizon(state, groups, links, n_links, g));
    if (options->stride)
        horizon = sim_min(horizon, sim_add(horizon_floor(own, &groups->group[g]), options->stride));
    horizon = sim_min(horizon, own->stop);
    // After a resume the bounds of a linked group are no better than what it has reached, and may be lower
    // than they were: this group waits until they have come back.
    horizon = sim_max(horizon, own->reached);
    return options->chop ? chopped(own->reached, horizon, rng) : horizon;
}
