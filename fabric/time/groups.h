// SPDX-License-Identifier: Apache-2.0
// Sync groups: who shares grants. A group is one hard partition; its members are the workers (node processes,
// or threads of one node) that simulate its boards. Partitions exchange nothing over the crossbar, so groups
// are independent but for timed links.
#ifndef NP_FABRIC_TIME_GROUPS_H
#define NP_FABRIC_TIME_GROUPS_H

#include <stdint.h>

#include "proto/base/machine.h"

#define MEMBERS_MAX BOARDS_PER_SYSTEM_MAX

struct group_member {
    uint32_t worker; // number of the node or thread
    uint32_t n_boards;
    uint16_t boards[BOARDS_PER_SYSTEM_MAX]; // complex-wide numbers, ascending
    sim_time lookahead;  // least time from the start of an egress to its arrival at any other board of the
                         // group. All of a group run to one end, so the least of a row of the lookahead
                         // matrix is all that a grant needs of it; see README.md
    sim_time turnaround; // least time from an arrival to an egress that it causes
};

struct group {
    uint32_t n_members;
    struct group_member members[MEMBERS_MAX];
};

struct groups {
    uint32_t n; // one per partition, in the order of the description
    struct group *group;
    uint16_t member_of_board[BOARDS_MAX]; // index in its group
};

// Groups of a machine whose boards are simulated by worker_of_board[].
void groups_init(struct groups *groups, const struct machine *machine, const uint32_t *worker_of_board);
void groups_free(struct groups *groups);

#endif
