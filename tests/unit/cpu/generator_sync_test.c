// SPDX-License-Identifier: Apache-2.0
// The synchronising patterns on one board and on several: the work asked for is done, every value is right,
// and the outcome does not depend on how the run is cut.
#include <CUnit/Basic.h>
#include <string.h>

#include "node/cpu/generator.h"
#include "tests/lib/probe.h"
#include "tests/lib/tiny_machine.h"

enum { ROUNDS = 40 };

static struct tiny_machine tiny;
static struct probe probe;

// Members in turn on the boards, so that partners are on different ones when there are several.
static void build(enum pattern pattern, const char *protocol, uint32_t boards, uint32_t members)
{
    struct tiny_shape shape = {.protocol = protocol,
                               .boards = boards,
                               .cpus = (members + boards - 1) / boards,
                               .partitions = 1,
                               .memory_bytes = 65536,
                               .granule = boards > 1 ? 64 : 0,
                               .frames_offset = 65536};
    tiny_machine_init(&tiny, &shape);
    uint32_t member = 0;
    for (uint32_t board = 0; board < boards; board++)
        for (uint32_t index = 0; index < shape.cpus && board + index * boards < members; index++) {
            struct cpu_desc *cpu = tiny_machine_add(&tiny, board, index, CPU_GENERATOR);
            member = board + index * boards;
            cpu->pattern = pattern;
            cpu->base = 0x1000;
            cpu->size = (uint64_t)members * 2 * GENERATOR_LINE;
            cpu->members = members;
            cpu->member = member;
            cpu->count = ROUNDS;
            cpu->critical = 5;
            cpu->parallel = 20;
            cpu->locks = members < 3 ? members : 3;
        }
    CU_ASSERT_PTR_NULL(machine_invalid(&tiny.machine));
}

static void run_everywhere(enum pattern pattern, uint32_t members, uint64_t least_checks)
{
    static const char *const protocols[] = {"mesi", "msi"};
    for (unsigned i = 0; i < 2; i++)
        for (uint32_t boards = 1; boards <= 3; boards++) {
            build(pattern, protocols[i], boards, members);
            CU_ASSERT_TRUE_FATAL(probe_run(&tiny.machine, NULL, SIM_NEVER, &probe));
            CU_ASSERT_TRUE(probe.ended);
            CU_ASSERT_STRING_EQUAL(probe.failure, "");
            CU_ASSERT_EQUAL(probe.counters[CNT_CHECKS_FAILED], 0);
            CU_ASSERT(probe.counters[CNT_CHECKS] >= least_checks);
            for (uint32_t c = 0; c < tiny.machine.n_cpus; c++)
                CU_ASSERT_EQUAL(probe.work[tiny.cpus[c].board][tiny.cpus[c].index], ROUNDS);
            CU_ASSERT_TRUE(probe_same_everywhere(&tiny.machine, SIM_NEVER, &probe));
        }
}

static void test_ping_pong(void)
{
    run_everywhere(PATTERN_PING_PONG, 2, 2 * 2 * ROUNDS);
    run_everywhere(PATTERN_PING_PONG, 4, 4 * 2 * ROUNDS);
}

static void test_ping_pong_of_three(void)
{
    run_everywhere(PATTERN_PING_PONG, 5, 5 * 2 * ROUNDS);
}

static void test_producer_consumer(void)
{
    run_everywhere(PATTERN_PRODUCER_CONSUMER, 2, 8 * ROUNDS);
    run_everywhere(PATTERN_PRODUCER_CONSUMER, 6, 3 * 8 * ROUNDS);
}

static void test_lock(void)
{
    run_everywhere(PATTERN_LOCK, 1, 4 * ROUNDS);
    run_everywhere(PATTERN_LOCK, 4, 4 * 4 * ROUNDS);
}

// Sections are counted by what they leave behind: each one makes the counter one higher.
static void sections_are_counted(uint32_t critical)
{
    struct mini_complex complex;
    struct err err;
    uint64_t highest = 0;
    build(PATTERN_LOCK, "mesi", 2, 4);
    for (unsigned i = 0; i < 4; i++)
        tiny.cpus[i].critical = critical;
    CU_ASSERT_EQUAL_FATAL(mini_open(&complex, &tiny.machine, NULL, &err), ERR_OK);
    CU_ASSERT_TRUE(mini_run(&complex, SIM_NEVER));
    for (unsigned i = 0; i < 4; i++) {
        const struct generator *gen = board_cpu(complex.boards[i % 2], i / 2)->program;
        highest = gen->stored > highest ? gen->stored : highest;
    }
    CU_ASSERT_EQUAL(highest, 4 * ROUNDS);
    CU_ASSERT_EQUAL(mini_counter(&complex, CNT_CHECKS_FAILED), 0);
    mini_close(&complex);
}

static void test_lock_of_any_length(void)
{
    static const uint32_t lengths[] = {1, 2, 3, 8, 21};
    for (unsigned i = 0; i < 5; i++)
        sections_are_counted(lengths[i]);
}

static void test_kernel(void)
{
    run_everywhere(PATTERN_KERNEL, 1, ROUNDS); // 5 accesses: one object whole, one word of the next
    run_everywhere(PATTERN_KERNEL, 4, 4 * 2 * ROUNDS);
}

// Stores are two to each object that is visited as a whole, and one for each lock that was taken.
static void services_are_counted(uint32_t critical, uint32_t locks, uint32_t taken)
{
    struct mini_complex complex;
    struct err err;
    build(PATTERN_KERNEL, "mesi", 2, 4); // the region has 8 lines: 4 objects
    for (unsigned i = 0; i < 4; i++) {
        tiny.cpus[i].critical = critical;
        tiny.cpus[i].locks = locks;
        tiny.cpus[i].compute = 30000;
    }
    CU_ASSERT_EQUAL_FATAL(mini_open(&complex, &tiny.machine, NULL, &err), ERR_OK);
    CU_ASSERT_TRUE(mini_run(&complex, SIM_NEVER));
    CU_ASSERT_EQUAL(mini_counter(&complex, CNT_CHECKS_FAILED), 0);
    CU_ASSERT_EQUAL(mini_counter(&complex, CNT_STORES), UINT64_C(4) * ROUNDS * (critical / 4 * 2 + taken));
    CU_ASSERT(mini_counter(&complex, CNT_RMWS) >= UINT64_C(4) * ROUNDS * taken);
    for (unsigned i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(board_cpu(complex.boards[i % 2], i / 2)->results.work, ROUNDS);
    mini_close(&complex);
}

static void test_division(void)
{
    services_are_counted(0, 1, 0); // no kernel: no access at all
    services_are_counted(1, 1, 1);
    services_are_counted(8, 1, 1); // one lock is held across objects
    services_are_counted(8, 4, 2); // a lock for each object
    services_are_counted(14, 4, 4);
}

static void test_endless(void)
{
    build(PATTERN_LOCK, "mesi", 2, 3);
    for (unsigned i = 0; i < 3; i++)
        tiny.cpus[i].count = 0;
    CU_ASSERT_TRUE_FATAL(probe_run(&tiny.machine, NULL, 20 * SIM_PS_PER_US, &probe));
    CU_ASSERT_FALSE(probe.ended);
    CU_ASSERT(probe.work[0][0] > 5);
    CU_ASSERT_EQUAL(probe.counters[CNT_CHECKS_FAILED], 0);
    CU_ASSERT_TRUE(probe_same_everywhere(&tiny.machine, 20 * SIM_PS_PER_US, &probe));
}

static void test_region_too_small(void)
{
    static const enum pattern patterns[] = {PATTERN_LOCK, PATTERN_PING_PONG, PATTERN_PRODUCER_CONSUMER,
                                            PATTERN_FALSE_SHARING, PATTERN_KERNEL};
    for (unsigned i = 0; i < 5; i++) {
        build(patterns[i], "mesi", 1, 2);
        tiny.cpus[0].size = tiny.cpus[1].size = 56;
        CU_ASSERT_PTR_NULL(machine_invalid(&tiny.machine));
        CU_ASSERT_FALSE(probe_run(&tiny.machine, NULL, SIM_NEVER, &probe));
        CU_ASSERT_PTR_NOT_NULL(strstr(probe.failure, "NP0305"));
        CU_ASSERT_PTR_NOT_NULL(strstr(probe.failure, "too small"));
    }
}

// A board whose map is damaged gets bus errors: its members give up, and so do those that wait for them.
static void fault_hangs_nobody(enum pattern pattern)
{
    build(pattern, "mesi", 2, 2);
    for (unsigned i = 0; i < 2; i++) {
        tiny.cpus[i].count = 3000;  // far more than happen before the fault
        tiny.cpus[i].base = 0x1040; // its first line is at home on the board that is struck
    }
    static struct fault_desc fault = {
        .kind = FAULT_SEGMENT_ENTRY, .at = 5 * SIM_PS_PER_US, .board = 1, .home = 0};
    tiny.machine.n_faults = 1;
    tiny.machine.faults = &fault;
    CU_ASSERT_PTR_NULL(machine_invalid(&tiny.machine));
    CU_ASSERT_TRUE_FATAL(probe_run(&tiny.machine, NULL, 20000 * SIM_PS_PER_US, &probe));
    CU_ASSERT_TRUE(probe.ended);
    CU_ASSERT(probe.counters[CNT_BUS_ERRORS] > 0);
}

static void test_fault(void)
{
    fault_hangs_nobody(PATTERN_PING_PONG);
    fault_hangs_nobody(PATTERN_PRODUCER_CONSUMER);
    fault_hangs_nobody(PATTERN_LOCK);
    fault_hangs_nobody(PATTERN_KERNEL);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("synchronising patterns", NULL, NULL);
    CU_add_test(suite, "ping-pong in pairs", test_ping_pong);
    CU_add_test(suite, "ping-pong of three", test_ping_pong_of_three);
    CU_add_test(suite, "producer and consumer", test_producer_consumer);
    CU_add_test(suite, "lock", test_lock);
    CU_add_test(suite, "sections of any length are counted", test_lock_of_any_length);
    CU_add_test(suite, "a kernel behind locks", test_kernel);
    CU_add_test(suite, "a divided kernel takes a lock for each part", test_division);
    CU_add_test(suite, "endless", test_endless);
    CU_add_test(suite, "a region too small is refused", test_region_too_small);
    CU_add_test(suite, "a machine fault leaves nobody waiting", test_fault);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed ? 1 : 0;
}
