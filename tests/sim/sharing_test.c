// SPDX-License-Identifier: Apache-2.0
// What boards report of their traffic and of their pages: sums agree with the counters, and a program whose
// requests can be counted by hand has them counted so.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/trace/trace_writer.h"
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

static char path[64];

// Two threads of one process write to the same four pages in turn.
static void write_trace(void)
{
    static const uint64_t addresses[] = {0x500080, 0x501000, 0x600108, 0x700000};
    static const struct trace_symbol symbols[] = {{0x500040, 0x1000, 7, "table"},
                                                  {0x600100, 8, 7, "lock"},
                                                  {0x600200, 0, 7, "tail"},
                                                  {0x700000, 8, 8, "another program's"}};
    struct trace_writer *writer;
    struct err err;
    uint32_t stream;
    CU_ASSERT_EQUAL_FATAL(trace_create(path, &writer, &err), ERR_OK);
    for (uint32_t i = 0; i < 3; i++)
        CU_ASSERT_EQUAL_FATAL(trace_add_stream(writer, i < 2 ? 7 : 8, i, "shared", &stream, &err), ERR_OK);
    for (unsigned i = 0; i < 400; i++) {
        struct trace_ref ref = {.address = addresses[i % 4], .size = 8, .kind = TRACE_STORE};
        CU_ASSERT_EQUAL_FATAL(trace_put(writer, i / 4 % 2, &ref, &err), ERR_OK);
    }
    for (unsigned i = 0; i < 4; i++)
        CU_ASSERT_EQUAL_FATAL(trace_put_symbol(writer, &symbols[i], &err), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(trace_finish(writer, &(struct trace_origin){.complete = true}, NULL, &err), ERR_OK);
}

static const struct page_results *page_at(const struct board_results *results, uint64_t virtual_address)
{
    for (uint32_t i = 0; i < results->n_pages; i++)
        if (results->pages[i].owned && results->pages[i].virtual_address == virtual_address)
            return &results->pages[i];
    return NULL;
}

static void expect_page(const struct board_results *results, uint64_t address, const char *symbol)
{
    const struct page_results *page = page_at(results, address);
    CU_ASSERT_PTR_NOT_NULL_FATAL(page);
    CU_ASSERT_STRING_EQUAL(page->symbol, symbol);
    CU_ASSERT_EQUAL(page->process, 7);
    CU_ASSERT(page->remote > 0);
}

// Replays it with one thread on each board; `gone`: the file is removed before results are asked for.
static void replay(enum placement placement, bool gone, struct board_results results[2])
{
    static struct tiny_machine tiny;
    struct mini_complex complex;
    struct err err;
    write_trace();
    tiny_machine_init(&tiny, &(struct tiny_shape){.protocol = "mesi",
                                                  .boards = 2,
                                                  .cpus = 1,
                                                  .partitions = 1,
                                                  .memory_bytes = 64 * PAGE_BYTES,
                                                  .frames_offset = 8 * PAGE_BYTES});
    for (unsigned b = 0; b < 2; b++) {
        struct cpu_desc *cpu = tiny_machine_add(&tiny, b, 0, CPU_TRACE);
        snprintf(cpu->trace, sizeof cpu->trace, "%s", path);
        cpu->outstanding = 1;
        cpu->program = 0;
        cpu->placement = placement;
        cpu->member = b;
        cpu->members = 2;
    }
    CU_ASSERT_EQUAL_FATAL(mini_open(&complex, &tiny.machine, &(struct mini_options){0}, &err), ERR_OK);
    CU_ASSERT(mini_run(&complex, SIM_NEVER));
    if (gone)
        unlink(path);
    results_of(&complex, 0, &results[0]);
    results_of(&complex, 1, &results[1]);
    mini_close(&complex);
    unlink(path);
}

// First touch: all pages are on the board of the first thread, and the other thread asks for them from there.
static void test_pages_of_a_recording(void)
{
    static struct board_results results[2];
    replay(PLACE_FIRST_TOUCH, false, results);
    CU_ASSERT(results[0].n_pages == 4 && results[1].n_pages == 0);
    expect_page(&results[0], 0x500000, "table");
    expect_page(&results[0], 0x501000, "table+0xfc0");
    expect_page(&results[0], 0x600000, "lock ...");
    expect_page(&results[0], 0x700000, "");
    replay(PLACE_ROUND_ROBIN, false, results); // equal offsets on both boards
    CU_ASSERT(results[0].n_pages == 2 && results[1].n_pages == 2);
    expect_page(&results[0], 0x500000, "table");
    expect_page(&results[1], 0x501000, "table+0xfc0");
    expect_page(&results[0], 0x600000, "lock ...");
    expect_page(&results[1], 0x700000, "");
    replay(PLACE_FIRST_TOUCH, true, results); // then pages have no owners, and no harm is done
    CU_ASSERT(results[0].n_pages == 4 && !results[0].pages[0].owned && !results[0].pages[0].symbol[0]);
}

int main(void)
{
    snprintf(path, sizeof path, "/tmp/np-sharing-%d.nptrace", (int)getpid());
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("sharing", NULL, NULL);
    CU_add_test(suite, "requests counted by hand", test_known_requests);
    CU_add_test(suite, "sums", test_sums);
    CU_add_test(suite, "pages of a recording", test_pages_of_a_recording);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
