// SPDX-License-Identifier: Apache-2.0
// A board leaves a partition under full load and comes back: its threads go to the other boards, its pages
// follow, page by page while everybody works; its cache is emptied, its gates close, it loses power, tests
// itself, joins again and gets threads. The threads check every value they load. Nothing depends on how time
// is cut, on saving in the middle, or on whether CPUs run ahead.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "node/board/internal.h"
#include "proto/base/digest.h"
#include "tests/lib/mini_orders.h"
#include "tests/lib/mini_story.h"
#include "tests/lib/pool_machine.h"

#define BOARDS  4u
#define LEAVER  1u
#define OTHERS  0xdu // all but it
#define MEMORY  0x80000u
#define FRAMES  ((MEMORY - 0x10000u) / PAGE_BYTES)
#define LATENCY (2 * SIM_PS_PER_US)
#define THREADS 14u // of all pools

static struct pool_machine pool;

static void add_pool(uint32_t n, enum pattern pattern, uint64_t size, uint32_t outstanding)
{
    struct cpu_desc *what = &pool_machine_add(&pool, n, CPU_GENERATOR)->what;
    what->pattern = pattern;
    what->size = size;
    what->write_permille = 400;
    what->outstanding = outstanding;
    what->stride = 64;
    what->count = pattern == PATTERN_POINTER_CHASE ? 1500 : 5000;
}

static void build(const char *protocol, uint32_t store_buffer, uint64_t granule)
{
    struct tiny_shape shape = {.protocol = protocol,
                               .boards = BOARDS,
                               .cpus = 3,
                               .partitions = 1,
                               .memory_bytes = MEMORY,
                               .granule = granule,
                               .frames_offset = 0x10000,
                               .store_buffer = store_buffer};
    pool_machine_init(&pool, &shape);
    add_pool(4, PATTERN_PRIVATE, 40 * PAGE_BYTES, 1);
    add_pool(4, PATTERN_RANDOM, 60 * PAGE_BYTES, 3);
    add_pool(2, PATTERN_HOT_LINES, PAGE_BYTES, 1);
    add_pool(4, PATTERN_POINTER_CHASE, 16 * PAGE_BYTES, 1);
}

static struct board_view view_of(const struct mini_complex *complex, unsigned board)
{
    struct board_view view;
    board_view(complex->boards[board], true, &view);
    return view;
}

static void give(struct mini_orders *orders, uint32_t boards, const struct order *order)
{
    CU_ASSERT_EQUAL(mini_give(orders, boards, order).status, REPORT_DONE);
}

// As many shares of threads as boards in the mask; all of the same size.
static struct order threads_order(unsigned board, enum order_kind kind, uint32_t boards, uint32_t each,
                                  struct order_share *shares)
{
    struct order order = mini_order_of(board, kind);
    for (uint32_t rest = boards; rest; rest &= rest - 1)
        shares[order.n_shares++] =
            (struct order_share){.board = (uint16_t)__builtin_ctz(rest), .number = each};
    order.shares = shares;
    return order;
}

// Free frames of the others are those behind the ones in use, for none was freed before.
static uint32_t drain(struct mini_orders *orders, uint32_t at_once)
{
    struct order_share shares[BOARDS];
    struct order order = mini_order_of(LEAVER, ORDER_DRAIN);
    for (unsigned i = 0; i < BOARDS; i++) {
        uint32_t used = (uint32_t)view_of(orders->complex, i).frames_used;
        if (i != LEAVER)
            shares[order.n_shares++] = (struct order_share){(uint16_t)i, used, FRAMES - used};
    }
    uint32_t moved = 0;
    order.shares = shares;
    order.number = at_once;
    for (struct report report = {.remaining = 1}; report.remaining; moved += (uint32_t)report.done) {
        report = mini_give(orders, 1u << LEAVER, &order);
        CU_ASSERT_EQUAL_FATAL(report.status, REPORT_DONE);
        CU_ASSERT(report.done == at_once || report.remaining == 0);
        for (uint32_t i = 0, rest = (uint32_t)report.done; rest; i++) { // these frames are taken now
            uint32_t n = rest < shares[i].number ? rest : shares[i].number;
            shares[i].first += n;
            shares[i].number -= n;
            rest -= n;
        }
    }
    return moved;
}

static void leave(struct mini_orders *orders)
{
    struct mini_complex *complex = orders->complex;
    struct order_share shares[BOARDS];
    struct order order = threads_order(LEAVER, ORDER_OFFLINE, OTHERS, 2, shares);
    uint64_t threads = view_of(complex, LEAVER).threads, frames = view_of(complex, LEAVER).frames_used;
    CU_ASSERT(threads > 0 && frames > 20);
    struct report report = mini_give(orders, 1u << LEAVER, &order);
    CU_ASSERT_EQUAL(report.done, threads);
    CU_ASSERT_EQUAL(view_of(complex, LEAVER).threads, 0);
    CU_ASSERT_EQUAL(view_of(complex, LEAVER).cpus_online, 0);
    CU_ASSERT_EQUAL(drain(orders, 25), frames);
    order = mini_order_of(LEAVER, ORDER_FLUSH);
    give(orders, 1u << LEAVER, &order);
    struct board_view view = view_of(complex, LEAVER);
    CU_ASSERT_EQUAL(view.frames_used, 0);
    CU_ASSERT_EQUAL(view.lines_cached, 0);
    CU_ASSERT_EQUAL(view.cached_elsewhere, 0);
    CU_ASSERT_EQUAL(view.under_way, 0);
}

static struct domain whole_domain(uint64_t members, uint16_t version, bool with_leaver)
{
    struct domain domain = {.members = members, .map_version = version};
    for (uint32_t i = 0; i < pool.tiny.partitions[0].n_segments; i++)
        if (with_leaver || i != LEAVER)
            domain.segments[domain.n_segments++] = pool.tiny.partitions[0].segments[i];
    return domain;
}

static void part(struct mini_orders *orders)
{
    struct order order = mini_order_of(0, ORDER_DOMAIN);
    order.domain = whole_domain(OTHERS, 1, false);
    give(orders, OTHERS, &order);
    order.domain = (struct domain){.partition = NO_PARTITION};
    give(orders, 1u << LEAVER, &order);
    order = mini_order_of(LEAVER, ORDER_POWER);
    give(orders, 1u << LEAVER, &order);
    order.number = 1;
    give(orders, 1u << LEAVER, &order);
    order = mini_order_of(LEAVER, ORDER_TEST);
    order.size = 0x8000;
    struct report report = mini_give(orders, 1u << LEAVER, &order);
    CU_ASSERT_EQUAL(report.status, REPORT_DONE);
    CU_ASSERT_EQUAL(report.done, 0x8000);
}

static void join(struct mini_orders *orders)
{
    struct mini_complex *complex = orders->complex;
    struct order order = mini_order_of(0, ORDER_DOMAIN);
    struct order_share shares[1];
    struct archive tables;
    order.domain = whole_domain(0xf, 2, true);
    give(orders, 0xf, &order);
    ar_init_save(&tables);
    board_tables(complex->boards[0], &tables);
    order = mini_order_of(LEAVER, ORDER_TABLES);
    order.bytes = tables.bytes;
    order.n_bytes = tables.at;
    give(orders, 1u << LEAVER, &order);
    ar_free(&tables);
    order = mini_order_of(LEAVER, ORDER_ONLINE);
    give(orders, 1u << LEAVER, &order);
    order = threads_order(0, ORDER_SPREAD, 1u << LEAVER, 1, shares);
    CU_ASSERT_EQUAL(mini_give(orders, OTHERS, &order).done, 1);
    CU_ASSERT_EQUAL(view_of(complex, LEAVER).threads, 3);
}

static void story(const struct mini_options *options, bool reload, struct digest *digest)
{
    struct mini_complex complex;
    struct err err;
    CU_ASSERT_EQUAL_FATAL(mini_open(&complex, &pool.tiny.machine, options, &err), ERR_OK);
    struct mini_orders orders = {.complex = &complex, .latency = LATENCY, .reload = reload};
    mini_run(&complex, 20 * SIM_PS_PER_US);
    leave(&orders);
    CU_ASSERT_EQUAL(
        view_of(&complex, 0).threads + view_of(&complex, 2).threads + view_of(&complex, 3).threads, THREADS);
    part(&orders);
    join(&orders);
    CU_ASSERT(view_of(&complex, 0).threads_running > 0); // under load to the last
    mini_story_end(&complex, 30000, digest);
}

static void test_protocols(void)
{
    static const char *const protocols[] = {PROTOCOL_NAMES};
    for (unsigned i = 0; i < NP_ARRAY_LEN(protocols); i++) {
        build(protocols[i], i % 2 ? 4 : 0, 0);
        mini_story_same(story, i == 0);
    }
}

// Frames in stretches of lines that lie apart: pages move, though boards of an interleaved map cannot leave.
static void test_interleaved(void)
{
    static const uint64_t granules[] = {64, 1024, PAGE_BYTES};
    for (unsigned i = 0; i < NP_ARRAY_LEN(granules); i++) {
        struct mini_complex complex;
        struct err err;
        build("mesi", 0, granules[i]);
        CU_ASSERT_EQUAL_FATAL(mini_open(&complex, &pool.tiny.machine, NULL, &err), ERR_OK);
        struct mini_orders orders = {.complex = &complex, .latency = LATENCY};
        mini_run(&complex, 20 * SIM_PS_PER_US);
        leave(&orders);
        CU_ASSERT_TRUE(mini_run(&complex, SIM_NEVER));
        CU_ASSERT_EQUAL(mini_counter(&complex, CNT_CHECKS_FAILED), 0);
        CU_ASSERT(mini_counter(&complex, CNT_CHECKS) > 30000);
        mini_close(&complex);
    }
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("drain", NULL, NULL);
    CU_add_test(suite, "all protocols, with and without store buffers", test_protocols);
    CU_add_test(suite, "interleaved memory", test_interleaved);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures != 0;
}
