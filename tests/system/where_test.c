// SPDX-License-Identifier: Apache-2.0
// numaplex where: what it says of an address, and what it refuses. That its sums are what runs measure is
// tests/sim/where_test.c.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/err.h"
#include "tests/lib/process.h"

static const char *numaplex;

static void expect(int status, const char *words, const char *const *argv)
{
    struct test_process p = process_run_list(numaplex, argv);
    bool good = p.status == status && (strstr(p.out, words) || strstr(p.err, words));
    CU_ASSERT_TRUE(good);
    if (!good)
        printf("\n  status %d, expected %d and '%s'\n%s%s", p.status, status, words, p.out, p.err);
    process_free(&p);
}

#define EXPECT(status, words, ...)                                                                           \
    expect(status, words, (const char *const[]){numaplex, "where", __VA_ARGS__, NULL})

static void test_answers(void)
{
    EXPECT(0, "home         board B2, 0x1000 of its 4GiB", "numa-address-table-as-printed", "SMP1",
           "0x40001000");
    EXPECT(0, "segment      1, 0x40000000 .. 0x7fffffff, contiguous on B2", "numa-address-table-as-printed",
           "SMP1", "0x40001000");
    EXPECT(0, "A load by a CPU of board B4 (own board)", "numa-address-table-as-printed", "SMP2",
           "0xffffffff", "--from", "B4");
    EXPECT(0, "From each board, clean: SB0 363.3 ns, SB1 180.0 ns, SB6 363.3 ns", "sun-three-domains", "SMP1",
           "0x1001");
    EXPECT(0, "interleave   piece 1 of it, the turn of board 2 of 2", "sun-three-domains", "SMP1", "0x1001");
    EXPECT(0, "The same, the line dirty in the cache of board SB6 (4 crossings, protocol sun)",
           "sun-three-domains", "SMP1", "0x1001");
    EXPECT(0, "\"sum_ps\": 480002", "sun-three-domains", "SMP1", "0x1001", "--json");
    EXPECT(0, "\"owner\": \"SB1\"", "sun-three-domains", "SMP1", "0x1001", "--owner", "SB1", "--json");
}

static void test_refused(void)
{
    EXPECT(EXIT_CLASS_USAGE,
           "there is no partition 'SMP9' here; did you mean SMP1? known are: SMP1, SMP2, SMP3",
           "sun-three-domains", "SMP9", "0");
    EXPECT(EXIT_CLASS_USAGE, "is beyond the memory of partition SMP1, which ends at 0x7fffffff",
           "numa-address-table-as-printed", "SMP1", "2GiB");
    EXPECT(EXIT_CLASS_USAGE, "there is no board in partition SMP1 named 'SB3' here; did you mean SB0?",
           "sun-three-domains", "SMP1", "0", "--from", "SB3");
    EXPECT(EXIT_CLASS_USAGE, "is a hit there; name another board", "sun-three-domains", "SMP1", "0", "--from",
           "SB1", "--owner", "SB1");
    EXPECT(EXIT_CLASS_USAGE, "12MB is no address", "sun-three-domains", "SMP1", "12MB");
    EXPECT(EXIT_CLASS_USAGE, "FILE, PARTITION and ADDRESS are needed", "sun-three-domains", "SMP1");
    EXPECT(EXIT_CLASS_HOST, "error NP0501", "no-such-file", "SMP1", "0");
}

int main(void)
{
    numaplex = test_program("numaplex");
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("where", NULL, NULL);
    CU_add_test(suite, "answers", test_answers);
    CU_add_test(suite, "refused", test_refused);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
