// SPDX-License-Identifier: Apache-2.0
// TEXT: what guests wrote on their consoles, and traces of their instructions.
#include <string.h>

#include "proto/codec/control_wire.h"

static uint32_t bytes_of(const struct text_list *pieces)
{
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < pieces->n; i++)
        bytes += pieces->items[i].size;
    return bytes;
}

static void column_to_wire(Np__Text *to, const struct text_list *pieces, struct arena *arena)
{
    uint32_t n = pieces->n;
    to->n_time = to->n_source = to->n_seq = to->n_stream = to->n_size = n;
    to->time = arena_new(arena, n, sizeof *to->time);
    to->source = arena_new(arena, n, sizeof *to->source);
    to->seq = arena_new(arena, n, sizeof *to->seq);
    to->stream = arena_new(arena, n, sizeof *to->stream);
    to->size = arena_new(arena, n, sizeof *to->size);
    uint8_t *at = to->bytes.data;
    for (uint32_t i = 0; i < n; i++) {
        const struct text_piece *piece = &pieces->items[i];
        to->time[i] = piece->time;
        to->source[i] = piece->source;
        to->seq[i] = piece->seq;
        to->stream[i] = piece->stream;
        to->size[i] = piece->size;
        memcpy(at, piece->bytes, piece->size);
        at += piece->size;
    }
}

void text_to_wire(const struct control *control, Np__Control *wire, struct arena *arena)
{
    const struct control_text *from = &control->text;
    uint32_t bytes = bytes_of(&from->pieces);
    NP_ASSERT(from->pieces.n <= TEXT_CHUNK_PIECES && bytes <= TEXT_CHUNK_BYTES);
    NEW(Np__Text, np__text__init);
    to->partition = from->partition;
    to->reached = from->reached;
    to->bytes.len = bytes;
    to->bytes.data = arena_new(arena, bytes, 1);
    column_to_wire(to, &from->pieces, arena);
    wire->text = to;
}

// A CPU, or a service element.
static bool writes(uint32_t source)
{
    unsigned unit = component_unit(source);
    return component_board(source) < BOARDS_MAX &&
           (unit == UNIT_SERVICE || (unit >= UNIT_CPU0 && unit < UNIT_CPU0 + CPUS_PER_BOARD_MAX));
}

// Every piece is checked before the first is copied: sizes add up to what there is.
static enum err_code check_pieces(const Np__Text *from, struct err *err)
{
    size_t n = from->n_time, bytes = 0;
    if (n > TEXT_CHUNK_PIECES || from->n_source != n || from->n_seq != n || from->n_stream != n ||
        from->n_size != n || from->bytes.len > TEXT_CHUNK_BYTES)
        return REFUSE(err, "%zu pieces with columns of other lengths, or too many", n);
    for (size_t i = 0; i < n; i++) {
        if (!writes(from->source[i]) || from->stream[i] >= TEXT_STREAM_COUNT || from->size[i] == 0 ||
            from->size[i] > TEXT_BYTES_MAX)
            return REFUSE(err, "piece %zu of source 0x%x, stream %u, %u bytes", i, from->source[i],
                          from->stream[i], from->size[i]);
        bytes += from->size[i];
    }
    return bytes == from->bytes.len
               ? ERR_OK
               : REFUSE(err, "pieces of %zu bytes, where %zu came", bytes, from->bytes.len);
}

enum err_code text_from_wire(const Np__Control *wire, struct control *control, struct err *err)
{
    const Np__Text *from = wire->text;
    struct control_text *to = &control->text;
    if (from->partition >= PARTITIONS_MAX)
        return REFUSE(err, "text of partition %u", from->partition);
    if (check_pieces(from, err))
        return err->code;
    to->partition = from->partition;
    to->reached = from->reached;
    const uint8_t *at = from->bytes.data;
    for (size_t i = 0; i < from->n_time; i++) {
        struct text_piece piece = {.time = from->time[i],
                                   .source = from->source[i],
                                   .seq = from->seq[i],
                                   .stream = (uint8_t)from->stream[i],
                                   .size = from->size[i],
                                   .bytes = (uint8_t *)(uintptr_t)at}; // only read
        text_list_add(&to->pieces, &piece);
        at += piece.size;
    }
    return ERR_OK;
}
