// SPDX-License-Identifier: Apache-2.0
// Charts as data. A chart is drawn in the browser by Chart.js, which is part of the page, in colours that
// follow the scheme of the screen and of paper; below it the same data stand as a table, for those who do not
// see it and for those who want the figures.
#ifndef NP_COORDINATOR_REPORT_CHART_H
#define NP_COORDINATOR_REPORT_CHART_H

#include <stdbool.h>
#include <stddef.h>

#include "coordinator/report/page.h"

enum chart_kind {
    CHART_LINES,     // points (x, y), each series as its `marks` say
    CHART_BARS,      // per category one bar of each series
    CHART_STACKED,   // per category the series upon each other
    CHART_HISTOGRAM, // bins from `low` to `high` of x with y in them
};

enum chart_marks { MARKS_LINE, MARKS_POINTS, MARKS_BOTH };

// What `low` and `high` of the points of CHART_LINES mean: nothing, error bars, or the band between them.
enum chart_spread { SPREAD_NONE, SPREAD_BARS, SPREAD_BAND };

struct chart_point {
    double x, y;      // y that is not finite: a gap
    double low, high; // of y (see chart_spread), or the edges of a bin on x
};

struct chart_series {
    const char *name;
    const struct chart_point *points; // of BARS and STACKED one per category, of which only y counts
    size_t n;
    enum chart_marks marks;
    enum chart_spread spread;
};

// A stretch of x with a shade behind it, of CHART_LINES: while something went on. Its table does not have it.
struct chart_span {
    double from, to;
    const char *label;
};

struct chart_axis {
    const char *label;
    const char *unit; // "" or NULL: a number without unit, which the label must then make clear
    bool log;         // points that are not above 0 are then not drawn
};

struct chart {
    enum chart_kind kind;
    const char *title;
    struct chart_axis x, y;
    const char *const *categories; // of BARS and STACKED
    size_t n_categories;
    const struct chart_series *series; // at most 8 have colours of their own
    size_t n_series;
    const struct chart_span *spans; // of LINES
    size_t n_spans;
    unsigned first_colour; // of the first series, 0 to 7: for charts whose series mean the same as in another
    bool from_zero;        // LINES: the y axis begins at 0
    bool to_one;           // BARS and STACKED: the axis is 0 to 100, for shares in %
};

// Writes the chart and its table. Nothing of `chart` is kept.
void chart_write(struct page *page, const struct chart *chart);

#endif
