// SPDX-License-Identifier: Apache-2.0
// The parts of a trace file and how they are read, written and checked. Only proto/trace includes this.
#ifndef NP_PROTO_TRACE_TRACE_FILE_H
#define NP_PROTO_TRACE_TRACE_FILE_H

#include <stddef.h>

#include "proto/trace/trace.h"

#define TRACE_MAGIC          "NPTRACE\n"
#define TRACE_END_MAGIC      "NPTREND\n"
#define TRACE_BLOCK_MAGIC    UINT32_C(0x4b42504e) // "NPBK"
#define TRACE_RAW_MAX        (128u << 10) // coded bytes of a block; with it an open reader stays under 1 MiB
#define TRACE_BLOCKS_MAX     32768u       // of one stream, 4 GiB of coded bytes; likewise
#define TRACE_BLOCK_REFS_MAX (1u << 24)   // a seek decodes at most so many
#define TRACE_INFO_MAX       (1u << 20)   // bytes of the information part

struct trace_head {
    char magic[8];
    uint32_t version, reserved; // reserved is 0
};

// Before each block's packed bytes.
struct trace_block {
    uint32_t magic;
    uint32_t stream;
    uint64_t first;        // index in its stream of the block's first reference
    uint32_t refs;         // references, 1 .. TRACE_BLOCK_REFS_MAX
    uint32_t raw_bytes;    // coded, 1 .. TRACE_RAW_MAX
    uint32_t packed_bytes; // in the file, 1 .. raw_bytes
    uint32_t stored;       // 1: the coded bytes as they are, 0: zstd
    uint64_t checksum;     // trace_block_checksum
};

struct trace_tail {
    char magic[8];
    uint64_t info_offset, info_bytes, info_checksum; // XXH3-64 of the information part
    uint64_t file_bytes;
    uint64_t checksum; // XXH3-64 of the fields before it
};

_Static_assert(sizeof(struct trace_head) == 16 && sizeof(struct trace_block) == 40 &&
                   sizeof(struct trace_tail) == 48,
               "these structs are the file's bytes");

// Where a stream's block index lies: `blocks` offsets of 8 bytes.
struct trace_index {
    uint64_t offset;
    uint32_t blocks;
    uint64_t checksum; // XXH3-64 of the offsets
};

// A list behind the indexes: touched pages, synchronisation words, symbols. Coded in trace_lists.c, packed
// with zstd; the part of an empty list has no bytes.
struct trace_section {
    uint64_t offset;
    uint32_t count; // of what it lists
    uint64_t raw_bytes, packed_bytes;
    uint64_t checksum; // XXH3-64 of the packed bytes
};

// The information part as a whole.
struct trace_contents {
    struct trace_info info;
    struct trace_index *indexes; // one per stream, owned
    uint64_t index_offset;       // where blocks end and indexes begin
    struct trace_section pages, words, symbols;
};
void trace_contents_free(struct trace_contents *contents);

// The checksum covers the header's fields before it and the packed bytes.
uint64_t trace_block_checksum(const struct trace_block *block, const uint8_t *packed);
uint64_t trace_tail_checksum(const struct trace_tail *tail);

// NULL when the block's header can be true of a block of this stream, else what is wrong.
const char *trace_block_invalid(const struct trace_block *block, uint32_t stream);

// Reads exactly `bytes` bytes. A file that ends before is ERR_DAMAGED_TRACE.
enum err_code trace_read_at(int fd, const char *path, uint64_t offset, void *to, size_t bytes,
                            struct err *err);

// Opens and checks head, tail and information part. The caller closes *fd and frees *contents.
enum err_code trace_open_file(const char *path, int *fd, struct trace_contents *contents, struct err *err);

// The index of one stream, checked: ascending offsets of blocks. The caller frees it. NULL for an empty
// stream.
enum err_code trace_read_index(int fd, const char *path, const struct trace_contents *contents,
                               uint32_t stream, uint64_t **offsets, struct err *err);

// The information part as bytes; the caller frees them.
uint8_t *trace_info_bytes(struct trace_contents *contents, size_t *bytes);

// Sets ERR_DAMAGED_TRACE in one form: file, byte, what, remedy.
enum err_code trace_damaged(struct err *err, const char *path, uint64_t offset, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
