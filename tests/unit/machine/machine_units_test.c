// SPDX-License-Identifier: Apache-2.0
// Units: what is read, what is refused, and that every formatted value reads back.
#include <CUnit/Basic.h>
#include <locale.h>
#include <string.h>

#include "coordinator/machine/units.h"
#include "proto/base/assert.h"
#include "proto/base/rng.h"

static void test_values(void)
{
    static const struct {
        enum unit_kind kind;
        const char *text;
        uint64_t value;
    } rows[] = {
        {UNIT_SIZE, "64", 64},
        {UNIT_SIZE, "64B", 64},
        {UNIT_SIZE, "4KiB", 4096},
        {UNIT_SIZE, "1.5 GiB", UINT64_C(1610612736)},
        {UNIT_SIZE, "0x40000000", UINT64_C(1) << 30},
        {UNIT_SIZE, "0", 0},
        {UNIT_SIZE, "0xffffffffffffffff", UINT64_MAX},
        {UNIT_TIME, "212ns", 212000},
        {UNIT_TIME, "1.5us", 1500000},
        {UNIT_TIME, "400ps", 400},
        {UNIT_TIME, "10us", 10000000},
        {UNIT_TIME, "1s", UINT64_C(1000000000000)},
        {UNIT_TIME, "0.001ns", 1},
        {UNIT_TIME, "0", 0},
        {UNIT_FREQUENCY, "900MHz", 900000000},
        {UNIT_FREQUENCY, "1.2GHz", 1200000000},
        {UNIT_BANDWIDTH, "20GB/s", UINT64_C(20000000000)},
        {UNIT_BANDWIDTH, "2.4GB/s", UINT64_C(2400000000)},
        {UNIT_BANDWIDTH, "unlimited", 0},
        {UNIT_SHARE, "30%", 300},
        {UNIT_SHARE, "12.5%", 125},
        {UNIT_COUNT, "18446744073709551615", UINT64_MAX},
        {UNIT_COUNT, "0xAb", 0xab},
    };
    for (size_t i = 0; i < NP_ARRAY_LEN(rows); i++) {
        uint64_t value = 12345;
        const char *wrong = unit_parse(rows[i].kind, rows[i].text, &value);
        if (wrong || value != rows[i].value)
            printf("  %s: %s\n", rows[i].text, wrong ? wrong : "another value");
        CU_ASSERT_PTR_NULL(wrong);
        CU_ASSERT_EQUAL(value, rows[i].value);
    }
}

static void test_refused(void)
{
    static const struct {
        enum unit_kind kind;
        const char *text;
        const char *says;
    } rows[] = {
        {UNIT_SIZE, "64MB", "KiB, MiB"},
        {UNIT_SIZE, "1G", "KiB, MiB"},
        {UNIT_SIZE, "1.3", "whole number"},
        {UNIT_SIZE, "0.3KiB", "whole number"},
        {UNIT_SIZE, "16777216TiB", "too large"},
        {UNIT_SIZE, "0x10000000000000000", "too large"},
        {UNIT_SIZE, "0x", "hexadecimal"},
        {UNIT_SIZE, "-1", "not a size"},
        {UNIT_SIZE, "", "not a size"},
        {UNIT_SIZE, "1,5KiB", "not a size"},
        {UNIT_SIZE, "4KiB ", "not a size"},
        {UNIT_TIME, "10", "not a time"},
        {UNIT_TIME, "1.5ps", "finer than a picosecond"},
        {UNIT_TIME, "1.0005ns", "finer than a picosecond"},
        {UNIT_TIME, "99999999999s", "too large"},
        {UNIT_TIME, "5.us", "not a time"},
        {UNIT_TIME, ".5us", "not a time"},
        {UNIT_TIME, "1.2.3us", "not a time"},
        {UNIT_TIME, "1e3ns", "not a time"},
        {UNIT_FREQUENCY, "900mhz", "not a frequency"},
        {UNIT_BANDWIDTH, "0", "not a bandwidth"},
        {UNIT_BANDWIDTH, "0GB/s", "unlimited"},
        {UNIT_BANDWIDTH, "20GiB/s", "not a bandwidth"},
        {UNIT_SHARE, "0.3", "not a share"},
        {UNIT_SHARE, "12.55%", "whole number"},
        {UNIT_COUNT, "12a", "not a whole number"},
        {UNIT_COUNT, "111111111111111111111", "not a whole number"},
    };
    for (size_t i = 0; i < NP_ARRAY_LEN(rows); i++) {
        uint64_t value;
        const char *wrong = unit_parse(rows[i].kind, rows[i].text, &value);
        if (!wrong || !strstr(wrong, rows[i].says))
            printf("  %s: %s\n", rows[i].text, wrong ? wrong : "accepted");
        CU_ASSERT_PTR_NOT_NULL_FATAL(wrong);
        CU_ASSERT_PTR_NOT_NULL(strstr(wrong, rows[i].says));
    }
}

static void test_format_reads_back(void)
{
    struct rng rng = rng_for(1, 1);
    for (int i = 0; i < 20000; i++) {
        enum unit_kind kind = (enum unit_kind)(i % 6);
        uint64_t value = rng_next(&rng) >> rng_below(&rng, 64), back;
        if (kind == UNIT_SHARE)
            value %= 1001;
        char text[UNIT_TEXT_SIZE];
        const char *wrong = unit_parse(kind, unit_format(kind, value, text), &back);
        CU_ASSERT_PTR_NULL_FATAL(wrong);
        CU_ASSERT_EQUAL_FATAL(back, value);
    }
}

static void test_format_is_readable(void)
{
    char text[UNIT_TEXT_SIZE];
    CU_ASSERT_STRING_EQUAL(unit_format(UNIT_SIZE, 65536, text), "64KiB");
    CU_ASSERT_STRING_EQUAL(unit_format(UNIT_TIME, 1500, text), "1500ps");
    CU_ASSERT_STRING_EQUAL(unit_format(UNIT_SHARE, 300, text), "30%");
    CU_ASSERT_STRING_EQUAL(unit_format(UNIT_SHARE, 125, text), "12.5%");
    CU_ASSERT_STRING_EQUAL(unit_format(UNIT_BANDWIDTH, 0, text), "unlimited");
    CU_ASSERT_STRING_EQUAL(unit_pretty_time(212500, text), "212.5 ns");
    CU_ASSERT_STRING_EQUAL(unit_pretty_time(UINT64_C(25000000), text), "25.0 us");
}

int main(void)
{
    setlocale(LC_ALL, ""); // whatever the user has: nothing here may depend on it
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("units", NULL, NULL);
    CU_add_test(suite, "values", test_values);
    CU_add_test(suite, "refused", test_refused);
    CU_add_test(suite, "every formatted value reads back", test_format_reads_back);
    CU_add_test(suite, "the format is readable", test_format_is_readable);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures != 0;
}
