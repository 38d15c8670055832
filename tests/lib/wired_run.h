// SPDX-License-Identifier: Apache-2.0
// A whole complex as several nodes and a conductor that speak the wire protocol with one another, in one
// process and in virtual host time: what a run of several processes does, without the processes.
#ifndef NP_TESTS_LIB_WIRED_RUN_H
#define NP_TESTS_LIB_WIRED_RUN_H

#include "fabric/link/link_queue.h"
#include "fabric/link/member_wire.h"
#include "fabric/time/conductor.h"
#include "node/host/crew.h"
#include "proto/base/digest.h"

#define WIRED_NODES_MAX 4u

struct wired_options {
    uint32_t nodes; // 1 .. WIRED_NODES_MAX; board b is on node b % nodes
    uint64_t chop;
    double faults; // share of frames that are lost, doubled, late, damaged
};

struct wired_node {
    uint32_t number;
    struct groups groups;
    struct crew crew;
    struct member_wire *wire;
    struct batch batch;
    struct host_stats stats;
};

struct wired {
    const struct machine *machine;
    uint32_t n_nodes;
    uint32_t worker_of_board[BOARDS_MAX];
    struct wired_node nodes[WIRED_NODES_MAX];
    struct link_queue *queue;
    struct groups groups;
    struct exchange *exchange;
    struct conductor *conductor;
    struct host_stats stats;
};

// The machine must outlive it. Fails the test program on an error.
void wired_open(struct wired *wired, const struct machine *machine, const struct wired_options *options);
void wired_close(struct wired *wired);

void wired_regroup(struct wired *wired, const uint32_t *group_of_board, sim_time at);
struct board *wired_board(const struct wired *wired, unsigned board);

// As packed_digest.
struct digest wired_digest(const struct wired *wired);

#endif
