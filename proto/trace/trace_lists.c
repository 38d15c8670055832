// SPDX-License-Identifier: Apache-2.0
// An entry of the list of pages is the number
//     zigzag(page - (page before + 1)) * 4 + same * 2 + shared,
// and unless `same` (process and stream are those of the entry before; first: 0 and 0) process and stream. An
// entry of the list of words is process - process before, and the address / TRACE_WORD less that of the entry
// before of the same process; one of the list of symbols is the same with the whole address, bytes, length of
// the name, and the name.
#include "proto/trace/trace_lists.h"

#include <stddef.h>
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

uint8_t *trace_pack_words(const struct trace_word *list, uint32_t n, struct trace_section *section)
{
    uint8_t *raw = malloc((size_t)n * TRACE_WORD_CODE_MAX + 1), *at = raw;
    if (!raw)
        return NULL;
    struct trace_word last = {0};
    for (uint32_t i = 0; i < n; last = list[i++]) {
        bool same = list[i].process == last.process;
        at = put_number(at, list[i].process - last.process);
        at = put_number(at, (list[i].address - (same ? last.address : 0)) / TRACE_WORD);
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
    if (section_invalid(&contents->words, TRACE_WORDS_MAX, TRACE_WORD_CODE_MAX))
        return "the list of synchronisation words cannot be of this size";
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

// Reads a section's coded bytes, with ENTRY_MAX zeros behind them. The caller frees *raw.
#define ENTRY_MAX TRACE_SYMBOL_CODE_MAX
static enum err_code read_section(int fd, const char *path, const struct trace_section *section,
                                  uint8_t **raw, struct err *err)
{
    uint8_t *packed = malloc(section->packed_bytes + 1);
    *raw = calloc(1, section->raw_bytes + ENTRY_MAX);
    if (!packed || !*raw)
        err_set(err, ERR_MEMORY, "%s: no memory for its lists", path);
    else if (section->count && !trace_read_at(fd, path, section->offset, packed, section->packed_bytes, err))
        unpack(path, section, packed, *raw, err);
    free(packed);
    return err->code;
}

// Reads the entry behind `last` (NULL: the first one) at *at, below `end`; up to ENTRY_MAX bytes behind `end`
// may be read. False when it makes no sense.
typedef bool entry_fn(const struct trace_info *info, const uint8_t **at, const uint8_t *end, const void *last,
                      void *entry);

static bool process_exists(const struct trace_info *info, uint32_t process)
{
    for (uint32_t i = 0; i < info->n_streams; i++)
        if (info->streams[i].process == process)
            return true;
    return false;
}

static bool page_entry(const struct trace_info *info, const uint8_t **at, const uint8_t *end,
                       const void *before, void *entry)
{
    static const struct trace_touched none = {.page = UINT64_MAX};
    const struct trace_touched *last = before ? before : &none;
    struct trace_touched *page = entry;
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
    return *at <= end && page->page <= PAGES_IN_SPACE && page->first_stream < info->n_streams &&
           info->streams[page->first_stream].process == page->process;
}

// Entries ascend by process and address: reads both. False unless they do, and the process is there.
static bool ascend(const struct trace_info *info, const uint8_t **at, uint64_t unit, uint32_t *process,
                   uint64_t *address, bool first)
{
    uint64_t step = get_number(at), distance = get_number(at);
    uint64_t from = step || first ? 0 : *address;
    if (step >= TRACE_STREAMS_MAX || distance > (UINT64_MAX - from) / unit)
        return false;
    *process += (uint32_t)step;
    *address = from + distance * unit;
    return (!step && !first) || process_exists(info, *process);
}

static bool word_entry(const struct trace_info *info, const uint8_t **at, const uint8_t *end,
                       const void *before, void *entry)
{
    const struct trace_word *last = before;
    struct trace_word *word = entry;
    *word = last ? *last : (struct trace_word){0};
    if (!ascend(info, at, TRACE_WORD, &word->process, &word->address, !last) || *at > end)
        return false;
    return !last || word->process != last->process || word->address != last->address;
}

static bool symbol_entry(const struct trace_info *info, const uint8_t **at, const uint8_t *end,
                         const void *before, void *entry)
{
    const struct trace_symbol *last = before;
    struct trace_symbol *symbol = entry;
    symbol->process = last ? last->process : 0;
    symbol->address = last ? last->address : 0;
    if (!ascend(info, at, 1, &symbol->process, &symbol->address, !last))
        return false;
    symbol->bytes = get_number(at);
    size_t length = *(*at)++;
    if (*at > end || length >= sizeof symbol->name || length > (size_t)(end - *at) ||
        memchr(*at, 0, length) || symbol->bytes > UINT64_MAX - symbol->address)
        return false;
    memcpy(symbol->name, *at, length);
    *at += length;
    return true;
}

static const struct list_kind {
    const char *name;
    size_t section; // its place in struct trace_contents
    size_t bytes;   // of an entry in memory
    entry_fn *entry;
} pages_kind = {"pages", offsetof(struct trace_contents, pages), sizeof(struct trace_touched), page_entry},
  words_kind = {"synchronisation words", offsetof(struct trace_contents, words), sizeof(struct trace_word),
                word_entry},
  symbols_kind = {"symbols", offsetof(struct trace_contents, symbols), sizeof(struct trace_symbol),
                  symbol_entry};

static enum err_code decode(const char *path, const struct list_kind *kind,
                            const struct trace_contents *contents, const struct trace_section *section,
                            const uint8_t *raw, uint8_t *list, struct err *err)
{
    const uint8_t *at = raw, *end = raw + section->raw_bytes;
    uint8_t *entry = list, *last = NULL;
    for (uint32_t i = 0; i < section->count; i++) {
        if (at >= end || !kind->entry(&contents->info, &at, end, last, entry))
            return trace_damaged(err, path, section->offset, "entry %u of the list of %s makes no sense", i,
                                 kind->name);
        last = entry;
        entry += kind->bytes;
    }
    if (at != end)
        return trace_damaged(err, path, section->offset, "the list of %s does not end where it should",
                             kind->name);
    return ERR_OK;
}

static enum err_code read_open(int fd, const char *path, const struct list_kind *kind,
                               const struct trace_contents *contents, uint8_t **list, struct err *err)
{
    const struct trace_section *section =
        (const struct trace_section *)(const void *)((const uint8_t *)contents + kind->section);
    uint8_t *raw = NULL;
    *list = calloc(section->count + 1, kind->bytes);
    if (!*list)
        err_set(err, ERR_MEMORY, "%s: no memory for its list of %s", path, kind->name);
    else if (!read_section(fd, path, section, &raw, err))
        decode(path, kind, contents, section, raw, *list, err);
    free(raw);
    return err->code;
}

// The whole list, which the caller frees; NULL when it is empty.
static enum err_code read_list(const char *path, const struct list_kind *kind, void **list, uint32_t *n,
                               struct err *err)
{
    struct trace_contents contents;
    uint8_t *bytes = NULL;
    int fd;
    *list = NULL;
    *n = 0;
    if (trace_open_file(path, &fd, &contents, err))
        return err->code;
    if (!read_open(fd, path, kind, &contents, &bytes, err))
        *n =
            ((const struct trace_section *)(const void *)((const uint8_t *)&contents + kind->section))->count;
    close(fd);
    trace_contents_free(&contents);
    if (*n)
        *list = bytes;
    else
        free(bytes);
    return err->code;
}

enum err_code trace_pages_read(const char *path, struct trace_touched **list, uint32_t *n, struct err *err)
{
    void *pages;
    read_list(path, &pages_kind, &pages, n, err);
    *list = pages;
    return err->code;
}

enum err_code trace_words_read(const char *path, struct trace_word **list, uint32_t *n, struct err *err)
{
    void *words;
    read_list(path, &words_kind, &words, n, err);
    *list = words;
    return err->code;
}

enum err_code trace_symbols_read(const char *path, struct trace_symbol **list, uint32_t *n, struct err *err)
{
    void *symbols;
    read_list(path, &symbols_kind, &symbols, n, err);
    *list = symbols;
    return err->code;
}
