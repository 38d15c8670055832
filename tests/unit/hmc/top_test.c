// SPDX-License-Identifier: Apache-2.0
// The screen of `numaplex top`, drawn without a terminal: what must be there at any size, and what moves.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hmc/cli/top_text.h"
#include "tests/lib/random_api.h"

static struct api_snapshot now;
static struct api_sample before, after;
static struct top_view view;
static struct top_screen screen;

static void make_machine(uint32_t boards)
{
    api_snapshot_free(&now);
    api_sample_free(&before);
    api_sample_free(&after);
    api_snapshot_init(&now, 1, 2, boards, 0);
    strcpy(now.scenario, "fake");
    strcpy(now.state, "running");
    now.time_ps = 1000000;
    for (uint32_t i = 0; i < 2; i++) {
        snprintf(now.partitions[i].name, NAME_MAX_BYTES, "SMP%u", i);
        strcpy(now.partitions[i].state, "Running");
        strcpy(now.partitions[i].position, "on");
    }
    for (uint32_t i = 0; i < boards; i++) {
        struct api_board *b = &now.boards[i];
        snprintf(b->name, sizeof b->name, "SB%u", i);
        snprintf(b->partition, sizeof b->partition, "SMP%u", i % 2);
        strcpy(b->assignment, "active");
        b->powered = true;
        b->cpus = b->cpus_online = 4;
    }
    api_sample_init(&before, 2, boards);
    api_sample_init(&after, 2, boards);
    for (uint32_t i = 0; i < boards; i++)
        after.board_time_ps[i] = 1000;
    after.partition_time_ps[0] = after.partition_time_ps[1] = 1000000; // 1 us
    view = (struct top_view){.now = &now, .before = &before, .after = &after, .message = "the last event"};
}

static void draw(unsigned rows, unsigned columns)
{
    memset(&screen, 'x', sizeof screen);
    screen.rows = rows;
    screen.columns = columns;
    top_draw(&view, &screen);
}

static int row_with(const char *text)
{
    for (unsigned i = 0; i < screen.rows; i++)
        if (strstr(screen.text[i], text))
            return (int)i;
    return -1;
}

static void test_small_terminal(void)
{
    make_machine(8);
    draw(24, 80);
    for (unsigned i = 0; i < 24; i++)
        CU_ASSERT_TRUE(strlen(screen.text[i]) <= 80);
    CU_ASSERT_EQUAL(row_with("numaplex top  fake: running"), 0);
    CU_ASSERT_TRUE(row_with("SMP1") > 0 && row_with("SB7") > 0);
    CU_ASSERT_EQUAL(row_with("the last event"), 22);
    CU_ASSERT_EQUAL(row_with("q quit"), 23);
}

// Boards that do not fit scroll with the selection; it stops at the last one.
static void test_selection(void)
{
    make_machine(64);
    draw(24, 80);
    CU_ASSERT_EQUAL(row_with("SB63"), -1);
    view.selected = 1000;
    draw(24, 80);
    int row = row_with("SB63");
    CU_ASSERT_EQUAL(view.selected, 63);
    CU_ASSERT_TRUE(row > 0 && screen.style[row] == TOP_SELECTED);
    view.selected = 0;
    draw(24, 80);
    CU_ASSERT_TRUE(row_with("SB0 ") > 0 && row_with("SB63") == -1);
}

static void test_rates(void)
{
    make_machine(4);
    after.partition_accesses[1] = 250;   // in 1 us
    after.board_egress_busy_ps[2] = 955; // of 1000
    after.board_ingress_busy_ps[3] = 700;
    after.sent_bytes[2 * 4 + 1] = 640;
    after.sent_bytes[1 * 4 + 2] = 64;
    view.selected = 0;
    draw(40, 100);
    CU_ASSERT_TRUE(row_with("250.0") == row_with("SMP1"));
    int hot = row_with("95.5"), warm = row_with("70.0");
    CU_ASSERT_TRUE_FATAL(hot > 0 && warm > 0);
    CU_ASSERT_EQUAL(screen.style[hot], TOP_HOT);
    CU_ASSERT_EQUAL(screen.style[warm], TOP_WARM);
    CU_ASSERT_PTR_NOT_NULL(strchr(screen.text[row_with("BYTES SENT") + 3], '@'));
    CU_ASSERT_PTR_NULL(strchr(screen.text[row_with("BYTES SENT") + 2], '@'));
    view.before = NULL; // one sample only: no rates, and nothing pretended
    draw(40, 100);
    CU_ASSERT_EQUAL(row_with("BYTES SENT"), -1);
    CU_ASSERT_EQUAL(row_with("250.0"), -1);
}

static void test_states(void)
{
    make_machine(4);
    now.boards[1].drained_bytes = 40;
    now.boards[1].draining_bytes = 60;
    now.boards[2].powered = false;
    now.boards[3].blacklisted = true;
    now.ps_per_s = 1000000000;
    view.lost = true;
    draw(24, 120);
    CU_ASSERT_TRUE(row_with("drain [####......] 40 %") == row_with("SB1      SMP1"));
    CU_ASSERT_TRUE(row_with("powered off") == row_with("SB2      SMP0"));
    CU_ASSERT_TRUE(row_with("blacklisted") == row_with("SB3      SMP1"));
    CU_ASSERT_EQUAL(row_with("slowed to 1.000 ms/s"), 0);
    CU_ASSERT_EQUAL(row_with("connection lost"), 0);
}

// Any snapshot at any size: nothing is written beside the screen.
static void test_any(void)
{
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct rng rng = rng_for(seed, 9);
        struct api_snapshot any;
        random_api_snapshot(&rng, (uint32_t)rng_below(&rng, 40), &any);
        struct top_view other = {.now = &any, .selected = (unsigned)rng_below(&rng, 50)};
        memset(&screen, 0, sizeof screen);
        screen.rows = (unsigned)rng_below(&rng, 60);
        screen.columns = (unsigned)rng_below(&rng, 200);
        top_draw(&other, &screen);
        for (unsigned i = 0; i < TOP_ROWS_MAX; i++)
            CU_ASSERT_TRUE(strlen(screen.text[i]) <= (i < screen.rows ? screen.columns : 0));
        api_snapshot_free(&any);
    }
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("top", NULL, NULL);
    CU_add_test(suite, "80 by 24", test_small_terminal);
    CU_add_test(suite, "selection", test_selection);
    CU_add_test(suite, "rates", test_rates);
    CU_add_test(suite, "states", test_states);
    CU_add_test(suite, "any snapshot at any size", test_any);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    api_snapshot_free(&now);
    api_sample_free(&before);
    api_sample_free(&after);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
