// SPDX-License-Identifier: Apache-2.0
#include "coordinator/control/event_ring.h"

#include <stdlib.h>

#include "coordinator/control/api_server.h"
#include "proto/base/assert.h"

#define FIRST_EVENTS 64u

// Event n lies at (n - 1) modulo the capacity. While the ring grows nothing has wrapped, so that all stay
// where they are.
static void grow(struct event_ring *ring)
{
    uint32_t wanted = ring->capacity ? 2 * ring->capacity : FIRST_EVENTS;
    ring->capacity = wanted < API_RING_EVENTS ? wanted : API_RING_EVENTS;
    ring->events = realloc(ring->events, ring->capacity * sizeof *ring->events);
    NP_ASSERT(ring->events);
}

void event_ring_add(struct event_ring *ring, const struct api_event *event)
{
    if (ring->last == ring->capacity && ring->capacity < API_RING_EVENTS)
        grow(ring);
    struct api_event *place = &ring->events[ring->last % ring->capacity];
    *place = *event;
    place->seq = ++ring->last;
}

uint64_t event_ring_oldest(const struct event_ring *ring)
{
    return ring->last > API_RING_EVENTS ? ring->last - API_RING_EVENTS + 1 : 1;
}

const struct api_event *event_ring_at(const struct event_ring *ring, uint64_t seq)
{
    if (seq < event_ring_oldest(ring) || seq > ring->last)
        return NULL;
    return &ring->events[(seq - 1) % ring->capacity];
}

void event_ring_free(struct event_ring *ring)
{
    free(ring->events);
    *ring = (struct event_ring){0};
}
