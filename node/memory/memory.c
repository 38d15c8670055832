// SPDX-License-Identifier: Apache-2.0
#include "node/memory/memory.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"

enum { LEAF_PAGES = 512 };
#define LEAF_BYTES ((uint64_t)LEAF_PAGES * PAGE_BYTES)

static void *zeroed(size_t n, size_t size)
{
    void *bytes = calloc(n, size);
    NP_ASSERT(bytes);
    return bytes;
}

void memory_init(struct memory *memory, uint64_t size, uint32_t line_bytes)
{
    *memory = (struct memory){.size = size, .line_bytes = line_bytes};
    memory->line_shift = (uint32_t)__builtin_ctz(line_bytes);
    memory->n_leaves = (size + LEAF_BYTES - 1) / LEAF_BYTES;
    memory->leaves = zeroed(memory->n_leaves ? memory->n_leaves : 1, sizeof *memory->leaves);
}

static void free_leaf(struct memory_page **leaf)
{
    for (unsigned i = 0; leaf && i < LEAF_PAGES; i++)
        free(leaf[i]);
    free(leaf);
}

void memory_free(struct memory *memory)
{
    for (uint64_t i = 0; i < memory->n_leaves; i++)
        free_leaf(memory->leaves[i]);
    free(memory->leaves);
    *memory = (struct memory){0};
}

static struct memory_page *new_page(const struct memory *memory)
{
    unsigned n = PAGE_BYTES / memory->line_bytes;
    struct memory_page *page = zeroed(1, sizeof *page + n * sizeof page->lines[0]);
    for (unsigned i = 0; i < n; i++)
        page->lines[i] = (struct home_line){{.owner = NO_OWNER, .state = D_I}, NO_REQUEST};
    return page;
}

static struct memory_page *touch(struct memory *memory, uint64_t offset)
{
    NP_ASSERT(offset < memory->size);
    struct memory_page ***leaf = &memory->leaves[offset / LEAF_BYTES];
    if (NP_UNLIKELY(!*leaf))
        *leaf = zeroed(LEAF_PAGES, sizeof **leaf);
    struct memory_page **page = &(*leaf)[offset % LEAF_BYTES / PAGE_BYTES];
    if (NP_UNLIKELY(!*page)) {
        *page = new_page(memory);
        memory->pages++;
    }
    return *page;
}

struct memory_line memory_line(struct memory *memory, uint64_t offset)
{
    struct memory_page *page = touch(memory, offset);
    uint64_t in_page = offset % PAGE_BYTES;
    return (struct memory_line){&page->lines[in_page >> memory->line_shift], page->bytes + in_page,
                                &page->use};
}

static const struct memory_page *peek_page(const struct memory *memory, uint64_t offset)
{
    NP_ASSERT(offset < memory->size);
    struct memory_page *const *leaf = memory->leaves[offset / LEAF_BYTES];
    return leaf ? leaf[offset % LEAF_BYTES / PAGE_BYTES] : NULL;
}

void memory_forget(struct memory *memory, uint64_t offset)
{
    NP_ASSERT(offset < memory->size && offset % PAGE_BYTES == 0);
    struct memory_page **leaf = memory->leaves[offset / LEAF_BYTES];
    struct memory_page **page = leaf ? &leaf[offset % LEAF_BYTES / PAGE_BYTES] : NULL;
    if (!page || !*page)
        return;
    for (unsigned i = 0; i < PAGE_BYTES / memory->line_bytes; i++)
        NP_ASSERT((*page)->lines[i].dir.state == D_I && (*page)->lines[i].stalled == NO_REQUEST);
    free(*page);
    *page = NULL;
    memory->pages--;
}

const struct home_line *memory_peek(const struct memory *memory, uint64_t offset)
{
    const struct memory_page *page = peek_page(memory, offset);
    return page ? &page->lines[offset % PAGE_BYTES >> memory->line_shift] : NULL;
}

const uint8_t *memory_peek_bytes(const struct memory *memory, uint64_t offset)
{
    const struct memory_page *page = peek_page(memory, offset);
    return page ? page->bytes + offset % PAGE_BYTES : NULL;
}

void memory_each(struct memory *memory, void (*visit)(void *self, uint64_t offset, struct memory_line line),
                 void *self)
{
    for (uint64_t leaf = 0; leaf < memory->n_leaves; leaf++)
        for (unsigned i = 0; memory->leaves[leaf] && i < LEAF_PAGES; i++) {
            struct memory_page *page = memory->leaves[leaf][i];
            uint64_t offset = leaf * LEAF_BYTES + (uint64_t)i * PAGE_BYTES;
            for (unsigned at = 0; page && at < PAGE_BYTES; at += memory->line_bytes)
                visit(self, offset + at,
                      (struct memory_line){&page->lines[at >> memory->line_shift], page->bytes + at,
                                           &page->use});
        }
}

void memory_walk(const struct memory *memory,
                 void (*visit)(void *self, uint64_t offset, const struct home_line *line), void *self)
{
    for (uint64_t leaf = 0; leaf < memory->n_leaves; leaf++)
        for (unsigned i = 0; memory->leaves[leaf] && i < LEAF_PAGES; i++) {
            const struct memory_page *page = memory->leaves[leaf][i];
            uint64_t offset = leaf * LEAF_BYTES + (uint64_t)i * PAGE_BYTES;
            for (unsigned at = 0; page && at < PAGE_BYTES; at += memory->line_bytes)
                visit(self, offset + at, &page->lines[at >> memory->line_shift]);
        }
}

// Puts a page into the list, which is in order; whoever falls off its end is forgotten.
static uint32_t insert_page(struct used_page *pages, uint32_t n, uint32_t max, struct used_page page)
{
    uint32_t at = n;
    while (at > 0 && pages[at - 1].use->remote < page.use->remote)
        at--;
    if (at == max)
        return n;
    n = n < max ? n + 1 : n;
    memmove(&pages[at + 1], &pages[at], (n - at - 1) * sizeof pages[0]);
    pages[at] = page;
    return n;
}

uint32_t memory_busiest(const struct memory *memory, struct used_page *pages, uint32_t max)
{
    uint32_t n = 0;
    for (uint64_t leaf = 0; leaf < memory->n_leaves; leaf++)
        for (unsigned i = 0; memory->leaves[leaf] && i < LEAF_PAGES; i++) {
            const struct memory_page *page = memory->leaves[leaf][i];
            uint64_t offset = leaf * LEAF_BYTES + (uint64_t)i * PAGE_BYTES;
            if (page && page->use.remote)
                n = insert_page(pages, n, max, (struct used_page){offset, &page->use});
        }
    return n;
}

static void dir_state(struct dir_line *dir, struct archive *ar)
{
    ar_u64(ar, &dir->sharers.bits);
    ar_u16(ar, &dir->owner);
    ar_u8(ar, &dir->state);
    ar_bool(ar, &dir->poison);
    ar_u8(ar, &dir->acks);
    if (dir->state >= DIR_STATE_COUNT)
        ar_fail(ar, "a directory state of %u", dir->state);
    if (dir->owner != NO_OWNER && dir->owner >= BOARDS_PER_SYSTEM_MAX)
        ar_fail(ar, "a directory owner of %u", dir->owner);
}

static void use_state(struct page_use *use, struct archive *ar)
{
    ar_u64(ar, &use->requests);
    ar_u64(ar, &use->remote);
    ar_u64(ar, &use->writes);
    ar_u64(ar, &use->boards);
}

static void page_state(struct memory *memory, struct archive *ar, uint64_t offset)
{
    if (ar_loading(ar) && (offset % PAGE_BYTES || offset >= memory->size)) {
        ar_fail(ar, "a page at 0x%llx", (unsigned long long)offset);
        return;
    }
    struct memory_page *page = touch(memory, offset);
    ar_bytes(ar, page->bytes, PAGE_BYTES);
    use_state(&page->use, ar);
    for (unsigned i = 0; i < PAGE_BYTES / memory->line_bytes; i++)
        dir_state(&page->lines[i].dir, ar);
}

static void load_pages(struct memory *memory, struct archive *ar, uint64_t pages)
{
    for (uint64_t i = 0; i < pages && !ar_failed(ar); i++) {
        uint64_t offset = 0;
        ar_u64(ar, &offset);
        page_state(memory, ar, offset);
    }
}

void memory_state(struct memory *memory, struct archive *ar)
{
    ar_mark(ar, "MEMO");
    uint64_t pages = memory->pages;
    ar_u64(ar, &pages);
    if (ar_loading(ar)) {
        load_pages(memory, ar, pages);
        return;
    }
    for (uint64_t leaf = 0; leaf < memory->n_leaves; leaf++)
        for (unsigned i = 0; memory->leaves[leaf] && i < LEAF_PAGES; i++)
            if (memory->leaves[leaf][i]) {
                uint64_t offset = leaf * LEAF_BYTES + (uint64_t)i * PAGE_BYTES;
                ar_u64(ar, &offset);
                page_state(memory, ar, offset);
            }
}
