// SPDX-License-Identifier: Apache-2.0
#include "node/cpu/placement.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/rng.h"

#define BUCKETS_FIRST 256u

// Place of `cpu` among the CPUs of its board that replay traces, and their number.
static void rank_on_board(const struct machine *machine, const struct cpu_desc *cpu, uint32_t *rank,
                          uint32_t *number)
{
    *rank = *number = 0;
    for (uint32_t i = 0; i < machine->n_cpus; i++) {
        const struct cpu_desc *other = &machine->cpus[i];
        if (other->board != cpu->board || other->kind != CPU_TRACE)
            continue;
        *rank += other->index < cpu->index;
        ++*number;
    }
    NP_ASSERT(*number);
}

static void divide_frames(struct address_space *space, const struct machine *machine,
                          const struct partition_desc *partition, const struct cpu_desc *cpu)
{
    uint32_t rank, number;
    rank_on_board(machine, cpu, &rank, &number);
    for (uint32_t i = 0; i < space->n_boards; i++) {
        struct home_frames *home = &space->homes[i];
        uint64_t memory = machine->boards[partition->boards[i]].params.memory_bytes;
        uint64_t bytes = memory > partition->frames_offset ? memory - partition->frames_offset : 0;
        uint64_t slice = bytes / PAGE_BYTES / space->n_boards;
        home->board = partition->boards[i];
        home->frames = slice / number;
        home->offset = partition->frames_offset + (space->own * slice + rank * home->frames) * PAGE_BYTES;
    }
}

static uint32_t place_of_board(const struct partition_desc *partition, uint16_t board)
{
    for (uint32_t i = 0; i < partition->n_boards; i++)
        if (partition->boards[i] == board)
            return i;
    np_panic("a board that is not of its partition");
}

void address_space_init(struct address_space *space, const struct machine *machine,
                        const struct partition_desc *partition, const struct cpu_desc *cpu)
{
    *space = (struct address_space){.placement = cpu->placement, .n_boards = partition->n_boards};
    space->own = place_of_board(partition, cpu->board);
    space->fixed_board =
        (uint16_t)(cpu->placement == PLACE_FIXED ? place_of_board(partition, cpu->fixed_board) : 0);
    divide_frames(space, machine, partition, cpu);
    segment_map_init(&space->map, partition);
    space->buckets = BUCKETS_FIRST;
    space->table = calloc(space->buckets, sizeof *space->table);
    NP_ASSERT(space->table);
}

void address_space_free(struct address_space *space)
{
    for (uint32_t i = 0; i < space->n; i++)
        free(space->pages[i].stored);
    free(space->pages);
    free(space->table);
    *space = (struct address_space){0};
}

// First-touch pages lie on the board of the CPU; round-robin begins there, so that CPUs of several boards do
// not all begin on the same one.
static struct home_frames *next_home(struct address_space *space)
{
    if (space->placement == PLACE_FIXED)
        return &space->homes[space->fixed_board];
    uint32_t turn = space->placement == PLACE_ROUND_ROBIN ? space->n : 0;
    return &space->homes[(space->own + turn) % space->n_boards];
}

uint16_t address_space_next_home(const struct address_space *space)
{
    struct address_space *same = (struct address_space *)(uintptr_t)space; // only read
    return next_home(same)->board;
}

static const struct segment_desc *segment_of(const struct segment_map *map, uint64_t real)
{
    for (uint32_t i = 0; i < map->n; i++)
        if (real - map->segments[i].base < map->segments[i].size)
            return &map->segments[i];
    np_panic("a frame in no segment");
}

// Gives the page the next frame of its home. False when there is none left.
static bool take_frame(struct address_space *space, struct page *page)
{
    struct home_frames *home = next_home(space);
    if (home->used == home->frames)
        return false;
    struct location where = {home->board, home->offset + home->used * PAGE_BYTES};
    bool mapped = segment_map_real(&space->map, where, &page->real);
    NP_ASSERT(mapped); // machine_invalid: all frames lie in segments
    home->used++;
    const struct segment_desc *segment = segment_of(&space->map, page->real);
    bool whole = segment->n_boards == 1 || segment->granule >= PAGE_BYTES;
    uint64_t granule = whole ? PAGE_BYTES : segment->granule;
    page->granule_shift = (uint8_t)__builtin_ctzll(granule);
    page->stretch = granule * segment->n_boards;
    return true;
}

static uint32_t *bucket_of(const struct address_space *space, uint64_t number)
{
    uint64_t at = rng_mix(number);
    for (;; at++) {
        uint32_t *bucket = &space->table[at & (space->buckets - 1)];
        if (*bucket == 0 || space->pages[*bucket - 1].number == number)
            return bucket;
    }
}

static void grow(struct address_space *space)
{
    if (space->n == space->capacity) {
        space->capacity = space->capacity ? 2 * space->capacity : 64;
        space->pages = realloc(space->pages, space->capacity * sizeof *space->pages);
        NP_ASSERT(space->pages);
    }
    if (2 * (space->n + 1) <= space->buckets)
        return;
    free(space->table);
    space->buckets *= 2;
    space->table = calloc(space->buckets, sizeof *space->table);
    NP_ASSERT(space->table);
    for (uint32_t i = 0; i < space->n; i++)
        *bucket_of(space, space->pages[i].number) = i + 1;
}

static uint32_t add_page(struct address_space *space, uint64_t number)
{
    struct page page = {.number = number};
    if (space->n == NO_PAGE - 1 || !take_frame(space, &page))
        return NO_PAGE;
    grow(space);
    uint32_t index = space->n++;
    space->pages[index] = page;
    *bucket_of(space, number) = index + 1;
    return index;
}

uint32_t address_space_lookup(struct address_space *space, uint64_t number)
{
    uint32_t found = *bucket_of(space, number);
    uint32_t index = found ? found - 1 : add_page(space, number);
    if (index != NO_PAGE)
        space->recent[number % TRANSLATIONS] = (struct translation){number + 1, index};
    return index;
}

uint64_t page_read(const struct page *page, uint64_t address, unsigned size)
{
    uint64_t value = 0;
    if (!page->stored)
        return 0;
    if (NP_LIKELY(size == 8))
        memcpy(&value, page->stored + address % PAGE_BYTES, 8);
    else
        memcpy(&value, page->stored + address % PAGE_BYTES, size);
    return value;
}

void page_write(struct page *page, uint64_t address, unsigned size, uint64_t value)
{
    if (!page->stored) {
        page->stored = calloc(1, PAGE_BYTES);
        NP_ASSERT(page->stored);
    }
    memcpy(page->stored + address % PAGE_BYTES, &value, size);
}

static void stored_state(struct page *page, struct archive *ar)
{
    bool has_stored = page->stored != NULL;
    ar_bool(ar, &page->unchecked);
    ar_bool(ar, &has_stored);
    if (!has_stored || ar_failed(ar))
        return;
    if (!page->stored)
        page_write(page, 0, 0, 0);
    ar_bytes(ar, page->stored, PAGE_BYTES);
}

// Frames are not saved: pages that are placed in the same order get the same ones again.
void address_space_state(struct address_space *space, struct archive *ar)
{
    uint32_t n = space->n;
    ar_mark(ar, "PAGE");
    ar_count(ar, &n, NO_PAGE - 1);
    for (uint32_t i = 0; i < n && !ar_failed(ar); i++) {
        uint64_t number = ar_loading(ar) ? 0 : space->pages[i].number;
        ar_u64(ar, &number);
        if (ar_loading(ar) &&
            (number > UINT64_MAX / PAGE_BYTES || address_space_lookup(space, number) != i)) {
            ar_fail(ar, "virtual page 0x%llx twice, or without a frame", (unsigned long long)number);
            return;
        }
        stored_state(&space->pages[i], ar);
    }
}
