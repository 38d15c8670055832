// SPDX-License-Identifier: Apache-2.0
// An entry of the list of pages is the number
//     zigzag(page - (page before + 1)) * 4 + same * 2 + shared,
// and unless `same` (process and stream are those of the entry before; first: 0 and 0) process and stream. An
// entry of the list of symbols is process - process before, address - address before (of the same process,
// else the address), bytes, length of the name, and the name.
#include "proto/trace/trace_lists.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>
#include <zstd.h>

#include "proto/trace/trace_footprint.h"
#include "proto/trace/trace_number.h"
#include "proto/trace/trace_writer.h"

#define LEVEL 6 // of zstd, as for blocks

enum { PAGE_SHARED = 1, PAGE_SAME = 2, PAGE_FLAGS = 2 };
#define PAGES_IN_SPACE (UINT64_MAX / PAGE_BYTES) // the number of the last page

static uint8_t *pack(const uint8_t *raw, uint32_t n, const uint8_t *end, struct trace_section *section)
{
    size_t bytes = (size_t)(end - raw), room = ZSTD_compressBound(bytes);
    uint8_t *packed = malloc(room + 1);
    *section = (struct trace_section){.count = n, .raw_bytes = bytes};
    size_t got = packed && n ? ZSTD_compress(packed, room, raw, bytes, LEVEL) : 0;
    if (ZSTD_isError(got)) {
        free(packed);
        return NULL;
    }
    section->packed_bytes = got;
    section->checksum = packed ? XXH3_64bits(packed, got) : 0;
    return packed;
}

uint8_t *trace_pack_pages(const struct trace_touched *list, uint32_t n, struct trace_section *section)
{
    uint8_t *raw = malloc((size_t)n * TRACE_PAGE_CODE_MAX + 1), *at = raw;
    if (!raw)
        return NULL;
    struct trace_touched last = {.page = UINT64_MAX};
    for (uint32_t i = 0; i < n; last = list[i++]) {
        const struct trace_touched *page = &list[i];
        bool same = page->process == last.process && page->first_stream == last.first_stream;
        at = put_number(at, zigzag(page->page - (last.page + 1)) << PAGE_FLAGS | (same ? PAGE_SAME : 0u) |
                                (page->shared ? PAGE_SHARED : 0u));
        if (!same)
            at = put_number(put_number(at, page->process), page->first_stream);
    }
    uint8_t *packed = pack(raw, n, at, section);
    free(raw);
    return packed;
}

// By process and address; what remains only makes the order one order.
static int symbol_order(const void *a, const void *b)
{
    const struct trace_symbol *one = a, *other = b;
    if (one->process != other->process)
        return one->process < other->process ? -1 : 1;
    if (one->address != other->address)
        return one->address < other->address ? -1 : 1;
    if (one->bytes != other->bytes)
        return one->bytes < other->bytes ? -1 : 1;
    return strcmp(one->name, other->name);
}

uint8_t *trace_pack_symbols(struct trace_symbol *list, uint32_t n, struct trace_section *section)
{
    uint8_t *raw = malloc((size_t)n * TRACE_SYMBOL_CODE_MAX + 1), *at = raw;
    if (!raw)
        return NULL;
    if (n)
        qsort(list, n, sizeof *list, symbol_order);
    struct trace_symbol last = {0};
    for (uint32_t i = 0; i < n; last = list[i++]) {
        const struct trace_symbol *symbol = &list[i];
        bool same = symbol->process == last.process;
        size_t length = strlen(symbol->name);
        at = put_number(at, symbol->process - last.process);
        at = put_number(at, symbol->address - (same ? last.address : 0));
        at = put_number(at, symbol->bytes);
        *at++ = (uint8_t)length;
        memcpy(at, symbol->name, length);
        at += length;
    }
    uint8_t *packed = pack(raw, n, at, section);
    free(raw);
    return packed;
}

static bool section_invalid(const struct trace_section *section, uint32_t limit, uint32_t entry_max)
{
    uint64_t most = (uint64_t)section->count * entry_max;
    return section->count > limit || section->raw_bytes < section->count || section->raw_bytes > most ||
           section->packed_bytes > ZSTD_compressBound(most) ||
           (section->count == 0) != !section->packed_bytes;
}

const char *trace_lists_contradiction(const struct trace_contents *contents)
{
    if (section_invalid(&contents->pages, TRACE_PAGES_MAX, TRACE_PAGE_CODE_MAX))
        return "the list of pages cannot be of this size";
    if (section_invalid(&contents->symbols, TRACE_SYMBOLS_MAX, TRACE_SYMBOL_CODE_MAX))
        return "the list of symbols cannot be of this size";
    return NULL;
}

static enum err_code unpack(const char *path, const struct trace_section *section, const uint8_t *packed,
                            uint8_t *raw, struct err *err)
{
    if (XXH3_64bits(packed, section->packed_bytes) != section->checksum)
        return trace_damaged(err, path, section->offset, "a list's checksum is wrong");
    size_t got = ZSTD_decompress(raw, section->raw_bytes, packed, section->packed_bytes);
    if (ZSTD_isError(got) || got != section->raw_bytes)
        return trace_damaged(err, path, section->offset, "a list does not unpack to its %llu bytes",
                             (unsigned long long)section->raw_bytes);
    return ERR_OK;
}

// Reads a section's coded bytes, with `beyond` zeros behind them. The caller frees *raw.
static enum err_code read_section(int fd, const char *path, const struct trace_section *section,
                                  size_t beyond, uint8_t **raw, struct err *err)
{
    uint8_t *packed = malloc(section->packed_bytes + 1);
    *raw = calloc(1, section->raw_bytes + beyond);
    if (!packed || !*raw)
        err_set(err, ERR_MEMORY, "%s: no memory for its lists", path);
    else if (!trace_read_at(fd, path, section->offset, packed, section->packed_bytes, err))
        unpack(path, section, packed, *raw, err);
    free(packed);
    if (err->code) {
        free(*raw);
        *raw = NULL;
    }
    return err->code;
}

// Reads a page behind `last`. False when it makes no sense.
static bool page_entry(const struct trace_info *info, const uint8_t **at, const struct trace_touched *last,
                       struct trace_touched *page)
{
    uint64_t number = get_number(at);
    *page = *last;
    page->page = last->page + 1 + unzigzag(number >> PAGE_FLAGS);
    page->shared = number & PAGE_SHARED;
    if (!(number & PAGE_SAME)) {
        uint64_t process = get_number(at), stream = get_number(at);
        if (process >= TRACE_STREAMS_MAX || stream >= info->n_streams)
            return false;
        page->process = (uint32_t)process;
        page->first_stream = (uint32_t)stream;
    }
    return page->page <= PAGES_IN_SPACE && page->first_stream < info->n_streams &&
           info->streams[page->first_stream].process == page->process;
}

static enum err_code decode_pages(const char *path, const struct trace_contents *contents, const uint8_t *raw,
                                  struct trace_touched *list, struct err *err)
{
    const struct trace_section *section = &contents->pages;
    const uint8_t *at = raw, *end = raw + section->raw_bytes;
    struct trace_touched last = {.page = UINT64_MAX};
    for (uint32_t i = 0; i < section->count; last = list[i++])
        if (at >= end || !page_entry(&contents->info, &at, &last, &list[i]))
            return trace_damaged(err, path, section->offset, "entry %u of the list of pages makes no sense",
                                 i);
    if (at != end)
        return trace_damaged(err, path, section->offset, "the list of pages does not end where it should");
    return ERR_OK;
}

static bool symbol_entry(const struct trace_info *info, const uint8_t **at, const uint8_t *end,
                         const struct trace_symbol *last, struct trace_symbol *symbol)
{
    static const struct trace_symbol none = {0};
    bool first = !last;
    last = last ? last : &none;
    uint64_t process = get_number(at), address = get_number(at);
    symbol->bytes = get_number(at);
    size_t length = *(*at)++;
    if (process >= TRACE_STREAMS_MAX || *at > end || length >= sizeof symbol->name ||
        length > (size_t)(end - *at) || memchr(*at, 0, length))
        return false;
    symbol->process = last->process + (uint32_t)process;
    symbol->address = address + (process ? 0 : last->address);
    memcpy(symbol->name, *at, length);
    *at += length;
    if (symbol->bytes > UINT64_MAX - symbol->address || (!process && symbol->address < last->address))
        return false;
    if (!first && !process)
        return true;
    for (uint32_t i = 0; i < info->n_streams; i++)
        if (info->streams[i].process == symbol->process)
            return true;
    return false;
}

static enum err_code decode_symbols(const char *path, const struct trace_contents *contents,
                                    const uint8_t *raw, struct trace_symbol *list, struct err *err)
{
    const struct trace_section *section = &contents->symbols;
    const uint8_t *at = raw, *end = raw + section->raw_bytes;
    for (uint32_t i = 0; i < section->count; i++)
        if (at >= end || !symbol_entry(&contents->info, &at, end, i ? &list[i - 1] : NULL, &list[i]))
            return trace_damaged(err, path, section->offset, "entry %u of the list of symbols makes no sense",
                                 i);
    if (at != end)
        return trace_damaged(err, path, section->offset, "the list of symbols does not end where it should");
    return ERR_OK;
}

enum err_code trace_pages_read(const char *path, struct trace_touched **list, uint32_t *n, struct err *err)
{
    struct trace_contents contents;
    int fd;
    uint8_t *raw = NULL;
    *list = NULL;
    *n = 0;
    if (trace_open_file(path, &fd, &contents, err))
        return err->code;
    uint32_t count = contents.pages.count;
    struct trace_touched *pages = calloc(count + 1, sizeof *pages);
    if (!pages)
        err_set(err, ERR_MEMORY, "%s: no memory for its list of pages", path);
    else if (count && !read_section(fd, path, &contents.pages, TRACE_PAGE_CODE_MAX, &raw, err))
        decode_pages(path, &contents, raw, pages, err);
    free(raw);
    close(fd);
    trace_contents_free(&contents);
    if (err->code || !count) {
        free(pages);
        return err->code;
    }
    *list = pages;
    *n = count;
    return ERR_OK;
}

enum err_code trace_symbols_read(const char *path, struct trace_symbol **list, uint32_t *n, struct err *err)
{
    struct trace_contents contents;
    int fd;
    uint8_t *raw = NULL;
    *list = NULL;
    *n = 0;
    if (trace_open_file(path, &fd, &contents, err))
        return err->code;
    uint32_t count = contents.symbols.count;
    struct trace_symbol *symbols = calloc(count + 1, sizeof *symbols);
    if (!symbols)
        err_set(err, ERR_MEMORY, "%s: no memory for its list of symbols", path);
    else if (count && !read_section(fd, path, &contents.symbols, TRACE_SYMBOL_CODE_MAX, &raw, err))
        decode_symbols(path, &contents, raw, symbols, err);
    free(raw);
    close(fd);
    trace_contents_free(&contents);
    if (err->code || !count) {
        free(symbols);
        return err->code;
    }
    *list = symbols;
    *n = count;
    return ERR_OK;
}
