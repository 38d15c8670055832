// SPDX-License-Identifier: Apache-2.0
// One board's memory: real bytes and the directory of their lines, both allocated page by page on first
// touch. Untouched memory reads as zero and is held by nobody.
#ifndef NP_NODE_MEMORY_MEMORY_H
#define NP_NODE_MEMORY_MEMORY_H

#include <stdint.h>

#include "node/coherence/step.h"
#include "proto/base/archive.h"

// A home line: the directory's state, and the requests that wait while it is busy.
struct home_line {
    struct dir_line dir;
    uint32_t stalled; // first of a chain in the home's message pool, or NO_REQUEST
};
#define NO_REQUEST UINT32_MAX

// What boards asked of a page's home: GetS and GetM, each counted once, when it is served.
struct page_use {
    uint64_t requests;
    uint64_t remote; // of these from other boards than the home
    uint64_t writes; // of these GetM
    uint64_t boards; // bit number of a board in its system: it has asked
};

struct memory_page {
    uint8_t bytes[PAGE_BYTES];
    struct page_use use;
    struct home_line lines[]; // PAGE_BYTES / line_bytes
};

struct memory {
    uint64_t size;
    uint32_t line_bytes;
    uint32_t line_shift;
    uint64_t pages; // touched
    uint64_t n_leaves;
    struct memory_page ***leaves; // [offset / LEAF_BYTES][page in leaf], NULL until touched
};

struct memory_line {
    struct home_line *home;
    uint8_t *bytes; // line_bytes
    struct page_use *use;
};

void memory_init(struct memory *memory, uint64_t size, uint32_t line_bytes);
void memory_free(struct memory *memory);

// The line at `offset` (line-aligned, below size); allocates its page on first touch.
struct memory_line memory_line(struct memory *memory, uint64_t offset);

// The page at `offset`, whose lines nobody holds, becomes untouched.
void memory_forget(struct memory *memory, uint64_t offset);

// The directory's entry of the line at `offset`; NULL while its page is untouched. Touches nothing.
const struct home_line *memory_peek(const struct memory *memory, uint64_t offset);

// The line's bytes, likewise.
const uint8_t *memory_peek_bytes(const struct memory *memory, uint64_t offset);

// Saves, loads or hashes all touched pages in ascending order. Chains of stalled requests are the home's to
// save: it visits every line with memory_each.
void memory_state(struct memory *memory, struct archive *ar);

// Visits the lines of all touched pages in ascending order. memory_walk: of a memory that the visitor leaves
// as it is.
void memory_each(struct memory *memory, void (*visit)(void *self, uint64_t offset, struct memory_line line),
                 void *self);
void memory_walk(const struct memory *memory,
                 void (*visit)(void *self, uint64_t offset, const struct home_line *line), void *self);

// A page and the offset in memory at which it begins.
struct used_page {
    uint64_t offset;
    const struct page_use *use;
};

// The pages that other boards asked for most, most first, the lower offset first where they tie. Pages that
// none asked for are left out. Returns their number, at most `max`.
uint32_t memory_busiest(const struct memory *memory, struct used_page *pages, uint32_t max);

#endif
