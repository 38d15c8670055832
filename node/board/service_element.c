// SPDX-License-Identifier: Apache-2.0
// The service element of a partition, on its first board: which events its guest wants, and what has been
// typed at its console. CPUs perform the commands themselves (node/isa/sclp.c) and ask here, by signals, for
// what they share. Simpler than real ones: it is never busy, and an event is announced to the CPU that set
// the masks last.
#include "node/board/internal.h"
#include "node/isa/signal.h"

// Bits of events in masks.
#define EVENT_COMMAND UINT32_C(0x80000000) // operator command, number 1: line mode
#define EVENT_ASCII   UINT32_C(0x00000040) // ASCII console, number 26

// Each input is an event at its time; its sequence is its place in the description.
void service_element_plan(struct board *board)
{
    const struct partition_desc *partition = board->partition;
    if (!partition || partition->boards[0] != board->number)
        return;
    component_id unit = board_unit(board, UNIT_SERVICE);
    for (uint32_t i = 0; i < partition->guest.n_inputs; i++)
        board_schedule(board, EV_INPUT, (struct order_key){partition->guest.inputs[i].at, unit, unit, i}, i);
}

static void send(struct board *board, struct message *message)
{
    message->src = board_unit(board, UNIT_SERVICE);
    message->seq = board->service.seq++;
    message->data = NO_DATA;
    board_count(board, CNT_SIGNALS, 1);
    port_send(board, message, NULL, board->now + board->params->agent_latency);
}

// ASCII for a guest that takes it, else a line.
static uint32_t event_of(uint32_t wanted)
{
    return wanted & EVENT_ASCII ? 26u : wanted & EVENT_COMMAND ? 1u : 0u;
}

static void announce(struct board *board)
{
    struct service_element *service = &board->service;
    if (service->read == service->arrived || !event_of(service->receives))
        return;
    struct message signal = {.dst = service->listener, .txn = SIGNAL_SERVICE_EVENT, .type = MSG_SIGNAL};
    send(board, &signal);
}

void service_element_input(struct board *board)
{
    board->service.arrived++;
    announce(board);
}

static uint64_t read_event(struct board *board, uint32_t selected)
{
    struct service_element *service = &board->service;
    uint32_t event = event_of(selected & service->receives);
    if (!event || service->read == service->arrived)
        return 0;
    uint64_t answer = (uint64_t)event << 32 | service->read++;
    return service->read == service->arrived ? answer : answer | SERVICE_MORE;
}

void service_element_receive(struct board *board, const struct message *signal)
{
    struct service_element *service = &board->service;
    struct message answer = {.dst = signal->src, .txn = signal->txn, .type = MSG_SIGNAL_ANSWER};
    if (signal->txn == SIGNAL_SERVICE_MASK) {
        service->receives = (uint32_t)(signal->line >> 32);
        service->listener = signal->src;
    } else if (signal->txn == SIGNAL_SERVICE_READ) {
        uint32_t selected = (uint32_t)signal->line;
        if (selected != UINT32_MAX && (!selected || selected & ~service->receives))
            answer.acks = 1;
        else
            answer.line = read_event(board, selected);
    }
    send(board, &answer);
    if (signal->txn == SIGNAL_SERVICE_MASK)
        announce(board);
}

void service_element_state(struct board *board, struct archive *ar)
{
    struct service_element *service = &board->service;
    uint32_t inputs = board->partition ? board->partition->guest.n_inputs : 0;
    ar_mark(ar, "SRVC");
    ar_u32(ar, &service->receives);
    ar_u32(ar, &service->listener);
    ar_u64(ar, &service->seq);
    ar_count(ar, &service->arrived, inputs);
    ar_count(ar, &service->read, service->arrived);
    if (component_board(service->listener) >= board->machine->n_boards)
        ar_fail(ar, "events announced to board %u", component_board(service->listener));
}
