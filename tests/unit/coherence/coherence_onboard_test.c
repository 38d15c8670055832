// SPDX-License-Identifier: Apache-2.0
// The table inside a board, used as the board uses it: events reach all holders but the one who asks.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "node/coherence/onboard.h"
#include "node/coherence/print.h"

static void test_store_takes_others_away(void)
{
    struct onboard_view view = {.board = B_M, .n = 3, .l1 = {L_S, L_S, L_S}};
    CU_ASSERT_FALSE(onboard_apply(&onboard_table, &view, L_OTHER_STORE, 1));
    CU_ASSERT_EQUAL(view.l1[0], L_I);
    CU_ASSERT_EQUAL(view.l1[1], L_S); // the one who asks is filled by its own row
    CU_ASSERT_EQUAL(view.l1[2], L_I);
    CU_ASSERT_EQUAL(onboard_step(&onboard_table, L_S, B_M, L_FILL_STORE).next, L_M);
}

static void test_silent_store_is_reported(void)
{
    static const enum onboard_event events[] = {L_OTHER_LOAD, L_DOWN, L_INV, L_EVICT};
    CU_ASSERT_EQUAL(onboard_step(&onboard_table, L_E, B_E, L_STORE).action, OA_HIT);
    for (unsigned i = 0; i < 4; i++) {
        struct onboard_view view = {.board = B_E, .n = 1, .l1 = {L_M}};
        CU_ASSERT_TRUE(onboard_apply(&onboard_table, &view, events[i], view.n));
        CU_ASSERT_EQUAL(view.l1[0], events[i] == L_OTHER_LOAD || events[i] == L_DOWN ? L_S : L_I);
    }
}

static void test_classes_of_transients(void)
{
    CU_ASSERT_EQUAL(onboard_class(C_SM_AD), B_S);
    CU_ASSERT_EQUAL(onboard_class(C_SM_A), B_S);
    CU_ASSERT_EQUAL(onboard_class(C_IM_A), B_I);
    CU_ASSERT_EQUAL(onboard_class(C_MI_A), B_I);
}

// Inclusion: no L1 may hold more than its board, so such a pair has no row at all.
static void test_inclusion(void)
{
    for (unsigned l1 = 0; l1 < L1_STATE_COUNT; l1++)
        for (unsigned board = 0; board < BOARD_CLASS_COUNT; board++)
            for (unsigned event = 0; event < ONBOARD_EVENT_COUNT; event++) {
                bool breaks = (l1 != L_I && board == B_I) || (l1 >= L_E && board == B_S);
                if (breaks)
                    CU_ASSERT_FALSE(onboard_table.cell[l1][board][event].possible);
            }
}

// What is printed is what runs: it names every state in use and stays within a terminal's width.
static void test_printed_tables(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    for (unsigned i = 0; protocol_at(i); i++)
        protocol_print(protocol_at(i), out);
    onboard_print(&onboard_table, out);
    fclose(out);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "SM_AD"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "first-in first-out"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "board M, L1 E"));
    for (const char *line = text; line && *line;) {
        const char *end = strchr(line, '\n');
        CU_ASSERT_TRUE(end - line <= PRINT_WIDTH);
        line = end + 1;
    }
    free(text);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("inside a board", NULL, NULL);
    CU_add_test(suite, "a store takes others away", test_store_takes_others_away);
    CU_add_test(suite, "a silent store is reported", test_silent_store_is_reported);
    CU_add_test(suite, "classes of transients", test_classes_of_transients);
    CU_add_test(suite, "inclusion", test_inclusion);
    CU_add_test(suite, "printed tables", test_printed_tables);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
