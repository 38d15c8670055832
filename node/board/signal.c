// SPDX-License-Identifier: Apache-2.0
// Signals between CPUs, and between CPUs and the service element: short messages on a network of their own. A
// signal leaves its CPU through the bus and the agent like a miss, so that it never overtakes the lookahead.
#include "node/board/internal.h"

void signal_send(void *self, struct cpu *cpu, const struct message *signal, sim_time at)
{
    struct board *board = self;
    struct message message = *signal;
    message.src = cpu->id;
    message.seq = cpu->seq++;
    board_count(board, CNT_SIGNALS, 1);
    port_send(board, &message, NULL, at + board->params->bus_order + board->params->agent_latency);
}

// To a CPU that is no guest's any more.
static void not_operational(struct board *board, const struct message *signal)
{
    struct message answer = {.dst = signal->src,
                             .txn = signal->txn,
                             .requestor = signal->requestor,
                             .acks = 3,
                             .type = MSG_SIGNAL_ANSWER};
    service_element_send(board, &answer);
}

void signal_receive(struct board *board, const struct message *signal)
{
    unsigned unit = component_unit(signal->dst);
    if (unit == UNIT_SERVICE) {
        service_element_receive(board, signal);
        return;
    }
    NP_ASSERT(unit >= UNIT_CPU0 && unit - UNIT_CPU0 < board->n_cpus);
    struct cpu *cpu = &board->cpus[unit - UNIT_CPU0];
    if (cpu->ops && cpu->ops->signal)
        cpu->ops->signal(cpu, signal, board->now);
    else if (signal->type == MSG_SIGNAL)
        not_operational(board, signal);
}
