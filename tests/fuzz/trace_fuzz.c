// SPDX-License-Identifier: Apache-2.0
// Any bytes as a trace file. Checksums would stop nearly every input at the door, so each is tried twice: as
// it is, and with its checksums put right, which is what a hostile file looks like. And once more as the
// coded bytes of a block. What is accepted must be in range, and reading must give the same after a seek.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "proto/base/assert.h"
#include "proto/trace/trace_code.h"
#include "proto/trace/trace_file.h"
#include "proto/trace/trace_reader.h"

#define BYTES_MAX (1u << 16)
#define RUNS_MAX  100000u // a few bytes may ask for many

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_ref(const struct trace_ref *ref)
{
    NP_ASSERT(ref->size >= 1 && ref->size <= TRACE_SIZE_MAX && ref->kind < TRACE_KIND_COUNT);
    NP_ASSERT(ref->address <= UINT64_MAX - ref->size);
}

static void as_code(const uint8_t *data, size_t size)
{
    static struct trace_decoder decoder;
    static uint8_t padded[BYTES_MAX + TRACE_CODE_BYTES_MAX];
    trace_decoder_init(&decoder);
    memcpy(padded, data, size);
    memset(padded + size, 0, TRACE_CODE_BYTES_MAX);
    const uint8_t *at = padded;
    for (uint32_t runs = 0; runs < RUNS_MAX && trace_decode(&decoder, &at, padded + size); runs++) {
        const struct trace_run *run = decoder.run;
        NP_ASSERT(at <= padded + size && run->n_items >= 1 && run->n_items <= TRACE_RUN_ITEMS_MAX);
        for (uint32_t i = 0; i < run->n_data; i++)
            NP_ASSERT(decoder.address[i] <= UINT64_MAX - 1);
    }
}

// Reads to the end or an error; when all went well, once more from the middle.
static void read_stream(const char *path, uint32_t stream)
{
    struct err err;
    struct trace_reader *reader;
    if (trace_open(path, stream, &reader, &err))
        return;
    struct trace_ref ref, middle = {0};
    enum trace_step step;
    uint64_t half = trace_length(reader) / 2;
    while ((step = trace_next(reader, &ref, &err)) == TRACE_STEP_REF) {
        check_ref(&ref);
        if (trace_position(reader) == half + 1)
            middle = ref;
    }
    NP_ASSERT(step == TRACE_STEP_END || (err.code == ERR_DAMAGED_TRACE && err.text[0]));
    if (step == TRACE_STEP_END && half < trace_length(reader)) {
        NP_ASSERT(trace_seek(reader, half, &err) == ERR_OK &&
                  trace_next(reader, &ref, &err) == TRACE_STEP_REF);
        NP_ASSERT(ref.address == middle.address && ref.size == middle.size && ref.kind == middle.kind);
    }
    trace_close(reader);
}

static void as_file(const uint8_t *data, size_t size)
{
    static int fd = -1;
    static char path[64];
    if (fd < 0) {
        fd = memfd_create("trace", 0);
        NP_ASSERT(fd >= 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    NP_ASSERT(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
    struct trace_info info;
    struct err err;
    if (trace_info_read(path, &info, &err))
        return;
    for (uint32_t i = 0; i < info.n_streams && i < 8; i++)
        read_stream(path, i);
    trace_info_free(&info);
    enum err_code code = trace_check(path, &err);
    NP_ASSERT(code == ERR_OK || code == ERR_DAMAGED_TRACE);
}

static void repair_blocks(uint8_t *bytes, size_t end)
{
    struct trace_block block;
    for (size_t at = sizeof(struct trace_head); at + sizeof block <= end;
         at += sizeof block + block.packed_bytes) {
        memcpy(&block, bytes + at, sizeof block);
        if (block.packed_bytes > end - at - sizeof block)
            return;
        block.checksum = trace_block_checksum(&block, bytes + at + sizeof block);
        memcpy(bytes + at, &block, sizeof block);
    }
}

// Checksums of the lists: each is the last field of a section, and the sections end the information part.
static void repair_lists(uint8_t *bytes, const struct trace_tail *tail)
{
    enum { SECTION = 28, PACKED = 12, CHECKSUM = 20, SECTIONS = 3 };
    if (tail->info_bytes < SECTIONS * SECTION)
        return;
    uint64_t end = tail->info_offset;
    uint8_t *at = bytes + tail->info_offset + tail->info_bytes;
    for (unsigned i = 0; i < SECTIONS; i++, at -= SECTION) {
        uint64_t packed;
        memcpy(&packed, at - SECTION + PACKED, sizeof packed);
        if (packed > end)
            return;
        end -= packed;
        uint64_t checksum = XXH3_64bits(bytes + end, packed);
        memcpy(at - SECTION + CHECKSUM, &checksum, sizeof checksum);
    }
}

// Puts right what protects the parts, as far as the parts can be found.
static void repair(uint8_t *bytes, size_t size)
{
    struct trace_tail tail;
    if (size < sizeof(struct trace_head) + sizeof tail)
        return;
    memcpy(bytes, &(struct trace_head){.magic = TRACE_MAGIC, .version = TRACE_VERSION},
           sizeof(struct trace_head));
    size_t at = size - sizeof tail;
    memcpy(&tail, bytes + at, sizeof tail);
    memcpy(tail.magic, TRACE_END_MAGIC, sizeof tail.magic);
    tail.file_bytes = size;
    if (tail.info_bytes > at)
        return;
    tail.info_offset = at - tail.info_bytes;
    repair_lists(bytes, &tail);
    tail.info_checksum = XXH3_64bits(bytes + tail.info_offset, tail.info_bytes);
    tail.checksum = trace_tail_checksum(&tail);
    memcpy(bytes + at, &tail, sizeof tail);
    repair_blocks(bytes, tail.info_offset);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t copy[BYTES_MAX];
    if (size > sizeof copy)
        return 0;
    as_code(data, size);
    as_file(data, size);
    memcpy(copy, data, size);
    repair(copy, size);
    as_file(copy, size);
    return 0;
}
