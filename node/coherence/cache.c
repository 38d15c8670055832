// SPDX-License-Identifier: Apache-2.0
// The cache controller of a board: deciding the event, performing the actions of a cell.
#include <string.h>

#include "node/coherence/step.h"
#include "proto/base/assert.h"

static enum cache_event data_event(const struct cache_line *line, const struct message *message)
{
    bool complete = line->acks + message->acks == 0;
    if (message->flags & MSGF_OWNER)
        return complete ? CE_DATA_OWNER : CE_DATA_OWNER_ACKS;
    return complete ? CE_DATA_ACKS0 : CE_DATA_ACKS;
}

enum cache_event cache_event_of(const struct cache_line *line, const struct message *message)
{
    switch (message->type) {
    case MSG_FWD_GETS:
        return CE_FWD_GETS;
    case MSG_FWD_GETM:
        return CE_FWD_GETM;
    case MSG_INV:
        return CE_INV;
    case MSG_PUT_ACK:
        return CE_PUT_ACK;
    case MSG_DATA:
        return data_event(line, message);
    case MSG_DATA_E:
        return CE_DATA_E;
    case MSG_ACK_COUNT:
        return line->acks + message->acks == 0 ? CE_ACK_COUNT0 : CE_ACK_COUNT;
    case MSG_ERROR:
        return CE_ERROR;
    case MSG_PUT_ERROR:
        return CE_PUT_ERROR;
    case MSG_OWNER:
        return CE_OWNER;
    case MSG_RECALL:
        return CE_RECALL;
    case MSG_INV_ACK:
    case MSG_ACK_ERROR: // of a dead sharer's gate: there is nothing left to invalidate
        return line->acks == 1 ? CE_LAST_INV_ACK : CE_INV_ACK;
    default:
        np_panic("NP0102: a cache controller received %s", message_name(message->type));
    }
}

static struct message *send(struct step_out *out, const struct step_context *context, enum message_type type,
                            component_id dst)
{
    NP_ASSERT(out->n < STEP_SENDS_MAX);
    struct message *message = &out->send[out->n++];
    *message = (struct message){.dst = dst,
                                .line = context->line,
                                .txn = context->txn,
                                .requestor = context->self,
                                .type = (uint8_t)type,
                                .data = NO_DATA};
    return message;
}

static void to_home(struct step_out *out, const struct step_context *context, enum message_type type,
                    uint8_t flags)
{
    send(out, context, type, component(context->home, UNIT_HOME))->flags = flags;
}

// Answers `message`, a forward, on behalf of its requestor's transaction.
static struct message *answer(struct step_out *out, const struct step_context *context,
                              const struct message *message, enum message_type type, component_id dst,
                              uint8_t flags)
{
    struct message *reply = send(out, context, type, dst);
    reply->requestor = message->requestor;
    reply->txn = message->txn;
    reply->flags = flags;
    return reply;
}

// Flags of data that leaves a line: where it comes from, whether memory has it, whether it is lost.
static uint8_t data_flags(unsigned state, const struct cache_line *line)
{
    bool owner = state == C_O || state == C_OM_AC || state == C_OM_F || state == C_OM_AF || state == C_OI_A;
    bool dirty = state == C_M || state == C_MI_A || owner;
    return (uint8_t)(MSGF_OWNER | (dirty ? MSGF_DIRTY : 0) | (line->poison ? MSGF_POISON : 0));
}

// The home has named the owner: the requestor asks it itself.
static void ask_owner(struct step_out *out, const struct step_context *context, const struct message *message,
                      enum message_type type)
{
    unsigned owner = context->first_board + (unsigned)message->acks;
    send(out, context, type, component(owner, UNIT_AGENT));
}

// The actions that only a four-hop protocol has.
static void perform_four_hops(enum cache_action action, const struct cache_line *line,
                              const struct message *message, const struct step_context *context,
                              struct step_out *out)
{
    switch (action) {
    case CA_ASK_GETS:
        ask_owner(out, context, message, MSG_FWD_GETS);
        break;
    case CA_ASK_GETM:
        ask_owner(out, context, message, MSG_FWD_GETM);
        break;
    case CA_UNBLOCK:
        to_home(out, context, MSG_UNBLOCK, 0);
        break;
    case CA_UNBLOCK_DATA:
        to_home(out, context, MSG_UNBLOCK_DATA, line->poison ? MSGF_POISON : 0);
        break;
    case CA_ACK_TO_DIR:
        answer(out, context, message, MSG_INV_ACK, component(context->home, UNIT_HOME), 0);
        break;
    default:
        np_panic("cache action %d", action);
    }
}

static void perform(enum cache_action action, struct cache_line *line, const struct message *message,
                    const struct step_context *context, struct step_out *out)
{
    switch (action) {
    case CA_HIT:
        out->hit = true;
        break;
    case CA_GETS:
        to_home(out, context, MSG_GETS, 0);
        break;
    case CA_GETM:
        to_home(out, context, MSG_GETM, 0);
        break;
    case CA_PUTS:
        to_home(out, context, MSG_PUTS, 0);
        break;
    case CA_PUTE:
        to_home(out, context, MSG_PUTE, 0);
        break;
    case CA_PUTM:
        to_home(out, context, MSG_PUTM, data_flags(C_M, line));
        break;
    case CA_PUTO:
        to_home(out, context, MSG_PUTO, data_flags(C_O, line));
        break;
    case CA_FILL:
        out->fill = true;
        line->poison = message->flags & MSGF_POISON;
        break;
    case CA_LOSE:
        line->poison = true;
        break;
    case CA_ADD_ACKS:
        line->acks = (int16_t)(line->acks + message->acks);
        break;
    case CA_DEC_ACKS:
        line->acks--;
        break;
    case CA_DATA_TO_REQ:
        answer(out, context, message, MSG_DATA, component(message->requestor, UNIT_AGENT),
               data_flags(line->state, line))
            ->acks = message->acks;
        break;
    case CA_DATA_TO_DIR:
        answer(out, context, message, MSG_DATA, component(context->home, UNIT_HOME),
               data_flags(line->state, line));
        break;
    case CA_ACK_TO_REQ:
        answer(out, context, message, MSG_INV_ACK, component(message->requestor, UNIT_AGENT), 0);
        break;
    case CA_FAIL:
        out->fail = true;
        line->acks = 0;
        break;
    default:
        perform_four_hops(action, line, message, context, out);
    }
}

void cache_step(const struct protocol *protocol, struct cache_line *line, enum cache_event event,
                const struct message *message, const struct step_context *context, struct step_out *out)
{
    const struct cell *cell = cache_cell(protocol, line->state, event);
    NP_ASSERT(cell->kind == CELL_STEP);
    out->n = 0;
    out->hit = out->fill = out->fail = false;
    for (unsigned i = 0; i < CELL_ACTIONS_MAX && cell->actions[i]; i++)
        perform((enum cache_action)cell->actions[i], line, message, context, out);
    for (unsigned i = 0; protocol->four_hop && i < out->n; i++)
        if (out->send[i].type == MSG_DATA && component_unit(out->send[i].dst) == UNIT_AGENT)
            out->send[i].flags |= MSGF_BLOCKS;
    line->state = cell->next;
}

void cache_answer_lost(const struct message *message, const struct step_context *context,
                       struct step_out *out)
{
    out->n = 0;
    out->hit = out->fill = out->fail = false;
    component_id requestor = component(message->requestor, UNIT_AGENT);
    if (message->type == MSG_INV) {
        answer(out, context, message, MSG_INV_ACK, requestor, 0);
        return;
    }
    bool from_home = component_unit(message->src) == UNIT_HOME; // else from the requestor, whose home is busy
    uint8_t blocks = from_home ? 0 : MSGF_BLOCKS;
    answer(out, context, message, MSG_DATA, requestor, MSGF_OWNER | MSGF_POISON | blocks)->acks =
        message->acks;
    if (message->type == MSG_FWD_GETS && from_home && !(message->flags & MSGF_OWNER))
        answer(out, context, message, MSG_DATA, component(context->home, UNIT_HOME),
               MSGF_OWNER | MSGF_POISON);
}
