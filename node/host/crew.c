// SPDX-License-Identifier: Apache-2.0
#include "node/host/crew.h"

#include <stdlib.h>

#include "proto/base/assert.h"

static struct share **share_at(const struct crew *crew, uint32_t group, uint32_t member)
{
    NP_ASSERT(group < crew->groups->n && member < MEMBERS_MAX);
    return &crew->shares[group * MEMBERS_MAX + member];
}

struct share *crew_share(const struct crew *crew, uint32_t group, uint32_t member)
{
    return *share_at(crew, group, member);
}

static void put_in_share(struct crew *crew, unsigned board)
{
    uint32_t group = crew->machine->boards[board].partition;
    struct share **share = share_at(crew, group, crew->groups->member_of_board[board]);
    if (!*share)
        *share = calloc(1, sizeof **share);
    NP_ASSERT(*share);
    share_add(*share, crew->boards[board], board);
}

enum err_code crew_open(struct crew *crew, const struct machine *machine, const struct groups *groups,
                        const uint32_t *worker_of_board, uint32_t first_worker, uint32_t workers,
                        const struct board_options *options, struct err *err)
{
    *crew = (struct crew){.machine = machine, .groups = groups};
    crew->shares = calloc((size_t)(groups->n + 1) * MEMBERS_MAX, sizeof(struct share *));
    NP_ASSERT(crew->shares);
    for (unsigned b = 0; b < machine->n_boards; b++) {
        if (machine->boards[b].partition == NO_PARTITION || worker_of_board[b] - first_worker >= workers)
            continue;
        crew->boards[b] = board_new(machine, b, options, err);
        if (!crew->boards[b]) {
            crew_close(crew);
            return err->code;
        }
        put_in_share(crew, b);
    }
    return ERR_OK;
}

void crew_close(struct crew *crew)
{
    for (unsigned b = 0; b < BOARDS_MAX; b++)
        board_free(crew->boards[b]);
    for (uint32_t i = 0; crew->shares && i < crew->groups->n * MEMBERS_MAX; i++)
        free(crew->shares[i]);
    free(crew->shares);
    *crew = (struct crew){0};
}
