// SPDX-License-Identifier: Apache-2.0
#include "fabric/link/control_channel.h"

#include <stdlib.h>

#include "proto/base/assert.h"

struct control_outgoing {
    struct control_outgoing *next;
    struct bytes message;
    bool replaceable;
};

void control_channel_init(struct control_channel *channel, uint64_t session)
{
    *channel = (struct control_channel){.session = session, .number = 1, .heard_us = -1};
}

static void drop_first(struct control_channel *channel)
{
    struct control_outgoing *gone = channel->first;
    channel->first = gone->next;
    if (!channel->first)
        channel->last = NULL;
    bytes_free(&gone->message);
    free(gone);
}

void control_channel_free(struct control_channel *channel)
{
    while (channel->first)
        drop_first(channel);
}

void control_channel_restart(struct control_channel *channel, uint64_t session)
{
    uint64_t resends = channel->resends, duplicates = channel->duplicates;
    // What was queued before the peer was ever heard of is meant for whoever turns up; what was queued for an
    // earlier session is not.
    if (channel->session)
        control_channel_free(channel);
    struct control_outgoing *first = channel->first, *last = channel->last;
    control_channel_init(channel, session);
    channel->first = first;
    channel->last = last;
    channel->resends = resends;
    channel->duplicates = duplicates;
}

void control_channel_queue(struct control_channel *channel, struct bytes *message, bool replaceable)
{
    NP_ASSERT(message->size > 0 && message->size <= CONTROL_BODY_MAX);
    struct control_outgoing *last = channel->last;
    bool waits = last && !(last == channel->first && channel->out);
    if (replaceable && waits && last->replaceable) {
        bytes_free(&last->message);
    } else {
        last = calloc(1, sizeof *last);
        NP_ASSERT(last);
        *(channel->last ? &channel->last->next : &channel->first) = last;
        channel->last = last;
    }
    last->message = *message;
    last->replaceable = replaceable;
    *message = (struct bytes){0};
}

enum control_accept control_channel_accept(struct control_channel *channel,
                                           const struct control_envelope *envelope, int64_t now_us)
{
    NP_ASSERT(envelope->session == channel->session);
    channel->heard_us = now_us;
    if (channel->out && envelope->received == channel->number) {
        drop_first(channel);
        channel->out = false;
        channel->number++;
    }
    if (envelope->number == 0)
        return CONTROL_NOTHING;
    if (envelope->number == channel->received + 1) {
        channel->received++;
        channel->owes_answer = true;
        return CONTROL_FRESH;
    }
    if (envelope->number <= channel->received) { // our acknowledgement was lost: say it again
        channel->owes_answer = true;
        channel->duplicates++;
    }
    return CONTROL_NOTHING;
}

// Whether `first` goes out now; keeps the books of its timer.
static bool sends_message(struct control_channel *channel, int64_t now_us)
{
    if (!channel->first || (channel->out && now_us < channel->resend_us))
        return false;
    int64_t doubled = 2 * channel->interval_us;
    channel->resends += channel->out;
    channel->interval_us = !channel->out                     ? CONTROL_RESEND_MIN_US
                           : doubled < CONTROL_RESEND_MAX_US ? doubled
                                                             : CONTROL_RESEND_MAX_US;
    channel->resend_us = now_us + channel->interval_us;
    channel->out = true;
    return true;
}

bool control_channel_next(struct control_channel *channel, int64_t now_us, struct control_envelope *envelope)
{
    if (!channel->session)
        return false;
    bool message = sends_message(channel, now_us);
    if (!message && !channel->owes_answer && now_us < channel->beat_us)
        return false;
    envelope->session = channel->session;
    envelope->number = message ? channel->number : 0;
    envelope->received = channel->received;
    envelope->body = message ? channel->first->message.data : NULL;
    envelope->size = message ? channel->first->message.size : 0;
    channel->owes_answer = false;
    channel->beat_us = now_us + CONTROL_BEAT_US;
    return true;
}

int64_t control_channel_wait_us(const struct control_channel *channel, int64_t now_us)
{
    if (!channel->session)
        return INT64_MAX;
    if (channel->owes_answer || (channel->first && !channel->out))
        return 0;
    int64_t due = channel->beat_us;
    if (channel->out && channel->resend_us < due)
        due = channel->resend_us;
    return due > now_us ? due - now_us : 0;
}

bool control_channel_delivered(const struct control_channel *channel)
{
    return channel->first == NULL;
}
