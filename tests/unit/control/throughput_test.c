// SPDX-License-Identifier: Apache-2.0
// What partitions have done, for consoles: boards that move, and lines that stay short.
#include <CUnit/Basic.h>
#include <stdlib.h>

#include "coordinator/control/throughput.h"

static struct partition_desc partitions[2];
static struct board_desc boards[2];
static struct machine machine = {
    .n_partitions = 2, .n_boards = 2, .partitions = partitions, .boards = boards};

static void see(struct throughput *work, uint16_t board, uint32_t partition, uint64_t accesses)
{
    throughput_view(work, &(struct board_view){.board = board, .partition = partition, .accesses = accesses});
}

static void test_moves(void)
{
    boards[0].partition = 0;
    boards[1].partition = 1;
    struct throughput *work = throughput_new(&machine);
    see(work, 0, 0, 500);
    see(work, 1, 1, 70);
    CU_ASSERT_TRUE(throughput_accesses(work, 0) == 500 && throughput_accesses(work, 1) == 70);
    see(work, 0, NO_PARTITION, 520);  // until it left
    see(work, 0, NO_PARTITION, 9000); // its self-test
    see(work, 0, 1, 9100);
    CU_ASSERT_TRUE(throughput_accesses(work, 0) == 520 && throughput_accesses(work, 1) == 70);
    see(work, 0, 1, 9107);
    CU_ASSERT_TRUE(throughput_accesses(work, 0) == 520 && throughput_accesses(work, 1) == 77);
    throughput_free(work);
}

static void check_line(const struct api_line *line, sim_time last)
{
    CU_ASSERT_TRUE(line->n_points > API_LINE_POINTS_MAX / 4 && line->n_points <= API_LINE_POINTS_MAX);
    CU_ASSERT_TRUE(line->time_ps[0] == 0 && line->accesses[0] == 0);
    CU_ASSERT_EQUAL(line->time_ps[line->n_points - 1], last);
    for (uint32_t i = 1; i < line->n_points; i++)
        CU_ASSERT_TRUE(line->time_ps[i] > line->time_ps[i - 1] && line->accesses[i] == 3 * line->time_ps[i]);
}

static void test_line(void)
{
    struct throughput *work = throughput_new(&machine);
    struct api_series series = {0};
    for (sim_time at = 1; at <= 20001; at++) {
        see(work, 0, 0, 3 * at);
        throughput_point(work, 0, at);
        throughput_point(work, 0, at); // no time has passed
        throughput_point(work, 0, at / 2);
    }
    throughput_series(work, &series);
    CU_ASSERT_EQUAL_FATAL(series.n_partitions, 2);
    check_line(&series.lines[0], 20001);
    CU_ASSERT_EQUAL(series.lines[1].n_points, 1);
    api_series_free(&series);
    throughput_free(work);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("throughput", NULL, NULL);
    CU_add_test(suite, "moves", test_moves);
    CU_add_test(suite, "line", test_line);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
