// SPDX-License-Identifier: Apache-2.0
// The events of one board, earliest first by the one order of proto/base/key.h. A binary heap of small
// entries; what an event carries lies in a pool of its owner, named by `payload`.
#ifndef NP_FABRIC_TIME_EVENT_QUEUE_H
#define NP_FABRIC_TIME_EVENT_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/key.h"

struct event {
    struct order_key key;
    uint32_t payload; // the owner's: index into its pool, or a small value
    uint32_t type;    // the owner's
};
_Static_assert(sizeof(struct event) == 32, "two events per host cache line");

struct event_queue {
    uint32_t n, capacity;
    struct event *heap;
};

void event_queue_free(struct event_queue *queue);
void event_queue_push(struct event_queue *queue, const struct event *event);

// Removes and returns the earliest event. The queue must not be empty.
struct event event_queue_pop(struct event_queue *queue);

// Sorts the entries by key, which is also a valid heap: used before saving and hashing, for a heap's layout
// depends on the order in which events came in.
void event_queue_sort(struct event_queue *queue);

static inline sim_time event_queue_time(const struct event_queue *queue)
{
    return queue->n ? queue->heap[0].key.time : SIM_NEVER;
}

#endif
