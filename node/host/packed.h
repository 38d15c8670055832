// SPDX-License-Identifier: Apache-2.0
// A whole complex in one process: boards, exchange in memory and conductor together. A node that simulates
// everything runs this; so do tests in virtual time.
#ifndef NP_NODE_HOST_PACKED_H
#define NP_NODE_HOST_PACKED_H

#include "fabric/time/conductor.h"
#include "node/host/crew.h"

struct packed_options {
    uint32_t threads;               // 1 .. THREADS_MAX
    const uint32_t *group_of_board; // NULL: groups of partitions
    struct board_options board;
    struct conductor_options conductor;
};

struct reporter;
struct texts;

struct packed {
    struct reporter *reporter; // NULL, or told of every grant; borrowed
    struct texts *texts;       // likewise
    struct groups groups;
    struct crew crew;
    struct exchange *exchange;
    struct conductor *conductor;
    struct host_stats stats;
    uint32_t worker_of_board[BOARDS_MAX];
    _Atomic uint64_t simulating_ns;
};

// The machine must outlive it. On failure nothing is left to close.
enum err_code packed_open(struct packed *packed, const struct machine *machine,
                          const struct packed_options *options, struct err *err);
void packed_close(struct packed *packed);

enum err_code packed_run(struct packed *packed, const struct conductor_stop *stop, enum pause_reason *reason,
                         struct err *err);

// At a pause: from now on these are the sync groups. ERR_DAMAGED_MESSAGE when they cannot be, ERR_INTERNAL
// when a board that changes its group does not stand at `at`.
enum err_code packed_regroup(struct packed *packed, const uint32_t *group_of_board, sim_time at,
                             struct err *err);

// Brings stats.simulating_ns up to date: what its threads spent in boards.
void packed_count_time(struct packed *packed);

// Saves or loads the whole complex; loading needs one freshly opened from the same machine. Only while
// paused. Threads may differ between saving and loading; groups may not.
void packed_state(struct packed *packed, struct archive *ar);

// Digest of the run so far: of every partition from the boards of the description in order, and of all
// partitions. Only while
// paused. partitions: one digest each, may be NULL.
struct digest packed_digest(struct packed *packed, struct digest *partitions);

#endif
