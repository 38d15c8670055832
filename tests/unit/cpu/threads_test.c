// SPDX-License-Identifier: Apache-2.0
// Threads of pools in turn on CPUs, on virtual addresses: what they compute is right, whatever the boards,
// and the outcome does not depend on how the run is cut.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include "node/cpu/generator.h"
#include "node/cpu/thread.h"
#include "tests/lib/pool_machine.h"
#include "tests/lib/probe.h"

enum { COUNT = 400 };

static struct pool_machine pool;
static struct probe probe;

static const struct tiny_shape two_boards = {.protocol = "mesi",
                                             .boards = 2,
                                             .cpus = 2,
                                             .partitions = 1,
                                             .memory_bytes = 262144,
                                             .granule = 64,
                                             .frames_offset = 65536};

static struct cpu_desc *add_pattern(uint32_t n_threads, enum pattern pattern, uint64_t size)
{
    struct cpu_desc *what = &pool_machine_add(&pool, n_threads, CPU_GENERATOR)->what;
    what->pattern = pattern;
    what->size = size;
    what->write_permille = 300;
    what->count = COUNT;
    return what;
}

static void check_run(uint64_t accesses)
{
    CU_ASSERT_PTR_NULL(machine_invalid(&pool.tiny.machine));
    CU_ASSERT_TRUE_FATAL(probe_run(&pool.tiny.machine, NULL, SIM_NEVER, &probe));
    CU_ASSERT_TRUE(probe.ended);
    CU_ASSERT_STRING_EQUAL(probe.failure, "");
    CU_ASSERT_EQUAL(probe.counters[CNT_LOADS] + probe.counters[CNT_STORES], accesses);
    CU_ASSERT(probe.counters[CNT_CHECKS] > 0);
    CU_ASSERT_EQUAL(probe.counters[CNT_CHECKS_FAILED], 0);
    CU_ASSERT_TRUE(probe_same_everywhere(&pool.tiny.machine, SIM_NEVER, &probe));
}

static void test_patterns(void)
{
    static const enum pattern patterns[] = {PATTERN_PRIVATE, PATTERN_STREAM, PATTERN_RANDOM,
                                            PATTERN_HOT_LINES, PATTERN_BURST};
    for (unsigned i = 0; i < NP_ARRAY_LEN(patterns); i++)
        for (uint32_t outstanding = 1; outstanding <= 4; outstanding += 3) {
            pool_machine_init(&pool, &two_boards);
            struct cpu_desc *what = add_pattern(7, patterns[i], 40000);
            what->compute = patterns[i] == PATTERN_BURST ? 50000 : 0;
            what->outstanding = outstanding;
            check_run(7 * COUNT);
        }
}

// A chain has as many links as fit, and is written first.
static void test_pointer_chase(void)
{
    pool_machine_init(&pool, &two_boards);
    add_pattern(5, PATTERN_POINTER_CHASE, 5 * 4096)->stride = 64;
    check_run(5 * (64 + COUNT));
    uint64_t work = 0;
    for (unsigned i = 0; i < 4; i++)
        work += probe.work[i / 2][i % 2];
    CU_ASSERT_EQUAL(work, 5 * COUNT);
}

// Alone on its CPU a thread is as fast as a program with a CPU of its own: nobody makes it give way, and
// translation takes no time. Pages lie one behind the other here, as the other program's region does.
static void test_alone(void)
{
    static const struct tiny_shape one_board = {.protocol = "mesi",
                                                .boards = 1,
                                                .cpus = 1,
                                                .partitions = 1,
                                                .memory_bytes = 262144,
                                                .frames_offset = 65536};
    pool_machine_init(&pool, &one_board);
    struct cpu_desc *what = add_pattern(1, PATTERN_STREAM, 3 * 4096);
    pool.pools[0].switch_time = 0;
    what->write_permille = 0;
    check_run(COUNT);
    sim_time done_at = probe.done_at;
    struct cpu_desc own = *what;
    pool_machine_init(&pool, &one_board);
    *tiny_machine_add(&pool.tiny, 0, 0, CPU_GENERATOR) = own;
    pool.tiny.cpus[0].base = 65536;
    pool.tiny.partitions[0].frames_offset = 262144;
    check_run(COUNT);
    CU_ASSERT_EQUAL(done_at, probe.done_at);
}

// Two threads on one CPU have it in turn, a quantum each; a third, on a CPU of its own, is not disturbed.
static void test_turns(void)
{
    struct mini_complex complex;
    struct err err;
    struct tiny_shape shape = two_boards;
    shape.boards = 1;
    shape.granule = 0;
    pool_machine_init(&pool, &shape);
    add_pattern(3, PATTERN_BURST, 3 * 4096)->compute = 10 * SIM_PS_PER_NS;
    pool.pools[0].what.count = 0;
    CU_ASSERT_EQUAL_FATAL(mini_open(&complex, &pool.tiny.machine, NULL, &err), ERR_OK);
    const struct pool_cpu *both = board_cpu(complex.boards[0], 0)->pool;
    const struct pool_cpu *alone = board_cpu(complex.boards[0], 1)->pool;
    uint64_t seen[2] = {0, 0}, turns = 0;
    for (uint32_t at = 1, last = 0; at <= 1000; at++) {
        mini_run(&complex, at * 100 * SIM_PS_PER_NS);
        CU_ASSERT_EQUAL_FATAL(both->current->member % 2, 0);
        CU_ASSERT_EQUAL(alone->current->member, 1);
        seen[both->current->member / 2]++;
        turns += both->current->member != last;
        last = both->current->member;
    }
    // 100 us in quanta of 2 us, each a little longer for its last access, and with 100 ns before it.
    CU_ASSERT(turns >= 40 && turns <= 48);
    CU_ASSERT(seen[0] > 450 && seen[0] < 550);
    CU_ASSERT(both->cpu->results.wait_ps >= turns * 100 * SIM_PS_PER_NS);
    mini_close(&complex);
}

// When its threads have ended a CPU is done, whenever that was; one that never had a thread always was.
static void test_done(void)
{
    struct mini_complex complex;
    struct err err;
    pool_machine_init(&pool, &two_boards);
    add_pattern(3, PATTERN_RANDOM, 8192);
    CU_ASSERT_EQUAL_FATAL(mini_open(&complex, &pool.tiny.machine, NULL, &err), ERR_OK);
    CU_ASSERT_EQUAL(board_running(complex.boards[0]), 2);
    CU_ASSERT_EQUAL(board_running(complex.boards[1]), 1);
    CU_ASSERT_FALSE(mini_run(&complex, SIM_PS_PER_US));
    CU_ASSERT_EQUAL(board_cpu(complex.boards[1], 0)->results.done_at, SIM_NEVER);
    CU_ASSERT_EQUAL(board_cpu(complex.boards[1], 1)->results.done_at, 0);
    CU_ASSERT_TRUE(mini_run(&complex, SIM_NEVER));
    for (unsigned i = 0; i < 2; i++)
        CU_ASSERT_EQUAL(board_running(complex.boards[i]), 0);
    sim_time done_at = board_cpu(complex.boards[1], 0)->results.done_at;
    CU_ASSERT(done_at > SIM_PS_PER_US && done_at < SIM_NEVER);
    CU_ASSERT_EQUAL(threads_here(threads_of(&complex, 0)), 2);
    CU_ASSERT_EQUAL(threads_running(threads_of(&complex, 0)), 0);
    mini_close(&complex);
}

// A wrong value says whose it is, and where in its address space.
static void test_failure(void)
{
    struct mini_complex complex;
    struct err err;
    char text[256];
    pool_machine_init(&pool, &two_boards);
    add_pattern(1, PATTERN_HOT_LINES, 64);
    add_pattern(2, PATTERN_STREAM, 8192);
    CU_ASSERT_EQUAL_FATAL(mini_open(&complex, &pool.tiny.machine, NULL, &err), ERR_OK);
    pool_machine_spoil(&complex, (struct virtual_page){1, 1}, 0x40);
    mini_run(&complex, SIM_NEVER);
    mini_failure(&complex, text, sizeof text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "board 1 CPU 0, thread 1 of pool 1 at "));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "virtual address 0x1040 holds 0x"));
    mini_close(&complex);
}

// Two pools use the same virtual addresses; what one has written is wrong for the other.
static void test_pools_differ(void)
{
    struct mini_complex complex;
    struct err err;
    pool_machine_init(&pool, &two_boards);
    add_pattern(2, PATTERN_RANDOM, 8192);
    add_pattern(2, PATTERN_RANDOM, 8192);
    CU_ASSERT_EQUAL_FATAL(mini_open(&complex, &pool.tiny.machine, NULL, &err), ERR_OK);
    struct address_space *spaces = threads_of(&complex, 1)->spaces->list; // where the second pool is
    spaces[1].pages[1].real = spaces[0].pages[1].real;
    mini_run(&complex, SIM_NEVER);
    CU_ASSERT(mini_counter(&complex, CNT_CHECKS_FAILED) > 0);
    mini_close(&complex);
}

static void refused(enum err_code code, const char *text)
{
    struct mini_complex complex;
    struct err err = {0};
    CU_ASSERT_EQUAL(mini_open(&complex, &pool.tiny.machine, NULL, &err), code);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, text));
    if (!strstr(err.text, text))
        printf("  %s\n", err.text);
}

static void test_refusals(void)
{
    static char empty[] = "";
    pool_machine_init(&pool, &two_boards);
    add_pattern(2, PATTERN_LOCK, 8192);
    refused(ERR_IMPOSSIBLE_MACHINE, "threads run the patterns private, stream");
    pool_machine_init(&pool, &two_boards);
    add_pattern(2, PATTERN_POINTER_CHASE, 8192)->stride = 20;
    refused(ERR_IMPOSSIBLE_MACHINE, "multiples of 8");
    pool_machine_init(&pool, &two_boards);
    add_pattern(64, PATTERN_PRIVATE, 64);
    refused(ERR_IMPOSSIBLE_MACHINE, "too small");
    pool_machine_init(&pool, &two_boards);
    add_pattern(2, PATTERN_RANDOM, UINT64_C(101) * PAGE_BYTES); // of 96
    refused(ERR_IMPOSSIBLE_MACHINE, "has 96 frames and lacks 5; write frames: with 12KiB more");
    pool_machine_init(&pool, &two_boards);
    add_pattern(2, PATTERN_RANDOM, 8192);
    for (unsigned i = 0; i < 4; i++)
        tiny_machine_add(&pool.tiny, i / 2, i % 2, CPU_SCRIPT)->script = empty;
    refused(ERR_IMPOSSIBLE_MACHINE, "every CPU of partition P0 has a program of its own");
    pool_machine_init(&pool, &two_boards);
    struct cpu_desc *what = &pool_machine_add(&pool, 2, CPU_TRACE)->what;
    snprintf(what->trace, sizeof what->trace, "/nonexistent");
    refused(ERR_FILE, "/nonexistent");
}

// Bytes of a saved state are turned over: it is refused, or it is another state, and nothing worse.
static void test_damaged_states(void)
{
    struct mini_complex complex;
    struct err err;
    struct archive saved, loaded;
    struct rng rng = rng_for(1, 1);
    unsigned refusals = 0;
    pool_machine_init(&pool, &two_boards);
    add_pattern(7, PATTERN_POINTER_CHASE, 7 * 4096);
    CU_ASSERT_EQUAL_FATAL(mini_open(&complex, &pool.tiny.machine, NULL, &err), ERR_OK);
    mini_run(&complex, 5 * SIM_PS_PER_US);
    ar_init_save(&saved);
    mini_state(&complex, &saved);
    mini_close(&complex);
    for (unsigned i = 0; i < 150; i++) {
        uint8_t *byte = &saved.bytes[rng_below(&rng, 4000)]; // where threads are
        uint8_t was = *byte;
        *byte = (uint8_t)(was ^ 1u << rng_below(&rng, 8));
        CU_ASSERT_EQUAL_FATAL(mini_open(&complex, &pool.tiny.machine, NULL, &err), ERR_OK);
        ar_init_load(&loaded, saved.bytes, saved.at);
        mini_state(&complex, &loaded);
        refusals += ar_failed(&loaded);
        mini_close(&complex);
        *byte = was;
    }
    CU_ASSERT(refusals > 10);
    ar_free(&saved);
}

// A thread beyond the end of its address space would read beyond the end of its page table.
static void test_state_out_of_range(void)
{
    static const enum pattern patterns[] = {PATTERN_STREAM, PATTERN_POINTER_CHASE};
    for (unsigned i = 0; i < 2; i++) {
        struct mini_complex complex, other;
        struct err err;
        struct archive saved, loaded;
        pool_machine_init(&pool, &two_boards);
        add_pattern(1, patterns[i], 8192);
        CU_ASSERT_EQUAL_FATAL(mini_open(&complex, &pool.tiny.machine, NULL, &err), ERR_OK);
        CU_ASSERT_EQUAL_FATAL(mini_open(&other, &pool.tiny.machine, NULL, &err), ERR_OK);
        struct generator *gen = board_cpu(complex.boards[0], 0)->program;
        gen->at = patterns[i] == PATTERN_STREAM ? 8192 : 128;
        ar_init_save(&saved);
        mini_state(&complex, &saved);
        ar_init_load(&loaded, saved.bytes, saved.at);
        mini_state(&other, &loaded);
        CU_ASSERT_PTR_NOT_NULL(strstr(loaded.err.text, "beyond its virtual addresses"));
        ar_free(&saved);
        mini_close(&complex);
        mini_close(&other);
    }
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("threads", NULL, NULL);
    CU_add_test(suite, "patterns on virtual addresses", test_patterns);
    CU_add_test(suite, "pointer chase on virtual addresses", test_pointer_chase);
    CU_add_test(suite, "alone a thread is as fast as any program", test_alone);
    CU_add_test(suite, "threads take turns", test_turns);
    CU_add_test(suite, "CPUs and runs end with their threads", test_done);
    CU_add_test(suite, "a failure names its thread", test_failure);
    CU_add_test(suite, "values of different pools differ", test_pools_differ);
    CU_add_test(suite, "refusals", test_refusals);
    CU_add_test(suite, "damaged states", test_damaged_states);
    CU_add_test(suite, "a state out of range", test_state_out_of_range);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed ? 1 : 0;
}
