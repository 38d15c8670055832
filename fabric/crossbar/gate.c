// SPDX-License-Identifier: Apache-2.0
#include "fabric/crossbar/gate.h"

static struct message answer(const struct message *refused, enum message_type type, component_id dst)
{
    return (struct message){.dst = dst,
                            .src = refused->dst,
                            .line = refused->line,
                            .txn = refused->txn,
                            .requestor = refused->requestor,
                            .type = (uint8_t)type,
                            .map_version = refused->map_version,
                            .data = NO_DATA};
}

static bool is_of_home(const struct message *refused)
{
    return component_unit(refused->src) == UNIT_HOME;
}

static struct message lost_data(const struct message *refused, component_id dst)
{
    struct message data = answer(refused, MSG_DATA, dst);
    data.flags = MSGF_OWNER | MSGF_POISON;
    return data;
}

// The requestor of a four-hop protocol is gone: its home must not wait for it.
static unsigned unblock(const struct message *refused, component_id home, struct message *out)
{
    if (!(refused->flags & MSGF_BLOCKS))
        return 0;
    if (is_of_home(refused)) {
        *out = answer(refused, MSG_UNBLOCK_ERROR, refused->src);
        return 1;
    }
    *out = answer(refused, MSG_UNBLOCK_DATA, home);
    out->flags = MSGF_POISON;
    return 1;
}

unsigned gate_answer(const struct message *refused, component_id home, struct message out[GATE_ANSWERS_MAX])
{
    component_id requestor = component(refused->requestor, UNIT_AGENT);
    switch (refused->type) {
    case MSG_GETS:
    case MSG_GETM:
        out[0] = answer(refused, MSG_ERROR, requestor);
        return 1;
    case MSG_PUTS:
    case MSG_PUTE:
    case MSG_PUTM:
    case MSG_PUTO:
        out[0] = answer(refused, MSG_PUT_ERROR, requestor);
        return 1;
    case MSG_FWD_GETS:
        out[0] = lost_data(refused, requestor);
        if (!is_of_home(refused)) {
            out[0].flags |= MSGF_BLOCKS;
            return 1;
        }
        if (refused->flags & MSGF_OWNER)
            return 1; // the home does not wait for the data
        out[1] = lost_data(refused, refused->src);
        return 2;
    case MSG_FWD_GETM:
        out[0] = lost_data(refused, requestor);
        out[0].acks = refused->acks; // the sharers' acks come all the same
        if (!is_of_home(refused))
            out[0].flags |= MSGF_BLOCKS;
        return 1;
    case MSG_RECALL:
        out[0] = answer(refused, MSG_ACK_ERROR, refused->src);
        return 1;
    case MSG_DATA:
    case MSG_DATA_E:
    case MSG_OWNER:
        return unblock(refused, home, out);
    case MSG_INV:
        out[0] = answer(refused, MSG_ACK_ERROR, requestor);
        return 1;
    case MSG_SIGNAL:
        out[0] = answer(refused, MSG_SIGNAL_ANSWER, refused->src);
        out[0].acks = 3; // not operational
        return 1;
    default:
        return 0;
    }
}
