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
        return DE_GETM;
    case MSG_PUTS:
        return is_last_sharer(line, requestor) ? DE_PUTS_LAST : DE_PUTS_NOT_LAST;
    case MSG_PUTM:
        return is_owner(line, requestor) ? DE_PUTM_OWNER : DE_PUTM_NON_OWNER;
    case MSG_PUTE:
        return is_owner(line, requestor) ? DE_PUTE_OWNER : DE_PUTE_NON_OWNER;
    case MSG_DATA:
        return DE_DATA;
    default:
        np_panic("NP0102: a directory received %s", message_name(message->type));
    }
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

static void send_data(struct step_out *out, const struct step_context *context, const struct message *cause,
                      const struct dir_line *line, enum message_type type)
{
    int16_t invalidations = 0;
    for (unsigned i = 0; i < out->n; i++)
        invalidations = (int16_t)(invalidations + (out->send[i].type == MSG_INV));
    struct message *data = send(out, context, cause, type, cause->requestor);
    data->acks = invalidations;
    data->flags = line->poison ? MSGF_POISON : 0;
}

static void send_invalidations(struct step_out *out, const struct step_context *context,
                               const struct message *cause, const struct dir_line *line)
{
    unsigned requestor = cause->requestor - context->first_board;
    for (uint64_t rest = line->sharers.bits & ~(UINT64_C(1) << requestor); rest; rest &= rest - 1)
        send(out, context, cause, MSG_INV, context->first_board + (unsigned)__builtin_ctzll(rest));
}

static void forward(struct step_out *out, const struct step_context *context, const struct message *cause,
                    const struct dir_line *line, enum message_type type)
{
    NP_ASSERT(line->owner != NO_OWNER);
    send(out, context, cause, type, context->first_board + line->owner);
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
    case DA_FWD_GETM:
        forward(out, context, message, line, MSG_FWD_GETM);
        break;
    case DA_INV:
        send_invalidations(out, context, message, line);
        break;
    case DA_PUT_ACK:
        send(out, context, message, MSG_PUT_ACK, message->requestor);
        break;
    case DA_ADD_REQ:
        line->sharers.bits |= UINT64_C(1) << requestor;
        break;
    case DA_ADD_OWNER:
        NP_ASSERT(line->owner != NO_OWNER);
        line->sharers.bits |= UINT64_C(1) << line->owner;
        break;
    case DA_DEL_REQ:
        line->sharers.bits &= ~(UINT64_C(1) << requestor);
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
        np_panic("directory action %d", action);
    }
}

void dir_step(const struct protocol *protocol, struct dir_line *line, enum dir_event event,
              const struct message *message, const struct step_context *context, struct step_out *out)
{
    const struct cell *cell = dir_cell(protocol, line->state, event);
    NP_ASSERT(cell->kind == CELL_STEP);
    out->n = 0;
    out->hit = out->fill = out->fail = false;
    for (unsigned i = 0; i < CELL_ACTIONS_MAX && cell->actions[i]; i++)
        perform((enum dir_action)cell->actions[i], line, message, context, out);
    line->state = cell->next;
}
