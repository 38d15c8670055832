// SPDX-License-Identifier: Apache-2.0
// Placement: which process simulates which board. It decides how fast a run is, never what comes out.
#ifndef NP_COORDINATOR_RUN_PLAN_H
#define NP_COORDINATOR_RUN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/err.h"
#include "proto/base/machine.h"

struct plan {
    uint32_t nodes;                     // processes that simulate boards
    uint32_t threads;                   // of each
    uint32_t fabrics;                   // 0: the one node conducts; 1: a fabric process does
    uint16_t node_of_board[BOARDS_MAX]; // NO_NODE: there is no such board
};

// Places the boards of all partitions on `nodes` processes (0: one per board). With no more processes than
// partitions, whole partitions share a process, so that none of their messages leaves it; with more, each
// partition has processes in proportion to its boards, which take neighbouring ones. Boards of no
// partition go where fewest are. ERR_USAGE when there are more processes, or threads (0: one), than boards.
enum err_code plan_make(struct plan *plan, const struct machine *machine, uint32_t nodes, uint32_t threads,
                        struct err *err);

// "SB0 SB1 SB6": the boards of a node; ends with " ..." where the text (5 bytes at least) is too small for
// all. Returns `text`.
const char *plan_boards(const struct plan *plan, const struct machine *machine, uint32_t node, char *text,
                        size_t size);

#endif
