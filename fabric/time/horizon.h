// SPDX-License-Identifier: Apache-2.0
// The grant computer: how far may a sync group run? Every participant has a bound, the earliest time at which
// it could send if nothing further arrived. Whatever is sent at or after a bound arrives no earlier than
// bound + lookahead, so all may simulate everything before the least such sum. Skipping idle time is the same
// rule: idle bounds are far.
#ifndef NP_FABRIC_TIME_HORIZON_H
#define NP_FABRIC_TIME_HORIZON_H

#include <stdbool.h>
#include <stdint.h>

#include "fabric/time/groups.h"
#include "proto/base/rng.h"

struct horizon_options {
    // Grants of one lookahead each, as if nothing were known of the participants.
    bool no_bounds;
    // The machine's. 0: exact. Else grants are at least this long, and late deliveries are counted.
    sim_time window;
    // Grants reach at most this far beyond the earliest bound, so that long runs report progress.
    sim_time stride;
    // Seed; not 0: grants are shortened at random.
    uint64_t chop;
};

// What the computer knows of one group.
struct horizon_group {
    sim_time reached;            // everything before this is simulated
    sim_time bound[MEMBERS_MAX]; // of each member, lowered by what is on its way to it
    sim_time stop;               // never to be passed
    sim_time floor_out;          // while a grant is out: the floor when it was given; SIM_NEVER otherwise
};

// A timed link between two groups, both ways.
struct horizon_link {
    uint32_t group[2];
    sim_time latency;
};

// The time up to which group `g` may run: at least its `reached`; equal when it has to wait for a linked
// group. rng: state of the chopping, touched only when options->chop.
sim_time horizon_compute(const struct horizon_group *state, const struct groups *groups,
                         const struct horizon_link *links, uint32_t n_links, uint32_t g,
                         const struct horizon_options *options, struct rng *rng);

// The earliest time at which the group could do anything that others notice. While a grant is out, bounds
// come in one by one; the floor from before it still holds.
sim_time horizon_floor(const struct horizon_group *state, const struct group *group);

#endif
