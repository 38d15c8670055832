// SPDX-License-Identifier: Apache-2.0
// Same answer everywhere, in virtual time: threads, cutting of time, run-ahead or not, saved and continued.
// The same for processes and links is in tests/system. Every scenario must do what could go wrong: transfer
// dirty lines, evict, upgrade, tie.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

#include "proto/base/rng.h"
#include "tests/lib/whole_run.h"

#define SCENARIOS(X)                                                                                         \
    X(contiguous, "contiguous-mesi")                                                                         \
    X(fault, "fault-msi")                                                                                    \
    X(broadcast, "directory-broadcast-sun")                                                                  \
    X(recall, "directory-recall-sun")                                                                        \
    X(four_hops, "four-hops-sun")                                                                            \
    X(handover, "handover-msi")                                                                              \
    X(by_line, "interleave-line-mesi")                                                                       \
    X(by_page, "interleave-page-msi")                                                                        \
    X(linked, "linked-partitions-mesi")                                                                      \
    X(mixed, "mixed-mesi")                                                                                   \
    X(owned, "owned-moesi")                                                                                  \
    X(split, "split-l1-mesi")                                                                                \
    X(kernel, "kernel-msi")                                                                                  \
    X(store_buffer, "store-buffer-msi")                                                                      \
    X(threads, "threads-mesi")                                                                               \
    X(three, "three-partitions-mesi")

enum { GRANTS_MAX = 2000, SAVES = 4 };

static void expect_same(const struct machine *machine, const struct whole_result *expected,
                        const struct whole_options *options)
{
    static struct whole_result result;
    whole_run(machine, options, &result);
    CU_ASSERT_EQUAL(result.digest.low, expected->digest.low);
    CU_ASSERT_EQUAL(result.digest.high, expected->digest.high);
    CU_ASSERT_EQUAL(memcmp(result.partition, expected->partition, sizeof result.partition), 0);
    CU_ASSERT_EQUAL(memcmp(result.counters, expected->counters, sizeof result.counters), 0);
}

static void expect_busy(const struct whole_result *result)
{
    CU_ASSERT(result->counters[CNT_DIRTY_TRANSFERS] > 0);
    CU_ASSERT(result->counters[CNT_EVICTIONS_CLEAN] + result->counters[CNT_EVICTIONS_DIRTY] > 0);
    CU_ASSERT(result->counters[CNT_UPGRADES] > 0);
    CU_ASSERT(result->counters[CNT_TIES] > 0);
    CU_ASSERT(result->counters[CNT_CHECKS] > 0);
    CU_ASSERT_STRING_EQUAL(result->first_failure, "");
    CU_ASSERT(result->grants <= GRANTS_MAX);
}

static void expect_evicted_entries(const struct machine *machine, const struct whole_result *result)
{
    if (machine->boards[0].params.directory_entries == 0)
        return;
    CU_ASSERT(result->counters[CNT_DIRECTORY_HITS] > 0);
    CU_ASSERT(result->counters[CNT_DIRECTORY_MISSES] > 0);
    CU_ASSERT(result->counters[CNT_DIRECTORY_EVICTIONS] > 0);
    CU_ASSERT(result->counters[CNT_RECALLS] > 0);
    CU_ASSERT(result->counters[CNT_OVER_INVALIDATIONS] > 0);
    bool broadcasts = machine->systems[0].directory_miss == DIRECTORY_BROADCAST;
    CU_ASSERT_EQUAL(result->counters[CNT_BROADCASTS] > 0, broadcasts);
}

static void check_scenario(const char *name)
{
    char path[PATH_MAX_BYTES];
    struct scenario scenario;
    static struct whole_result expected;
    snprintf(path, sizeof path, "tests/sim/scenarios/%s.yaml", name);
    whole_read(path, &scenario);
    const struct machine *machine = &scenario.machine;
    whole_run(machine, &(struct whole_options){.threads = 1}, &expected);
    expect_busy(&expected);
    expect_evicted_entries(machine, &expected);
    expect_same(machine, &expected, &(struct whole_options){.threads = 2});
    expect_same(machine, &expected, &(struct whole_options){.threads = 3});
    expect_same(machine, &expected, &(struct whole_options){.reference = true});
    expect_same(machine, &expected, &(struct whole_options){.no_bounds = true});
    for (uint64_t seed = 1; seed <= 3; seed++)
        expect_same(machine, &expected, &(struct whole_options){.threads = 1 + seed % 2, .chop = seed});
    struct rng rng = rng_for(7, 7);
    for (unsigned i = 0; i < SAVES; i++)
        expect_same(machine, &expected,
                    &(struct whole_options){.threads = 1 + i % 2,
                                            .threads_after_save = 2 - i % 2,
                                            .chop = i,
                                            .save_at = 1 + rng_below(&rng, expected.grants)});
    scenario_free(&scenario);
}

#define X(function, name)                                                                                    \
    static void test_##function(void)                                                                        \
    {                                                                                                        \
        check_scenario(name);                                                                                \
    }
SCENARIOS(X)
#undef X

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("digest", NULL, NULL);
#define X(function, name) CU_add_test(suite, name, test_##function);
    SCENARIOS(X)
#undef X
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
