// SPDX-License-Identifier: Apache-2.0
// What makes delivery on the control plane certain, between one worker and the coordinator: every message of
// a direction has a number, one message is out at a time, and it is sent again until its number is
// acknowledged. Repeated messages are acknowledged again and dropped. Both ends use the same channel; it has
// no socket and no clock, host time comes in as an argument.
//
//     in:   control_channel_queue (a message of ours), control_channel_accept (a frame from the peer)
//     out:  control_channel_next (the frame that is due now, if any)
#ifndef NP_FABRIC_LINK_CONTROL_CHANNEL_H
#define NP_FABRIC_LINK_CONTROL_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/codec/bytes.h"
#include "proto/codec/control_envelope.h"

#define CONTROL_RESEND_MIN_US                                                                                \
    INT64_C(100000) // a peer looks at its socket every 50 ms even while it simulates
#define CONTROL_RESEND_MAX_US INT64_C(1600000) // doubles up to here while there is no answer
#define CONTROL_BEAT_US                                                                                      \
    INT64_C(500000) // an end that has nothing to say says so, so that silence means trouble

struct control_outgoing; // a queued message

struct control_channel {
    uint64_t session;               // of the worker's end; 0: not known yet, nothing goes out
    struct control_outgoing *first; // the message that is out, or will be next; owned
    struct control_outgoing *last;
    uint64_t number;     // of `first` once it is sent
    uint64_t received;   // last number that arrived
    bool out;            // `first` has been sent at least once
    bool owes_answer;    // an acknowledgement is due
    int64_t resend_us;   // host time at which `first` is sent again
    int64_t interval_us; // between the last two sendings of `first`
    int64_t beat_us;     // host time at which something must be said
    int64_t heard_us;    // host time of the last frame that was accepted; -1: none yet
    uint64_t resends, duplicates;
};

enum control_accept {
    CONTROL_FRESH,  // a new message: the envelope's body is the caller's to read
    CONTROL_NOTHING // an acknowledgement, a beat, a message that had come before, or one out of turn
};

void control_channel_init(struct control_channel *channel, uint64_t session);
void control_channel_free(struct control_channel *channel);

// Starts anew with another session of the peer; what was queued and not acknowledged is dropped.
void control_channel_restart(struct control_channel *channel, uint64_t session);

// Queues a message, whose bytes are taken over. A `replaceable` one takes the place of a replaceable one that
// is last and still waits.
void control_channel_queue(struct control_channel *channel, struct bytes *message, bool replaceable);

// Takes in a frame of this channel's session.
enum control_accept control_channel_accept(struct control_channel *channel,
                                           const struct control_envelope *envelope, int64_t now_us);

// Says which frame is due now: fills session, number, received, body and size of *envelope (the body stays
// the channel's) and returns true; the caller sends it. Whether that succeeds does not matter.
bool control_channel_next(struct control_channel *channel, int64_t now_us, struct control_envelope *envelope);

// Host time in us until control_channel_next() will have something, 0 when it has now; INT64_MAX: never, as
// things are.
int64_t control_channel_wait_us(const struct control_channel *channel, int64_t now_us);

// All that was queued has been acknowledged.
bool control_channel_delivered(const struct control_channel *channel);

#endif
