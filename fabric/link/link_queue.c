// SPDX-License-Identifier: Apache-2.0
#include "fabric/link/link_queue.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"

struct queued {
    struct queued *next;
    uint32_t peer; // who it is from, as the hub sees it
    size_t size;
    uint8_t bytes[];
};

struct queue_end {
    struct link link; // first: the interface
    struct link_queue *queue;
    uint32_t number;             // of the peer; the hub's is that of no peer
    struct queued *first, *last; // on their way to this end
    struct queued *given;        // out since the last receive
};

struct link_queue {
    uint64_t now_ns;
    void (*step)(void *context); // may be NULL
    void *context;
    uint32_t peers;
    struct queue_end ends[]; // the peers', then the hub's
};

static enum err_code queue_send(struct link *link, uint32_t peer, const uint8_t *bytes, size_t size,
                                struct err *err)
{
    (void)err;
    const struct queue_end *from = (const struct queue_end *)link;
    struct link_queue *queue = from->queue;
    bool is_hub = from->number == queue->peers;
    NP_ASSERT(!is_hub || peer < queue->peers);
    struct queue_end *to = &queue->ends[is_hub ? peer : queue->peers];
    struct queued *frame = malloc(sizeof *frame + size);
    NP_ASSERT(frame);
    frame->next = NULL;
    frame->peer = is_hub ? 0 : from->number;
    frame->size = size;
    memcpy(frame->bytes, bytes, size);
    if (to->first)
        to->last->next = frame;
    else
        to->first = frame;
    to->last = frame;
    return ERR_OK;
}

static enum err_code queue_receive(struct link *link, int64_t timeout_us, uint32_t *peer,
                                   const uint8_t **bytes, size_t *size, struct err *err)
{
    (void)err;
    struct queue_end *end = (struct queue_end *)link;
    struct link_queue *queue = end->queue;
    if (!end->first && timeout_us > 0 && end->number == queue->peers && queue->step)
        queue->step(queue->context);
    free(end->given);
    end->given = end->first;
    *bytes = NULL;
    if (!end->first) {
        // Nobody else acts while this end waits, so nothing can come: the wait is over at once.
        queue->now_ns += timeout_us > 0 ? (uint64_t)timeout_us * 1000 : 0;
        return ERR_OK;
    }
    end->first = end->first->next;
    *peer = end->given->peer;
    *bytes = end->given->bytes;
    *size = end->given->size;
    return ERR_OK;
}

static void queue_close(struct link *link)
{
    (void)link;
}

static const struct link_ops queue_ops = {queue_send, queue_receive, queue_close};

struct link_queue *link_queue_new(uint32_t peers)
{
    struct link_queue *queue = calloc(1, sizeof *queue + (peers + 1) * sizeof queue->ends[0]);
    NP_ASSERT(queue);
    queue->peers = peers;
    for (uint32_t i = 0; i <= peers; i++)
        queue->ends[i] = (struct queue_end){.link.ops = &queue_ops, .queue = queue, .number = i};
    return queue;
}

struct link *link_queue_hub(struct link_queue *queue)
{
    return &queue->ends[queue->peers].link;
}

struct link *link_queue_peer(struct link_queue *queue, uint32_t peer)
{
    NP_ASSERT(peer < queue->peers);
    return &queue->ends[peer].link;
}

void link_queue_on_wait(struct link_queue *queue, void (*step)(void *context), void *context)
{
    queue->step = step;
    queue->context = context;
}

static uint64_t queue_now_ns(void *context)
{
    return ((const struct link_queue *)context)->now_ns;
}

struct wire_clock link_queue_clock(struct link_queue *queue)
{
    return (struct wire_clock){queue_now_ns, queue};
}

void link_queue_free(struct link_queue *queue)
{
    for (uint32_t i = 0; i <= queue->peers; i++) {
        struct queue_end *end = &queue->ends[i];
        free(end->given);
        while (end->first) {
            struct queued *next = end->first->next;
            free(end->first);
            end->first = next;
        }
    }
    free(queue);
}
