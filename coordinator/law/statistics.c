// SPDX-License-Identifier: Apache-2.0
#include "coordinator/law/statistics.h"

#include <math.h>
#include <string.h>

#include "proto/base/assert.h"

#define ORDER_MAX 4

void sample_add(struct sample *sample, double value)
{
    double from = value - sample->mean;
    sample->n++;
    sample->mean += from / (double)sample->n;
    sample->squares += from * (value - sample->mean);
}

double sample_half_width(const struct sample *sample)
{
    if (sample->n < 2)
        return NAN;
    double variance = sample->squares / (double)(sample->n - 1);
    return student_quantile(sample->n - 1) * sqrt(variance / (double)sample->n);
}

// Exact for 1 and 2; beyond, the expansion of the quantile around the normal one (Abramowitz, Stegun 26.7.5)
// is right to 0.3 % from 3 on and to 1e-4 from 6 on.
double student_quantile(uint64_t freedom)
{
    const double z = 1.959963984540054;
    NP_ASSERT(freedom > 0);
    if (freedom == 1)
        return 12.706204736;
    if (freedom == 2)
        return 4.302652730;
    double v = (double)freedom, z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z, z9 = z7 * z * z;
    return z + (z3 + z) / (4 * v) + (5 * z5 + 16 * z3 + 3 * z) / (96 * v * v) +
           (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * v * v * v) +
           (79 * z9 + 776 * z7 + 1482 * z5 - 1920 * z3 - 945 * z) / (92160 * v * v * v * v);
}

static void swap_rows(double *a, unsigned n, unsigned i, unsigned j)
{
    for (unsigned k = 0; k < 2 * n; k++) {
        double kept = a[i * 2 * n + k];
        a[i * 2 * n + k] = a[j * 2 * n + k];
        a[j * 2 * n + k] = kept;
    }
}

bool matrix_invert(double *a, unsigned n)
{
    double w[ORDER_MAX * 2 * ORDER_MAX] = {0}; // beside it the unit matrix
    NP_ASSERT(n <= ORDER_MAX);
    for (unsigned i = 0; i < n; i++) {
        memcpy(&w[i * 2 * n], &a[i * n], n * sizeof *a);
        w[i * 2 * n + n + i] = 1;
    }
    for (unsigned c = 0; c < n; c++) {
        unsigned pivot = c;
        for (unsigned i = c + 1; i < n; i++)
            if (fabs(w[i * 2 * n + c]) > fabs(w[pivot * 2 * n + c]))
                pivot = i;
        if (!(fabs(w[pivot * 2 * n + c]) > 1e-300))
            return false;
        swap_rows(w, n, c, pivot);
        double scale = w[c * 2 * n + c];
        for (unsigned k = 0; k < 2 * n; k++)
            w[c * 2 * n + k] /= scale;
        for (unsigned i = 0; i < n; i++) {
            double factor = w[i * 2 * n + c];
            for (unsigned k = 0; i != c && k < 2 * n; k++)
                w[i * 2 * n + k] -= factor * w[c * 2 * n + k];
        }
    }
    for (unsigned i = 0; i < n; i++)
        memcpy(&a[i * n], &w[i * 2 * n + n], n * sizeof *a);
    return true;
}
