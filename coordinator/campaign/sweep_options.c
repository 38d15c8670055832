// SPDX-License-Identifier: Apache-2.0
#include "coordinator/campaign/sweep_options.h"

#include <argp.h>
#include <errno.h>

#include "coordinator/campaign/pool.h"
#include "coordinator/machine/units.h"

enum key {
    KEY_OVER = 'v',
    KEY_OUT = 'o',
    KEY_JOBS = 'j',
    KEY_METRIC = 'm',
    KEY_NODES = 'n',
    KEY_QUIET = 'q',
    KEY_SET = 's',
    KEY_SEEDS = 256,
    KEY_AGAINST,
    KEY_CAMPAIGN,
    KEY_GERMAN
};

static const struct argp_option options[] = {
    {0, 0, 0, 0, "What to run:", 1},
    {"over", KEY_OVER, "NAME=VALUES", 0,
     "vary a parameter or path over 1..32, 1..64*2, 4..32+4, a,b,c; several make a cross product, the first "
     "is "
     "the x axis",
     1},
    {"seeds", KEY_SEEDS, "N", 0, "run each point with N seeds, beginning at the scenario's (1)", 1},
    {"set", KEY_SET, "NAME=VALUE", 0, "a parameter or path that is the same at all points", 1},
    {"against", KEY_AGAINST, "NAME=VALUE", 0, "compare each point with the one that has this value instead",
     1},
    {"campaign", KEY_CAMPAIGN, "FILE", 0, "answer the questions of a file instead", 1},
    {0, 0, 0, 0, "How to run it:", 2},
    {"jobs", KEY_JOBS, "N", 0, "runs at once (one per core and one more)", 2},
    {"nodes", KEY_NODES, "N", 0, "processes of boards of each run (1)", 2},
    {0, 0, 0, 0, "What to leave:", 3},
    {"metric", KEY_METRIC, "NAME", 0,
     "show this figure in table and picture; may be repeated (the throughput)", 3},
    {"out", KEY_OUT, "FOLDER", 0, "folder of the sweep (sweeps/NAME); what is done in it is not run again",
     3},
    {"german", KEY_GERMAN, 0, 0, "the picture in German", 3},
    {"quiet", KEY_QUIET, 0, 0, "print neither progress nor tables", 3},
    {0},
};

struct parse {
    struct sweep_command *command;
    struct err *err;
};

static enum err_code read_count(const char *option, const char *text, uint32_t max, uint32_t *value,
                                struct err *err)
{
    uint64_t number;
    if (unit_parse(UNIT_COUNT, text, &number) || number < 1 || number > max)
        return err_set(err, ERR_USAGE, "--%s %.40s: must be a number from 1 to %u", option, text, max);
    *value = (uint32_t)number;
    return ERR_OK;
}

static enum err_code read_value(struct parse *p, int key, char *text)
{
    struct sweep_command *c = p->command;
    struct question *q = &c->question;
    switch (key) {
    case KEY_OVER:
        return question_add_axis(q, text, p->err);
    case KEY_SEEDS:
        return question_set_seeds(q, text, p->err);
    case KEY_SET:
        return settings_add(&q->settings, text, p->err);
    case KEY_AGAINST:
        return question_set_against(q, text, p->err);
    case KEY_METRIC:
        return question_add_metric(q, text, p->err);
    case KEY_JOBS:
        return read_count("jobs", text, POOL_JOBS_MAX, &c->jobs, p->err);
    default:
        return read_count("nodes", text, NODES_MAX, &q->nodes, p->err);
    }
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct parse *p = state->input;
    struct sweep_command *c = p->command;
    switch (key) {
    case KEY_OVER:
    case KEY_SEEDS:
    case KEY_SET:
    case KEY_AGAINST:
    case KEY_METRIC:
    case KEY_JOBS:
    case KEY_NODES:
        return read_value(p, key, text) ? EINVAL : 0;
    case KEY_CAMPAIGN:
        c->campaign = text;
        return 0;
    case KEY_GERMAN:
        c->german = true;
        return 0;
    case KEY_OUT:
        c->out = text;
        return 0;
    case KEY_QUIET:
        c->quiet = true;
        return 0;
    case ARGP_KEY_ARG:
        if (c->file) {
            err_set(p->err, ERR_USAGE, "%s: one FILE only", text);
            return EINVAL;
        }
        c->file = text;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    options,
    parse_option,
    "[FILE]",
    "Runs a scenario at many points, side by side over the host's cores, and leaves one CSV and one "
    "picture.\v"
    "Points that the scenario refuses are named, skipped and counted. A sweep that was interrupted goes on "
    "with "
    "the same command: a run is known by its scenario's content, its parameters and the program.\n\n"
    "Exit status: 0 all that is possible is done, 2 wrong command line, 3 no point is possible, 6 runs "
    "failed, "
    "130 interrupted.",
    NULL,
    NULL,
    NULL};

enum err_code sweep_command_read(struct sweep_command *command, int argc, char **argv, struct err *err)
{
    struct parse parse = {command, err};
    const struct question *q = &command->question;
    *command = (struct sweep_command){0};
    err_clear(err);
    if (argp_parse(&argp, argc, argv, 0, NULL, &parse) && !err->code)
        return err_set(err, ERR_USAGE, "the command line cannot be read; see numaplex sweep --help");
    if (err->code)
        return err->code;
    if (!command->file == !command->campaign)
        return err_set(err, ERR_USAGE, "name a scenario FILE, or --campaign FILE");
    if (command->campaign && (q->n_axes || q->seeds || q->n_metrics || q->settings.n || q->against.name[0]))
        return err_set(err, ERR_USAGE, "--campaign: what is varied stands in that file; leave %s out",
                       q->n_axes ? "--over" : "the other options of what to run");
    return command->campaign ? ERR_OK : question_check(&command->question, err);
}
