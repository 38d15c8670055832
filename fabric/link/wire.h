// SPDX-License-Identifier: Apache-2.0
// What both ends of the wire protocol share: the clock, and one end's view of a link. Users of exchange_wire
// and member_wire need only wire_clock.
#ifndef NP_FABRIC_LINK_WIRE_H
#define NP_FABRIC_LINK_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fabric/link/link.h"
#include "proto/base/results.h"
#include "proto/codec/data.h"

#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S  UINT64_C(1000000000)

// Host time in nanoseconds; it decides when to ask again, never what a run computes. Tests give a virtual
// one.
struct wire_clock {
    uint64_t (*now_ns)(void *context); // NULL: the host's monotonic clock
    void *context;
};
uint64_t wire_host_now_ns(void *unused);

// One end's side of a link: sends encoded messages, receives decoded ones, and counts.
struct wire {
    struct link *link;        // owned
    struct data_codec *codec; // owned
    struct bytes signal;      // the signal being sent
    struct wire_clock clock;
    struct host_stats *stats, unwanted;
    uint64_t run;
    uint32_t epoch;
    uint64_t link_foreign; // of the link's count, already counted
};

void wire_open(struct wire *wire, struct link *link, uint64_t run, uint32_t epoch,
               const struct wire_clock *clock, struct host_stats *stats);
void wire_close(struct wire *wire);

static inline uint64_t wire_now(const struct wire *wire)
{
    return wire->clock.now_ns(wire->clock.context);
}

// The end of a wait of timeout_us (below 0: none at all) that begins now.
static inline uint64_t wire_deadline(uint64_t now, int64_t timeout_us)
{
    const uint64_t most = UINT64_MAX / 4;
    uint64_t us = timeout_us > 0 ? (uint64_t)timeout_us : 0;
    return now + (us < most / NS_PER_US ? us * NS_PER_US : most);
}

enum err_code wire_send(struct wire *wire, uint32_t peer, const struct bytes *bytes, struct err *err);
enum err_code wire_signal(struct wire *wire, uint32_t peer, enum data_kind kind, uint32_t group,
                          uint32_t member, uint64_t seq, struct err *err);

// Waits up to wait_ns for one message. *got: a good one of this run and epoch has come; its body can be taken
// from wire->codec. Damaged, foreign and outdated ones are counted and dropped. ERR_EPOCH: a message of a
// later epoch; ERR_DAMAGED_MESSAGE: an impossible one. May come back early with nothing.
enum err_code wire_receive(struct wire *wire, uint64_t wait_ns, bool *got, uint32_t *peer,
                           struct envelope *envelope, struct err *err);

#endif
