// SPDX-License-Identifier: Apache-2.0
// What boards of one share send one another stays there; the rest goes into the answer, and with it when the
// reports were made that wait.
#include <CUnit/Basic.h>

#include "node/board/share.h"
#include "proto/base/assert.h"
#include "tests/lib/tiny_machine.h"

static struct tiny_machine tiny;
static struct board *boards[3];
static struct share share;

static void send(unsigned from, unsigned to, uint32_t link)
{
    uint8_t byte = 0;
    unsigned unit = link == CROSSBAR_PACKET ? UNIT_PORT : UNIT_ADAPTER;
    frame_list_add(board_frames(boards[from]), &(struct frame){.time = 90000,
                                                               .dst = component(to, unit),
                                                               .src = component(from, unit),
                                                               .link = link,
                                                               .size = 1,
                                                               .bytes = &byte});
}

static void test_frames(void)
{
    struct grant grant = {.seq = 1, .until = 1000};
    struct batch batch = {0};
    send(0, 1, CROSSBAR_PACKET);
    send(0, 2, CROSSBAR_PACKET); // a board of another share
    send(1, 0, 0);               // a timed link: the conductor has the clocks of both ends
    CU_ASSERT_EQUAL(board_bound(boards[1]), SIM_NEVER);
    CU_ASSERT_TRUE(share_advance(&share, grant.until, UINT64_MAX));
    share_finish(&share, &grant, &batch);
    CU_ASSERT_EQUAL_FATAL(batch.frames.n, 2);
    CU_ASSERT_EQUAL(component_board(batch.frames.items[0].dst), 2);
    CU_ASSERT_EQUAL(batch.frames.items[0].link, CROSSBAR_PACKET);
    CU_ASSERT_EQUAL(batch.frames.items[1].link, 0);
    CU_ASSERT(batch.bound <= 90000); // the packet is on its way into board 1
    batch_free(&batch);
}

static void test_reports(void)
{
    struct grant grant = {.seq = 2, .until = 7000};
    struct batch batch = {0};
    struct order order = {.id = 5, .board = 1, .kind = ORDER_RESUME, .at = 3000};
    share_advance(&share, 3000, UINT64_MAX);
    board_order(boards[1], &order);
    order.at = 5000;
    share_advance(&share, 5000, UINT64_MAX);
    board_order(boards[0], &order);
    share_advance(&share, grant.until, UINT64_MAX);
    for (int i = 0; i < 2; i++) { // told again as long as they wait
        share_finish(&share, &grant, &batch);
        CU_ASSERT_EQUAL_FATAL(batch.reports.n, 2);
        CU_ASSERT(batch.reports.items[0] == 3000 && batch.reports.items[1] == 5000);
    }
    struct report report;
    CU_ASSERT_TRUE(board_take_report(boards[1], &report));
    share_finish(&share, &grant, &batch);
    CU_ASSERT(batch.reports.n == 1 && batch.reports.items[0] == 5000);
    batch_free(&batch);
}

int main(void)
{
    struct err err;
    tiny_machine_init(
        &tiny, &(struct tiny_shape){
                   .protocol = "mesi", .boards = 3, .cpus = 1, .partitions = 1, .memory_bytes = 1 << 20});
    for (unsigned b = 0; b < 3; b++) {
        boards[b] = board_new(&tiny.machine, b, NULL, &err);
        NP_ASSERT(boards[b]);
    }
    share_add(&share, boards[0], 0);
    share_add(&share, boards[1], 1);
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("share", NULL, NULL);
    CU_ADD_TEST(suite, test_reports);
    CU_ADD_TEST(suite, test_frames);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    for (unsigned b = 0; b < 3; b++)
        board_free(boards[b]);
    return failed != 0;
}
