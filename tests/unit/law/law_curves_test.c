// SPDX-License-Identifier: Apache-2.0
// The curves of facts 4: their values, the text's 4 and 8 CPUs, the derived 20 and 32, and where they end.
#include <CUnit/Basic.h>
#include <math.h>

#include "coordinator/law/law.h"

static void near(double is, double should, double tolerance)
{
    CU_ASSERT_DOUBLE_EQUAL(is, should, tolerance);
    if (!(fabs(is - should) <= tolerance))
        printf("\n  %.6g instead of %.6g\n", is, should);
}

static void test_same_beginning(void)
{
    static const double losses[] = {0.1, 0.05, 0.02, 0.0125};
    for (unsigned c = 0; c < CURVE_COUNT; c++)
        for (unsigned i = 0; i < 4; i++) {
            near(law_speedup((enum curve)c, losses[i], 1), 1, 1e-12);
            near(law_speedup((enum curve)c, losses[i], 2), 2 * (1 - losses[i]), 1e-12);
            near(law_gain((enum curve)c, losses[i], 1), 1, 1e-12);
        }
}

// The table of facts 4, which is rounded to two digits.
static void test_table(void)
{
    near(law_speedup(CURVE_EXPONENTIAL, 0.1, 4), 2.92, 0.005);
    near(law_speedup(CURVE_EXPONENTIAL, 0.05, 8), 5.59, 0.005);
    near(law_gain(CURVE_EXPONENTIAL, 0.1, 5), 0.36, 0.005);
    near(law_gain(CURVE_EXPONENTIAL, 0.05, 9), 0.38, 0.005);
    near(law_speedup(CURVE_QUADRATIC, 0.1, 4), 2.80, 0.005);
    near(law_speedup(CURVE_QUADRATIC, 0.05, 8), 5.20, 0.005);
    near(law_gain(CURVE_QUADRATIC, 0.1, 5), 0.20, 0.005);
    near(law_gain(CURVE_QUADRATIC, 0.05, 9), 0.20, 0.005);
    near(law_speedup(CURVE_AMDAHL, 0.1, 4), 3.00, 0.005);
    near(law_speedup(CURVE_AMDAHL, 0.05, 8), 5.85, 0.005);
    near(law_gain(CURVE_AMDAHL, 0.1, 5), 0.46, 0.005);
    near(law_gain(CURVE_AMDAHL, 0.05, 9), 0.49, 0.005);
    // The table has the geometric curve in the second reading, S(2) = 2 - n.
    near(law_speedup(CURVE_GEOMETRIC, law_loss_of_total(0.1), 2), 1.9, 1e-12);
    near(law_speedup(CURVE_GEOMETRIC, law_loss_of_total(0.1), 4), 3.44, 0.005);
    near(law_speedup(CURVE_GEOMETRIC, law_loss_of_total(0.05), 8), 6.73, 0.005);
}

static void test_peaks(void)
{
    near(law_peak(CURVE_EXPONENTIAL, 0.1), 9.491, 0.001);
    near(law_peak(CURVE_EXPONENTIAL, 0.05), 19.496, 0.001);
    near(law_speedup(CURVE_EXPONENTIAL, 0.1, 9), 3.87, 0.005);
    near(law_peak(CURVE_QUADRATIC, 0.1), 5.5, 1e-12);
    near(law_peak(CURVE_QUADRATIC, 0.05), 10.5, 1e-12);
    near(law_peak(CURVE_USL, 0.1), 4.2, 0.05);
    near(law_peak(CURVE_USL, 0.05), 6.2, 0.05);
    CU_ASSERT(isinf(law_peak(CURVE_AMDAHL, 0.1)));
    CU_ASSERT(isinf(law_peak(CURVE_GEOMETRIC, 0.1)));
    near(law_limit(CURVE_AMDAHL, 0.1), 9, 1e-9);
    near(law_limit(CURVE_AMDAHL, 0.05), 19, 1e-9);
    near(law_speedup(CURVE_AMDAHL, 0.1, 1e9), 9, 1e-3);
    near(law_speedup(CURVE_GEOMETRIC, 0.1, 1e4), law_limit(CURVE_GEOMETRIC, 0.1), 1e-9);
}

static uint32_t useful(enum curve curve, double loss)
{
    return law_useful(curve, loss, law_rule(curve), LAW_CPUS_MAX);
}

static void test_useful(void)
{
    CU_ASSERT_EQUAL(useful(CURVE_EXPONENTIAL, 0.1), 4);     // the text
    CU_ASSERT_EQUAL(useful(CURVE_EXPONENTIAL, 0.05), 8);    // the text
    CU_ASSERT_EQUAL(useful(CURVE_EXPONENTIAL, 0.02), 20);   // derived
    CU_ASSERT_EQUAL(useful(CURVE_EXPONENTIAL, 0.0125), 32); // derived
    CU_ASSERT_EQUAL(useful(CURVE_QUADRATIC, 0.1), 4);
    CU_ASSERT_EQUAL(useful(CURVE_QUADRATIC, 0.05), 8);
    CU_ASSERT_EQUAL(useful(CURVE_QUADRATIC, 0.02), 19); // facts 4: not quite the same rule
    CU_ASSERT_EQUAL(law_useful(CURVE_EXPONENTIAL, 0.001, 0.4, 10), 10);
    // The second reading has half the loss: twice the CPUs.
    CU_ASSERT_EQUAL(useful(CURVE_EXPONENTIAL, law_loss_of_total(0.1)), 8);
}

static void test_quadratic_is_held_at_zero(void)
{
    near(law_absurd_beyond(CURVE_QUADRATIC, 0.1), 11, 1e-9);
    CU_ASSERT_EQUAL(law_speedup(CURVE_QUADRATIC, 0.1, 12), 0);
    CU_ASSERT(law_speedup(CURVE_QUADRATIC, 0.1, 10) > 0);
    for (uint32_t cpus = 1; cpus < 500; cpus++)
        for (unsigned c = 0; c < CURVE_COUNT; c++)
            CU_ASSERT(law_speedup((enum curve)c, 0.1, cpus) >= 0);
}

static void test_names(void)
{
    for (unsigned c = 0; c < CURVE_COUNT; c++) {
        enum curve found;
        CU_ASSERT_TRUE(curve_find(curve_name((enum curve)c), &found));
        CU_ASSERT_EQUAL(found, c);
    }
    enum curve found;
    CU_ASSERT_FALSE(curve_find("linear", &found));
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("curves of the law", NULL, NULL);
    CU_add_test(suite, "all begin alike", test_same_beginning);
    CU_add_test(suite, "the table of facts 4", test_table);
    CU_add_test(suite, "peaks and limits", test_peaks);
    CU_add_test(suite, "how many CPUs are worth while", test_useful);
    CU_add_test(suite, "never below zero", test_quadratic_is_held_at_zero);
    CU_add_test(suite, "names", test_names);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures != 0;
}
