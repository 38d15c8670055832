// SPDX-License-Identifier: Apache-2.0
// Where threads and pages are: at the beginning, when they leave, when they arrive, and what boards tell each
// other of it.
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "node/board/internal.h"
#include "node/cpu/thread.h"
#include "tests/lib/pool_machine.h"

static struct pool_machine pool;
static struct mini_complex complex_;

static const struct tiny_shape two_boards = {.protocol = "mesi",
                                             .boards = 2,
                                             .cpus = 2,
                                             .partitions = 1,
                                             .memory_bytes = 262144,
                                             .frames_offset = 65536};

static struct cpu_desc *add_pattern(uint32_t n_threads, enum pattern pattern, uint64_t size)
{
    struct cpu_desc *what = &pool_machine_add(&pool, n_threads, CPU_GENERATOR)->what;
    what->pattern = pattern;
    what->size = size;
    what->write_permille = 500;
    return what;
}

static void begin(const struct tiny_shape *shape)
{
    pool_machine_init(&pool, shape);
}

static struct threads *open_threads(unsigned board)
{
    struct err err;
    if (board == 0) {
        CU_ASSERT_PTR_NULL(machine_invalid(&pool.tiny.machine));
        CU_ASSERT_EQUAL_FATAL(mini_open(&complex_, &pool.tiny.machine, NULL, &err), ERR_OK);
    }
    return threads_of(&complex_, board);
}

// Frame by frame the pages that a board holds, as space x 1000 + number.
static void holds(const struct threads *threads, uint32_t n, const uint32_t *expected)
{
    struct virtual_page page;
    uint32_t frame = 0, seen = 0;
    for (; threads_next_frame(threads, &frame, &page); frame++, seen++) {
        CU_ASSERT_FATAL(seen < n);
        CU_ASSERT_EQUAL(page.space * 1000 + page.number, expected[seen]);
    }
    CU_ASSERT_EQUAL(seen, n);
    CU_ASSERT_EQUAL(threads_frames_used(threads), n);
}

// A thread's slice lies where it begins; what all share, in turn.
static void test_first_touch(void)
{
    begin(&two_boards);
    add_pattern(4, PATTERN_PRIVATE, 8 * PAGE_BYTES);
    add_pattern(2, PATTERN_RANDOM, 3 * PAGE_BYTES);
    struct threads *first = open_threads(0), *second = open_threads(1);
    holds(first, 6, (const uint32_t[]){0, 1, 2, 3, 1000, 1002});
    holds(second, 5, (const uint32_t[]){4, 5, 6, 7, 1001});
    mini_close(&complex_);
}

// A board has 48 frames. What does not fit goes to the next; a board can be full to the last frame.
static void test_overflow(void)
{
    begin(&two_boards);
    add_pattern(1, PATTERN_PRIVATE, UINT64_C(96) * PAGE_BYTES);
    struct threads *first = open_threads(0), *second = open_threads(1);
    CU_ASSERT_EQUAL(threads_frames_used(first), 48);
    CU_ASSERT_EQUAL(threads_frames_used(second), 48);
    uint32_t frame = 0;
    struct virtual_page page;
    CU_ASSERT_TRUE(threads_next_frame(second, &frame, &page));
    CU_ASSERT_EQUAL(page.number, 48);
    mini_close(&complex_);
}

static void test_pages(void)
{
    begin(&two_boards);
    add_pattern(2, PATTERN_RANDOM, 2 * PAGE_BYTES);
    struct threads *first = open_threads(0), *second = open_threads(1);
    struct virtual_page page = {0, 0};
    threads_unmap(first, page, 0);
    holds(first, 1, (const uint32_t[]){0}); // still its frame
    threads_map(first, page, 262144 + 65536 + 5 * PAGE_BYTES, 0);
    holds(first, 0, (const uint32_t[]){0});
    threads_unmap(second, page, 0);
    threads_map(second, page, 262144 + 65536 + 5 * PAGE_BYTES, 0);
    holds(second, 2, (const uint32_t[]){1, 0});
    uint32_t frame = 1;
    CU_ASSERT_TRUE(threads_next_frame(second, &frame, &page));
    CU_ASSERT_EQUAL(frame, 5);
    mini_close(&complex_);
}

// No access begins on a page that is unmapped; those that had begun keep it from being quiet.
static void test_quiet(void)
{
    begin(&two_boards);
    add_pattern(2, PATTERN_RANDOM, 64);
    struct threads *threads = open_threads(0);
    const struct virtual_page page = {0, 0};
    const struct cpu *cpu = board_cpu(complex_.boards[0], 0);
    sim_time at = 100 * SIM_PS_PER_NS;
    while (cpu->n_under_way == 0)
        mini_run(&complex_, at++);
    for (unsigned i = 0; i < 2; i++)
        threads_unmap(threads_of(&complex_, i), page, at);
    CU_ASSERT_FALSE(threads_quiet(threads, page));
    mini_run(&complex_, at + SIM_PS_PER_US);
    CU_ASSERT_TRUE(threads_quiet(threads, page));
    uint64_t before = board_accesses(complex_.boards[0]);
    mini_run(&complex_, at + 2 * SIM_PS_PER_US);
    CU_ASSERT_EQUAL(board_accesses(complex_.boards[0]), before);
    for (unsigned i = 0; i < 2; i++)
        threads_map(threads_of(&complex_, i), page, 65536, at + 2 * SIM_PS_PER_US);
    mini_run(&complex_, at + 3 * SIM_PS_PER_US);
    CU_ASSERT(board_accesses(complex_.boards[0]) > before);
    mini_close(&complex_);
}

static uint32_t threads_on(unsigned board, unsigned cpu)
{
    const struct pool_cpu *slot = board_cpu(complex_.boards[board], cpu)->pool;
    return slot->waiting.n + (slot->current != NULL);
}

static struct thread *thread_at(unsigned board, unsigned cpu)
{
    return board_cpu(complex_.boards[board], cpu)->pool->current;
}

// Busy CPUs give threads, those with few get them; who waits goes before who runs.
static void test_balance(void)
{
    uint8_t *bytes[6];
    uint32_t size[6], n = 0;
    sim_time at;
    begin(&two_boards);
    add_pattern(11, PATTERN_RANDOM, 8192);
    struct threads *first = open_threads(0), *second = open_threads(1);
    CU_ASSERT_EQUAL(threads_here(first), 6);
    CU_ASSERT_EQUAL(threads_on(1, 0), 3);
    CU_ASSERT_EQUAL(threads_on(1, 1), 2);
    mini_run(&complex_, SIM_PS_PER_US);
    threads_dismiss(first, 3, SIM_PS_PER_US);
    CU_ASSERT_EQUAL(threads_on(0, 0), 1);
    CU_ASSERT_EQUAL(threads_on(0, 1), 2);
    CU_ASSERT_EQUAL(threads_here(first), 6);
    CU_ASSERT_EQUAL(threads_running(first), 6);
    for (; threads_depart(first, &bytes[n], &size[n], &at); n++)
        CU_ASSERT_EQUAL(at, SIM_PS_PER_US);
    CU_ASSERT_EQUAL(n, 3);
    CU_ASSERT_EQUAL(threads_here(first), 3);
    for (uint32_t i = 0; i < n; i++) {
        threads_arrive(second, bytes[i], size[i], SIM_PS_PER_US);
        free(bytes[i]);
    }
    CU_ASSERT_EQUAL(threads_on(1, 0), 4);
    CU_ASSERT_EQUAL(threads_on(1, 1), 4);
    mini_close(&complex_);
}

// Whoever has a CPU leaves when nothing of it is under way; all leave, and the CPUs are free.
static void test_offline(void)
{
    uint8_t *bytes;
    uint32_t size, n = 0;
    sim_time at, T = 1234 * SIM_PS_PER_NS;
    begin(&two_boards);
    add_pattern(8, PATTERN_RANDOM, 8192);
    struct threads *first = open_threads(0);
    mini_run(&complex_, T);
    CU_ASSERT_EQUAL(threads_cpus_online(first), 2);
    threads_offline(first, T);
    CU_ASSERT_EQUAL(threads_cpus_online(first), 0);
    threads_dismiss(first, threads_here(first), T);
    while (threads_here(first)) {
        mini_run(&complex_, T++);
        for (; threads_depart(first, &bytes, &size, &at); n++) {
            CU_ASSERT(at >= 1234 * SIM_PS_PER_NS && at <= T);
            free(bytes);
        }
    }
    CU_ASSERT_EQUAL(n, 4);
    CU_ASSERT_EQUAL(board_running(complex_.boards[0]), 0);
    for (unsigned i = 0; i < 2; i++)
        CU_ASSERT(board_cpu(complex_.boards[0], i)->results.done_at < T);
    threads_online(first, 0, T);
    CU_ASSERT_EQUAL(threads_cpus_online(first), 2);
    mini_close(&complex_);
}

// Threads that have ended go last, and are no work where they come to.
static void test_ended(void)
{
    uint8_t *bytes;
    uint32_t size;
    sim_time at;
    begin(&two_boards);
    add_pattern(4, PATTERN_RANDOM, 8192)->count = 10;
    add_pattern(2, PATTERN_RANDOM, 8192);
    struct threads *first = open_threads(0), *second = open_threads(1);
    mini_run(&complex_, 100 * SIM_PS_PER_US);
    CU_ASSERT_EQUAL(threads_here(first), 4);
    CU_ASSERT_EQUAL(threads_running(first), 2);
    threads_dismiss(first, 3, 100 * SIM_PS_PER_US);
    mini_run(&complex_, 101 * SIM_PS_PER_US);
    uint32_t running = threads_running(second);
    for (unsigned i = 0; i < 3; i++) {
        CU_ASSERT_TRUE_FATAL(threads_depart(first, &bytes, &size, &at));
        threads_arrive(second, bytes, size, 101 * SIM_PS_PER_US);
        free(bytes);
    }
    CU_ASSERT_EQUAL(threads_running(second), running + 2);
    CU_ASSERT_EQUAL(threads_here(first), 1);
    CU_ASSERT_EQUAL(threads_running(first), 0);
    mini_close(&complex_);
}

// The order in which threads are handed out, at times of their own.
static uint64_t departures(bool reference, uint64_t budget)
{
    struct board_options options = {.reference = reference};
    struct err err;
    struct board *board = board_new(&pool.tiny.machine, 0, &options, &err);
    uint8_t *bytes;
    uint32_t size;
    uint64_t order = 0;
    sim_time at;
    CU_ASSERT_PTR_NOT_NULL_FATAL(board);
    board_run(board, SIM_PS_PER_US, UINT64_MAX);
    threads_dismiss(board->threads, threads_here(board->threads), SIM_PS_PER_US);
    for (bool done = false; !done;) {
        done = board_run(board, 2 * SIM_PS_PER_US, budget);
        while (threads_waiting(board->threads) && threads_depart(board->threads, &bytes, &size, &at)) {
            uint32_t member;
            memcpy(&member, bytes + 8, sizeof member); // after a mark and the pool
            order = rng_mix(order ^ at) + member;
            free(bytes);
        }
    }
    CU_ASSERT_EQUAL(threads_here(board->threads), 0);
    board_free(board);
    return order;
}

static void test_order(void)
{
    struct tiny_shape shape = two_boards;
    shape.boards = 1;
    shape.cpus = 8;
    for (uint64_t seed = 0; seed < 40; seed++) {
        begin(&shape);
        // Several results to wait for, known long before: one CPU runs ahead, and leaves after another's
        // next.
        add_pattern(20, PATTERN_RANDOM, PAGE_BYTES)->outstanding = 4;
        pool.tiny.boards[0].params.bus_order = 10000;
        pool.tiny.boards[0].params.bus_return = 60000;
        pool.tiny.boards[0].params.l2.bytes = 32768;
        pool.tiny.partitions[0].seed = seed;
        uint64_t expected = departures(true, 1);
        CU_ASSERT_EQUAL(departures(false, 1), expected);
        CU_ASSERT_EQUAL(departures(false, UINT64_MAX), expected);
    }
}

// A board of another partition joins: it learns of the pools' pages what the others know, and gets a thread.
static void test_tables(void)
{
    struct archive saved, loaded;
    uint8_t *bytes;
    uint32_t size;
    sim_time at;
    struct tiny_shape shape = two_boards;
    shape.boards = 4;
    shape.partitions = 2;
    begin(&shape);
    add_pattern(3, PATTERN_RANDOM, 5 * PAGE_BYTES);
    pool_machine_add(&pool, 1, CPU_GENERATOR)->what.size = 8192;
    pool.pools[1].partition = 1;
    struct threads *first = open_threads(0), *joins = open_threads(3);
    const struct virtual_page page = {0, 2};
    threads_unmap(first, page, 0);
    threads_map(first, page, 65536 + 9 * PAGE_BYTES, 0);
    threads_unmap(first, (struct virtual_page){0, 3}, 0);
    threads_offline(joins, 0);
    threads_dismiss(joins, 1, 0);
    CU_ASSERT_EQUAL(threads_here(joins), 0); // the only thread of its pool is on the other board
    ar_init_save(&saved);
    threads_tables(first, &saved);
    ar_init_load(&loaded, saved.bytes, saved.at);
    threads_tables(joins, &loaded);
    CU_ASSERT_FALSE(ar_failed(&loaded));
    CU_ASSERT_EQUAL(loaded.at, saved.at);
    ar_free(&saved);
    threads_online(joins, 0, 0);
    CU_ASSERT_EQUAL(joins->spaces->list[0].pages[2].real, 65536 + 9 * PAGE_BYTES);
    CU_ASSERT_TRUE(joins->spaces->list[0].pages[3].unmapped);
    threads_dismiss(first, 1, 0);
    mini_run(&complex_, SIM_PS_PER_US);
    CU_ASSERT_TRUE_FATAL(threads_depart(first, &bytes, &size, &at));
    threads_arrive(joins, bytes, size, SIM_PS_PER_US);
    free(bytes);
    CU_ASSERT_PTR_NOT_NULL_FATAL(thread_at(3, 0));
    CU_ASSERT_EQUAL(thread_at(3, 0)->pool, 0);
    mini_close(&complex_);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("thread moves", NULL, NULL);
    CU_add_test(suite, "pages lie where their threads begin", test_first_touch);
    CU_add_test(suite, "a full board passes pages on", test_overflow);
    CU_add_test(suite, "frames and pages", test_pages);
    CU_add_test(suite, "quiet pages", test_quiet);
    CU_add_test(suite, "busy CPUs give, idle ones take", test_balance);
    CU_add_test(suite, "a board goes offline", test_offline);
    CU_add_test(suite, "threads that have ended", test_ended);
    CU_add_test(suite, "one order of departure", test_order);
    CU_add_test(suite, "page tables for who joins", test_tables);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed ? 1 : 0;
}
