// SPDX-License-Identifier: Apache-2.0
// What a crossbar flight costs, in virtual time: 10 ns more of it add 20 ns to a round trip, on every preset;
// two crossbars differ by twice the difference of their flights; grants reach as far as flights allow.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/path.h"
#include "coordinator/machine/preset.h"
#include "tests/lib/mini_complex.h"
#include "tests/lib/whole_run.h"

static void read_text(const char *text, struct scenario *scenario)
{
    struct err err;
    if (scenario_read_text(text, strlen(text), "flight", scenario, &err))
        exit(err_report(&err));
}

// Board A chases a chain in the memory of board C; every link misses the small caches.
static void chase_scenario(const char *preset, uint32_t boards, const char *home, struct scenario *scenario)
{
    char text[1024];
    snprintf(text, sizeof text,
             "scenario: chase\nsystems:\n  - name: m\n    preset: %.63s\n    boards: %u\n"
             "    board: {l1: 4KiB, l1_ways: 1, l1i: 0, l2: 4KiB, l2_ways: 1, memory: 1MiB}\n"
             "    partitions:\n      - name: P\n        boards: all\n"
             "        memory: [{size: 1MiB, boards: [%.8s]}]\n        programs:\n"
             "          - {on: B0/0, generator: pointer-chase, region: {size: 16KiB}, stride: 256,\n"
             "             count: 200}\n",
             preset, boards, home);
    read_text(text, scenario);
}

// The one latency at which all its loads are served.
static sim_time measured(const struct machine *machine)
{
    static struct board_results results;
    struct mini_complex complex;
    struct err err;
    if (mini_open(&complex, machine, NULL, &err))
        exit(err_report(&err));
    CU_ASSERT_TRUE(mini_run(&complex, SIM_NEVER));
    board_results(complex.boards[0], &results);
    const struct latency_histogram *h = &results.latency[SERVED_HOME_REMOTE];
    CU_ASSERT(h->count >= 200);
    CU_ASSERT_EQUAL(h->min_ps, h->max_ps);
    mini_close(&complex);
    return h->max_ps;
}

static void test_round_trip(void)
{
    static char names[PRESETS_MAX][NAME_MAX_BYTES];
    unsigned n = preset_names(".", names);
    CU_ASSERT(n >= 3);
    for (unsigned i = 0; i < n; i++) {
        struct scenario scenario;
        chase_scenario(names[i], 2, "B1", &scenario);
        sim_time before = measured(&scenario.machine);
        scenario.machine.systems[0].flight += 10000;
        CU_ASSERT_EQUAL(measured(&scenario.machine), before + 20000);
        scenario_free(&scenario);
    }
}

static void test_two_crossbars(void)
{
    struct scenario scenario;
    struct path path;
    sim_time times[2];
    static const char *const homes[2] = {"B3", "B4"}; // four cells on each crossbar
    for (uint32_t i = 0; i < 2; i++) {
        chase_scenario("superdome-hp9000", 6, homes[i], &scenario);
        times[i] = measured(&scenario.machine);
        path_clean(&scenario.machine, 0, 3 + i, &path);
        CU_ASSERT_EQUAL(times[i], path.sum);
        CU_ASSERT_EQUAL(path.crossings, 2);
        scenario_free(&scenario);
    }
    CU_ASSERT_EQUAL(times[1] - times[0], 2 * (72000 - 40000));
}

// Two boards that exchange lines all the time, on one crossbar or on two.
static uint64_t grants(const char *boards, struct digest *digest, uint64_t chop, uint32_t threads)
{
    char text[1024];
    struct scenario scenario;
    struct whole_result result;
    snprintf(text, sizeof text,
             "scenario: share\nuntil: 50us\nsystems:\n  - name: m\n    preset: superdome-hp9000\n"
             "    boards: 8\n    board: {memory: 1MiB}\n    partitions:\n      - name: P\n"
             "        boards: %s\n        programs:\n"
             "          - {on: all, generator: hot-lines, region: {size: 64KiB}, writes: 50%%}\n",
             boards);
    read_text(text, &scenario);
    whole_run(&scenario.machine, &(struct whole_options){.chop = chop, .threads = threads}, &result);
    CU_ASSERT_EQUAL(result.counters[CNT_CHECKS_FAILED], 0);
    *digest = result.digest;
    scenario_free(&scenario);
    return result.grants;
}

static void test_grants(void)
{
    struct digest digest, chopped;
    uint64_t near = grants("[B0, B1]", &digest, 0, 2), far = grants("[B0, B4]", &digest, 0, 2);
    uint64_t mixed = grants("[B0, B1, B4, B5]", &digest, 0, 4);
    printf(" grants in 50 us: one crossbar %llu, two %llu, two boards on each of two %llu ",
           (unsigned long long)near, (unsigned long long)far, (unsigned long long)mixed);
    CU_ASSERT(far * 5 < near * 4); // flights of 40 and 72 ns
    grants("[B0, B1, B4, B5]", &chopped, 7, 1);
    CU_ASSERT_EQUAL(memcmp(&digest, &chopped, sizeof digest), 0);
}

// A damaged map sends a load to a board behind a gate, whose answer comes after the flight to that board.
static sim_time refused_at(const char *stranger)
{
    static struct board_results results;
    struct scenario scenario;
    struct mini_complex complex;
    struct err err;
    char text[1024];
    snprintf(text, sizeof text,
             "scenario: gate\nsystems:\n  - name: m\n    preset: superdome-hp9000\n    boards: 8\n"
             "    board: {memory: 1MiB}\n    partitions:\n      - name: P\n        boards: [B0, B1]\n"
             "        memory: [{size: 1MiB, boards: [B1]}]\n        programs:\n"
             "          - on: B0/0\n            script: |\n              load r0, 0x1000\n"
             "      - {name: Q, boards: [B2, B4]}\n"
             "faults: [{at: 0ps, board: B0, segment: 0, home: %s}]\n",
             stranger);
    read_text(text, &scenario);
    if (mini_open(&complex, &scenario.machine, NULL, &err))
        exit(err_report(&err));
    CU_ASSERT_TRUE(mini_run(&complex, SIM_NEVER));
    board_results(complex.boards[0], &results);
    CU_ASSERT_EQUAL(results.counters[CNT_GATE_REFUSALS], 1);
    CU_ASSERT_EQUAL(results.counters[CNT_BUS_ERRORS], 1);
    mini_close(&complex);
    scenario_free(&scenario);
    return results.cpu[0].done_at;
}

static void test_gate(void)
{
    sim_time near = refused_at("B2"), far = refused_at("B4");
    CU_ASSERT(far > near && far - near >= 31000 &&
              far - near <= 33334); // 32 ns, and edges of the CPU's clock
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("flight", NULL, NULL);
    CU_add_test(suite, "10 ns more are 20 ns more, on every preset", test_round_trip);
    CU_add_test(suite, "two crossbars", test_two_crossbars);
    CU_add_test(suite, "grants reach as far as flights", test_grants);
    CU_add_test(suite, "a gate's answer", test_gate);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
