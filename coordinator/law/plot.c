// SPDX-License-Identifier: Apache-2.0
#include "coordinator/law/plot.h"

#include <math.h>
#include <string.h>

#include "proto/base/assert.h"

#define WIDTH  64
#define HEIGHT 16

static const char marks[PLOT_SERIES_MAX + 1] = "*o+x#@%&=~";

static void extent(const struct plot_series *series, size_t n, double *x, double *y)
{
    *x = *y = 0;
    for (size_t s = 0; s < n; s++)
        for (size_t i = 0; i < series[s].n; i++) {
            *x = fmax(*x, series[s].points[i].cpus);
            *y = fmax(*y, series[s].points[i].throughput);
        }
}

void plot(const struct plot_series *series, size_t n, const char *x, const char *y, FILE *out)
{
    char area[HEIGHT][WIDTH + 1];
    double right, top;
    NP_ASSERT(n <= PLOT_SERIES_MAX);
    extent(series, n, &right, &top);
    if (!(right > 0 && top > 0))
        return;
    memset(area, ' ', sizeof area);
    for (size_t s = 0; s < n; s++)
        for (size_t i = 0; i < series[s].n; i++) {
            double value = fmax(0, series[s].points[i].throughput);
            int column = (int)lround((WIDTH - 1) * series[s].points[i].cpus / right);
            int row = (int)lround((HEIGHT - 1) * value / top);
            area[HEIGHT - 1 - row][column] = marks[s];
        }
    fprintf(out, "  %s\n", y);
    for (int row = 0; row < HEIGHT; row++) {
        area[row][WIDTH] = '\0';
        if (row % 5 == 0)
            fprintf(out, "%9.4g |%s\n", top * (HEIGHT - 1 - row) / (HEIGHT - 1), area[row]);
        else
            fprintf(out, "%9s |%s\n", "", area[row]);
    }
    fprintf(out, "%9s +", "");
    for (int i = 0; i < WIDTH; i++)
        fputc('-', out);
    fprintf(out, "\n%10s0%*.4g %s\n", "", WIDTH - 1, right, x);
    for (size_t s = 0; s < n; s++)
        fprintf(out, "%9s %c %s\n", "", marks[s], series[s].name);
}
