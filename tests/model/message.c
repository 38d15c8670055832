// SPDX-License-Identifier: Apache-2.0
// Messages of the model as numbers, and the three networks that carry them.
#include <string.h>

#include "proto/base/assert.h"
#include "tests/model/model.h"
#include "tests/model/trace.h"

enum {
    AT_TYPE = 27,
    AT_LINE = 26,
    AT_DST = 23,
    AT_REQUESTOR = 20,
    AT_ACKS = 17,
    AT_FLAGS = 13,
    AT_VALUE = 11
};

#define LINE_STEP 64u // distance of two lines' addresses

// MSGF_DIRTY is left out: it feeds counters, no controller reads it.
packed_message pack_message(const struct message *message, unsigned value)
{
    unsigned dst = component_unit(message->dst) == UNIT_HOME ? MODEL_HOME : component_board(message->dst);
    unsigned flags = message->flags & (MSGF_OWNER | MSGF_POISON | MSGF_BLOCKS);
    unsigned requestor = message->requestor, acks = (unsigned)message->acks;
    if (message->acks < 0 || message->acks > 7)
        model_fail("%s announces %d acks", message_name(message->type), message->acks);
    if (message->type == MSG_OWNER) {
        requestor = acks;
        acks = 0;
    }
    if (!message_carries_data(message->type) || flags & MSGF_POISON)
        value = 0;
    return (uint32_t)message->type << AT_TYPE | (uint32_t)(message->line / LINE_STEP) << AT_LINE |
           dst << AT_DST | requestor << AT_REQUESTOR | acks << AT_ACKS | flags << AT_FLAGS |
           value << AT_VALUE;
}

_Static_assert(MSG_TYPE_COUNT <= 32, "types fit above AT_TYPE");

unsigned packed_type(packed_message packed)
{
    return packed >> AT_TYPE;
}

unsigned packed_line(packed_message packed)
{
    return packed >> AT_LINE & 1;
}

unsigned packed_dst(packed_message packed)
{
    return packed >> AT_DST & 7;
}

unsigned packed_requestor(packed_message packed)
{
    return packed >> AT_REQUESTOR & 7;
}

unsigned packed_value(packed_message packed)
{
    return packed >> AT_VALUE & 3;
}

packed_message packed_renamed(packed_message packed, unsigned line, unsigned dst, unsigned requestor,
                              unsigned value)
{
    packed &= ~(1u << AT_LINE | 7u << AT_DST | 7u << AT_REQUESTOR | 3u << AT_VALUE);
    return packed | line << AT_LINE | dst << AT_DST | requestor << AT_REQUESTOR | value << AT_VALUE;
}

bool packed_is_forward(packed_message packed)
{
    return message_vnet(packed_type(packed)) == VN_FORWARD;
}

// A request that a damaged segment map sent to the wrong home bears the flag that the model has no use for.
bool packed_is_misled(packed_message packed)
{
    return packed >> AT_FLAGS & MSGF_DIRTY;
}

packed_message packed_misled(packed_message packed)
{
    return packed | (uint32_t)MSGF_DIRTY << AT_FLAGS;
}

// Who sent it, as far as a controller or gate asks. Of an owner's Data it is enough that it is no home.
static component_id source_of(const struct model *model, packed_message packed)
{
    component_id home = component(model->config->home[packed_line(packed)], UNIT_HOME);
    component_id agent = component(packed_requestor(packed), UNIT_AGENT);
    switch (packed_type(packed)) {
    case MSG_FWD_GETS:
    case MSG_FWD_GETM:
        return model->protocol->four_hop ? agent : home;
    case MSG_DATA:
        return packed >> AT_FLAGS & MSGF_OWNER ? agent : home;
    case MSG_DATA_E:
    case MSG_OWNER:
        return home;
    default:
        return packed_is_forward(packed) ? home : agent;
    }
}

void unpack_message(const struct model *model, packed_message packed, struct message *message)
{
    unsigned home = model->config->home[packed_line(packed)], dst = packed_dst(packed);
    bool names_owner = packed_type(packed) == MSG_OWNER;
    *message =
        (struct message){.dst = dst == MODEL_HOME ? component(home, UNIT_HOME) : component(dst, UNIT_AGENT),
                         .src = source_of(model, packed),
                         .line = packed_line(packed) * (uint64_t)LINE_STEP,
                         .requestor = (uint16_t)(names_owner ? dst : packed_requestor(packed)),
                         .acks = (int16_t)(names_owner ? packed_requestor(packed) : packed >> AT_ACKS & 7),
                         .type = (uint8_t)packed_type(packed),
                         .flags = (uint8_t)(packed >> AT_FLAGS & MSGF_ALL),
                         .data = NO_DATA};
}

// Forwards of one line to one board come from one home: the pair that keeps its order.
unsigned packed_queue(packed_message packed)
{
    return packed >> AT_DST & 15;
}

static void insert(struct model_state *state, unsigned at, packed_message packed)
{
    unsigned n = state->unordered + state->forwards;
    if (n == MODEL_MESSAGES_MAX)
        model_fail("%u messages are under way: the queues are not bounded", n);
    memmove(state->message + at + 1, state->message + at, (n - at) * sizeof state->message[0]);
    state->message[at] = packed;
}

static void send_forward(struct model *model, struct model_state *state, packed_message packed)
{
    unsigned at = state->unordered, end = at + state->forwards, queued = 1;
    unsigned queue = packed_queue(packed);
    for (; at < end && packed_queue(state->message[at]) <= queue; at++)
        queued += packed_queue(state->message[at]) == queue;
    // One for what each other board asks, and one that answers this board; one more follows a death.
    unsigned bound = model->config->boards + (model->config->deaths ? 1u : 0);
    if (queued > bound)
        model_fail("%u forwards of one line queue for board %u", queued, packed_dst(packed));
    if (queued > model->most_forwards)
        model->most_forwards = (uint8_t)queued;
    insert(state, at, packed);
    state->forwards++;
}

void state_send_unordered(struct model_state *state, packed_message packed)
{
    unsigned at = 0;
    while (at < state->unordered && state->message[at] < packed)
        at++;
    insert(state, at, packed);
    state->unordered++;
}

// A requestor that asks an owner itself sends it one forward of the line at most: its own queue has no order
// to keep, and none with the home's.
static bool packed_is_ordered(const struct model *model, packed_message packed)
{
    unsigned type = packed_type(packed);
    bool of_requestor = model->protocol->four_hop && (type == MSG_FWD_GETS || type == MSG_FWD_GETM);
    return packed_is_forward(packed) && !of_requestor && !model->config->reorder_forwards;
}

void state_send(struct model *model, struct model_state *state, packed_message packed)
{
    if (packed_is_ordered(model, packed))
        send_forward(model, state, packed);
    else
        state_send_unordered(state, packed);
}

void state_take(struct model_state *state, unsigned index)
{
    unsigned n = state->unordered + state->forwards;
    NP_ASSERT(index < n);
    if (index < state->unordered)
        state->unordered--;
    else
        state->forwards--;
    memmove(state->message + index, state->message + index + 1, (n - index - 1) * sizeof state->message[0]);
    state->message[n - 1] = 0;
}

void state_sort_unordered(struct model_state *state)
{
    for (unsigned i = 1; i < state->unordered; i++) {
        packed_message moved = state->message[i];
        unsigned at = i;
        for (; at && state->message[at - 1] > moved; at--)
            state->message[at] = state->message[at - 1];
        state->message[at] = moved;
    }
}

// A parked forward in a byte: its number among the forwards 4, requestor 2, acks 0, or for Fwd-GetS its flag
// (first bits).
static unsigned forward_number(unsigned type)
{
    unsigned n = 0;
    for (unsigned i = 0; i < type; i++)
        n += message_vnet(i) == VN_FORWARD;
    return n;
}

uint8_t park_byte(packed_message packed)
{
    unsigned number = forward_number(packed_type(packed)), acks = packed >> AT_ACKS & 7;
    unsigned detail = packed_type(packed) == MSG_FWD_GETS ? packed >> AT_FLAGS & MSGF_OWNER : acks;
    NP_ASSERT(number < 8 && detail < MODEL_BOARDS_MAX && packed_requestor(packed) < MODEL_BOARDS_MAX);
    return (uint8_t)(0x80 | number << 4 | packed_requestor(packed) << 2 | detail);
}

packed_message parked_message(uint8_t parked, unsigned line, unsigned board)
{
    unsigned type = 0;
    while (message_vnet(type) != VN_FORWARD || forward_number(type) != (parked >> 4 & 7u))
        type++;
    unsigned detail = (parked & 3u) << (type == MSG_FWD_GETS ? AT_FLAGS : AT_ACKS);
    packed_message packed = (packed_message)type << AT_TYPE | detail;
    return packed_renamed(packed, line, board, parked_requestor(parked), 0);
}

unsigned parked_requestor(uint8_t parked)
{
    return parked >> 2 & 3;
}

uint8_t parked_renamed(uint8_t parked, unsigned requestor)
{
    return parked ? (uint8_t)((parked & ~12u) | requestor << 2) : 0;
}
