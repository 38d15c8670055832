// SPDX-License-Identifier: Apache-2.0
// numaplex law: how an SMP grows with its CPUs, as named curves; and which of them fits measured throughputs.
#include <argp.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/law/answer.h"
#include "coordinator/law/verbs.h"
#include "coordinator/machine/fields.h"
#include "coordinator/machine/units.h"
#include "proto/base/assert.h"

enum key {
    KEY_LOSS = 'l',
    KEY_CURVE = 'c',
    KEY_MOST = 'n',
    KEY_DEFINITION = 'd',
    KEY_RULE = 'r',
    KEY_FIT = 'f',
    KEY_X = 'x',
    KEY_Y = 'y',
    KEY_WHERE = 'w',
    KEY_CSV = 256,
    KEY_JSON,
    KEY_HTML,
    KEY_GERMAN,
    KEY_SPEEDUP
};

static const struct argp_option options[] = {
    {0, 0, 0, 0, "The curves:", 1},
    {"loss", KEY_LOSS, "SHARE", 0,
     "what each of two CPUs loses, such as 10%; may be repeated (10% and 5%, as in Abb. 12.1.1)", 1},
    {"curve", KEY_CURVE, "NAME", 0,
     "exponential (default), quadratic, amdahl, geometric, usl, or all; may be repeated", 1},
    {"definition", KEY_DEFINITION, "each|total", 0,
     "each: S(2) = 2 (1-n) (default); total: two CPUs together lose n of one, S(2) = 2 - n", 1},
    {"rule", KEY_RULE, "GAIN", 0, "a CPU is worth while that brings at least so much (by curve: 0.4 or 0.25)",
     1},
    {"max-cpus", KEY_MOST, "N", 0, "up to so many CPUs (64)", 1},
    {0, 0, 0, 0, "Fitting:", 2},
    {"fit", KEY_FIT, "FILE.csv", 0, "fit all curves to measured throughputs, sigma and kappa with intervals",
     2},
    {"x", KEY_X, "COLUMN", 0, "number of CPUs (cpus)", 2},
    {"y", KEY_Y, "COLUMN", 0, "throughput (work_per_s)", 2},
    {"where", KEY_WHERE, "COLUMN=VALUE", 0, "take these rows only; may be repeated", 2},
    {"speedup", KEY_SPEEDUP, 0, 0, "the throughput of one CPU is 1 and not fitted", 2},
    {0, 0, 0, 0, "Form:", 3},
    {"csv", KEY_CSV, 0, 0, "print a CSV", 3},
    {"json", KEY_JSON, 0, 0, "print JSON", 3},
    {"html", KEY_HTML, "FILE", 0, "write a page with a picture", 3},
    {"german", KEY_GERMAN, 0, 0, "the page in German", 3},
    {0},
};

struct parse {
    struct law_command *command;
    struct err *err;
};

static enum err_code read_loss(struct law_command *c, const char *text, struct err *err)
{
    char *end;
    double loss = strtod(text, &end);
    bool percent = *end == '%' && !end[1];
    if (end == text || (*end && !percent))
        return err_set(err, ERR_USAGE, "--loss %.40s: write a share such as 10%% or 1.25%%", text);
    loss = percent ? loss / 100 : loss;
    if (!(loss >= 1e-4 && loss <= 0.45))
        return err_set(err, ERR_USAGE, "--loss %.40s: must lie between 0.01%% and 45%%", text);
    if (c->n_losses == LOSSES_MAX)
        return err_set(err, ERR_USAGE, "--loss %.40s: at most %u of them", text, LOSSES_MAX);
    c->losses[c->n_losses++] = loss;
    return ERR_OK;
}

static enum err_code read_curve(struct law_command *c, const char *text, struct err *err)
{
    enum curve curve;
    const char *names[CURVE_COUNT + 1] = {"all"};
    for (unsigned i = 0; i < CURVE_COUNT; i++) {
        names[i + 1] = curve_name((enum curve)i);
        c->curves[i] |= strcmp(text, "all") == 0;
    }
    if (strcmp(text, "all") == 0)
        return ERR_OK;
    if (!curve_find(text, &curve)) {
        const char *best = nearest(text, names, CURVE_COUNT + 1);
        return err_set(
            err, ERR_USAGE,
            "--curve %.40s: not known%s%s; known are: all, exponential, quadratic, amdahl, geometric, "
            "usl",
            text, best ? "; did you mean " : "", best ? best : "");
    }
    c->curves[curve] = true;
    return ERR_OK;
}

static enum err_code read_rule(struct law_command *c, const char *text, struct err *err)
{
    char *end;
    c->rule = strtod(text, &end);
    if (end == text || *end || !(c->rule > 0 && c->rule < 1))
        return err_set(err, ERR_USAGE, "--rule %.40s: must be a number between 0 and 1, such as 0.4", text);
    return ERR_OK;
}

static enum err_code read_most(struct law_command *c, const char *text, struct err *err)
{
    uint64_t most;
    if (unit_parse(UNIT_COUNT, text, &most) || most < 2 || most > LAW_CPUS_MAX)
        return err_set(err, ERR_USAGE, "--max-cpus %.40s: must be a number from 2 to %u", text, LAW_CPUS_MAX);
    c->max_cpus = (uint32_t)most;
    return ERR_OK;
}

static enum err_code read_definition(struct law_command *c, const char *text, struct err *err)
{
    c->total = strcmp(text, "total") == 0;
    if (!c->total && strcmp(text, "each") != 0)
        return err_set(err, ERR_USAGE, "--definition %.40s: must be each or total", text);
    return ERR_OK;
}

static enum err_code read_where(struct law_command *c, char *text, struct err *err)
{
    char *equals = strchr(text, '=');
    if (!equals || c->columns.n_filters == FILTERS_MAX)
        return err_set(err, ERR_USAGE, "--where %.60s: write COLUMN=VALUE, at most %u times", text,
                       FILTERS_MAX);
    *equals = '\0';
    c->columns.filters[c->columns.n_filters++] = (struct filter){text, equals + 1};
    return ERR_OK;
}

static enum err_code read_value(struct parse *p, int key, char *text)
{
    switch (key) {
    case KEY_LOSS:
        return read_loss(p->command, text, p->err);
    case KEY_CURVE:
        return read_curve(p->command, text, p->err);
    case KEY_MOST:
        return read_most(p->command, text, p->err);
    case KEY_DEFINITION:
        return read_definition(p->command, text, p->err);
    case KEY_RULE:
        return read_rule(p->command, text, p->err);
    default:
        return read_where(p->command, text, p->err);
    }
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct parse *p = state->input;
    struct law_command *c = p->command;
    switch (key) {
    case KEY_LOSS:
    case KEY_CURVE:
    case KEY_MOST:
    case KEY_DEFINITION:
    case KEY_RULE:
    case KEY_WHERE:
        return read_value(p, key, text) ? EINVAL : 0;
    case KEY_FIT:
        c->fit = text;
        return 0;
    case KEY_X:
        c->columns.x = text;
        return 0;
    case KEY_Y:
        c->columns.y = text;
        return 0;
    case KEY_SPEEDUP:
        c->speedup = true;
        return 0;
    case KEY_GERMAN:
        c->german = true;
        return 0;
    case KEY_CSV:
        c->form = LAW_CSV;
        return 0;
    case KEY_JSON:
        c->form = LAW_JSON;
        return 0;
    case KEY_HTML:
        c->form = LAW_HTML;
        c->out = text;
        return 0;
    case ARGP_KEY_ARG:
        err_set(p->err, ERR_USAGE, "%.60s: no argument is expected; a file is given as --fit FILE", text);
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    options,
    parse_option,
    NULL,
    "Shows how the throughput of an SMP grows with its CPUs: S(N), what the next CPU brings, how many are "
    "worth "
    "while, and the peak.\vThe rule: a further CPU is worth while as long as it brings at least 0.4 of one. "
    "With "
    "it the exponential curve ends at 4 CPUs for a loss of 10 % and at 8 for 5 %, as the lecture says "
    "(12.1.1); the quadratic curve needs 0.25 for that.",
    NULL,
    NULL,
    NULL};

static enum err_code complete(struct law_command *c, struct err *err)
{
    bool any = false;
    for (unsigned i = 0; i < CURVE_COUNT; i++)
        any |= c->curves[i];
    if (c->fit && (any || c->n_losses || c->form == LAW_CSV || c->form == LAW_HTML))
        return err_set(err, ERR_USAGE,
                       "--fit fits all curves and finds their losses; only --json goes with it");
    c->curves[CURVE_EXPONENTIAL] |= !any;
    if (c->n_losses == 0) {
        c->losses[c->n_losses++] = 0.1;
        c->losses[c->n_losses++] = 0.05;
    }
    return ERR_OK;
}

double law_loss(const struct law_command *command, uint32_t i)
{
    return command->total ? law_loss_of_total(command->losses[i]) : command->losses[i];
}

double law_rule_of(const struct law_command *command, enum curve curve)
{
    return command->rule > 0 ? command->rule : law_rule(curve);
}

static enum err_code answer_fit(const struct law_command *c, struct err *err)
{
    struct fit fits[CURVE_COUNT];
    struct fit_point *points;
    size_t n;
    if (columns_read(c->fit, &c->columns, &points, &n, err))
        return err->code;
    enum curve best = fit_all(fits, points, n, c->speedup ? 1 : 0);
    enum err_code code = ERR_OK;
    if (best == CURVE_COUNT)
        code = err_set(err, ERR_BAD_VALUE, "%s: %zu points are too few, or too much alike, to fit a curve",
                       c->fit, n);
    else if (c->form == LAW_JSON)
        code = fits_json(c, fits, best, n, stdout, err);
    else
        fits_print(c, fits, best, points, n, stdout);
    free(points);
    return code;
}

static enum err_code answer(const struct law_command *c, struct err *err)
{
    if (c->fit)
        return answer_fit(c, err);
    if (c->form == LAW_JSON)
        return law_json(c, stdout, err);
    if (c->form == LAW_HTML)
        return law_html(c, err);
    if (c->form == LAW_CSV)
        law_csv(c, stdout);
    else
        law_print(c, stdout);
    return ERR_OK;
}

int law_main(int argc, char **argv)
{
    struct law_command command = {.max_cpus = 64, .columns = {.x = "cpus", .y = "work_per_s"}};
    struct err err = {0};
    struct parse parse = {&command, &err};
    if (argp_parse(&argp, argc, argv, 0, NULL, &parse) && !err.code)
        err_set(&err, ERR_USAGE, "the command line cannot be read; see numaplex law --help");
    if (err.code || complete(&command, &err) || answer(&command, &err))
        return err_report(&err);
    if (fflush(stdout) || ferror(stdout)) {
        err_errno(&err, ERR_FILE, "standard output");
        return err_report(&err);
    }
    return EXIT_CLASS_OK;
}
