// SPDX-License-Identifier: Apache-2.0
// This board's copy of the page tables of its partition's pools, and which of its frames hold pages.
#include <stdlib.h>
#include <string.h>

#include "node/cpu/thread.h"

static struct page *page_of(const struct threads *threads, struct virtual_page page)
{
    const struct address_spaces *spaces = threads->spaces;
    if (!spaces || page.space >= spaces->n || page.number >= spaces->list[page.space].n)
        np_panic("NP0101: page %u of space %u is no page of a pool", page.number, page.space);
    return &spaces->list[page.space].pages[page.number];
}

// Frame of this board's memory in which the page lies; FRAME_NONE: it lies on another board.
#define FRAME_NONE UINT64_MAX
static uint64_t frame_of(const struct threads *threads, const struct page *page)
{
    struct location where;
    uint64_t from = threads->machine->partitions[threads->partition].frames_offset;
    if (!segment_map_find(threads->map, page->real, &where) || where.board != threads->board ||
        where.offset < from)
        return FRAME_NONE;
    return (where.offset - from) / PAGE_BYTES;
}

static void set_owner(const struct threads *threads, const struct page *page, uint32_t owner)
{
    struct frame_index *index = threads->frames;
    uint64_t frame = frame_of(threads, page);
    if (frame >= index->n)
        return;
    index->used -= index->owner[frame] != 0;
    index->used += owner != 0;
    index->owner[frame] = owner;
}

static uint32_t owner_number(const struct address_spaces *spaces, struct virtual_page page)
{
    uint32_t before = 0;
    for (uint32_t i = 0; i < page.space; i++)
        before += spaces->list[i].n;
    return before + page.number + 1;
}

static struct virtual_page page_of_owner(const struct address_spaces *spaces, uint32_t owner)
{
    struct virtual_page page = {0, owner - 1};
    while (page.number >= spaces->list[page.space].n)
        page.number -= spaces->list[page.space++].n;
    return page;
}

static void build_index(const struct threads *threads)
{
    struct frame_index *index = threads->frames;
    uint64_t memory = threads->machine->boards[threads->board].params.memory_bytes;
    uint64_t from = threads->machine->partitions[threads->partition].frames_offset;
    index->n = memory > from ? (uint32_t)((memory - from) / PAGE_BYTES) : 0;
    index->used = 0;
    free(index->owner);
    index->owner = calloc(index->n + 1u, sizeof *index->owner);
    NP_ASSERT(index->owner);
    for (uint32_t s = 0; s < threads->spaces->n; s++)
        for (uint32_t p = 0; p < threads->spaces->list[s].n; p++)
            set_owner(threads, &threads->spaces->list[s].pages[p],
                      owner_number(threads->spaces, (struct virtual_page){s, p}));
    index->map_version = threads->map->version;
    index->valid = true;
}

// Real addresses find other frames when the segment map changes. False: there are no pages here.
static bool index_ready(const struct threads *threads)
{
    if (!threads->spaces)
        return false;
    if (!threads->frames->valid || threads->frames->map_version != threads->map->version)
        build_index(threads);
    return true;
}

void frame_index_free(struct frame_index *index)
{
    free(index->owner);
    free(index);
}

uint32_t threads_frames_used(const struct threads *threads)
{
    return index_ready(threads) ? threads->bound + threads->frames->used : 0;
}

bool threads_next_frame(const struct threads *threads, uint32_t *frame, struct virtual_page *page)
{
    if (!index_ready(threads))
        return false;
    const struct frame_index *index = threads->frames;
    for (; *frame < index->n; ++*frame)
        if (index->owner[*frame]) {
            *page = page_of_owner(threads->spaces, index->owner[*frame]);
            return true;
        }
    return false;
}

void threads_unmap(struct threads *threads, struct virtual_page page, sim_time at)
{
    struct page *entry = page_of(threads, page);
    (void)at; // accesses begin in the order of the board's events: those before `at` have begun
    NP_ASSERT(!entry->unmapped);
    entry->unmapped = true;
    threads->spaces->list[page.space].changes++;
}

static bool is_quiet(const struct cpu *cpu, const struct page *page)
{
    for (uint32_t i = 0; i < cpu->n_pending; i++)
        if (cpu->pending[i].done_at == SIM_NEVER && page_holds(page, cpu->pending[i].access.address))
            return false;
    for (uint32_t i = 0; i < cpu->buffer.n; i++)
        if (page_holds(page, cpu->buffer.stores[i].access.address))
            return false;
    return true;
}

bool threads_quiet(const struct threads *threads, struct virtual_page page)
{
    const struct page *entry = page_of(threads, page);
    for (uint32_t i = 0; i < threads->n_cpus; i++)
        if (!is_quiet(threads->cpu[i].cpu, entry))
            return false;
    return true;
}

static bool waited_for(const struct thread *thread, struct virtual_page page)
{
    return thread && thread->waits && thread->space == page.space && thread->page == page.number;
}

// Those who wait for the page can run.
static void wake(struct pool_cpu *slot, struct virtual_page page, sim_time at)
{
    struct cpu *cpu = slot->cpu;
    if (waited_for(slot->current, page)) {
        slot->current->waits = false;
        cpu->draining = false;
        cpu_wake(cpu, at);
    }
    for (struct thread *thread = slot->waiting.first; thread; thread = thread->next)
        if (waited_for(thread, page)) {
            thread->waits = false;
            slot->n_ready++;
        }
    pool_cpu_look(slot, at);
}

void threads_map(struct threads *threads, struct virtual_page page, uint64_t real, sim_time at)
{
    struct page *entry = page_of(threads, page);
    uint32_t owner = owner_number(threads->spaces, page);
    bool indexed = index_ready(threads);
    NP_ASSERT(entry->unmapped && indexed);
    set_owner(threads, entry, 0);
    if (!page_lay(entry, threads->map, real))
        np_panic("NP0101: a page at 0x%llx, in no segment", (unsigned long long)real);
    set_owner(threads, entry, owner);
    entry->unmapped = false;
    threads->spaces->list[page.space].changes++;
    for (uint32_t i = 0; i < threads->n_cpus; i++)
        wake(&threads->cpu[i], page, at);
}

static void page_state(struct page *page, struct archive *ar)
{
    ar_u64(ar, &page->real);
    ar_u64(ar, &page->stretch);
    ar_u8(ar, &page->granule_shift);
    ar_bool(ar, &page->unmapped);
    if (page->granule_shift > PAGE_SHIFT || page->stretch == 0)
        ar_fail(ar, "a page in granules of 2^%u bytes", page->granule_shift);
}

void page_tables_state(struct threads *threads, struct archive *ar)
{
    const uint32_t here = threads->spaces ? threads->spaces->n : 0;
    uint32_t n = here;
    ar_mark(ar, "TABL");
    ar_u32(ar, &n);
    if (n != here)
        ar_fail(ar, "page tables of %u address spaces", n);
    for (uint32_t s = 0; s < here && !ar_failed(ar); s++) {
        struct address_space *space = &threads->spaces->list[s];
        uint32_t pages = space->n;
        ar_u32(ar, &pages);
        if (pages != space->n)
            ar_fail(ar, "a page table of %u pages", pages);
        for (uint32_t p = 0; p < space->n && !ar_failed(ar); p++)
            page_state(&space->pages[p], ar);
        space->changes++;
    }
    if (ar_loading(ar))
        threads->frames->valid = false;
}
