// SPDX-License-Identifier: Apache-2.0
// Coherence messages to columns and back.
#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"
#include "proto/base/limits.h"
#include "proto/codec/data_columns.h"

#define ADDRESS_BITS 52 // see MEMORY_PER_BOARD_MAX

// message_carries_data, for a loop that runs once per message.
static const struct {
    bool data;
} types[MSG_TYPE_COUNT] = {
#define X(name, text, vnet, data) {data},
    MESSAGE_TYPES(X)
#undef X
};

static void *column(struct arena *arena, uint32_t n, size_t item)
{
    void *memory = arena_alloc(arena, n * item);
    NP_ASSERT(memory);
    return memory;
}

static void allocate_columns(message_columns *columns, struct arena *arena, uint32_t n)
{
    columns->time = column(arena, n, sizeof *columns->time);
    columns->dst = column(arena, n, sizeof *columns->dst);
    columns->src = column(arena, n, sizeof *columns->src);
    columns->seq = column(arena, n, sizeof *columns->seq);
    columns->line = column(arena, n, sizeof *columns->line);
    columns->txn = column(arena, n, sizeof *columns->txn);
    columns->requestor = column(arena, n, sizeof *columns->requestor);
    columns->type.data = column(arena, n, 1);
    columns->flags.data = column(arena, n, 1);
    columns->acks = column(arena, n, sizeof *columns->acks);
    columns->map_version = column(arena, n, sizeof *columns->map_version);
    columns->n_time = columns->n_dst = columns->n_src = columns->n_seq = columns->n_line = columns->n_txn =
        columns->n_requestor = columns->type.len = n;
}

// Differences are taken modulo the type's range, so that every value has one, 'never' included.
static void build_row(message_columns *columns, uint32_t i, const struct message *before,
                      const struct message *message)
{
    columns->time[i] = (int64_t)(message->time - before->time);
    columns->dst[i] = message->dst;
    columns->src[i] = message->src;
    columns->seq[i] = (int64_t)(message->seq - before->seq);
    columns->line[i] = (int64_t)(message->line - before->line);
    columns->txn[i] = (int32_t)(message->txn - before->txn);
    columns->requestor[i] = message->requestor;
    columns->type.data[i] = message->type;
    columns->flags.data[i] = message->flags;
    columns->acks[i] = (uint16_t)message->acks;
    columns->map_version[i] = message->map_version;
}

// The lines in the order of their messages: as the list has them, or, when messages were sorted since, as a
// copy.
static void build_lines(message_columns *columns, struct arena *arena, const struct message_list *list,
                        uint32_t n_lines, bool in_order)
{
    columns->lines = (ProtobufCBinaryData){(size_t)n_lines * list->line_bytes, list->lines};
    if (in_order || n_lines == 0)
        return;
    uint8_t *to = columns->lines.data = column(arena, n_lines, list->line_bytes);
    for (uint32_t i = 0; i < list->n; i++)
        if (list->items[i].data != NO_DATA) {
            memcpy(to, message_list_data(list, &list->items[i]), list->line_bytes);
            to += list->line_bytes;
        }
}

void message_columns_build(message_columns *columns, struct arena *arena, const struct message_list *list)
{
    static const struct message zero;
    allocate_columns(columns, arena, list->n);
    columns->line_bytes = list->line_bytes;
    uint32_t n_lines = 0, flags = 0, acks = 0, versions = 0;
    bool in_order = true;
    const struct message *before = &zero;
    for (uint32_t i = 0; i < list->n; i++) {
        const struct message *message = &list->items[i];
        bool data = message->data != NO_DATA;
        NP_ASSERT(message->type < MSG_TYPE_COUNT && data == types[message->type].data);
        in_order &= !data || message->data == n_lines;
        n_lines += data;
        build_row(columns, i, before, message);
        flags |= message->flags;
        acks |= columns->acks[i];
        versions |= message->map_version;
        before = message;
    }
    columns->flags.len = flags ? list->n : 0;
    columns->n_acks = acks ? list->n : 0;
    columns->n_map_version = versions ? list->n : 0;
    build_lines(columns, arena, list, n_lines, in_order);
}

size_t message_columns_bound(const struct message_list *list)
{
    // Three 64-bit and six 32-bit varints, two bytes; a tag and a length for each of the fields and the
    // whole.
    return list->n == 0 ? 0
                        : 160 + (size_t)list->n * (3 * 10 + 6 * 5 + 2) + (size_t)list->n * list->line_bytes;
}

static const char *lengths_invalid(const message_columns *columns)
{
    size_t n = columns->n_time;
    if (n > MESSAGES_MAX)
        return "too many messages";
    if (columns->n_dst != n || columns->n_src != n || columns->n_seq != n || columns->n_line != n ||
        columns->n_txn != n || columns->n_requestor != n || columns->type.len != n)
        return "columns of different lengths";
    if ((columns->flags.len && columns->flags.len != n) || (columns->n_acks && columns->n_acks != n) ||
        (columns->n_map_version && columns->n_map_version != n))
        return "a sparse column of another length";
    uint32_t bytes = columns->line_bytes;
    if ((n || bytes) && (bytes < LINE_BYTES_MIN || bytes > LINE_BYTES_MAX || (bytes & (bytes - 1))))
        return "an impossible line size";
    return NULL;
}

static const char *row_invalid(const message_columns *columns, size_t i)
{
    unsigned type = columns->type.data[i];
    if (type >= MSG_TYPE_COUNT)
        return "an unknown message type";
    if (columns->flags.len && (columns->flags.data[i] & ~(unsigned)MSGF_ALL))
        return "an unknown flag";
    if (component_board(columns->dst[i]) >= BOARDS_MAX || component_board(columns->src[i]) >= BOARDS_MAX)
        return "a component of no board";
    if (columns->requestor[i] >= BOARDS_MAX)
        return "a requestor that is no board";
    if (columns->n_acks && columns->acks[i] &&
        (columns->acks[i] > BOARDS_PER_SYSTEM_MAX || !message_counts_acks(type)))
        return "an impossible number of acknowledgements";
    if (columns->n_map_version && columns->map_version[i] > UINT16_MAX)
        return "an impossible segment-map version";
    return NULL;
}

// Signals have a parameter in the place of a line.
static bool names_line(unsigned type)
{
    return message_vnet(type) != VN_SIGNAL;
}

const char *message_columns_invalid(const message_columns *columns)
{
    if (!columns)
        return NULL;
    if (columns->base.n_unknown_fields)
        return "an unknown field";
    const char *reason = lengths_invalid(columns);
    if (reason)
        return reason;
    sim_time time = 0;
    uint64_t line = 0, n_lines = 0;
    for (size_t i = 0; i < columns->n_time; i++) {
        if ((reason = row_invalid(columns, i)))
            return reason;
        if ((time += (uint64_t)columns->time[i]) == SIM_NEVER)
            return "a message that never arrives";
        line += (uint64_t)columns->line[i];
        if ((line >> ADDRESS_BITS || line & (columns->line_bytes - 1)) && names_line(columns->type.data[i]))
            return "an impossible line address";
        n_lines += types[columns->type.data[i]].data;
    }
    if (columns->lines.len != n_lines * columns->line_bytes)
        return columns->lines.len < n_lines * columns->line_bytes ? "data missing"
                                                                  : "data where none belongs";
    return NULL;
}

static void reserve(struct message_list *list, uint32_t n, uint32_t n_lines, uint32_t line_bytes)
{
    if (list->line_bytes != line_bytes) {
        free(list->lines);
        list->lines = NULL;
        list->lines_capacity = 0;
        list->line_bytes = line_bytes;
    }
    if (n > list->capacity) {
        list->capacity = n > 2 * list->capacity ? n : 2 * list->capacity;
        list->items = realloc(list->items, list->capacity * sizeof *list->items);
        NP_ASSERT(list->items);
    }
    if (n_lines > list->lines_capacity) {
        list->lines_capacity = n_lines > 2 * list->lines_capacity ? n_lines : 2 * list->lines_capacity;
        list->lines = realloc(list->lines, (size_t)list->lines_capacity * line_bytes);
        NP_ASSERT(list->lines);
    }
}

void message_columns_take(const message_columns *columns, struct message_list *list)
{
    message_list_clear(list);
    if (!columns || columns->n_time == 0)
        return;
    uint32_t n = (uint32_t)columns->n_time, n_lines = (uint32_t)(columns->lines.len / columns->line_bytes);
    reserve(list, n, n_lines, columns->line_bytes);
    if (n_lines)
        memcpy(list->lines, columns->lines.data, columns->lines.len);
    struct message now = {0};
    for (uint32_t i = 0, line = 0; i < n; i++) {
        now.time += (uint64_t)columns->time[i];
        now.dst = columns->dst[i];
        now.src = columns->src[i];
        now.seq += (uint64_t)columns->seq[i];
        now.line += (uint64_t)columns->line[i];
        now.txn += (uint32_t)columns->txn[i];
        now.requestor = (uint16_t)columns->requestor[i];
        now.acks = columns->n_acks ? (int16_t)columns->acks[i] : 0;
        now.type = columns->type.data[i];
        now.flags = columns->flags.len ? columns->flags.data[i] : 0;
        now.map_version = columns->n_map_version ? (uint16_t)columns->map_version[i] : 0;
        now.data = types[now.type].data ? line++ : NO_DATA;
        list->items[i] = now;
    }
    list->n = n;
    list->n_lines = n_lines;
}
