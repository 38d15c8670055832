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

static struct message lost_data(const struct message *refused, component_id dst)
{
    struct message data = answer(refused, MSG_DATA, dst);
    data.flags = MSGF_OWNER | MSGF_POISON;
    return data;
}

unsigned gate_answer(const struct message *refused, struct message out[GATE_ANSWERS_MAX])
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
        out[0] = answer(refused, MSG_PUT_ERROR, requestor);
        return 1;
    case MSG_FWD_GETS:
        out[0] = lost_data(refused, requestor);
        out[1] = lost_data(refused, refused->src);
        return 2;
    case MSG_FWD_GETM:
        out[0] = lost_data(refused, requestor);
        return 1;
    case MSG_INV:
        out[0] = answer(refused, MSG_ACK_ERROR, requestor);
        return 1;
    default:
        return 0;
    }
}
