// SPDX-License-Identifier: Apache-2.0
// What the files of the conductor share; nothing else includes it.
#ifndef NP_FABRIC_TIME_CONDUCTOR_STATE_H
#define NP_FABRIC_TIME_CONDUCTOR_STATE_H

#include "fabric/time/conductor.h"

// One member's next grant, filled while its messages come in.
struct member_state {
    struct grant next;
    sim_time first_arrival; // earliest of what waits in `next`
    sim_time bound;         // as reported
    uint64_t accesses, events;
    uint32_t running;
    struct time_list reports; // that wait in its boards, as last heard
};

struct group_state {
    uint32_t n_members;
    struct member_state *members;
    uint32_t out;                                // grants that have not been answered
    sim_time granted;                            // end of the grant that is out
    uint64_t grants;                             // ever given to a group of this number
    uint64_t progress_accesses, progress_events; // when accesses last grew
    bool finished;                               // nothing will happen any more, or the end time is reached
    bool ask;                            // its boards may stand otherwise than they said: a grant of no time
    const struct wanted_reports *wanted; // NULL: none
    sim_time stop_at;                    // where they stop it; SIM_NEVER: not known yet
    bool reported;                       // it stands there
};

// How far the clock of the host lets simulated time come.
struct host_pace {
    uint64_t at_ns;   // host time of the last look
    sim_time allowed; // up to here; SIM_NEVER: there is no pace
    bool held;        // a group waits for it
};

struct conductor {
    const struct machine *machine;
    const struct groups *groups;
    struct exchange *exchange;
    struct conductor_options options;
    uint32_t n_groups;
    uint32_t group_of_board[BOARDS_MAX]; // as it was when the groups last changed
    struct group_state *state;
    struct horizon_group *horizon;
    uint32_t n_links;
    struct horizon_link links[LINKS_MAX];
    uint64_t grants;
    struct rng rng;
    const struct conductor_stop *stop;
    struct host_pace pace;
    bool stopping;
    enum pause_reason stop_reason;
};

static inline bool group_has_arrivals(const struct conductor *c, uint32_t g)
{
    for (uint32_t m = 0; m < c->state[g].n_members; m++)
        if (c->state[g].members[m].first_arrival != SIM_NEVER)
            return true;
    return false;
}

// Nothing is on its way and nobody will move by itself: ended, or waiting for a linked group, or stuck.
static inline bool group_is_quiet(const struct conductor *c, uint32_t g)
{
    return !group_has_arrivals(c, g) && horizon_floor(&c->horizon[g], &c->groups->group[g]) == SIM_NEVER;
}

// conductor_groups.c: all state by group, from the groups as they are.
void conductor_open_groups(struct conductor *c);
void conductor_close_groups(struct conductor *c);
const char *conductor_group_name(const struct conductor *c, uint32_t g); // for messages

// conductor_stop.c: where groups stop before they must.
enum err_code conductor_begin_stops(struct conductor *c, const struct conductor_stop *stop, struct err *err);
void conductor_take_reports(struct conductor *c, uint32_t g); // all batches of a grant are in
bool conductor_awaits_stop(const struct conductor *c,
                           uint32_t g); // it must yet come to where reports stop it
sim_time conductor_stop_of(const struct conductor *c, uint32_t g); // at least what it has reached
// Whether a grant up to `until` is worth its while at the host's pace; if not, the group waits for that.
bool conductor_keeps_pace(struct conductor *c, uint32_t g, sim_time until);
void conductor_tick(struct conductor *c); // looks at the host's clock, where there is a pace

#endif
