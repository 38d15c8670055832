// SPDX-License-Identifier: Apache-2.0
#include "coordinator/run/plan.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/assert.h"
#include "proto/codec/control.h"

static uint32_t boards_in_partitions(const struct machine *machine)
{
    uint32_t n = 0;
    for (uint32_t p = 0; p < machine->n_partitions; p++)
        n += machine->partitions[p].n_boards;
    return n;
}

// Puts the partition's boards on `count` nodes from `first` on, neighbours together.
static void place(struct plan *plan, const struct partition_desc *partition, uint32_t first, uint32_t count)
{
    for (uint32_t i = 0; i < partition->n_boards; i++)
        plan->node_of_board[partition->boards[i]] = (uint16_t)(first + i * count / partition->n_boards);
}

static uint32_t least_loaded(const uint32_t *load, uint32_t n)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < n; i++)
        if (load[i] < load[best])
            best = i;
    return best;
}

static uint32_t largest_unplaced(const struct machine *machine, const bool *placed)
{
    uint32_t best = NO_PARTITION;
    for (uint32_t p = 0; p < machine->n_partitions; p++)
        if (!placed[p] &&
            (best == NO_PARTITION || machine->partitions[p].n_boards > machine->partitions[best].n_boards))
            best = p;
    return best;
}

// The largest partition first, each where least has been placed: simple, and at most a third off the best.
static void place_whole(struct plan *plan, const struct machine *machine)
{
    uint32_t load[PARTITIONS_MAX] = {0};
    bool placed[PARTITIONS_MAX] = {false};
    for (uint32_t i = 0; i < machine->n_partitions; i++) {
        uint32_t p = largest_unplaced(machine, placed), node = least_loaded(load, plan->nodes);
        place(plan, &machine->partitions[p], node, 1);
        load[node] += machine->partitions[p].n_boards;
        placed[p] = true;
    }
}

// The partition whose nodes have most boards each; it can use another node.
static uint32_t most_crowded(const struct machine *machine, const uint32_t *nodes_of)
{
    uint32_t best = 0;
    for (uint32_t p = 1; p < machine->n_partitions; p++)
        if (machine->partitions[p].n_boards * nodes_of[best] >
            machine->partitions[best].n_boards * nodes_of[p])
            best = p;
    return best;
}

static void place_split(struct plan *plan, const struct machine *machine)
{
    uint32_t nodes_of[PARTITIONS_MAX] = {0};
    for (uint32_t p = 0; p < machine->n_partitions; p++)
        nodes_of[p] = 1;
    for (uint32_t n = machine->n_partitions; n < plan->nodes; n++)
        nodes_of[most_crowded(machine, nodes_of)]++;
    for (uint32_t p = 0, first = 0; p < machine->n_partitions; first += nodes_of[p++])
        place(plan, &machine->partitions[p], first, nodes_of[p]);
}

// Boards of no partition may join one: each goes where fewest are, and makes no process of its own.
static void place_free(struct plan *plan, const struct machine *machine)
{
    uint32_t load[NODES_MAX] = {0};
    for (uint32_t b = 0; b < machine->n_boards; b++)
        if (plan->node_of_board[b] != NO_NODE)
            load[plan->node_of_board[b]]++;
    for (uint32_t b = 0; b < machine->n_boards; b++) {
        if (plan->node_of_board[b] != NO_NODE)
            continue;
        plan->node_of_board[b] = (uint16_t)least_loaded(load, plan->nodes);
        load[plan->node_of_board[b]]++;
    }
}

enum err_code plan_make(struct plan *plan, const struct machine *machine, uint32_t nodes, uint32_t threads,
                        struct err *err)
{
    uint32_t boards = boards_in_partitions(machine);
    if (nodes > boards || threads > boards)
        return err_set(err, ERR_USAGE,
                       "--%s %u: the machine has %u board%s in partitions; give at most as many",
                       nodes > boards ? "nodes" : "threads", nodes > boards ? nodes : threads, boards,
                       boards == 1 ? "" : "s");
    plan->nodes = nodes ? nodes : boards;
    plan->threads = threads ? threads : 1;
    plan->fabrics = plan->nodes > 1;
    for (uint32_t b = 0; b < BOARDS_MAX; b++)
        plan->node_of_board[b] = NO_NODE;
    if (plan->nodes <= machine->n_partitions)
        place_whole(plan, machine);
    else
        place_split(plan, machine);
    place_free(plan, machine);
    return ERR_OK;
}

const char *plan_boards(const struct plan *plan, const struct machine *machine, uint32_t node, char *text,
                        size_t size)
{
    static const char more[] = " ...";
    NP_ASSERT(size > sizeof more);
    size_t used = 0, room = size - sizeof more + 1;
    text[0] = '\0';
    for (uint32_t b = 0; b < machine->n_boards; b++) {
        if (plan->node_of_board[b] != node)
            continue;
        int n = snprintf(text + used, room - used, "%s%s", used ? " " : "", machine->boards[b].name);
        if ((size_t)n >= room - used) {
            memcpy(text + used, more, sizeof more);
            break;
        }
        used += (size_t)n;
    }
    return text;
}
