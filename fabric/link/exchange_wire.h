// SPDX-License-Identifier: Apache-2.0
// The conductor's side of the wire protocol: struct exchange over a link that promises nothing. Every grant
// is kept encoded until its batch has come, and is sent again when a timer that adapts to the member's pace
// runs out.
#ifndef NP_FABRIC_LINK_EXCHANGE_WIRE_H
#define NP_FABRIC_LINK_EXCHANGE_WIRE_H

#include <stdint.h>

#include "fabric/link/exchange.h"
#include "fabric/link/link.h"
#include "fabric/link/wire.h"
#include "fabric/time/groups.h"

struct exchange_wire_config {
    uint64_t run;
    uint32_t epoch;
    const struct groups *groups; // workers are nodes: the link's peers. Must outlive the exchange, and may
                                 // change while no grant is out (exchange_ops.regroup)
    uint32_t nodes;              // that take part, also those of which no board is in a group
    uint64_t silence_us; // a member that owes an answer and gives no sign for so long is given up; 0: 30 s
    struct wire_clock clock;
    struct host_stats *stats; // NULL: not counted; counts grants, resends, duplicates, damaged, foreign,
                              // bytes, exchanging_ns (encoding, sending, decoding) and waiting_ns
};

// Takes over `link`, also when it fails. Its ops->close says BYE (unless that was done or the run has
// failed), then closes the link.
enum err_code exchange_wire_open(struct exchange **exchange, struct link *link,
                                 const struct exchange_wire_config *config, struct err *err);

// Waits until every node has said HELLO. ERR_TIMEOUT names the first that has not.
enum err_code exchange_wire_await(struct exchange *exchange, int64_t timeout_us, struct err *err);

// Ends the conversation: BYE to every node, again and again until each has acknowledged or a bounded number
// of tries is used up (below 2 s in all): then ERR_TIMEOUT names the first that did not.
enum err_code exchange_wire_bye(struct exchange *exchange, struct err *err);

#endif
