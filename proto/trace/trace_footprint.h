// SPDX-License-Identifier: Apache-2.0
// Counts the different pages and lines that a program touches. 16 bytes per page, at most half filled.
#ifndef NP_PROTO_TRACE_TRACE_FOOTPRINT_H
#define NP_PROTO_TRACE_TRACE_FOOTPRINT_H

#include "proto/trace/trace.h"

// A set of pages of PAGE_BYTES, each with a bit per line: an open hash table. Zeroed is empty.
struct trace_footprint {
    struct trace_page {
        uint64_t key;   // process and page number, never 0
        uint64_t lines; // one bit per line of TRACE_FOOTPRINT_LINE bytes
    } * pages;          // owned
    uint64_t capacity;  // 0 or a power of two
    uint64_t n_pages, n_lines;
};

// Adds what a reference of a process touches. Returns false when memory runs out.
bool trace_footprint_add(struct trace_footprint *footprint, uint32_t process, const struct trace_ref *ref);
void trace_footprint_free(struct trace_footprint *footprint);

#endif
