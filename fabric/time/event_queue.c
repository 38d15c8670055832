// SPDX-License-Identifier: Apache-2.0
#include "fabric/time/event_queue.h"

#include <stdlib.h>

#include "proto/base/assert.h"

void event_queue_free(struct event_queue *queue)
{
    free(queue->heap);
    *queue = (struct event_queue){0};
}

static void grow(struct event_queue *queue)
{
    queue->capacity = queue->capacity ? 2 * queue->capacity : 64;
    queue->heap = realloc(queue->heap, queue->capacity * sizeof *queue->heap);
    NP_ASSERT(queue->heap);
}

void event_queue_push(struct event_queue *queue, const struct event *event)
{
    if (queue->n == queue->capacity)
        grow(queue);
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

struct event event_queue_pop(struct event_queue *queue)
{
    NP_ASSERT(queue->n);
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

static int compare(const void *a, const void *b)
{
    const struct event *x = a, *y = b;
    return key_before(&x->key, &y->key) ? -1 : key_before(&y->key, &x->key);
}

void event_queue_sort(struct event_queue *queue)
{
    if (queue->n)
        qsort(queue->heap, queue->n, sizeof *queue->heap, compare);
}
