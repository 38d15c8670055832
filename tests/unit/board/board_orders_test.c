// SPDX-License-Identifier: Apache-2.0
// Orders of the system controller, one at a time: what a board does, when it reports, and how things end that
// do not go well.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <string.h>

#include "node/board/internal.h"
#include "proto/base/digest.h"
#include "tests/lib/mini_orders.h"
#include "tests/lib/pool_machine.h"

#define MEMORY  0x40000u
#define FIRST   0x10000u // frames from here on
#define LATENCY SIM_PS_PER_US

static struct pool_machine pool;
static struct mini_complex complex;
static struct mini_orders orders = {.complex = &complex, .latency = LATENCY};

static void build(uint32_t boards, uint32_t store_buffer)
{
    struct tiny_shape shape = {.protocol = "mesi",
                               .boards = boards,
                               .cpus = 2,
                               .partitions = 1,
                               .memory_bytes = MEMORY,
                               .frames_offset = FIRST,
                               .store_buffer = store_buffer};
    pool_machine_init(&pool, &shape);
}

static struct cpu_desc *generator(unsigned board, enum pattern pattern, uint64_t size, uint64_t count)
{
    struct cpu_desc *cpu = tiny_machine_add(&pool.tiny, board, 0, CPU_GENERATOR);
    cpu->pattern = pattern;
    cpu->size = size;
    cpu->count = count;
    cpu->write_permille = 500;
    return cpu;
}

static struct cpu_desc *add_pool(uint32_t threads, enum pattern pattern, uint64_t size)
{
    struct cpu_desc *what = &pool_machine_add(&pool, threads, CPU_GENERATOR)->what;
    what->pattern = pattern;
    what->size = size;
    what->write_permille = 500;
    what->count = 3000;
    return what;
}

static void begin(sim_time until)
{
    struct err err;
    CU_ASSERT_PTR_NULL_FATAL(machine_invalid(&pool.tiny.machine));
    CU_ASSERT_EQUAL_FATAL(mini_open(&complex, &pool.tiny.machine, NULL, &err), ERR_OK);
    mini_run(&complex, until);
}

// All programs end, and none has seen a wrong value.
static void expect_good_end(void)
{
    CU_ASSERT_TRUE(mini_run(&complex, SIM_NEVER));
    CU_ASSERT_EQUAL(mini_counter(&complex, CNT_CHECKS_FAILED), 0);
    CU_ASSERT_EQUAL(mini_counter(&complex, CNT_BUS_ERRORS), 0);
}

static struct board_view view_of(unsigned board)
{
    struct board_view view;
    board_view(complex.boards[board], true, &view);
    return view;
}

static struct report give(unsigned board, const struct order *order)
{
    return mini_give(&orders, 1u << board, order);
}

// The last board is free: the others' partition knows nothing of it.
static void free_last(void)
{
    unsigned last = pool.tiny.machine.n_boards - 1;
    pool.tiny.boards[last].partition = NO_PARTITION;
    pool.tiny.partitions[0].n_boards--;
    pool.tiny.partitions[0].n_segments--;
}

static void test_free_board_joins(void)
{
    static const uint16_t homes[] = {0, 1};
    build(2, 0);
    struct cpu_desc *cpu = tiny_machine_add(&pool.tiny, 0, 0, CPU_SCRIPT);
    cpu->script =
        (char *)(uintptr_t) "let x = 0x41000\ncompute 20us\nstore x, 7\nload r0, x\ncheck r0 == 7\n";
    free_last();
    begin(SIM_PS_PER_US);
    CU_ASSERT_EQUAL(board_bound(complex.boards[1]), SIM_NEVER);
    CU_ASSERT_EQUAL(board_partition(complex.boards[1]), NO_PARTITION);
    CU_ASSERT_FALSE(view_of(1).powered);
    CU_ASSERT_TRUE(view_of(0).powered);
    struct order order = mini_order_of(1, ORDER_POWER);
    order.number = 1;
    give(1, &order);
    CU_ASSERT_TRUE(view_of(1).powered);
    order = mini_order_of(0, ORDER_DOMAIN);
    order.domain = mini_domain(3, 1, homes, 2, MEMORY);
    mini_give(&orders, 3, &order);
    CU_ASSERT_EQUAL(board_partition(complex.boards[1]), 0);
    expect_good_end();
    CU_ASSERT_EQUAL(view_of(1).cached_elsewhere, 1);
    CU_ASSERT_EQUAL(view_of(0).cached_elsewhere, 0);
    CU_ASSERT_EQUAL(view_of(0).lines_cached, 1);
    struct board_view quick;
    board_view(complex.boards[0], false, &quick);
    CU_ASSERT_EQUAL(quick.lines_cached, LINES_NOT_COUNTED);
    CU_ASSERT_EQUAL(quick.cached_elsewhere, LINES_NOT_COUNTED);
    mini_close(&complex);
}

static struct report self_test(uint64_t size, uint64_t poisoned)
{
    build(2, 4);
    free_last();
    begin(SIM_PS_PER_US);
    struct order order = mini_order_of(1, ORDER_TEST);
    order.size = size;
    if (poisoned)
        memory_line(&complex.boards[1]->home.memory, poisoned).home->dir.poison = true;
    struct report report = give(1, &order);
    CU_ASSERT(report.at > 5 * SIM_PS_PER_US);
    CU_ASSERT_EQUAL(view_of(1).lines_cached, 0);
    CU_ASSERT_EQUAL(complex.boards[1]->home.memory.pages, 0);
    CU_ASSERT_EQUAL(view_of(1).bound, 0);
    CU_ASSERT_EQUAL(mini_counter(&complex, CNT_CHECKS_FAILED), 0);
    mini_close(&complex);
    return report;
}

static void test_self_test(void)
{
    struct report report = self_test(MEMORY, 0);
    CU_ASSERT_EQUAL(report.status, REPORT_DONE);
    CU_ASSERT_EQUAL(report.done, MEMORY);
    CU_ASSERT_EQUAL(self_test(0x4000, 0x3fc0).status, REPORT_FAILED_TEST);
    CU_ASSERT_EQUAL(self_test(0x4000, 0x100).status, REPORT_FAILED_TEST);
    CU_ASSERT_EQUAL(self_test(0x4000, 0x4000).status, REPORT_DONE); // beyond what is tested
}

// Memory that forgets in the middle of the test.
static void test_self_test_finds(void)
{
    build(2, 0);
    free_last();
    begin(SIM_PS_PER_US);
    struct order order = mini_order_of(1, ORDER_TEST);
    order.size = MEMORY;
    mini_order(&complex, &order);
    mini_run(&complex, 200 * SIM_PS_PER_US);
    struct memory *memory = &complex.boards[1]->home.memory;
    for (uint64_t at = PAGE_BYTES; at < MEMORY; at += PAGE_BYTES)
        if (memory_peek(memory, at))
            memory_line(memory, at).bytes[5] ^= 4;
    CU_ASSERT(memory->pages > 10);
    struct report report;
    mini_reports(&complex, 1, LATENCY, &report);
    CU_ASSERT_EQUAL(report.status, REPORT_FAILED_TEST);
    mini_close(&complex);
}

// As long as a home waits for somebody's last word, that is on its way.
static void test_quiesce_waits_for_homes(void)
{
    build(2, 0);
    begin(SIM_PS_PER_US);
    struct order order = mini_order_of(0, ORDER_QUIESCE);
    struct dir_line *dir = &memory_line(&complex.boards[0]->home.memory, 0x1040).home->dir;
    dir->state = D_S_D;
    mini_order(&complex, &order);
    mini_run(&complex, 3 * SIM_PS_PER_US);
    CU_ASSERT_EQUAL(board_reports(complex.boards[0]), 0);
    dir->state = D_I;
    struct report report;
    CU_ASSERT(mini_reports(&complex, 1, LATENCY, &report) >= 3 * SIM_PS_PER_US);
    mini_close(&complex);
}

static void test_quiesce(void)
{
    for (uint32_t store_buffer = 0; store_buffer <= 4; store_buffer += 4) {
        build(2, store_buffer);
        generator(0, PATTERN_RANDOM, 2 * MEMORY, 4000);
        generator(1, PATTERN_RANDOM, 2 * MEMORY, 4000);
        begin(10 * SIM_PS_PER_US);
        CU_ASSERT(view_of(0).under_way + view_of(1).under_way > 0);
        CU_ASSERT_EQUAL(view_of(0).bound, 1);
        struct order order = mini_order_of(0, ORDER_QUIESCE);
        mini_give(&orders, 3, &order);
        uint64_t accesses = view_of(0).accesses + view_of(1).accesses;
        CU_ASSERT(view_of(0).quiesced && view_of(0).under_way == 0 && view_of(1).under_way == 0);
        CU_ASSERT_EQUAL(board_bound(complex.boards[0]), SIM_NEVER);
        for (unsigned i = 0; i < 2; i++)
            CU_ASSERT_EQUAL(complex.boards[i]->cpus[0].buffer.n, 0);
        order.kind = ORDER_RESUME;
        complex.reached += 50 * SIM_PS_PER_US;
        mini_give(&orders, 3, &order);
        CU_ASSERT_FALSE(view_of(0).quiesced);
        CU_ASSERT(view_of(0).accesses + view_of(1).accesses > accesses);
        expect_good_end();
        CU_ASSERT_EQUAL(view_of(0).accesses + view_of(1).accesses, 8000);
        mini_close(&complex);
    }
}

static void test_flush(void)
{
    build(2, 0);
    generator(0, PATTERN_RANDOM, 2 * MEMORY, 500);
    begin(SIM_NEVER);
    uint64_t lines = view_of(0).lines_cached;
    CU_ASSERT(lines > 20);
    CU_ASSERT(view_of(1).cached_elsewhere > 0);
    struct order order = mini_order_of(0, ORDER_FLUSH);
    struct report report = give(0, &order);
    CU_ASSERT_EQUAL(report.done, lines);
    CU_ASSERT_EQUAL(view_of(0).lines_cached, 0);
    CU_ASSERT_EQUAL(view_of(1).cached_elsewhere, 0);
    mini_close(&complex);
}

// A program that starts again finds memory as at time 0, and what it counts goes on.
static void test_reset(void)
{
    build(2, 4);
    generator(0, PATTERN_POINTER_CHASE, FIRST, 800)->stride = 64;
    generator(1, PATTERN_POINTER_CHASE, FIRST, 800)->stride = 64;
    for (unsigned i = 0; i < 2; i++) {
        pool.tiny.cpus[i].members = 2;
        pool.tiny.cpus[i].member = i;
    }
    add_pool(5, PATTERN_RANDOM, 8 * PAGE_BYTES);
    begin(60 * SIM_PS_PER_US);
    struct order order = mini_order_of(0, ORDER_QUIESCE);
    mini_give(&orders, 3, &order);
    uint64_t accesses = view_of(0).accesses + view_of(1).accesses;
    uint64_t work = view_of(0).work + view_of(1).work;
    CU_ASSERT(accesses > 100);
    order.kind = ORDER_RESET;
    mini_order(&complex, &order);
    order.board = 1;
    mini_order(&complex, &order);
    CU_ASSERT_EQUAL(view_of(0).lines_cached + view_of(1).lines_cached, 0);
    CU_ASSERT_EQUAL(complex.boards[0]->home.memory.pages, 0);
    struct report reports[2];
    mini_reports(&complex, 2, LATENCY, reports);
    expect_good_end();
    CU_ASSERT_EQUAL(view_of(0).work + view_of(1).work - work, 1600);
    CU_ASSERT_EQUAL(view_of(0).accesses + view_of(1).accesses - accesses, 2 * (512 + 800) + 5 * 3000);
    mini_close(&complex);
}

static void order_each(uint32_t boards, const struct order *order)
{
    struct report reports[3];
    uint32_t n = 0;
    for (unsigned i = 0; i < 3; i++) {
        struct order copy = *order;
        copy.board = (uint16_t)i;
        if (boards >> i & 1) {
            mini_order(&complex, &copy);
            n++;
        }
    }
    mini_reports(&complex, n, LATENCY, reports);
}

// A partition of three boards goes on with two: its threads and pages are theirs alone, in another map, and
// those of the third have ended.
static void test_reset_of_fewer(void)
{
    static const uint16_t homes[] = {2, 1};
    build(3, 4);
    add_pool(7, PATTERN_RANDOM, 20 * PAGE_BYTES);
    begin(60 * SIM_PS_PER_US);
    struct order order = mini_order_of(0, ORDER_QUIESCE);
    mini_give(&orders, 7, &order);
    uint64_t accesses = view_of(0).accesses;
    order.kind = ORDER_DOMAIN;
    order.domain = (struct domain){.partition = NO_PARTITION, .map_version = 1};
    order_each(7, &order);
    CU_ASSERT(view_of(0).threads == 0 && view_of(1).threads == 0 && view_of(0).cpus_online == 0);
    order.domain = mini_domain(6, 2, homes, 2, MEMORY);
    order_each(6, &order);
    order.kind = ORDER_RESET;
    order_each(6, &order);
    CU_ASSERT(view_of(0).threads == 0 && view_of(1).threads == 4 && view_of(2).threads == 3);
    CU_ASSERT(view_of(1).frames_used + view_of(2).frames_used == 20 && view_of(1).frames_used >= 8);
    CU_ASSERT(view_of(1).cpus_online == 2 && view_of(2).frames_used >= 8);
    mini_reload(&complex);
    expect_good_end();
    CU_ASSERT(view_of(0).accesses == accesses && mini_counter(&complex, CNT_CHECKS) > 5000);
    CU_ASSERT(view_of(1).threads + view_of(2).threads == 7 && view_of(1).threads_running == 0);
    mini_close(&complex);
}

static struct order drain_order(uint32_t number, struct order_share *share)
{
    struct order order = mini_order_of(0, ORDER_DRAIN);
    order.number = number;
    order.shares = share;
    order.n_shares = 1;
    return order;
}

// Two drains in hand: the second begins beside the last pages of the first, and finds too few frames.
static void test_drains_in_turn(void)
{
    build(2, 0);
    add_pool(4, PATTERN_RANDOM, 40 * PAGE_BYTES);
    begin(5 * SIM_PS_PER_US);
    uint32_t used = (uint32_t)view_of(0).frames_used, free_at = (uint32_t)view_of(1).frames_used;
    struct order_share first = {1, free_at, 12}, second = {1, free_at + 12, 3};
    struct order order = drain_order(10, &first);
    mini_order(&complex, &order);
    order = drain_order(10, &second);
    order.id = 77;
    mini_order(&complex, &order);
    struct report reports[2];
    mini_reports(&complex, 2, LATENCY, reports);
    CU_ASSERT(reports[0].status == REPORT_DONE && reports[0].done == 10 && reports[0].remaining <= used - 10);
    CU_ASSERT(reports[1].status == REPORT_NO_FRAMES && reports[1].done == 3 && reports[1].id == 77);
    CU_ASSERT_EQUAL(reports[1].remaining, used - 13);
    CU_ASSERT(reports[0].at <= reports[1].at && reports[0].id != 77);
    CU_ASSERT_EQUAL(view_of(1).frames_used, free_at + 13);
    expect_good_end();
    mini_close(&complex);
}

// Stores that wait in store buffers while their page is unmapped are performed before it moves: they leave no
// line behind where it was.
static void test_waits_for_stores(void)
{
    build(3, 8);
    pool.tiny.system.flight = 500 * SIM_PS_PER_NS;
    struct cpu_desc *what = add_pool(6, PATTERN_RANDOM, 24 * PAGE_BYTES);
    what->write_permille = 1000;
    what->count = 500;
    begin(5 * SIM_PS_PER_US);
    struct order_share share = {1, (uint32_t)view_of(1).frames_used, 20};
    struct order order = drain_order(20, &share);
    struct report report = give(0, &order);
    CU_ASSERT(report.status == REPORT_DONE && report.remaining == 0);
    CU_ASSERT(view_of(0).threads_running + view_of(2).threads_running > 0);
    CU_ASSERT_EQUAL(view_of(0).cached_elsewhere, 0);
    expect_good_end();
    CU_ASSERT_EQUAL(view_of(0).cached_elsewhere, 0);
    mini_close(&complex);
}

// A line whose data is lost stays lost where its page goes, and whoever reads it is told.
static void test_lost_data_travels(void)
{
    build(2, 0);
    add_pool(2, PATTERN_RANDOM, 16 * PAGE_BYTES);
    begin(0);
    uint32_t free_at = (uint32_t)view_of(1).frames_used;
    memory_line(&complex.boards[0]->home.memory, FIRST + PAGE_BYTES + 3 * 64).home->dir.poison = true;
    struct order_share share = {1, free_at, 20};
    struct order order = drain_order(20, &share);
    struct report report = give(0, &order);
    CU_ASSERT_EQUAL(report.status, REPORT_LOST);
    CU_ASSERT_EQUAL(report.done, 8);
    CU_ASSERT_EQUAL(report.remaining, 0);
    CU_ASSERT_TRUE(mini_run(&complex, SIM_NEVER));
    CU_ASSERT(mini_counter(&complex, CNT_POISONED) > 0);
    CU_ASSERT_EQUAL(mini_counter(&complex, CNT_CHECKS_FAILED), 0);
    mini_close(&complex);
}

// A board that is no member stands behind a closed gate, whatever the segment map says.
static void test_gate(void)
{
    build(2, 0);
    struct cpu_desc *cpu = tiny_machine_add(&pool.tiny, 0, 0, CPU_SCRIPT);
    cpu->script = (char *)(uintptr_t) "load r0, 0x41000\ncompute 20us\nload r0, 0x42000\n";
    begin(SIM_PS_PER_US);
    CU_ASSERT_EQUAL(mini_counter(&complex, CNT_GATE_REFUSALS), 0);
    static const uint16_t homes[] = {0, 1};
    struct order order = mini_order_of(0, ORDER_DOMAIN);
    order.domain = mini_domain(1, 1, homes, 2, MEMORY);
    give(0, &order);
    CU_ASSERT_TRUE(mini_run(&complex, SIM_NEVER));
    CU_ASSERT_EQUAL(mini_counter(&complex, CNT_GATE_REFUSALS), 1);
    CU_ASSERT_EQUAL(mini_counter(&complex, CNT_BUS_ERRORS), 1);
    mini_close(&complex);
}

// Threads whose contexts are larger than a packet go in parts, and what their way takes shows it.
static void test_large_contexts(void)
{
    sim_time took[2];
    for (unsigned large = 0; large < 2; large++) {
        build(2, 4);
        add_pool(6, PATTERN_RANDOM, 16 * PAGE_BYTES);
        pool.pools[0].context_bytes = large ? 60000 : 512;
        begin(5 * SIM_PS_PER_US);
        struct order_share share = {1, 0, 2};
        struct order order = mini_order_of(0, ORDER_OFFLINE);
        order.shares = &share;
        order.n_shares = 1;
        sim_time from = complex.reached;
        if (large) { // saved when the first parts have come
            mini_order(&complex, &order);
            while (complex.boards[1]->firmware.arriving.n == 0)
                mini_run(&complex, complex.reached + 100 * SIM_PS_PER_NS);
            mini_reload(&complex);
        }
        struct report report;
        if (!large)
            mini_order(&complex, &order);
        mini_reports(&complex, 1, LATENCY, &report);
        took[large] = report.at - from;
        CU_ASSERT_EQUAL(report.done, 4);
        CU_ASSERT(view_of(0).threads == 0 && view_of(1).threads == 6);
        expect_good_end();
        mini_close(&complex);
    }
    CU_ASSERT(took[1] > took[0] + 4 * 60000 * UINT64_C(50)); // 20 GB/s
}

// A board that was never ordered anything hashes as if there were no orders.
static void test_digest(void)
{
    struct digest before, after;
    build(2, 0);
    generator(0, PATTERN_RANDOM, 2 * MEMORY, 500);
    begin(SIM_NEVER);
    before = mini_digest(&complex);
    complex.boards[0]->firmware.seq++;
    CU_ASSERT(digest_equal(before, mini_digest(&complex)));
    complex.boards[0]->firmware.touched = true;
    after = mini_digest(&complex);
    CU_ASSERT_FALSE(digest_equal(before, after));
    complex.boards[0]->firmware.seq++;
    CU_ASSERT_FALSE(digest_equal(after, mini_digest(&complex)));
    mini_close(&complex);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("orders of the system controller", NULL, NULL);
    CU_add_test(suite, "a free board stands still, and joins", test_free_board_joins);
    CU_add_test(suite, "self-test", test_self_test);
    CU_add_test(suite, "self-test of memory that forgets", test_self_test_finds);
    CU_add_test(suite, "quiesce waits for homes", test_quiesce_waits_for_homes);
    CU_add_test(suite, "quiesce and resume", test_quiesce);
    CU_add_test(suite, "flush", test_flush);
    CU_add_test(suite, "reset", test_reset);
    CU_add_test(suite, "reset of fewer boards", test_reset_of_fewer);
    CU_add_test(suite, "drains in turn, and no frames left", test_drains_in_turn);
    CU_add_test(suite, "stores before a page moves", test_waits_for_stores);
    CU_add_test(suite, "lost data travels", test_lost_data_travels);
    CU_add_test(suite, "gate", test_gate);
    CU_add_test(suite, "large contexts", test_large_contexts);
    CU_add_test(suite, "digest", test_digest);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures != 0;
}
