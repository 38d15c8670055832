// SPDX-License-Identifier: Apache-2.0
// What is refused of an order to type a line, before a board has it; and what a line is.
#include <CUnit/Basic.h>
#include <string.h>

#include "node/host/order_rules.h"
#include "proto/base/assert.h"
#include "proto/base/guest.h"

static struct system_desc systems[1] = {{.boards = 3}};
static struct board_desc boards[3] = {{.partition = 0}, {.partition = 0}, {.partition = 1}};
static struct partition_desc partitions[2] = {
    {.n_boards = 2, .boards = {0, 1}, .guest.image = "guest.elf"},
    {.n_boards = 1, .boards = {2}},
};
static const struct machine machine = {.n_systems = 1,
                                       .n_boards = 3,
                                       .n_partitions = 2,
                                       .systems = systems,
                                       .boards = boards,
                                       .partitions = partitions};

static const char *invalid(uint16_t board, const char *line, uint64_t length)
{
    uint8_t bytes[2 * GUEST_INPUT_BYTES_MAX];
    NP_ASSERT(length <= sizeof bytes);
    memcpy(bytes, line, length);
    return order_invalid(
        &machine, &(struct order){
                      .kind = ORDER_TYPE, .board = board, .n_bytes = length, .bytes = length ? bytes : NULL});
}

static void refused(uint16_t board, const char *line, uint64_t length, const char *says)
{
    const char *reason = invalid(board, line, length);
    CU_ASSERT_PTR_NOT_NULL_FATAL(reason);
    CU_ASSERT_PTR_NOT_NULL(strstr(reason, says));
}

static void test_orders(void)
{
    char line[2 * GUEST_INPUT_BYTES_MAX];
    memset(line, 'x', sizeof line);
    CU_ASSERT_PTR_NULL(invalid(0, "", 0));
    CU_ASSERT_PTR_NULL(invalid(0, line, GUEST_INPUT_BYTES_MAX - 2));
    refused(0, line, GUEST_INPUT_BYTES_MAX - 1, "too long");
    refused(0, line, sizeof line, "too long");
    refused(0, "a\nb", 3, "printable");
    refused(0, "a\0b", 3, "printable");
    refused(0, "\x7f", 1, "printable");
    refused(1, "x", 1, "service element"); // not the partition's first board
    refused(2, "x", 1, "service element"); // no guest
    refused(3, "x", 1, "does not exist");
}

static void test_lines(void)
{
    CU_ASSERT(guest_line_ok((const uint8_t *)"~ !", 3));
    CU_ASSERT(guest_line_ok(NULL, 0));
    CU_ASSERT_FALSE(guest_line_ok((const uint8_t *)"\x1b[2J", 4));
    CU_ASSERT_FALSE(guest_line_ok((const uint8_t *)"\xff", 1));
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("typed lines", NULL, NULL);
    CU_add_test(suite, "orders", test_orders);
    CU_add_test(suite, "lines", test_lines);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
