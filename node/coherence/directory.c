// SPDX-License-Identifier: Apache-2.0
// The directory controller of a home: deciding the event, performing the actions of a cell.
#include <string.h>

#include "node/coherence/step.h"
#include "proto/base/assert.h"

static bool is_owner(const struct dir_line *line, unsigned board)
{
    return line->owner == board;
}

static bool is_last_sharer(const struct dir_line *line, unsigned board)
{
    return sharers_count(&line->sharers) == 1 && sharers_has(&line->sharers, board);
}

enum dir_event dir_event_of(const struct dir_line *line, const struct message *message, unsigned first_board)
{
    unsigned requestor = message->requestor - first_board;
    switch (message->type) {
    case MSG_GETS:
        return DE_GETS;
    case MSG_GETM:
        return line->state == D_O && is_owner(line, requestor) ? DE_GETM_OWNER : DE_GETM;
    case MSG_PUTS:
        return is_last_sharer(line, requestor) ? DE_PUTS_LAST : DE_PUTS_NOT_LAST;
    case MSG_PUTM:
        return is_owner(line, requestor) ? DE_PUTM_OWNER : DE_PUTM_NON_OWNER;
    case MSG_PUTE:
        return is_owner(line, requestor) ? DE_PUTE_OWNER : DE_PUTE_NON_OWNER;
    case MSG_PUTO:
        return is_owner(line, requestor) ? DE_PUTO_OWNER : DE_PUTO_NON_OWNER;
    case MSG_DATA:
        return line->acks == 1 ? DE_LAST_DATA : DE_DATA;
    case MSG_INV_ACK:
    case MSG_ACK_ERROR:
        return line->acks == 1 ? DE_LAST_ACK : DE_ACK;
    case MSG_UNBLOCK:
        return DE_UNBLOCK;
    case MSG_UNBLOCK_DATA:
        return DE_UNBLOCK_DATA;
    case MSG_UNBLOCK_ERROR:
        return DE_UNBLOCK_ERROR;
    default:
        np_panic("NP0102: a directory received %s", message_name(message->type));
    }
}

enum dir_event dir_recall_event(const struct dir_line *line)
{
    return line->state == D_S && sharers_count(&line->sharers) == 0 ? DE_RECALL_UNHELD : DE_RECALL;
}

bool dir_state_has_entry(unsigned state)
{
    return state != D_I && state != D_GS && state != D_GM && state != D_GM_A;
}

bool dir_state_is_busy(unsigned state)
{
    return state != D_I && state != D_S && state != D_E && state != D_M && state != D_O && state != D_GS &&
           state != D_GM;
}

bool dir_state_is_recall(unsigned state)
{
    return state == D_R_D || state == D_R_A;
}

static struct message *send(struct step_out *out, const struct step_context *context,
                            const struct message *cause, enum message_type type, unsigned board)
{
    NP_ASSERT(out->n < STEP_SENDS_MAX);
    struct message *message = &out->send[out->n++];
    *message = (struct message){.dst = component(board, UNIT_AGENT),
                                .line = context->line,
                                .txn = cause->txn,
                                .requestor = cause->requestor,
                                .type = (uint8_t)type,
                                .data = NO_DATA};
    return message;
}

static int16_t invalidations(const struct step_out *out)
{
    int16_t n = 0;
    for (unsigned i = 0; i < out->n; i++)
        n = (int16_t)(n + (out->send[i].type == MSG_INV));
    return n;
}

static void send_data(struct step_out *out, const struct step_context *context, const struct message *cause,
                      const struct dir_line *line, enum message_type type)
{
    struct message *data = send(out, context, cause, type, cause->requestor);
    data->acks = invalidations(out);
    data->flags = line->poison ? MSGF_POISON : 0;
}

static void send_invalidations(struct step_out *out, const struct step_context *context,
                               const struct message *cause, const struct dir_line *line)
{
    unsigned requestor = cause->requestor - context->first_board;
    for (uint64_t rest = line->sharers.bits & ~(UINT64_C(1) << requestor); rest; rest &= rest - 1)
        send(out, context, cause, MSG_INV, context->first_board + (unsigned)__builtin_ctzll(rest));
}

static struct message *forward(struct step_out *out, const struct step_context *context,
                               const struct message *cause, const struct dir_line *line,
                               enum message_type type)
{
    NP_ASSERT(line->owner != NO_OWNER);
    struct message *message = send(out, context, cause, type, context->first_board + line->owner);
    message->acks = invalidations(out);
    return message;
}

static void name_owner(struct step_out *out, const struct step_context *context, const struct message *cause,
                       const struct dir_line *line)
{
    NP_ASSERT(line->owner != NO_OWNER);
    send(out, context, cause, MSG_OWNER, cause->requestor)->acks = (int16_t)line->owner;
}

// The home asks on its own behalf: `boards` are to give the line up and to answer to it.
static void recall(struct step_out *out, const struct step_context *context, struct dir_line *line,
                   uint64_t boards)
{
    const struct message cause = {.txn = context->txn, .requestor = context->self};
    for (uint64_t rest = boards; rest; rest &= rest - 1) {
        send(out, context, &cause, MSG_RECALL, context->first_board + (unsigned)__builtin_ctzll(rest));
        line->acks++;
    }
}

static void recall_owner(struct step_out *out, const struct step_context *context, struct dir_line *line)
{
    NP_ASSERT(line->owner != NO_OWNER);
    recall(out, context, line, UINT64_C(1) << line->owner);
}

// The actions that only a four-hop protocol has.
static void perform_four_hops(enum dir_action action, struct dir_line *line, const struct message *message,
                              const struct step_context *context, struct step_out *out)
{
    switch (action) {
    case DA_OWNER:
        name_owner(out, context, message, line);
        break;
    case DA_RECALL_SHARERS:
        recall(out, context, line, line->sharers.bits);
        break;
    case DA_RECALL_OWNER:
        recall_owner(out, context, line);
        break;
    case DA_RECALL_ALL:
        recall(out, context, line, context->form.boards);
        break;
    case DA_RECALL_REQ:
        recall(out, context, line, UINT64_C(1) << (message->requestor - context->first_board));
        break;
    case DA_DEC_ACKS:
        line->acks--;
        break;
    case DA_ALL_SHARERS:
        sharers_all(&line->sharers, &context->form);
        break;
    case DA_LOSE:
        line->poison = true;
        break;
    default:
        np_panic("directory action %d", action);
    }
}

static void perform(enum dir_action action, struct dir_line *line, const struct message *message,
                    const struct step_context *context, struct step_out *out)
{
    unsigned requestor = message->requestor - context->first_board;
    switch (action) {
    case DA_DATA:
        send_data(out, context, message, line, MSG_DATA);
        break;
    case DA_DATA_E:
        send_data(out, context, message, line, MSG_DATA_E);
        break;
    case DA_FWD_GETS:
        forward(out, context, message, line, MSG_FWD_GETS);
        break;
    case DA_FWD_GETS_O:
        forward(out, context, message, line, MSG_FWD_GETS)->flags = MSGF_OWNER;
        break;
    case DA_FWD_GETM:
        forward(out, context, message, line, MSG_FWD_GETM);
        break;
    case DA_INV:
        send_invalidations(out, context, message, line);
        break;
    case DA_PUT_ACK:
        send(out, context, message, MSG_PUT_ACK, message->requestor);
        break;
    case DA_ACK_COUNT:
        send(out, context, message, MSG_ACK_COUNT, message->requestor)->acks = invalidations(out);
        break;
    case DA_ADD_REQ:
        sharers_add(&line->sharers, &context->form, requestor);
        break;
    case DA_ADD_OWNER:
        NP_ASSERT(line->owner != NO_OWNER);
        sharers_add(&line->sharers, &context->form, line->owner);
        break;
    case DA_DEL_REQ:
        sharers_remove(&line->sharers, &context->form, requestor);
        break;
    case DA_CLEAR_SHARERS:
        line->sharers.bits = 0;
        break;
    case DA_SET_OWNER:
        line->owner = (uint16_t)requestor;
        break;
    case DA_CLEAR_OWNER:
        line->owner = NO_OWNER;
        break;
    case DA_COPY:
        out->fill = true;
        line->poison = message->flags & MSGF_POISON;
        break;
    default:
        perform_four_hops(action, line, message, context, out);
    }
}

void dir_step(const struct protocol *protocol, struct dir_line *line, enum dir_event event,
              const struct message *message, const struct step_context *context, struct step_out *out)
{
    const struct cell *cell = dir_cell(protocol, line->state, event);
    NP_ASSERT(cell->kind == CELL_STEP);
    const struct message own = {.requestor = context->self, .txn = context->txn, .data = NO_DATA};
    if (!message)
        message = &own;
    out->n = 0;
    out->hit = out->fill = out->fail = false;
    for (unsigned i = 0; i < CELL_ACTIONS_MAX && cell->actions[i]; i++)
        perform((enum dir_action)cell->actions[i], line, message, context, out);
    for (unsigned i = 0; protocol->four_hop && i < out->n; i++)
        if (message_vnet(out->send[i].type) == VN_RESPONSE)
            out->send[i].flags |= MSGF_BLOCKS;
    line->state = cell->next;
}
