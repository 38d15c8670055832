// SPDX-License-Identifier: Apache-2.0
// The table in its three forms.
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "coordinator/calibrate/calibration.h"
#include "coordinator/machine/provenance.h"
#include "proto/base/assert.h"

#define VALUE_SIZE (2 * UNIT_TEXT_SIZE + 16)

// Base units as people read them: ns, GB/s, per cent; and the plain number.
static double shown(enum unit_kind unit, double value)
{
    switch (unit) {
    case UNIT_TIME:
        return value / 1e3;
    case UNIT_BANDWIDTH:
        return value / 1e9;
    case UNIT_SHARE:
        return value / 1e3;
    default:
        return value;
    }
}

static const char *unit_name(enum unit_kind unit)
{
    return unit == UNIT_TIME ? "ns" : unit == UNIT_BANDWIDTH ? "GB/s" : "";
}

static void figure_text(enum unit_kind unit, double value, char text[VALUE_SIZE])
{
    int digits = unit == UNIT_COUNT ? 0 : unit == UNIT_TIME ? 1 : 2;
    snprintf(text, VALUE_SIZE, "%.*f", digits, shown(unit, value));
}

static void range_text(const struct published *item, char text[VALUE_SIZE])
{
    char low[UNIT_TEXT_SIZE], high[UNIT_TEXT_SIZE];
    enum unit_kind unit = measure_unit(item->measure);
    snprintf(low, sizeof low, "%g", shown(unit, (double)item->low));
    snprintf(high, sizeof high, "%g", shown(unit, (double)item->high));
    snprintf(text, VALUE_SIZE, "%s%s%s%s%s", low, item->low == item->high ? "" : "-",
             item->low == item->high ? "" : high, unit_name(unit)[0] ? " " : "", unit_name(unit));
}

static void what_text(const struct published *item, char *text, size_t size)
{
    char boards[32] = "";
    if (item->boards)
        snprintf(boards, sizeof boards, " %" PRIu32 " board%s", item->boards, item->boards == 1 ? "" : "s");
    snprintf(text, size, "%s%s", measure_text(item->measure), boards);
}

static void print_row(const struct calibrated_row *row, FILE *out)
{
    char what[96], published[VALUE_SIZE], simulated[VALUE_SIZE], error[VALUE_SIZE];
    what_text(row->item, what, sizeof what);
    range_text(row->item, published);
    figure_text(measure_unit(row->item->measure), row->simulated, simulated);
    if (row->item->low != row->item->high && row->error_percent == 0)
        snprintf(error, sizeof error, "within");
    else
        snprintf(error, sizeof error, "%+.1f %%", row->error_percent);
    fprintf(out, "  %-45s %13s %10s %9s  %-10s %s%s\n", what, published, simulated, error,
            published_use_text(row->item->use), row->item->source.text,
            calibrated_row_fails(row) ? "  <-- OFF" : "");
}

static void print_text(const struct calibration *c, FILE *out)
{
    for (uint32_t p = 0; p < c->n_presets; p++) {
        const struct preset *preset = &c->presets[p].preset;
        char text[PROVENANCES_TEXT_SIZE];
        struct provenances found =
            provenances_count(preset->figures.sources, &preset->figures.params, &preset->system);
        fprintf(out, "%s%s: %s\n  figures %s\n", p ? "\n" : "", preset->name, preset->about,
                provenances_text(&found, text));
        fprintf(out, "  %-45s %13s %10s %9s  %-10s %s\n", "", "published", "simulated", "error", "value was",
                "source of the published value");
        for (uint32_t i = 0; i < c->n_rows; i++)
            if (c->rows[i].preset == p)
                print_row(&c->rows[i], out);
    }
    fprintf(out, "\nfitted: component figures of the preset were chosen to meet it. held-out: they were not; "
                 "the error is a\nprediction's. unverified: the value itself is nobody's measurement; its "
                 "error says nothing of the machine.\n");
}

static json_t *row_json(const struct calibration *c, const struct calibrated_row *row)
{
    const struct published *item = row->item;
    enum unit_kind unit = measure_unit(item->measure);
    return json_pack("{s:s, s:s, s:i, s:s, s:f, s:f, s:f, s:f, s:s, s:b, s:s}", "preset",
                     c->presets[row->preset].preset.name, "measure", measure_key(item->measure), "boards",
                     (int)item->boards, "unit", unit_name(unit), "published_low",
                     shown(unit, (double)item->low), "published_high", shown(unit, (double)item->high),
                     "simulated", shown(unit, row->simulated), "error_percent", row->error_percent, "use",
                     published_use_text(item->use), "fails", calibrated_row_fails(row), "source",
                     item->source.text);
}

static void print_json(const struct calibration *c, FILE *out)
{
    json_t *rows = json_array();
    for (uint32_t i = 0; i < c->n_rows; i++)
        NP_ASSERT(json_array_append_new(rows, row_json(c, &c->rows[i])) == 0);
    json_t *json = json_pack("{s:s, s:i, s:o}", "format", "numaplex-calibration", "version", 1, "rows", rows);
    NP_ASSERT(json);
    json_dumpf(json, out, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
    fputc('\n', out);
    json_decref(json);
}

static void print_csv(const struct calibration *c, FILE *out)
{
    fprintf(out, "preset,measure,boards,unit,published_low,published_high,simulated,error_percent,use,fails,"
                 "source\n");
    for (uint32_t i = 0; i < c->n_rows; i++) {
        const struct calibrated_row *row = &c->rows[i];
        const struct published *item = row->item;
        enum unit_kind unit = measure_unit(item->measure);
        fprintf(out, "%s,%s,%" PRIu32 ",%s,%.9g,%.9g,%.9g,%.4f,%s,%d,\"", c->presets[row->preset].preset.name,
                measure_key(item->measure), item->boards, unit_name(unit), shown(unit, (double)item->low),
                shown(unit, (double)item->high), shown(unit, row->simulated), row->error_percent,
                published_use_text(item->use), calibrated_row_fails(row));
        for (const char *s = item->source.text; *s; s++)
            fprintf(out, *s == '"' ? "\"\"" : "%c", *s);
        fprintf(out, "\"\n");
    }
}

void calibration_print(const struct calibration *calibration, enum calibration_format format, FILE *out)
{
    if (format == CALIBRATION_JSON)
        print_json(calibration, out);
    else if (format == CALIBRATION_CSV)
        print_csv(calibration, out);
    else
        print_text(calibration, out);
}
