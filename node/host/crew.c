// SPDX-License-Identifier: Apache-2.0
#include "node/host/crew.h"

#include <stdlib.h>
#include <string.h>

#include "node/host/crew_orders.h"
#include "proto/base/assert.h"

static struct share **share_at(const struct crew *crew, uint32_t group, uint32_t member)
{
    NP_ASSERT(group < crew->n_groups && member < MEMBERS_MAX);
    return &crew->shares[group * MEMBERS_MAX + member];
}

struct share *crew_share(const struct crew *crew, uint32_t group, uint32_t member)
{
    return *share_at(crew, group, member);
}

static void put_in_share(struct crew *crew, unsigned board)
{
    uint32_t group = crew->groups->group_of_board[board];
    struct share **share = share_at(crew, group, crew->groups->member_of_board[board]);
    if (!*share)
        *share = calloc(1, sizeof **share);
    NP_ASSERT(*share);
    share_add(*share, crew->boards[board], board);
}

static void make_shares(struct crew *crew)
{
    crew->n_groups = crew->groups->n;
    crew->shares = calloc((size_t)(crew->n_groups + 1) * MEMBERS_MAX, sizeof(struct share *));
    NP_ASSERT(crew->shares);
    for (unsigned b = 0; b < crew->machine->n_boards; b++)
        if (crew->boards[b] && crew->groups->group_of_board[b] != NO_GROUP)
            put_in_share(crew, b);
    memcpy(crew->group_of_board, crew->groups->group_of_board, sizeof crew->group_of_board);
}

static void free_shares(struct crew *crew)
{
    for (uint32_t i = 0; crew->shares && i < crew->n_groups * MEMBERS_MAX; i++)
        free(crew->shares[i]);
    free(crew->shares);
}

void crew_regroup(struct crew *crew, sim_time at, bool changed[PARTITIONS_MAX])
{
    groups_compare(crew->group_of_board, crew->groups->group_of_board, changed);
    for (unsigned b = 0; b < crew->machine->n_boards; b++) {
        bool joins = crew->group_of_board[b] == NO_GROUP && crew->groups->group_of_board[b] != NO_GROUP;
        while (crew->boards[b] && joins && !board_run(crew->boards[b], at, UINT64_MAX))
            ;
    }
    free_shares(crew);
    make_shares(crew);
}

enum err_code crew_open(struct crew *crew, const struct machine *machine, const struct groups *groups,
                        const uint32_t *worker_of_board, uint32_t first_worker, uint32_t workers,
                        const struct board_options *options, struct err *err)
{
    *crew = (struct crew){.machine = machine, .groups = groups};
    for (unsigned b = 0; b < machine->n_boards; b++) {
        if (worker_of_board[b] - first_worker >= workers)
            continue;
        crew->boards[b] = board_new(machine, b, options, err);
        if (!crew->boards[b]) {
            crew_close(crew);
            return err->code;
        }
    }
    make_shares(crew);
    return ERR_OK;
}

void crew_close(struct crew *crew)
{
    for (unsigned b = 0; b < BOARDS_MAX; b++)
        board_free(crew->boards[b]);
    free_shares(crew);
    crew_drop_tables(crew);
    *crew = (struct crew){0};
}
