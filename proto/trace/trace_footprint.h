// SPDX-License-Identifier: Apache-2.0
// The pages, lines and synchronisation words that a program touches: how many, in which order and by whom. 24
// bytes per page, at most half filled.
#ifndef NP_PROTO_TRACE_TRACE_FOOTPRINT_H
#define NP_PROTO_TRACE_TRACE_FOOTPRINT_H

#include "proto/trace/trace.h"

#define TRACE_PAGES_MAX (1u << 22) // 16 GiB of a program's memory; their list is then 96 MiB
#define TRACE_WORDS_MAX (1u << 22)

// A set of pages of PAGE_BYTES, each with a bit per line: an open hash table. Zeroed is empty.
struct trace_footprint {
    struct trace_page {
        uint64_t key;    // process and page number, never 0
        uint64_t lines;  // one bit per line of TRACE_FOOTPRINT_LINE bytes
        uint32_t order;  // pages touched before it
        uint16_t stream; // that touched it first
        bool shared;     // another has touched it too
    } * pages;           // owned
    uint64_t capacity;   // 0 or a power of two
    uint64_t n_pages, n_lines;
    struct trace_words {
        struct trace_word *word; // open hash table, owned; process is one more than it is, 0: free
        uint64_t capacity, n;    // capacity 0 or a power of two
    } words;
};

// Adds what a reference of a process's stream touches. Returns false when memory runs out.
bool trace_footprint_add(struct trace_footprint *footprint, uint32_t process, uint32_t stream,
                         const struct trace_ref *ref);

// The pages in order of first use; the caller frees the list. NULL when memory runs out.
struct trace_touched *trace_footprint_list(const struct trace_footprint *footprint);

// The synchronisation words by process and address, likewise.
struct trace_word *trace_footprint_words(const struct trace_footprint *footprint);

// The entry of a page, NULL when it was not touched.
const struct trace_page *trace_footprint_find(const struct trace_footprint *footprint, uint32_t process,
                                              uint64_t page);
void trace_footprint_free(struct trace_footprint *footprint);

#endif
