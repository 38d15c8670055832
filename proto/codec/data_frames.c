// SPDX-License-Identifier: Apache-2.0
// Frames of timed links, and packets of the crossbar, to columns and back.
#include <string.h>

#include "proto/base/assert.h"
#include "proto/base/limits.h"
#include "proto/codec/data_columns.h"

static void *column(struct arena *arena, size_t n, size_t item)
{
    void *memory = arena_alloc(arena, n * item);
    NP_ASSERT(memory);
    return memory;
}

static size_t bytes_of(const struct frame_list *list)
{
    size_t size = 0;
    for (uint32_t i = 0; i < list->n; i++)
        size += list->items[i].size;
    return size;
}

void frame_columns_build(frame_columns *columns, struct arena *arena, const struct frame_list *list)
{
    static const struct frame zero;
    uint32_t n = list->n;
    columns->time = column(arena, n, sizeof *columns->time);
    columns->dst = column(arena, n, sizeof *columns->dst);
    columns->src = column(arena, n, sizeof *columns->src);
    columns->seq = column(arena, n, sizeof *columns->seq);
    columns->link = column(arena, n, sizeof *columns->link);
    columns->size = column(arena, n, sizeof *columns->size);
    columns->n_time = columns->n_dst = columns->n_src = columns->n_seq = columns->n_link = columns->n_size =
        n;
    columns->bytes.len = bytes_of(list);
    uint8_t *to = columns->bytes.data = column(arena, columns->bytes.len, 1);
    const struct frame *before = &zero;
    for (uint32_t i = 0; i < n; i++) {
        const struct frame *frame = &list->items[i];
        NP_ASSERT(frame->size <= FRAME_BYTES_MAX);
        columns->time[i] = (int64_t)(frame->time - before->time);
        columns->dst[i] = frame->dst;
        columns->src[i] = frame->src;
        columns->seq[i] = (int64_t)(frame->seq - before->seq);
        columns->link[i] = frame->link;
        columns->size[i] = frame->size;
        memcpy(to, frame->bytes, frame->size);
        to += frame->size;
        before = frame;
    }
}

size_t frame_columns_bound(const struct frame_list *list)
{
    // Two 64-bit and four 32-bit varints; a tag and a length for each of the fields and the whole.
    return list->n == 0 ? 0 : 96 + (size_t)list->n * (2 * 10 + 4 * 5) + bytes_of(list);
}

static const char *row_invalid(const frame_columns *columns, size_t i)
{
    if (component_board(columns->dst[i]) >= BOARDS_MAX || component_board(columns->src[i]) >= BOARDS_MAX)
        return "a frame of no board";
    if (columns->size[i] > FRAME_BYTES_MAX)
        return "a frame that is too long";
    if (columns->link[i] == CROSSBAR_PACKET)
        return NULL;
    if (component_unit(columns->dst[i]) != UNIT_ADAPTER || component_unit(columns->src[i]) != UNIT_ADAPTER)
        return "a frame that is not between adapters";
    if (columns->link[i] >= LINKS_MAX)
        return "a frame of no link";
    return NULL;
}

const char *frame_columns_invalid(const frame_columns *columns)
{
    if (!columns)
        return NULL;
    if (columns->base.n_unknown_fields)
        return "an unknown field";
    size_t n = columns->n_time;
    if (n > MESSAGES_MAX)
        return "too many frames";
    if (columns->n_dst != n || columns->n_src != n || columns->n_seq != n || columns->n_link != n ||
        columns->n_size != n)
        return "frame columns of different lengths";
    sim_time time = 0;
    uint64_t size = 0;
    for (size_t i = 0; i < n; i++) {
        const char *reason = row_invalid(columns, i);
        if (reason)
            return reason;
        if ((time += (uint64_t)columns->time[i]) == SIM_NEVER)
            return "a frame that never arrives";
        size += columns->size[i];
    }
    return size == columns->bytes.len ? NULL : "frames of another size than their bytes";
}

void frame_columns_take(const frame_columns *columns, struct frame_list *list)
{
    frame_list_clear(list);
    if (!columns)
        return;
    struct frame now = {.bytes = columns->bytes.data};
    for (size_t i = 0; i < columns->n_time; i++) {
        now.time += (uint64_t)columns->time[i];
        now.dst = columns->dst[i];
        now.src = columns->src[i];
        now.seq += (uint64_t)columns->seq[i];
        now.link = columns->link[i];
        now.size = columns->size[i];
        frame_list_add(list, &now);
        if (now.size) // there may be no bytes at all
            now.bytes += now.size;
    }
}
