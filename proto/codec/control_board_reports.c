// SPDX-License-Identifier: Apache-2.0
// REPORTS: what boards answer the system controller, and how they stand.
#include <stdlib.h>
#include <string.h>

#include "proto/codec/control_wire.h"

#define REPORT_FIELDS(X) X(id) X(board) X(at) X(done) X(remaining)
// clang-format off
#define VIEW_FIELDS(X) \
    X(board) X(powered) X(quiesced) X(cpus) X(cpus_online) X(bound) X(threads) X(threads_running) X(frames) \
    X(frames_used) X(lines_cached) X(cached_elsewhere) X(under_way) X(accesses) X(hits) X(work) \
    X(guest_cpus) X(guest_bytes) X(typed_waiting) \
    X(egress_busy_ps) X(ingress_busy_ps) X(home_busy_ps) X(memory_busy_ps) X(bus_busy_ps)
// clang-format on

static void report_to_wire(const struct report *from, Np__Report *to)
{
    REPORT_FIELDS(COPY)
    to->kind = from->kind;
    to->status = from->status;
}

static void view_to_wire(const struct board_view *from, Np__BoardView *to, struct arena *arena)
{
    VIEW_FIELDS(COPY)
    to->partition = from->partition + 1;
    to->n_sent_bytes = BOARDS_PER_SYSTEM_MAX;
    to->sent_bytes = arena_new(arena, BOARDS_PER_SYSTEM_MAX, sizeof *to->sent_bytes);
    memcpy(to->sent_bytes, from->sent_bytes, sizeof from->sent_bytes);
}

void reports_to_wire(const struct control *control, Np__Control *wire, struct arena *arena)
{
    const struct control_reports *from = &control->reports;
    NP_ASSERT(from->n_reports <= REPORTS_MAX && from->n_views <= BOARDS_MAX &&
              from->n_bytes <= TABLES_CHUNK_BYTES);
    NEW(Np__Reports, np__reports__init);
    to->n_reports = from->n_reports;
    to->reports = WIRE_ARRAY(arena, Np__Report, np__report__init, from->n_reports);
    for (uint32_t i = 0; i < from->n_reports; i++)
        report_to_wire(&from->reports[i], to->reports[i]);
    to->n_views = from->n_views;
    to->views = WIRE_ARRAY(arena, Np__BoardView, np__board_view__init, from->n_views);
    for (uint32_t i = 0; i < from->n_views; i++)
        view_to_wire(&from->views[i], to->views[i], arena);
    to->tables_size = from->tables_size;
    to->bytes.len = from->n_bytes;
    to->bytes.data = from->bytes; // only read
    wire->reports = to;
}

static enum err_code report_from_wire(const Np__Report *from, struct report *to, struct err *err)
{
    if (from->board >= BOARDS_MAX || from->kind >= ORDER_KIND_COUNT || from->status >= REPORT_STATUS_COUNT)
        return REFUSE(err, "board %u, kind %u, status %u", from->board, from->kind, from->status);
    to->id = from->id;
    to->board = (uint16_t)from->board;
    to->kind = (enum order_kind)from->kind;
    to->status = (enum report_status)from->status;
    to->at = from->at;
    to->done = from->done;
    to->remaining = from->remaining;
    return ERR_OK;
}

static enum err_code view_from_wire(const Np__BoardView *from, struct board_view *to, struct err *err)
{
    if (from->board >= BOARDS_MAX || from->partition > PARTITIONS_MAX || from->cpus > CPUS_PER_BOARD_MAX ||
        from->cpus_online > from->cpus || (uint64_t)from->guest_cpus >> from->cpus ||
        from->n_sent_bytes != BOARDS_PER_SYSTEM_MAX)
        return REFUSE(err, "board %u of partition %u, %u CPUs", from->board, from->partition - 1, from->cpus);
#define VIEW_COPY(field) to->field = (__typeof__(to->field))from->field;
    VIEW_FIELDS(VIEW_COPY)
    to->partition = from->partition - 1;
    memcpy(to->sent_bytes, from->sent_bytes, sizeof to->sent_bytes);
    return ERR_OK;
}

static enum err_code lists_from_wire(const Np__Reports *from, struct control_reports *to, struct err *err)
{
    for (uint32_t i = 0; i < to->n_reports; i++)
        if (report_from_wire(from->reports[i], &to->reports[i], err))
            return err_wrap(err, "report %u", i);
    for (uint32_t i = 0; i < to->n_views; i++) {
        if (view_from_wire(from->views[i], &to->views[i], err))
            return err_wrap(err, "view %u", i);
        if (i && to->views[i].board <= to->views[i - 1].board)
            return REFUSE(err, "view %u is out of order", i);
    }
    if (to->n_bytes)
        memcpy(to->bytes, from->bytes.data, to->n_bytes);
    return ERR_OK;
}

enum err_code reports_from_wire(const Np__Control *wire, struct control *control, struct err *err)
{
    const Np__Reports *from = wire->reports;
    struct control_reports *to = &control->reports;
    if (from->n_reports > REPORTS_MAX || from->n_views > BOARDS_MAX || from->bytes.len > TABLES_CHUNK_BYTES ||
        from->tables_size > TABLES_BYTES_MAX || from->bytes.len > from->tables_size)
        return REFUSE(err, "%zu reports, %zu views, %zu of %llu bytes", from->n_reports, from->n_views,
                      from->bytes.len, (unsigned long long)from->tables_size);
    to->n_reports = (uint32_t)from->n_reports;
    to->n_views = (uint32_t)from->n_views;
    to->tables_size = from->tables_size;
    to->n_bytes = from->bytes.len;
    to->reports = calloc(to->n_reports + 1, sizeof *to->reports);
    to->views = calloc(to->n_views + 1, sizeof *to->views);
    to->bytes = malloc(to->n_bytes + 1);
    if (!to->reports || !to->views || !to->bytes)
        err_set(err, ERR_MEMORY, "no memory for %u reports", to->n_reports);
    else if (lists_from_wire(from, to, err) == ERR_OK)
        return ERR_OK;
    free(to->reports);
    free(to->views);
    free(to->bytes);
    return err->code;
}
