// SPDX-License-Identifier: Apache-2.0
// CPUs of two to four boards clash on lines: interlocked updates, strings across lines, quadwords, code that
// a neighbour changes. The guest (tests/guests/zarch/kernels/clash.c) checks every value; here it runs under
// every protocol, with and without store buffers, with lines and caches of all sizes, and its outcome must
// not depend on how it is simulated.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>

#include "proto/base/assert.h"
#include "tests/lib/guest_machine.h"

#define SPLIT(x)  "l1: " x ", l1i: " x ", l1i_ways: 2, l1i_latency: 1ns, "
#define BUFFER    "store_buffer: 8, "
#define DIRECTORY "directory_entries: 32, directory_ways: 2, sharer_pointers: 1, "

static const struct guest_setup setups[] = {
    {"mesi", "mesi", "full", "l1_latency: 3ns, cpus: 2", 4, "clash", "size=3 strict", NULL},
    {"mesi, 16", "mesi", "full", SPLIT("128") BUFFER "line: 16B, l2: 512, cpus: 2", 2, "clash",
     "size=3 strict", NULL},
    {"msi", "msi", "functional", SPLIT("512") BUFFER "l2: 2KiB, mshrs: 1, cpus: 2", 3, "clash-z900",
     "size=2 strict spread", NULL},
    {"msi, 256", "msi", "full", BUFFER "line: 256B, l1: 1KiB, l2: 4KiB, cpus: 2", 4, "clash",
     "size=2 strict place=far", NULL},
    {"moesi", "moesi", "full", SPLIT("256") BUFFER "l2: 1KiB, cpus: 2", 4, "clash-z10", "size=2 strict",
     NULL},
    {"moesi, 16", "moesi", "functional", "line: 16B, l1: 64, l2: 256, cpus: 2", 2, "clash",
     "size=2 strict place=far", NULL},
    {"sun", "sun", "full", DIRECTORY BUFFER "l1: 256, l2: 2KiB, cpus: 2", 3, "clash", "size=3 strict", NULL},
    {"sun, 256", "sun", "full", SPLIT("1KiB") DIRECTORY "line: 256B, l2: 4KiB, cpus: 2", 4, "clash-z10",
     "size=2 strict spread", NULL},
};

static void check(const struct guest_setup *setup, unsigned number)
{
    static bool seen[GUEST_SITUATIONS];
    static struct guest_outcome expected;
    struct scenario scenario;
    guest_machine_read(setup, &scenario);
    guest_run(&scenario.machine, &(struct whole_options){.threads = 1}, &expected);
    CU_ASSERT_TRUE(guest_clean(&scenario.machine, &expected));
    CU_ASSERT(expected.whole.counters[CNT_TIES] > 0);
    CU_ASSERT(expected.whole.counters[CNT_UPGRADES] > 0);
    CU_ASSERT(expected.whole.counters[CNT_DIRTY_TRANSFERS] > 0);
    if (!guest_same_everywhere(&scenario.machine, &expected, 2, number, seen)) {
        printf("  ... from %s with one thread\n", setup->name);
        CU_FAIL("not the same everywhere");
    }
    guest_outcome_free(&expected);
    scenario_free(&scenario);
}

static void test_all(void)
{
    for (size_t i = 0; i < NP_ARRAY_LEN(setups); i++)
        check(&setups[i], (unsigned)i);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("CPUs that clash", NULL, NULL);
    CU_add_test(suite, "values, and the same everywhere", test_all);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
