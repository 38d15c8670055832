// SPDX-License-Identifier: Apache-2.0
// What `numaplex where` says is what a run measures, to the picosecond: clean and dirty lines, at every
// distance, in every protocol; and where it says an address lies is where the boards find it.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/path.h"
#include "coordinator/machine/segments.h"
#include "node/memory/segment_map.h"
#include "tests/lib/mini_complex.h"
#include "tests/lib/whole_run.h"

#define GIB (UINT64_C(1) << 30)

// Six boards, four on the first crossbar and two on the second; board n has the addresses from n GiB on.
static void read_machine(const char *protocol, const char *programs, struct scenario *scenario)
{
    static const char form[] =
        "scenario: where\nsystems:\n  - name: m\n    preset: superdome-hp9000\n    protocol: %.16s\n"
        "    boards: 6\n    board: {memory: 1GiB, l1: 4KiB, l1_ways: 1, l1i: 0, l2: 4KiB, l2_ways: 1}\n"
        "    board_overrides: {B2: {home_occupancy: 21ns}, B5: {port_bandwidth: 4GB/s, agent_latency: "
        "17ns}}\n"
        "    partitions:\n      - name: P\n        boards: all\n        memory:\n"
        "          [{size: 1GiB, boards: [B0]}, {size: 1GiB, boards: [B1]}, {size: 1GiB, boards: [B2]},\n"
        "           {size: 1GiB, boards: [B3]}, {size: 1GiB, boards: [B4]}, {size: 1GiB, boards: [B5]}]\n"
        "        programs:\n%.600s";
    char text[sizeof form + 700];
    struct err err;
    snprintf(text, sizeof text, form, protocol, programs);
    if (scenario_read_text(text, strlen(text), "where", scenario, &err))
        exit(err_report(&err));
}

// The one latency of a board's accesses of a kind.
static sim_time measured(const struct machine *machine, uint32_t board, enum served served)
{
    static struct board_results results;
    struct mini_complex complex;
    struct err err;
    if (mini_open(&complex, machine, NULL, &err))
        exit(err_report(&err));
    CU_ASSERT_TRUE(mini_run(&complex, SIM_NEVER));
    board_results(complex.boards[board], &results);
    const struct latency_histogram *h = &results.latency[served];
    CU_ASSERT(h->count > 0);
    CU_ASSERT_EQUAL(h->min_ps, h->max_ps);
    mini_close(&complex);
    return h->max_ps;
}

static void compare(const char *protocol, uint32_t from, uint32_t home, uint32_t owner, sim_time expected,
                    sim_time have)
{
    CU_ASSERT_EQUAL(have, expected);
    if (have != expected)
        printf("\n  %s: from %u, home %u, owner %d: measured %llu ps, where says %llu ps", protocol, from,
               home, (int)owner, (unsigned long long)have, (unsigned long long)expected);
}

// A pointer chain that misses all caches.
static void check_clean(const char *protocol, uint32_t from, uint32_t home)
{
    struct scenario scenario;
    struct path path;
    char programs[256];
    snprintf(
        programs, sizeof programs,
        "          - {on: B%u/0, generator: pointer-chase, region: {base: %uGiB, size: 16KiB}, stride: 64,\n"
        "             count: 300}\n",
        from, home);
    read_machine(protocol, programs, &scenario);
    path_clean(&scenario.machine, from, home, &path);
    sim_time have = measured(&scenario.machine, from, from == home ? SERVED_HOME_LOCAL : SERVED_HOME_REMOTE);
    compare(protocol, from, home, NO_OWNER_BOARD, path.sum, have);
    scenario_free(&scenario);
}

// One board stores a line; long afterwards another one loads it.
static void check_dirty(const char *protocol, uint32_t from, uint32_t home, uint32_t owner)
{
    struct scenario scenario;
    struct path path;
    char programs[256];
    snprintf(programs, sizeof programs,
             "          - {on: B%u/0, script: \"compute 9us\\nload r0, 0x%llx\"}\n"
             "          - {on: B%u/1, script: \"store 0x%llx, 1\\n\"}\n",
             from, (unsigned long long)home * GIB, owner, (unsigned long long)home * GIB);
    read_machine(protocol, programs, &scenario);
    path_dirty(&scenario.machine, from, home, owner, &path);
    compare(protocol, from, home, owner, path.sum, measured(&scenario.machine, from, SERVED_OWNER));
    scenario_free(&scenario);
}

static void check_protocol(const char *protocol)
{
    static const uint32_t ways[][3] = {{0, 0, 1}, {0, 1, 1}, {0, 1, 2}, {0, 2, 1}, {0, 4, 5}, {0, 4, 1},
                                       {0, 5, 5}, {4, 4, 5}, {1, 0, 4}, {5, 2, 0}, {2, 5, 1}};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        check_clean(protocol, ways[i][0], ways[i][1]);
        check_dirty(protocol, ways[i][0], ways[i][1], ways[i][2]);
    }
}

static void test_latencies(void)
{
    static const char *const protocols[] = {"mesi", "msi", "moesi", "sun"};
    for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++)
        check_protocol(protocols[i]);
}

// Every shipped machine with an interesting map.
static void check_addresses(const char *path)
{
    struct scenario scenario;
    struct rng rng = rng_for(1, 2);
    whole_read(path, &scenario);
    for (uint32_t p = 0; p < scenario.machine.n_partitions; p++) {
        const struct partition_desc *partition = &scenario.machine.partitions[p];
        struct segment_map map;
        segment_map_init(&map, partition);
        for (unsigned i = 0; i < 500; i++) {
            uint64_t address = rng_below(&rng, segments_end(partition));
            struct segment_place place = {0};
            struct location where = {0};
            CU_ASSERT_TRUE(segments_find(partition, address, &place));
            CU_ASSERT_TRUE(segment_map_find(&map, address, &where));
            CU_ASSERT_EQUAL(place.board, where.board);
            CU_ASSERT_EQUAL(place.offset, where.offset);
            CU_ASSERT_EQUAL(partition->segments[place.segment].boards[place.position], where.board);
        }
        struct segment_place place;
        CU_ASSERT_FALSE(segments_find(partition, segments_end(partition), &place));
    }
    scenario_free(&scenario);
}

static void test_addresses(void)
{
    check_addresses("deploy/scenarios/three-partitions-small.yaml");
    check_addresses("deploy/scenarios/sun-three-domains.yaml");
    check_addresses("deploy/scenarios/numa-address-table-as-printed.yaml");
    check_addresses("tests/unit/machine/data/full.yaml");
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("where", NULL, NULL);
    CU_add_test(suite, "latencies", test_latencies);
    CU_add_test(suite, "addresses", test_addresses);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
