// SPDX-License-Identifier: Apache-2.0
// A node's share of a sync group: some of its boards, simulated together. What they send one another stays
// here and is handed over at the end of a grant, like everything else that crosses the crossbar.
#ifndef NP_NODE_BOARD_SHARE_H
#define NP_NODE_BOARD_SHARE_H

#include "node/board/board.h"

struct share {
    uint32_t n;
    struct board *boards[BOARDS_PER_SYSTEM_MAX]; // borrowed
    struct board *by_number[BOARDS_MAX];         // NULL: not of this share
};

void share_add(struct share *share, struct board *board, unsigned number);

// Delivers what came with the grant. Returns ERR_DAMAGED_MESSAGE when it names a board that is not here.
enum err_code share_begin(struct share *share, const struct grant *grant, struct err *err);

// Simulates up to `until`; false when `budget` (board steps) was used up first: call again.
bool share_advance(struct share *share, sim_time until, uint64_t budget);

// Fills the answer: messages to others, bound, counts. The lists of `batch` are cleared first.
void share_finish(struct share *share, const struct grant *grant, struct batch *batch);

#endif
