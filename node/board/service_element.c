// SPDX-License-Identifier: Apache-2.0
// The service element of a partition, on its first board: which events its guest wants, and what has been
// typed at its console, by the scenario or while it runs. CPUs perform the commands themselves
// (node/isa/sclp.c) and ask here, by signals, for what they share. Simpler than real ones: it is never busy,
// and an event is announced to the CPU that set the masks last.
#include <stdlib.h>
#include <string.h>

#include "node/board/internal.h"
#include "node/isa/signal.h"
#include "proto/base/big_endian.h"

// Bits of events in masks.
#define EVENT_COMMAND UINT32_C(0x80000000) // operator command, number 1: line mode
#define EVENT_ASCII   UINT32_C(0x00000040) // ASCII console, number 26
#define EVENT_CHANGE  UINT32_C(0x10000000) // configuration management, number 4: boards have come or gone

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

void service_element_send(struct board *board, struct message *message)
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

// The event to hand out next to who wants these; 0: none.
static uint32_t next_event(const struct service_element *service, uint32_t wanted)
{
    if (service->changed && wanted & EVENT_CHANGE)
        return 4;
    return service->read == service->arrived ? 0 : event_of(wanted);
}

static void announce(struct board *board)
{
    struct service_element *service = &board->service;
    if (!next_event(service, service->receives))
        return;
    struct message signal = {.dst = service->listener, .txn = SIGNAL_SERVICE_EVENT, .type = MSG_SIGNAL};
    service_element_send(board, &signal);
}

static struct console_line *add_line(struct service_element *service, bool typed)
{
    uint32_t waiting = service->arrived++ - service->read;
    service->lines = realloc(service->lines, (waiting + 1) * sizeof *service->lines);
    NP_ASSERT(service->lines);
    service->lines[waiting] = (struct console_line){.typed = typed};
    service->typed += typed;
    return &service->lines[waiting];
}

void service_element_input(struct board *board, uint32_t index)
{
    struct console_line *line = add_line(&board->service, false);
    memcpy(line->text, board->partition->guest.inputs[index].text, sizeof line->text);
    announce(board);
}

void service_element_type(struct board *board, const uint8_t *text, uint64_t length)
{
    if (board->service.typed >= TYPED_LINES_MAX)
        np_panic("NP0101: board %u has no room for another typed line", board->number);
    struct console_line *line = add_line(&board->service, true);
    if (length)
        memcpy(line->text, text, length);
    line->text[length] = '\n';
    announce(board);
}

void service_element_changed(struct board *board)
{
    board->service.changed = board->configuration.changed = true;
    announce(board);
}

// The text goes to the CPU in parts of 8 bytes, behind the answer that has its length.
static void send_text(struct board *board, const struct message *to, const char *text)
{
    size_t length = strlen(text);
    uint16_t part = 0;
    for (size_t at = 0; at < length; at += SERVICE_PART_BYTES) {
        uint8_t bytes[SERVICE_PART_BYTES] = {0};
        size_t n = length - at < sizeof bytes ? length - at : sizeof bytes;
        memcpy(bytes, text + at, n);
        struct message answer = *to;
        answer.requestor = ++part;
        answer.line = get64(bytes);
        service_element_send(board, &answer);
    }
}

// Hands the oldest line out.
static void read_event(struct board *board, struct message *answer, uint32_t selected)
{
    struct service_element *service = &board->service;
    uint32_t event = next_event(service, selected & service->receives);
    if (event == 4) {
        service->changed = false;
        bool more = next_event(service, service->receives);
        answer->line = UINT64_C(4) << 32 | (more ? SERVICE_MORE : 0);
    }
    if (event == 0 || event == 4) {
        service_element_send(board, answer);
        return;
    }
    const struct console_line line = service->lines[0];
    uint32_t left = service->arrived - ++service->read;
    memmove(service->lines, service->lines + 1, left * sizeof *service->lines);
    service->typed -= line.typed;
    answer->line = (uint64_t)event << 32 |
                   (left || next_event(service, service->receives) ? SERVICE_MORE : 0) | strlen(line.text);
    service_element_send(board, answer);
    send_text(board, answer, line.text);
}

void service_element_receive(struct board *board, const struct message *signal)
{
    struct service_element *service = &board->service;
    struct message answer = {.dst = signal->src, .txn = signal->txn, .type = MSG_SIGNAL_ANSWER};
    if (reconfigure_receive(board, signal))
        return;
    if (signal->txn == SIGNAL_SERVICE_MASK) {
        service->receives = (uint32_t)(signal->line >> 32);
        service->listener = signal->src;
    } else if (signal->txn == SIGNAL_SERVICE_READ) {
        uint32_t selected = (uint32_t)signal->line;
        answer.acks = selected != UINT32_MAX && (!selected || selected & ~service->receives);
        read_event(board, &answer, answer.acks ? 0 : selected);
        return;
    }
    service_element_send(board, &answer);
    if (signal->txn == SIGNAL_SERVICE_MASK)
        announce(board);
}

// Of an event: which input it is.
void service_element_plan_state(const struct board *board, struct archive *ar, uint32_t *index)
{
    uint32_t inputs = board->partition ? board->partition->guest.n_inputs : 0;
    ar_count(ar, index, inputs);
    if (*index >= inputs)
        ar_fail(ar, "input %u of a guest that has %u", *index, inputs);
}

void service_element_reset(struct board *board)
{
    service_element_free(board);
    board->service = (struct service_element){.seq = board->service.seq};
}

void service_element_free(struct board *board)
{
    free(board->service.lines);
    board->service.lines = NULL;
}

// Lines that wait; a board without any is as it was before there could be some.
static void lines_state(struct service_element *service, struct archive *ar)
{
    uint32_t waiting = service->arrived - service->read;
    if (ar_loading(ar))
        service->typed = 0;
    if (waiting > GUEST_INPUTS_MAX + TYPED_LINES_MAX)
        ar_fail(ar, "%u lines wait at a console", waiting);
    if (ar_failed(ar) || waiting == 0)
        return;
    if (ar_loading(ar)) {
        free(service->lines);
        service->lines = calloc(waiting, sizeof *service->lines);
        NP_ASSERT(service->lines);
    }
    for (uint32_t i = 0; i < waiting; i++) {
        struct console_line *line = &service->lines[i];
        ar_bool(ar, &line->typed);
        ar_bytes(ar, line->text, sizeof line->text);
        service->typed += ar_loading(ar) && line->typed;
        if (!memchr(line->text, '\0', sizeof line->text))
            ar_fail(ar, "a line at a console has no end");
    }
    if (service->typed > TYPED_LINES_MAX)
        ar_fail(ar, "%u typed lines wait at a console", service->typed);
}

void service_element_state(struct board *board, struct archive *ar)
{
    struct service_element *service = &board->service;
    ar_mark(ar, "SRVC");
    ar_u32(ar, &service->receives);
    ar_u32(ar, &service->listener);
    ar_u64(ar, &service->seq);
    ar_u32(ar, &service->arrived);
    ar_u32(ar, &service->read);
    lines_state(service, ar);
    if (component_board(service->listener) >= board->machine->n_boards)
        ar_fail(ar, "events announced to board %u", component_board(service->listener));
}
