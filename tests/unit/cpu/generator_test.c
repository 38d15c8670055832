// SPDX-License-Identifier: Apache-2.0
// Generators that need no other CPU: every value read was written there, and the outcome is the same however
// the run is cut, saved and continued.
#include <CUnit/Basic.h>
#include <string.h>

#include "tests/lib/probe.h"
#include "tests/lib/tiny_machine.h"

enum { ACCESSES = 600 };

static struct tiny_machine tiny;
static struct probe probe;

static void run_pattern(enum pattern pattern, const char *protocol, uint32_t boards, uint32_t outstanding)
{
    struct tiny_shape shape = {.protocol = protocol,
                               .boards = boards,
                               .cpus = 2,
                               .partitions = 1,
                               .memory_bytes = 65536,
                               .granule = boards > 1 ? 64 : 0,
                               .frames_offset = 65536};
    tiny_machine_init(&tiny, &shape);
    for (unsigned i = 0; i < 2 * boards; i++) {
        struct cpu_desc *cpu = tiny_machine_add(&tiny, i / 2, i % 2, CPU_GENERATOR);
        cpu->pattern = pattern;
        cpu->base = 0x800;
        cpu->size = pattern == PATTERN_HOT_LINES || pattern == PATTERN_FALSE_SHARING ? 256 : 16384;
        cpu->stride = pattern == PATTERN_STREAM ? 8 : 64;
        cpu->write_permille = 300;
        cpu->count = ACCESSES;
        cpu->compute = 7 * SIM_PS_PER_NS;
        cpu->outstanding = outstanding;
        cpu->members = 2 * boards;
        cpu->member = i;
    }
    CU_ASSERT_PTR_NULL_FATAL(machine_invalid(&tiny.machine));
    CU_ASSERT_TRUE_FATAL(probe_run(&tiny.machine, NULL, SIM_NEVER, &probe));
    CU_ASSERT_TRUE(probe.ended);
    CU_ASSERT_STRING_EQUAL(probe.failure, "");
    CU_ASSERT(probe.counters[CNT_CHECKS] > (uint64_t)ACCESSES * boards / 2);
    CU_ASSERT(probe.counters[CNT_STORES] > 0);
    CU_ASSERT_TRUE(probe_same_everywhere(&tiny.machine, SIM_NEVER, &probe));
}

static void run_overlapped(enum pattern pattern)
{
    run_pattern(pattern, "mesi", 1, 1);
    run_pattern(pattern, "mesi", 2, 4);
    run_pattern(pattern, "msi", 3, 16);
}

static void run_in_order(enum pattern pattern)
{
    run_pattern(pattern, "mesi", 1, 1);
    run_pattern(pattern, "msi", 2, 1);
    run_pattern(pattern, "mesi", 3, 1);
}

static void test_private(void)
{
    run_overlapped(PATTERN_PRIVATE);
}

static void test_stream(void)
{
    run_overlapped(PATTERN_STREAM);
}

static void test_random(void)
{
    run_overlapped(PATTERN_RANDOM);
}

static void test_hot_lines(void)
{
    run_overlapped(PATTERN_HOT_LINES);
}

static void test_burst(void)
{
    run_overlapped(PATTERN_BURST);
}

static void test_chase(void)
{
    run_in_order(PATTERN_POINTER_CHASE);
}

static void test_false_sharing(void)
{
    run_in_order(PATTERN_FALSE_SHARING);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("generators", NULL, NULL);
    CU_add_test(suite, "private", test_private);
    CU_add_test(suite, "stream", test_stream);
    CU_add_test(suite, "random", test_random);
    CU_add_test(suite, "hot lines", test_hot_lines);
    CU_add_test(suite, "burst", test_burst);
    CU_add_test(suite, "pointer chase", test_chase);
    CU_add_test(suite, "false sharing", test_false_sharing);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed ? 1 : 0;
}
