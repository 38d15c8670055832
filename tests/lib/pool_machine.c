// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/pool_machine.h"

#include <stdlib.h>
#include <string.h>

#include "node/board/internal.h"
#include "node/cpu/thread.h"

// After a page is quiet what its lines have caused is still on its way: data to their home, evictions.
#define SETTLING (2 * SIM_PS_PER_US)

void pool_machine_init(struct pool_machine *pool, const struct tiny_shape *shape)
{
    memset(pool, 0, sizeof *pool);
    tiny_machine_init(&pool->tiny, shape);
    pool->tiny.machine.pools = pool->pools;
}

struct pool_desc *pool_machine_add(struct pool_machine *pool, uint32_t n_threads, enum cpu_kind kind)
{
    uint32_t number = pool->tiny.machine.n_pools++;
    NP_ASSERT(number < POOL_MACHINE_POOLS);
    struct pool_desc *desc = &pool->pools[number];
    *desc = (struct pool_desc){.n_threads = n_threads,
                               .quantum = 2 * SIM_PS_PER_US,
                               .switch_time = 100 * SIM_PS_PER_NS,
                               .context_bytes = 1024};
    desc->what.kind = kind;
    desc->what.outstanding = 1;
    desc->what.members = n_threads;
    desc->what.program = 100 + number;
    desc->what.backoff = kind == CPU_TRACE ? 200 * SIM_PS_PER_NS : 0;
    desc->what.give_up = kind == CPU_TRACE ? SIM_PS_PER_S / 100 : 0;
    return desc;
}

struct threads *threads_of(const struct mini_complex *complex, unsigned board)
{
    return complex->boards[board]->threads;
}

void pool_mover_init(struct pool_mover *mover, struct mini_complex *complex, uint64_t seed)
{
    *mover = (struct pool_mover){.complex = complex, .rng = rng_for(seed, 0), .threads = true, .pages = true};
    for (unsigned i = 0; i < complex->machine->n_boards; i++)
        if (threads_of(complex, i))
            mover->next_frame[i] = threads_frames_used(threads_of(complex, i));
}

void pool_mover_free(struct pool_mover *mover)
{
    for (uint32_t i = 0; i < mover->n_away; i++)
        free(mover->away[i].bytes);
    mover->n_away = 0;
}

static unsigned any_board(struct pool_mover *mover)
{
    return (unsigned)rng_below(&mover->rng, mover->complex->machine->partitions[0].n_boards);
}

static void take_threads(struct pool_mover *mover, sim_time now)
{
    for (unsigned i = 0; i < mover->complex->machine->partitions[0].n_boards; i++)
        for (sim_time at, last = 0; mover->n_away < MOVER_THREADS; mover->n_away++) {
            if (!threads_depart(threads_of(mover->complex, i), &mover->away[mover->n_away].bytes,
                                &mover->away[mover->n_away].size, &at))
                break;
            NP_ASSERT(at >= last && at <= now);
            last = at;
        }
}

static void bring_thread(struct pool_mover *mover, uint32_t which, sim_time at)
{
    threads_arrive(threads_of(mover->complex, any_board(mover)), mover->away[which].bytes,
                   mover->away[which].size, at);
    free(mover->away[which].bytes);
    mover->away[which] = mover->away[--mover->n_away];
    mover->threads_moved++;
}

static void move_threads(struct pool_mover *mover, sim_time at)
{
    take_threads(mover, at);
    if (mover->n_away && rng_below(&mover->rng, 2))
        bring_thread(mover, (uint32_t)rng_below(&mover->rng, mover->n_away), at);
    if (mover->threads && mover->n_away < MOVER_THREADS / 2)
        threads_dismiss(threads_of(mover->complex, any_board(mover)), (uint32_t)rng_below(&mover->rng, 3),
                        at);
    take_threads(mover, at);
}

static uint64_t line_of(const struct page *page, uint32_t offset)
{
    return page_real(page, offset);
}

// Nothing is on its way for any line of the page: no board has a transaction for one.
static bool is_still(const struct mini_complex *complex, const struct page *page, uint32_t line_bytes)
{
    for (unsigned b = 0; b < complex->machine->n_boards; b++)
        for (uint32_t at = 0; at < PAGE_BYTES; at += line_bytes)
            if (mshr_find(complex->boards[b], line_of(page, at)))
                return false;
    return true;
}

// The bytes of a line: whoever has it in its cache has the newest.
static void read_line(const struct mini_complex *complex, uint64_t line, uint8_t *bytes, uint32_t n)
{
    struct location where;
    for (unsigned b = 0; b < complex->machine->n_boards; b++)
        if (cache_find(&complex->boards[b]->cache, line) != NO_SLOT) {
            board_peek(complex->boards[b], line, bytes, n);
            return;
        }
    bool found = segment_map_find(&complex->boards[0]->map, line, &where);
    NP_ASSERT(found);
    board_peek(complex->boards[where.board], line, bytes, n);
}

static void copy_page(const struct mini_complex *complex, const struct page *page, uint64_t to)
{
    uint32_t n = complex->machine->boards[0].params.line_bytes;
    uint8_t bytes[LINE_BYTES_MAX];
    struct page laid = *page;
    struct location where;
    page_lay(&laid, &complex->boards[0]->map, to);
    for (uint32_t at = 0; at < PAGE_BYTES; at += n) {
        read_line(complex, line_of(page, at), bytes, n);
        bool found = segment_map_find(&complex->boards[0]->map, line_of(&laid, at), &where);
        NP_ASSERT(found);
        memcpy(memory_line(&complex->boards[where.board]->home.memory, where.offset).bytes, bytes, n);
    }
}

static struct page *entry_of(const struct threads *threads, struct virtual_page page)
{
    return &threads->spaces->list[page.space].pages[page.number];
}

void pool_machine_spoil(struct mini_complex *complex, struct virtual_page page, uint32_t offset)
{
    static const uint8_t word[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    uint32_t in_line = offset % complex->machine->boards[0].params.line_bytes;
    struct location where;
    uint64_t line = line_of(entry_of(threads_of(complex, 0), page), offset - in_line);
    bool found = segment_map_find(&complex->boards[0]->map, line, &where);
    NP_ASSERT(found);
    memcpy(memory_line(&complex->boards[where.board]->home.memory, where.offset).bytes + in_line, word, 8);
}

static void map_page(struct pool_mover *mover, struct virtual_page page, sim_time at)
{
    struct mini_complex *complex = mover->complex;
    unsigned target = any_board(mover);
    struct location where = {(uint16_t)target, complex->machine->partitions[0].frames_offset +
                                                   (uint64_t)mover->next_frame[target]++ * PAGE_BYTES};
    uint64_t real;
    bool mapped = segment_map_real(&complex->boards[0]->map, where, &real);
    NP_ASSERT(mapped);
    copy_page(complex, entry_of(threads_of(complex, 0), page), real);
    for (unsigned i = 0; i < complex->machine->partitions[0].n_boards; i++)
        threads_map(threads_of(complex, i), page, real, at);
    mover->pages_moved++;
}

static bool everywhere_quiet(const struct mini_complex *complex, struct virtual_page page)
{
    for (unsigned i = 0; i < complex->machine->partitions[0].n_boards; i++)
        if (!threads_quiet(threads_of(complex, i), page))
            return false;
    return true;
}

static void go_on_with_pages(struct pool_mover *mover, sim_time at)
{
    uint32_t line_bytes = mover->complex->machine->boards[0].params.line_bytes;
    for (uint32_t i = 0; i < mover->n_unmapped; i++) {
        struct virtual_page page = mover->unmapped[i].page;
        if (mover->unmapped[i].quiet_since == SIM_NEVER) {
            if (everywhere_quiet(mover->complex, page))
                mover->unmapped[i].quiet_since = at;
        } else if (at >= mover->unmapped[i].quiet_since + SETTLING &&
                   is_still(mover->complex, entry_of(threads_of(mover->complex, 0), page), line_bytes)) {
            NP_ASSERT(everywhere_quiet(mover->complex, page));
            map_page(mover, page, at);
            mover->unmapped[i--] = mover->unmapped[--mover->n_unmapped];
        }
    }
}

// Any page in a frame of any board, unless it is on its way already.
static void unmap_page(struct pool_mover *mover, sim_time at)
{
    struct threads *threads = threads_of(mover->complex, any_board(mover));
    struct virtual_page page;
    uint32_t frame = (uint32_t)rng_below(&mover->rng, threads_frames_used(threads) + 1);
    if (!threads_next_frame(threads, &frame, &page) || entry_of(threads, page)->unmapped)
        return;
    for (unsigned i = 0; i < mover->complex->machine->partitions[0].n_boards; i++)
        threads_unmap(threads_of(mover->complex, i), page, at);
    mover->unmapped[mover->n_unmapped].page = page;
    mover->unmapped[mover->n_unmapped++].quiet_since = SIM_NEVER;
}

void pool_mover_step(struct pool_mover *mover, sim_time at)
{
    mini_run(mover->complex, at);
    move_threads(mover, at);
    go_on_with_pages(mover, at);
    if (mover->pages && mover->n_unmapped < MOVER_PAGES)
        unmap_page(mover, at);
}

bool pool_mover_finish(struct pool_mover *mover, sim_time at, sim_time step, unsigned most)
{
    mover->threads = mover->pages = false;
    for (; most; most--, at += step) {
        bool ended = mini_run(mover->complex, at);
        move_threads(mover, at);
        go_on_with_pages(mover, at);
        if (ended && !mover->n_away && !mover->n_unmapped)
            return true;
    }
    return false;
}
