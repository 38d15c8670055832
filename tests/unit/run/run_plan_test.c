// SPDX-License-Identifier: Apache-2.0
// Placement of boards on processes.
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/run/plan.h"
#include "proto/codec/control.h"

// A machine whose partitions have these numbers of boards, and one free board at its end.
static struct machine make_machine(const uint32_t *sizes, uint32_t n)
{
    struct machine m = {.n_partitions = n};
    m.partitions = calloc(n, sizeof *m.partitions);
    m.boards = calloc(BOARDS_MAX, sizeof *m.boards);
    CU_ASSERT_FATAL(m.partitions && m.boards);
    for (uint32_t p = 0; p < n; p++)
        for (uint32_t i = 0; i < sizes[p]; i++) {
            m.boards[m.n_boards].partition = p;
            snprintf(m.boards[m.n_boards].name, NAME_MAX_BYTES, "SB%u", m.n_boards);
            m.partitions[p].boards[m.partitions[p].n_boards++] = (uint16_t)m.n_boards++;
        }
    m.boards[m.n_boards].partition = NO_PARTITION;
    snprintf(m.boards[m.n_boards].name, NAME_MAX_BYTES, "SB%u", m.n_boards);
    m.n_boards++;
    return m;
}

static void free_machine(struct machine *m)
{
    free(m->partitions);
    free(m->boards);
}

// "0 0 1 | 1": nodes of the boards in order, partitions apart.
static void expect(const uint32_t *sizes, uint32_t n, uint32_t nodes, const char *expected)
{
    struct machine m = make_machine(sizes, n);
    struct plan plan;
    struct err err;
    char text[256] = "";
    CU_ASSERT_EQUAL_FATAL(plan_make(&plan, &m, nodes, 0, &err), ERR_OK);
    for (uint32_t b = 0; b < m.n_boards - 1; b++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%u",
                 b == 0                                               ? ""
                 : m.boards[b].partition != m.boards[b - 1].partition ? " | "
                                                                      : " ",
                 plan.node_of_board[b]);
    CU_ASSERT_STRING_EQUAL(text, expected);
    if (strcmp(text, expected) != 0)
        printf("\n  %u nodes: %s, expected %s\n", nodes, text, expected);
    uint32_t load[NODES_MAX] = {0};
    for (uint32_t b = 0; b < m.n_boards - 1; b++)
        load[plan.node_of_board[b]]++;
    uint32_t free_at = plan.node_of_board[m.n_boards - 1]; // in no partition: where fewest are
    CU_ASSERT_FATAL(free_at < NODES_MAX);
    uint32_t least = load[free_at];
    for (uint32_t node = 0; node < plan.nodes; node++)
        CU_ASSERT(load[node] > least || (load[node] == least && node >= free_at));
    CU_ASSERT_EQUAL(plan.fabrics, plan.nodes > 1);
    free_machine(&m);
}

static const uint32_t sun[] = {3, 2, 3};

static void test_one_process_per_board(void)
{
    expect(sun, 3, 0, "0 1 2 | 3 4 | 5 6 7");
    expect(sun, 3, 8, "0 1 2 | 3 4 | 5 6 7");
}

static void test_one_process(void)
{
    expect(sun, 3, 1, "0 0 0 | 0 0 | 0 0 0");
    expect((const uint32_t[]){1}, 1, 0, "0");
}

static void test_whole_partitions_stay_together(void)
{
    expect(sun, 3, 2, "0 0 0 | 0 0 | 1 1 1");
    expect(sun, 3, 3, "0 0 0 | 2 2 | 1 1 1");
}

static void test_more_processes_than_partitions(void)
{
    expect(sun, 3, 4, "0 0 1 | 2 2 | 3 3 3");
    expect(sun, 3, 5, "0 0 1 | 2 2 | 3 3 4");
    expect((const uint32_t[]){8}, 1, 3, "0 0 0 1 1 1 2 2");
    expect((const uint32_t[]){8}, 1, 4, "0 0 1 1 2 2 3 3");
}

// Whatever the numbers: every node has a board, and no partition's blocks differ by more than one board.
static void test_every_node_has_work(void)
{
    for (uint32_t a = 1; a <= 6; a++)
        for (uint32_t b = 1; b <= 6; b++)
            for (uint32_t nodes = 1; nodes <= a + b; nodes++) {
                struct machine m = make_machine((const uint32_t[]){a, b}, 2);
                struct plan plan;
                struct err err;
                uint32_t load[12] = {0};
                CU_ASSERT_EQUAL_FATAL(plan_make(&plan, &m, nodes, 0, &err), ERR_OK);
                for (uint32_t i = 0; i < a + b; i++) {
                    CU_ASSERT_FATAL(plan.node_of_board[i] < nodes);
                    load[plan.node_of_board[i]]++;
                }
                for (uint32_t i = 0; i < nodes; i++)
                    CU_ASSERT(load[i] > 0);
                free_machine(&m);
            }
}

static void test_too_many(void)
{
    struct machine m = make_machine(sun, 3);
    struct plan plan;
    struct err err;
    CU_ASSERT_EQUAL(plan_make(&plan, &m, 9, 0, &err), ERR_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "8 boards"));
    CU_ASSERT_EQUAL(plan_make(&plan, &m, 1, 9, &err), ERR_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "--threads"));
    free_machine(&m);
}

static void test_names_of_boards(void)
{
    struct machine m = make_machine(sun, 3);
    struct plan plan;
    struct err err;
    char text[64], small[8];
    CU_ASSERT_EQUAL_FATAL(plan_make(&plan, &m, 2, 0, &err), ERR_OK);
    CU_ASSERT_STRING_EQUAL(plan_boards(&plan, &m, 1, text, sizeof text), "SB5 SB6 SB7 SB8");
    CU_ASSERT_STRING_EQUAL(plan_boards(&plan, &m, 1, small, sizeof small), "SB5 ...");
    free_machine(&m);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("plan", NULL, NULL);
    CU_ADD_TEST(suite, test_one_process_per_board);
    CU_ADD_TEST(suite, test_one_process);
    CU_ADD_TEST(suite, test_whole_partitions_stay_together);
    CU_ADD_TEST(suite, test_more_processes_than_partitions);
    CU_ADD_TEST(suite, test_every_node_has_work);
    CU_ADD_TEST(suite, test_too_many);
    CU_ADD_TEST(suite, test_names_of_boards);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures ? 1 : 0;
}
