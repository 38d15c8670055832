// SPDX-License-Identifier: Apache-2.0
// Fitting the curves of law.h to measured throughputs, by least squares (Levenberg, Marquardt). The universal
// scalability law is fitted in full: C(N) = c N / (1 + sigma (N-1) + kappa N (N-1)), sigma contention, kappa
// coherency [S:USL-BOOK]; the others as c S(N) with their loss n. c is the throughput of one CPU.
//
// Confidence intervals are 95 %, from the covariance at the minimum and Student's t; they hold as far as
// deviations from the curve are independent and alike. Parameters are not forced to be positive: a sigma
// below 0 says that a second CPU brings more than the first.
#ifndef NP_COORDINATOR_LAW_FIT_H
#define NP_COORDINATOR_LAW_FIT_H

#include <stddef.h>

#include "coordinator/law/law.h"

struct fit_point {
    double cpus, throughput;
};

enum { FIT_SCALE, FIT_FIRST, FIT_KAPPA, FIT_MAX };

struct fit {
    enum curve curve;
    unsigned n_parameters; // scale (unless given), loss or sigma, kappa (usl)
    bool found;            // there are more points than parameters, and a minimum
    double value[FIT_MAX]; // scale; loss n, or sigma of usl; kappa of usl
    double half[FIT_MAX];  // half widths of their intervals; NAN: given, or none
    double deviation;      // residual standard error: root of the squares' sum over points - parameters
    double relative;       // the same in parts of the mean throughput
};

// Fits one curve. `scale` > 0: the throughput of one CPU is given; 0: it is fitted too.
void fit_curve(struct fit *fit, enum curve curve, const struct fit_point *points, size_t n, double scale);

// Fits all curves into `fits` [CURVE_COUNT]. Returns the one with the least deviation; CURVE_COUNT when none
// could be fitted.
enum curve fit_all(struct fit *fits, const struct fit_point *points, size_t n, double scale);

double fit_value(const struct fit *fit, double cpus);

// Where a fitted universal scalability law has its maximum; INFINITY when kappa is not above 0.
double fit_peak(const struct fit *fit);

#endif
