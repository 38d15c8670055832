// SPDX-License-Identifier: Apache-2.0
// What both ends of the wire protocol share: the clock, and one end's view of a link. Others need only
// wire_clock.
#ifndef NP_FABRIC_LINK_WIRE_H
#define NP_FABRIC_LINK_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fabric/link/link.h"
#include "proto/base/results.h"
#include "proto/codec/data.h"

// Host time in microseconds; it decides when to ask again, never what a run computes. Tests give a virtual
// one.
struct wire_clock {
    uint64_t (*now_us)(void *context); // NULL: the host's monotonic clock
    void *context;
};

#endif
