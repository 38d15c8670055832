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
                  at->state != C_SM_AD && at->state != C_SM_A;
    unsigned waiting = at->waiting;
    access_serve(model, state, board, line);
    if (filled && before >= C_IS_D && waiting && at->waiting == waiting)
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
    if (model->config->misleads && event == CE_PUT_ERROR)
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

static bool home_stalls(struct model *model, const struct model_state *state, packed_message packed,
                        struct dir_line *dir, enum dir_event *event)
{
    const struct home_line *home = &state->home[packed_line(packed)];
    struct message message;
    unpack_message(model, packed, &message);
    *dir = (struct dir_line){.sharers = {home->sharers},
                             .owner = home->owner == MODEL_NO_BOARD ? NO_OWNER : home->owner,
                             .state = home->state,
                             .poison = home->value & HOME_POISON};
    *event = dir_event_of(dir, &message, 0);
    if (model->coverage)
        model->coverage->directory[dir->state][*event] = true;
    const struct cell *cell = dir_cell(model->protocol, dir->state, *event);
    if (cell->kind == CELL_IMPOSSIBLE)
        model_fail("no cell at the home for state %s, event %s from board %u", dir_state_name(dir->state),
                   dir_event_name(*event), message.requestor);
    return cell->kind == CELL_STALL;
}

static void close_home(struct home_line *home, const struct dir_line *dir, unsigned value)
{
    home->state = dir->state;
    home->owner = dir->owner == NO_OWNER ? MODEL_NO_BOARD : (uint8_t)dir->owner;
    home->sharers = (uint8_t)dir->sharers.bits;
    bool memory_is_usable = dir->state == D_I || dir->state == D_S || dir->state == D_E;
    home->value = (uint8_t)(!memory_is_usable ? 0 : dir->poison ? HOME_POISON : value);
}

static void to_home(struct model *model, struct model_state *state, packed_message packed)
{
    struct home_line *home = &state->home[packed_line(packed)];
    unsigned line = packed_line(packed), before = home->state;
    struct dir_line dir;
    enum dir_event event;
    if (home_stalls(model, state, packed, &dir, &event)) {
        state_send(model, state, packed); // back to wait: in the unordered network, a superset of a queue
        return;
    }
    struct message message;
    unpack_message(model, packed, &message);
    unsigned self = model->config->home[line];
    const struct step_context context = {
        .line = message.line, .self = (uint16_t)self, .home = (uint16_t)self};
    struct step_out *out = &model->scratch;
    dir_step(model->protocol, &dir, event, &message, &context, out);
    if (out->fill && !message_carries_data(message.type))
        model_fail("the home copies data that %s does not carry", message_name(message.type));
    TRACE(model, MODEL_HOME, line, "%s from %u: %s -> %s", dir_event_name(event), message.requestor,
          dir_state_name(before), dir_state_name(dir.state));
    unsigned memory = out->fill ? packed_value(packed) : home->value & word_mask(model);
    close_home(home, &dir, memory);
    send_all(model, state, out, memory, MODEL_HOME);
}

// Both ends of a Put-Error come from the home's queue to the board, so it stays behind earlier forwards.
static void to_gate(struct model *model, struct model_state *state, packed_message packed, unsigned board)
{
    struct message message, out[GATE_ANSWERS_MAX];
    unpack_message(model, packed, &message);
    unsigned n = gate_answer(&message, out);
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
    unsigned n = gate_answer(&message, out);
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
        to_home(model, state, packed);
    else
        to_board(model, state, packed);
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
        for (unsigned i = 0; i < PARKED_MAX && lost.parked[i]; i++)
            to_gate(model, state, parked_message(lost.parked[i], line, board), board);
    }
}
