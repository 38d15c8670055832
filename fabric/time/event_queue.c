// SPDX-License-Identifier: Apache-2.0
#include "fabric/time/event_queue.h"

#include <stdlib.h>

#include "proto/base/assert.h"

enum {
    REACH = 32
}; // places that an event may lie before the end of its lane: moving more costs more than a heap

void event_queue_init(struct event_queue *queue)
{
    *queue = (struct event_queue){.next = SIM_NEVER};
    for (uint32_t i = 0; i <= EVENT_HEAP; i++)
        queue->head[i] = SIM_NEVER;
}

void event_queue_free(struct event_queue *queue)
{
    free(queue->heap);
    for (uint32_t i = 0; i < EVENT_LANES; i++)
        free(queue->lane[i].ring);
    event_queue_init(queue);
}

static void grow_heap(struct event_queue *queue)
{
    queue->capacity = queue->capacity ? 2 * queue->capacity : 64;
    queue->heap = realloc(queue->heap, queue->capacity * sizeof *queue->heap);
    NP_ASSERT(queue->heap);
}

static void grow_lane(struct event_lane *lane)
{
    uint32_t capacity = lane->capacity ? 2 * lane->capacity : 32;
    struct event *ring = malloc(capacity * sizeof *ring);
    NP_ASSERT(ring);
    for (uint32_t i = 0; i < lane->n; i++)
        ring[i] = lane->ring[(lane->first + i) & (lane->capacity - 1)];
    free(lane->ring);
    *lane = (struct event_lane){.n = lane->n, .capacity = capacity, .ring = ring};
}

static void push_heap(struct event_queue *queue, const struct event *event)
{
    if (queue->n == queue->capacity)
        grow_heap(queue);
    struct event *heap = queue->heap;
    uint32_t hole = queue->n++;
    while (hole) {
        uint32_t parent = (hole - 1) / 2;
        if (!key_before(&event->key, &heap[parent].key))
            break;
        heap[hole] = heap[parent];
        hole = parent;
    }
    heap[hole] = *event;
}

static struct event *lane_at(const struct event_lane *lane, uint32_t i)
{
    return &lane->ring[(lane->first + i) & (lane->capacity - 1)];
}

// False: the event would go too far before the end; nothing is done.
static bool push_lane(struct event_lane *lane, const struct event *event)
{
    if (lane->n > REACH && key_before(&event->key, &lane_at(lane, lane->n - REACH)->key))
        return false;
    if (lane->n == lane->capacity)
        grow_lane(lane);
    uint32_t hole = lane->n++;
    for (; hole && key_before(&event->key, &lane_at(lane, hole - 1)->key); hole--)
        *lane_at(lane, hole) = *lane_at(lane, hole - 1);
    *lane_at(lane, hole) = *event;
    return true;
}

void event_queue_push(struct event_queue *queue, const struct event *event)
{
    uint32_t source = event->type;
    if (source >= EVENT_LANES || !push_lane(&queue->lane[source], event)) {
        push_heap(queue, event);
        source = EVENT_HEAP;
    }
    queue->head[source] = sim_min(queue->head[source], event->key.time);
    if (event->key.time < queue->next) {
        queue->next = event->key.time;
        queue->source = source;
    }
}

static struct event pop_heap(struct event_queue *queue)
{
    struct event *heap = queue->heap;
    struct event first = heap[0], last = heap[--queue->n];
    uint32_t hole = 0, child;
    while ((child = 2 * hole + 1) < queue->n) {
        if (child + 1 < queue->n && key_before(&heap[child + 1].key, &heap[child].key))
            child++;
        if (!key_before(&heap[child].key, &last.key))
            break;
        heap[hole] = heap[child];
        hole = child;
    }
    heap[hole] = last;
    return first;
}

static const struct event *head_of(const struct event_queue *queue, uint32_t source)
{
    return source == EVENT_HEAP ? &queue->heap[0] : event_lane_head(&queue->lane[source]);
}

// The source whose head is the earliest event. Times decide; only where they tie are keys compared.
static uint32_t earliest_source(const struct event_queue *queue)
{
    uint32_t earliest = queue->source;
    for (uint32_t i = 0; i <= EVENT_HEAP; i++)
        if (queue->head[i] == queue->next && i != earliest &&
            key_before(&head_of(queue, i)->key, &head_of(queue, earliest)->key))
            earliest = i;
    return earliest;
}

static void find_next(struct event_queue *queue)
{
    sim_time next = queue->head[0];
    uint32_t source = 0;
    for (uint32_t i = 1; i <= EVENT_HEAP; i++) {
        bool less = queue->head[i] < next;
        next = less ? queue->head[i] : next;
        source = less ? i : source;
    }
    queue->next = next;
    queue->source = source;
}

static struct event pop_lane(struct event_lane *lane)
{
    struct event event = *event_lane_head(lane);
    lane->first = (lane->first + 1) & (lane->capacity - 1);
    lane->n--;
    return event;
}

struct event event_queue_pop(struct event_queue *queue)
{
    NP_ASSERT(queue->next != SIM_NEVER);
    uint32_t source = earliest_source(queue);
    struct event event;
    if (source == EVENT_HEAP) {
        event = pop_heap(queue);
        queue->head[source] = queue->n ? queue->heap[0].key.time : SIM_NEVER;
    } else {
        struct event_lane *lane = &queue->lane[source];
        event = pop_lane(lane);
        queue->head[source] = lane->n ? event_lane_head(lane)->key.time : SIM_NEVER;
    }
    find_next(queue);
    return event;
}

static int compare(const void *a, const void *b)
{
    const struct event *x = a, *y = b;
    return key_before(&x->key, &y->key) ? -1 : key_before(&y->key, &x->key);
}

void event_queue_sort(struct event_queue *queue)
{
    for (uint32_t i = 0; i < EVENT_LANES; i++) {
        struct event_lane *lane = &queue->lane[i];
        for (uint32_t k = 0; k < lane->n; k++)
            push_heap(queue, &lane->ring[(lane->first + k) & (lane->capacity - 1)]);
        lane->n = 0;
        queue->head[i] = SIM_NEVER;
    }
    queue->head[EVENT_HEAP] = queue->next;
    queue->source = EVENT_HEAP;
    if (queue->n)
        qsort(queue->heap, queue->n, sizeof *queue->heap, compare);
}
