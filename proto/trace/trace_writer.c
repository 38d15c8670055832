// SPDX-License-Identifier: Apache-2.0
#include "proto/trace/trace_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>
#include <zstd.h>

#include "proto/base/assert.h"
#include "proto/trace/trace_code.h"
#include "proto/trace/trace_file.h"
#include "proto/trace/trace_footprint.h"
#include "proto/trace/trace_lists.h"

// zstd's level: measured on recorded programs, higher ones save a few percent of the file and cost several
// times the processor time, which the recorded program on the other core needs as well.
#define LEVEL 6

// The block that a stream is filling.
struct open_block {
    uint64_t first,
        used_at; // used_at: the writer's clock at the last switch to this stream, for the eviction
    uint32_t refs, bytes;
    struct trace_encoder encoder;
    uint8_t raw[TRACE_RAW_MAX];
};

struct stream_state {
    struct trace_stream about;
    uint64_t refs;           // written and open
    struct open_block *open; // owned; NULL while nothing is buffered
    uint64_t *offsets;       // of its blocks, owned
    uint32_t blocks, capacity;
};

struct trace_writer {
    int fd;
    char path[PATH_MAX_BYTES], temporary[PATH_MAX_BYTES];
    uint64_t at; // bytes written
    uint64_t refs, clock;
    uint32_t n_streams, n_open, current;
    struct stream_state *streams[TRACE_STREAMS_MAX];
    struct trace_footprint footprint;
    struct trace_symbol *symbols; // owned
    uint32_t n_symbols, symbols_room;
    ZSTD_CCtx *zstd;
    uint8_t packed[ZSTD_COMPRESSBOUND(TRACE_RAW_MAX)];
};

static enum err_code write_all(struct trace_writer *writer, const void *bytes, size_t size, struct err *err)
{
    const uint8_t *at = bytes;
    while (size > 0) {
        ssize_t put = write(writer->fd, at, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return err_errno(err, ERR_FILE, "%s: cannot be written", writer->temporary);
        at += put;
        size -= (size_t)put;
        writer->at += (uint64_t)put;
    }
    return ERR_OK;
}

// A name beside the target, so that the final rename stays within one file system.
static enum err_code create_temporary(struct trace_writer *writer, const char *path, struct err *err)
{
    if (strlen(path) + sizeof ".part-XXXXXX" > sizeof writer->temporary)
        return err_set(err, ERR_BAD_VALUE, "%s: the name is too long", path);
    snprintf(writer->path, sizeof writer->path, "%s", path);
    snprintf(writer->temporary, sizeof writer->temporary, "%.1000s.part-XXXXXX", path);
    writer->fd = mkostemp(writer->temporary, O_CLOEXEC);
    if (writer->fd < 0)
        return err_errno(err, ERR_FILE, "%s: cannot be created", path);
    mode_t mask = umask(0);
    umask(mask);
    fchmod(writer->fd, 0666 & ~mask);
    struct trace_head head = {.magic = TRACE_MAGIC, .version = TRACE_VERSION};
    return write_all(writer, &head, sizeof head, err);
}

enum err_code trace_create(const char *path, struct trace_writer **result, struct err *err)
{
    err_clear(err);
    *result = NULL;
    struct trace_writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        return err_set(err, ERR_MEMORY, "%s: no memory to write it", path);
    writer->fd = -1;
    writer->zstd = ZSTD_createCCtx();
    if (!writer->zstd)
        err_set(err, ERR_MEMORY, "%s: no memory to write it", path);
    else
        create_temporary(writer, path, err);
    if (err->code)
        trace_abandon(writer);
    else
        *result = writer;
    return err->code;
}

enum err_code trace_add_stream(struct trace_writer *writer, uint32_t process, uint32_t thread,
                               const char *command, uint32_t *stream, struct err *err)
{
    if (writer->n_streams == TRACE_STREAMS_MAX)
        return err_set(err, ERR_LIMIT, "%s: more than %u processes and threads", writer->path,
                       TRACE_STREAMS_MAX);
    struct stream_state *state = calloc(1, sizeof *state);
    if (!state)
        return err_set(err, ERR_MEMORY, "%s: no memory for a stream", writer->path);
    NP_ASSERT(process < TRACE_STREAMS_MAX);
    state->about.process = process;
    state->about.thread = thread;
    state->about.started_at = writer->refs;
    snprintf(state->about.command, sizeof state->about.command, "%s", command ? command : "");
    *stream = writer->n_streams;
    writer->streams[writer->n_streams++] = state;
    return ERR_OK;
}

static enum err_code note_offset(struct trace_writer *writer, struct stream_state *state, struct err *err)
{
    if (state->blocks == TRACE_BLOCKS_MAX)
        return err_set(err, ERR_LIMIT, "%s: a stream is longer than the format allows; use --max-refs",
                       writer->path);
    if (state->blocks == state->capacity) {
        uint32_t capacity = state->capacity ? 2 * state->capacity : 64;
        uint64_t *larger = realloc(state->offsets, capacity * sizeof *larger);
        if (!larger)
            return err_set(err, ERR_MEMORY, "%s: no memory for the index", writer->path);
        state->offsets = larger;
        state->capacity = capacity;
    }
    state->offsets[state->blocks++] = writer->at;
    return ERR_OK;
}

// Writes the open block of a stream, if there is one, and frees it.
static enum err_code close_block(struct trace_writer *writer, uint32_t stream, struct err *err)
{
    struct stream_state *state = writer->streams[stream];
    struct open_block *open = state->open;
    if (!open)
        return ERR_OK;
    open->bytes += (uint32_t)trace_encode_end(&open->encoder, open->raw + open->bytes);
    size_t packed =
        ZSTD_compressCCtx(writer->zstd, writer->packed, sizeof writer->packed, open->raw, open->bytes, LEVEL);
    bool stored = ZSTD_isError(packed) || packed > open->bytes;
    const uint8_t *payload = stored ? open->raw : writer->packed;
    struct trace_block block = {.magic = TRACE_BLOCK_MAGIC,
                                .stream = stream,
                                .first = open->first,
                                .refs = open->refs,
                                .raw_bytes = open->bytes,
                                .packed_bytes = stored ? open->bytes : (uint32_t)packed,
                                .stored = stored};
    block.checksum = trace_block_checksum(&block, payload);
    enum err_code code = note_offset(writer, state, err);
    if (!code)
        code = write_all(writer, &block, sizeof block, err);
    if (!code)
        code = write_all(writer, payload, block.packed_bytes, err);
    free(open);
    state->open = NULL;
    writer->n_open--;
    return code;
}

// Closes the block of the stream that has waited longest, so that many processes do not need many buffers.
static enum err_code close_oldest(struct trace_writer *writer, struct err *err)
{
    uint32_t oldest = UINT32_MAX;
    for (uint32_t i = 0; i < writer->n_streams; i++) {
        const struct open_block *open = writer->streams[i]->open;
        if (open && (oldest == UINT32_MAX || open->used_at < writer->streams[oldest]->open->used_at))
            oldest = i;
    }
    NP_ASSERT(oldest < writer->n_streams); // called with all buffers in use
    return close_block(writer, oldest, err);
}

static enum err_code open_block(struct trace_writer *writer, uint32_t stream, struct err *err)
{
    if (writer->n_open == TRACE_WRITER_OPEN_STREAMS && close_oldest(writer, err))
        return err->code;
    struct open_block *open = malloc(sizeof *open);
    if (!open)
        return err_set(err, ERR_MEMORY, "%s: no memory for a block", writer->path);
    open->refs = open->bytes = 0;
    trace_encoder_init(&open->encoder);
    open->first = writer->streams[stream]->refs;
    open->used_at = ++writer->clock;
    writer->streams[stream]->open = open;
    writer->n_open++;
    return ERR_OK;
}

enum err_code trace_put(struct trace_writer *writer, uint32_t stream, const struct trace_ref *ref,
                        struct err *err)
{
    NP_ASSERT(stream < writer->n_streams);
    struct stream_state *state = writer->streams[stream];
    if (!state->open && open_block(writer, stream, err))
        return err->code;
    struct open_block *open = state->open;
    NP_ASSERT(open);
    if (writer->current != stream) {
        writer->current = stream;
        open->used_at = ++writer->clock;
    }
    open->bytes += (uint32_t)trace_encode(&open->encoder, ref, open->raw + open->bytes);
    open->refs++;
    state->refs++;
    state->about.refs[ref->kind]++;
    writer->refs++;
    if (!trace_footprint_add(&writer->footprint, state->about.process, stream, ref))
        return err_set(err, ERR_MEMORY, "%s: no memory for the footprint", writer->path);
    if (NP_UNLIKELY(writer->footprint.n_pages > TRACE_PAGES_MAX))
        return err_set(err, ERR_LIMIT, "%s: more than %u pages of %u bytes; use --max-refs", writer->path,
                       TRACE_PAGES_MAX, PAGE_BYTES);
    if (NP_UNLIKELY(writer->footprint.words.n > TRACE_WORDS_MAX))
        return err_set(err, ERR_LIMIT, "%s: more than %u synchronisation words; use --max-refs", writer->path,
                       TRACE_WORDS_MAX);
    if (open->bytes > TRACE_RAW_MAX - 2 * TRACE_CODE_BYTES_MAX || open->refs == TRACE_BLOCK_REFS_MAX)
        return close_block(writer, stream, err);
    return ERR_OK;
}

enum err_code trace_put_symbol(struct trace_writer *writer, const struct trace_symbol *symbol,
                               struct err *err)
{
    NP_ASSERT(symbol->bytes <= UINT64_MAX - symbol->address && memchr(symbol->name, 0, sizeof symbol->name));
    if (writer->n_symbols == TRACE_SYMBOLS_MAX)
        return err_set(err, ERR_LIMIT, "%s: more than %u symbols", writer->path, TRACE_SYMBOLS_MAX);
    if (writer->n_symbols == writer->symbols_room) {
        uint32_t room = writer->symbols_room ? 2 * writer->symbols_room : 256;
        struct trace_symbol *larger = realloc(writer->symbols, room * sizeof *larger);
        if (!larger)
            return err_set(err, ERR_MEMORY, "%s: no memory for symbols", writer->path);
        writer->symbols = larger;
        writer->symbols_room = room;
    }
    writer->symbols[writer->n_symbols++] = *symbol;
    return ERR_OK;
}

uint64_t trace_written(const struct trace_writer *writer)
{
    return writer->refs;
}

uint64_t trace_bytes(const struct trace_writer *writer)
{
    return writer->at;
}

const char *trace_part_name(const struct trace_writer *writer)
{
    return writer->temporary;
}

static enum err_code write_indexes(struct trace_writer *writer, struct trace_contents *contents,
                                   struct err *err)
{
    contents->index_offset = writer->at;
    for (uint32_t i = 0; i < writer->n_streams; i++) {
        const struct stream_state *state = writer->streams[i];
        size_t bytes = state->blocks * sizeof *state->offsets;
        contents->info.streams[i] = state->about;
        for (unsigned kind = 0; kind < TRACE_KIND_COUNT; kind++)
            contents->info.refs[kind] += state->about.refs[kind];
        contents->indexes[i] =
            (struct trace_index){.blocks = state->blocks, .checksum = XXH3_64bits(state->offsets, bytes)};
        if (write_all(writer, state->offsets, bytes, err))
            return err->code;
    }
    return ERR_OK;
}

static enum err_code write_list(struct trace_writer *writer, uint8_t *packed,
                                const struct trace_section *section, struct err *err)
{
    if (!packed)
        err_set(err, ERR_MEMORY, "%s: no memory for its lists", writer->path);
    else
        write_all(writer, packed, section->packed_bytes, err);
    free(packed);
    return err->code;
}

static enum err_code write_lists(struct trace_writer *writer, struct trace_contents *contents,
                                 struct err *err)
{
    struct trace_touched *pages = trace_footprint_list(&writer->footprint);
    uint32_t n = (uint32_t)writer->footprint.n_pages;
    uint8_t *packed = pages ? trace_pack_pages(pages, n, &contents->pages) : NULL;
    free(pages);
    if (write_list(writer, packed, &contents->pages, err))
        return err->code;
    struct trace_word *words = trace_footprint_words(&writer->footprint);
    n = (uint32_t)writer->footprint.words.n;
    packed = words ? trace_pack_words(words, n, &contents->words) : NULL;
    free(words);
    if (write_list(writer, packed, &contents->words, err))
        return err->code;
    packed = trace_pack_symbols(writer->symbols, writer->n_symbols, &contents->symbols);
    return write_list(writer, packed, &contents->symbols, err);
}

static enum err_code write_info(struct trace_writer *writer, struct trace_contents *contents, struct err *err)
{
    size_t bytes;
    uint8_t *info = trace_info_bytes(contents, &bytes);
    struct trace_tail tail = {.magic = TRACE_END_MAGIC,
                              .info_offset = writer->at,
                              .info_bytes = bytes,
                              .info_checksum = XXH3_64bits(info, bytes),
                              .file_bytes = writer->at + bytes + sizeof tail};
    tail.checksum = trace_tail_checksum(&tail);
    if (!write_all(writer, info, bytes, err))
        write_all(writer, &tail, sizeof tail, err);
    free(info);
    return err->code;
}

static enum err_code write_end(struct trace_writer *writer, const struct trace_origin *origin,
                               struct err *err)
{
    for (uint32_t i = 0; i < writer->n_streams; i++)
        if (close_block(writer, i, err))
            return err->code;
    struct trace_contents contents = {.info = {.origin = *origin,
                                               .footprint_pages = writer->footprint.n_pages,
                                               .footprint_lines = writer->footprint.n_lines,
                                               .n_streams = writer->n_streams}};
    contents.info.streams = calloc(writer->n_streams + 1, sizeof *contents.info.streams);
    contents.indexes = calloc(writer->n_streams + 1, sizeof *contents.indexes);
    if (!contents.info.streams || !contents.indexes)
        err_set(err, ERR_MEMORY, "%s: no memory for its information part", writer->path);
    else if (!write_indexes(writer, &contents, err) && !write_lists(writer, &contents, err))
        write_info(writer, &contents, err);
    trace_contents_free(&contents);
    return err->code;
}

// The bytes are on disk before the name is, and the name is on disk before we say so.
static enum err_code give_name(struct trace_writer *writer, struct err *err)
{
    if (fsync(writer->fd))
        return err_errno(err, ERR_FILE, "%s: cannot be written to disk", writer->temporary);
    if (rename(writer->temporary, writer->path))
        return err_errno(err, ERR_FILE, "%s: cannot be given its name", writer->path);
    writer->temporary[0] = '\0';
    char folder[PATH_MAX_BYTES];
    snprintf(folder, sizeof folder, "%s", writer->path);
    int fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd); // some file systems refuse it for folders; the trace itself is safe either way
        close(fd);
    }
    return ERR_OK;
}

enum err_code trace_finish(struct trace_writer *writer, const struct trace_origin *origin,
                           struct trace_info *info, struct err *err)
{
    err_clear(err);
    char path[PATH_MAX_BYTES];
    snprintf(path, sizeof path, "%s", writer->path);
    if (!write_end(writer, origin, err))
        give_name(writer, err);
    trace_abandon(writer);
    if (!err->code && info)
        trace_info_read(path, info, err);
    return err->code;
}

void trace_abandon(struct trace_writer *writer)
{
    if (!writer)
        return;
    if (writer->fd >= 0) {
        close(writer->fd);
        if (writer->temporary[0])
            unlink(writer->temporary);
    }
    for (uint32_t i = 0; i < writer->n_streams; i++) {
        free(writer->streams[i]->open);
        free(writer->streams[i]->offsets);
        free(writer->streams[i]);
    }
    trace_footprint_free(&writer->footprint);
    free(writer->symbols);
    ZSTD_freeCCtx(writer->zstd);
    free(writer);
}
