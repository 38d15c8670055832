// SPDX-License-Identifier: Apache-2.0
// The curves as a page with pictures.
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/law/answer.h"
#include "coordinator/report/chart.h"
#include "coordinator/run/whole.h"
#include "proto/base/assert.h"

#define SERIES_MAX (CURVE_COUNT * LOSSES_MAX)

struct lines {
    struct chart_series series[SERIES_MAX];
    char names[SERIES_MAX][48];
    size_t n;
};

static double value_at(enum curve curve, double loss, uint32_t cpus, bool gain)
{
    return gain ? law_gain(curve, loss, cpus + 1) : law_speedup(curve, loss, cpus);
}

static struct chart_point *points_of(const struct law_command *c, enum curve curve, double loss, bool gain)
{
    struct chart_point *points = calloc(c->max_cpus, sizeof *points);
    NP_ASSERT(points);
    for (uint32_t i = 0; i < c->max_cpus; i++)
        points[i] = (struct chart_point){.x = i + 1, .y = value_at(curve, loss, i + 1, gain)};
    return points;
}

static void draw(struct page *page, const struct law_command *c, bool gain)
{
    static struct lines lines; // large, and there is one
    lines.n = 0;
    for (unsigned i = 0; i < CURVE_COUNT; i++)
        for (uint32_t l = 0; c->curves[i] && l < c->n_losses; l++) {
            char number[NUMBER_TEXT_SIZE];
            snprintf(lines.names[lines.n], sizeof lines.names[0], "%s %s %%", curve_name((enum curve)i),
                     number_short(page->language, 100 * c->losses[l], 4, number));
            lines.series[lines.n] = (struct chart_series){
                .name = lines.names[lines.n],
                .points = points_of(c, (enum curve)i, law_loss(c, l), gain),
                .n = c->max_cpus,
                .marks = MARKS_LINE,
            };
            lines.n++;
        }
    const struct chart chart = {
        .kind = CHART_LINES,
        .title = page_words(page, gain ? TEXT_LAW_NEXT : TEXT_LAW_TITLE),
        .x = {.label = page_words(page, TEXT_LAW_CPUS)},
        .y = {.label = page_words(page, gain ? TEXT_LAW_GAIN : TEXT_LAW_SPEEDUP)},
        .series = lines.series,
        .n_series = lines.n,
    };
    chart_write(page, &chart);
    for (size_t i = 0; i < lines.n; i++)
        free((void *)(uintptr_t)lines.series[i].points);
}

static void put_useful(struct page *page, const struct law_command *c)
{
    enum { CURVE, LOSS, LEAST, USEFUL, PEAK, COLUMNS };
    const struct page_column columns[COLUMNS] = {
        [CURVE] = {.label = page_words(page, TEXT_LAW_CURVE)},
        [LOSS] = {.label = page_words(page, TEXT_LAW_LOSS), .unit = "%", .number = true},
        [LEAST] = {.label = page_words(page, TEXT_LAW_LEAST), .number = true},
        [USEFUL] = {.label = page_words(page, TEXT_LAW_USEFUL), .unit = "CPUs", .number = true},
        [PEAK] = {.label = page_words(page, TEXT_LAW_PEAK), .unit = "CPUs", .number = true},
    };
    page_table_begin(page, page_words(page, TEXT_LAW_USEFUL_HEAD), columns, COLUMNS);
    for (unsigned i = 0; i < CURVE_COUNT; i++)
        for (uint32_t l = 0; c->curves[i] && l < c->n_losses; l++) {
            char text[NUMBER_TEXT_SIZE];
            enum curve curve = (enum curve)i;
            double n = law_loss(c, l), rule = law_rule_of(c, curve), peak = law_peak(curve, n);
            page_row_begin(page);
            page_cell(page, &columns[CURVE], curve_name(curve));
            page_cell(page, &columns[LOSS], number_short(page->language, 100 * c->losses[l], 4, text));
            page_cell(page, &columns[LEAST], number_short(page->language, rule, 4, text));
            page_cell(page, &columns[USEFUL],
                      number_count(page->language, law_useful(curve, n, rule, LAW_CPUS_MAX), text));
            page_cell(page, &columns[PEAK],
                      isfinite(peak) ? number_fixed(page->language, peak, 1, text)
                                     : page_words(page, TEXT_LAW_NO_PEAK));
            page_row_end(page);
        }
    page_table_end(page);
    page_paragraph(page, page_words(page, TEXT_LAW_RULE), NULL);
}

enum err_code law_html(const struct law_command *command, struct err *err)
{
    struct whole_file file;
    char folder[PATH_MAX_BYTES];
    const char *slash = strrchr(command->out, '/'), *name = slash ? slash + 1 : command->out;
    if (!name[0] || strlen(command->out) >= sizeof folder)
        return err_set(err, ERR_USAGE, "--html %.60s: name a file", command->out);
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - command->out) : 1,
             slash ? command->out : ".");
    if (whole_open(&file, folder[0] ? folder : "/", name, err))
        return err->code;
    struct page page;
    page_begin(&page, file.out, command->german ? LANG_DE : LANG_EN,
               text_of(command->german ? LANG_DE : LANG_EN, TEXT_LAW_KIND), "S(N)");
    page_section_begin(&page, "law", page_words(&page, TEXT_LAW_TITLE));
    page_paragraph(&page, page_words(&page, TEXT_LAW_WHAT), NULL);
    if (command->total)
        page_paragraph(&page, page_words(&page, TEXT_LAW_TOTAL), NULL);
    page_grid_begin(&page);
    draw(&page, command, false);
    draw(&page, command, true);
    page_grid_end(&page);
    put_useful(&page, command);
    page_section_end(&page);
    page_end(&page);
    enum err_code code = whole_finish(&file, err);
    return code ? code : whole_commit(&file, err);
}
