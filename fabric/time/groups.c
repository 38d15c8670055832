// SPDX-License-Identifier: Apache-2.0
#include "fabric/time/groups.h"

#include <stdlib.h>

#include "fabric/crossbar/timing.h"
#include "proto/base/assert.h"

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

static void add_board(struct groups *groups, struct group *group, const struct machine *machine,
                      uint16_t board, uint32_t worker)
{
    struct group_member *member = member_for(group, worker);
    member->boards[member->n_boards++] = board;
    member->lookahead = sim_min(member->lookahead, crossbar_lookahead_least(machine, board));
    member->turnaround = sim_min(member->turnaround, crossbar_turnaround(&machine->boards[board].params));
    groups->member_of_board[board] = (uint16_t)(member - group->members);
}

void groups_init(struct groups *groups, const struct machine *machine, const uint32_t *worker_of_board)
{
    *groups = (struct groups){.n = machine->n_partitions};
    groups->group = calloc(machine->n_partitions ? machine->n_partitions : 1, sizeof *groups->group);
    NP_ASSERT(groups->group);
    for (uint32_t p = 0; p < machine->n_partitions; p++) {
        const struct partition_desc *partition = &machine->partitions[p];
        for (uint32_t i = 0; i < partition->n_boards; i++)
            add_board(groups, &groups->group[p], machine, partition->boards[i],
                      worker_of_board[partition->boards[i]]);
    }
}

void groups_free(struct groups *groups)
{
    free(groups->group);
    groups->group = NULL;
}
