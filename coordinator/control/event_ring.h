// SPDX-License-Identifier: Apache-2.0
// The last events of a run, by number: what consoles read that come back after a lost connection.
#ifndef NP_COORDINATOR_CONTROL_EVENT_RING_H
#define NP_COORDINATOR_CONTROL_EVENT_RING_H

#include "proto/codec/api.h"

// Zero-initialise. Takes memory as events come, up to that of `API_RING_EVENTS` of them.
struct event_ring {
    struct api_event *events; // owned
    uint32_t capacity;
    uint64_t last; // number of the newest; 0: none yet
};

// Keeps a copy, numbered one above the last.
void event_ring_add(struct event_ring *ring, const struct api_event *event);

uint64_t event_ring_oldest(const struct event_ring *ring); // number of the oldest kept; last + 1: none is

// The event with this number, NULL when it is not kept (any more, or yet).
const struct api_event *event_ring_at(const struct event_ring *ring, uint64_t seq);

void event_ring_free(struct event_ring *ring);

#endif
