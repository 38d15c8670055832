// SPDX-License-Identifier: Apache-2.0
// The grant computer's rules on small groups whose bounds are set by hand.
#include <CUnit/Basic.h>

#include "fabric/time/horizon.h"

// Two groups of one member each; alone in their partitions, so that only the link between them counts.
static struct group group[2] = {{.n_members = 1, .members = {{.lookahead = SIM_NEVER}}},
                                {.n_members = 1, .members = {{.lookahead = SIM_NEVER}}}};
static const struct groups groups = {.n = 2, .group = group};
static const struct horizon_link link_between = {{0, 1}, 2000};
static const struct horizon_options plain = {0};

static sim_time compute(sim_time reached0, sim_time bound0, sim_time reached1, sim_time bound1, uint32_t g)
{
    const struct horizon_group state[2] = {
        {.reached = reached0, .bound = {bound0}, .stop = SIM_NEVER, .floor_out = SIM_NEVER},
        {.reached = reached1, .bound = {bound1}, .stop = SIM_NEVER, .floor_out = SIM_NEVER}};
    struct rng rng = {0};
    return horizon_compute(state, &groups, &link_between, 1, g, &plain, &rng);
}

static void test_link(void)
{
    CU_ASSERT_EQUAL(compute(0, 0, 0, 0, 0), 2000);
    CU_ASSERT_EQUAL(compute(0, 0, 500, 700, 0), 2700);       // the far group's bound, not what it has reached
    CU_ASSERT_EQUAL(compute(0, 100, 0, SIM_NEVER, 0), 4100); // it may answer what this group sends at 100
    CU_ASSERT_EQUAL(compute(0, SIM_NEVER, 0, SIM_NEVER, 0), SIM_NEVER);
}

// After a resume the far group's bound is what it has reached, less than it was when this group was granted:
// this one waits, the far one goes on.
static void test_resumed(void)
{
    CU_ASSERT_EQUAL(compute(3600, 3600, 1500, 1500, 0), 3600);
    CU_ASSERT_EQUAL(compute(3600, 3600, 1500, 1500, 1), 5500); // group 0 may yet answer what comes at 1500
}

static void test_lookahead(void)
{
    group[0].members[0].lookahead = 50;
    CU_ASSERT_EQUAL(compute(100, 300, 100, 100, 0), 350);
    CU_ASSERT_EQUAL(compute(400, 300, 400, 400, 0), 450); // bounds below what has been reached say nothing
    group[0].members[0].lookahead = SIM_NEVER;
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("horizon", NULL, NULL);
    CU_add_test(suite, "link", test_link);
    CU_add_test(suite, "resumed", test_resumed);
    CU_add_test(suite, "lookahead", test_lookahead);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed ? 1 : 0;
}
