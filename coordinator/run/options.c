// SPDX-License-Identifier: Apache-2.0
#include "coordinator/run/options.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/units.h"
#include "proto/base/limits.h"

const char *const data_link_names[] = {"ipc", "tcp", "unix"};

enum { SILENCE_DEFAULT_S = 30, SILENCE_MAX_S = 3600 };

enum key {
    KEY_NODES = 'n',
    KEY_THREADS = 't',
    KEY_LINK = 'l',
    KEY_SEED = 's',
    KEY_UNTIL = 'u',
    KEY_OUT = 'o',
    KEY_JSON = 'j',
    KEY_QUIET = 'q',
    KEY_FORCE = 'f',
    KEY_CONTINUE = 'c',
    KEY_SET = 256,
    KEY_SAVE_AT,
    KEY_SERIES,
    KEY_CHOP,
    KEY_HOST_FAULTS,
    KEY_REFERENCE,
    KEY_PIN,
    KEY_NO_BOUNDS,
    KEY_INSECURE,
    KEY_KEEP,
    KEY_SILENCE,
    KEY_WATCH_LINE,
    KEY_TIMELINE,
    KEY_CONSOLE,
    KEY_TRACE_INSN,
    KEY_TEXT_LIMIT,
    KEY_CONTROL,
    KEY_NO_CONTROL,
    KEY_PAUSED,
    KEY_HOLD
};

static const struct argp_option options[] = {
    {0, 0, 0, 0, "What to run:", 1},
    {"until", KEY_UNTIL, "TIME", 0, "end at this simulated time (such as 2ms) instead of the scenario's", 1},
    {"seed", KEY_SEED, "N", 0, "seed of everything random, instead of the scenario's", 1},
    {"set", KEY_SET, "NAME=VALUE", 0,
     "a parameter of the scenario, or a value by its path (systems.sun.board.l2=4MiB); may be repeated", 1},
    {"save-at", KEY_SAVE_AT, "WHEN", 0,
     "save the state at a simulated TIME, or after N grants (grant:N), and end", 1},
    {"series", KEY_SERIES, "INTERVAL", 0,
     "note what each partition does in every such interval of simulated time, for results.json; runs with "
     "commands do so by themselves",
     1},
    {"continue", KEY_CONTINUE, "FOLDER", 0, "go on from a saved state; FILE may be left out", 1},
    {0, 0, 0, 0, "How to run it (none of these changes a result):", 2},
    {"nodes", KEY_NODES, "N", 0,
     "processes that simulate boards (one per board); 1: everything in one process", 2},
    {"threads", KEY_THREADS, "T", 0, "threads of the one process; implies --nodes 1", 2},
    {"link", KEY_LINK, "ipc|tcp|unix", 0,
     "what carries messages between processes (ipc); tcp is loopback, not encrypted; unix is the quickest",
     2},
    {"pin", KEY_PIN, 0, 0, "keep all processes on one core", 2},
    {"chop", KEY_CHOP, "SEED", 0, "shorten grants at random", 2},
    {"host-faults", KEY_HOST_FAULTS, "RATE", 0,
     "lose, double, delay, damage this share (0 to 0.9) of messages", 2},
    {"reference", KEY_REFERENCE, 0, 0, "make every access an event of its own", 2},
    {"no-bounds", KEY_NO_BOUNDS, 0, 0, "grants no longer than the lookahead, whatever the boards promise", 2},
    {"insecure", KEY_INSECURE, 0, 0, "allow unencrypted tcp beyond this host", 2},
    {"silence", KEY_SILENCE, "SECONDS", 0, "give up a process that says nothing for so long (30)", 2},
    {0, 0, 0, 0, "What to look at (none of these changes a result):", 3},
    {"watch-line", KEY_WATCH_LINE, "[PARTITION:]ADDRESS", 0,
     "record every state and message of the line at this real address, in results.json and as a chart in "
     "watch-ADDRESS.txt; up to four times",
     3},
    {"timeline", KEY_TIMELINE, "FROM..UNTIL", OPTION_ARG_OPTIONAL,
     "record misses, load of homes, memory, buses and ports, and grants in timeline.json, for "
     "ui.perfetto.dev; "
     "of the whole run or of these simulated times only",
     3},
    {"console", KEY_CONSOLE, "PARTITION", 0,
     "show the console of this partition's guest while it runs; may be repeated; 'all': those of all guests",
     3},
    {"trace-insn", KEY_TRACE_INSN, "PARTITION[:CPU]", 0,
     "write each instruction of this partition's guest, or of one CPU of it, to trace-PARTITION.txt", 3},
    {"text-limit", KEY_TEXT_LIMIT, "SIZE", 0, "keep so much of each console and trace (64MiB)", 3},
    {0, 0, 0, 0, "Who may look and change it while it runs (what consoles change is journalled):", 5},
    {"control", KEY_CONTROL, 0, 0,
     "open it to consoles: numaplex boards, move, top, hmc; done by itself where threads are bound to no "
     "CPU, or a "
     "guest runs",
     5},
    {"no-control", KEY_NO_CONTROL, 0, 0, "open it to nobody", 5},
    {"paused", KEY_PAUSED, 0, 0, "begin paused; numaplex continue lets it go", 5},
    {"hold", KEY_HOLD, 0, 0, "stay open to consoles after the end, until Ctrl-C or numaplex stop", 5},
    {0, 0, 0, 0, "What to leave:", 4},
    {"out", KEY_OUT, "FOLDER", 0, "run folder (runs/NAME-TIME)", 4},
    {"force", KEY_FORCE, 0, 0, "use the folder although it holds another run, whose results are removed", 4},
    {"json", KEY_JSON, 0, 0, "print results.json instead of the summary", 4},
    {"quiet", KEY_QUIET, 0, 0, "print neither progress nor summary", 4},
    {"keep", KEY_KEEP, 0, 0, "keep unfinished files of a run that failed", 4},
    {0},
};

// What the parser works on: argp hands one pointer through.
struct parse {
    struct run_command *command;
    struct err *err;
};

static error_t refuse(struct parse *p, const char *option, const char *value, const char *why)
{
    err_set(p->err, ERR_USAGE, "--%s %s: %s", option, value, why);
    return EINVAL;
}

static error_t read_number(struct parse *p, const char *option, const char *text, uint64_t max,
                           uint64_t *value)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 0);
    if (errno || end == text || *end || text[0] == '-' || number > max)
        return refuse(p, option, text, max == UINT64_MAX ? "must be a number" : "must be a smaller number");
    *value = number;
    return 0;
}

static error_t read_count(struct parse *p, const char *option, const char *text, uint32_t max,
                          uint32_t *value)
{
    uint64_t number;
    error_t failed = read_number(p, option, text, max, &number);
    if (!failed && number == 0)
        return refuse(p, option, text, "must be at least 1");
    if (!failed)
        *value = (uint32_t)number;
    return failed;
}

static error_t read_time(struct parse *p, const char *option, const char *text, sim_time *time)
{
    const char *wrong = unit_parse(UNIT_TIME, text, time);
    if (!wrong && (*time == 0 || *time > SIM_NEVER / 2))
        wrong = "must lie above 0 and below 106 days";
    return wrong ? refuse(p, option, text, wrong) : 0;
}

static error_t read_link(struct parse *p, const char *text)
{
    for (unsigned i = 0; i < sizeof data_link_names / sizeof data_link_names[0]; i++)
        if (strcmp(text, data_link_names[i]) == 0) {
            p->command->link = (enum data_link)i;
            return 0;
        }
    return refuse(p, "link", text, "must be ipc, tcp or unix");
}

static error_t read_rate(struct parse *p, const char *text)
{
    uint64_t permille;
    char *end;
    double rate = strtod(text, &end);
    if (!unit_parse(UNIT_SHARE, text, &permille) && strchr(text, '%'))
        rate = 0.001 * (double)permille;
    else if (end == text || *end)
        return refuse(p, "host-faults", text, "must be a share such as 0.05 or 5%");
    if (!(rate >= 0 && rate <= 0.9))
        return refuse(p, "host-faults", text, "must lie between 0 and 0.9, or nothing would ever arrive");
    p->command->host_faults = rate;
    return 0;
}

static error_t read_save_point(struct parse *p, const char *text)
{
    struct run_command *c = p->command;
    if (strncmp(text, "grant:", 6) != 0)
        return read_time(p, "save-at", text, &c->save_time);
    error_t failed = read_number(p, "save-at", text + 6, UINT64_MAX, &c->save_grants);
    if (!failed && c->save_grants == 0)
        return refuse(p, "save-at", text, "grants are counted from 1");
    return failed;
}

static bool *flag_of(struct run_command *c, int key)
{
    switch (key) {
    case KEY_JSON:
        return &c->json;
    case KEY_QUIET:
        return &c->quiet;
    case KEY_FORCE:
        return &c->force;
    case KEY_KEEP:
        return &c->keep;
    case KEY_REFERENCE:
        return &c->reference;
    case KEY_PIN:
        return &c->pin;
    case KEY_NO_BOUNDS:
        return &c->no_bounds;
    case KEY_INSECURE:
        return &c->insecure;
    case KEY_CONTROL:
        return &c->control;
    case KEY_NO_CONTROL:
        return &c->no_control;
    case KEY_PAUSED:
        return &c->paused;
    case KEY_HOLD:
        return &c->hold;
    default:
        return NULL;
    }
}

// `--timeline 1us..2us`: a parser of optional values takes the range for a file.
static bool is_range(const char *text)
{
    const char *dots = strstr(text, "..");
    bool digits = text[0] >= '0' && text[0] <= '9';
    return dots && !strchr(text, '/') && (digits || (dots == text && dots[2] >= '0' && dots[2] <= '9'));
}

static error_t read_file(struct parse *p, const char *text)
{
    if (p->command->timeline && !p->command->timeline_range && is_range(text)) {
        p->command->timeline_range = text;
        return 0;
    }
    if (p->command->file) {
        err_set(p->err, ERR_USAGE, "%s: one FILE only", text);
        return EINVAL;
    }
    p->command->file = text;
    return 0;
}

static error_t read_text_option(struct parse *p, int key, char *text)
{
    struct run_command *c = p->command;
    if (key == KEY_CONSOLE) {
        if (c->n_consoles == CONSOLES_MAX)
            return refuse(p, "console", text,
                          "sixteen are the most that one run shows by name; 'all' shows all");
        c->consoles[c->n_consoles++] = text;
        return 0;
    }
    if (key == KEY_TRACE_INSN) {
        if (c->trace_insn)
            return refuse(p, "trace-insn", text,
                          "one partition, or one CPU of it, is all that one run traces");
        c->trace_insn = text;
        return 0;
    }
    const char *wrong = unit_parse(UNIT_SIZE, text, &c->text_limit);
    if (!wrong && (c->text_limit == 0 || c->text_limit > TEXT_LIMIT_MAX))
        wrong = "must lie above 0 and not above 1TiB";
    return wrong ? refuse(p, "text-limit", text, wrong) : 0;
}

static error_t read_value(struct parse *p, int key, char *text)
{
    struct run_command *c = p->command;
    switch (key) {
    case KEY_CONSOLE:
    case KEY_TRACE_INSN:
    case KEY_TEXT_LIMIT:
        return read_text_option(p, key, text);
    case KEY_NODES:
        return read_count(p, "nodes", text, NODES_MAX, &c->nodes);
    case KEY_THREADS:
        return read_count(p, "threads", text, THREADS_MAX, &c->threads);
    case KEY_SILENCE:
        return read_count(p, "silence", text, SILENCE_MAX_S, &c->silence_s);
    case KEY_LINK:
        return read_link(p, text);
    case KEY_SEED:
        c->seed_given = true;
        return read_number(p, "seed", text, UINT64_MAX, &c->seed);
    case KEY_UNTIL:
        c->until_given = true;
        return read_time(p, "until", text, &c->until);
    case KEY_CHOP:
        return read_number(p, "chop", text, UINT64_MAX, &c->chop);
    case KEY_HOST_FAULTS:
        return read_rate(p, text);
    case KEY_SET:
        return settings_add(&c->settings, text, p->err) ? EINVAL : 0;
    case KEY_SAVE_AT:
        return read_save_point(p, text);
    case KEY_SERIES:
        return read_time(p, "series", text, &c->series);
    case KEY_WATCH_LINE:
        if (c->n_watch == WATCH_LINES_MAX)
            return refuse(p, "watch-line", text, "four lines are the most that one run watches");
        c->watch[c->n_watch++] = text;
        return 0;
    case KEY_TIMELINE:
        c->timeline = true;
        c->timeline_range = text;
        return 0;
    case KEY_OUT:
        c->out = text;
        return 0;
    case KEY_CONTINUE:
        c->resume = text;
        return 0;
    case ARGP_KEY_ARG:
        return read_file(p, text);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct parse *p = state->input;
    bool *flag = flag_of(p->command, key);
    if (!flag)
        return read_value(p, key, text);
    *flag = true;
    return 0;
}

static const struct argp argp = {
    options,
    parse_option,
    "[FILE]",
    "Simulates the machine of a scenario, one process per board, and leaves a run folder: results.json, "
    "counters.csv, "
    "digest, resolved.yaml, log.\vFILE may be the name of a scenario that comes with numaplex, such as "
    "two-boards. "
    "Ctrl-C ends a run in order, with partial results; a second one kills it.\n\n"
    "Exit status: 0 done, 2 wrong command line, 3 impossible scenario, 4 damaged file, 5 the host refused, 6 "
    "a process "
    "of the run died or the machine is stuck, 7 a simulated program saw a wrong value, 130 interrupted.",
    NULL,
    NULL,
    NULL};

// What two options together cannot mean.
static enum err_code check_together(struct run_command *c, struct err *err)
{
    if (c->no_control && (c->control || c->paused || c->hold))
        return err_set(err, ERR_USAGE, "--no-control lets nobody in, and --%s needs consoles",
                       c->control  ? "control"
                       : c->paused ? "paused"
                                   : "hold");
    if (!c->file && !c->resume)
        return err_set(err, ERR_USAGE,
                       "the FILE to run is missing; 'numaplex run two-boards' is a first one");
    if (!c->file && c->settings.n)
        return err_set(err, ERR_USAGE,
                       "--set with --continue: the saved state has its values; leave --set out");
    if (c->threads > 1 && c->nodes > 1)
        return err_set(
            err, ERR_USAGE,
            "--threads %u with --nodes %u: several processes have one thread each; leave one option out",
            c->threads, c->nodes);
    if (c->resume && c->seed_given)
        return err_set(err, ERR_USAGE,
                       "--seed with --continue: the saved state has its seed; leave --seed out");
    if (c->save_grants && c->save_time != SIM_NEVER)
        return err_set(err, ERR_USAGE, "--save-at twice: a run ends at its first save; give one");
    if (c->n_consoles && c->json)
        return err_set(err, ERR_USAGE,
                       "--console with --json: both would write to standard output; read the console with "
                       "'numaplex console RUN'");
    if (c->timeline && run_command_saves(c))
        return err_set(
            err, ERR_USAGE,
            "--timeline with --save-at: a run that is saved leaves no results; record where the run is "
            "continued");
    if (c->n_watch && run_command_saves(c))
        return err_set(
            err, ERR_USAGE,
            "--watch-line with --save-at: a run that is saved leaves no results; watch the line where "
            "the run is continued");
    if (c->threads > 1)
        c->nodes = 1;
    return ERR_OK;
}

enum err_code run_command_read(struct run_command *command, int argc, char **argv, struct err *err)
{
    *command = (struct run_command){
        .save_time = SIM_NEVER, .silence_s = SILENCE_DEFAULT_S, .text_limit = TEXT_LIMIT_DEFAULT};
    struct parse parse = {command, err};
    err_clear(err);
    if (argp_parse(&argp, argc, argv, 0, NULL, &parse) && !err->code)
        return err_set(err, ERR_USAGE, "the command line cannot be read; see numaplex run --help");
    return err->code ? err->code : check_together(command, err);
}
