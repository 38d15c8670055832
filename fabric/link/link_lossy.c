// SPDX-License-Identifier: Apache-2.0
#include "fabric/link/link_lossy.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"
#include "proto/base/rng.h"

enum fault { DROP, DOUBLE, DELAY, REORDER, DAMAGE, FAULT_COUNT, NO_FAULT };

#define DELAY_CALLS_MAX 16 // a delayed frame waits for up to so many calls in its direction
#define HELD_MAX        64 // frames held back at once in one direction; a frame beyond that is lost

// A frame that is held back. It goes on when its calls have passed.
struct held {
    struct held *next;
    unsigned calls;
    uint32_t peer;
    size_t size;
    uint8_t bytes[];
};

struct direction {
    struct rng rng;
    struct held *held;
    unsigned n_held;
};

struct link_lossy {
    struct link link; // first: the interface
    struct link *inner;
    uint64_t threshold; // of 2^64: the rate
    uint64_t faults;
    struct direction out, in;
    struct held *given; // out since the last receive
};

static struct held *copy_of(uint32_t peer, const uint8_t *bytes, size_t size, unsigned calls)
{
    struct held *copy = malloc(sizeof *copy + size);
    NP_ASSERT(copy);
    *copy = (struct held){.calls = calls, .peer = peer, .size = size};
    memcpy(copy->bytes, bytes, size);
    return copy;
}

static void hold(struct direction *direction, struct held *frame)
{
    if (direction->n_held == HELD_MAX) {
        free(frame);
        return;
    }
    frame->next = direction->held;
    direction->held = frame;
    direction->n_held++;
}

// Counts a call and returns one frame whose time has come, taken out; NULL when there is none.
static struct held *due(struct direction *direction)
{
    struct held **last_due = NULL;
    for (struct held **at = &direction->held; *at; at = &(*at)->next) {
        if ((*at)->calls)
            (*at)->calls--;
        if (!(*at)->calls)
            last_due = at; // the list has the newest first
    }
    if (!last_due)
        return NULL;
    struct held *frame = *last_due;
    *last_due = frame->next;
    direction->n_held--;
    return frame;
}

static enum fault draw(struct link_lossy *lossy, struct direction *direction)
{
    if (rng_next(&direction->rng) >= lossy->threshold)
        return NO_FAULT;
    lossy->faults++;
    return (enum fault)rng_below(&direction->rng, FAULT_COUNT);
}

static unsigned draw_delay(struct direction *direction)
{
    return 2 + (unsigned)rng_below(&direction->rng, DELAY_CALLS_MAX - 1);
}

// Changes one to four bytes, each to another value.
static void damage(struct direction *direction, struct held *frame)
{
    uint64_t n = 1 + rng_below(&direction->rng, 4);
    for (uint64_t i = 0; i < n && frame->size; i++)
        frame->bytes[rng_below(&direction->rng, frame->size)] ^=
            (uint8_t)(1 + rng_below(&direction->rng, 255));
}

// What comes of a frame: to be passed on now (the caller's to free), or NULL: lost or held back.
static struct held *suffer(struct link_lossy *lossy, struct direction *direction, uint32_t peer,
                           const uint8_t *bytes, size_t size)
{
    enum fault fault = draw(lossy, direction);
    if (fault == DROP)
        return NULL;
    struct held *frame = copy_of(peer, bytes, size, 0);
    if (fault == DOUBLE)
        hold(direction, copy_of(peer, bytes, size, 1 + (unsigned)rng_below(&direction->rng, 3)));
    if (fault == DAMAGE)
        damage(direction, frame);
    if (fault != DELAY && fault != REORDER)
        return frame;
    frame->calls = fault == DELAY ? draw_delay(direction) : 1; // one call: just the next frame overtakes it
    hold(direction, frame);
    return NULL;
}

static enum err_code pass(struct link_lossy *lossy, struct held *frame, struct err *err)
{
    if (!frame)
        return ERR_OK;
    enum err_code code = lossy->inner->ops->send(lossy->inner, frame->peer, frame->bytes, frame->size, err);
    free(frame);
    return code;
}

static enum err_code lossy_send(struct link *link, uint32_t peer, const uint8_t *bytes, size_t size,
                                struct err *err)
{
    struct link_lossy *lossy = (struct link_lossy *)link;
    struct held *late = due(&lossy->out);
    enum err_code code = pass(lossy, suffer(lossy, &lossy->out, peer, bytes, size), err);
    enum err_code late_code = pass(lossy, late, err);
    return code ? code : late_code;
}

static void give(struct link_lossy *lossy, struct held *frame, uint32_t *peer, const uint8_t **bytes,
                 size_t *size)
{
    free(lossy->given);
    lossy->given = frame;
    *bytes = NULL;
    if (frame) {
        *peer = frame->peer;
        *bytes = frame->bytes;
        *size = frame->size;
    }
}

static enum err_code lossy_receive(struct link *link, int64_t timeout_us, uint32_t *peer,
                                   const uint8_t **bytes, size_t *size, struct err *err)
{
    struct link_lossy *lossy = (struct link_lossy *)link;
    // A receive is also a call of the other direction: what is held back there must not wait for the next
    // frame.
    enum err_code code = pass(lossy, due(&lossy->out), err);
    struct held *frame = code ? NULL : due(&lossy->in);
    if (!code && !frame) {
        code = lossy->inner->ops->receive(lossy->inner, timeout_us, peer, bytes, size, err);
        link->foreign = lossy->inner->foreign;
        if (!code && *bytes)
            frame = suffer(lossy, &lossy->in, *peer, *bytes, *size);
    }
    give(lossy, frame, peer, bytes, size);
    return code;
}

static void free_held(struct direction *direction)
{
    while (direction->held) {
        struct held *next = direction->held->next;
        free(direction->held);
        direction->held = next;
    }
}

static void lossy_close(struct link *link)
{
    struct link_lossy *lossy = (struct link_lossy *)link;
    lossy->inner->ops->close(lossy->inner);
    free_held(&lossy->out);
    free_held(&lossy->in);
    free(lossy->given);
    free(lossy);
}

static const struct link_ops lossy_ops = {lossy_send, lossy_receive, lossy_close};

struct link *link_lossy_open(struct link *inner, uint64_t seed, double rate)
{
    NP_ASSERT(rate >= 0 && rate <= 0.9);
    struct link_lossy *lossy = calloc(1, sizeof *lossy);
    NP_ASSERT(lossy);
    lossy->link = (struct link){&lossy_ops, inner->foreign};
    lossy->inner = inner;
    lossy->threshold = (uint64_t)(rate * 0x1p64);
    lossy->out.rng = rng_for(seed, 0);
    lossy->in.rng = rng_for(seed, 1);
    return &lossy->link;
}

uint64_t link_lossy_faults(const struct link *link)
{
    return ((const struct link_lossy *)link)->faults;
}
