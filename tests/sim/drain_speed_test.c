// SPDX-License-Identifier: Apache-2.0
// What moving a board's pages costs in simulated time: at most a tenth more than its port (headers included)
// or its directory is occupied by it, whichever is more. Measured on figures like those of a Sun Fire 15K
// board with 4 MiB: where the directory is the bottleneck (pages that nobody caches, pages that others hold),
// and where the port is.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "node/board/internal.h"
#include "tests/lib/mini_orders.h"
#include "tests/lib/pool_machine.h"

#define BOARDS   4u
#define LEAVER   1u
#define MEMORY   0x400000u
#define FIRST    0x100000u // frames from here on
#define FRAMES   ((MEMORY - FIRST) / PAGE_BYTES)
#define PAGES    300u // of each board
#define AT_ONCE  64u  // in a drain
#define IN_QUEUE 2u   // drains that a board has in hand: the next order never has to wait for the report
#define LATENCY  (10 * SIM_PS_PER_US)

static struct pool_machine pool;

static void use_sun_figures(struct board_params *params)
{
    params->cpu_hz = 900000000;
    params->l1 = (struct cache_geometry){.bytes = 0x4000, .ways = 4, .latency = 2000};
    params->l2 = (struct cache_geometry){.bytes = 0x80000, .ways = 2, .latency = 15000};
    params->mshrs = 32;
    params->bus_order = params->bus_return = params->agent_latency = params->home_occupancy = 20000;
    params->bus_occupancy = 6667;
    params->local_latency = 5000;
    params->memory_latency = 90000;
    params->memory_bytes_per_s = UINT64_C(9600000000);
    params->port_bytes_per_s = UINT64_C(4800000000);
    params->header_bytes = 8;
}

static void build(const char *protocol, uint64_t count, uint64_t port_bytes_per_s)
{
    struct tiny_shape shape = {.protocol = protocol,
                               .boards = BOARDS,
                               .cpus = 4,
                               .partitions = 1,
                               .memory_bytes = MEMORY,
                               .frames_offset = FIRST};
    pool_machine_init(&pool, &shape);
    pool.tiny.system.flight = 80000;
    for (unsigned i = 0; i < BOARDS; i++) {
        use_sun_figures(&pool.tiny.boards[i].params);
        if (port_bytes_per_s)
            pool.tiny.boards[i].params.port_bytes_per_s = port_bytes_per_s;
    }
    struct cpu_desc *what = &pool_machine_add(&pool, 16, CPU_GENERATOR)->what;
    what->pattern = PATTERN_RANDOM;
    what->size = (uint64_t)BOARDS * PAGES * PAGE_BYTES;
    what->write_permille = 400;
    what->count = count;
}

struct cost {
    uint64_t pages;
    sim_time time, home, port; // of the leaving board
};

static struct board_view view_of(const struct mini_complex *complex, unsigned board)
{
    struct board_view view;
    board_view(complex->boards[board], true, &view);
    return view;
}

// So many pages into the frames of each of the others from frame `first` on.
static void order_drain(struct mini_complex *complex, uint32_t first)
{
    struct order_share shares[BOARDS];
    struct order order = mini_order_of(LEAVER, ORDER_DRAIN);
    order.number = AT_ONCE;
    for (unsigned i = 0; i < BOARDS; i++)
        if (i != LEAVER)
            shares[order.n_shares++] = (struct order_share){(uint16_t)i, first, (AT_ONCE + 2) / 3};
    order.shares = shares;
    mini_order(complex, &order);
}

static struct cost drain_all(struct mini_complex *complex)
{
    struct board_view before = view_of(complex, LEAVER);
    sim_time begin = complex->reached, end = begin;
    struct report report = {.remaining = 1};
    struct cost cost = {0};
    uint32_t first = PAGES;
    for (; first < PAGES + IN_QUEUE * 22; first += 22)
        order_drain(complex, first);
    for (; report.remaining; first += 22) {
        mini_reports(complex, 1, LATENCY, &report);
        CU_ASSERT_EQUAL_FATAL(report.status, REPORT_DONE);
        cost.pages += report.done;
        end = report.at;
        CU_ASSERT_FATAL(first + 22 <= FRAMES);
        if (report.remaining)
            order_drain(complex, first);
    }
    struct board_view after = view_of(complex, LEAVER);
    cost.time = end - begin;
    cost.home = after.home_busy_ps - before.home_busy_ps;
    cost.port = after.egress_busy_ps - before.egress_busy_ps;
    return cost;
}

static double print(const char *what, const struct cost *cost)
{
    sim_time most = sim_max(cost->home, cost->port);
    double ratio = (double)cost->time / (double)most;
    printf("\n    %-44s %llu pages, %.1f us; directory %.1f us, port %.1f us: ratio %.3f ", what,
           (unsigned long long)cost->pages, (double)cost->time / 1e6, (double)cost->home / 1e6,
           (double)cost->port / 1e6, ratio);
    return ratio;
}

static struct cost run(const char *protocol, uint64_t count, uint64_t port, sim_time begin)
{
    struct mini_complex complex;
    struct err err;
    build(protocol, count, port);
    CU_ASSERT_EQUAL_FATAL(mini_open(&complex, &pool.tiny.machine, NULL, &err), ERR_OK);
    mini_run(&complex, begin);
    struct cost cost = drain_all(&complex);
    CU_ASSERT_EQUAL(cost.pages, PAGES);
    mini_run(&complex, complex.reached + 10 * SIM_PS_PER_US);
    CU_ASSERT_EQUAL(mini_counter(&complex, CNT_CHECKS_FAILED), 0);
    mini_close(&complex);
    return cost;
}

static void test_quiet(void)
{
    static const char *const protocols[] = {PROTOCOL_NAMES};
    for (unsigned i = 0; i < NP_ARRAY_LEN(protocols); i++) {
        char what[64];
        struct cost cost = run(protocols[i], 1, 0, SIM_NEVER);
        snprintf(what, sizeof what, "%s, nobody caches them", protocols[i]);
        CU_ASSERT(print(what, &cost) <= 1.10);
        cost = run(protocols[i], 6000, 0, SIM_NEVER);
        snprintf(what, sizeof what, "%s, others hold lines of them", protocols[i]);
        CU_ASSERT(print(what, &cost) <= 1.10);
        cost = run(protocols[i], 6000, 1000000000, SIM_NEVER);
        snprintf(what, sizeof what, "%s, a port of 1 GB/s", protocols[i]);
        CU_ASSERT(print(what, &cost) <= 1.10);
    }
}

// Threads of all boards use the pages meanwhile, and occupy directory and port as well.
static void test_loaded(void)
{
    struct cost loaded = run("sun", 60000, 0, 20 * SIM_PS_PER_US);
    CU_ASSERT(print("sun, while 16 threads use them", &loaded) <= 1.10);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("drain speed", NULL, NULL);
    CU_add_test(suite, "within a tenth of the bottleneck", test_quiet);
    CU_add_test(suite, "under load", test_loaded);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures != 0;
}
