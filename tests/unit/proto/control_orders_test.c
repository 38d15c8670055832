// SPDX-License-Identifier: Apache-2.0
// What is refused of the messages of live partitioning. That they come back as they went, and how they look
// on the wire, is tested with all others in control_test.c.
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "proto/codec/control.h"
#include "tests/lib/random_control.h"

// What makes a message wrong.
#define WRONG(name, change)                                                                                  \
    static void name(struct control *control)                                                                \
    {                                                                                                        \
        change;                                                                                              \
    }
WRONG(unknown_group, control->configure.group_of_board[0] = GROUPS_MAX)
WRONG(no_node, control->configure.node_of_board[0] = NO_NODE)
WRONG(regroup_unknown, control->regroup.group_of_board[0] = GROUPS_MAX)
WRONG(regroup_never, control->regroup.at = SIM_NEVER)
WRONG(regroup_nothing, control->regroup.n_boards = 0)
WRONG(want_of_nothing, control->start.wanted[0].group = GROUPS_MAX)
WRONG(want_no_reports, control->start.wanted[0].reports = 0)
WRONG(want_at_once, control->start.wanted[0].latency = 0)
WRONG(want_twice, control->start.wanted[1].group = control->start.wanted[0].group)
WRONG(order_to_nobody, control->orders.orders[0].board = BOARDS_MAX)
WRONG(order_unknown, control->orders.orders[0].kind = ORDER_KIND_COUNT)
WRONG(order_no_target, control->orders.orders[0].target = BOARDS_MAX)
WRONG(order_share, control->orders.orders[0].shares[0].board = BOARDS_MAX)
WRONG(tables_of_nobody, control->orders.tables = BOARDS_MAX)
WRONG(report_by_nobody, control->reports.reports[0].board = BOARDS_MAX)
WRONG(report_unknown, control->reports.reports[0].kind = ORDER_KIND_COUNT)
WRONG(report_status, control->reports.reports[0].status = REPORT_STATUS_COUNT)
WRONG(view_of_nobody, control->reports.views[0].board = BOARDS_MAX)
WRONG(view_twice, control->reports.views[1].board = control->reports.views[0].board)
WRONG(view_of_more, control->reports.views[0].cpus_online = control->reports.views[0].cpus + 1)

static void view_of_more_guest(struct control *control)
{
    control->reports.views[0].cpus = control->reports.views[0].cpus_online = 3;
    control->reports.views[0].guest_cpus = 8;
}

WRONG(reports_beyond, control->reports.tables_size = control->reports.n_bytes - 1)

static void domain_of_nothing(struct control *control)
{
    struct order *order = &control->orders.orders[0];
    order->kind = ORDER_DOMAIN;
    order->domain.partition = PARTITIONS_MAX;
}

static void tables_beyond(struct control *control)
{
    struct order *order = &control->orders.orders[0];
    order->kind = ORDER_TABLES;
    order->size = 8521;
    order->offset = order->size + 1;
}

static void line_too_long(struct control *control)
{
    struct order *order = &control->orders.orders[0];
    order->kind = ORDER_TYPE;
    order->n_bytes = GUEST_INPUT_BYTES_MAX + 1;
    order->bytes = realloc(order->bytes, order->n_bytes);
    memset(order->bytes, 'x', order->n_bytes);
}

static void bytes_for_nothing(struct control *control)
{
    struct order *order = &control->orders.orders[0];
    order->kind = ORDER_ONLINE;
    order->bytes = realloc(order->bytes, 1);
    order->bytes[0] = 0;
    order->n_bytes = 1;
}

// Whether all that a change touches is there.
static bool rich(const struct control *control)
{
    switch (control->kind) {
    case CONTROL_START:
        return control->start.n_wanted >= 2;
    case CONTROL_ORDERS:
        return control->orders.n_orders && control->orders.orders[0].n_shares;
    case CONTROL_REPORTS:
        return control->reports.n_reports && control->reports.n_views >= 2 && control->reports.n_bytes;
    default:
        return true;
    }
}

static void rich_message(enum control_kind kind, struct control *control)
{
    for (uint64_t seed = 1;; seed++) {
        struct rng rng = rng_for(seed, kind);
        random_control(&rng, kind, control);
        if (rich(control))
            return;
        control_free(control);
    }
}

static void expect_refused(const struct bytes *bytes, const char *says)
{
    struct control out;
    struct err err;
    CU_ASSERT_EQUAL(control_decode(bytes->data, bytes->size, &out, &err), ERR_DAMAGED_MESSAGE);
    CU_ASSERT_EQUAL(out.kind, CONTROL_NONE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, says));
}

static void test_wrong_values(void)
{
    static const struct {
        enum control_kind kind;
        void (*change)(struct control *control);
        const char *says;
    } rows[] = {
        {CONTROL_CONFIGURE, unknown_group, "board 0 is in group 256"},
        {CONTROL_CONFIGURE, no_node, "board 0 is placed on node 65535"},
        {CONTROL_REGROUP, regroup_unknown, "board 0 is in group 256"},
        {CONTROL_REGROUP, regroup_never, "REGROUP: groups of"},
        {CONTROL_REGROUP, regroup_nothing, "groups of 0 boards"},
        {CONTROL_START, want_of_nothing, "of group 256"},
        {CONTROL_START, want_no_reports, "START: 0 reports of group"},
        {CONTROL_START, want_at_once, "heard 0 ps later"},
        {CONTROL_START, want_twice, "reports of group"},
        {CONTROL_ORDERS, order_to_nobody, "order 0: board 256"},
        {CONTROL_ORDERS, order_unknown, "kind 14"},
        {CONTROL_ORDERS, order_no_target, "target 256"},
        {CONTROL_ORDERS, order_share, "a share of board 256"},
        {CONTROL_ORDERS, tables_of_nobody, "tables of board 256"},
        {CONTROL_ORDERS, domain_of_nothing, "a domain of partition 256"},
        {CONTROL_ORDERS, tables_beyond, "bytes from 8522 on of 8521"},
        {CONTROL_ORDERS, line_too_long, "order 0: 257 bytes from"},
        {CONTROL_ORDERS, bytes_for_nothing, "order 0: 1 bytes from"},
        {CONTROL_REPORTS, report_by_nobody, "report 0: board 256"},
        {CONTROL_REPORTS, report_unknown, "kind 14"},
        {CONTROL_REPORTS, report_status, "status 4"},
        {CONTROL_REPORTS, view_of_nobody, "view 0: board 256"},
        {CONTROL_REPORTS, view_twice, "view 1 is out of order"},
        {CONTROL_REPORTS, view_of_more, "view 0: board 0"},
        {CONTROL_REPORTS, view_of_more_guest, "view 0: board 0"},
        {CONTROL_REPORTS, reports_beyond, "REPORTS: "},
    };
    struct bytes bytes = {0};
    for (size_t i = 0; i < NP_ARRAY_LEN(rows); i++) {
        struct control control;
        rich_message(rows[i].kind, &control);
        rows[i].change(&control);
        CU_ASSERT_EQUAL(control_encode(&control, &bytes, NULL), ERR_OK);
        expect_refused(&bytes, rows[i].says);
        control_free(&control);
    }
    bytes_free(&bytes);
}

// A list of orders that fits no message is refused where it is made.
static void test_too_large_to_send(void)
{
    struct control control = {.kind = CONTROL_ORDERS};
    struct bytes bytes = {0};
    struct err err;
    control.orders.n_orders = 1 + CONTROL_BYTES_MAX / TABLES_CHUNK_BYTES;
    control.orders.orders = calloc(control.orders.n_orders, sizeof *control.orders.orders);
    for (uint32_t i = 0; i < control.orders.n_orders; i++) {
        struct order *order = &control.orders.orders[i];
        order->kind = ORDER_TABLES;
        order->n_bytes = order->size = TABLES_CHUNK_BYTES;
        order->bytes = calloc(TABLES_CHUNK_BYTES, 1);
    }
    CU_ASSERT_EQUAL(control_encode(&control, &bytes, &err), ERR_LIMIT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "ORDERS message of"));
    control_free(&control);
    bytes_free(&bytes);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("control codec: live partitioning", NULL, NULL);
    CU_ADD_TEST(suite, test_wrong_values);
    CU_ADD_TEST(suite, test_too_large_to_send);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
