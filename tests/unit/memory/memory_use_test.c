// SPDX-License-Identifier: Apache-2.0
// Which pages a home reports: those that others asked for most, in a fixed order.
#include <CUnit/Basic.h>

#include "node/memory/memory.h"
#include "proto/base/results.h"

static void use(struct memory *memory, uint64_t offset, uint64_t remote)
{
    struct page_use *page = memory_line(memory, offset).use;
    page->requests += remote + 1;
    page->remote += remote;
}

static void expect_order(const struct used_page *pages, uint32_t n, uint32_t wanted)
{
    CU_ASSERT_EQUAL(n, wanted);
    for (uint32_t i = 1; i < n; i++) {
        CU_ASSERT(pages[i - 1].use->remote >= pages[i].use->remote);
        if (pages[i - 1].use->remote == pages[i].use->remote)
            CU_ASSERT(pages[i - 1].offset < pages[i].offset);
    }
}

static void test_busiest(void)
{
    struct memory memory;
    struct used_page pages[5];
    memory_init(&memory, UINT64_C(1) << 26, 64);
    expect_order(pages, memory_busiest(&memory, pages, 5), 0);
    use(&memory, 9 * PAGE_BYTES + 128, 0); // nobody else asked for it
    expect_order(pages, memory_busiest(&memory, pages, 5), 0);
    static const uint64_t remote[] = {3, 9, 3, 1, 9, 200, 3, 2, 3};
    for (uint64_t i = 0; i < 9; i++) // over several leaves
        use(&memory, i * (UINT64_C(5) << 20) + 64, remote[i]);
    uint32_t n = memory_busiest(&memory, pages, 5);
    expect_order(pages, n, 5);
    static const uint64_t wanted[] = {5, 1, 4, 0, 2};
    for (uint32_t i = 0; i < n; i++)
        CU_ASSERT_EQUAL(pages[i].offset, wanted[i] * (UINT64_C(5) << 20));
    memory_free(&memory);
}

static void test_lines_of_a_page_share_its_counts(void)
{
    struct memory memory;
    memory_init(&memory, 4 * PAGE_BYTES, 64);
    CU_ASSERT_PTR_EQUAL(memory_line(&memory, 4096).use, memory_line(&memory, 8128).use);
    CU_ASSERT_PTR_NOT_EQUAL(memory_line(&memory, 4096).use, memory_line(&memory, 8192).use);
    memory_free(&memory);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("use of pages", NULL, NULL);
    CU_add_test(suite, "the busiest", test_busiest);
    CU_add_test(suite, "lines of a page share its counts", test_lines_of_a_page_share_its_counts);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
