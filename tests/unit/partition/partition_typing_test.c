// SPDX-License-Identifier: Apache-2.0
// Lines that are typed at consoles: who gets them, and every refusal, each of which changes nothing.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/fake_boards.h"

#define GUEST 1u // partition SMP2: SB3, which has its console, and SB4

static struct fake fake;

static void begin(void)
{
    fake_init(&fake, FAMILY_SUN, 1);
    strcpy(fake.partitions[GUEST].guest.image, "guest.elf");
    for (uint16_t b = 3; b <= 4; b++) {
        fake.board[b].bound = 4;
        fake.board[b].threads = 0;
    }
}

static enum err_code type(uint32_t partition, const char *text, struct err *err)
{
    struct sc_line line = {.partition = partition};
    memcpy(line.text, text, strlen(text));
    return sc_type(fake.sc, &line, fake.now, err);
}

static const char *last_event(void)
{
    return fake.events[(fake.n_events - 1) % FAKE_EVENTS];
}

static void refused(uint32_t partition, const char *text, enum err_code code, const char *about)
{
    struct err err;
    char says[64];
    uint32_t orders = fake.orders[ORDER_TYPE];
    uint64_t operations = sc_operations(fake.sc);
    enum err_code have = type(partition, text, &err);
    if (have != code || !strstr(err.text, about) || !strchr(err.text, ';'))
        printf("\n  %s: %s\n", err_id(have), err.text);
    CU_ASSERT_EQUAL(have, code);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, about));
    CU_ASSERT_PTR_NOT_NULL(strchr(err.text, ';'));
    CU_ASSERT_EQUAL(fake.orders[ORDER_TYPE], orders);
    CU_ASSERT_EQUAL(sc_operations(fake.sc), operations);
    snprintf(says, sizeof says, "0 refused %s: a line was refused: %s", fake.partitions[partition].name,
             err_id(code));
    CU_ASSERT_STRING_EQUAL(last_event(), says);
}

// Sixteen lines wait at most; one that is read makes room for another.
static void test_lines(void)
{
    struct err err;
    begin();
    for (unsigned i = 0; i < TYPED_LINES_MAX; i++)
        CU_ASSERT_EQUAL(type(GUEST, i ? "D M=CPU" : "", &err), ERR_OK);
    CU_ASSERT_STRING_EQUAL(last_event(), "0 typed SMP2: a line was typed");
    CU_ASSERT_EQUAL(fake.board[3].typed, TYPED_LINES_MAX);
    CU_ASSERT_EQUAL(fake.board[4].typed, 0);
    refused(GUEST, "one too many", ERR_TOO_OFTEN, "16 lines wait");
    fake.board[3].typed--;
    CU_ASSERT_EQUAL(type(GUEST, "now", &err), ERR_OK);
    CU_ASSERT_EQUAL(sc_operations(fake.sc), 0);
    CU_ASSERT_EQUAL(sc_wanted(fake.sc, GUEST), 0);
    fake_free(&fake);
}

static void test_refusals(void)
{
    char longest[GUEST_INPUT_BYTES_MAX - 1] = "";
    struct err err;
    begin();
    memset(longest, 'x', sizeof longest - 1);
    CU_ASSERT_EQUAL(type(GUEST, longest, &err), ERR_OK);
    refused(0, "x", ERR_STATE, "SMP1 has no console");
    refused(GUEST, "a\tb", ERR_REQUEST, "254 printable");
    refused(GUEST, "\xc3\xa4", ERR_REQUEST, "printable");
    fake.board[3].bound = 0; // its CPUs have ended, those of the other board go on
    CU_ASSERT_EQUAL(type(GUEST, "x", &err), ERR_OK);
    fake.board[4].bound = 0;
    refused(GUEST, "x", ERR_STATE, "has ended");
    fake_free(&fake);
}

static void test_off(void)
{
    struct err err;
    struct sc_command key = {.verb = SC_KEYSWITCH, .partition = GUEST, .position = SC_KEY_OFF};
    begin();
    CU_ASSERT_EQUAL_FATAL(fake_begin(&fake, &key, &err), ERR_OK);
    fake_finish(&fake);
    refused(GUEST, "x", ERR_STATE, "SMP2 does not run (Powered Off)");
    fake_free(&fake);
}

// While a board comes, which is no matter of the console.
static void test_beside_an_operation(void)
{
    struct err err;
    struct sc_command add = {.verb = SC_ADD, .board = 7, .partition = GUEST, .level = SC_CONFIGURE};
    begin();
    CU_ASSERT_EQUAL_FATAL(fake_begin(&fake, &add, &err), ERR_OK);
    CU_ASSERT(sc_busy(fake.sc));
    uint32_t wanted = sc_wanted(fake.sc, GUEST);
    CU_ASSERT_EQUAL(type(GUEST, "x", &err), ERR_OK);
    CU_ASSERT_EQUAL(sc_wanted(fake.sc, GUEST), wanted);
    fake_finish(&fake);
    CU_ASSERT_EQUAL(sc_operation(fake.sc, 1)->outcome.code, ERR_OK);
    fake_free(&fake);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("typing", NULL, NULL);
    CU_add_test(suite, "lines", test_lines);
    CU_add_test(suite, "refusals", test_refusals);
    CU_add_test(suite, "a domain that is off", test_off);
    CU_add_test(suite, "beside an operation", test_beside_an_operation);
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
