// SPDX-License-Identifier: Apache-2.0
// The conductor's state by group: at the start, and when boards change their groups.
#include <stdlib.h>
#include <string.h>

#include "fabric/time/conductor_state.h"
#include "proto/base/assert.h"

const char *conductor_group_name(const struct conductor *c, uint32_t g)
{
    return g < c->machine->n_partitions ? c->machine->partitions[g].name : "(none)";
}

static void close_members(struct group_state *group)
{
    for (uint32_t m = 0; m < group->n_members; m++) {
        grant_free(&group->members[m].next);
        time_list_free(&group->members[m].reports);
    }
    free(group->members);
    group->members = NULL;
    group->n_members = 0;
}

// Members that nothing is known of but that they stand at `at`.
static void open_members(struct conductor *c, uint32_t g, sim_time at)
{
    const struct group *group = &c->groups->group[g];
    struct group_state *state = &c->state[g];
    state->n_members = group->n_members;
    state->finished = group->n_members == 0;
    state->members = calloc(group->n_members ? group->n_members : 1, sizeof *state->members);
    NP_ASSERT(state->members);
    for (uint32_t m = 0; m < group->n_members; m++) {
        struct member_state *member = &state->members[m];
        message_list_init(&member->next.arrivals,
                          c->machine->boards[group->members[m].boards[0]].params.line_bytes);
        member->first_arrival = SIM_NEVER;
        member->running = 1; // until its first batch says otherwise
        c->horizon[g].bound[m] = at;
    }
    c->horizon[g].reached = at;
    c->horizon[g].stop = c->machine->until;
    c->horizon[g].floor_out = SIM_NEVER;
}

// Links of boards that stand still carry nothing.
static void open_links(struct conductor *c)
{
    const uint32_t *group_of_board = c->groups->group_of_board;
    c->n_links = 0;
    for (uint32_t i = 0; i < c->machine->n_links; i++) {
        const struct link_desc *link = &c->machine->links[i];
        uint32_t one = group_of_board[link->board[0]], other = group_of_board[link->board[1]];
        if (one != NO_GROUP && other != NO_GROUP)
            c->links[c->n_links++] = (struct horizon_link){{one, other}, link->latency};
    }
}

static void make_room(struct conductor *c, uint32_t n)
{
    if (c->state && n <= c->n_groups)
        return;
    c->state = realloc(c->state, (n + 1) * sizeof *c->state);
    c->horizon = realloc(c->horizon, (n + 1) * sizeof *c->horizon);
    NP_ASSERT(c->state && c->horizon);
    memset(c->state + c->n_groups, 0, (n + 1 - c->n_groups) * sizeof *c->state);
    memset(c->horizon + c->n_groups, 0, (n + 1 - c->n_groups) * sizeof *c->horizon);
    c->n_groups = n;
}

void conductor_open_groups(struct conductor *c)
{
    make_room(c, c->groups->n);
    for (uint32_t g = 0; g < c->n_groups; g++)
        open_members(c, g, 0);
    memcpy(c->group_of_board, c->groups->group_of_board, sizeof c->group_of_board);
    open_links(c);
}

void conductor_close_groups(struct conductor *c)
{
    for (uint32_t g = 0; g < c->n_groups; g++)
        close_members(&c->state[g]);
    free(c->state);
    free(c->horizon);
}

static enum err_code check_changes(const struct conductor *c, const bool *changes, sim_time at,
                                   struct err *err)
{
    for (uint32_t g = 0; g < c->n_groups; g++) {
        const struct group_state *group = &c->state[g];
        NP_ASSERT(group->out == 0 && !group_has_arrivals(c, g));
        if (changes[g] && group->n_members && c->horizon[g].reached != at)
            return err_set(err, ERR_INTERNAL,
                           "partition %s changes its boards at %llu ps and stands at %llu ps",
                           conductor_group_name(c, g), (unsigned long long)at,
                           (unsigned long long)c->horizon[g].reached);
    }
    return ERR_OK;
}

enum err_code conductor_regroup(struct conductor *c, sim_time at, struct err *err)
{
    bool changes[PARTITIONS_MAX];
    groups_compare(c->group_of_board, c->groups->group_of_board, changes);
    if (check_changes(c, changes, at, err))
        return err->code;
    NP_ASSERT(c->groups->n >= c->n_groups);
    make_room(c, c->groups->n);
    for (uint32_t g = 0; g < c->n_groups; g++)
        if (changes[g]) {
            close_members(&c->state[g]);
            open_members(c, g, at);
            c->state[g].progress_accesses = UINT64_MAX; // what its boards have completed is not progress
        }
    memcpy(c->group_of_board, c->groups->group_of_board, sizeof c->group_of_board);
    open_links(c);
    c->exchange->ops->regroup(c->exchange);
    return ERR_OK;
}
