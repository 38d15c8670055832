// SPDX-License-Identifier: Apache-2.0
// numaplex bench: measures the rows that are asked for, in turns, and reports them.
#include <argp.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/assert.h"
#include "tests/bench/bench.h"

enum { RUNS_DEFAULT = 5 };
enum key { KEY_JSON = 'j', KEY_RUNS = 'r', KEY_LIST = 'l', KEY_LENGTH = 256 };

struct command {
    bool json, list;
    struct bench_settings settings;
    struct series *series; // one per row
    struct err err;
};

static const struct argp_option options[] = {
    {"json", KEY_JSON, 0, 0, "print one JSON document", 0},
    {"runs", KEY_RUNS, "N", 0, "samples of each row (5); the median is reported", 0},
    {"length", KEY_LENGTH, "X", 0, "length of a sample, as a share of the normal one (1)", 0},
    {"list", KEY_LIST, 0, 0, "list the rows and measure nothing", 0},
    {0},
};

static size_t find_row(const char *name)
{
    for (size_t i = 0; i < n_rows; i++)
        if (strcmp(rows[i].name, name) == 0)
            return i;
    NP_ASSERT(!"a ratio of two rows of the table");
    return 0;
}

// A ratio wants its two rows too.
static void want(struct command *command, size_t i)
{
    command->series[i].wanted = true;
    for (size_t k = 0; k < 2 && !rows[i].measure; k++)
        want(command, find_row(rows[i].over[k]));
}

static bool is_named(const struct row *row, const char *name)
{
    size_t length = strlen(name);
    return strncmp(row->name, name, length) == 0 && (row->name[length] == '\0' || row->name[length] == '/');
}

static error_t want_named(struct command *command, const char *name)
{
    bool found = false;
    for (size_t i = 0; i < n_rows; i++)
        if (is_named(&rows[i], name)) {
            want(command, i);
            found = true;
        }
    if (!found)
        err_set(&command->err, ERR_USAGE, "there is no row '%.40s'; numaplex bench --list shows them all",
                name);
    return found ? 0 : EINVAL;
}

static error_t read_runs(struct command *command, const char *text)
{
    char *end;
    unsigned long runs = strtoul(text, &end, 10);
    if (*end || end == text || runs < 1 || runs > BENCH_RUNS_MAX) {
        err_set(&command->err, ERR_USAGE, "--runs %s: must lie between 1 and %u", text, BENCH_RUNS_MAX);
        return EINVAL;
    }
    command->settings.runs = (uint32_t)runs;
    return 0;
}

static error_t read_length(struct command *command, const char *text)
{
    char *end;
    double length = strtod(text, &end);
    if (*end || end == text || !(length >= 0.001 && length <= 100)) {
        err_set(&command->err, ERR_USAGE, "--length %s: must lie between 0.001 and 100", text);
        return EINVAL;
    }
    command->settings.length = length;
    return 0;
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct command *command = state->input;
    switch (key) {
    case KEY_JSON:
        command->json = true;
        return 0;
    case KEY_LIST:
        command->list = true;
        return 0;
    case KEY_RUNS:
        return read_runs(command, text);
    case KEY_LENGTH:
        return read_length(command, text);
    case ARGP_KEY_ARG:
        return want_named(command, text);
    case ARGP_KEY_NO_ARGS:
        for (size_t i = 0; i < n_rows; i++)
            want(command, i);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    options,
    parse_option,
    "[NAME...]",
    "Measures what numaplex does on this host, all rows or those named: a row by its whole name (hit/2), or "
    "all of a kind (hit). Rates are those of the whole machine.",
    NULL,
    NULL,
    NULL};

static enum err_code take_sample(const struct command *command, size_t i, struct err *err)
{
    struct sample sample;
    struct series *series = &command->series[i];
    if (!series->wanted || !rows[i].measure)
        return ERR_OK;
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K%s, run %u of %u", rows[i].name, series->n + 1, command->settings.runs);
    if (sample_in_child(&rows[i], &command->settings, &sample, err))
        return err->code;
    series->values[series->n++] = sample.value;
    series->ratios = sample.ratios;
    return ERR_OK;
}

// Every other round goes backwards, so that no row always follows the same one.
static enum err_code measure_all(const struct command *command, struct err *err)
{
    for (uint32_t round = 0; round < command->settings.runs; round++)
        for (size_t i = 0; i < n_rows; i++)
            if (take_sample(command, round % 2 ? n_rows - 1 - i : i, err))
                return err->code;
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K");
    return ERR_OK;
}

static void divide(const struct command *command)
{
    for (size_t i = 0; i < n_rows; i++) {
        struct series *series = &command->series[i];
        if (!series->wanted || rows[i].measure)
            continue;
        const struct series *a = &command->series[find_row(rows[i].over[0])];
        const struct series *b = &command->series[find_row(rows[i].over[1])];
        for (uint32_t k = 0; k < command->settings.runs; k++)
            series->values[series->n++] = a->values[k] / b->values[k];
    }
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *ftw)
{
    (void)status;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static enum err_code measure_and_report(struct command *command, struct err *err)
{
    const char *parent = getenv("TMPDIR");
    struct bench_settings *settings = &command->settings;
    if (snprintf(settings->folder, PATH_MAX_BYTES, "%s/numaplex-bench-XXXXXX", parent ? parent : "/tmp") >=
        (int)PATH_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "TMPDIR is too long");
    if (!mkdtemp(settings->folder))
        return err_errno(err, ERR_FILE, "%s: the folder cannot be made", settings->folder);
    enum err_code code = measure_all(command, err);
    nftw(settings->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    if (code)
        return code;
    divide(command);
    if (command->json)
        return report_json(settings, command->series, err);
    report_text(settings, command->series);
    return ERR_OK;
}

int main(int argc, char **argv)
{
    char title[] = "numaplex bench";
    struct command command = {.settings = {.runs = RUNS_DEFAULT, .length = 1}};
    command.series = calloc(n_rows, sizeof *command.series);
    NP_ASSERT(command.series);
    argp_err_exit_status = EXIT_CLASS_USAGE;
    if (argc > 1 && strcmp(argv[1], "bench") == 0) { // as `numaplex` starts its programs
        argv++;
        argc--;
    }
    argv[0] = title;
    err_clear(&command.err);
    if (argp_parse(&argp, argc, argv, 0, NULL, &command) && !command.err.code)
        err_set(&command.err, ERR_USAGE, "the command line cannot be read; see numaplex bench --help");
    if (!command.err.code && command.list)
        report_list();
    else if (!command.err.code)
        measure_and_report(&command, &command.err);
    free(command.series);
    return command.err.code ? err_report(&command.err) : EXIT_CLASS_OK;
}
