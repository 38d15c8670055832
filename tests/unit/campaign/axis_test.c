// SPDX-License-Identifier: Apache-2.0
// What a sweep varies: lists, ranges, units, and what is refused.
#include <CUnit/Basic.h>
#include <string.h>

#include "coordinator/campaign/axis.h"
#include "proto/base/assert.h"

static void test_values(void)
{
    static const struct {
        const char *text;
        uint32_t n;
        const char *first, *last;
    } rows[] = {
        {"cpus=1..32", 32, "1", "32"},
        {"cpus=5..5", 1, "5", "5"},
        {"locks=1..64*2", 7, "1", "64"},
        {"locks=1..100*3", 5, "1", "81"},
        {"cpus=4..32+4", 8, "4", "32"},
        {"cpus=1..6+4", 2, "1", "5"},
        {"flight=50ns..200ns+50", 4, "50ns", "200ns"},
        {"flight=50..200ns+50", 4, "50ns", "200ns"},
        {"l2=1..8MiB*2", 4, "1MiB", "8MiB"},
        {"protocol=mesi,msi", 2, "mesi", "msi"},
        {"window=0,1.5us", 2, "0", "1.5us"},
        {"cpus=1..3,8,12..14", 7, "1", "14"},
        {"n=1..18446744073709551615*4294967296", 2, "1", "4294967296"},
        {"systems.sun.board.l2=4MiB", 1, "4MiB", "4MiB"},
    };
    for (size_t i = 0; i < NP_ARRAY_LEN(rows); i++) {
        struct axis axis;
        struct err err = {0};
        CU_ASSERT_EQUAL(axis_parse(&axis, rows[i].text, &err), ERR_OK);
        if (err.code) {
            printf("\n  %s: %s\n", rows[i].text, err.text);
            continue;
        }
        CU_ASSERT_EQUAL(axis.n, rows[i].n);
        CU_ASSERT_STRING_EQUAL(axis.values[0], rows[i].first);
        CU_ASSERT_STRING_EQUAL(axis.values[axis.n - 1], rows[i].last);
        CU_ASSERT_EQUAL(strncmp(axis.name, rows[i].text, strlen(axis.name)), 0);
        axis_free(&axis);
    }
}

static void test_refused(void)
{
    static const struct {
        const char *text;
        enum err_code code;
        const char *says;
    } rows[] = {
        {"cpus", ERR_USAGE, "NAME=VALUES"},
        {"=1..2", ERR_USAGE, "NAME=VALUES"},
        {"cpus=", ERR_USAGE, "a value is missing"},
        {"cpus=1,,2", ERR_USAGE, "a value is missing"},
        {"cpus=1,2,", ERR_USAGE, "a value is missing"},
        {"cpus=4..1", ERR_USAGE, "goes upwards"},
        {"cpus=1..", ERR_USAGE, "FIRST..LAST"},
        {"cpus=..4", ERR_USAGE, "FIRST..LAST"},
        {"cpus=-1..4", ERR_USAGE, "FIRST..LAST"},
        {"cpus=0..4*2", ERR_USAGE, "cannot begin at 0"},
        {"cpus=1..4*1", ERR_USAGE, "at least 2"},
        {"cpus=1..4+0", ERR_USAGE, "at least 1"},
        {"cpus=1..4*x", ERR_USAGE, "at least 2"},
        {"t=1ns..4us", ERR_USAGE, "same unit"},
        {"cpus=1..3,2", ERR_USAGE, "given twice"},
        {"cpus=1..5000", ERR_LIMIT, "more than 4096"},
        {"cpus=99999999999999999999..5", ERR_USAGE, "FIRST..LAST"},
    };
    for (size_t i = 0; i < NP_ARRAY_LEN(rows); i++) {
        struct axis axis;
        struct err err = {0};
        CU_ASSERT_EQUAL(axis_parse(&axis, rows[i].text, &err), rows[i].code);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, rows[i].says));
        if (!strstr(err.text, rows[i].says))
            printf("\n  %s: %s\n", rows[i].text, err.text);
    }
}

static void test_numbers(void)
{
    double number;
    CU_ASSERT_TRUE(axis_number("12", &number) && number == 12);
    CU_ASSERT_TRUE(axis_number("200ns", &number) && number == 200000);
    CU_ASSERT_TRUE(axis_number("4MiB", &number) && number == 4194304);
    CU_ASSERT_FALSE(axis_number("mesi", &number));
    struct axis axis;
    struct err err;
    CU_ASSERT_EQUAL_FATAL(axis_parse(&axis, "w=1us,2us", &err), ERR_OK);
    axis_prepend(&axis, "0");
    CU_ASSERT_EQUAL(axis.n, 3);
    CU_ASSERT_EQUAL(axis_find(&axis, "0"), 0);
    CU_ASSERT_EQUAL(axis_find(&axis, "2us"), 2);
    CU_ASSERT_EQUAL(axis_find(&axis, "3us"), 3);
    axis_free(&axis);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("axes of a sweep", NULL, NULL);
    CU_add_test(suite, "values", test_values);
    CU_add_test(suite, "what is refused", test_refused);
    CU_add_test(suite, "values as numbers", test_numbers);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures != 0;
}
