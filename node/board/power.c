// SPDX-License-Identifier: Apache-2.0
// A board without current forgets: memory, directory and caches.
#include <string.h>

#include "node/board/internal.h"

static void clear_l1(struct l1 *l1)
{
    size_t lines = (size_t)l1->sets * l1->ways;
    memset(l1->tag, 0, lines * sizeof *l1->tag);
    memset(l1->stamp, 0, lines * sizeof *l1->stamp);
    memset(l1->slot, 0, lines * sizeof *l1->slot);
    l1->tick = 0;
}

static void clear_cache(struct board_cache *cache)
{
    memset(cache->tag, 0, cache->slots * sizeof *cache->tag);
    memset(cache->line, 0, cache->slots * sizeof *cache->line);
    memset(cache->presence, 0, cache->slots * sizeof *cache->presence);
    memset(cache->stamp, 0, cache->slots * sizeof *cache->stamp);
    cache->tick = 0;
}

void board_clear(struct board *board)
{
    struct home *home = &board->home;
    NP_ASSERT(board_under_way(board) == 0);
    memory_free(&home->memory);
    memory_init(&home->memory, board->params->memory_bytes, board->params->line_bytes);
    directory_cache_free(board);
    directory_cache_init(board);
    clear_cache(&board->cache);
    for (uint32_t i = 0; i < board->n_cpus; i++) {
        clear_l1(&board->cpus[i].l1[0]);
        if (board->cpus[i].split)
            clear_l1(&board->cpus[i].l1[1]);
    }
}
