// SPDX-License-Identifier: Apache-2.0
// A message arrives: at a board through production's receive side, at a home, or at the gate of a dead board.
#include <string.h>

#include "fabric/crossbar/gate.h"
#include "proto/base/assert.h"
#include "tests/model/model.h"
#include "tests/model/trace.h"

static void send_one(struct model *model, struct model_state *state, const struct message *message,
                     unsigned value, unsigned column)
{
    packed_message packed = pack_message(message, value);
    if (message_vnet(message->type) == VN_REQUEST && model_misled(state, message->requestor))
        packed = packed_misled(packed);
    state_send(model, state, packed);
    unsigned dst = packed_dst(packed);
    if (dst == MODEL_HOME)
        TRACE(model, column, packed_line(packed), "  %s > home", message_name(message->type));
    else if (message->type == MSG_DATA || message->type == MSG_DATA_E)
        TRACE(model, column, packed_line(packed), "  %s%s ack=%d > board %u", message_name(message->type),
              message->flags & MSGF_POISON ? " lost" : "", message->acks, dst);
    else
        TRACE(model, column, packed_line(packed), "  %s > board %u", message_name(message->type), dst);
}

static unsigned column_of(const struct message *message)
{
    return component_unit(message->dst) == UNIT_HOME ? MODEL_HOME : component_board(message->dst);
}

void send_all(struct model *model, struct model_state *state, const struct step_out *out, unsigned value,
              unsigned column)
{
    for (unsigned i = 0; i < out->n; i++)
        send_one(model, state, &out->send[i], value, column);
}

// Forwards that waited for the transaction that has ended, in their order, while the cells allow.
static void serve_parked(struct model *model, struct model_state *state, unsigned board, unsigned line)
{
    struct board_line *at = &state->board[line][board];
    for (;;) {
        struct model_view view;
        view_open(&view, model, state, board, line);
        if (view.parking.n == 0)
            return;
        enum cache_event event = cache_event_of(&view.cache_line, &view.parking.parked[0]);
        unsigned before = view.cache_line.state, value = at->value;
        covered_cache_cell(model, before, event);
        if (!receive_parked(&view.receive, &model->scratch))
            return;
        TRACE(model, board, line, "parked %s: %s -> %s", cache_event_name(event), cache_state_name(before),
              cache_state_name(view.cache_line.state));
        view_close(&view);
        send_all(model, state, &model->scratch, value, board);
    }
}

static void after_step(struct model *model, struct model_state *state, unsigned board, unsigned line,
                       unsigned before)
{
    struct board_line *at = &state->board[line][board];
    bool filled = onboard_class(before) != onboard_class(at->state) && onboard_class(at->state) != B_I &&
                  cache_state_is_stable(at->state);
    unsigned waiting = at->waiting;
    access_serve(model, state, board, line);
    if (filled && !cache_state_is_stable(before) && waiting && at->waiting == waiting)
        model_fail("board %u: a fill performed none of the accesses that waited for it", board);
    serve_parked(model, state, board, line);
}

static void to_board(struct model *model, struct model_state *state, packed_message packed)
{
    unsigned board = packed_dst(packed), line = packed_line(packed);
    struct model_view view;
    struct message message;
    unpack_message(model, packed, &message);
    view_open(&view, model, state, board, line);
    enum cache_event event = cache_event_of(&view.cache_line, &message);
    unsigned before = view.cache_line.state;
    covered_cache_cell(model, before, event);
    // With three hops only a damaged map makes this matter: Put-Error stays behind a dead home's forwards.
    if ((model->config->misleads || model->protocol->four_hop) && event == CE_PUT_ERROR)
        state->maps |= (uint8_t)(16u << board);
    TRACE(model, board, line, "%s", cache_event_name(event));
    uint8_t bytes = (uint8_t)packed_value(packed);
    struct step_out *out = &model->scratch;
    out->n = 0;
    out->fail = false;
    enum received received =
        receive(&view.receive, &message, message_carries_data(message.type) ? &bytes : NULL, out);
    TRACE(model, board, line, received == PARKED ? "%s: parked" : "%s -> %s", cache_state_name(before),
          cache_state_name(view.cache_line.state));
    unsigned value = state->board[line][board].value;
    view_close(&view);
    if (received == PARKED)
        return;
    send_all(model, state, out, value, board);
    if (out->fail) {
        TRACE(model, board, line, "bus error");
        state->board[line][board].waiting = 0;
    }
    after_step(model, state, board, line, before);
}

// Both ends of a Put-Error come from the home's queue to the board, so it stays behind earlier forwards.
static void to_gate(struct model *model, struct model_state *state, packed_message packed, unsigned board)
{
    struct message message, out[GATE_ANSWERS_MAX];
    unpack_message(model, packed, &message);
    component_id home = component(model->config->home[packed_line(packed)], UNIT_HOME);
    unsigned n = gate_answer(&message, home, out);
    TRACE(model, column_of(&message), packed_line(packed), "gate of %u refuses %s", board,
          message_name(message.type));
    for (unsigned i = 0; i < n; i++)
        send_one(model, state, &out[i], 0, column_of(&message));
}

// The wrong home's answer comes from another pair of boards than the right home's forwards: in no order with
// them.
static void to_wrong_home(struct model *model, struct model_state *state, packed_message packed)
{
    struct message message, out[GATE_ANSWERS_MAX];
    unpack_message(model, packed, &message);
    TRACE(model, MODEL_HOME, packed_line(packed), "another home refuses %s of %u", message_name(message.type),
          message.requestor);
    component_id home = component(model->config->home[packed_line(packed)], UNIT_HOME);
    unsigned n = gate_answer(&message, home, out);
    for (unsigned i = 0; i < n; i++)
        state_send_unordered(state, pack_message(&out[i], 0));
}

void deliver(struct model *model, struct model_state *state, unsigned index)
{
    packed_message packed = state->message[index];
    unsigned dst = packed_dst(packed);
    unsigned board = dst == MODEL_HOME ? model->config->home[packed_line(packed)] : dst;
    state_take(state, index);
    if (packed_is_misled(packed))
        to_wrong_home(model, state, packed);
    else if (model_dead(state, board))
        to_gate(model, state, packed, board);
    else if (dst == MODEL_HOME)
        home_receive(model, state, packed);
    else
        to_board(model, state, packed);
}

// A home that waits for the Unblock of a board which dies awaiting acks: the gate sends it. (While the board
// awaits data, the data will be refused.)
static void unblock_for(struct model *model, struct model_state *state, unsigned lost, unsigned board,
                        unsigned line)
{
    if (!model->protocol->four_hop || (lost != C_IM_A && lost != C_SM_A))
        return;
    struct message unblock = {.dst = component(model->config->home[line], UNIT_HOME),
                              .line = line * 64u,
                              .requestor = (uint16_t)board,
                              .type = MSG_UNBLOCK_ERROR};
    send_one(model, state, &unblock, 0, board);
}

// A dead board's gate also answers for the forwards that the board had accepted and parked.
void deliver_death(struct model *model, struct model_state *state, unsigned board)
{
    TRACE(model, board, 0, "dies");
    state->dead |= (uint8_t)(1u << board);
    for (unsigned line = 0; line < model->config->lines; line++) {
        if (model->config->home[line] == board)
            state->home[line] = (struct home_line){.owner = MODEL_NO_BOARD};
        if (board >= model->config->boards)
            continue;
        struct board_line lost = state->board[line][board];
        state->board[line][board] = (struct board_line){0};
        unblock_for(model, state, lost.state, board, line);
        for (unsigned i = 0; i < MODEL_PARKED_MAX && lost.parked[i]; i++)
            to_gate(model, state, parked_message(lost.parked[i], line, board), board);
    }
}
