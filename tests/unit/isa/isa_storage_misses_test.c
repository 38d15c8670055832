// SPDX-License-Identifier: Apache-2.0
// Storage operands under misses: random programs leave the same with tiny caches, a store buffer and two
// boards as with caches that hold everything; another CPU's stores are seen by doublewords; and a machine can
// be saved in the middle of any of them.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/bare_program.h"
#include "tests/lib/probe.h"
#include "tests/lib/process.h"

enum {
    OPERATIONS = 60,
    AREA = 0x3000,                      // where random operands lie
    CODES = BARE_DATA + AREA + 0x1000,  // condition codes of a random program
    COPIES = BARE_DATA + AREA + 0x2000, // of the line that another CPU writes
};

static char root[PATH_MAX_BYTES];
static struct bare_program program;
static struct bare_result expected, found;

static const uint8_t ss[] = {0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7,
                             0xe8, 0xdc, 0xdd, 0xd0, 0xf1, 0xf2, 0xf3};
static const uint16_t rre[] = {0xb255, 0xb25d, 0xb25e, 0xb9be, 0xb257, 0xb241, 0xb2a5, 0xb990, 0xb991,
                               0xb992, 0xb993, 0xb2a6, 0xb2a7, 0xb9b0, 0xb9b1, 0xb9b2, 0xb9b3};

static uint64_t somewhere(struct rng *rng)
{
    return BARE_DATA + rng_below(rng, AREA);
}

// Few values, so that comparisons go on for a while and strings have ends.
static void fill_area(struct rng *rng)
{
    for (uint32_t i = 0; i < AREA + 0x800; i++)
        program.image[BARE_DATA + i] = (uint8_t)(rng_below(rng, 40) ? i % 3 : rng_below(rng, 256));
}

static void add_operation(struct rng *rng)
{
    uint8_t lengths = (uint8_t)rng_below(rng, 256);
    bare_set(&program, 0, rng_below(rng, 4));
    bare_set(&program, 1, somewhere(rng) & ~UINT64_C(0xfff));
    bare_set(&program, 4, somewhere(rng));
    bare_set(&program, 5, 2 * rng_below(rng, 700));
    bare_set(&program, 6, rng_below(rng, 4) ? somewhere(rng) : BARE_DATA + AREA / 2);
    bare_set(&program, 7, 2 * rng_below(rng, 700) + (rng_below(rng, 256) << 24));
    switch (rng_below(rng, 4)) {
    case 0:
        bare_ss(&program, ss[rng_below(rng, sizeof ss)], lengths, 4, 6);
        break;
    case 1:
        bare_rre(&program, rre[rng_below(rng, sizeof rre / sizeof rre[0])], 0, 4, 6);
        break;
    case 2:
        bare_rr(&program, (uint8_t)(0x0e + rng_below(rng, 2)), 4, 6);
        break;
    default:
        bare_set(&program, 7, 2 * rng_below(rng, 700));
        if (rng_below(rng, 2))
            bare_rs(&program, (uint8_t)(0xa8 + rng_below(rng, 2)), 4, 6, 5);
        else
            bare_rsy(&program, (uint16_t)(0xeb8e + rng_below(rng, 2)), 4, 6, 5);
        break;
    }
}

// Registers and condition codes of every operation are kept.
static void make_random(uint64_t seed)
{
    struct rng rng = rng_for(seed, 1);
    bare_begin(&program);
    fill_area(&rng);
    for (uint32_t i = 0; i < OPERATIONS; i++) {
        add_operation(&rng);
        bare_set(&program, 9, CODES + 64 * i);
        bare_code(&program, "eb4790080024"); // stmg %r4,%r7,8(%r9)
        bare_code(&program, "eb1290280024"); // stmg %r1,%r2,40(%r9)
        bare_store_code(&program, 9);
    }
    bare_end(&program);
}

static const struct bare_shape large = {.boards = 1, .large = true, .split = true, .level = ARCH_ZEC12};
static const struct bare_shape small[] = {
    {.boards = 1, .level = ARCH_ZEC12},
    {.boards = 1, .split = true, .store_buffer = 4, .level = ARCH_ZEC12},
    {.boards = 2, .split = true, .level = ARCH_ZEC12},
    {.boards = 2, .store_buffer = 8, .level = ARCH_ZEC12},
};

static void test_same_with_misses(void)
{
    for (uint64_t seed = 1; seed <= 12; seed++) {
        make_random(seed);
        bare_run(&program, &large, root, 0, &expected);
        CU_ASSERT(expected.ended);
        CU_ASSERT_EQUAL(expected.cpu[0].psw_address, 0xfff);
        for (size_t i = 0; i < sizeof small / sizeof small[0]; i++) {
            bare_run(&program, &small[i], root, 0, &found);
            CU_ASSERT(found.ended);
            CU_ASSERT_EQUAL(found.cpu[0].instructions, expected.cpu[0].instructions);
            CU_ASSERT_EQUAL(memcmp(found.cpu[0].gr, expected.cpu[0].gr, sizeof found.cpu[0].gr), 0);
            CU_ASSERT_EQUAL(memcmp(found.memory, expected.memory, BARE_MEMORY), 0);
        }
    }
}

static void test_saved(void)
{
    static struct tiny_machine tiny;
    static struct probe probe;
    for (size_t i = 0; i < sizeof small / sizeof small[0]; i++) {
        make_random(100 + i);
        bare_machine(&program, &small[i], root, &tiny);
        CU_ASSERT(probe_run(&tiny.machine, NULL, SIM_NEVER, &probe));
        CU_ASSERT(probe.ended);
        CU_ASSERT(probe_same_everywhere(&tiny.machine, SIM_NEVER, &probe));
    }
}

// CPU 0 moves the 200 bytes at the end of a page and the beginning of the next again and again, and compares
// them with themselves; CPU 1 stores doublewords of eight equal bytes there.
static uint64_t make_race(uint32_t copies)
{
    bare_begin(&program);
    bare_set(&program, 4, COPIES);
    bare_set(&program, 5, copies);
    bare_set(&program, 6, BARE_DATA + 0x1000 - 104);
    bare_code(&program, "d2c740006000");      // mvc 0(200,%r4),0(%r6)
    bare_code(&program, "414040c8 a757fffb"); // la %r4,200(%r4); brctg %r5
    bare_end(&program);
    uint64_t entry = bare_entry(&program);
    bare_set(&program, 2, 0);
    bare_set(&program, 3, UINT64_C(0x0101010101010101));
    bare_set(&program, 4, 120);
    bare_set(&program, 6, BARE_DATA + 0x1000 - 104);
    bare_code(&program, "b9080023 a7590019 b9040076");     // agr %r2,%r3; lghi %r5,25; lgr %r7,%r6
    bare_code(&program, "e32070000024 41707008 a757fffb"); // stg %r2,0(%r7); la %r7,8(%r7); brctg %r5
    bare_code(&program, "a747fff2");                       // brctg %r4
    bare_end(&program);
    return entry;
}

static bool whole(const uint8_t *bytes)
{
    for (unsigned i = 1; i < 8; i++)
        if (bytes[i] != bytes[0])
            return false;
    return true;
}

static void test_other_writer(void)
{
    const uint32_t copies = 60;
    uint64_t entry = make_race(copies);
    for (size_t i = 2; i < sizeof small / sizeof small[0]; i++) {
        unsigned torn = 0, differ = 0;
        bare_run(&program, &small[i], root, entry, &found);
        CU_ASSERT(found.ended);
        for (uint32_t at = COPIES; at < COPIES + 200 * copies; at += 8) {
            torn += !whole(found.memory + at);
            differ += found.memory[at] != 0 && found.memory[at] != 120;
        }
        CU_ASSERT_EQUAL(torn, 0);
        CU_ASSERT(differ > copies); // they did meet
    }
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("storage operands under misses", NULL, NULL);
    CU_add_test(suite, "same with misses", test_same_with_misses);
    CU_add_test(suite, "saved", test_saved);
    CU_add_test(suite, "other writer", test_other_writer);
    test_folder_make(root);
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    test_folder_remove(root);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
