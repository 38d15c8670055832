// SPDX-License-Identifier: Apache-2.0
// Boards that come to a guest and go with its consent, while it and a partition of threads work: every
// round's result is checked by the guest, and all is the same whatever the run is cut and placed like, also
// where it is saved and gone on at every cut.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>

#include "coordinator/machine/scenario.h"
#include "proto/base/assert.h"
#include "proto/base/digest.h"
#include "tests/lib/moving_run.h"
#include "tests/lib/whole_run.h"

static struct scenario scenario;
static const struct moving_options plain;

static int start(void)
{
    whole_read("tests/sim/moves/elastic.yaml", &scenario);
    return scenario.n_commands == 0;
}

static int end(void)
{
    scenario_free(&scenario);
    return 0;
}

static void run(const struct moving_options *options, struct moving_result *result)
{
    struct agenda_command commands[8];
    NP_ASSERT(scenario.n_commands <= NP_ARRAY_LEN(commands));
    for (uint32_t i = 0; i < scenario.n_commands; i++)
        commands[i] =
            (struct agenda_command){.at = scenario.commands[i].at, .command = scenario.commands[i].command};
    moving_run(&scenario.machine, commands, scenario.n_commands, options, result);
    CU_ASSERT_STRING_EQUAL(result->first_failure, "");
}

static void test_comes_and_goes(void)
{
    struct moving_result r;
    static const enum err_code outcomes[] = {ERR_OK, ERR_CONSENT, ERR_CONSENT, ERR_OK, ERR_OK};
    run(&plain, &r);
    for (unsigned i = 0; i < NP_ARRAY_LEN(outcomes); i++)
        CU_ASSERT_EQUAL(r.outcome[i], outcomes[i]);
    CU_ASSERT_TRUE(r.under_way == 0 && r.done == 3);
    CU_ASSERT_EQUAL(r.members[0], 0x13); // SB0 SB1 SB4
    CU_ASSERT_EQUAL(r.members[1], 0x0c); // SB2 SB3
    CU_ASSERT_EQUAL(r.uneven, 0);
}

static void expect_same(const struct moving_result *a, const struct moving_options *options, const char *how)
{
    struct moving_result b;
    run(options, &b);
    if (!digest_equal(a->digest, b.digest) || a->history != b.history)
        printf("\n  %s: another result\n", how);
    CU_ASSERT(digest_equal(a->digest, b.digest));
    CU_ASSERT_EQUAL(a->history, b.history);
    CU_ASSERT_EQUAL(a->accesses, b.accesses);
}

static void test_same_everywhere(void)
{
    struct moving_result r;
    run(&plain, &r);
    expect_same(&r, &(struct moving_options){.threads = 2}, "two threads");
    expect_same(&r, &(struct moving_options){.chop = 7}, "chopped grants");
    expect_same(&r, &(struct moving_options){.chop = 8, .threads = 2}, "chopped grants, two threads");
    expect_same(&r, &(struct moving_options){.reference = true}, "one access at a time");
    expect_same(&r, &(struct moving_options){.no_bounds = true}, "without bounds");
    expect_same(&r, &(struct moving_options){.reopen_every = 1}, "saved at every cut");
}

// Saved also where no operation needs a cut: in the middle of what the guest asks of its service element.
static void test_saved_anywhere(void)
{
    struct moving_result r;
    run(&plain, &r);
    expect_same(&r, &(struct moving_options){.reopen_every = 3, .grants_every = 997}, "saved at odd places");
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("elastic", start, end);
    CU_add_test(suite, "boards come to a guest and go", test_comes_and_goes);
    CU_add_test(suite, "the same however it is run", test_same_everywhere);
    CU_add_test(suite, "saved in the middle", test_saved_anywhere);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
