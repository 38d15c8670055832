// SPDX-License-Identifier: Apache-2.0
// A node's side of the wire protocol: give me a grant, take my batch. A node may be a member of several
// groups; of each it has at most one grant at a time. One thread.
#ifndef NP_FABRIC_LINK_MEMBER_WIRE_H
#define NP_FABRIC_LINK_MEMBER_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "fabric/link/link.h"
#include "fabric/link/wire.h"
#include "proto/base/message.h"

struct member_wire;

struct member_wire_config {
    uint64_t run;
    uint32_t epoch;
    uint32_t node; // this node's number: the link's peer as the conductor sees it
    // A conductor that gives no sign for so long (it is asked every second) is given up. 0: never, because a
    // paused one is silent; then somebody else, such as the control plane, must notice its end.
    uint64_t silence_us;
    struct wire_clock clock;
    struct host_stats *stats; // NULL: not counted; counts as exchange_wire does, grants left to the caller
};

// Takes over `link`, also when it fails, and says HELLO.
enum err_code member_wire_open(struct member_wire **wire, struct link *link,
                               const struct member_wire_config *config, struct err *err);

// Waits up to timeout_us for a grant. *grant is NULL when none came (look at member_wire_ended then);
// otherwise it and its lists are valid, and may be changed, until the reply to it. ERR_EPOCH when another
// conductor has taken over the run, ERR_TIMEOUT when the conductor is silent, ERR_DAMAGED_MESSAGE when it
// says something impossible.
enum err_code member_wire_receive(struct member_wire *wire, int64_t timeout_us, struct grant **grant,
                                  struct err *err);

// Answers the grant of batch->group, whose sequence batch->seq must be. Takes the content of the batch's
// lists: they are empty afterwards. batch->member and epoch are filled in here: only the conductor's table
// knows them.
enum err_code member_wire_reply(struct member_wire *wire, struct batch *batch, struct err *err);

// To be called about every 50 ms of host time from within a long grant: tells a conductor that asks that the
// node is busy, not dead. Costs one look at the link. Grants of other groups that come in meanwhile are kept.
// Errors as receive.
enum err_code member_wire_busy(struct member_wire *wire, struct err *err);

// The conductor has said BYE: nothing more will come.
bool member_wire_ended(const struct member_wire *wire);

// Closes the link; after a BYE it first makes sure, within bounds, that the conductor knows that it was
// heard.
void member_wire_close(struct member_wire *wire); // NULL is allowed

#endif
