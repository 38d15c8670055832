// SPDX-License-Identifier: Apache-2.0
// The system controller's words as workers pass them on: a board gives away its threads and pages under load,
// and every cut and every byte is the same whatever the threads, the nodes, the wire and the ends of grants.
// Pages go as packets through the conductor, or stay with the thread that has both boards.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "node/host/crew_orders.h"
#include "node/host/packed.h"
#include "proto/base/assert.h"
#include "tests/lib/pool_machine.h"
#include "tests/lib/wired_run.h"

#define BOARDS  4u
#define LEAVER  1u
#define MEMORY  0x80000u
#define FRAMES  ((MEMORY - 0x10000u) / PAGE_BYTES)
#define LATENCY (2 * SIM_PS_PER_US)
#define CUTS    64u

static struct pool_machine pool;

// A complex with its conductor, however it is spread.
struct complex {
    struct conductor *conductor;
    uint32_t n_crews;
    struct crew *crews[WIRED_NODES_MAX];
    uint64_t next_id;
    uint32_t n_cuts;
    sim_time cuts[CUTS]; // at which reports were taken
    uint64_t pages, threads;
};

struct outcome {
    struct digest digest;
    struct complex complex;
};

static void build(void)
{
    struct tiny_shape shape = {.protocol = "mesi",
                               .boards = BOARDS,
                               .cpus = 2,
                               .partitions = 1,
                               .memory_bytes = MEMORY,
                               .granule = 0,
                               .frames_offset = 0x10000};
    pool_machine_init(&pool, &shape);
    for (uint32_t i = 0; i < 2; i++) {
        struct cpu_desc *what = &pool_machine_add(&pool, 5, CPU_GENERATOR)->what;
        what->pattern = i ? PATTERN_RANDOM : PATTERN_PRIVATE;
        what->size = 30 * PAGE_BYTES;
        what->write_permille = 400;
        what->outstanding = 1 + 2 * i;
        what->stride = 64;
    }
    NP_ASSERT(!machine_invalid(&pool.tiny.machine));
}

// Says the same to all crews, as the coordinator does, and puts their answers together.
static void say(const struct complex *complex, const struct control_orders *orders, struct control *sum)
{
    struct err err;
    CU_ASSERT_EQUAL_FATAL(crew_obey(complex->crews[0], orders, sum, &err), ERR_OK);
    for (uint32_t i = 1; i < complex->n_crews; i++) {
        struct control more;
        CU_ASSERT_EQUAL_FATAL(crew_obey(complex->crews[i], orders, &more, &err), ERR_OK);
        struct control_reports *to = &sum->reports, *from = &more.reports;
        to->reports = realloc(to->reports, (to->n_reports + from->n_reports + 1) * sizeof *to->reports);
        to->views = realloc(to->views, (to->n_views + from->n_views + 1) * sizeof *to->views);
        memcpy(to->reports + to->n_reports, from->reports, from->n_reports * sizeof *to->reports);
        memcpy(to->views + to->n_views, from->views, from->n_views * sizeof *to->views);
        to->n_reports += from->n_reports;
        to->n_views += from->n_views;
        control_free(&more);
    }
}

static enum pause_reason run(struct complex *complex, const struct conductor_stop *stop)
{
    enum pause_reason reason;
    struct err err;
    if (conductor_run(complex->conductor, stop, &reason, &err))
        exit(err_report(&err));
    return reason;
}

// Gives the order and waits for its report.
static struct report give(struct complex *complex, struct order *order, sim_time at)
{
    struct control answer;
    struct group_progress progress;
    struct wanted_reports wanted = {0, 1, LATENCY};
    order->id = ++complex->next_id;
    order->at = at;
    say(complex, &(struct control_orders){.tables = NO_BOARD, .n_orders = 1, .orders = order}, &answer);
    control_free(&answer);
    CU_ASSERT_EQUAL_FATAL(
        run(complex, &(struct conductor_stop){.time = SIM_NEVER, .n_wanted = 1, .wanted = &wanted}),
        PAUSE_REPORTS);
    conductor_progress(complex->conductor, 0, &progress);
    NP_ASSERT(complex->n_cuts < CUTS);
    complex->cuts[complex->n_cuts++] = progress.time;
    say(complex, &(struct control_orders){.take.bits = {0xf}, .tables = NO_BOARD}, &answer);
    CU_ASSERT_EQUAL_FATAL(answer.reports.n_reports, 1);
    struct report report = answer.reports.reports[0];
    CU_ASSERT(report.id == order->id && report.board == order->board && report.status == REPORT_DONE);
    CU_ASSERT_EQUAL(report.at + LATENCY, progress.time);
    control_free(&answer);
    return report;
}

static sim_time last_cut(const struct complex *complex)
{
    return complex->cuts[complex->n_cuts - 1];
}

static struct order order_for_others(enum order_kind kind, struct order_share shares[BOARDS])
{
    struct order order = {.board = LEAVER, .kind = kind, .shares = shares};
    for (uint16_t b = 0; b < BOARDS; b++)
        if (b != LEAVER)
            shares[order.n_shares++] = (struct order_share){.board = b, .number = 1};
    return order;
}

static void drain(struct complex *complex)
{
    struct order_share shares[BOARDS];
    struct order order = order_for_others(ORDER_DRAIN, shares);
    struct control views;
    say(complex, &(struct control_orders){.views.bits = {0xf}, .tables = NO_BOARD}, &views);
    CU_ASSERT_EQUAL_FATAL(views.reports.n_views, BOARDS);
    for (uint32_t i = 0; i < views.reports.n_views; i++)
        for (uint32_t k = 0; k < order.n_shares; k++)
            if (shares[k].board == views.reports.views[i].board) {
                shares[k].first = (uint32_t)views.reports.views[i].frames_used; // behind those in use
                shares[k].number = FRAMES - shares[k].first;
            }
    control_free(&views);
    order.number = 5;
    for (struct report report = {.remaining = 1}; report.remaining;) {
        report = give(complex, &order, last_cut(complex));
        complex->pages += report.done;
        for (uint32_t i = 0, rest = (uint32_t)report.done; rest; i++) { // these frames are taken now
            uint32_t n = rest < shares[i].number ? rest : shares[i].number;
            shares[i].first += n;
            shares[i].number -= n;
            rest -= n;
        }
    }
}

static void tell_the_story(struct complex *complex)
{
    struct order_share shares[BOARDS];
    struct order order = order_for_others(ORDER_OFFLINE, shares);
    CU_ASSERT_EQUAL(run(complex, &(struct conductor_stop){.time = 20 * SIM_PS_PER_US}), PAUSE_SAVE_POINT);
    complex->threads = give(complex, &order, 20 * SIM_PS_PER_US).done;
    drain(complex);
    sim_time end = last_cut(complex) + 10 * SIM_PS_PER_US;
    CU_ASSERT_EQUAL(run(complex, &(struct conductor_stop){.time = end}), PAUSE_SAVE_POINT);
}

static void story_packed(uint32_t threads, uint64_t chop, struct outcome *outcome)
{
    struct packed_options options = {
        .threads = threads,
        .conductor = {.horizon = {.stride = 100 * SIM_PS_PER_US, .chop = chop}, .epoch = 1}};
    static struct packed packed;
    struct err err;
    if (packed_open(&packed, &pool.tiny.machine, &options, &err))
        exit(err_report(&err));
    outcome->complex = (struct complex){packed.conductor, 1, {&packed.crew}, 0, 0, {0}, 0, 0};
    tell_the_story(&outcome->complex);
    outcome->digest = packed_digest(&packed, NULL);
    packed_close(&packed);
}

static void story_wired(uint32_t nodes, uint64_t chop, double faults, struct outcome *outcome)
{
    static struct wired wired;
    wired_open(&wired, &pool.tiny.machine, &(struct wired_options){nodes, chop, faults});
    outcome->complex = (struct complex){.conductor = wired.conductor, .n_crews = nodes};
    for (uint32_t i = 0; i < nodes; i++)
        outcome->complex.crews[i] = &wired.nodes[i].crew;
    tell_the_story(&outcome->complex);
    outcome->digest = wired_digest(&wired);
    wired_close(&wired);
}

static void expect_same(const struct outcome *a, const struct outcome *b)
{
    CU_ASSERT_EQUAL(a->digest.low, b->digest.low);
    CU_ASSERT_EQUAL(a->digest.high, b->digest.high);
    CU_ASSERT_EQUAL(a->complex.n_cuts, b->complex.n_cuts);
    CU_ASSERT_EQUAL(memcmp(a->complex.cuts, b->complex.cuts, sizeof a->complex.cuts), 0);
    CU_ASSERT(a->complex.pages == b->complex.pages && a->complex.threads == b->complex.threads);
}

static void test_same_everywhere(void)
{
    struct outcome expected, other;
    build();
    story_packed(1, 0, &expected);
    CU_ASSERT(expected.complex.threads > 0 && expected.complex.pages >= 20 && expected.complex.n_cuts >= 5);
    story_packed(2, 0, &other);
    expect_same(&expected, &other);
    for (uint64_t chop = 1; chop < 4; chop++) {
        story_packed(1 + chop % 2, chop, &other);
        expect_same(&expected, &other);
    }
    story_wired(1, 0, 0, &other);
    expect_same(&expected, &other);
    story_wired(2, 5, 0, &other);
    expect_same(&expected, &other);
    story_wired(4, 0, 0.1, &other);
    expect_same(&expected, &other);
}

static enum err_code refused(struct crew *crew, const struct order *order, const char *says)
{
    struct control answer;
    struct err err;
    enum err_code code =
        crew_obey(crew,
                  &(struct control_orders){
                      .tables = NO_BOARD, .n_orders = 1, .orders = (struct order *)(uintptr_t)order},
                  &answer, &err);
    CU_ASSERT(code && strstr(err.text, says));
    control_free(&answer);
    return code;
}

// Tables longer than a message come and go in pieces; what does not fit the machine or the pieces before is
// refused.
static void test_tables_in_pieces(void)
{
    static struct packed packed;
    struct err err;
    struct control tables, rest;
    struct packed_options options = {.threads = 1, .conductor = {.horizon = {.stride = 100 * SIM_PS_PER_US}}};
    build();
    CU_ASSERT_EQUAL_FATAL(packed_open(&packed, &pool.tiny.machine, &options, &err), ERR_OK);
    struct complex complex = {packed.conductor, 1, {&packed.crew}, 0, 0, {0}, 0, 0};
    run(&complex, &(struct conductor_stop){.time = 20 * SIM_PS_PER_US});
    say(&complex, &(struct control_orders){.tables = 0}, &tables);
    CU_ASSERT_FATAL(tables.reports.n_bytes > 100 && tables.reports.n_bytes == tables.reports.tables_size);
    say(&complex, &(struct control_orders){.tables = 0, .tables_from = 60}, &rest);
    CU_ASSERT_FATAL(rest.reports.n_bytes == tables.reports.n_bytes - 60);
    CU_ASSERT_EQUAL(memcmp(rest.reports.bytes, tables.reports.bytes + 60, rest.reports.n_bytes), 0);
    struct order orders[2] = {{.board = 2, .kind = ORDER_TABLES, .at = 20 * SIM_PS_PER_US}};
    orders[0].size = tables.reports.tables_size;
    orders[0].bytes = tables.reports.bytes;
    orders[0].n_bytes = 60;
    orders[1] = orders[0];
    orders[1].offset = 60;
    orders[1].bytes = rest.reports.bytes;
    orders[1].n_bytes = rest.reports.n_bytes;
    CU_ASSERT_EQUAL(refused(&packed.crew, &orders[1], "from 60 on"), ERR_DAMAGED_MESSAGE);
    struct control answer;
    say(&complex, &(struct control_orders){.tables = NO_BOARD, .n_orders = 2, .orders = orders}, &answer);
    control_free(&answer);
    say(&complex, &(struct control_orders){.tables = NO_BOARD, .take.bits = {4}}, &answer);
    CU_ASSERT_FATAL(answer.reports.n_reports == 1);
    CU_ASSERT_EQUAL(answer.reports.reports[0].kind, ORDER_TABLES);
    control_free(&answer);
    control_free(&tables);
    control_free(&rest);
    packed_close(&packed);
}

static void test_orders_that_do_not_suit(void)
{
    static struct packed packed;
    struct err err;
    struct packed_options options = {.threads = 1};
    build();
    CU_ASSERT_EQUAL_FATAL(packed_open(&packed, &pool.tiny.machine, &options, &err), ERR_OK);
    struct order_share share = {.board = BOARDS};
    struct order order = {.board = BOARDS, .kind = ORDER_POWER};
    refused(&packed.crew, &order, "a board that does not exist");
    order = (struct order){.board = 1, .kind = ORDER_POWER, .at = SIM_NEVER};
    refused(&packed.crew, &order, "at no time");
    order = (struct order){.board = 1, .kind = ORDER_SPREAD, .n_shares = 1, .shares = &share};
    refused(&packed.crew, &order, "a share is of a board of another system");
    share = (struct order_share){.board = 0, .first = 1, .number = MEMORY / PAGE_BYTES};
    order.kind = ORDER_DRAIN;
    refused(&packed.crew, &order, "frames that a board has not");
    order = (struct order){.board = 1, .kind = ORDER_TEST, .size = MEMORY + 1};
    refused(&packed.crew, &order, "more memory than there is");
    order = (struct order){.board = 1, .kind = ORDER_COPY, .target = 1};
    refused(&packed.crew, &order, "or to its own");
    order = (struct order){.board = 1, .kind = ORDER_COPY, .target = 2, .offset = MEMORY, .size = 1};
    refused(&packed.crew, &order, "memory to copy is not there");
    packed_close(&packed);
}

static void expect_domain_refused(struct crew *crew, const struct domain *domain, const char *says)
{
    struct order order = {.board = 1, .kind = ORDER_DOMAIN, .domain = *domain};
    refused(crew, &order, says);
}

static void test_domains_that_do_not_suit(void)
{
    static struct packed packed;
    struct err err;
    struct packed_options options = {.threads = 1};
    build();
    CU_ASSERT_EQUAL_FATAL(packed_open(&packed, &pool.tiny.machine, &options, &err), ERR_OK);
    struct crew *crew = &packed.crew;
    const struct domain good = {
        .members = 0xf, .n_segments = 1, .segments = {{.size = MEMORY, .n_boards = 1, .boards = {2}}}};
    struct domain domain = {.partition = NO_PARTITION, .members = 2};
    expect_domain_refused(crew, &domain, "no partition has members");
    domain = good;
    domain.partition = 1;
    expect_domain_refused(crew, &domain, "no partition of its system");
    domain = good;
    domain.members = 0x1f;
    expect_domain_refused(crew, &domain, "members that its system has not");
    domain.members = 0xd;
    expect_domain_refused(crew, &domain, "no member of its own domain");
    domain.members = 0xb;
    expect_domain_refused(crew, &domain, "a board outside its domain");
    domain = good;
    domain.segments[0].size++;
    expect_domain_refused(crew, &domain, "not a multiple of a page");
    domain.segments[0].size = MEMORY + PAGE_BYTES;
    expect_domain_refused(crew, &domain, "beyond the memory");
    domain.segments[0].n_boards = 2;
    expect_domain_refused(crew, &domain, "more than one board");
    domain = good;
    domain.segments[0].base = UINT64_MAX & ~(uint64_t)(PAGE_BYTES - 1);
    expect_domain_refused(crew, &domain, "leaves the address space");
    domain = good;
    domain.n_segments = 2;
    domain.segments[1] = domain.segments[0];
    expect_domain_refused(crew, &domain, "overlap or are out of order");
    packed_close(&packed);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("orders", NULL, NULL);
    CU_ADD_TEST(suite, test_same_everywhere);
    CU_ADD_TEST(suite, test_tables_in_pieces);
    CU_ADD_TEST(suite, test_orders_that_do_not_suit);
    CU_ADD_TEST(suite, test_domains_that_do_not_suit);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
