// SPDX-License-Identifier: Apache-2.0
// Fits find what data were made from, their intervals hold it about as often as they say, and files are read
// or refused.
#include <CUnit/Basic.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "coordinator/law/columns.h"
#include "coordinator/law/statistics.h"
#include "proto/base/assert.h"
#include "proto/base/rng.h"

static struct fit_point points[64];

static void make(enum curve curve, double loss, double scale, size_t n)
{
    for (size_t i = 0; i < n; i++)
        points[i] = (struct fit_point){(double)(i + 1), scale * law_speedup(curve, loss, (double)(i + 1))};
}

// facts 4: the universal law fitted to the exponential curve, one CPU being 1, up to its peak. The figures
// there are rounded, and to which N it was fitted is not said.
static void test_known(void)
{
    struct fit fit;
    make(CURVE_EXPONENTIAL, 0.1, 1, 10);
    fit_curve(&fit, CURVE_USL, points, 10, 1);
    CU_ASSERT_DOUBLE_EQUAL(fit.value[FIT_FIRST], 0.088, 0.002);
    CU_ASSERT_DOUBLE_EQUAL(fit.value[FIT_KAPPA], 0.0086, 0.0002);
    CU_ASSERT_DOUBLE_EQUAL(fit_peak(&fit), 10.3, 0.2);
    make(CURVE_EXPONENTIAL, 0.05, 1, 18);
    fit_curve(&fit, CURVE_USL, points, 18, 1);
    CU_ASSERT_DOUBLE_EQUAL(fit.value[FIT_FIRST], 0.046, 0.001);
    CU_ASSERT_DOUBLE_EQUAL(fit.value[FIT_KAPPA], 0.0020, 0.0001);
    CU_ASSERT_DOUBLE_EQUAL(fit_peak(&fit), 21.8, 0.3);
}

static void test_finds_each_curve(void)
{
    for (unsigned c = 0; c < CURVE_COUNT; c++) {
        struct fit fits[CURVE_COUNT];
        make((enum curve)c, 0.06, 12345, 12);
        CU_ASSERT_EQUAL(fit_all(fits, points, 12, 0), c);
        CU_ASSERT_TRUE(fits[c].found);
        CU_ASSERT(fits[c].relative < 1e-6);
        CU_ASSERT_DOUBLE_EQUAL(fits[c].value[FIT_SCALE], 12345, 1e-2);
        if (c == CURVE_USL) {
            CU_ASSERT_DOUBLE_EQUAL(fits[c].value[FIT_FIRST], 0, 1e-6); // no contention in it
            CU_ASSERT_DOUBLE_EQUAL(fits[c].value[FIT_KAPPA], 0.06 / (2 * 0.94), 1e-7);
        } else {
            CU_ASSERT_DOUBLE_EQUAL(fits[c].value[FIT_FIRST], 0.06, 1e-6);
        }
    }
}

// A sum of twelve uniform numbers is normal enough.
static double noise(struct rng *rng)
{
    double sum = -6;
    for (unsigned i = 0; i < 12; i++)
        sum += (double)rng_below(rng, 1u << 20) / (1u << 20);
    return sum;
}

static void test_intervals(void)
{
    struct rng rng = rng_for(11, 3);
    unsigned sigma_in = 0, kappa_in = 0;
    enum { TRIALS = 200 };
    for (unsigned t = 0; t < TRIALS; t++) {
        struct fit fit;
        for (unsigned i = 0; i < 12; i++) {
            double n = 2.0 * i + 1;
            points[i] =
                (struct fit_point){n, 50 * n / (1 + 0.04 * (n - 1) + 0.002 * n * (n - 1)) + 2 * noise(&rng)};
        }
        fit_curve(&fit, CURVE_USL, points, 12, 0);
        sigma_in += fabs(fit.value[FIT_FIRST] - 0.04) <= fit.half[FIT_FIRST];
        kappa_in += fabs(fit.value[FIT_KAPPA] - 0.002) <= fit.half[FIT_KAPPA];
    }
    // 95 % of 200 is 190; a seeded run stays well within three standard deviations (9).
    CU_ASSERT(sigma_in >= 181 && sigma_in <= 199);
    CU_ASSERT(kappa_in >= 181 && kappa_in <= 199);
}

static void test_too_few(void)
{
    struct fit fits[CURVE_COUNT];
    make(CURVE_AMDAHL, 0.1, 1, 3);
    CU_ASSERT_EQUAL(fit_all(fits, points, 2, 0), CURVE_COUNT);
    fit_all(fits, points, 3, 0);
    CU_ASSERT_FALSE(fits[CURVE_USL].found); // three points, three parameters
    CU_ASSERT_TRUE(fits[CURVE_AMDAHL].found);
}

static void test_student(void)
{
    static const struct {
        unsigned freedom;
        double quantile, tolerance;
    } rows[] = {{1, 12.7062, 1e-3}, {2, 4.3027, 1e-3},  {3, 3.1824, 1e-2},
                {6, 2.4469, 5e-4},  {30, 2.0423, 1e-4}, {1000, 1.9623, 1e-4}};
    for (unsigned i = 0; i < NP_ARRAY_LEN(rows); i++)
        CU_ASSERT_DOUBLE_EQUAL(student_quantile(rows[i].freedom), rows[i].quantile, rows[i].tolerance);
    struct sample sample = {0};
    for (unsigned i = 1; i <= 5; i++)
        sample_add(&sample, i);
    CU_ASSERT_DOUBLE_EQUAL(sample.mean, 3, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(sample_half_width(&sample), 2.7764 * sqrt(2.5 / 5), 5e-3);
}

static enum err_code read_text(const char *text, const char *x, const char *where, struct fit_point **read,
                               size_t *n, struct err *err)
{
    char path[] = "/tmp/numaplex-columns-XXXXXX";
    int fd = mkstemp(path);
    NP_ASSERT(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    struct columns_request request = {.x = x, .y = "work_per_s"};
    if (where)
        request.filters[request.n_filters++] = (struct filter){"locks", where};
    enum err_code code = columns_read(path, &request, read, n, err);
    unlink(path);
    return code;
}

static void test_columns(void)
{
    struct fit_point *read;
    size_t n;
    struct err err;
    static const char text[] = "cpus,locks,\"note, long\",work_per_s\r\n"
                               "1,1,\"a \"\"b\"\"\nc\",10.5\n2,4,,\n\n2,1,,20\n4,1,x,31e0\n4,4,x,7";
    CU_ASSERT_EQUAL_FATAL(read_text(text, "cpus", "1", &read, &n, &err), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(n, 3);
    CU_ASSERT_EQUAL(read[0].throughput, 10.5);
    CU_ASSERT_EQUAL(read[2].cpus, 4);
    CU_ASSERT_EQUAL(read[2].throughput, 31);
    free(read);
    CU_ASSERT_EQUAL_FATAL(read_text(text, "cpus", NULL, &read, &n, &err), ERR_OK);
    CU_ASSERT_EQUAL(n, 4); // the row without a throughput is left out
    free(read);
    CU_ASSERT_EQUAL(read_text(text, "cpu", NULL, &read, &n, &err), ERR_MISSING_KEY);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "did you mean cpus"));
    CU_ASSERT_EQUAL(read_text(text, "cpus", "9", &read, &n, &err), ERR_BAD_VALUE);
    CU_ASSERT_EQUAL(read_text("cpus,work_per_s\n1,ten\n", "cpus", NULL, &read, &n, &err), ERR_BAD_VALUE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, ":2: work_per_s: 'ten' is not a number"));
    CU_ASSERT_EQUAL(read_text("cpus,work_per_s\n0,1\n", "cpus", NULL, &read, &n, &err), ERR_BAD_VALUE);
    CU_ASSERT_EQUAL(read_text("cpus,work_per_s\n1\n", "cpus", NULL, &read, &n, &err), ERR_BAD_VALUE);
    CU_ASSERT_EQUAL(read_text("", "cpus", NULL, &read, &n, &err), ERR_BAD_VALUE);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("fits", NULL, NULL);
    CU_add_test(suite, "the figures of facts 4", test_known);
    CU_add_test(suite, "each curve is found in its own data", test_finds_each_curve);
    CU_add_test(suite, "95 % intervals hold the truth in about 95 %", test_intervals);
    CU_add_test(suite, "too few points", test_too_few);
    CU_add_test(suite, "Student's t", test_student);
    CU_add_test(suite, "columns of a CSV", test_columns);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures != 0;
}
