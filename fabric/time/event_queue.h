// SPDX-License-Identifier: Apache-2.0
// The events of one board, earliest first by the one order of proto/base/key.h. What an event carries lies in
// a pool of its owner, named by `payload`.
//
// Most kinds of event are made with a fixed delay, so that each kind alone comes in order. A queue therefore
// has a lane per kind, a ring to whose end an event goes when it is not before the last one there; any other
// goes into a binary heap. The next event is the least of the lanes' heads and the heap's top: a handful of
// comparisons instead of a walk through the heap.
#ifndef NP_FABRIC_TIME_EVENT_QUEUE_H
#define NP_FABRIC_TIME_EVENT_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/key.h"

#define EVENT_LANES 8u // kinds of event, at most

struct event {
    struct order_key key;
    uint32_t payload; // the owner's: index into its pool, or a small value
    uint32_t type;    // the owner's kind, 0 .. EVENT_LANES - 1
};
_Static_assert(sizeof(struct event) == 32, "two events per host cache line");

struct event_lane {
    uint32_t first, n, capacity; // capacity: a power of two
    struct event *ring;
};

enum { EVENT_HEAP = EVENT_LANES }; // its place among the sources of events

struct event_queue {
    sim_time next;                  // time of the earliest event; SIM_NEVER: none
    sim_time head[EVENT_LANES + 1]; // of each lane's first and the heap's top; SIM_NEVER: empty
    uint32_t n, capacity;           // of the heap
    struct event *heap;
    struct event_lane lane[EVENT_LANES];
};

void event_queue_init(struct event_queue *queue);
void event_queue_free(struct event_queue *queue);
void event_queue_push(struct event_queue *queue, const struct event *event);

// Removes and returns the earliest event. The queue must not be empty.
struct event event_queue_pop(struct event_queue *queue);

// Gathers all events in heap[0 .. n-1], sorted by key, and empties the lanes: used before saving and hashing,
// for where an event lies depends on the order in which events came in. The queue goes on from there.
void event_queue_sort(struct event_queue *queue);

static inline const struct event *event_lane_head(const struct event_lane *lane)
{
    return &lane->ring[lane->first];
}

static inline sim_time event_queue_time(const struct event_queue *queue)
{
    return queue->next;
}

#endif
