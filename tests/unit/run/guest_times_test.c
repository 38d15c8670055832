// SPDX-License-Identifier: Apache-2.0
// Lines with times in the consoles of guests, and what is none.
#include <CUnit/Basic.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/run/guest_times.h"
#include "proto/base/assert.h"

static struct guest_times times;

static bool is(size_t i, const char *name, uint32_t cpus, double us, double speedup)
{
    const struct guest_time *t = &times.items[i];
    return i < times.n && strcmp(t->name, name) == 0 && t->cpus == cpus && fabs(t->us - us) < 1e-9 * us &&
           fabs(t->speedup - speedup) < 1e-6;
}

static void test_forms(void)
{
    guest_times_read(&times, "radix: 4 CPUs\n"
                             "time: fft cpus=1 us=300.5\n"
                             "time: radix: 8000 ns on 1 CPU, 2000 ns on 4, speed-up 4.00\n"
                             "ok\n"
                             "time: fft cpus=4 us=75.125\n"
                             "time: fft cpus=2 us=150.25\n"
                             "time: sieve8: 500 ns on 8 CPUs");
    CU_ASSERT_EQUAL_FATAL(times.n, 6);
    CU_ASSERT_TRUE(is(0, "fft", 1, 300.5, 1));
    CU_ASSERT_TRUE(is(1, "fft", 2, 150.25, 2));
    CU_ASSERT_TRUE(is(2, "fft", 4, 75.125, 4));
    CU_ASSERT_TRUE(is(3, "radix", 1, 8, 1));
    CU_ASSERT_TRUE(is(4, "radix", 4, 2, 4));
    CU_ASSERT_TRUE(is(5, "sieve8", 8, 0.5, 8)); // nothing to compare it with
}

static void test_repeated(void)
{
    guest_times_read(&times, "time: a cpus=2 us=10\ntime: a cpus=2 us=20\n");
    CU_ASSERT_EQUAL(times.n, 1);
    CU_ASSERT_TRUE(is(0, "a", 2, 20, 2));
}

static void test_others(void)
{
    guest_times_read(&times, "");
    CU_ASSERT_EQUAL(times.n, 0);
    guest_times_read(&times, " time: a cpus=2 us=10\n"
                             "time:\ntime: \n"
                             "time: a cpus= us=10\n"
                             "time: a cpus=2\n us=10\n"
                             "time: a cpus=0 us=10\n"
                             "time: a cpus=257 us=10\n"
                             "time: a cpus=2 us=0\n"
                             "time: a cpus=2 us=-5\n"
                             "time: a cpus=99999999999999999999999999 us=5\n"
                             "time: a cpus=2 us=99999999999999999999999999\n"
                             "time: cpus=2 us=10\n"
                             "time: : 5 ns on 2\n"
                             "time: b: 5 ns on\n8 CPUs\n"
                             "time: b: spin lock, 4 CPUs: 35 ns an entry\n"
                             "time: copy on 4 CPUs: 100 MB/s\n");
    CU_ASSERT_EQUAL(times.n, 0);
}

static void test_limits(void)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    NP_ASSERT(out);
    for (unsigned i = 0; i < 2 * GUEST_TIMES_MAX; i++)
        fprintf(out, "time: name%u cpus=1 us=5\n", i);
    fputs("time: ", out);
    for (unsigned i = 0; i < 3 * NAME_MAX_BYTES; i++)
        fputc('x', out);
    fputs(" cpus=1 us=5\n", out);
    fclose(out);
    guest_times_read(&times, text);
    CU_ASSERT_EQUAL(times.n, GUEST_TIMES_MAX);
    guest_times_read(&times, strstr(text, "time: x"));
    CU_ASSERT_EQUAL_FATAL(times.n, 1);
    CU_ASSERT_EQUAL(strlen(times.items[0].name), NAME_MAX_BYTES - 1);
    free(text);
}

// Lines at and beyond the length that is read at once, and a last one without an end.
static void test_file(void)
{
    char path[] = "/tmp/guest_times_XXXXXX", longer[2000];
    int fd = mkstemp(path);
    FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
    NP_ASSERT(out);
    memset(longer, 'x', sizeof longer);
    fprintf(out, "hello\ntime: a cpus=1 us=8\n%.1023stime: b cpus=1 us=8\n", longer);
    fprintf(out, "time: %.1990s cpus=2 us=9\ntime: a: 2000 ns on 4", longer);
    NP_ASSERT(fclose(out) == 0);
    guest_times_read_file(&times, path);
    CU_ASSERT_EQUAL(times.n, 2);
    CU_ASSERT_TRUE(is(0, "a", 1, 8, 1));
    CU_ASSERT_TRUE(is(1, "a", 4, 2, 4));
    remove(path);
    guest_times_read_file(&times, path);
    CU_ASSERT_EQUAL(times.n, 0);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("times of guests", NULL, NULL);
    CU_add_test(suite, "both forms", test_forms);
    CU_add_test(suite, "a later line replaces", test_repeated);
    CU_add_test(suite, "other lines", test_others);
    CU_add_test(suite, "limits", test_limits);
    CU_add_test(suite, "a file", test_file);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures != 0;
}
