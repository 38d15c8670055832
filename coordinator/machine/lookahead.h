// SPDX-License-Identifier: Apache-2.0
// What can be said of a machine's times before it runs: how far boards may run ahead of each other, and what
// an access takes that meets nothing else under way.
#ifndef NP_COORDINATOR_MACHINE_LOOKAHEAD_H
#define NP_COORDINATOR_MACHINE_LOOKAHEAD_H

#include "proto/base/machine.h"

// The least time from the start of an egress to the start of its ingress at another board of the partition:
// the smallest message at the fastest port, and the shortest flight. SIM_NEVER for a partition of one board.
sim_time lookahead_of_partition(const struct machine *machine, uint32_t partition);

// Latencies of a load by a CPU of a board, each the sum of the components it passes.
struct unloaded {
    sim_time l1;           // hit in the CPU's own L1
    sim_time board;        // hit in the board cache
    sim_time local;        // memory of the own board
    sim_time remote;       // memory of another board of the same kind, clean there
    sim_time remote_dirty; // home on a second board, dirty in the cache of a third
    sim_time far;          // as remote, on another crossbar; 0: the system has one
    sim_time far_dirty;    // three boards on three crossbars; 0: the system has one
};
struct unloaded unloaded_latencies(const struct board_params *board, const struct system_desc *system);

#endif
