// SPDX-License-Identifier: Apache-2.0
#include "proto/trace/trace_reader.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zstd.h>

#include "proto/trace/trace_code.h"
#include "proto/trace/trace_file.h"

struct reader {
    struct trace_reader seen; // first member: the public part
    int fd;
    bool failed;
    uint32_t stream, blocks;
    uint32_t next_block;      // number of the block to load next
    uint64_t length;          // references of the stream
    uint64_t *offsets;        // of its blocks
    struct trace_block block; // the loaded one
    uint64_t block_left;      // its references not yet decoded
    const uint8_t *raw_at, *raw_end;
    ZSTD_DCtx *zstd;
    char path[PATH_MAX_BYTES];
    struct trace_decoder decoder;
    uint8_t packed[TRACE_RAW_MAX];
    uint8_t raw[TRACE_RAW_MAX + TRACE_CODE_BYTES_MAX];
};

_Static_assert(sizeof(struct reader) + TRACE_BLOCKS_MAX * sizeof(uint64_t) < (860u << 10),
               "with zstd's own 160 KiB an open reader stays under 1 MiB");

static struct reader *whole(struct trace_reader *seen)
{
    return (struct reader *)seen;
}

// Nothing is in hand; the next reference is number `index`.
static void empty_hand(struct reader *reader, uint64_t index)
{
    reader->seen = (struct trace_reader){.index = index};
}

static enum err_code read_block_head(struct reader *reader, uint32_t number, struct err *err)
{
    uint64_t offset = reader->offsets[number];
    if (trace_read_at(reader->fd, reader->path, offset, &reader->block, sizeof reader->block, err))
        return err->code;
    const char *wrong = trace_block_invalid(&reader->block, reader->stream);
    return wrong ? trace_damaged(err, reader->path, offset, "%s", wrong) : ERR_OK;
}

static enum err_code unpack(struct reader *reader, uint64_t offset, struct err *err)
{
    const struct trace_block *block = &reader->block;
    if (block->stored) {
        memcpy(reader->raw, reader->packed, block->raw_bytes);
        return ERR_OK;
    }
    size_t got =
        ZSTD_decompressDCtx(reader->zstd, reader->raw, TRACE_RAW_MAX, reader->packed, block->packed_bytes);
    if (ZSTD_isError(got))
        return trace_damaged(err, reader->path, offset, "zstd: %s", ZSTD_getErrorName(got));
    if (got != block->raw_bytes)
        return trace_damaged(err, reader->path, offset, "a block unpacks to %zu bytes instead of %u", got,
                             block->raw_bytes);
    return ERR_OK;
}

// Reads and checks block `number`, which must begin with reference `first`, and starts decoding it.
static enum err_code load_block(struct reader *reader, uint32_t number, uint64_t first, struct err *err)
{
    if (read_block_head(reader, number, err))
        return err->code;
    const struct trace_block *block = &reader->block;
    uint64_t offset = reader->offsets[number], payload = offset + sizeof *block;
    if (block->first != first || block->refs > reader->length - first)
        return trace_damaged(err, reader->path, offset, "the block's place in its stream is wrong");
    if (trace_read_at(reader->fd, reader->path, payload, reader->packed, block->packed_bytes, err))
        return err->code;
    if (trace_block_checksum(block, reader->packed) != block->checksum)
        return trace_damaged(err, reader->path, offset, "the block's checksum is wrong");
    if (unpack(reader, payload, err))
        return err->code;
    trace_decoder_init(&reader->decoder);
    reader->raw_at = reader->raw;
    reader->raw_end = reader->raw + block->raw_bytes;
    reader->block_left = block->refs;
    reader->next_block = number + 1;
    empty_hand(reader, first);
    return ERR_OK;
}

// Decodes the next run of the loaded block.
NP_INLINE enum err_code decode_run(struct reader *reader, struct err *err)
{
    struct trace_decoder *decoder = &reader->decoder;
    bool good = trace_decode(decoder, &reader->raw_at, reader->raw_end);
    uint32_t n = decoder->run->n_items;
    good = good && n <= reader->block_left;
    reader->block_left -= good ? n : 0;
    if (NP_UNLIKELY(!good || (reader->block_left == 0 &&
                              !trace_decoded_all(decoder, reader->raw_at, reader->raw_end))))
        return trace_damaged(err, reader->path, reader->offsets[reader->next_block - 1],
                             "the block's references make no sense");
    bool loose = decoder->run == &decoder->loose_run;
    struct trace_reader *seen = &reader->seen;
    seen->run = decoder->run;
    seen->items = decoder->items;
    seen->address = decoder->address;
    seen->n_items = n;
    seen->item = seen->datum = 0;
    seen->number = loose ? TRACE_NO_RUN : (uint32_t)(decoder->run - decoder->memory.runs);
    seen->version = loose ? decoder->version : 0;
    seen->loose_size = loose ? decoder->loose_size : 0;
    seen->fetch = decoder->run->start;
    return ERR_OK;
}

static enum err_code next_block(struct reader *reader, struct err *err)
{
    if (reader->failed)
        return trace_damaged(err, reader->path, 0, "reading it failed before");
    if (reader->next_block == reader->blocks)
        return trace_damaged(err, reader->path, 0, "stream %u ends after %llu of its %llu references",
                             reader->stream, (unsigned long long)reader->seen.index,
                             (unsigned long long)reader->length);
    return load_block(reader, reader->next_block, reader->seen.index, err);
}

enum trace_step trace_load(struct trace_reader *seen, struct err *err)
{
    struct reader *reader = whole(seen);
    if (NP_LIKELY(seen->item != seen->n_items))
        return TRACE_STEP_REF;
    if (!reader->failed && seen->index == reader->length)
        return TRACE_STEP_END;
    if ((reader->block_left == 0 && next_block(reader, err)) || decode_run(reader, err)) {
        reader->failed = true;
        return TRACE_STEP_FAILED;
    }
    return TRACE_STEP_REF;
}

static enum err_code prepare(struct reader *reader, const struct trace_contents *contents, struct err *err)
{
    uint32_t stream = reader->stream;
    if (stream >= contents->info.n_streams)
        return err_set(err, ERR_BAD_VALUE, "%s: has no stream %u, only 0 to %lld; see numaplex trace-info",
                       reader->path, stream, (long long)contents->info.n_streams - 1);
    reader->blocks = contents->indexes[stream].blocks;
    reader->length = trace_refs_total(contents->info.streams[stream].refs);
    return trace_read_index(reader->fd, reader->path, contents, stream, &reader->offsets, err);
}

enum err_code trace_open(const char *path, uint32_t stream, struct trace_reader **seen, struct err *err)
{
    *seen = NULL;
    struct trace_contents contents;
    int fd;
    if (trace_open_file(path, &fd, &contents, err))
        return err->code;
    struct reader *reader = calloc(1, sizeof *reader);
    if (reader) {
        reader->fd = fd;
        reader->stream = stream;
        strncpy(reader->path, path, sizeof reader->path - 1);
        reader->zstd = ZSTD_createDCtx();
        empty_hand(reader, 0);
    }
    if (!reader || !reader->zstd)
        err_set(err, ERR_MEMORY, "%s: no memory to read it", path);
    else
        prepare(reader, &contents, err);
    trace_contents_free(&contents);
    if (!reader)
        close(fd);
    else if (err->code)
        trace_close(&reader->seen);
    else
        *seen = &reader->seen;
    return err->code;
}

void trace_close(struct trace_reader *seen)
{
    if (!seen)
        return;
    struct reader *reader = whole(seen);
    close(reader->fd);
    ZSTD_freeDCtx(reader->zstd);
    free(reader->offsets);
    free(reader);
}

uint64_t trace_length(const struct trace_reader *seen)
{
    return ((const struct reader *)seen)->length;
}

// Finds the block that holds reference `index`, by halving; its head is left in reader->block.
static enum err_code find_block(struct reader *reader, uint64_t index, uint32_t *number, struct err *err)
{
    uint32_t low = 0, high = reader->blocks; // the block is in low .. high - 1
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (read_block_head(reader, middle, err))
            return err->code;
        if (reader->block.first <= index)
            low = middle;
        else
            high = middle;
    }
    *number = low;
    return read_block_head(reader, low, err);
}

static enum err_code seek_within(struct reader *reader, uint64_t index, struct err *err)
{
    uint32_t number = 0;
    if (find_block(reader, index, &number, err))
        return err->code;
    uint64_t first = reader->block.first;
    if (index < first || index - first >= reader->block.refs)
        return trace_damaged(err, reader->path, reader->offsets[number], "no block holds reference %llu",
                             (unsigned long long)index);
    if (load_block(reader, number, first, err))
        return err->code;
    struct trace_reader *seen = &reader->seen;
    for (;;) {
        if (decode_run(reader, err))
            return err->code;
        if (index - seen->index < seen->n_items)
            break;
        trace_skip_run(seen);
    }
    struct trace_ref ref;
    while (seen->index < index)
        trace_next(seen, &ref, err); // within the run in hand: cannot fail
    return ERR_OK;
}

enum err_code trace_seek(struct trace_reader *seen, uint64_t index, struct err *err)
{
    struct reader *reader = whole(seen);
    err_clear(err);
    if (index > reader->length)
        return err_set(err, ERR_BAD_VALUE, "%s: stream %u has %llu references, there is no position %llu",
                       reader->path, reader->stream, (unsigned long long)reader->length,
                       (unsigned long long)index);
    reader->failed = false;
    if (index == reader->length) {
        reader->block_left = 0;
        reader->next_block = reader->blocks;
        empty_hand(reader, index);
        return ERR_OK;
    }
    reader->failed = seek_within(reader, index, err) != ERR_OK;
    if (reader->failed)
        empty_hand(reader, reader->length);
    return err->code;
}
