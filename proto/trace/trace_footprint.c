// SPDX-License-Identifier: Apache-2.0
#include "proto/trace/trace_footprint.h"

#include <stdlib.h>

#include "proto/base/assert.h"

_Static_assert(PAGE_BYTES / TRACE_FOOTPRINT_LINE == 64, "a page's lines are the bits of one word");

// Page numbers have 52 bits; the process takes the rest, plus one so that no key is 0.
_Static_assert(TRACE_STREAMS_MAX < 1u << 12, "process numbers fit above the page number");

static struct trace_page *find(const struct trace_footprint *footprint, uint64_t key)
{
    uint64_t mask = footprint->capacity - 1;
    uint64_t at = (key * UINT64_C(0x9e3779b97f4a7c15)) >> 20 & mask;
    while (footprint->pages[at].key && footprint->pages[at].key != key)
        at = (at + 1) & mask;
    return &footprint->pages[at];
}

static bool grow(struct trace_footprint *footprint)
{
    struct trace_footprint larger = *footprint;
    larger.capacity = footprint->capacity ? 2 * footprint->capacity : 1024;
    larger.pages = calloc(larger.capacity, sizeof *larger.pages);
    if (!larger.pages)
        return false;
    for (uint64_t i = 0; i < footprint->capacity; i++)
        if (footprint->pages[i].key)
            *find(&larger, footprint->pages[i].key) = footprint->pages[i];
    free(footprint->pages);
    *footprint = larger;
    return true;
}

static uint64_t key_of(uint32_t process, uint64_t page)
{
    return page | (uint64_t)(process + 1) << 52;
}

bool trace_footprint_add(struct trace_footprint *footprint, uint32_t process, uint32_t stream,
                         const struct trace_ref *ref)
{
    uint64_t first = ref->address / TRACE_FOOTPRINT_LINE;
    uint64_t last = (ref->address + ref->size - 1) / TRACE_FOOTPRINT_LINE;
    for (uint64_t line = first; line <= last; line++) {
        if (2 * footprint->n_pages >= footprint->capacity && !grow(footprint))
            return false;
        uint64_t key = key_of(process, line / 64);
        struct trace_page *page = find(footprint, key);
        if (!page->key) {
            page->key = key;
            page->order = (uint32_t)footprint->n_pages++;
            page->stream = (uint16_t)stream;
        }
        page->shared |= page->stream != stream;
        uint64_t bit = UINT64_C(1) << line % 64;
        footprint->n_lines += !(page->lines & bit);
        page->lines |= bit;
    }
    return true;
}

struct trace_touched *trace_footprint_list(const struct trace_footprint *footprint)
{
    struct trace_touched *list = calloc(footprint->n_pages + 1, sizeof *list);
    for (uint64_t i = 0; list && i < footprint->capacity; i++) {
        const struct trace_page *page = &footprint->pages[i];
        if (page->key)
            list[page->order] = (struct trace_touched){.page = page->key & ((UINT64_C(1) << 52) - 1),
                                                       .process = (uint32_t)(page->key >> 52) - 1,
                                                       .first_stream = page->stream,
                                                       .shared = page->shared};
    }
    return list;
}

const struct trace_page *trace_footprint_find(const struct trace_footprint *footprint, uint32_t process,
                                              uint64_t page)
{
    if (!footprint->capacity)
        return NULL;
    const struct trace_page *entry = find(footprint, key_of(process, page));
    return entry->key ? entry : NULL;
}

void trace_footprint_free(struct trace_footprint *footprint)
{
    free(footprint->pages);
    *footprint = (struct trace_footprint){0};
}
