// SPDX-License-Identifier: Apache-2.0
// How the conductor, which owns simulated time, reaches the members of its sync groups. Two ways are built:
// threads of the same process that swap plain buffers (exchange_mem), and processes that swap encoded
// messages over a link which may lose, double, delay, reorder or damage them (exchange_wire). Both are
// stop-and-wait: at most one grant is out per member and group, which is what makes asking again idempotent
// and every grant boundary a clean cut.
#ifndef NP_FABRIC_LINK_EXCHANGE_H
#define NP_FABRIC_LINK_EXCHANGE_H

#include <stdint.h>

#include "proto/base/err.h"
#include "proto/base/message.h"
#include "proto/base/results.h"

struct exchange;

struct exchange_ops {
    // Hands `grant` to a member. The exchange takes the content of its lists (swaps or copies); the struct
    // stays the caller's, its lists empty afterwards. No other grant of that group may be out to this member.
    enum err_code (*grant)(struct exchange *exchange, uint32_t member, struct grant *grant, struct err *err);

    // Waits up to timeout_us of host time for the next batch, runs whatever part of the work is to be done on
    // the calling thread, and points *batch at it: valid until the next grant to the same member and group.
    // *batch is NULL when the time ran out. Asks again by itself when a member is silent; ERR_NODE_DIED or
    // ERR_TIMEOUT when it gives up.
    enum err_code (*collect)(struct exchange *exchange, int64_t timeout_us, struct batch **batch,
                             struct err *err);

    // The groups that the exchange was opened for have changed. No grant is out; what members sent before is
    // settled.
    void (*regroup)(struct exchange *exchange);

    void (*close)(struct exchange *exchange);
};

struct exchange {
    const struct exchange_ops *ops;
    struct host_stats *stats; // owned by the creator; the exchange adds to it
};

#endif
