// SPDX-License-Identifier: Apache-2.0
// Writes a trace, compressing as references come. Everything goes to a temporary file beside the target;
// trace_finish syncs it and gives it its name, so a trace that has its name is whole.
#ifndef NP_PROTO_TRACE_TRACE_WRITER_H
#define NP_PROTO_TRACE_TRACE_WRITER_H

#include "proto/trace/trace.h"

struct trace_writer;

// Begins a trace that is to be `path` (it may exist and is then replaced by trace_finish). Memory: about 0.5
// MiB for each stream in use, at most TRACE_WRITER_OPEN_STREAMS at once, 24 to 96 bytes per
// 4 KiB page of the footprint, and the symbols. ERR_FILE, ERR_DISK_FULL, ERR_MEMORY.
enum err_code trace_create(const char *path, struct trace_writer **writer, struct err *err);
#define TRACE_WRITER_OPEN_STREAMS 32u

// Adds a stream; its number is the count of streams before. `command` may be NULL. ERR_LIMIT beyond
// TRACE_STREAMS_MAX.
enum err_code trace_add_stream(struct trace_writer *writer, uint32_t process, uint32_t thread,
                               const char *command, uint32_t *stream, struct err *err);

// Appends a reference to a stream. A reference out of range (see struct trace_ref) is the caller's mistake.
// The order of the calls, over all streams, is the order in which pages are first used. ERR_DISK_FULL,
// ERR_FILE, ERR_MEMORY, ERR_LIMIT; after an error only trace_abandon may follow.
enum err_code trace_put(struct trace_writer *writer, uint32_t stream, const struct trace_ref *ref,
                        struct err *err);

// Adds a symbol of a process that has a stream, in any order. ERR_LIMIT beyond TRACE_SYMBOLS_MAX.
enum err_code trace_put_symbol(struct trace_writer *writer, const struct trace_symbol *symbol,
                               struct err *err);
#define TRACE_SYMBOLS_MAX (1u << 20)

// References put so far, over all streams; bytes written so far (without what is still buffered).
uint64_t trace_written(const struct trace_writer *writer);
uint64_t trace_bytes(const struct trace_writer *writer);

// Name of the temporary file, for whoever must remove it when this process is killed. The writer's.
const char *trace_part_name(const struct trace_writer *writer);

// Completes the trace, syncs it, gives it its name and frees the writer, also on an error: then nothing is
// left on disk and a file that had the name is untouched. `info` may be NULL; else it is filled and the
// caller frees it.
enum err_code trace_finish(struct trace_writer *writer, const struct trace_origin *origin,
                           struct trace_info *info, struct err *err);

// Removes what was written and frees the writer. NULL is allowed.
void trace_abandon(struct trace_writer *writer);

#endif
