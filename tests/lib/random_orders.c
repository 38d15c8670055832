// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/random_orders.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"

// Never two random numbers in one expression: see random_control.c.

static uint32_t below(struct rng *rng, uint32_t bound)
{
    return (uint32_t)rng_below(rng, bound);
}

static uint64_t number(struct rng *rng)
{
    uint64_t shift = rng_below(rng, 64);
    return rng_next(rng) >> shift;
}

static void *zeroed(uint64_t count, size_t size)
{
    void *items = calloc(count ? count : 1, size);
    NP_ASSERT(items);
    return items;
}

static void fill_start(struct rng *rng, struct control_start *start)
{
    start->stop_at_grant = number(rng);
    start->stop_at_time = SIM_NEVER - number(rng);
    start->pace = below(rng, 2) ? number(rng) : 0;
    start->skew = below(rng, 2) ? number(rng) : 0;
    start->n_wanted = below(rng, 4);
    start->wanted = start->n_wanted ? zeroed(start->n_wanted, sizeof *start->wanted) : NULL;
    for (uint32_t i = 0; i < start->n_wanted; i++) {
        start->wanted[i].group = i * (GROUPS_MAX / 4) + below(rng, GROUPS_MAX / 4);
        start->wanted[i].reports = 1 + below(rng, 100);
        start->wanted[i].latency = 1 + number(rng) / 2;
    }
}

static void fill_domain(struct rng *rng, struct domain *domain)
{
    domain->partition = below(rng, 8) ? below(rng, PARTITIONS_MAX) : NO_PARTITION;
    domain->members = rng_next(rng);
    domain->map_version = (uint16_t)below(rng, UINT16_MAX + 1);
    domain->n_segments = below(rng, 10) ? below(rng, 6) : SEGMENTS_MAX;
    for (uint32_t i = 0; i < domain->n_segments; i++) {
        struct segment_desc *segment = &domain->segments[i];
        segment->base = number(rng);
        segment->size = number(rng);
        segment->granule = number(rng);
        segment->offset = number(rng);
        segment->n_boards = below(rng, BOARDS_PER_SYSTEM_MAX + 1);
        for (uint32_t b = 0; b < segment->n_boards; b++)
            segment->boards[b] = (uint16_t)below(rng, BOARDS_MAX);
    }
    for (uint32_t b = 0; b < BOARDS_PER_SYSTEM_MAX; b++)
        domain->cpu_addresses[b] = (uint16_t)below(rng, UINT16_MAX + 1);
}

static void fill_tables(struct rng *rng, struct order *order)
{
    order->n_bytes = below(rng, 200);
    order->offset = number(rng) % 10000;
    order->size = order->offset + order->n_bytes + number(rng) % 10000;
    order->bytes = order->n_bytes ? zeroed(order->n_bytes, 1) : NULL;
    for (uint64_t i = 0; i < order->n_bytes; i++)
        order->bytes[i] = (uint8_t)below(rng, 256);
}

static void fill_line(struct rng *rng, struct order *order)
{
    order->n_bytes = below(rng, GUEST_INPUT_BYTES_MAX - 1);
    order->bytes = order->n_bytes ? zeroed(order->n_bytes, 1) : NULL;
    for (uint64_t i = 0; i < order->n_bytes; i++)
        order->bytes[i] = (uint8_t)(' ' + below(rng, '~' - ' ' + 1));
}

static void fill_order(struct rng *rng, struct order *order)
{
    order->id = number(rng);
    order->board = (uint16_t)below(rng, BOARDS_MAX);
    order->kind = (enum order_kind)below(rng, ORDER_KIND_COUNT);
    order->at = number(rng);
    order->number = number(rng);
    order->offset = number(rng);
    order->size = number(rng);
    order->target = (uint16_t)below(rng, BOARDS_MAX);
    if (order->kind == ORDER_DOMAIN)
        fill_domain(rng, &order->domain);
    if (order->kind == ORDER_TABLES)
        fill_tables(rng, order);
    if (order->kind == ORDER_TYPE)
        fill_line(rng, order);
    order->n_shares = below(rng, 20) ? below(rng, 5) : ORDER_SHARES_MAX;
    order->shares = order->n_shares ? zeroed(order->n_shares, sizeof *order->shares) : NULL;
    for (uint32_t i = 0; i < order->n_shares; i++) {
        order->shares[i].board = (uint16_t)below(rng, BOARDS_MAX);
        order->shares[i].first = (uint32_t)number(rng);
        order->shares[i].number = (uint32_t)number(rng);
    }
}

static void fill_set(struct rng *rng, struct board_set *set)
{
    for (size_t i = 0; i < NP_ARRAY_LEN(set->bits); i++)
        set->bits[i] = rng_next(rng);
}

static void fill_orders(struct rng *rng, struct control_orders *orders)
{
    fill_set(rng, &orders->take);
    fill_set(rng, &orders->views);
    orders->tables = below(rng, 2) ? (uint16_t)below(rng, BOARDS_MAX) : NO_BOARD;
    orders->tables_from = number(rng);
    orders->n_orders = below(rng, 6);
    orders->orders = orders->n_orders ? zeroed(orders->n_orders, sizeof *orders->orders) : NULL;
    for (uint32_t i = 0; i < orders->n_orders; i++)
        fill_order(rng, &orders->orders[i]);
    orders->lines = below(rng, 2);
}

static void fill_view(struct rng *rng, struct board_view *view, uint16_t board)
{
    view->board = board;
    view->partition = below(rng, 4) ? below(rng, PARTITIONS_MAX) : NO_PARTITION;
    view->powered = below(rng, 2);
    view->quiesced = below(rng, 2);
    view->cpus = below(rng, CPUS_PER_BOARD_MAX + 1);
    view->cpus_online = below(rng, view->cpus + 1);
    view->bound = below(rng, 9);
    view->guest_cpus = (uint32_t)rng_below(rng, UINT64_C(1) << view->cpus);
    view->threads = below(rng, 9999);
    view->threads_running = below(rng, 9999);
    uint64_t *const counts[] = {
        &view->frames,       &view->frames_used,    &view->lines_cached,   &view->accesses,
        &view->hits,         &view->work,           &view->egress_busy_ps, &view->ingress_busy_ps,
        &view->home_busy_ps, &view->memory_busy_ps, &view->bus_busy_ps,    &view->cached_elsewhere,
        &view->guest_bytes};
    for (size_t i = 0; i < NP_ARRAY_LEN(counts); i++)
        *counts[i] = number(rng);
    view->typed_waiting = below(rng, 99);
    view->under_way = below(rng, 9999);
    for (uint32_t i = below(rng, BOARDS_PER_SYSTEM_MAX); i > 0; i--)
        view->sent_bytes[i] = number(rng);
}

static void fill_reports(struct rng *rng, struct control_reports *reports)
{
    reports->n_reports = below(rng, 6);
    reports->reports = zeroed(reports->n_reports, sizeof *reports->reports);
    for (uint32_t i = 0; i < reports->n_reports; i++) {
        struct report *report = &reports->reports[i];
        report->id = number(rng);
        report->board = (uint16_t)below(rng, BOARDS_MAX);
        report->kind = (enum order_kind)below(rng, ORDER_KIND_COUNT);
        report->status = (enum report_status)below(rng, REPORT_STATUS_COUNT);
        report->at = number(rng);
        report->done = number(rng);
        report->remaining = number(rng);
    }
    reports->n_views = below(rng, 6);
    reports->views = zeroed(reports->n_views, sizeof *reports->views);
    for (uint32_t i = 0; i < reports->n_views; i++)
        fill_view(rng, &reports->views[i], (uint16_t)(i * 40));
    reports->n_bytes = below(rng, 300);
    reports->tables_size = reports->n_bytes + below(rng, 300);
    reports->bytes = zeroed(reports->n_bytes, 1);
    for (uint64_t i = 0; i < reports->n_bytes; i++)
        reports->bytes[i] = (uint8_t)below(rng, 256);
}

static void fill_regroup(struct rng *rng, struct control_regroup *regroup)
{
    regroup->at = number(rng) / 2;
    regroup->n_boards = 1 + below(rng, BOARDS_MAX);
    for (uint32_t i = 0; i < regroup->n_boards; i++)
        regroup->group_of_board[i] = below(rng, 5) ? below(rng, GROUPS_MAX) : NO_GROUP;
}

static bool same(const void *a, const void *b, uint64_t n, size_t size)
{
    return n == 0 || memcmp(a, b, n * size) == 0;
}

static bool start_equal(const struct control_start *a, const struct control_start *b)
{
    return a->stop_at_grant == b->stop_at_grant && a->stop_at_time == b->stop_at_time && a->pace == b->pace &&
           a->skew == b->skew && a->n_wanted == b->n_wanted &&
           same(a->wanted, b->wanted, a->n_wanted, sizeof *a->wanted);
}

static bool order_equal(const struct order *a, const struct order *b)
{
    return a->id == b->id && a->board == b->board && a->kind == b->kind && a->at == b->at &&
           a->number == b->number && a->offset == b->offset && a->size == b->size && a->target == b->target &&
           same(&a->domain, &b->domain, 1, sizeof a->domain) && a->n_shares == b->n_shares &&
           same(a->shares, b->shares, a->n_shares, sizeof *a->shares) && a->n_bytes == b->n_bytes &&
           same(a->bytes, b->bytes, a->n_bytes, 1);
}

static bool orders_equal(const struct control_orders *a, const struct control_orders *b)
{
    bool equal = same(&a->take, &b->take, 1, sizeof a->take) &&
                 same(&a->views, &b->views, 1, sizeof a->views) && a->tables == b->tables &&
                 a->tables_from == b->tables_from && a->lines == b->lines && a->n_orders == b->n_orders;
    for (uint32_t i = 0; equal && i < a->n_orders; i++)
        equal = order_equal(&a->orders[i], &b->orders[i]);
    return equal;
}

static bool reports_equal(const struct control_reports *a, const struct control_reports *b)
{
    return a->n_reports == b->n_reports && a->n_views == b->n_views && a->n_bytes == b->n_bytes &&
           a->tables_size == b->tables_size &&
           same(a->reports, b->reports, a->n_reports, sizeof *a->reports) &&
           same(a->views, b->views, a->n_views, sizeof *a->views) && same(a->bytes, b->bytes, a->n_bytes, 1);
}

void random_partitioning(struct rng *rng, struct control *control)
{
    switch (control->kind) {
    case CONTROL_START:
        fill_start(rng, &control->start);
        break;
    case CONTROL_ORDERS:
        fill_orders(rng, &control->orders);
        break;
    case CONTROL_REPORTS:
        fill_reports(rng, &control->reports);
        break;
    default:
        NP_ASSERT(control->kind == CONTROL_REGROUP);
        fill_regroup(rng, &control->regroup);
    }
}

bool partitioning_equal(const struct control *a, const struct control *b)
{
    return a->kind == CONTROL_START    ? start_equal(&a->start, &b->start)
           : a->kind == CONTROL_ORDERS ? orders_equal(&a->orders, &b->orders)
                                       : reports_equal(&a->reports, &b->reports);
}
