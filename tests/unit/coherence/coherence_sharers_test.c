// SPDX-License-Identifier: Apache-2.0
// Sharer sets: whatever the form, the set names every board that was added and not removed since, and only
// boards that exist; and it names no more than the form's figure explains.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

#include "node/coherence/sharers.h"
#include "proto/base/rng.h"

static void test_full_map_is_exact(void)
{
    const struct sharer_form form = {.boards = 0x3ffff};
    struct sharers set = {0};
    sharers_add(&set, &form, 17);
    sharers_add(&set, &form, 3);
    sharers_remove(&set, &form, 17);
    CU_ASSERT_EQUAL(set.bits, 8);
    sharers_all(&set, &form);
    CU_ASSERT_EQUAL(set.bits, 0x3ffff);
}

static void test_pointers_overflow(void)
{
    const struct sharer_form form = {.boards = 0x1f, .pointers = 2};
    struct sharers set = {0};
    sharers_add(&set, &form, 0);
    sharers_add(&set, &form, 4);
    sharers_add(&set, &form, 4);
    CU_ASSERT_EQUAL(set.bits, 0x11);
    sharers_remove(&set, &form, 0);
    CU_ASSERT_EQUAL(set.bits, 0x10);
    sharers_add(&set, &form, 1);
    sharers_add(&set, &form, 2);
    CU_ASSERT_EQUAL(set.bits, 0x1f);
    sharers_remove(&set, &form, 2); // nobody knows who is left
    CU_ASSERT_EQUAL(set.bits, 0x1f);
}

static void test_coarse_bits(void)
{
    const struct sharer_form form = {.boards = 0x1f, .coarse = 2};
    struct sharers set = {0};
    sharers_add(&set, &form, 1);
    CU_ASSERT_EQUAL(set.bits, 3);
    sharers_remove(&set, &form, 1); // board 0 has the same bit
    CU_ASSERT_EQUAL(set.bits, 3);
    sharers_add(&set, &form, 4);
    CU_ASSERT_EQUAL(set.bits, 0x13);
    sharers_remove(&set, &form, 4); // alone on its bit
    CU_ASSERT_EQUAL(set.bits, 3);
}

static void test_never_too_few(void)
{
    struct rng rng = rng_for(1, 1);
    for (unsigned i = 0; i < 2000; i++) {
        struct sharer_form form = {.boards = rng_next(&rng) | 1};
        if (i % 3 == 1)
            form.pointers = (uint8_t)(1 + rng_below(&rng, 8));
        if (i % 3 == 2)
            form.coarse = (uint8_t)(1 + rng_below(&rng, 64));
        struct sharers set = {0};
        uint64_t held = 0;
        for (unsigned n = 0; n < 100; n++) {
            unsigned board = (unsigned)rng_below(&rng, 64);
            if (!(form.boards >> board & 1))
                continue;
            bool add = rng_below(&rng, 2);
            (add ? sharers_add : sharers_remove)(&set, &form, board);
            held = add ? held | UINT64_C(1) << board : held & ~(UINT64_C(1) << board);
            CU_ASSERT_EQUAL(held & ~set.bits, 0);
            CU_ASSERT_EQUAL(set.bits & ~form.boards, 0);
            if (i % 3 == 0)
                CU_ASSERT_EQUAL(set.bits, held);
        }
    }
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("sharer sets", NULL, NULL);
    CU_add_test(suite, "a full map is exact", test_full_map_is_exact);
    CU_add_test(suite, "pointers overflow", test_pointers_overflow);
    CU_add_test(suite, "coarse bits", test_coarse_bits);
    CU_add_test(suite, "never too few", test_never_too_few);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
