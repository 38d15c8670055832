// SPDX-License-Identifier: Apache-2.0
// A home's directory cache: which lines have an entry. What an entry says stays in `struct dir_line`; a line
// without one is in a state that memory itself can keep (I, gS, gM). A Get needs an entry for its line: a
// free one, or that of the least recently used line at rest, which is recalled or forgotten. A Get that finds
// none waits with the set, first come first served, and entries that come free are handed to those who wait,
// so that nobody is passed over for ever. An entry is `fresh` from then until its Get is served, and is not
// taken away.
//
// No deadlock: an entry that cannot go belongs to a busy line, and a busy line comes to rest by responses
// alone.
#include <stdlib.h>

#include "node/board/internal.h"

void directory_cache_init(struct board *board)
{
    struct directory_cache *cache = &board->home.cache;
    const struct board_params *params = board->params;
    if (params->directory_entries == 0)
        return;
    cache->ways = params->directory_ways;
    cache->sets = params->directory_entries / params->directory_ways;
    cache->entries = calloc(params->directory_entries, sizeof *cache->entries);
    cache->waiting = malloc(cache->sets * sizeof *cache->waiting);
    NP_ASSERT(cache->entries && cache->waiting);
    for (uint32_t set = 0; set < cache->sets; set++)
        cache->waiting[set] = NO_REQUEST;
}

void directory_cache_free(struct board *board)
{
    free(board->home.cache.entries);
    free(board->home.cache.waiting);
}

static struct location place_of(const struct board *board, uint64_t line)
{
    struct location where = {0};
    NP_ASSERT(segment_map_find(&board->home.decode, line, &where) && where.board == board->number);
    return where;
}

static uint32_t set_of(const struct board *board, uint64_t line)
{
    uint64_t number = place_of(board, line).offset / board->params->line_bytes;
    return (uint32_t)number & (board->home.cache.sets - 1);
}

static struct directory_entry *find(const struct board *board, uint32_t set, uint64_t line)
{
    const struct directory_cache *cache = &board->home.cache;
    struct directory_entry *first = &cache->entries[(size_t)set * cache->ways];
    for (struct directory_entry *entry = first; entry < first + cache->ways; entry++)
        if (entry->tag == (line | 1))
            return entry;
    return NULL;
}

static struct home_line *line_of(struct board *board, const struct directory_entry *entry)
{
    return memory_line(&board->home.memory, place_of(board, entry->tag & ~UINT64_C(1)).offset).home;
}

static void assign(struct board *board, struct directory_entry *entry, uint64_t line)
{
    *entry = (struct directory_entry){.tag = line | 1, .stamp = ++board->home.cache.tick, .fresh = true};
}

// The least recently used entry whose line is at rest; NULL when there is none.
static struct directory_entry *choose_victim(struct board *board, uint32_t set)
{
    const struct directory_cache *cache = &board->home.cache;
    struct directory_entry *first = &cache->entries[(size_t)set * cache->ways], *chosen = NULL;
    for (struct directory_entry *entry = first; entry < first + cache->ways; entry++) {
        unsigned state = line_of(board, entry)->dir.state;
        bool at_rest = dir_state_has_entry(state) && !dir_state_is_busy(state);
        if (at_rest && (!chosen || cache->tick - entry->stamp > cache->tick - chosen->stamp))
            chosen = entry;
    }
    return chosen;
}

static struct directory_entry *free_entry(const struct board *board, uint32_t set)
{
    const struct directory_cache *cache = &board->home.cache;
    struct directory_entry *first = &cache->entries[(size_t)set * cache->ways];
    for (struct directory_entry *entry = first; entry < first + cache->ways; entry++)
        if (entry->tag == 0)
            return entry;
    return NULL;
}

// Sends an entry's line away. Its entry is free at once unless copies have to come home first.
static void evict(struct board *board, struct directory_entry *victim)
{
    struct home_line *line = line_of(board, victim);
    bool forget = board->system->directory_miss == DIRECTORY_BROADCAST;
    board_count(board, CNT_DIRECTORY_EVICTIONS, 1);
    home_own_event(board, line, victim->tag & ~UINT64_C(1),
                   forget ? DE_FORGET : dir_recall_event(&line->dir));
    if (!dir_state_has_entry(line->dir.state))
        *victim = (struct directory_entry){0};
}

static uint32_t count_recalled(struct board *board, uint32_t set)
{
    const struct directory_cache *cache = &board->home.cache;
    uint32_t n = 0;
    for (uint32_t i = set * cache->ways; i < (set + 1) * cache->ways; i++) {
        const struct directory_entry *entry = &cache->entries[i];
        n += entry->tag && !entry->fresh && dir_state_is_recall(line_of(board, entry)->dir.state);
    }
    return n;
}

static uint32_t count_waiting(const struct board *board, uint32_t set)
{
    uint32_t n = 0;
    for (uint32_t i = board->home.cache.waiting[set]; i != NO_REQUEST; i = pool_item(&board->pool, i)->next)
        n++;
    return n;
}

// An entry that is free now, for one of `wanted` requests; recalls no more lines than these need.
static struct directory_entry *make_room(struct board *board, uint32_t set, uint32_t wanted)
{
    for (uint32_t under_way = count_recalled(board, set);; under_way++) {
        struct directory_entry *entry = free_entry(board, set);
        if (entry || under_way >= wanted)
            return entry;
        struct directory_entry *victim = choose_victim(board, set);
        if (!victim)
            return NULL;
        evict(board, victim);
    }
}

static void wait_with(struct board *board, uint32_t set, uint32_t payload)
{
    board_count(board, CNT_HOME_STALLED, 1);
    pool_item(&board->pool, payload)->next = NO_REQUEST;
    uint32_t *link = &board->home.cache.waiting[set];
    while (*link != NO_REQUEST)
        link = &pool_item(&board->pool, *link)->next;
    *link = payload;
}

// Hands entries to those who wait, in their order, as far as there is room.
static void admit_waiting(struct board *board, uint32_t set)
{
    uint32_t *first = &board->home.cache.waiting[set];
    while (*first != NO_REQUEST) {
        uint32_t payload = *first;
        uint64_t line = pool_item(&board->pool, payload)->message.line;
        if (!find(board, set, line)) {
            struct directory_entry *entry = make_room(board, set, count_waiting(board, set));
            if (!entry)
                return;
            assign(board, entry, line);
        }
        *first = pool_item(&board->pool, payload)->next;
        home_receive(board, payload);
    }
}

bool directory_cache_admit(struct board *board, uint32_t payload)
{
    uint64_t line = pool_item(&board->pool, payload)->message.line;
    uint32_t set = set_of(board, line);
    if (find(board, set, line))
        return true;
    bool must_queue = board->home.cache.waiting[set] != NO_REQUEST;
    struct directory_entry *entry = must_queue ? NULL : make_room(board, set, 1);
    if (entry) {
        assign(board, entry, line);
        return true;
    }
    wait_with(board, set, payload);
    if (must_queue)
        admit_waiting(board, set);
    return false;
}

void directory_cache_used(struct board *board, uint64_t line)
{
    struct directory_entry *entry = find(board, set_of(board, line), line);
    NP_ASSERT(entry);
    board_count(board, entry->fresh ? CNT_DIRECTORY_MISSES : CNT_DIRECTORY_HITS, 1);
    entry->fresh = false;
    entry->stamp = ++board->home.cache.tick;
}

void directory_cache_settle(struct board *board, uint64_t line, unsigned state)
{
    if (dir_state_is_busy(state))
        return;
    uint32_t set = set_of(board, line);
    struct directory_entry *entry = find(board, set, line);
    if (entry && !entry->fresh && !dir_state_has_entry(state))
        *entry = (struct directory_entry){0};
    admit_waiting(board, set);
}

static void waiting_state(struct board *board, struct archive *ar, uint32_t set)
{
    uint32_t n = ar_loading(ar) ? 0 : count_waiting(board, set);
    ar_count(ar, &n, MESSAGES_MAX);
    if (ar_loading(ar)) {
        uint64_t stalled_before = board->counters[CNT_HOME_STALLED];
        board->home.cache.waiting[set] = NO_REQUEST;
        for (uint32_t i = 0; i < n && !ar_failed(ar); i++)
            wait_with(board, set, pool_item_state(board, ar, NO_PAYLOAD));
        board->counters[CNT_HOME_STALLED] = stalled_before;
        return;
    }
    for (uint32_t i = board->home.cache.waiting[set]; i != NO_REQUEST; i = pool_item(&board->pool, i)->next)
        pool_item_state(board, ar, i);
}

static void entry_state(struct board *board, struct archive *ar, uint32_t set, struct directory_entry *entry)
{
    struct location where;
    ar_u64(ar, &entry->tag);
    if (entry->tag == 0)
        return;
    ar_u32(ar, &entry->stamp);
    ar_bool(ar, &entry->fresh);
    uint64_t line = entry->tag & ~UINT64_C(1);
    bool ours = segment_map_find(&board->home.decode, line, &where) && where.board == board->number;
    if (ours && line % board->params->line_bytes == 0 && set_of(board, line) == set)
        return;
    ar_fail(ar, "a directory entry for the line at 0x%llx", (unsigned long long)line);
    entry->tag = 0;
}

void directory_cache_state(struct board *board, struct archive *ar)
{
    struct directory_cache *cache = &board->home.cache;
    ar_mark(ar, "DIRC");
    ar_u32(ar, &cache->tick);
    for (uint32_t set = 0; set < cache->sets; set++) {
        for (uint32_t way = 0; way < cache->ways; way++)
            entry_state(board, ar, set, &cache->entries[(size_t)set * cache->ways + way]);
        waiting_state(board, ar, set);
    }
}
