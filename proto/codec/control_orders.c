// SPDX-License-Identifier: Apache-2.0
// ORDERS: what the system controller tells boards.
#include <stdlib.h>
#include <string.h>

#include "proto/codec/control_wire.h"

#define ORDER_FIELDS(X)   X(id) X(board) X(at) X(number) X(offset) X(size) X(target)
#define SEGMENT_FIELDS(X) X(size) X(granule) X(offset)
#define SET_WORDS         NP_ARRAY_LEN(((struct board_set *)NULL)->bits)

void control_orders_free(struct control_orders *orders)
{
    for (uint32_t i = 0; i < orders->n_orders; i++)
        order_free(&orders->orders[i]);
    free(orders->orders);
    orders->orders = NULL;
    orders->n_orders = 0;
}

static uint64_t *set_to_wire(const struct board_set *from, struct arena *arena)
{
    uint64_t *to = arena_new(arena, SET_WORDS, sizeof *to);
    memcpy(to, from->bits, sizeof from->bits);
    return to;
}

static enum err_code set_from_wire(const uint64_t *from, size_t n, struct board_set *to, struct err *err)
{
    if (n != SET_WORDS)
        return REFUSE(err, "a set of boards in %zu words", n);
    memcpy(to->bits, from, sizeof to->bits);
    return ERR_OK;
}

static Np__Domain *domain_to_wire(const struct domain *from, struct arena *arena)
{
    NEW(Np__Domain, np__domain__init);
    to->partition = from->partition + 1;
    to->members = from->members;
    to->map_version = from->map_version;
    to->n_cpu_addresses = BOARDS_PER_SYSTEM_MAX;
    to->cpu_addresses = wire_from_u16(from->cpu_addresses, BOARDS_PER_SYSTEM_MAX, arena);
    to->n_segments = from->n_segments;
    to->segments = WIRE_ARRAY(arena, Np__Segment, np__segment__init, from->n_segments);
    for (uint32_t i = 0; i < from->n_segments; i++) {
        const struct segment_desc *in = &from->segments[i];
        Np__Segment *out = to->segments[i];
#define SEGMENT_COPY(field) out->field = in->field;
        SEGMENT_FIELDS(SEGMENT_COPY)
        out->start = in->base;
        out->n_boards = in->n_boards;
        out->boards = wire_from_u16(in->boards, in->n_boards, arena);
    }
    return to;
}

static void shares_to_wire(const struct order *from, Np__Order *to, struct arena *arena)
{
    uint32_t n = from->n_shares;
    NP_ASSERT(n <= ORDER_SHARES_MAX);
    to->n_share_board = to->n_share_first = to->n_share_number = n;
    to->share_board = arena_new(arena, n, sizeof *to->share_board);
    to->share_first = arena_new(arena, n, sizeof *to->share_first);
    to->share_number = arena_new(arena, n, sizeof *to->share_number);
    for (uint32_t i = 0; i < n; i++) {
        to->share_board[i] = from->shares[i].board;
        to->share_first[i] = from->shares[i].first;
        to->share_number[i] = from->shares[i].number;
    }
}

static void order_to_wire(const struct order *from, Np__Order *to, struct arena *arena)
{
    NP_ASSERT(from->n_bytes <= TABLES_CHUNK_BYTES);
    ORDER_FIELDS(COPY)
    to->kind = from->kind;
    if (from->kind == ORDER_DOMAIN)
        to->domain = domain_to_wire(&from->domain, arena);
    shares_to_wire(from, to, arena);
    to->bytes.len = from->n_bytes;
    to->bytes.data = from->bytes; // only read
}

void orders_to_wire(const struct control *control, Np__Control *wire, struct arena *arena)
{
    const struct control_orders *from = &control->orders;
    NP_ASSERT(from->n_orders <= ORDERS_MAX);
    NEW(Np__Orders, np__orders__init);
    to->n_take = to->n_views = SET_WORDS;
    to->take = set_to_wire(&from->take, arena);
    to->views = set_to_wire(&from->views, arena);
    to->tables = (uint16_t)(from->tables + 1);
    to->tables_from = from->tables_from;
    to->lines = from->lines;
    to->n_orders = from->n_orders;
    to->orders = WIRE_ARRAY(arena, Np__Order, np__order__init, from->n_orders);
    for (uint32_t i = 0; i < from->n_orders; i++)
        order_to_wire(&from->orders[i], to->orders[i], arena);
    wire->orders = to;
}

static enum err_code segment_from_wire(const Np__Segment *in, struct segment_desc *out, struct err *err)
{
    SEGMENT_FIELDS(SEGMENT_COPY)
    out->base = in->start;
    if (in->n_boards > BOARDS_PER_SYSTEM_MAX)
        return REFUSE(err, "a segment of %zu boards", in->n_boards);
    out->n_boards = (uint32_t)in->n_boards;
    return wire_to_u16(in->boards, in->n_boards, out->boards, "board", err);
}

// Whether it suits the machine is for the receiver to say, who has one.
static enum err_code domain_from_wire(const Np__Domain *from, struct domain *to, struct err *err)
{
    if (!from)
        return REFUSE(err, "no domain");
    if (from->partition > PARTITIONS_MAX || from->map_version > UINT16_MAX || from->n_segments > SEGMENTS_MAX)
        return REFUSE(err, "a domain of partition %u, map version %u, %zu segments", from->partition - 1,
                      from->map_version, from->n_segments);
    to->partition = from->partition - 1;
    to->members = from->members;
    to->map_version = (uint16_t)from->map_version;
    to->n_segments = (uint32_t)from->n_segments;
    for (uint32_t i = 0; i < to->n_segments; i++)
        if (segment_from_wire(from->segments[i], &to->segments[i], err))
            return err_wrap(err, "segment %u", i);
    if (from->n_cpu_addresses != BOARDS_PER_SYSTEM_MAX)
        return REFUSE(err, "a domain with CPU addresses of %zu boards", from->n_cpu_addresses);
    return wire_to_u16(from->cpu_addresses, from->n_cpu_addresses, to->cpu_addresses, "CPU address", err);
}

static enum err_code shares_from_wire(const Np__Order *from, struct order *to, struct err *err)
{
    size_t n = from->n_share_board;
    if (n > ORDER_SHARES_MAX || from->n_share_first != n || from->n_share_number != n)
        return REFUSE(err, "%zu shares with columns of other lengths, or too many", n);
    if (n == 0)
        return ERR_OK;
    to->shares = calloc(n, sizeof *to->shares);
    if (!to->shares)
        return err_set(err, ERR_MEMORY, "no memory for %zu shares", n);
    to->n_shares = (uint32_t)n;
    for (size_t i = 0; i < n; i++) {
        if (from->share_board[i] >= BOARDS_MAX)
            return REFUSE(err, "a share of board %u", from->share_board[i]);
        to->shares[i] =
            (struct order_share){(uint16_t)from->share_board[i], from->share_first[i], from->share_number[i]};
    }
    return ERR_OK;
}

static enum err_code bytes_from_wire(const Np__Order *from, struct order *to, struct err *err)
{
    size_t n = from->bytes.len;
    bool tables = to->kind == ORDER_TABLES, line = to->kind == ORDER_TYPE;
    if (n > (line ? GUEST_INPUT_BYTES_MAX : TABLES_CHUNK_BYTES) || (n && !tables && !line) ||
        (tables && (to->size > TABLES_BYTES_MAX || to->offset > to->size || n > to->size - to->offset)))
        return REFUSE(err, "%zu bytes from %llu on of %llu", n, (unsigned long long)to->offset,
                      (unsigned long long)to->size);
    if (n == 0)
        return ERR_OK;
    to->bytes = malloc(n);
    if (!to->bytes)
        return err_set(err, ERR_MEMORY, "no memory for %zu bytes", n);
    memcpy(to->bytes, from->bytes.data, n);
    to->n_bytes = n;
    return ERR_OK;
}

static enum err_code order_from_wire(const Np__Order *from, struct order *to, struct err *err)
{
    if (from->board >= BOARDS_MAX || from->kind >= ORDER_KIND_COUNT || from->target >= BOARDS_MAX)
        return REFUSE(err, "board %u, kind %u, target %u", from->board, from->kind, from->target);
    to->id = from->id;
    to->board = (uint16_t)from->board;
    to->kind = (enum order_kind)from->kind;
    to->at = from->at;
    to->number = from->number;
    to->offset = from->offset;
    to->size = from->size;
    to->target = (uint16_t)from->target;
    if (to->kind == ORDER_DOMAIN && domain_from_wire(from->domain, &to->domain, err))
        return err->code;
    if (shares_from_wire(from, to, err))
        return err->code;
    return bytes_from_wire(from, to, err);
}

static enum err_code list_from_wire(const Np__Orders *from, struct control_orders *to, struct err *err)
{
    for (uint32_t i = 0; i < to->n_orders; i++)
        if (order_from_wire(from->orders[i], &to->orders[i], err))
            return err_wrap(err, "order %u", i);
    return ERR_OK;
}

enum err_code orders_from_wire(const Np__Control *wire, struct control *control, struct err *err)
{
    const Np__Orders *from = wire->orders;
    struct control_orders *to = &control->orders;
    if (from->n_orders > ORDERS_MAX || from->tables > BOARDS_MAX)
        return REFUSE(err, "%zu orders, tables of board %u", from->n_orders, from->tables - 1);
    if (set_from_wire(from->take, from->n_take, &to->take, err) ||
        set_from_wire(from->views, from->n_views, &to->views, err))
        return err->code;
    to->tables = (uint16_t)(from->tables - 1);
    to->tables_from = from->tables_from;
    to->lines = from->lines;
    if (from->n_orders == 0)
        return ERR_OK;
    to->orders = calloc(from->n_orders, sizeof *to->orders);
    if (!to->orders)
        return err_set(err, ERR_MEMORY, "no memory for %zu orders", from->n_orders);
    to->n_orders = (uint32_t)from->n_orders;
    if (list_from_wire(from, to, err))
        control_orders_free(to);
    return err->code;
}
