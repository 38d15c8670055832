// SPDX-License-Identifier: Apache-2.0
// What MOESI is for: a line that one board writes and another reads passes between them without a copy for
// memory. The same program ends alike under MESI, whose home gets the line with every read.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/mini_complex.h"
#include "tests/lib/tiny_machine.h"
#include "tests/lib/whole_run.h"

#include "node/cpu/script.h"

#define ROUNDS 20

// Two boards hand a number to and fro; the memory of both lines is board 0's, which runs nothing.
static const char producer[] = "let x = 0x1000\nlet y = 0x1040\n"
                               "loop 20\nplus r1, 1\nstore x, r1\nwait y == r1\nend\n"
                               "load r2, x\nload r3, y\n";
static const char consumer[] = "let x = 0x1000\nlet y = 0x1040\n"
                               "loop 20\nplus r1, 1\nwait x == r1\nstore y, r1\nend\n"
                               "load r2, x\nload r3, y\n";

struct carried {
    uint64_t lines_to_home; // with their data: of Data and Puts
    uint64_t ack_counts, dirty_transfers, owner_fills;
};

static uint64_t lines_sent(const struct board_results *results, unsigned to,
                           const struct board_params *params)
{
    uint64_t headers = results->sent_to[to].messages * params->header_bytes;
    return (results->sent_to[to].bytes - headers) / params->line_bytes;
}

static void check_memory(struct board *board)
{
    const uint64_t *registers = script_registers(board_cpu(board, 0));
    CU_ASSERT_EQUAL(registers[2], ROUNDS);
    CU_ASSERT_EQUAL(registers[3], ROUNDS);
}

static struct carried run(const char *protocol)
{
    static struct tiny_machine tiny;
    static struct board_results results;
    struct carried carried = {0};
    struct mini_complex complex;
    struct err err;
    tiny_machine_init(&tiny, &(struct tiny_shape){.protocol = protocol,
                                                  .boards = 3,
                                                  .cpus = 1,
                                                  .partitions = 1,
                                                  .memory_bytes = UINT64_C(1) << 20});
    tiny_machine_add(&tiny, 1, 0, CPU_SCRIPT)->script = (char *)(uintptr_t)producer;
    tiny_machine_add(&tiny, 2, 0, CPU_SCRIPT)->script = (char *)(uintptr_t)consumer;
    CU_ASSERT_EQUAL_FATAL(mini_open(&complex, &tiny.machine, &(struct mini_options){0}, &err), ERR_OK);
    CU_ASSERT(mini_run(&complex, SIM_NEVER));
    for (unsigned b = 0; b < 3; b++) {
        board_results(complex.boards[b], &results);
        carried.ack_counts += results.sent_by_type[MSG_ACK_COUNT];
        if (b > 0) {
            carried.lines_to_home += lines_sent(&results, 0, &tiny.boards[b].params);
            check_memory(complex.boards[b]);
        }
    }
    carried.dirty_transfers = mini_counter(&complex, CNT_DIRTY_TRANSFERS);
    carried.owner_fills = mini_counter(&complex, CNT_FILLS_OWNER);
    mini_close(&complex);
    return carried;
}

static void test_memory_is_spared(void)
{
    struct carried mesi = run("mesi"), moesi = run("moesi");
    CU_ASSERT(mesi.lines_to_home >= 2 * ROUNDS - 2); // every read but the first of each line finds an owner
    CU_ASSERT_EQUAL(moesi.lines_to_home, 0);
    CU_ASSERT_EQUAL(mesi.ack_counts, 0);
    CU_ASSERT(moesi.ack_counts >= 2 * ROUNDS - 2); // the owner writes again, and holds the data
}

// An owner in O supplies what memory does not have: its data is dirty, and is told from the home's.
static void test_data_is_dirty(void)
{
    struct carried moesi = run("moesi");
    CU_ASSERT(moesi.owner_fills - moesi.dirty_transfers <= 2); // the first of each line, of an owner in E
    CU_ASSERT(moesi.dirty_transfers >= 2 * ROUNDS - 2);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("owned", NULL, NULL);
    CU_add_test(suite, "memory is spared", test_memory_is_spared);
    CU_add_test(suite, "data is dirty", test_data_is_dirty);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
