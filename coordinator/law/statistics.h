// SPDX-License-Identifier: Apache-2.0
// Means with confidence intervals, and the solution of small systems of linear equations.
#ifndef NP_COORDINATOR_LAW_STATISTICS_H
#define NP_COORDINATOR_LAW_STATISTICS_H

#include <stdbool.h>
#include <stdint.h>

// Count, mean and sum of squared differences from it, in one pass (Welford 1962).
struct sample {
    uint64_t n;
    double mean, squares;
};

void sample_add(struct sample *sample, double value);

// Half the width of the 95 % interval of the mean, from Student's t. NAN for fewer than two values.
double sample_half_width(const struct sample *sample);

// The 97.5 % quantile of Student's t with so many degrees of freedom (at least 1): half widths of two-sided
// 95 % intervals.
double student_quantile(uint64_t freedom);

// Inverts the symmetric n x n matrix `a` (n up to 4, row by row) in place by Gauss-Jordan with pivots.
// Returns false when it is singular.
bool matrix_invert(double *a, unsigned n);

#endif
