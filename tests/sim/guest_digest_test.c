// SPDX-License-Identifier: Apache-2.0
// Same answer everywhere, for guests, in virtual time: threads, cutting of time, steps of one instruction,
// run ahead or not, saved and continued. The same for processes and links is in tests/system.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/assert.h"
#include "tests/lib/guest_machine.h"

#define SPLIT(x) "l1: " x ", l1i: " x ", l1i_ways: 2, l1i_latency: 1ns, "

// Beside the guest: another one in a partition of its own, and generators that share lines and load the
// crossbar.
#define NEIGHBOURS                                                                                           \
    "          - {on: rest, generator: random, region: {base: 100MiB, size: 8KiB}, writes: 40%}\n"           \
    "      - name: Q\n        boards: [B0]\n        programs:\n"                                             \
    "          - {on: all, load: guests/smp-hello-z10.elf, arguments: cpus=3, architecture: z10}\n"          \
    "      - name: R\n        boards: [B1]\n        programs:\n"                                             \
    "          - {on: all, generator: random, region: {base: 0, size: 8KiB}, writes: 40%}\n"

// Caches of few lines are there so that lines go while an instruction of several still needs them.
static const struct guest_setup setups[] = {
    {"radix", "mesi", "full", "cpus: 2", 2, "radix", "size=32", NULL},
    {"queues-tiny", "msi", "functional", "cpus: 2, line: 16B, l1: 128, l2: 512", 2, "queues-z10",
     "size=3 spread", NULL},
    {"locks", "msi", "full", "cpus: 2, l1: 256, l2: 2KiB, store_buffer: 8", 2, "locks", "size=5", NULL},
    {"queues", "moesi", "full", SPLIT("512") "cpus: 2, l2: 2KiB, store_buffer: 8", 2, "queues",
     "size=9 place=far", NULL},
    {"selfmod", "mesi", "full", SPLIT("128") "cpus: 2, line: 16B, l2: 512, store_buffer: 8", 2, "selfmod",
     "rounds=2 strict", NULL},
    {"selfmod-unified", "sun", "full", "cpus: 2, line: 256B, l1: 1KiB, l2: 4KiB, store_buffer: 8", 2,
     "selfmod-z900", "rounds=2 strict", NULL},
    {"litmus", "moesi", "full", SPLIT("256") "cpus: 2, l2: 1KiB, store_buffer: 8", 2, "litmus",
     "size=2 spread", NULL},
    {"signals", "mesi", "full", SPLIT("256") "cpus: 2, line: 32B, l2: 1KiB, store_buffer: 2", 2, "signals",
     "size=2", NULL},
    {"interrupts", "msi", "functional", "cpus: 2, line: 16B, l1: 128, l2: 1KiB, mshrs: 1", 2, "interrupts",
     "strict", NULL},
    {"interrupts-buffered", "mesi", "full", SPLIT("512") "cpus: 2, l2: 2KiB, store_buffer: 8", 2,
     "interrupts", "strict console=line", NULL},
    {"floating", "sun", "full", SPLIT("512") "cpus: 2, line: 128B, l2: 4KiB", 2, "floating", "strict", NULL},
    {"slow-l1", "mesi", "full", SPLIT("512") "cpus: 2, l1_latency: 4ns, l2: 2KiB", 2, "queues", "size=9",
     NULL},
    {"lines-that-stay", "mesi", "full", SPLIT("8KiB") "cpus: 2, l1_latency: 4ns, l2: 8KiB", 2, "queues",
     "size=30", NULL},
    {"hello-recall", "sun", "full",
     "cpus: 2, l1: 512, l2: 2KiB, directory_entries: 32, directory_ways: 2, "
     "sharer_pointers: 1",
     2, "smp-hello", "", NULL},
    {"neighbours", "mesi", "full", "cpus: 3, l1: 512, l2: 4KiB, store_buffer: 2", 2, "queues-z900",
     "cpus=4 size=5 clock=off", NEIGHBOURS},
};

static bool seen[GUEST_SITUATIONS];

static void check(const struct guest_setup *setup, unsigned number)
{
    static struct guest_outcome expected;
    struct scenario scenario;
    guest_machine_read(setup, &scenario);
    guest_run(&scenario.machine, &(struct whole_options){.threads = 1}, &expected);
    CU_ASSERT_TRUE(guest_clean(&scenario.machine, &expected));
    CU_ASSERT_STRING_EQUAL(expected.whole.first_failure, "");
    CU_ASSERT(expected.whole.counters[CNT_TIES] > 0);
    CU_ASSERT(expected.whole.counters[CNT_EVICTIONS_DIRTY] > 0);
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

// The above is worth as much as the situations in which CPUs were saved.
static void test_situations(void)
{
    static const char *const wanted[] = {"instructions, gather",
                                         "instructions, gather, store buffer",
                                         "instructions, store buffer",
                                         "interruption",
                                         "plan, plan",
                                         "plan, plan, store buffer",
                                         "wait",
                                         "stopped",
                                         "ended",
                                         "service",
                                         "service, gather",
                                         "SIGP, read, waiting",
                                         "SCLP, read",
                                         "SCLP, ask, waiting",
                                         "CPU timer",
                                         "clock comparator",
                                         "call waits",
                                         "emergency signal waits",
                                         "service signal waits",
                                         "taking a signal",
                                         "taking a service signal",
                                         "plan, then service",
                                         "taking external",
                                         "taking SVC",
                                         "taking program",
                                         "taking a data exception",
                                         "pending fetch",
                                         "pending load",
                                         "pending store",
                                         "pending update",
                                         "update waits",
                                         "update done",
                                         "later piece of a plan",
                                         "order accepted"};
    for (size_t i = 0; i < NP_ARRAY_LEN(wanted); i++) {
        unsigned n = 0;
        char name[64];
        while (guest_situation_name(n, name) && strcmp(name, wanted[i]) != 0)
            n++;
        CU_ASSERT_FATAL(n < GUEST_SITUATIONS);
        if (!seen[n])
            printf("\n  no CPU was saved in: %s", wanted[i]);
        CU_ASSERT_TRUE(seen[n]);
    }
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("digest of guests", NULL, NULL);
    CU_add_test(suite, "the same everywhere", test_all);
    CU_add_test(suite, "saved in every situation", test_situations);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
