// SPDX-License-Identifier: Apache-2.0
// A timeline is an observation: it is the same however a run is cut and placed, agrees with the counters and
// histograms, and changes nothing.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/whole_run.h"

#define INTERVAL (100 * SIM_PS_PER_NS)

struct record {
    uint32_t n;
    uint64_t dropped;
    struct timeline_record *items;
};

static struct packed packed;
static struct board_results results;

static void drain(struct board *board, struct record *record)
{
    board_timeline_end(board);
    *record = (struct record){0};
    while (board_timeline_waits(board, 1)) {
        uint64_t dropped;
        record->items = realloc(record->items, (record->n + TIMELINE_CHUNK_MAX) * sizeof *record->items);
        CU_ASSERT_PTR_NOT_NULL_FATAL(record->items);
        record->n += board_timeline(board, record->items + record->n, &dropped);
        record->dropped += dropped;
    }
}

// Runs the scenario; *record is what its first board recorded, `results` what it counted.
static struct digest run(const struct machine *machine, struct packed_options *options, struct record *record)
{
    enum pause_reason reason;
    struct err err;
    CU_ASSERT_EQUAL_FATAL(packed_open(&packed, machine, options, &err), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(packed_run(&packed, &(struct conductor_stop){.time = SIM_NEVER}, &reason, &err),
                          ERR_OK);
    struct digest digest = packed_digest(&packed, NULL);
    board_results(packed.crew.boards[0], &results);
    drain(packed.crew.boards[0], record);
    packed_close(&packed);
    return digest;
}

static void check_slices(const struct record *record)
{
    sim_time end[CPUS_PER_BOARD_MAX][OUTSTANDING_MAX] = {{0}};
    uint64_t sum[SERVED_COUNT] = {0}, count[SERVED_COUNT] = {0};
    for (uint32_t i = 0; i < record->n; i++) {
        const struct timeline_record *r = &record->items[i];
        if (r->kind != TIMELINE_MISS)
            continue;
        CU_ASSERT(r->start >= end[r->cpu][r->lane] && r->end >= r->start);
        end[r->cpu][r->lane] = r->end;
        sum[r->what] += r->end - r->start;
        count[r->what]++;
    }
    for (unsigned i = SERVED_BOARD; i < SERVED_COUNT; i++) {
        CU_ASSERT_EQUAL(count[i], results.latency[i].count);
        CU_ASSERT_EQUAL(sum[i], results.latency[i].sum_ps);
    }
}

// Shares times their intervals add up to the counter, but for rounding to tenths of a per cent and what was
// booked beyond the end.
static void check_shares(const struct record *record, enum timeline_resource resource, enum counter counter)
{
    uint64_t busy = 0, share = 0, intervals = 0;
    sim_time since = 0;
    for (uint32_t i = 0; i < record->n; i++) {
        const struct timeline_record *r = &record->items[i];
        if (r->kind != TIMELINE_SHARE || r->what != resource)
            continue;
        CU_ASSERT(r->value <= 1000 && r->start % INTERVAL == 0 && r->start >= since);
        CU_ASSERT(r->value != share || r->start == 0);
        busy += share * ((r->start - since) / INTERVAL);
        intervals += (r->start - since) / INTERVAL;
        share = r->value;
        since = r->start;
    }
    CU_ASSERT_EQUAL(share, 0); // at the end nothing is left
    uint64_t counted = results.counters[counter] * 1000 / INTERVAL;
    CU_ASSERT(counted > 1000 && busy <= counted + intervals && counted <= busy + intervals);
}

static bool same(const struct record *a, const struct record *b)
{
    bool equal = a->n == b->n;
    for (uint32_t i = 0; equal && i < a->n; i++) {
        const struct timeline_record *x = &a->items[i], *y = &b->items[i];
        equal = x->start == y->start && x->end == y->end && x->value == y->value && x->kind == y->kind &&
                x->what == y->what && x->access == y->access && x->cpu == y->cpu && x->lane == y->lane;
    }
    return equal;
}

static void check_scenario(const char *name)
{
    struct scenario scenario;
    struct record none, first, other;
    char path[PATH_MAX_BYTES];
    snprintf(path, sizeof path, "tests/sim/scenarios/%s.yaml", name);
    whole_read(path, &scenario);
    struct packed_options options = {.threads = 1};
    struct digest plain = run(&scenario.machine, &options, &none);
    CU_ASSERT_EQUAL(none.n, 0);
    options.board.timeline = (struct timeline_range){0, SIM_NEVER, INTERVAL};
    CU_ASSERT(digest_equal(plain, run(&scenario.machine, &options, &first)));
    CU_ASSERT(first.n > 200 && first.dropped == 0);
    check_slices(&first);
    check_shares(&first, RESOURCE_HOME, CNT_HOME_BUSY_PS);
    check_shares(&first, RESOURCE_MEMORY, CNT_MEMORY_BUSY_PS);
    check_shares(&first, RESOURCE_PORT_OUT, CNT_EGRESS_BUSY_PS);
    check_shares(&first, RESOURCE_PORT_IN, CNT_INGRESS_BUSY_PS);
    for (unsigned i = 0; i < 3; i++) {
        options.threads = i == 1 ? 2 : 1;
        options.conductor.horizon.chop = i;
        options.board.reference = i == 2;
        CU_ASSERT(digest_equal(plain, run(&scenario.machine, &options, &other)));
        CU_ASSERT(same(&first, &other));
        free(other.items);
    }
    free(first.items);
    scenario_free(&scenario);
}

static void test_same_everywhere(void)
{
    check_scenario("contiguous-mesi");
    check_scenario("interleave-line-mesi");
    check_scenario("three-partitions-mesi");
}

// A range holds what begins in it, and that as it is in the whole.
static void test_range(void)
{
    struct scenario scenario;
    struct record whole, part;
    sim_time from = 5 * SIM_PS_PER_US, until = 9 * SIM_PS_PER_US;
    whole_read("tests/sim/scenarios/contiguous-mesi.yaml", &scenario);
    struct packed_options options = {.threads = 1,
                                     .board.timeline = (struct timeline_range){0, SIM_NEVER, INTERVAL}};
    run(&scenario.machine, &options, &whole);
    options.board.timeline = (struct timeline_range){from, until, INTERVAL};
    run(&scenario.machine, &options, &part);
    uint32_t misses = 0, expected = 0, shares = 0;
    for (uint32_t i = 0; i < whole.n; i++)
        expected += whole.items[i].kind == TIMELINE_MISS && whole.items[i].start >= from &&
                    whole.items[i].start < until;
    for (uint32_t i = 0; i < part.n; i++) {
        misses += part.items[i].kind == TIMELINE_MISS;
        shares += part.items[i].kind == TIMELINE_SHARE;
        CU_ASSERT(part.items[i].start >= from && part.items[i].start <= until);
    }
    CU_ASSERT(misses == expected && misses > 10 && shares > 10);
    free(whole.items);
    free(part.items);
    scenario_free(&scenario);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("timeline", NULL, NULL);
    CU_add_test(suite, "the same everywhere", test_same_everywhere);
    CU_add_test(suite, "a range", test_range);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
