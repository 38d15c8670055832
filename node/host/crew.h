// SPDX-License-Identifier: Apache-2.0
// The boards that one node process simulates, sorted into its shares of sync groups. Boards of no group stand
// still until they join one.
#ifndef NP_NODE_HOST_CREW_H
#define NP_NODE_HOST_CREW_H

#include "fabric/time/groups.h"
#include "node/board/share.h"
#include "proto/base/results.h"

struct crew {
    const struct machine *machine;       // borrowed
    const struct groups *groups;         // borrowed
    struct board *boards[BOARDS_MAX];    // NULL: simulated elsewhere
    struct share **shares;               // [group x MEMBERS_MAX + member], NULL: elsewhere
    uint32_t n_groups;                   // of which there are shares
    uint32_t group_of_board[BOARDS_MAX]; // as it was when shares were last made
    struct crew_tables *tables;          // page tables that come in pieces: crew_orders.c
};

// Builds the boards b with worker_of_board[b] in first_worker .. first_worker + workers - 1 (a packed node
// has one worker per thread, any other node is one worker).
enum err_code crew_open(struct crew *crew, const struct machine *machine, const struct groups *groups,
                        const uint32_t *worker_of_board, uint32_t first_worker, uint32_t workers,
                        const struct board_options *options, struct err *err);
void crew_close(struct crew *crew);

// The groups have changed, at a cut: makes shares anew. Boards that were in none are brought to `at`.
// changed[g]: group g has other boards than before.
void crew_regroup(struct crew *crew, sim_time at, bool changed[PARTITIONS_MAX]);

struct share *crew_share(const struct crew *crew, uint32_t group, uint32_t member);

#endif
