// SPDX-License-Identifier: Apache-2.0
// Checks a whole trace. Blocks of different streams follow one another without gaps; a walk from the head to
// the indexes meets each exactly once, and each must be the next one of its stream's index.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/assert.h"
#include "proto/trace/trace_file.h"
#include "proto/trace/trace_footprint.h"
#include "proto/trace/trace_reader.h"

// Reads a stream to its end, counts what comes and adds it to the footprint.
static enum err_code check_stream(const char *path, uint32_t stream, const struct trace_info *info,
                                  struct trace_footprint *footprint, struct err *err)
{
    struct trace_reader *reader;
    if (trace_open(path, stream, &reader, err))
        return err->code;
    uint64_t refs[TRACE_KIND_COUNT] = {0};
    struct trace_ref ref;
    while (!err->code && trace_next(reader, &ref, err) == TRACE_STEP_REF) {
        refs[ref.kind]++;
        if (!trace_footprint_add(footprint, info->streams[stream].process, stream, &ref))
            err_set(err, ERR_MEMORY, "%s: no memory to check it", path);
        else if (footprint->n_pages > info->footprint_pages)
            trace_damaged(err, path, 0, "a reference of stream %u is to a page not listed", stream);
    }
    trace_close(reader);
    if (!err->code && memcmp(refs, info->streams[stream].refs, sizeof refs) != 0)
        return trace_damaged(err, path, 0, "stream %u holds other counts of references than stated", stream);
    return err->code;
}

// Follows the blocks from the head to the indexes; `taken` counts the blocks met of each stream.
static enum err_code walk_blocks(int fd, const char *path, const struct trace_contents *contents,
                                 uint64_t **offsets, uint32_t *taken, struct err *err)
{
    NP_ASSERT(offsets && taken);
    uint64_t at = sizeof(struct trace_head);
    while (at < contents->index_offset) {
        struct trace_block block;
        if (trace_read_at(fd, path, at, &block, sizeof block, err))
            return err->code;
        uint32_t stream = block.stream;
        const char *wrong = trace_block_invalid(&block, stream);
        if (!wrong &&
            (stream >= contents->info.n_streams || taken[stream] == contents->indexes[stream].blocks ||
             offsets[stream][taken[stream]] != at))
            wrong = "the block is in no index";
        if (wrong)
            return trace_damaged(err, path, at, "%s", wrong);
        taken[stream]++;
        at += sizeof block + block.packed_bytes;
    }
    if (at != contents->index_offset)
        return trace_damaged(err, path, at, "the last block reaches into the indexes");
    for (uint32_t i = 0; i < contents->info.n_streams; i++)
        if (taken[i] != contents->indexes[i].blocks)
            return trace_damaged(err, path, contents->indexes[i].offset, "a block of stream %u is missing",
                                 i);
    return ERR_OK;
}

static enum err_code check_blocks(int fd, const char *path, const struct trace_contents *contents,
                                  struct err *err)
{
    uint32_t n = contents->info.n_streams;
    uint64_t **offsets = calloc(n + 1, sizeof *offsets);
    uint32_t *taken = calloc(n + 1, sizeof *taken);
    if (!offsets || !taken)
        err_set(err, ERR_MEMORY, "%s: no memory to check it", path);
    for (uint32_t i = 0; !err->code && i < n; i++)
        trace_read_index(fd, path, contents, i, &offsets[i], err);
    if (!err->code)
        walk_blocks(fd, path, contents, offsets, taken, err);
    for (uint32_t i = 0; offsets && i < n; i++)
        free(offsets[i]);
    free(offsets);
    free(taken);
    return err->code;
}

// The list of pages against what the streams touched. Which stream was first cannot be known any more, only
// that it is one of those that touched the page.
static enum err_code check_pages(const char *path, const struct trace_info *info,
                                 const struct trace_footprint *footprint, struct err *err)
{
    struct trace_touched *list;
    uint32_t n;
    if (trace_pages_read(path, &list, &n, err))
        return err->code;
    bool good = n == footprint->n_pages && info->footprint_lines == footprint->n_lines;
    uint8_t *listed = calloc(n + 1, 1);
    if (!listed)
        err_set(err, ERR_MEMORY, "%s: no memory to check it", path);
    for (uint32_t i = 0; listed && good && i < n; i++) {
        const struct trace_page *page = trace_footprint_find(footprint, list[i].process, list[i].page);
        good = page && page->shared == list[i].shared && !listed[page->order]++ &&
               (page->shared || page->stream == list[i].first_stream);
    }
    free(listed);
    free(list);
    if (!err->code && !good)
        trace_damaged(err, path, 0, "the list of pages is not what the references touch");
    return err->code;
}

static enum err_code check_words(const char *path, const struct trace_footprint *footprint, struct err *err)
{
    struct trace_word *list, *found = trace_footprint_words(footprint);
    uint32_t n;
    if (!found)
        return err_set(err, ERR_MEMORY, "%s: no memory to check it", path);
    if (!trace_words_read(path, &list, &n, err)) {
        bool good = n == footprint->words.n;
        for (uint32_t i = 0; good && i < n; i++)
            good = list[i].address == found[i].address && list[i].process == found[i].process;
        free(list);
        if (!good)
            trace_damaged(err, path, 0, "the list of synchronisation words is not what the references use");
    }
    free(found);
    return err->code;
}

static enum err_code check_symbols(const char *path, struct err *err)
{
    struct trace_symbol *list;
    uint32_t n;
    if (!trace_symbols_read(path, &list, &n, err))
        free(list);
    return err->code;
}

enum err_code trace_check(const char *path, struct err *err)
{
    struct trace_contents contents;
    int fd;
    if (trace_open_file(path, &fd, &contents, err))
        return err->code;
    check_blocks(fd, path, &contents, err);
    struct trace_footprint footprint = {0};
    for (uint32_t i = 0; !err->code && i < contents.info.n_streams; i++)
        check_stream(path, i, &contents.info, &footprint, err);
    if (!err->code && !check_pages(path, &contents.info, &footprint, err) &&
        !check_words(path, &footprint, err))
        check_symbols(path, err);
    trace_footprint_free(&footprint);
    close(fd);
    trace_contents_free(&contents);
    return err->code;
}
