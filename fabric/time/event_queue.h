// SPDX-License-Identifier: Apache-2.0
// The events of one board, earliest first by the one order of proto/base/key.h. What an event carries lies in
// a pool of its owner, named by `payload`.
//
// Most kinds of event are made with few different delays, so that each kind alone comes nearly in order. A
// queue therefore has a lane for each of the frequent kinds, a sorted ring: an event goes to its end or a few
// places before it. What would go far before it, and the rare kinds, go into a binary heap. The next event is
// the least of the lanes' heads and the heap's top: a handful of comparisons instead of a walk through a
// heap.
#ifndef NP_FABRIC_TIME_EVENT_QUEUE_H
#define NP_FABRIC_TIME_EVENT_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/key.h"

#define EVENT_LANES 5u // kinds 0 .. EVENT_LANES - 1 have a lane

struct event {
    struct order_key key;
    uint32_t payload; // the owner's: index into its pool, or a small value
    uint32_t type;    // the owner's kind; the frequent ones come first
};
_Static_assert(sizeof(struct event) == 32, "two events per host cache line");

struct event_lane {
    uint32_t first, n, capacity; // capacity: a power of two
    struct event *ring;
};

enum { EVENT_HEAP = EVENT_LANES }; // its place among the sources of events

struct event_queue {
    sim_time next;                  // time of the earliest event; SIM_NEVER: none
    uint32_t source;                // one of those whose head has that time
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
