// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/wired_run.h"

#include <stdlib.h>
#include <string.h>

#include "fabric/link/exchange_wire.h"
#include "fabric/link/link_lossy.h"
#include "proto/base/assert.h"

#define RUN   UINT64_C(0x77)
#define EPOCH 1u
#define SEED  UINT64_C(5)

static void must(enum err_code code, const struct err *err)
{
    if (code)
        exit(err_report(err));
}

// As numaplex-node does it: the share that the grant is for, and back.
static void simulate(struct wired_node *node, struct grant *grant)
{
    struct err err;
    struct share *share = NULL;
    const struct group *group = &node->groups.group[grant->group];
    NP_ASSERT(grant->group < node->groups.n);
    for (uint32_t m = 0; m < group->n_members; m++)
        if (group->members[m].worker == node->number)
            share = crew_share(&node->crew, grant->group, m);
    NP_ASSERT(share);
    must(share_begin(share, grant, &err), &err);
    while (!share_advance(share, grant->until, UINT64_MAX))
        ;
    share_finish(share, grant, &node->batch);
    node->batch.group = grant->group;
    node->batch.seq = grant->seq;
    must(member_wire_reply(node->wire, &node->batch, &err), &err);
}

static void step(void *context)
{
    struct wired *wired = context;
    for (uint32_t i = 0; i < wired->n_nodes; i++) {
        struct wired_node *node = &wired->nodes[i];
        struct grant *grant = NULL;
        struct err err;
        must(member_wire_receive(node->wire, 0, &grant, &err), &err);
        if (grant)
            simulate(node, grant);
    }
}

static void open_node(struct wired *wired, uint32_t number, const uint32_t *group_of_board, double faults)
{
    struct wired_node *node = &wired->nodes[number];
    struct err err;
    node->number = number;
    groups_init(&node->groups, wired->machine, group_of_board, wired->worker_of_board);
    must(crew_open(&node->crew, wired->machine, &node->groups, wired->worker_of_board, number, 1, NULL, &err),
         &err);
    struct link *link = link_queue_peer(wired->queue, number);
    struct member_wire_config config = {.run = RUN,
                                        .epoch = EPOCH,
                                        .node = number,
                                        .clock = link_queue_clock(wired->queue),
                                        .stats = &node->stats};
    if (faults > 0)
        link = link_lossy_open(link, SEED + 1 + number, faults);
    must(member_wire_open(&node->wire, link, &config, &err), &err);
}

static void open_hub(struct wired *wired, const uint32_t *group_of_board, double faults)
{
    struct link *link = link_queue_hub(wired->queue);
    struct err err;
    groups_init(&wired->groups, wired->machine, group_of_board, wired->worker_of_board);
    struct exchange_wire_config config = {.run = RUN,
                                          .epoch = EPOCH,
                                          .groups = &wired->groups,
                                          .nodes = wired->n_nodes,
                                          .clock = link_queue_clock(wired->queue),
                                          .stats = &wired->stats};
    if (faults > 0)
        link = link_lossy_open(link, SEED, faults);
    must(exchange_wire_open(&wired->exchange, link, &config, &err), &err);
}

void wired_open(struct wired *wired, const struct machine *machine, const struct wired_options *options)
{
    uint32_t group_of_board[BOARDS_MAX];
    NP_ASSERT(options->nodes && options->nodes <= WIRED_NODES_MAX);
    memset(wired, 0, sizeof *wired);
    wired->machine = machine;
    wired->n_nodes = options->nodes;
    wired->queue = link_queue_new(options->nodes);
    groups_of_partitions(machine, group_of_board);
    for (uint32_t b = 0; b < machine->n_boards; b++)
        wired->worker_of_board[b] = b % options->nodes;
    for (uint32_t i = 0; i < options->nodes; i++)
        open_node(wired, i, group_of_board, options->faults);
    open_hub(wired, group_of_board, options->faults);
    link_queue_on_wait(wired->queue, step, wired);
    struct conductor_options conductor = {.horizon = {.stride = 100 * SIM_PS_PER_US, .chop = options->chop},
                                          .epoch = EPOCH};
    wired->conductor = conductor_new(machine, &wired->groups, wired->exchange, &conductor);
}

void wired_close(struct wired *wired)
{
    conductor_free(wired->conductor);
    wired->exchange->ops->close(wired->exchange);
    for (uint32_t i = 0; i < wired->n_nodes; i++) {
        struct wired_node *node = &wired->nodes[i];
        member_wire_close(node->wire);
        batch_free(&node->batch);
        crew_close(&node->crew);
        groups_free(&node->groups);
    }
    groups_free(&wired->groups);
    link_queue_free(wired->queue);
}

void wired_regroup(struct wired *wired, const uint32_t *group_of_board, sim_time at)
{
    bool changed[PARTITIONS_MAX];
    struct err err;
    groups_change(&wired->groups, wired->machine, group_of_board, wired->worker_of_board);
    must(conductor_regroup(wired->conductor, at, &err), &err);
    for (uint32_t i = 0; i < wired->n_nodes; i++) {
        struct wired_node *node = &wired->nodes[i];
        groups_change(&node->groups, wired->machine, group_of_board, wired->worker_of_board);
        crew_regroup(&node->crew, at, changed);
    }
}

struct board *wired_board(const struct wired *wired, unsigned board)
{
    return wired->nodes[wired->worker_of_board[board]].crew.boards[board];
}

static struct digest digest_of(const struct wired *wired, unsigned board)
{
    struct archive ar;
    ar_init_hash(&ar);
    board_state(wired_board(wired, board), &ar);
    struct digest digest = ar_digest(&ar);
    ar_free(&ar);
    return digest;
}

// As in a run: of the partitions, then of the boards that were described in none.
struct digest wired_digest(const struct wired *wired)
{
    struct digest all[PARTITIONS_MAX + BOARDS_MAX];
    uint32_t n = 0;
    for (; n < wired->machine->n_partitions; n++) {
        const struct partition_desc *partition = &wired->machine->partitions[n];
        struct digest of_board[BOARDS_PER_SYSTEM_MAX];
        for (uint32_t i = 0; i < partition->n_boards; i++)
            of_board[i] = digest_of(wired, partition->boards[i]);
        all[n] = digest_combine(of_board, partition->n_boards);
    }
    for (uint32_t b = 0; b < wired->machine->n_boards; b++)
        if (wired->machine->boards[b].partition == NO_PARTITION && wired_board(wired, b))
            all[n++] = digest_of(wired, b);
    return digest_combine(all, n);
}
