// SPDX-License-Identifier: Apache-2.0
// Sync groups from a membership: members, lookahead, turnaround, empty groups, boards in none, and what is
// refused.
#include <CUnit/Basic.h>
#include <string.h>

#include "fabric/crossbar/timing.h"
#include "fabric/time/groups.h"
#include "tests/lib/tiny_machine.h"

static struct tiny_machine tiny;
static uint32_t all[BOARDS_MAX];
static struct groups groups;

// Four boards in two partitions, 0 1 and 2 3; boards 0 and 2 on worker 0, the others on worker 1.
static const uint32_t worker_of_board[4] = {0, 1, 0, 1};

static void open_with(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    const uint32_t of_board[4] = {a, b, c, d};
    memcpy(all, of_board, sizeof of_board);
    groups_init(&groups, &tiny.machine, all, worker_of_board);
}

static void test_partitions(void)
{
    groups_of_partitions(&tiny.machine, all);
    groups_init(&groups, &tiny.machine, all, worker_of_board);
    CU_ASSERT_EQUAL(groups.n, 2);
    CU_ASSERT_EQUAL(groups.group[1].n_members, 2);
    CU_ASSERT_EQUAL(groups.group[1].members[1].worker, 1);
    CU_ASSERT_EQUAL(groups.group[1].members[1].n_boards, 1);
    CU_ASSERT_EQUAL(groups.group[1].members[1].boards[0], 3);
    CU_ASSERT_EQUAL(groups.group_of_board[2], 1);
    CU_ASSERT_EQUAL(groups.member_of_board[3], 1);
    CU_ASSERT_EQUAL(groups.group_of_board[4], NO_GROUP);
    CU_ASSERT_EQUAL(groups.group[0].members[0].lookahead, crossbar_lookahead(&tiny.machine, 0, 1));
    CU_ASSERT_EQUAL(groups.group[0].members[0].turnaround, crossbar_turnaround(&tiny.boards[0].params));
    groups_free(&groups);
}

// A joined group has the shortest way of all its pairs; a group may be empty, a board in none.
static void test_joined(void)
{
    tiny.system.boards_per_crossbar = 2;
    tiny.system.far_flight = 5 * tiny.system.flight;
    sim_time near = crossbar_lookahead(&tiny.machine, 0, 1), far = crossbar_lookahead(&tiny.machine, 0, 2);
    CU_ASSERT(near < far);
    open_with(0, 0, 0, NO_GROUP);
    CU_ASSERT_EQUAL(groups.n, 2);
    CU_ASSERT_EQUAL(groups.group[1].n_members, 0);
    CU_ASSERT_EQUAL(groups.group[0].n_members, 2);
    CU_ASSERT_EQUAL(groups.group[0].members[0].n_boards, 2);
    CU_ASSERT_EQUAL(groups.group[0].members[0].lookahead, near); // of board 0 to 1; board 2 has only far ones
    CU_ASSERT_EQUAL(groups.group[0].members[1].lookahead, near);
    groups_free(&groups);
    open_with(0, NO_GROUP, 0, 1);
    CU_ASSERT_EQUAL(groups.group[0].members[0].lookahead, far);
    CU_ASSERT_EQUAL(groups.group[1].members[0].lookahead, SIM_NEVER); // alone
    groups_free(&groups);
    tiny.system.boards_per_crossbar = 0;
    tiny.system.far_flight = 0;
}

// Numbers beyond those of partitions; once there, they stay.
static void test_numbers(void)
{
    open_with(0, 0, 5, 5);
    CU_ASSERT_EQUAL(groups.n, 6);
    CU_ASSERT_EQUAL(groups.group[5].n_members, 2);
    all[2] = all[3] = 1;
    groups_change(&groups, &tiny.machine, all, worker_of_board);
    CU_ASSERT_EQUAL(groups.n, 6);
    CU_ASSERT_EQUAL(groups.group[5].n_members, 0);
    CU_ASSERT_EQUAL(groups.group[1].n_members, 2);
    groups_free(&groups);
}

static void test_comparison(void)
{
    static uint32_t before[BOARDS_MAX], after[BOARDS_MAX];
    bool changed[PARTITIONS_MAX];
    before[3] = after[3] = 7;
    before[4] = NO_GROUP;
    after[4] = 2;
    before[5] = 9;
    after[5] = 8;
    groups_compare(before, after, changed);
    for (uint32_t g = 0; g < PARTITIONS_MAX; g++)
        CU_ASSERT_EQUAL(changed[g], g == 2 || g == 8 || g == 9);
}

static void test_refused(void)
{
    static struct machine two;
    struct system_desc systems[2] = {tiny.system, tiny.system};
    struct board_desc boards[4];
    memcpy(boards, tiny.boards, sizeof boards);
    two = tiny.machine;
    two.systems = systems;
    two.boards = boards;
    boards[2].system = boards[3].system = 1;
    memset(all, 0, sizeof all);
    CU_ASSERT_PTR_NULL(groups_invalid(&tiny.machine, all));
    CU_ASSERT_STRING_EQUAL(groups_invalid(&two, all), "a group has boards of two systems");
    all[2] = all[3] = NO_GROUP;
    CU_ASSERT_PTR_NULL(groups_invalid(&two, all));
    all[0] = PARTITIONS_MAX;
    CU_ASSERT_STRING_EQUAL(groups_invalid(&two, all), "the number of a group is too large");
}

int main(void)
{
    tiny_machine_init(
        &tiny, &(struct tiny_shape){
                   .protocol = "mesi", .boards = 4, .cpus = 1, .partitions = 2, .memory_bytes = 1 << 20});
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("groups", NULL, NULL);
    CU_ADD_TEST(suite, test_partitions);
    CU_ADD_TEST(suite, test_joined);
    CU_ADD_TEST(suite, test_numbers);
    CU_ADD_TEST(suite, test_comparison);
    CU_ADD_TEST(suite, test_refused);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed != 0;
}
