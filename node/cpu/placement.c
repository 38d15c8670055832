// SPDX-License-Identifier: Apache-2.0
// Using address spaces; frames.c fills them.
#include "node/cpu/placement.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/rng.h"
#include "proto/trace/trace.h"

uint32_t address_space_lookup(const struct address_space *space, uint64_t number)
{
    for (uint64_t at = rng_mix(number);; at++) {
        uint32_t found = space->table[at & (space->buckets - 1)];
        if (!found)
            return NO_PAGE;
        if (space->pages[found - 1].number == number)
            return found - 1;
    }
}

bool page_has_word(const struct address_space *space, const struct page *page, uint64_t address,
                   unsigned size)
{
    const uint64_t *words = space->words + page->first_word;
    uint32_t low = 0, high = page->n_words; // the first word that ends behind `address` is in low .. high
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (words[middle] + (TRACE_WORD - 1) < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < page->n_words && words[low] <= address + (size - 1);
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

static const struct segment_desc *segment_of(const struct segment_map *map, uint64_t real)
{
    for (uint32_t i = 0; i < map->n; i++)
        if (real - map->segments[i].base < map->segments[i].size)
            return &map->segments[i];
    return NULL;
}

bool page_lay(struct page *page, const struct segment_map *map, uint64_t real)
{
    const struct segment_desc *segment = segment_of(map, real);
    if (!segment)
        return false;
    bool whole = segment->n_boards == 1 || segment->granule >= PAGE_BYTES;
    uint64_t granule = whole ? PAGE_BYTES : segment->granule;
    page->real = real;
    page->granule_shift = (uint8_t)__builtin_ctzll(granule);
    page->stretch = granule * segment->n_boards;
    return true;
}

bool page_holds(const struct page *page, uint64_t real)
{
    uint64_t from = real - page->real;
    if (page->granule_shift == PAGE_SHIFT)
        return from < PAGE_BYTES;
    return from / page->stretch < PAGE_BYTES >> page->granule_shift &&
           from % page->stretch < UINT64_C(1) << page->granule_shift;
}

static bool is_private(const struct page *page, uint32_t stream)
{
    return !page->shared && page->stream == stream;
}

static void page_state(struct page *page, struct archive *ar)
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

// Frames are not saved: they follow from machine and trace. Nor are pages that were never written.
void address_space_state(struct address_space *space, uint32_t stream, struct archive *ar)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < space->n; i++)
        n += is_private(&space->pages[i], stream) && (space->pages[i].stored || space->pages[i].unchecked);
    ar_mark(ar, "PAGE");
    ar_count(ar, &n, space->n);
    uint32_t index = 0;
    for (uint32_t i = 0; i < n && !ar_failed(ar); i++, index++) {
        while (!ar_loading(ar) && !(is_private(&space->pages[index], stream) &&
                                    (space->pages[index].stored || space->pages[index].unchecked)))
            index++;
        uint32_t next = index;
        ar_u32(ar, &next);
        if (next < index || next >= space->n || !is_private(&space->pages[next], stream)) {
            ar_fail(ar, "page %u is not one of this CPU's", next);
            return;
        }
        index = next;
        page_state(&space->pages[index], ar);
    }
}

void address_space_forget(struct address_space *space, uint32_t stream)
{
    for (uint32_t i = 0; i < space->n; i++) {
        struct page *page = &space->pages[i];
        if (!is_private(page, stream))
            continue;
        free(page->stored);
        page->stored = NULL;
        page->unchecked = false;
    }
}
