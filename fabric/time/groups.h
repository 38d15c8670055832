// SPDX-License-Identifier: Apache-2.0
// Sync groups: who shares grants. A group is one hard partition, or several while boards move between them;
// its members are the workers (node processes, or threads of one node) that simulate its boards. Partitions
// exchange nothing over the crossbar, so groups are independent but for timed links. A group may be empty,
// and a board in none: it stands still.
#ifndef NP_FABRIC_TIME_GROUPS_H
#define NP_FABRIC_TIME_GROUPS_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/machine.h"

#define MEMBERS_MAX BOARDS_PER_SYSTEM_MAX // all boards of a group are of one system

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
    uint32_t n_members; // 0: it has no boards
    struct group_member members[MEMBERS_MAX];
};

struct groups {
    uint32_t n; // one per partition at least, in the order of the description
    struct group *group;
    uint32_t group_of_board[BOARDS_MAX];  // NO_GROUP: none
    uint16_t member_of_board[BOARDS_MAX]; // index in its group
};

// What a run begins with: the boards of a partition are the group of its number, free ones are in none.
void groups_of_partitions(const struct machine *machine, uint32_t group_of_board[BOARDS_MAX]);

// Why these cannot be sync groups of the machine, or NULL: group_of_board has an entry per board of it.
const char *groups_invalid(const struct machine *machine, const uint32_t *group_of_board);

// Groups of boards that are simulated by worker_of_board[]; both arrays have an entry per board of the
// machine.
void groups_init(struct groups *groups, const struct machine *machine, const uint32_t *group_of_board,
                 const uint32_t *worker_of_board);
// The same for groups that were initialised before: their number does not fall.
void groups_change(struct groups *groups, const struct machine *machine, const uint32_t *group_of_board,
                   const uint32_t *worker_of_board);
void groups_free(struct groups *groups);

// Which groups have other boards after than before; both arrays have BOARDS_MAX entries.
void groups_compare(const uint32_t *before, const uint32_t *after, bool changed[PARTITIONS_MAX]);

#endif
