// SPDX-License-Identifier: Apache-2.0
#include "node/host/crew_orders.h"

#include <stdlib.h>
#include <string.h>

#include "node/host/order_rules.h"
#include "proto/base/assert.h"

// Tables of one board of which pieces have come.
struct crew_tables {
    uint16_t board;
    uint64_t size, have;
    uint8_t *bytes;
    struct crew_tables *next;
};

static void drop_tables(struct crew_tables **tables)
{
    struct crew_tables *gone = *tables;
    *tables = gone->next;
    free(gone->bytes);
    free(gone);
}

void crew_drop_tables(struct crew *crew)
{
    while (crew->tables)
        drop_tables(&crew->tables);
}

static struct crew_tables **tables_of(struct crew *crew, const struct order *order)
{
    struct crew_tables **at = &crew->tables;
    while (*at && (*at)->board != order->board)
        at = &(*at)->next;
    if (*at)
        return at;
    *at = calloc(1, sizeof **at);
    NP_ASSERT(*at);
    (*at)->board = order->board;
    (*at)->size = order->size;
    return at;
}

// Adds a piece; with the last one the board is given the whole.
static enum err_code add_tables(struct crew *crew, const struct order *order, struct err *err)
{
    struct crew_tables **at = tables_of(crew, order), *tables = *at;
    if (order->offset != tables->have || order->size != tables->size)
        return err_set(err, ERR_DAMAGED_MESSAGE,
                       "board %u: %llu bytes of tables from %llu on of %llu, where %llu of %llu have come",
                       order->board, (unsigned long long)order->n_bytes, (unsigned long long)order->offset,
                       (unsigned long long)order->size, (unsigned long long)tables->have,
                       (unsigned long long)tables->size);
    uint64_t have = tables->have + order->n_bytes; // the codec has bounded it by the size
    tables->bytes = realloc(tables->bytes, have + 1);
    NP_ASSERT(tables->bytes);
    if (order->n_bytes)
        memcpy(tables->bytes + tables->have, order->bytes, order->n_bytes);
    tables->have = have;
    if (have < tables->size)
        return ERR_OK;
    struct order whole = *order;
    whole.offset = 0;
    whole.n_bytes = have;
    whole.bytes = tables->bytes;
    board_order(crew->boards[order->board], &whole);
    drop_tables(at);
    return ERR_OK;
}

static enum err_code give_orders(struct crew *crew, const struct control_orders *orders, struct err *err)
{
    for (uint32_t i = 0; i < orders->n_orders; i++) {
        const struct order *order = &orders->orders[i];
        const char *reason = order_invalid(crew->machine, order);
        if (reason)
            return err_set(err, ERR_DAMAGED_MESSAGE, "order %u to board %u, %s: %s", i, order->board,
                           order_name(order->kind), reason);
        if (!crew->boards[order->board])
            continue;
        if (order->kind != ORDER_TABLES)
            board_order(crew->boards[order->board], order);
        else if (add_tables(crew, order, err))
            return err->code;
    }
    return ERR_OK;
}

static bool is_here(const struct crew *crew, const struct board_set *set, unsigned board)
{
    return board_set_has(set, board) && crew->boards[board];
}

// All of them unless there are more than a message carries; the others are taken another time.
static void take_reports(const struct crew *crew, const struct board_set *take,
                         struct control_reports *answer)
{
    uint32_t n = 0;
    for (unsigned b = 0; b < crew->machine->n_boards; b++)
        n += is_here(crew, take, b) ? board_reports(crew->boards[b]) : 0;
    n = n < REPORTS_MAX ? n : REPORTS_MAX;
    answer->reports = calloc(n + 1, sizeof *answer->reports);
    NP_ASSERT(answer->reports);
    for (unsigned b = 0; b < crew->machine->n_boards; b++)
        while (is_here(crew, take, b) && answer->n_reports < n &&
               board_take_report(crew->boards[b], &answer->reports[answer->n_reports]))
            answer->n_reports++;
}

static void look_at_boards(const struct crew *crew, const struct control_orders *orders,
                           struct control_reports *answer)
{
    answer->views = calloc(crew->machine->n_boards, sizeof *answer->views);
    NP_ASSERT(answer->views);
    for (unsigned b = 0; b < crew->machine->n_boards; b++)
        if (is_here(crew, &orders->views, b))
            board_view(crew->boards[b], orders->lines, &answer->views[answer->n_views++]);
}

static enum err_code look_at_tables(const struct crew *crew, const struct control_orders *orders,
                                    struct control_reports *answer, struct err *err)
{
    if (orders->tables >= crew->machine->n_boards || !crew->boards[orders->tables])
        return ERR_OK;
    struct archive ar;
    ar_init_save(&ar);
    board_tables(crew->boards[orders->tables], &ar);
    uint64_t size = ar.at, from = orders->tables_from < size ? orders->tables_from : size;
    answer->tables_size = size;
    answer->n_bytes = size - from < TABLES_CHUNK_BYTES ? size - from : TABLES_CHUNK_BYTES;
    answer->bytes = malloc(answer->n_bytes + 1);
    NP_ASSERT(answer->bytes);
    if (answer->n_bytes)
        memcpy(answer->bytes, ar.bytes + from, answer->n_bytes);
    ar_free(&ar);
    return size <= TABLES_BYTES_MAX ? ERR_OK
                                    : err_set(err, ERR_LIMIT, "board %u: page tables of %llu bytes",
                                              orders->tables, (unsigned long long)size);
}

enum err_code crew_obey(struct crew *crew, const struct control_orders *orders, struct control *answer,
                        struct err *err)
{
    memset(answer, 0, sizeof *answer);
    answer->kind = CONTROL_REPORTS;
    take_reports(crew, &orders->take, &answer->reports);
    if (give_orders(crew, orders, err))
        return err->code;
    look_at_boards(crew, orders, &answer->reports);
    return look_at_tables(crew, orders, &answer->reports, err);
}
