// SPDX-License-Identifier: Apache-2.0
// What boards report of their traffic and of their pages: sums agree with the counters, and a program whose
// requests can be counted by hand has them counted so.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/mini_complex.h"
#include "tests/lib/tiny_machine.h"
#include "tests/lib/whole_run.h"

static void results_of(const struct mini_complex *complex, unsigned board, struct board_results *results)
{
    board_results(complex->boards[board], results);
}

// Boards 0 and 1 of the tiny machine; `text` runs on CPU 0 of board 1, all memory below 64 KiB is board 0's.
static void run_script(const char *text, struct board_results results[2])
{
    static struct tiny_machine tiny;
    struct mini_complex complex;
    struct err err;
    tiny_machine_init(
        &tiny,
        &(struct tiny_shape){
            .protocol = "mesi", .boards = 2, .cpus = 1, .partitions = 1, .memory_bytes = UINT64_C(1) << 20});
    tiny_machine_add(&tiny, 1, 0, CPU_SCRIPT)->script = (char *)(uintptr_t)text;
    CU_ASSERT_EQUAL_FATAL(mini_open(&complex, &tiny.machine, &(struct mini_options){0}, &err), ERR_OK);
    CU_ASSERT(mini_run(&complex, SIM_NEVER));
    results_of(&complex, 0, &results[0]);
    results_of(&complex, 1, &results[1]);
    mini_close(&complex);
}

static void test_known_requests(void)
{
    static struct board_results results[2];
    run_script("load r0, 0x1000\nload r0, 0x1040\nstore 0x1040, 1\nstore 0x1080, 1\nload r0, 0x3000\n",
               results);
    const struct page_results *page = results[0].pages;
    CU_ASSERT_EQUAL_FATAL(results[0].n_pages, 2);
    CU_ASSERT_EQUAL(results[1].n_pages, 0);
    CU_ASSERT_EQUAL(page[0].address, 0x1000);
    CU_ASSERT_EQUAL(page[0].requests, 3); // the store to 0x1040 finds the line in E
    CU_ASSERT_EQUAL(page[0].remote, 3);
    CU_ASSERT_EQUAL(page[0].writes, 1);
    CU_ASSERT_EQUAL(page[0].boards, 1);
    CU_ASSERT_EQUAL(page[1].address, 0x3000);
    CU_ASSERT_EQUAL(page[1].requests, 1);
    CU_ASSERT_EQUAL(results[1].sent_to[0].messages, 4);
    CU_ASSERT_EQUAL(results[0].sent_to[1].messages, 4);
    CU_ASSERT_EQUAL(results[1].sent_to[1].messages, 0);
}

// Counted when the home serves them: requests = board misses that reached a home, however often they waited.
static void check_sums(const char *name)
{
    struct scenario scenario;
    char path[PATH_MAX_BYTES];
    static struct packed packed;
    static struct board_results results;
    struct err err;
    enum pause_reason reason;
    snprintf(path, sizeof path, "tests/sim/scenarios/%s.yaml", name);
    whole_read(path, &scenario);
    CU_ASSERT_EQUAL_FATAL(
        packed_open(&packed, &scenario.machine, &(struct packed_options){.threads = 1}, &err), ERR_OK);
    CU_ASSERT_EQUAL(packed_run(&packed, &(struct conductor_stop){.time = SIM_NEVER}, &reason, &err), ERR_OK);
    uint64_t remote = 0, misses = 0;
    for (uint32_t b = 0; b < scenario.machine.n_boards; b++) {
        board_results(packed.crew.boards[b], &results);
        uint64_t messages = 0, bytes = 0;
        for (uint32_t i = 0; i < BOARDS_PER_SYSTEM_MAX; i++) {
            messages += results.sent_to[i].messages;
            bytes += results.sent_to[i].bytes;
        }
        CU_ASSERT_EQUAL(messages, results.counters[CNT_MESSAGES_SENT]);
        CU_ASSERT_EQUAL(bytes, results.counters[CNT_BYTES_SENT]);
        CU_ASSERT(results.n_pages < PAGES_REPORTED_MAX); // so that all pages are in the sums
        for (uint32_t i = 0; i < results.n_pages; i++)
            remote += results.pages[i].remote;
        misses += results.counters[CNT_MISSES_REMOTE];
    }
    CU_ASSERT(remote > 100);
    CU_ASSERT(remote <= misses && misses - remote < 64); // some are on their way at the end
    packed_close(&packed);
    scenario_free(&scenario);
}

static void test_sums(void)
{
    check_sums("handover-msi");
    check_sums("interleave-line-mesi");
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("sharing", NULL, NULL);
    CU_add_test(suite, "requests counted by hand", test_known_requests);
    CU_add_test(suite, "sums", test_sums);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
