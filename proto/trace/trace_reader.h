// SPDX-License-Identifier: Apache-2.0
// Streams the references of one recorded thread from disk. An open reader uses less than 1 MiB whatever the
// length of the trace (the README of this folder adds it up), and takes a few nanoseconds per reference.
//
//     struct trace_reader *reader;
//     if (trace_open(path, 0, &reader, err))
//         return err->code;
//     struct trace_ref ref;
//     enum trace_step step;
//     while ((step = trace_next(reader, &ref, err)) == TRACE_STEP_REF)
//         use(&ref);
//     trace_close(reader);
//     if (step == TRACE_STEP_FAILED)
//         return err->code;
#ifndef NP_PROTO_TRACE_TRACE_READER_H
#define NP_PROTO_TRACE_TRACE_READER_H

#include "proto/base/assert.h"
#include "proto/trace/trace.h"

enum trace_step { TRACE_STEP_REF, TRACE_STEP_END, TRACE_STEP_FAILED };

// Only the inline functions below may look inside. `next` .. `end` are decoded references not yet handed out;
// `end_index` is the index of the reference after `end`.
struct trace_reader {
    const struct trace_ref *next, *end;
    uint64_t end_index;
};

// Opens stream `stream` of the trace at its first reference. ERR_FILE, ERR_DAMAGED_TRACE, ERR_MEMORY;
// ERR_BAD_VALUE when the trace has no such stream. The file must not be changed while it is open: every block
// is checked when it is read, so a change is an error and never a wrong reference.
enum err_code trace_open(const char *path, uint32_t stream, struct trace_reader **reader, struct err *err);
void trace_close(struct trace_reader *reader); // NULL is allowed

// Number of references of the stream.
uint64_t trace_length(const struct trace_reader *reader);

// Makes reference `index` (0 .. trace_length; the length itself means the end) the next one. ERR_BAD_VALUE
// beyond that, ERR_DAMAGED_TRACE. Costs reading and decoding one block.
enum err_code trace_seek(struct trace_reader *reader, uint64_t index, struct err *err);

// Index of the reference that trace_next will give, from 0: what a checkpoint saves and trace_seek takes.
static inline uint64_t trace_position(const struct trace_reader *reader)
{
    return reader->end_index - (uint64_t)(reader->end - reader->next);
}

// The slow path of trace_next: decodes more references. Not to be called directly.
enum trace_step trace_refill(struct trace_reader *reader, struct trace_ref *ref, struct err *err);

// Gives the next reference. After TRACE_STEP_END or TRACE_STEP_FAILED the same answer comes again.
NP_INLINE enum trace_step trace_next(struct trace_reader *reader, struct trace_ref *ref, struct err *err)
{
    if (NP_UNLIKELY(reader->next == reader->end))
        return trace_refill(reader, ref, err);
    *ref = *reader->next++;
    return TRACE_STEP_REF;
}

#endif
