// SPDX-License-Identifier: Apache-2.0
// When to ask again: a timer per member that adapts to how long the member takes, simulating included. It is
// TCP's estimator (RFC 6298: smoothed time plus four times the mean deviation, doubled at every repetition),
// with a floor that suits a host's own sockets, and with one addition: the time of a grant that was sent
// twice is normally ambiguous and not used, but a second batch, or BUSY, proves that the first copy had
// arrived. Without that a member whose grants grow longer would be asked too early for ever.
#ifndef NP_FABRIC_LINK_PACE_H
#define NP_FABRIC_LINK_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define PACE_MIN   UINT64_C(200000)     // ns; several round trips over ipc
#define PACE_FIRST UINT64_C(10000000)   // before anything was measured
#define PACE_MAX   UINT64_C(1000000000) // a lost message never costs more than this
#define PACE_BUSY  UINT64_C(50000000)   // a busy member looks at its link about so often

// All times in ns.
struct pace {
    uint64_t smoothed, deviation; // 0: not measured yet
    uint64_t sent_at, ask_at, interval;
    uint64_t silent;    // time waited since the last sign of life, counted only while somebody really waited
    uint64_t ambiguous; // time of the last grant if it was sent twice and has been answered once
    bool resent, arrived;
};

// A grant has been sent for the first time.
void pace_start(struct pace *pace, uint64_t now);

// It has been sent again for another reason than a timer.
void pace_sent(struct pace *pace, uint64_t now);

// The timer has run out, and the member has been asked.
void pace_ask(struct pace *pace, uint64_t now);

// The member has said that it is at work on the grant.
void pace_busy(struct pace *pace, uint64_t now);

// The batch has come; it has come again.
void pace_answered(struct pace *pace, uint64_t now);
void pace_duplicate(struct pace *pace);

#endif
