// SPDX-License-Identifier: Apache-2.0
// Transactions under way, and the ways of the board cache.
#include <string.h>

#include "node/board/internal.h"

// A few dozen entries at most: one compare each is cheaper than keeping an index, and needs no order of its
// own.
struct mshr *mshr_find(struct board *board, uint64_t line)
{
    if (board->misses + board->evictions == 0)
        return NULL;
    for (uint32_t i = 0; i < board->n_mshrs; i++)
        if (board->mshrs[i].address == line && board->mshrs[i].used)
            return &board->mshrs[i];
    return NULL;
}

// The lowest free entry: which one is taken never depends on history that a checkpoint would have to keep.
struct mshr *mshr_take(struct board *board, uint64_t line, bool eviction)
{
    uint32_t *count = eviction ? &board->evictions : &board->misses;
    if (*count == board->params->mshrs)
        return NULL;
    for (uint32_t i = 0; i < board->n_mshrs; i++) {
        struct mshr *mshr = &board->mshrs[i];
        if (mshr->used)
            continue;
        uint8_t *data = mshr->data;
        memset(mshr, 0, offsetof(struct mshr, waiters));
        mshr->data = data;
        mshr->used = true;
        mshr->eviction = eviction;
        mshr->address = line;
        mshr->slot = NO_SLOT;
        mshr->txn = board->next_txn++;
        (*count)++;
        return mshr;
    }
    NP_ASSERT(!"misses and evictions within their limits always find an entry");
    return NULL;
}

void mshr_release(struct board *board, struct mshr *mshr)
{
    NP_ASSERT(mshr->used && mshr->n_waiters == 0 && mshr->parking.n == 0);
    mshr->used = false;
    mshr->address = UINT64_MAX;
    if (mshr->eviction)
        board->evictions--;
    else
        board->misses--;
}

static uint32_t set_base(const struct board_cache *cache, uint64_t line)
{
    return ((uint32_t)(line >> cache->line_shift) & (cache->sets - 1)) * cache->ways;
}

uint32_t cache_find(const struct board_cache *cache, uint64_t line)
{
    uint32_t base = set_base(cache, line);
    for (uint32_t slot = base; slot < base + cache->ways; slot++)
        if (cache->tag[slot] == (line | 1))
            return slot;
    return NO_SLOT;
}

uint32_t cache_choose(const struct board_cache *cache, uint64_t line)
{
    uint32_t base = set_base(cache, line), chosen = NO_SLOT, oldest = 0;
    for (uint32_t slot = base; slot < base + cache->ways; slot++) {
        if (cache->tag[slot] == 0)
            return slot;
        uint32_t age = cache->tick - cache->stamp[slot];
        if (cache->mshr[slot] == NO_MSHR && (chosen == NO_SLOT || age > oldest)) {
            chosen = slot;
            oldest = age;
        }
    }
    return chosen;
}

void cache_used(struct board_cache *cache, uint32_t slot)
{
    cache->stamp[slot] = ++cache->tick;
}
