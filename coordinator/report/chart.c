// SPDX-License-Identifier: Apache-2.0
#include "coordinator/report/chart.h"

#include <math.h>
#include <stdio.h>

#include "coordinator/report/html.h"
#include "proto/base/assert.h"

#define TABLE_DIGITS 6 // significant, in tables; the data behind the drawing have 9

static const char *const kinds[] = {"lines", "bars", "stacked", "histogram"};
static const char *const marks[] = {"line", "points", "both"};
static const char *const spreads[] = {"none", "bars", "band"};

static bool has_categories(const struct chart *chart)
{
    return chart->kind == CHART_BARS || chart->kind == CHART_STACKED;
}

static void write_axis(FILE *out, const char *name, const struct chart_axis *axis)
{
    fprintf(out, "\"%s\":{\"label\":", name);
    html_json_string(out, axis->label);
    fputs(",\"unit\":", out);
    html_json_string(out, axis->unit ? axis->unit : "");
    fprintf(out, ",\"log\":%s},\n", axis->log ? "true" : "false");
}

// What the drawing needs of a point: bars y, histograms [low, high, y], lines [x, y] or [x, y, low, high].
static void write_point(FILE *out, const struct chart *chart, const struct chart_series *series,
                        const struct chart_point *p)
{
    const double bin[] = {p->low, p->high, p->y}, point[] = {p->x, p->y, p->low, p->high};
    const double *values = chart->kind == CHART_HISTOGRAM ? bin : point;
    unsigned n = chart->kind == CHART_HISTOGRAM ? 3 : series->spread == SPREAD_NONE ? 2 : 4;
    if (has_categories(chart)) {
        html_json_number(out, p->y);
        return;
    }
    for (unsigned i = 0; i < n; i++) {
        fputc(i ? ',' : '[', out);
        html_json_number(out, values[i]);
    }
    fputc(']', out);
}

static void write_series(FILE *out, const struct chart *chart)
{
    fputs("\"series\":[", out);
    for (size_t s = 0; s < chart->n_series; s++) {
        const struct chart_series *series = &chart->series[s];
        fputs(s ? ",\n{\"name\":" : "{\"name\":", out);
        html_json_string(out, series->name);
        fprintf(out, ",\"marks\":\"%s\",\"spread\":\"%s\",\"points\":[", marks[series->marks],
                spreads[series->spread]);
        for (size_t i = 0; i < series->n; i++) {
            fputs(i ? "," : "", out);
            write_point(out, chart, series, &series->points[i]);
        }
        fputs("]}", out);
    }
    fputs("]", out);
}

static void write_spans(FILE *out, const struct chart *chart)
{
    fputs("\"spans\":[", out);
    for (size_t i = 0; i < chart->n_spans; i++) {
        fputs(i ? ",[" : "[", out);
        html_json_number(out, chart->spans[i].from);
        fputc(',', out);
        html_json_number(out, chart->spans[i].to);
        fputc(',', out);
        html_json_string(out, chart->spans[i].label);
        fputc(']', out);
    }
    fputs("],\n", out);
}

static void write_data(FILE *out, const struct chart *chart)
{
    fprintf(out, "<script type=\"application/json\">{\"kind\":\"%s\",\"percent\":%s,\"first\":%u,\n",
            kinds[chart->kind], chart->to_one ? "true" : "false", chart->first_colour);
    if (chart->from_zero)
        fputs("\"zero\":true,", out);
    write_axis(out, "x", &chart->x);
    write_axis(out, "y", &chart->y);
    if (has_categories(chart)) {
        fputs("\"categories\":[", out);
        for (size_t i = 0; i < chart->n_categories; i++) {
            fputs(i ? "," : "", out);
            html_json_string(out, chart->categories[i]);
        }
        fputs("],\n", out);
    }
    if (chart->n_spans)
        write_spans(out, chart);
    write_series(out, chart);
    fputs("}</script>\n", out);
}

static void number_cell(struct page *page, double value)
{
    char text[NUMBER_TEXT_SIZE] = "";
    const struct page_column column = {.number = true};
    if (isfinite(value))
        number_short(page->language, value, TABLE_DIGITS, text);
    page_cell(page, &column, text);
}

// Categories down, series across: series of one chart have the same categories.
static void write_categories(struct page *page, const struct chart *chart)
{
    static const struct page_column words = {0};
    for (size_t c = 0; c < chart->n_categories; c++) {
        page_row_begin(page);
        page_cell(page, &words, chart->categories[c]);
        for (size_t s = 0; s < chart->n_series; s++)
            number_cell(page, c < chart->series[s].n ? chart->series[s].points[c].y : NAN);
        page_row_end(page);
    }
}

#define TABLE_SERIES 16 // columns of a table; charts of more could not be told apart either

static void table_of_categories(struct page *page, const struct chart *chart)
{
    struct page_column columns[1 + TABLE_SERIES] = {{.label = chart->x.label, .unit = chart->x.unit}};
    for (size_t s = 0; s < chart->n_series; s++)
        columns[1 + s] = (struct page_column){chart->series[s].name, chart->y.unit, true, false};
    page_table_begin(page, NULL, columns, 1 + chart->n_series);
    write_categories(page, chart);
    page_table_end(page);
}

static void write_points(struct page *page, const struct chart *chart, const struct chart_series *series)
{
    bool bins = chart->kind == CHART_HISTOGRAM, spread = series->spread != SPREAD_NONE;
    for (size_t i = 0; i < series->n; i++) {
        const struct chart_point *p = &series->points[i];
        const double bin[] = {p->low, p->high, p->y}, point[] = {p->x, p->y, p->low, p->high};
        page_row_begin(page);
        for (unsigned c = 0; c < (bins ? 3 : spread ? 4 : 2); c++)
            number_cell(page, bins ? bin[c] : point[c]);
        page_row_end(page);
    }
}

// One table per series: they may have other x, and other columns.
static void table_of_points(struct page *page, const struct chart *chart, const struct chart_series *series)
{
    const struct chart_axis *x = &chart->x, *y = &chart->y;
    char from[256];
    text_fill(from, sizeof from, "{0}, {1}", ARGS(x->label, page_words(page, TEXT_FROM)));
    const struct page_column bins[] = {{from, x->unit, true, false},
                                       {page_words(page, TEXT_TO), x->unit, true, false},
                                       {y->label, y->unit, true, false}};
    const struct page_column points[] = {{x->label, x->unit, true, false},
                                         {y->label, y->unit, true, false},
                                         {page_words(page, TEXT_LOW), y->unit, true, false},
                                         {page_words(page, TEXT_HIGH), y->unit, true, false}};
    if (chart->kind == CHART_HISTOGRAM)
        page_table_begin(page, series->name, bins, NP_ARRAY_LEN(bins));
    else
        page_table_begin(page, series->name, points, series->spread == SPREAD_NONE ? 2 : 4);
    write_points(page, chart, series);
    page_table_end(page);
}

void chart_write(struct page *page, const struct chart *chart)
{
    NP_ASSERT(chart->n_series <= TABLE_SERIES && chart->x.label && chart->y.label);
    FILE *out = page->out;
    fprintf(out, "<figure class=\"chart\" id=\"chart-%u\">\n<figcaption>", ++page->charts);
    html_text(out, chart->title);
    fputs("</figcaption>\n<div class=\"canvas\"><canvas role=\"img\" aria-label=\"", out);
    html_text(out, chart->title);
    fputs("\"></canvas></div>\n", out);
    write_data(out, chart);
    page_details_begin(page, page_words(page, TEXT_DATA_TABLE));
    if (has_categories(chart))
        table_of_categories(page, chart);
    else
        for (size_t s = 0; s < chart->n_series; s++)
            table_of_points(page, chart, &chart->series[s]);
    page_details_end(page);
    fputs("</figure>\n", out);
}
