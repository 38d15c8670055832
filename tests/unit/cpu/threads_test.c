// SPDX-License-Identifier: Apache-2.0
// Threads of pools in turn on CPUs, on virtual addresses: what they compute is right, whatever the boards,
// and the outcome does not depend on how the run is cut.
#include <CUnit/Basic.h>
#include <string.h>

#include "node/cpu/thread.h"
#include "proto/base/pool.h"
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

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("threads", NULL, NULL);
    CU_add_test(suite, "patterns on virtual addresses", test_patterns);
    CU_add_test(suite, "pointer chase on virtual addresses", test_pointer_chase);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed ? 1 : 0;
}
