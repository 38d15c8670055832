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

static struct trace_word *find_word(const struct trace_words *words, const struct trace_word *key)
{
    uint64_t mask = words->capacity - 1;
    uint64_t at = (key->address ^ (uint64_t)key->process << 48) * UINT64_C(0x9e3779b97f4a7c15) >> 20 & mask;
    while (words->word[at].process &&
           (words->word[at].process != key->process || words->word[at].address != key->address))
        at = (at + 1) & mask;
    return &words->word[at];
}

static bool add_word(struct trace_words *words, uint32_t process, uint64_t address)
{
    if (2 * words->n >= words->capacity) {
        struct trace_words larger = *words;
        larger.capacity = words->capacity ? 2 * words->capacity : 64;
        larger.word = calloc(larger.capacity, sizeof *larger.word);
        if (!larger.word)
            return false;
        for (uint64_t i = 0; i < words->capacity; i++)
            if (words->word[i].process)
                *find_word(&larger, &words->word[i]) = words->word[i];
        free(words->word);
        *words = larger;
    }
    struct trace_word key = {address, process + 1};
    struct trace_word *word = find_word(words, &key);
    words->n += !word->process;
    *word = key;
    return true;
}

bool trace_footprint_add(struct trace_footprint *footprint, uint32_t process, uint32_t stream,
                         const struct trace_ref *ref)
{
    if (ref->kind == TRACE_SYNC && !add_word(&footprint->words, process, ref->address))
        return false;
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

static int word_order(const void *a, const void *b)
{
    const struct trace_word *one = a, *other = b;
    if (one->process != other->process)
        return one->process < other->process ? -1 : 1;
    return one->address < other->address ? -1 : one->address > other->address;
}

struct trace_word *trace_footprint_words(const struct trace_footprint *footprint)
{
    const struct trace_words *words = &footprint->words;
    struct trace_word *list = calloc(words->n + 1, sizeof *list);
    uint64_t n = 0;
    for (uint64_t i = 0; list && i < words->capacity; i++)
        if (words->word[i].process)
            list[n++] = (struct trace_word){words->word[i].address, words->word[i].process - 1};
    if (n)
        qsort(list, n, sizeof *list, word_order);
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
    free(footprint->words.word);
    *footprint = (struct trace_footprint){0};
}
