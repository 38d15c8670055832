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

#include <stddef.h>

#include "proto/base/assert.h"
#include "proto/trace/trace_run.h"

enum trace_step { TRACE_STEP_REF, TRACE_STEP_END, TRACE_STEP_FAILED };

// The run in hand, and how much of it has been handed out.
struct trace_reader {
    const struct trace_run *run;
    const struct trace_item *items;
    const uint64_t *address;       // of its data references, in their order
    uint32_t n_items, item, datum; // item, datum: next ones
    uint32_t number;               // of the run among those that are remembered, or TRACE_NO_RUN: it is loose
    uint32_t version;              // of a SYNC
    uint16_t loose_size;           // of an item without a size
    uint64_t fetch;                // address of the next fetch
    uint64_t index;                // of the next reference in its stream
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
    return reader->index;
}

// Decodes the next run when the one in hand has been handed out. Not needed before trace_next.
enum trace_step trace_load(struct trace_reader *reader, struct err *err);

// The run in hand, of which nothing has been handed out yet; NULL when some has, or nothing is in hand. Its
// first fetch is at run->start.
static inline const struct trace_run *trace_whole_run(const struct trace_reader *reader)
{
    return reader->item == 0 && reader->n_items ? reader->run : NULL;
}

// All of the run in hand counts as handed out.
static inline void trace_skip_run(struct trace_reader *reader)
{
    reader->index += reader->n_items - reader->item;
    reader->item = reader->n_items;
}

// Gives the next reference. After TRACE_STEP_END or TRACE_STEP_FAILED the same answer comes again.
NP_INLINE enum trace_step trace_next(struct trace_reader *reader, struct trace_ref *ref, struct err *err)
{
    if (NP_UNLIKELY(reader->item == reader->n_items)) {
        enum trace_step step = trace_load(reader, err);
        if (step != TRACE_STEP_REF)
            return step;
    }
    const struct trace_item *item = &reader->items[reader->item++];
    ref->kind = item->kind;
    ref->size = NP_LIKELY(item->size) ? item->size : reader->loose_size;
    ref->version = reader->version;
    ref->address = item->kind == TRACE_FETCH ? reader->fetch : reader->address[reader->datum];
    reader->fetch += item->kind == TRACE_FETCH ? ref->size : 0;
    reader->datum += item->kind != TRACE_FETCH;
    reader->index++;
    return TRACE_STEP_REF;
}

#endif
