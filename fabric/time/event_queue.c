// SPDX-License-Identifier: Apache-2.0
#include "fabric/time/event_queue.h"

#include <stdlib.h>

#include "proto/base/assert.h"

void event_queue_free(struct event_queue *queue)
{
    free(queue->heap);
    for (uint32_t i = 0; i < EVENT_LANES; i++)
        free(queue->lane[i].ring);
    *queue = (struct event_queue){0};
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

void event_queue_push(struct event_queue *queue, const struct event *event)
{
    NP_ASSERT(event->type < EVENT_LANES);
    struct event_lane *lane = &queue->lane[event->type];
    uint32_t mask = lane->capacity - 1;
    if (lane->n && key_before(&event->key, &lane->ring[(lane->first + lane->n - 1) & mask].key)) {
        push_heap(queue, event);
        return;
    }
    if (lane->n == lane->capacity)
        grow_lane(lane);
    lane->ring[(lane->first + lane->n++) & (lane->capacity - 1)] = *event;
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

struct event event_queue_pop(struct event_queue *queue)
{
    const struct event *least = queue->n ? &queue->heap[0] : NULL;
    struct event_lane *from = NULL;
    for (uint32_t i = 0; i < EVENT_LANES; i++) {
        struct event_lane *lane = &queue->lane[i];
        if (lane->n && (!least || key_before(&event_lane_head(lane)->key, &least->key))) {
            least = event_lane_head(lane);
            from = lane;
        }
    }
    NP_ASSERT(least);
    if (!from)
        return pop_heap(queue);
    struct event event = *least;
    from->first = (from->first + 1) & (from->capacity - 1);
    from->n--;
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
    }
    if (queue->n)
        qsort(queue->heap, queue->n, sizeof *queue->heap, compare);
}
