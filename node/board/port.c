// SPDX-License-Identifier: Apache-2.0
// A board's connection to the crossbar. Egress is arbitrated here, at the source; ingress at the destination,
// in order of arrival. Both are lanes that carry one message at a time at the port's bandwidth. The gate that
// stands behind the egress lets nothing through to a board of another partition.
#include "fabric/crossbar/gate.h"
#include "fabric/crossbar/timing.h"
#include "node/board/internal.h"

void port_init(struct board *board)
{
    board->port.transfer[false] = crossbar_transfer(board->params, false);
    board->port.transfer[true] = crossbar_transfer(board->params, true);
}

void port_send(struct board *board, const struct message *message, const uint8_t *data, sim_time at)
{
    uint32_t payload = board_hold(board, message, data);
    if (NP_UNLIKELY(board->watch != NULL))
        watch_message(board, message, WATCH_SEND);
    if (component_board(message->dst) == board->number) {
        struct order_key key = {at + board->params->local_latency, message->dst, message->src, message->seq};
        board_schedule(board, EV_DELIVER, key, payload);
        return;
    }
    struct order_key key = {at, board_unit(board, UNIT_PORT), message->src, message->seq};
    board_schedule(board, EV_EGRESS, key, payload);
}

static sim_time flight_to(const struct board *board, component_id unit)
{
    return system_flight(board->system, board->number, component_board(unit));
}

// What leaves for another board; from here the crossbar takes the flight between the two.
static void launch(struct board *board, struct message *message, const uint8_t *data, sim_time egress_end)
{
    message->time = egress_end + flight_to(board, message->dst);
    message_list_add(&board->outbox, message, data);
    port_count_sent(board, component_board(message->dst),
                    board->params->header_bytes + (data ? board->params->line_bytes : 0));
    board->sent_by_type[message->type]++;
}

static bool gate_open(const struct board *board, const struct message *message)
{
    unsigned to = component_board(message->dst) - board->system->first_board;
    return to < BOARDS_PER_SYSTEM_MAX && board->domain.members >> to & 1;
}

// The gate answers in the place of the board it hides: to whoever waits for the answer, and after as long as
// the way to that board takes.
static void refuse(struct board *board, const struct message *message, sim_time egress_end)
{
    static const uint8_t lost[LINE_BYTES_MAX];
    struct message answers[GATE_ANSWERS_MAX];
    struct location home = {0};
    segment_map_find(&board->home.decode, message->line, &home);
    unsigned n = gate_answer(message, component(home.board, UNIT_HOME), answers);
    board_count(board, CNT_GATE_REFUSALS, 1);
    for (unsigned i = 0; i < n; i++) {
        struct message *answer = &answers[i];
        const uint8_t *data = message_carries_data(answer->type) ? lost : NULL;
        answer->src = board_unit(board, UNIT_PORT);
        answer->seq = board->port.seq++;
        if (NP_UNLIKELY(board->watch != NULL))
            watch_message(board, answer, WATCH_SEND);
        if (component_board(answer->dst) != board->number) {
            launch(board, answer, data, egress_end);
            continue;
        }
        sim_time at = egress_end + flight_to(board, message->dst);
        struct order_key key = {at, answer->dst, answer->src, answer->seq};
        board_schedule(board, EV_DELIVER, key, board_hold(board, answer, data));
    }
}

void port_egress(struct board *board, uint32_t payload)
{
    struct pool_item *item = pool_item(&board->pool, payload);
    struct message message = item->message;
    sim_time egress_end = port_book_egress(board, board->port.transfer[item->has_data]);
    if (NP_LIKELY(gate_open(board, &message)))
        launch(board, &message, item->has_data ? item->data : NULL, egress_end);
    pool_release(&board->pool, payload);
    if (NP_UNLIKELY(!gate_open(board, &message)))
        refuse(board, &message, egress_end);
}

void port_arrive(struct board *board, const struct event *event)
{
    bool has_data = pool_item(&board->pool, event->payload)->has_data;
    sim_time ingress_end = port_book_ingress(board, board->port.transfer[has_data]);
    struct order_key key = event->key;
    key.time = ingress_end;
    board_schedule(board, EV_DELIVER, key, event->payload);
}
