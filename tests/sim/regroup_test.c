// SPDX-License-Identifier: Apache-2.0
// Where sync groups join and separate never shows in a result: partitions whose groups are joined, in other
// ways again and again, have the digest of a run that never joined any. In one process with one thread and
// several, over the wire protocol between nodes, with grants cut at random, saved and continued while joined.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"
#include "tests/lib/whole_run.h"
#include "tests/lib/wired_run.h"

// Boards A0 .. A6: partitions P = A0 A2, Q = A1 A4, R = A3, S = A6; A5 is free.
struct change {
    sim_time at;
    uint32_t group_of_board[7];
};
#define NONE NO_GROUP
static const struct change changes[] = {
    {1 * SIM_PS_PER_US, {0, 0, 0, 2, 0, NONE, 3}}, // P and Q, over whose link frames go
    {2345678, {0, 0, 0, 0, 0, 0, 0}},              // all, and the free board
    {4 * SIM_PS_PER_US, {0, 1, 0, 2, 1, NONE, 3}}, // apart
    {4000100, {0, 2, 0, 2, 2, NONE, NONE}},        // Q with R, under R's number; S stands still
    {9 * SIM_PS_PER_US, {0, 1, 0, 5, 1, 4, 1}},    // groups of numbers that no partition has; S goes on
    {14 * SIM_PS_PER_US, {2, 1, 2, 0, 1, 2, 3}},   // P under another number, with the free board
    {20 * SIM_PS_PER_US + 1, {0, 1, 0, 2, 1, NONE, 3}},
};

static struct scenario scenario;
static struct whole_result expected;

static void pause_at(struct conductor *conductor, sim_time at, enum pause_reason wanted)
{
    struct err err;
    enum pause_reason reason;
    struct conductor_stop stop = {.time = at};
    if (conductor_run(conductor, &stop, &reason, &err))
        exit(err_report(&err));
    CU_ASSERT_EQUAL(reason, wanted);
}

static void expect_digest(struct digest digest)
{
    CU_ASSERT_EQUAL(digest.low, expected.digest.low);
    CU_ASSERT_EQUAL(digest.high, expected.digest.high);
}

static void full(const uint32_t *group_of_board, uint32_t all[BOARDS_MAX])
{
    for (uint32_t b = 0; b < BOARDS_MAX; b++)
        all[b] = b < scenario.machine.n_boards ? group_of_board[b] : NO_GROUP;
}

// Takes the complex through its saved form into a fresh one that has the groups of the saved one.
static void reopen(struct packed *packed, struct packed_options *options, const uint32_t *group_of_board)
{
    struct archive saved, loaded;
    struct err err;
    ar_init_save(&saved);
    packed_state(packed, &saved);
    packed_close(packed);
    options->group_of_board = group_of_board;
    options->threads = 3 - options->threads;
    CU_ASSERT_EQUAL_FATAL(packed_open(packed, &scenario.machine, options, &err), ERR_OK);
    ar_init_load(&loaded, saved.bytes, saved.at);
    packed_state(packed, &loaded);
    CU_ASSERT(!ar_failed(&loaded) && loaded.at == saved.at);
    ar_free(&saved);
}

// save: number of the change after which the complex is saved; as many as there are: never.
static void run_packed(uint32_t threads, uint64_t chop, size_t save)
{
    struct packed_options options = {
        .threads = threads,
        .conductor = {.horizon = {.stride = 100 * SIM_PS_PER_US, .chop = chop}, .epoch = 1}};
    struct packed *packed = malloc(sizeof *packed);
    struct err err;
    NP_ASSERT(packed);
    CU_ASSERT_EQUAL_FATAL(packed_open(packed, &scenario.machine, &options, &err), ERR_OK);
    for (size_t i = 0; i < NP_ARRAY_LEN(changes); i++) {
        uint32_t all[BOARDS_MAX];
        full(changes[i].group_of_board, all);
        pause_at(packed->conductor, changes[i].at, PAUSE_SAVE_POINT);
        CU_ASSERT_EQUAL_FATAL(packed_regroup(packed, all, changes[i].at, &err), ERR_OK);
        if (i == save)
            reopen(packed, &options, all);
    }
    pause_at(packed->conductor, SIM_NEVER, PAUSE_UNTIL);
    expect_digest(packed_digest(packed, NULL));
    packed_close(packed);
    free(packed);
}

static void run_wired(uint32_t nodes, uint64_t chop, double faults)
{
    static struct wired wired;
    wired_open(&wired, &scenario.machine, &(struct wired_options){nodes, chop, faults});
    for (size_t i = 0; i < NP_ARRAY_LEN(changes); i++) {
        uint32_t all[BOARDS_MAX];
        full(changes[i].group_of_board, all);
        pause_at(wired.conductor, changes[i].at, PAUSE_SAVE_POINT);
        wired_regroup(&wired, all, changes[i].at);
    }
    pause_at(wired.conductor, SIM_NEVER, PAUSE_UNTIL);
    expect_digest(wired_digest(&wired));
    CU_ASSERT(faults == 0 || wired.stats.duplicates + wired.stats.damaged > 0);
    wired_close(&wired);
}

static void test_in_one_process(void)
{
    for (uint64_t chop = 0; chop < 3; chop++) {
        run_packed(1, chop, NP_ARRAY_LEN(changes));
        run_packed(2, chop, NP_ARRAY_LEN(changes));
    }
}

static void test_saved_while_joined(void)
{
    for (size_t i = 0; i < NP_ARRAY_LEN(changes); i++)
        run_packed(1 + i % 2, i, i);
}

static void test_over_the_wire(void)
{
    for (uint32_t nodes = 1; nodes <= 4; nodes++)
        run_wired(nodes, nodes - 1, 0);
}

// Frames of before a change come late: in the name of a member that is another's by then.
static void test_over_a_bad_wire(void)
{
    run_wired(3, 0, 0.2);
    run_wired(4, 7, 0.1);
}

// One that stood still is brought to where its new group stands, before anything else.
static void test_free_boards_are_brought_along(void)
{
    struct packed_options options = {.threads = 1, .conductor = {.horizon = {.stride = 100 * SIM_PS_PER_US}}};
    struct packed *packed = malloc(sizeof *packed);
    struct err err;
    uint32_t all[BOARDS_MAX];
    NP_ASSERT(packed);
    CU_ASSERT_EQUAL_FATAL(packed_open(packed, &scenario.machine, &options, &err), ERR_OK);
    full(changes[0].group_of_board, all);
    all[6] = NO_GROUP;
    pause_at(packed->conductor, 1 * SIM_PS_PER_US, PAUSE_SAVE_POINT);
    CU_ASSERT_EQUAL(packed_regroup(packed, all, 1 * SIM_PS_PER_US, &err), ERR_OK);
    uint64_t before = board_accesses(packed->crew.boards[6]);
    pause_at(packed->conductor, 3 * SIM_PS_PER_US, PAUSE_SAVE_POINT);
    CU_ASSERT_EQUAL(board_accesses(packed->crew.boards[6]), before);
    all[6] = 0;
    CU_ASSERT_EQUAL(packed_regroup(packed, all, 3 * SIM_PS_PER_US, &err), ERR_OK);
    CU_ASSERT(board_accesses(packed->crew.boards[6]) > before);
    packed_close(packed);
    free(packed);
}

// A board changes its group only where that group stands.
static void test_elsewhere_is_refused(void)
{
    struct packed_options options = {.threads = 1, .conductor = {.horizon = {.stride = 100 * SIM_PS_PER_US}}};
    struct packed *packed = malloc(sizeof *packed);
    struct err err;
    uint32_t all[BOARDS_MAX];
    NP_ASSERT(packed);
    CU_ASSERT_EQUAL_FATAL(packed_open(packed, &scenario.machine, &options, &err), ERR_OK);
    pause_at(packed->conductor, changes[0].at, PAUSE_SAVE_POINT);
    full(changes[0].group_of_board, all);
    CU_ASSERT_EQUAL(packed_regroup(packed, all, changes[0].at + 1, &err), ERR_INTERNAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "partition P changes its boards at 1000001 ps and stands at"));
    all[0] = PARTITIONS_MAX;
    CU_ASSERT_EQUAL(packed_regroup(packed, all, changes[0].at, &err), ERR_DAMAGED_MESSAGE);
    packed_close(packed);
    free(packed);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("regroup", NULL, NULL);
    whole_read("tests/sim/scenarios/regroup-mesi.yaml", &scenario);
    whole_run(&scenario.machine, &(struct whole_options){.threads = 1}, &expected);
    CU_ADD_TEST(suite, test_in_one_process);
    CU_ADD_TEST(suite, test_saved_while_joined);
    CU_ADD_TEST(suite, test_over_the_wire);
    CU_ADD_TEST(suite, test_over_a_bad_wire);
    CU_ADD_TEST(suite, test_free_boards_are_brought_along);
    CU_ADD_TEST(suite, test_elsewhere_is_refused);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    scenario_free(&scenario);
    return failed != 0;
}
