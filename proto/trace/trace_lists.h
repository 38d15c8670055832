// SPDX-License-Identifier: Apache-2.0
// The lists behind a trace's indexes: pages in order of first use, synchronisation words, symbols. All are
// coded as numbers (trace_number.h) and packed as one zstd frame. Only proto/trace includes this.
#ifndef NP_PROTO_TRACE_TRACE_LISTS_H
#define NP_PROTO_TRACE_TRACE_LISTS_H

#include "proto/trace/trace_file.h"
#include "proto/trace/trace_number.h"

// The most bytes of an entry. A page: its number and three flags, process, stream. A word: process, address.
// A symbol: process, address, bytes, length of the name, name.
#define TRACE_PAGE_CODE_MAX   (3 * TRACE_NUMBER_BYTES_MAX)
#define TRACE_WORD_CODE_MAX   (2 * TRACE_NUMBER_BYTES_MAX)
#define TRACE_SYMBOL_CODE_MAX (3 * TRACE_NUMBER_BYTES_MAX + NAME_MAX_BYTES)

// Codes and packs a list. Fills the section except for its offset; the caller frees the packed bytes. NULL
// when memory runs out. Words must ascend; symbols are sorted first.
uint8_t *trace_pack_pages(const struct trace_touched *list, uint32_t n, struct trace_section *section);
uint8_t *trace_pack_words(const struct trace_word *list, uint32_t n, struct trace_section *section);
uint8_t *trace_pack_symbols(struct trace_symbol *list, uint32_t n, struct trace_section *section);

// NULL when counts and sizes of the sections can be true, else what is wrong.
const char *trace_lists_contradiction(const struct trace_contents *contents);

#endif
