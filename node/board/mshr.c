// SPDX-License-Identifier: Apache-2.0
// Transactions under way, and the ways of the board cache.
#include <string.h>

#include "node/board/internal.h"

static uint16_t *bucket_of(struct board *board, uint64_t line)
{
    uint64_t hash = (line >> board->cache.line_shift) * UINT64_C(0x9e3779b97f4a7c15);
    return &board->mshr_bucket[hash >> 56];
}
_Static_assert(MSHR_BUCKETS == 256, "the hash keeps eight bits");

struct mshr *mshr_find(struct board *board, uint64_t line)
{
    for (uint16_t i = *bucket_of(board, line); i != NO_MSHR; i = board->mshrs[i].next)
        if (board->mshrs[i].address == line)
            return &board->mshrs[i];
    return NULL;
}

static void link_entry(struct board *board, struct mshr *mshr)
{
    uint32_t i = (uint32_t)(mshr - board->mshrs);
    uint16_t *bucket = bucket_of(board, mshr->address);
    mshr->next = *bucket;
    *bucket = (uint16_t)i;
    board->mshr_used[i / 64] |= UINT64_C(1) << i % 64;
}

static void unlink_entry(struct board *board, struct mshr *mshr)
{
    uint32_t i = (uint32_t)(mshr - board->mshrs);
    uint16_t *link = bucket_of(board, mshr->address);
    while (*link != i)
        link = &board->mshrs[*link].next;
    *link = mshr->next;
    board->mshr_used[i / 64] &= ~(UINT64_C(1) << i % 64);
}

void mshr_index(struct board *board)
{
    memset(board->mshr_bucket, 0xff, sizeof board->mshr_bucket);
    memset(board->mshr_used, 0, sizeof board->mshr_used);
    for (uint32_t i = 0; i < board->n_mshrs; i++)
        if (board->mshrs[i].used)
            link_entry(board, &board->mshrs[i]);
}

// The lowest free entry: which one is taken never depends on history that a checkpoint would have to keep.
static struct mshr *lowest_free(struct board *board)
{
    for (uint32_t word = 0; word * 64 < board->n_mshrs; word++)
        if (~board->mshr_used[word])
            return &board->mshrs[word * 64 + (uint32_t)__builtin_ctzll(~board->mshr_used[word])];
    np_panic("no free transaction though misses and evictions are within their limits");
}

struct mshr *mshr_take(struct board *board, uint64_t line, bool eviction)
{
    uint32_t *count = eviction ? &board->evictions : &board->misses;
    if (*count == board->params->mshrs)
        return NULL;
    struct mshr *mshr = lowest_free(board);
    uint8_t *data = mshr->data;
    memset(mshr, 0, offsetof(struct mshr, waiters));
    mshr->data = data;
    mshr->parking.n = 0;
    mshr->used = true;
    mshr->eviction = eviction;
    mshr->address = line;
    mshr->slot = NO_SLOT;
    mshr->txn = board->next_txn++;
    (*count)++;
    link_entry(board, mshr);
    return mshr;
}

void mshr_release(struct board *board, struct mshr *mshr)
{
    NP_ASSERT(mshr->used && mshr->n_waiters == 0 && mshr->parking.n == 0);
    unlink_entry(board, mshr);
    mshr->used = false;
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
