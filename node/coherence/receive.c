// SPDX-License-Identifier: Apache-2.0
#include "node/coherence/receive.h"

#include <string.h>

#include "proto/base/assert.h"

static const struct cell *possible_cell(const struct receive_view *view, enum cache_event event,
                                        const struct message *message)
{
    const struct cell *cell = cache_cell(view->protocol, view->line->state, event);
    if (cell->kind == CELL_IMPOSSIBLE)
        np_panic("NP0102: %s: no cell for state %s, event %s; line 0x%llx, board %u at %llu ps, message %s "
                 "from %u/%u",
                 view->protocol->name, cache_state_name(view->line->state), cache_event_name(event),
                 (unsigned long long)message->line, view->context.self, (unsigned long long)view->now,
                 message_name(message->type), component_board(message->src), component_unit(message->src));
    return cell;
}

void receive_snoop(struct receive_view *view, enum onboard_event event)
{
    if (!view->snoop(view->self, event))
        return;
    // A silent store in an L1 is the store cell of the board's state, taken late.
    const struct cell *cell = cache_cell(view->protocol, view->line->state, CE_STORE);
    NP_ASSERT(cell->kind == CELL_STEP && cell->actions[0] == CA_HIT);
    view->line->state = cell->next;
}

// What the L1s must do before the board obeys an event from outside.
static void snoop_for(struct receive_view *view, enum cache_event event)
{
    if (onboard_class(view->line->state) == B_I)
        return;
    if (event == CE_FWD_GETS)
        receive_snoop(view, L_DOWN);
    else if (event == CE_FWD_GETM || event == CE_INV || event == CE_RECALL)
        receive_snoop(view, L_INV);
}

static void park(struct receive_view *view, const struct message *message)
{
    NP_ASSERT(view->parking && view->parking->n < PARKED_MAX);
    NP_ASSERT(message_vnet(message->type) == VN_FORWARD);
    view->parking->parked[view->parking->n++] = *message;
}

// A forward comes from the line's home (or from a requestor that asks the owner itself): what goes back to
// the home goes there, whatever a segment map says by now.
static void remember_home(struct receive_view *view, const struct message *message)
{
    if (message_vnet(message->type) == VN_FORWARD && component_unit(message->src) != UNIT_AGENT)
        view->context.home = (uint16_t)component_board(message->src);
}

// A home may forward to a board that holds nothing, because a Put of its was led astray and refused. The
// board may be asking for the line again by then, astray as well. Where the cell can wait (MESI's IS_D) it
// does.
static bool is_lost(const struct receive_view *view, const struct message *message)
{
    unsigned state = view->line->state;
    bool holds_nothing = state == C_I || state == C_IS_D || state == C_IM_AD;
    bool taken_away =
        message->type == MSG_FWD_GETS || message->type == MSG_FWD_GETM || message->type == MSG_INV;
    return view->put_refused && holds_nothing && taken_away &&
           cache_cell(view->protocol, state, cache_event_of(view->line, message))->kind == CELL_IMPOSSIBLE;
}

enum received receive(struct receive_view *view, const struct message *message, const uint8_t *message_data,
                      struct step_out *out)
{
    bool behind = view->parking && view->parking->n && message_vnet(message->type) == VN_FORWARD;
    remember_home(view, message);
    if (!behind && is_lost(view, message)) {
        cache_answer_lost(message, &view->context, out);
        return RECEIVED;
    }
    enum cache_event event = cache_event_of(view->line, message);
    if (behind || possible_cell(view, event, message)->kind == CELL_STALL) {
        park(view, message);
        return PARKED;
    }
    snoop_for(view, event);
    cache_step(view->protocol, view->line, event, message, &view->context, out);
    if (out->fill) {
        NP_ASSERT(message_data);
        memcpy(view->data, message_data, view->line_bytes);
    }
    return RECEIVED;
}

bool receive_parked(struct receive_view *view, struct step_out *out)
{
    struct parking *parking = view->parking;
    if (!parking || parking->n == 0)
        return false;
    struct message message = parking->parked[0];
    enum cache_event event = cache_event_of(view->line, &message);
    bool lost = is_lost(view, &message);
    if (!lost && possible_cell(view, event, &message)->kind == CELL_STALL)
        return false;
    parking->n--;
    memmove(parking->parked, parking->parked + 1, parking->n * sizeof parking->parked[0]);
    remember_home(view, &message);
    if (lost) {
        cache_answer_lost(&message, &view->context, out);
        return true;
    }
    snoop_for(view, event);
    cache_step(view->protocol, view->line, event, &message, &view->context, out);
    return true;
}
