// SPDX-License-Identifier: Apache-2.0
// A small picture in plain characters, for terminals.
#ifndef NP_COORDINATOR_LAW_PLOT_H
#define NP_COORDINATOR_LAW_PLOT_H

#include <stddef.h>
#include <stdio.h>

#include "coordinator/law/fit.h"

#define PLOT_SERIES_MAX 10

struct plot_series {
    const struct fit_point *points;
    size_t n;
    const char *name;
};

// Draws the series with a mark each; where two meet stands the later one's. `y` names the vertical axis.
void plot(const struct plot_series *series, size_t n, const char *x, const char *y, FILE *out);

#endif
