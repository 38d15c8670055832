// SPDX-License-Identifier: Apache-2.0
// Frames over a timed link between two partitions: every byte arrives, through the memory of both.
#include <CUnit/Basic.h>
#include <string.h>

#include "tests/lib/probe.h"
#include "tests/lib/tiny_machine.h"

enum { FRAMES = 12 };

static struct tiny_machine tiny;
static struct probe probe;

static void build(uint32_t boards, uint32_t frame_bytes, uint64_t size)
{
    struct tiny_shape shape = {.protocol = "mesi",
                               .boards = boards,
                               .cpus = 2,
                               .partitions = 2,
                               .memory_bytes = 65536,
                               .granule = boards > 2 ? 64 : 0,
                               .frames_offset = 65536};
    tiny_machine_init(&tiny, &shape);
    for (unsigned end = 0; end < 2; end++) {
        struct cpu_desc *cpu = tiny_machine_add(&tiny, tiny.links[0].board[end], 1, CPU_GENERATOR);
        cpu->pattern = PATTERN_FRAMES;
        cpu->base = 0x400;
        cpu->size = size;
        cpu->frame_bytes = frame_bytes;
        cpu->count = FRAMES;
    }
    CU_ASSERT_PTR_NULL(machine_invalid(&tiny.machine));
}

static void exchange(uint32_t boards, uint32_t frame_bytes, uint64_t size)
{
    build(boards, frame_bytes, size);
    CU_ASSERT_TRUE_FATAL(probe_run(&tiny.machine, NULL, SIM_NEVER, &probe));
    CU_ASSERT_TRUE(probe.ended);
    CU_ASSERT_STRING_EQUAL(probe.failure, "");
    for (unsigned end = 0; end < 2; end++)
        CU_ASSERT_EQUAL(probe.work[tiny.links[0].board[end]][1], FRAMES);
    CU_ASSERT_EQUAL(probe.counters[CNT_FRAMES_SENT], 2 * FRAMES);
    CU_ASSERT_EQUAL(probe.counters[CNT_FRAMES_RECEIVED], 2 * FRAMES);
    CU_ASSERT_EQUAL(probe.counters[CNT_CHECKS], 2 * FRAMES * ((frame_bytes + 7) / 8));
    CU_ASSERT(probe.done_at > (uint64_t)FRAMES * SIM_PS_PER_US); // each waits for the link
    CU_ASSERT_TRUE(probe_same_everywhere(&tiny.machine, SIM_NEVER, &probe));
}

static void test_frames(void)
{
    exchange(2, 256, 1024);
    exchange(4, 1000, 4096);
}

static void test_odd_sizes(void)
{
    exchange(2, 1, 64);
    exchange(2, 20, 24); // one buffer for both
    exchange(4, 77, 200);
}

// The two ends may differ in what they send; each is checked as it came.
static void test_sizes_differ(void)
{
    build(2, 256, 1024);
    tiny.cpus[1].frame_bytes = 100;
    CU_ASSERT_TRUE_FATAL(probe_run(&tiny.machine, NULL, SIM_NEVER, &probe));
    CU_ASSERT_TRUE(probe.ended);
    CU_ASSERT_EQUAL(probe.counters[CNT_CHECKS_FAILED], 0);
    CU_ASSERT_EQUAL(probe.counters[CNT_CHECKS], FRAMES * (32 + 13));
}

// One board's map names a board of the other partition: its buffers are lost. Its frames go out empty, so
// that the other end neither waits nor takes anything for data.
static void test_fault(void)
{
    build(4, 64, 256);
    struct fault_desc fault = {.at = 8 * SIM_PS_PER_US, .board = 0, .home = 3};
    tiny.machine.n_faults = 1;
    tiny.machine.faults = &fault;
    tiny.cpus[0].size = tiny.cpus[1].size = 4096;
    tiny.cpus[0].frame_bytes = tiny.cpus[1].frame_bytes = 2048; // more than stays in the caches
    CU_ASSERT_PTR_NULL(machine_invalid(&tiny.machine));
    CU_ASSERT_TRUE_FATAL(probe_run(&tiny.machine, NULL, SIM_NEVER, &probe));
    CU_ASSERT_TRUE(probe.ended);
    CU_ASSERT(probe.counters[CNT_BUS_ERRORS] > 0);
    CU_ASSERT_EQUAL(probe.counters[CNT_FRAMES_SENT], 2 * FRAMES);
    CU_ASSERT_EQUAL(probe.counters[CNT_CHECKS_FAILED], 0);
    CU_ASSERT(probe.work[2][1] < FRAMES);
}

static void test_region_too_small(void)
{
    build(2, 256, 248);
    CU_ASSERT_FALSE(probe_run(&tiny.machine, NULL, SIM_NEVER, &probe));
    CU_ASSERT_PTR_NOT_NULL(strstr(probe.failure, "too small"));
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("frames", NULL, NULL);
    CU_add_test(suite, "frames in both directions", test_frames);
    CU_add_test(suite, "sizes that are no whole words", test_odd_sizes);
    CU_add_test(suite, "ends of different sizes", test_sizes_differ);
    CU_add_test(suite, "lost buffers", test_fault);
    CU_add_test(suite, "a region too small is refused", test_region_too_small);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed ? 1 : 0;
}
