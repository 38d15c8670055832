// SPDX-License-Identifier: Apache-2.0
#include "fabric/time/groups.h"

#include <stdlib.h>
#include <string.h>

#include "fabric/crossbar/timing.h"
#include "proto/base/assert.h"

void groups_of_partitions(const struct machine *machine, uint32_t group_of_board[BOARDS_MAX])
{
    for (uint32_t b = 0; b < machine->n_boards; b++) {
        uint32_t partition = machine->boards[b].partition;
        group_of_board[b] = partition == NO_PARTITION ? NO_GROUP : partition;
    }
}

const char *groups_invalid(const struct machine *machine, const uint32_t *group_of_board)
{
    uint32_t first[PARTITIONS_MAX]; // board of each group
    for (uint32_t g = 0; g < PARTITIONS_MAX; g++)
        first[g] = NO_BOARD;
    for (uint32_t b = 0; b < machine->n_boards; b++) {
        uint32_t g = group_of_board[b];
        if (g == NO_GROUP)
            continue;
        if (g >= PARTITIONS_MAX)
            return "the number of a group is too large";
        if (first[g] == NO_BOARD)
            first[g] = b;
        if (machine->boards[b].system != machine->boards[first[g]].system)
            return "a group has boards of two systems";
    }
    return NULL;
}

static struct group_member *member_for(struct group *group, uint32_t worker)
{
    for (uint32_t i = 0; i < group->n_members; i++)
        if (group->members[i].worker == worker)
            return &group->members[i];
    NP_ASSERT(group->n_members < MEMBERS_MAX);
    struct group_member *member = &group->members[group->n_members++];
    *member = (struct group_member){.worker = worker, .lookahead = SIM_NEVER, .turnaround = SIM_NEVER};
    return member;
}

// To the nearest other board of its group; SIM_NEVER for one that is alone there: it has nobody to send to.
static sim_time lookahead_least(const struct groups *groups, const struct machine *machine, unsigned board)
{
    sim_time least = SIM_NEVER;
    for (uint32_t b = 0; b < machine->n_boards; b++)
        if (b != board && groups->group_of_board[b] == groups->group_of_board[board])
            least = sim_min(least, crossbar_lookahead(machine, board, b));
    return least;
}

static void add_board(struct groups *groups, const struct machine *machine, uint16_t board, uint32_t worker)
{
    struct group *group = &groups->group[groups->group_of_board[board]];
    struct group_member *member = member_for(group, worker);
    member->boards[member->n_boards++] = board;
    member->lookahead = sim_min(member->lookahead, lookahead_least(groups, machine, board));
    member->turnaround = sim_min(member->turnaround, crossbar_turnaround(&machine->boards[board].params));
    groups->member_of_board[board] = (uint16_t)(member - group->members);
}

static void fill(struct groups *groups, const struct machine *machine, uint32_t least_n,
                 const uint32_t *group_of_board, const uint32_t *worker_of_board)
{
    NP_ASSERT(!groups_invalid(machine, group_of_board));
    groups->n = least_n;
    for (uint32_t b = 0; b < BOARDS_MAX; b++) {
        groups->group_of_board[b] = b < machine->n_boards ? group_of_board[b] : NO_GROUP;
        if (groups->group_of_board[b] != NO_GROUP && groups->group_of_board[b] >= groups->n)
            groups->n = groups->group_of_board[b] + 1;
    }
    groups->group = calloc(groups->n ? groups->n : 1, sizeof *groups->group);
    NP_ASSERT(groups->group);
    for (uint32_t b = 0; b < machine->n_boards; b++)
        if (groups->group_of_board[b] != NO_GROUP)
            add_board(groups, machine, (uint16_t)b, worker_of_board[b]);
}

void groups_init(struct groups *groups, const struct machine *machine, const uint32_t *group_of_board,
                 const uint32_t *worker_of_board)
{
    *groups = (struct groups){0};
    fill(groups, machine, machine->n_partitions, group_of_board, worker_of_board);
}

void groups_change(struct groups *groups, const struct machine *machine, const uint32_t *group_of_board,
                   const uint32_t *worker_of_board)
{
    groups_free(groups);
    fill(groups, machine, groups->n, group_of_board, worker_of_board);
}

void groups_free(struct groups *groups)
{
    free(groups->group);
    groups->group = NULL;
}

void groups_compare(const uint32_t *before, const uint32_t *after, bool changed[PARTITIONS_MAX])
{
    memset(changed, 0, PARTITIONS_MAX * sizeof *changed);
    for (uint32_t b = 0; b < BOARDS_MAX; b++) {
        if (before[b] == after[b])
            continue;
        if (before[b] != NO_GROUP)
            changed[before[b]] = true;
        if (after[b] != NO_GROUP)
            changed[after[b]] = true;
    }
}
