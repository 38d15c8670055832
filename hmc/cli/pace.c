// SPDX-License-Identifier: Apache-2.0
// The verbs pause, continue, step and slow.
#include "hmc/cli/pace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hmc/cli/cli.h"
#include "hmc/cli/show.h"
#include "hmc/cli/table.h"

#define LOOK_US    20000
#define STEP_LOOKS 250u // five seconds; a longer step goes on by itself

struct pace_line {
    struct cli cli;
    struct api_pace pace;
    bool given;
};

// "2ms", "1.5us", "350ns", "10ps", "1s". False: no such time, 0, or one beyond a run's.
static bool read_time(const char *text, uint64_t *ps)
{
    static const struct {
        const char *name;
        double ps;
    } units[] = {{"s", 1e12}, {"ms", 1e9}, {"us", 1e6}, {"ns", 1e3}, {"ps", 1}};
    char *end;
    double value = strtod(text, &end);
    if (end == text || text[0] < '0' || text[0] > '9' || strpbrk(text, "xXeEpP") == text + 1)
        return false;
    for (unsigned i = 0; i < sizeof units / sizeof *units; i++) {
        double whole = value * units[i].ps;
        if (strcmp(end, units[i].name) == 0 && whole >= 1 && whole < 9e18) {
            *ps = (uint64_t)(whole + 0.5);
            return true;
        }
    }
    return false;
}

static void take(struct pace_line *line, const char *arg, struct argp_state *state)
{
    bool slow = line->pace.kind == API_SLOW;
    if (line->given || (line->pace.kind != API_STEP && !slow))
        argp_error(state, "'%s' is too much", arg);
    line->given = true;
    if (slow && strcmp(arg, "off") == 0)
        return;
    if (!read_time(arg, slow ? &line->pace.ps_per_s : &line->pace.step_ps))
        argp_error(state, "'%s' is no time such as 10us or 2ms", arg);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct pace_line *line = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &line->cli;
        return 0;
    case ARGP_KEY_ARG:
        take(line, arg, state);
        return 0;
    case ARGP_KEY_END:
        if (!line->given && (line->pace.kind == API_STEP || line->pace.kind == API_SLOW))
            argp_error(state, "the time is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

// After a step: until it has been made.
static enum err_code show_standing(struct pace_line *line, const struct api_snapshot **snapshot,
                                   struct err *err)
{
    unsigned waits = line->pace.kind == API_STEP ? STEP_LOOKS : 0;
    while (!cli_show(&line->cli, snapshot, err) && strcmp((*snapshot)->state, "running") == 0 && waits-- > 0)
        usleep(LOOK_US);
    return err->code;
}

static enum err_code set_pace(struct pace_line *line, struct err *err)
{
    struct api_request request = {.kind = API_PACE, .pace = line->pace};
    const struct api_snapshot *snapshot;
    struct api_reply reply;
    if (cli_open(&line->cli, err))
        return err->code;
    client_ask(line->cli.client, &request, 0, &reply, err);
    api_reply_free(&reply);
    if (!err->code && line->pace.kind == API_STOP) { // nobody is left to ask
        puts(line->cli.json ? "{\"state\": \"ended\"}" : "stopped; the run folder has the results so far");
        return ERR_OK;
    }
    if (err->code || show_standing(line, &snapshot, err))
        return err->code;
    if (line->cli.json)
        cli_print_json(json_pack("{s:s, s:I, s:I}", "state", snapshot->state, "time_ps",
                                 (json_int_t)snapshot->time_ps, "ps_per_s", (json_int_t)snapshot->ps_per_s));
    else
        show_head(snapshot, stdout);
    return ERR_OK;
}

int verb_pace(int argc, char **argv)
{
    static const char *const arguments[API_PACE_COUNT] = {[API_STEP] = "TIME", [API_SLOW] = "TIME|off"};
    static const char *const texts[API_PACE_COUNT] = {
        [API_PAUSE] = "Pauses a run at its next cut; consoles go on working.",
        [API_CONTINUE] = "Lets a paused run go on.",
        [API_STEP] = "Lets a run simulate so much time (10us, 2ms), then pauses it.",
        [API_SLOW] = "Slows a run to so much simulated time a second, to watch it; off: as fast as it goes.",
        [API_STOP] = "Ends a run as Ctrl-C does: results so far are kept."};
    struct pace_line line = {.cli = {0}};
    struct err err = {0};
    if (!api_pace_of(argv[0], &line.pace.kind))
        err_set(&err, ERR_INTERNAL, "'%s' is no pace", argv[0]);
    const struct argp_child children[] = {{&cli_argp, 0, 0, 0}, {0}};
    const struct argp argp = {
        NULL, parse_option, arguments[line.pace.kind], texts[line.pace.kind], children, 0, 0};
    cli_parse(&argp, argc, argv, &line);
    if (!err.code)
        set_pace(&line, &err);
    return cli_end(&line.cli, &err);
}
