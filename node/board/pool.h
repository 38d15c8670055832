// SPDX-License-Identifier: Apache-2.0
// Messages that a board has in hand: each with room for a line of data, named by a 32-bit index that an event
// can carry. Items are reused in last-in first-out order; indices never reach results.
#ifndef NP_NODE_BOARD_POOL_H
#define NP_NODE_BOARD_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/assert.h"
#include "proto/base/message.h"

#define NO_PAYLOAD UINT32_MAX

struct home_line;
struct page_use;

struct pool_item {
    struct message message;
    struct home_line *home; // at the home: the line in memory, once looked up; never state
    uint8_t *bytes;         // its bytes
    struct page_use *use;   // and its page's counts
    uint32_t next;          // free list, or chain of stalled requests
    bool has_data;
    uint8_t data[]; // line_bytes
};

struct pool {
    uint32_t capacity, used, free;
    size_t stride;
    uint8_t *items;
};

void pool_init(struct pool *pool, uint32_t line_bytes);
void pool_free(struct pool *pool);
uint32_t pool_take(struct pool *pool);
void pool_release(struct pool *pool, uint32_t index);

NP_INLINE struct pool_item *pool_item(const struct pool *pool, uint32_t index)
{
    return (struct pool_item *)(void *)(pool->items + index * pool->stride);
}

#endif
