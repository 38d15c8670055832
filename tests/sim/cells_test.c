// SPDX-License-Identifier: Apache-2.0
// Base cells go from one nPartition to another at reboots: threads and pages are dealt out anew over the
// cells that there are, every value is checked, and the outcome does not depend on how the run is made.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>

#include "coordinator/machine/scenario.h"
#include "proto/base/digest.h"
#include "tests/lib/moving_run.h"
#include "tests/lib/whole_run.h"

static struct scenario scenario;
static const struct moving_options plain;

static int start(void)
{
    whole_read("tests/sim/moves/cells.yaml", &scenario);
    return scenario.n_commands != 7;
}

static int end(void)
{
    scenario_free(&scenario);
    return 0;
}

// The first `n` commands.
static void run(uint32_t n, const struct moving_options *options, struct moving_result *result)
{
    struct agenda_command commands[8];
    for (uint32_t i = 0; i < n; i++)
        commands[i] =
            (struct agenda_command){.at = scenario.commands[i].at, .command = scenario.commands[i].command};
    moving_run(&scenario.machine, commands, n, options, result);
    CU_ASSERT_STRING_EQUAL(result->first_failure, "");
    CU_ASSERT(result->checks > 10000);
    CU_ASSERT_EQUAL(result->done, n);
    CU_ASSERT_EQUAL(result->under_way, 0);
}

// Cells are members of what was rebooted last.
static void test_reboots(void)
{
    static const uint64_t members[][2] = {{3, 12}, {3, 12}, {3, 12}, {1, 12}, {1, 6}, {9, 6}, {9, 0}, {9, 6}};
    struct moving_result r;
    for (uint32_t n = NP_SANITIZED ? 7 : 0; n < 8; n++) {
        run(n, &plain, &r);
        CU_ASSERT_EQUAL(r.members[0], members[n][0]);
        CU_ASSERT_EQUAL(r.members[1], members[n][1]);
    }
}

static void expect_same(const struct moving_result *a, const struct moving_options *options, const char *how)
{
    struct moving_result b;
    run(7, options, &b);
    if (!digest_equal(a->digest, b.digest) || a->history != b.history)
        printf("\n  %s: another result\n", how);
    CU_ASSERT(digest_equal(a->digest, b.digest));
    CU_ASSERT_EQUAL(a->history, b.history);
    CU_ASSERT_EQUAL(a->accesses, b.accesses);
}

static void test_same_everywhere(void)
{
    struct moving_result r;
    run(7, &plain, &r);
    expect_same(&r, &(struct moving_options){.threads = 2}, "two threads");
    expect_same(&r, &(struct moving_options){.chop = 7}, "chopped grants");
    expect_same(&r, &(struct moving_options){.reference = true}, "one access at a time");
    expect_same(&r, &(struct moving_options){.reopen_every = 1}, "saved at every cut");
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("base cells", start, end);
    CU_add_test(suite, "cells change at reboots", test_reboots);
    CU_add_test(suite, "the same however it is run", test_same_everywhere);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
