// SPDX-License-Identifier: Apache-2.0
#include "proto/trace/trace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "proto/base/archive.h"
#include "proto/base/assert.h"
#include "proto/trace/trace_lists.h"

enum err_code trace_damaged(struct err *err, const char *path, uint64_t offset, const char *fmt, ...)
{
    char what[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    return err_set(err, ERR_DAMAGED_TRACE,
                   "%s: byte %llu: %s; the file is damaged or not a trace: record it again", path,
                   (unsigned long long)offset, what);
}

uint64_t trace_block_checksum(const struct trace_block *block, const uint8_t *packed)
{
    uint64_t header = XXH3_64bits(block, offsetof(struct trace_block, checksum));
    return XXH3_64bits_withSeed(packed, block->packed_bytes, header);
}

uint64_t trace_tail_checksum(const struct trace_tail *tail)
{
    return XXH3_64bits(tail, offsetof(struct trace_tail, checksum));
}

const char *trace_block_invalid(const struct trace_block *block, uint32_t stream)
{
    if (block->magic != TRACE_BLOCK_MAGIC)
        return "no block begins here";
    if (block->stream != stream)
        return "the block belongs to another stream";
    if (block->raw_bytes == 0 || block->raw_bytes > TRACE_RAW_MAX)
        return "the block's size is out of range";
    if (block->refs == 0 || block->refs > TRACE_BLOCK_REFS_MAX)
        return "the block's count of references is out of range";
    if (block->packed_bytes == 0 || block->packed_bytes > block->raw_bytes || block->stored > 1)
        return "the block's packed size is out of range";
    if (block->stored && block->packed_bytes != block->raw_bytes)
        return "the block's sizes contradict each other";
    return NULL;
}

enum err_code trace_read_at(int fd, const char *path, uint64_t offset, void *to, size_t bytes,
                            struct err *err)
{
    uint8_t *at = to;
    while (bytes > 0) {
        ssize_t got = pread(fd, at, bytes, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(err, ERR_FILE, "%s: cannot read at byte %llu", path, (unsigned long long)offset);
        if (got == 0)
            return trace_damaged(err, path, offset, "the file ends here, %zu bytes early", bytes);
        at += got;
        offset += (uint64_t)got;
        bytes -= (size_t)got;
    }
    return ERR_OK;
}

static void text_field(struct archive *ar, char *text, uint32_t size)
{
    uint32_t bytes = ar_loading(ar) ? 0 : (uint32_t)strlen(text);
    ar_count(ar, &bytes, size - 1);
    ar_bytes(ar, text, bytes);
    if (ar_loading(ar))
        text[bytes] = '\0';
}

static void origin_fields(struct archive *ar, struct trace_origin *origin)
{
    text_field(ar, origin->tool, sizeof origin->tool);
    text_field(ar, origin->arch, sizeof origin->arch);
    ar_u32(ar, &origin->page_bytes);
    ar_count(ar, &origin->argv_bytes, TRACE_ARGV_MAX);
    ar_bytes(ar, origin->argv, origin->argv_bytes);
    if (ar_loading(ar) && origin->argv_bytes && origin->argv[origin->argv_bytes - 1])
        ar_fail(ar, "the command line does not end");
    ar_u64(ar, &origin->skip);
    ar_u64(ar, &origin->max_refs);
    ar_bool(ar, &origin->complete);
}

static void stream_fields(struct archive *ar, struct trace_stream *stream, struct trace_index *index)
{
    ar_count(ar, &stream->process, TRACE_STREAMS_MAX - 1);
    ar_u32(ar, &stream->thread);
    ar_u64(ar, &stream->started_at);
    for (unsigned kind = 0; kind < TRACE_KIND_COUNT; kind++)
        ar_u64(ar, &stream->refs[kind]);
    text_field(ar, stream->command, sizeof stream->command);
    ar_count(ar, &index->blocks, TRACE_BLOCKS_MAX);
    ar_u64(ar, &index->checksum);
}

// Returns where the indexes end.
static uint64_t streams_fields(struct archive *ar, struct trace_contents *contents)
{
    struct trace_info *info = &contents->info;
    ar_count(ar, &info->n_streams, TRACE_STREAMS_MAX);
    if (ar_loading(ar)) {
        info->streams = calloc(info->n_streams + 1, sizeof *info->streams);
        contents->indexes = calloc(info->n_streams + 1, sizeof *contents->indexes);
        NP_ASSERT(info->streams && contents->indexes);
    }
    uint64_t offset = contents->index_offset;
    for (uint32_t i = 0; i < info->n_streams; i++) {
        stream_fields(ar, &info->streams[i], &contents->indexes[i]);
        contents->indexes[i].offset = offset;
        offset += contents->indexes[i].blocks * sizeof(uint64_t);
    }
    return offset;
}

static void section_fields(struct archive *ar, struct trace_section *section, uint64_t offset)
{
    section->offset = offset;
    ar_u32(ar, &section->count);
    ar_u64(ar, &section->raw_bytes);
    ar_u64(ar, &section->packed_bytes);
    ar_u64(ar, &section->checksum);
}

static void contents_fields(struct archive *ar, struct trace_contents *contents)
{
    struct trace_info *info = &contents->info;
    ar_mark(ar, "INFO");
    ar_u64(ar, &contents->index_offset);
    origin_fields(ar, &info->origin);
    for (unsigned kind = 0; kind < TRACE_KIND_COUNT; kind++)
        ar_u64(ar, &info->refs[kind]);
    ar_u64(ar, &info->footprint_pages);
    ar_u64(ar, &info->footprint_lines);
    section_fields(ar, &contents->pages, streams_fields(ar, contents));
    section_fields(ar, &contents->words, contents->pages.offset + contents->pages.packed_bytes);
    section_fields(ar, &contents->symbols, contents->words.offset + contents->words.packed_bytes);
}

uint8_t *trace_info_bytes(struct trace_contents *contents, size_t *bytes)
{
    struct archive ar;
    ar_init_save(&ar);
    contents_fields(&ar, contents);
    *bytes = ar.at;
    return ar.bytes;
}

void trace_contents_free(struct trace_contents *contents)
{
    trace_info_free(&contents->info);
    free(contents->indexes);
    *contents = (struct trace_contents){0};
}

// NULL when the counts agree with each other and with the place of the indexes.
static const char *contents_contradiction(const struct trace_contents *contents, uint64_t info_offset)
{
    const struct trace_info *info = &contents->info;
    uint64_t end = contents->index_offset, refs[TRACE_KIND_COUNT] = {0};
    for (uint32_t i = 0; i < info->n_streams; i++) {
        const struct trace_stream *stream = &info->streams[i];
        const struct trace_index *index = &contents->indexes[i];
        end += index->blocks * sizeof(uint64_t);
        uint64_t most = (uint64_t)index->blocks * TRACE_BLOCK_REFS_MAX;
        uint64_t total = 0;
        for (unsigned kind = 0; kind < TRACE_KIND_COUNT; kind++) {
            if (stream->refs[kind] > most)
                return "a stream has more references than its blocks can hold";
            total += stream->refs[kind];
            refs[kind] += stream->refs[kind];
        }
        if (total > most || total < index->blocks)
            return "a stream's references do not fit its blocks";
    }
    if (memcmp(refs, info->refs, sizeof refs) != 0)
        return "the streams' references do not add up to the trace's";
    const struct trace_section *pages = &contents->pages, *symbols = &contents->symbols;
    bool overflows = pages->packed_bytes > info_offset || contents->words.packed_bytes > info_offset ||
                     symbols->packed_bytes > info_offset || contents->index_offset > info_offset;
    end += pages->packed_bytes + contents->words.packed_bytes + symbols->packed_bytes;
    if (contents->index_offset < sizeof(struct trace_head) || overflows || end != info_offset)
        return "the block indexes and lists are not where they should be";
    if (pages->count != info->footprint_pages)
        return "the list of pages has another length than the footprint";
    return trace_lists_contradiction(contents);
}

static enum err_code load_contents(const char *path, const uint8_t *bytes, const struct trace_tail *tail,
                                   struct trace_contents *contents, struct err *err)
{
    if (XXH3_64bits(bytes, tail->info_bytes) != tail->info_checksum)
        return trace_damaged(err, path, tail->info_offset, "the information part's checksum is wrong");
    struct archive ar;
    ar_init_load(&ar, bytes, tail->info_bytes);
    contents_fields(&ar, contents);
    if (!ar_failed(&ar) && ar.at != ar.size)
        ar_fail(&ar, "%zu bytes too many", ar.size - ar.at);
    if (ar_failed(&ar))
        return trace_damaged(err, path, tail->info_offset + ar.at, "information part: %s", ar.err.text);
    const char *wrong = contents_contradiction(contents, tail->info_offset);
    return wrong ? trace_damaged(err, path, tail->info_offset, "%s", wrong) : ERR_OK;
}

static enum err_code read_head(int fd, const char *path, struct err *err)
{
    struct trace_head head;
    if (trace_read_at(fd, path, 0, &head, sizeof head, err))
        return err->code;
    if (memcmp(head.magic, TRACE_MAGIC, sizeof head.magic) != 0)
        return trace_damaged(err, path, 0, "a trace does not begin like this");
    if (head.version != TRACE_VERSION && !head.reserved)
        return err_set(err, ERR_DAMAGED_TRACE,
                       "%s: byte 8: the trace is of format version %u and this numaplex reads version %u: "
                       "record the program again (numaplex record -o FILE -- PROGRAM ARGS)",
                       path, head.version, TRACE_VERSION);
    if (head.reserved)
        return trace_damaged(err, path, 12, "a trace does not begin like this");
    return ERR_OK;
}

static enum err_code read_tail(int fd, const char *path, uint64_t file_bytes, struct trace_tail *tail,
                               struct err *err)
{
    const uint64_t least = sizeof(struct trace_head) + sizeof *tail;
    if (file_bytes < least)
        return trace_damaged(err, path, file_bytes, "the file ends here; a trace has at least %llu bytes",
                             (unsigned long long)least);
    uint64_t at = file_bytes - sizeof *tail;
    if (trace_read_at(fd, path, at, tail, sizeof *tail, err))
        return err->code;
    if (memcmp(tail->magic, TRACE_END_MAGIC, sizeof tail->magic) != 0 ||
        tail->checksum != trace_tail_checksum(tail) || tail->file_bytes != file_bytes)
        return trace_damaged(err, path, at, "the trace's end is missing (cut off, or still being written)");
    if (tail->info_bytes > TRACE_INFO_MAX || tail->info_bytes > at ||
        tail->info_offset != at - tail->info_bytes)
        return trace_damaged(err, path, at, "the information part is not where it should be");
    return ERR_OK;
}

static enum err_code read_contents(int fd, const char *path, struct trace_contents *contents, struct err *err)
{
    struct stat status;
    if (fstat(fd, &status))
        return err_errno(err, ERR_FILE, "%s: cannot be examined", path);
    if (!S_ISREG(status.st_mode))
        return err_set(err, ERR_FILE, "%s: is not a regular file, and a trace is", path);
    struct trace_tail tail = {0};
    if (read_head(fd, path, err) || read_tail(fd, path, (uint64_t)status.st_size, &tail, err))
        return err->code;
    uint8_t *bytes = malloc(tail.info_bytes + 1);
    if (!bytes)
        return err_set(err, ERR_MEMORY, "%s: no memory for its information part", path);
    contents->info.file_bytes = tail.file_bytes;
    if (!trace_read_at(fd, path, tail.info_offset, bytes, tail.info_bytes, err))
        load_contents(path, bytes, &tail, contents, err);
    free(bytes);
    return err->code;
}

enum err_code trace_open_file(const char *path, int *fd, struct trace_contents *contents, struct err *err)
{
    err_clear(err);
    *contents = (struct trace_contents){0};
    // Not blocking: a FIFO of that name must not hang; it is refused as not regular.
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*fd < 0)
        return err_errno(err, ERR_FILE, "%s: cannot be opened", path);
    if (!read_contents(*fd, path, contents, err))
        return ERR_OK;
    close(*fd);
    trace_contents_free(contents);
    return err->code;
}

enum err_code trace_read_index(int fd, const char *path, const struct trace_contents *contents,
                               uint32_t stream, uint64_t **offsets, struct err *err)
{
    const struct trace_index *index = &contents->indexes[stream];
    size_t bytes = index->blocks * sizeof(uint64_t);
    uint64_t *list = malloc(bytes + 1);
    if (!list)
        return err_set(err, ERR_MEMORY, "%s: no memory for its block index", path);
    if (trace_read_at(fd, path, index->offset, list, bytes, err)) {
        free(list);
        return err->code;
    }
    bool good = XXH3_64bits(list, bytes) == index->checksum;
    uint64_t least = sizeof(struct trace_head);
    for (uint32_t i = 0; good && i < index->blocks; i++) {
        good = list[i] >= least && list[i] < contents->index_offset;
        least = list[i] + sizeof(struct trace_block) + 1;
    }
    if (!good) {
        free(list);
        return trace_damaged(err, path, index->offset, "the block index of stream %u is wrong", stream);
    }
    *offsets = list;
    return ERR_OK;
}

enum err_code trace_info_read(const char *path, struct trace_info *info, struct err *err)
{
    int fd;
    struct trace_contents contents;
    if (trace_open_file(path, &fd, &contents, err))
        return err->code;
    close(fd);
    *info = contents.info;
    free(contents.indexes);
    return ERR_OK;
}
