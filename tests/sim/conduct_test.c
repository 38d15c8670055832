// SPDX-License-Identifier: Apache-2.0
// What the conductor promises beyond equal digests: partitions do not feel each other's faults, timed links
// carry every byte, a machine that is stuck is named, and windows beyond the bound are an approximation that
// says so.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <string.h>

#include "tests/lib/whole_run.h"

static struct scenario scenario;
static struct whole_result result, other;
static const struct whole_options plain = {.threads = 1};

// A damaged segment-map entry: counted at its source's gate, seen by its CPUs, and no bit of the other
// partition.
static void test_fault_is_contained(void)
{
    whole_read("tests/sim/scenarios/fault-msi.yaml", &scenario);
    whole_run(&scenario.machine, &plain, &result);
    CU_ASSERT(result.counters[CNT_GATE_REFUSALS] > 0);
    CU_ASSERT(result.counters[CNT_BUS_ERRORS] > 0);
    scenario.machine.n_faults = 0;
    whole_run(&scenario.machine, &plain, &other);
    CU_ASSERT_EQUAL(other.counters[CNT_GATE_REFUSALS], 0);
    CU_ASSERT_EQUAL(other.counters[CNT_BUS_ERRORS], 0);
    CU_ASSERT_FALSE(digest_equal(result.partition[0], other.partition[0]));
    CU_ASSERT(digest_equal(result.partition[1], other.partition[1]));
    scenario_free(&scenario);
}

// Partitions do not know of each other: one alone has the digest that it has among others.
static void test_partition_alone(void)
{
    whole_read("tests/sim/scenarios/three-partitions-mesi.yaml", &scenario);
    whole_run(&scenario.machine, &plain, &result);
    uint32_t first = scenario.machine.partitions[0].boards[0];
    for (uint32_t i = 0; i < scenario.machine.n_cpus; i++) {
        struct cpu_desc *cpu = &scenario.machine.cpus[i];
        if (scenario.machine.boards[cpu->board].partition != scenario.machine.boards[first].partition)
            cpu->kind = CPU_IDLE;
    }
    whole_run(&scenario.machine, &plain, &other);
    CU_ASSERT(digest_equal(result.partition[0], other.partition[0]));
    CU_ASSERT_FALSE(digest_equal(result.partition[1], other.partition[1]));
    scenario_free(&scenario);
}

static void test_frames_cross_systems(void)
{
    whole_read("deploy/scenarios/two-systems-linked.yaml", &scenario);
    whole_run(&scenario.machine, &plain, &result);
    CU_ASSERT(result.counters[CNT_FRAMES_RECEIVED] > 0);
    CU_ASSERT(result.counters[CNT_FRAMES_SENT] >= result.counters[CNT_FRAMES_RECEIVED]);
    CU_ASSERT(result.counters[CNT_CHECKS] > 0);
    CU_ASSERT_STRING_EQUAL(result.first_failure, "");
    whole_run(&scenario.machine, &(struct whole_options){.threads = 2, .chop = 3}, &other);
    CU_ASSERT(digest_equal(result.digest, other.digest));
    scenario_free(&scenario);
}

static struct cpu_desc *cpu_with(enum pattern pattern)
{
    for (uint32_t i = 0; i < scenario.machine.n_cpus; i++)
        if (scenario.machine.cpus[i].kind == CPU_GENERATOR && scenario.machine.cpus[i].pattern == pattern)
            return &scenario.machine.cpus[i];
    return NULL;
}

// One end stops after two frames; the other waits for a third that never comes.
static void test_deadlock_is_named(void)
{
    struct err err;
    whole_read("deploy/scenarios/two-systems-linked.yaml", &scenario);
    for (uint32_t i = 0; i < scenario.machine.n_cpus; i++)
        if (scenario.machine.cpus[i].pattern != PATTERN_FRAMES)
            scenario.machine.cpus[i].kind = CPU_IDLE;
        else
            scenario.machine.cpus[i].count = 9;
    struct cpu_desc *one_end = cpu_with(PATTERN_FRAMES);
    CU_ASSERT_PTR_NOT_NULL_FATAL(one_end);
    one_end->count = 2;
    scenario.machine.until = SIM_NEVER;
    CU_ASSERT_EQUAL(whole_try(&scenario.machine, &plain, &result, &err), ERR_NO_PROGRESS);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "deadlock"));
    one_end->count = 9;
    CU_ASSERT_EQUAL(whole_try(&scenario.machine, &plain, &result, &err), ERR_OK);
    CU_ASSERT_EQUAL(result.reason, PAUSE_DONE);
    scenario_free(&scenario);
}

// The watchdog counts events since an access was last completed: a busy machine passes, a threshold below
// what a single miss takes does not.
static void test_livelock_is_named(void)
{
    struct err err;
    whole_read("tests/sim/scenarios/mixed-mesi.yaml", &scenario);
    struct whole_options strict = {.threads = 1, .events_without_progress = 2};
    CU_ASSERT_EQUAL(whole_try(&scenario.machine, &strict, &result, &err), ERR_NO_PROGRESS);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "livelock"));
    struct whole_options patient = {.threads = 1, .events_without_progress = 2000};
    CU_ASSERT_EQUAL(whole_try(&scenario.machine, &patient, &result, &err), ERR_OK);
    scenario_free(&scenario);
}

// Beyond the bound: deterministic still, in any placement, and the late deliveries are counted.
static void test_window_counts_lateness(void)
{
    whole_read("tests/sim/scenarios/mixed-mesi.yaml", &scenario);
    whole_run(&scenario.machine, &plain, &other);
    scenario.machine.window = 2 * SIM_PS_PER_US;
    whole_run(&scenario.machine, &plain, &result);
    CU_ASSERT_EQUAL(other.counters[CNT_LATE], 0);
    CU_ASSERT(result.counters[CNT_LATE] > 0);
    CU_ASSERT(result.grants < other.grants);
    CU_ASSERT_FALSE(digest_equal(result.digest, other.digest));
    whole_run(&scenario.machine, &(struct whole_options){.threads = 3}, &other);
    CU_ASSERT(digest_equal(result.digest, other.digest));
    scenario_free(&scenario);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("conduct", NULL, NULL);
    CU_add_test(suite, "a fault stays in its partition", test_fault_is_contained);
    CU_add_test(suite, "a partition is the same alone", test_partition_alone);
    CU_add_test(suite, "frames cross systems whole", test_frames_cross_systems);
    CU_add_test(suite, "a deadlock is named", test_deadlock_is_named);
    CU_add_test(suite, "a livelock is told from a long run", test_livelock_is_named);
    CU_add_test(suite, "a window beyond the bound counts what is late", test_window_counts_lateness);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
