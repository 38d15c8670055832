// SPDX-License-Identifier: Apache-2.0
#include "node/board/pool.h"

#include <stdlib.h>

void pool_init(struct pool *pool, uint32_t line_bytes)
{
    size_t align = _Alignof(struct pool_item);
    *pool = (struct pool){.free = NO_PAYLOAD};
    pool->stride = (sizeof(struct pool_item) + line_bytes + align - 1) / align * align;
}

void pool_free(struct pool *pool)
{
    free(pool->items);
    pool->items = NULL;
}

static void grow(struct pool *pool)
{
    pool->capacity = pool->capacity ? 2 * pool->capacity : 64;
    pool->items = realloc(pool->items, pool->capacity * pool->stride);
    NP_ASSERT(pool->items);
}

uint32_t pool_take(struct pool *pool)
{
    uint32_t index = pool->free;
    if (index != NO_PAYLOAD) {
        pool->free = pool_item(pool, index)->next;
    } else {
        if (pool->used == pool->capacity)
            grow(pool);
        index = pool->used++;
    }
    struct pool_item *item = pool_item(pool, index);
    item->next = NO_PAYLOAD;
    item->home = NULL;
    item->has_data = false;
    return index;
}

void pool_release(struct pool *pool, uint32_t index)
{
    pool_item(pool, index)->next = pool->free;
    pool->free = index;
}
