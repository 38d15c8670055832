// SPDX-License-Identifier: Apache-2.0
// Threads that go back and forth between boards, and pages that go from frame to frame, hundreds of times at
// random moments of a run in which every value is checked: nothing is lost, and the outcome is the same
// however the run is cut, and when it is saved and continued in the middle of it all.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include "node/cpu/thread.h"
#include "proto/base/digest.h"
#include "tests/lib/pool_machine.h"
#include "tests/lib/random_trace.h"
#include "tests/lib/thread_trace.h"
#include "tests/lib/whole_run.h"

enum { STEPS = 400 };
#define STEP (700 * SIM_PS_PER_NS)

static struct pool_machine pool;
static char folder[PATH_MAX_BYTES], trace[PATH_MAX_BYTES];

// What moves, and how the run is made.
struct plan {
    uint64_t seed;
    bool threads, pages;
    struct mini_options options;
    unsigned save_at; // step; 0: never
};

struct result {
    struct digest digest;
    bool ended;
    uint64_t threads_moved, pages_moved, checks, failed, accesses;
    char failure[256];
};

// The complex is saved, closed, and loaded into another; threads that are away are not its concern.
static void save_and_load(struct mini_complex *complex, struct mini_complex *next,
                          const struct mini_options *options)
{
    struct archive saved, loaded;
    struct err err;
    ar_init_save(&saved);
    mini_state(complex, &saved);
    mini_close(complex);
    CU_ASSERT_EQUAL_FATAL(mini_open(next, &pool.tiny.machine, options, &err), ERR_OK);
    ar_init_load(&loaded, saved.bytes, saved.at);
    mini_state(next, &loaded);
    CU_ASSERT_FALSE(ar_failed(&loaded));
    if (ar_failed(&loaded))
        printf("  %s\n", loaded.err.text);
    CU_ASSERT_EQUAL(loaded.at, saved.at);
    ar_free(&saved);
}

static void conclude(struct pool_mover *mover, struct result *result)
{
    struct mini_complex *complex = mover->complex;
    result->digest = mini_digest(complex);
    result->threads_moved = mover->threads_moved;
    result->pages_moved = mover->pages_moved;
    result->checks = mini_counter(complex, CNT_CHECKS);
    result->failed = mini_counter(complex, CNT_CHECKS_FAILED);
    result->accesses = mini_counter(complex, CNT_LOADS) + mini_counter(complex, CNT_STORES);
    mini_failure(complex, result->failure, sizeof result->failure);
}

static struct result run(const struct plan *plan)
{
    struct mini_complex complex[2];
    struct pool_mover mover;
    struct result result = {0};
    struct err err = {0};
    enum err_code code = mini_open(&complex[0], &pool.tiny.machine, &plan->options, &err);
    if (code)
        printf("  %s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(code, ERR_OK);
    pool_mover_init(&mover, &complex[0], plan->seed);
    mover.threads = plan->threads;
    mover.pages = plan->pages;
    for (unsigned i = 1; i <= STEPS; i++) {
        pool_mover_step(&mover, i * STEP);
        if (i == plan->save_at) {
            save_and_load(&complex[0], &complex[1], &plan->options);
            mover.complex = &complex[1];
        }
    }
    result.ended = pool_mover_finish(&mover, (STEPS + 1) * STEP, STEP, 20000);
    conclude(&mover, &result);
    pool_mover_free(&mover);
    mini_close(mover.complex);
    return result;
}

static void same(const struct result *result, const struct result *expected, const char *how)
{
    bool equal = digest_equal(result->digest, expected->digest) && result->ended == expected->ended &&
                 result->threads_moved == expected->threads_moved;
    CU_ASSERT_TRUE(equal);
    if (!equal)
        printf("  %s: another outcome %s\n", how, result->failure);
}

// Runs a plan, checks that all went well, and runs it again in all other ways.
static struct result run_everywhere(struct plan plan)
{
    struct result expected = run(&plan), other;
    CU_ASSERT_TRUE(expected.ended);
    CU_ASSERT_EQUAL(expected.failed, 0);
    CU_ASSERT_STRING_EQUAL(expected.failure, "");
    CU_ASSERT(expected.checks > 0);
    plan.options.reference = true;
    other = run(&plan);
    same(&other, &expected, "reference");
    plan.options.reference = false;
    for (plan.options.chop = 1; plan.options.chop <= (NP_SANITIZED ? 1 : 2); plan.options.chop++) {
        other = run(&plan);
        same(&other, &expected, "chopped");
    }
    plan.options.chop = 0;
    struct rng rng = rng_for(plan.seed, 1);
    for (unsigned i = 0; i < (NP_SANITIZED ? 2 : 6); i++) {
        plan.save_at = 1 + (unsigned)rng_below(&rng, STEPS);
        other = run(&plan);
        same(&other, &expected, "saved and continued");
    }
    return expected;
}

static const struct tiny_shape shape = {.protocol = "mesi",
                                        .boards = 3,
                                        .cpus = 2,
                                        .partitions = 1,
                                        .memory_bytes = UINT64_C(16) << 20,
                                        .frames_offset = 65536};

static void add_pattern(enum pattern pattern, uint32_t n_threads, uint64_t size, uint64_t count)
{
    struct cpu_desc *what = &pool_machine_add(&pool, n_threads, CPU_GENERATOR)->what;
    what->pattern = pattern;
    what->size = size;
    what->write_permille = 400;
    what->count = count;
    what->stride = pattern == PATTERN_POINTER_CHASE ? 256 : 0;
    what->compute = pattern == PATTERN_BURST ? 20000 : 0;
}

static void build(uint64_t granule, uint32_t store_buffer, const char *protocol)
{
    struct tiny_shape with = shape;
    with.granule = granule;
    with.store_buffer = store_buffer;
    with.protocol = protocol;
    pool_machine_init(&pool, &with);
    add_pattern(PATTERN_RANDOM, 4, 40000, 3000);
    add_pattern(PATTERN_POINTER_CHASE, 3, UINT64_C(3) * 16384, 2500);
    add_pattern(PATTERN_PRIVATE, 4, 60000, 3000);
    CU_ASSERT_PTR_NULL(machine_invalid(&pool.tiny.machine));
}

enum { ACCESSES = 4 * 3000 + 3 * (64 + 2500) + 4 * 3000 };

static void test_threads_move(void)
{
    build(0, 0, "mesi");
    struct result result = run_everywhere((struct plan){.seed = 1, .threads = true});
    CU_ASSERT(result.threads_moved > 100);
    CU_ASSERT_EQUAL(result.pages_moved, 0);
    CU_ASSERT_EQUAL(result.accesses, ACCESSES);
}

static void test_pages_move(void)
{
    build(64, 0, "moesi");
    struct result result = run_everywhere((struct plan){.seed = 2, .pages = true});
    CU_ASSERT(result.pages_moved > 100);
    CU_ASSERT_EQUAL(result.threads_moved, 0);
    CU_ASSERT_EQUAL(result.accesses, ACCESSES);
}

static void test_all_move(void)
{
    build(0, 4, "mesi");
    struct result result = run_everywhere((struct plan){.seed = 3, .threads = true, .pages = true});
    CU_ASSERT(result.threads_moved > 100);
    CU_ASSERT(result.pages_moved > 100);
    CU_ASSERT_EQUAL(result.accesses, ACCESSES);
}

static void test_overlapped(void)
{
    build(128, 0, "sun");
    for (unsigned i = 0; i < 3; i++)
        pool.pools[i].what.outstanding = i == 1 ? 1 : 4;
    struct result result = run_everywhere((struct plan){.seed = 4, .threads = true, .pages = true});
    CU_ASSERT(result.threads_moved > 100);
    CU_ASSERT(result.pages_moved > 100);
    CU_ASSERT_EQUAL(result.accesses, ACCESSES);
}

// Whole runs hit, which are replayed at once: what has been noted of them must not outlive a move.
static void enlarge_caches(struct board_params *params)
{
    params->l1.bytes = params->l1i.bytes = 4096;
    params->l2.bytes = 32768;
}

// Recorded threads that take turns, on fewer CPUs than they are.
static void test_traces(void)
{
    for (unsigned split = 0; split < 2; split++) {
        struct tiny_shape with = shape;
        with.l1_split = split;
        with.store_buffer = split ? 4 : 0;
        pool_machine_init(&pool, &with);
        for (unsigned i = 0; i < with.boards; i++)
            enlarge_caches(&pool.tiny.boards[i].params);
        struct pool_desc *desc = pool_machine_add(&pool, 8, CPU_TRACE);
        snprintf(desc->what.trace, sizeof desc->what.trace, "%s", trace);
        desc->what.placement = split ? PLACE_ROUND_ROBIN : PLACE_FIRST_TOUCH;
        add_pattern(PATTERN_HOT_LINES, 2, 512, 3000);
        CU_ASSERT_PTR_NULL(machine_invalid(&pool.tiny.machine));
        struct result result = run_everywhere((struct plan){.seed = 5, .threads = true, .pages = true});
        CU_ASSERT(result.threads_moved > 100);
        CU_ASSERT(result.pages_moved > 100);
        CU_ASSERT(result.checks > 8 * 12 * 40 * 10); // fetches and loads of pages of one thread
    }
}

// The machine on threads of the host: one or two, cut at random, saved and continued.
static void whole(const struct whole_options *options, const struct whole_result *expected)
{
    struct whole_result result;
    whole_run(&pool.tiny.machine, options, &result);
    CU_ASSERT_EQUAL(result.reason, PAUSE_DONE);
    CU_ASSERT_EQUAL(result.counters[CNT_CHECKS], expected->counters[CNT_CHECKS]);
    CU_ASSERT_TRUE(digest_equal(result.digest, expected->digest));
}

static void test_host_threads(void)
{
    struct whole_result expected;
    build(64, 4, "mesi");
    struct pool_desc *desc = pool_machine_add(&pool, 8, CPU_TRACE);
    snprintf(desc->what.trace, sizeof desc->what.trace, "%s", trace);
    whole_run(&pool.tiny.machine, &(struct whole_options){.threads = 1}, &expected);
    CU_ASSERT_STRING_EQUAL(expected.first_failure, "");
    CU_ASSERT(expected.counters[CNT_CHECKS] > ACCESSES + 8 * 12 * 40 * 10);
    CU_ASSERT(expected.grants > 20);
    whole(&(struct whole_options){.threads = 2}, &expected);
    whole(&(struct whole_options){.threads = 2, .chop = 1}, &expected);
    whole(&(struct whole_options){.threads = 1, .reference = true}, &expected);
    for (uint64_t i = 1; i <= 3; i++)
        whole(&(struct whole_options){.threads = 1,
                                      .save_at = expected.grants * i / 4,
                                      .threads_after_save = 2},
              &expected);
}

// A loop of a thread: instructions from a page of its own, words of three other pages written and read.
static void put_loop(struct trace_writer *writer, uint32_t stream, struct rng *rng)
{
    uint64_t own = THREAD_OWN + stream * UINT64_C(16) * PAGE_BYTES;
    for (unsigned i = 0; i < 40; i++) {
        for (uint64_t fetch = 0; fetch < 6; fetch++) {
            thread_trace_put(writer, stream, TRACE_FETCH, own + fetch * TRACE_WORD, 0);
            thread_trace_put(writer, stream, fetch % 3 ? TRACE_LOAD : TRACE_STORE,
                             own + PAGE_BYTES + rng_below(rng, 3) * PAGE_BYTES + rng_below(rng, 24) * 8, 0);
        }
    }
}

// Threads that work on pages of their own, and under a lock on a page of all.
static void write_trace(const char *path, uint32_t threads, unsigned turns)
{
    struct trace_writer *writer = thread_trace_begin(path, threads);
    struct rng rng = rng_for(1, 1);
    uint32_t version = 0;
    for (unsigned turn = 0; turn < threads * turns; turn++) {
        uint32_t stream = turn % threads;
        put_loop(writer, stream, &rng);
        thread_trace_put(writer, stream, TRACE_SYNC, THREAD_LOCK, ++version);
        for (unsigned i = 0; i < 8; i++)
            thread_trace_put(writer, stream, i % 2 ? TRACE_LOAD : TRACE_MODIFY,
                             THREAD_DATA + rng_below(&rng, 32) * 64, 0);
        thread_trace_put(writer, stream, TRACE_SYNC, THREAD_LOCK, ++version);
    }
    thread_trace_finish(writer);
}

// Threads that wait for one another must all be there.
static void test_too_few_threads(void)
{
    struct mini_complex complex;
    struct err err = {0};
    pool_machine_init(&pool, &shape);
    struct pool_desc *desc = pool_machine_add(&pool, 3, CPU_TRACE);
    snprintf(desc->what.trace, sizeof desc->what.trace, "%s", trace);
    CU_ASSERT_EQUAL(mini_open(&complex, &pool.tiny.machine, NULL, &err), ERR_IMPOSSIBLE_MACHINE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "a pool of it needs 4 threads, and has 3"));
}

static int make_trace(void)
{
    test_folder(folder);
    snprintf(trace, sizeof trace, "%.900s/t.nptrace", folder);
    write_trace(trace, 4, 12);
    return 0;
}

static int remove_trace(void)
{
    remove(trace);
    return remove(folder);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("pool moves", make_trace, remove_trace);
    CU_add_test(suite, "threads move", test_threads_move);
    CU_add_test(suite, "pages move", test_pages_move);
    CU_add_test(suite, "threads and pages move", test_all_move);
    CU_add_test(suite, "with several accesses under way", test_overlapped);
    CU_add_test(suite, "recorded programs move", test_traces);
    CU_add_test(suite, "on one or two threads of the host", test_host_threads);
    CU_add_test(suite, "a recording in too few threads", test_too_few_threads);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed ? 1 : 0;
}
