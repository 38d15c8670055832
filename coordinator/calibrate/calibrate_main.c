// SPDX-License-Identifier: Apache-2.0
// numaplex calibrate: measures presets by running them, and compares with what is published of the machines.
#include "coordinator/calibrate/verbs.h"

#include <argp.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "coordinator/calibrate/calibration.h"
#include "coordinator/campaign/pool.h"

struct command {
    enum calibration_format format;
    uint32_t jobs;
    const char *keep; // folder for scenarios and runs; NULL: a temporary one
    char *names[PRESETS_MAX];
    unsigned n;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct command *command = state->input;
    char *end;
    unsigned long jobs;
    switch (key) {
    case 'J':
        command->format = CALIBRATION_JSON;
        return 0;
    case 'C':
        command->format = CALIBRATION_CSV;
        return 0;
    case 'K':
        command->keep = arg;
        return 0;
    case 'j':
        jobs = strtoul(arg, &end, 10);
        if (*arg < '0' || *arg > '9' || *end || jobs < 1 || jobs > POOL_JOBS_MAX)
            argp_error(state, "--jobs %s: write a number from 1 to %u", arg, POOL_JOBS_MAX);
        command->jobs = (uint32_t)jobs;
        return 0;
    case ARGP_KEY_ARG:
        if (command->n == PRESETS_MAX)
            argp_error(state, "%d presets at most", PRESETS_MAX);
        command->names[command->n++] = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"json", 'J', 0, 0, "print the table as JSON", 0},
    {"csv", 'C', 0, 0, "print the table as CSV", 0},
    {"jobs", 'j', "N", 0, "run N children at once (default: one per core)", 0},
    {"keep", 'K', "FOLDER", 0, "leave the scenarios that were run, and their results, in a new FOLDER", 0},
    {0},
};

static const struct argp argp = {
    options,
    parse_option,
    "[PRESET...]",
    "Runs each preset's machine for every value that is published of it (load-to-use latencies by distance, "
    "bandwidths of a board, transfers from cache to cache) and prints published, simulated, error, and "
    "whether "
    "the preset was fitted to the value.\vPRESET is a name or a file; without one, all that have published "
    "values. Exit status 0: every fitted value is met within 1 %; 7 (NP0704): one is not.",
    NULL,
    NULL,
    NULL};

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static enum err_code make_folder(const struct command *command, char folder[PATH_MAX_BYTES], struct err *err)
{
    const char *base = getenv("TMPDIR");
    if (command->keep) {
        if (mkdir(command->keep, 0777))
            return err_errno(err, ERR_FILE, "--keep %s", command->keep);
        char *whole = realpath(command->keep, NULL);
        int n = snprintf(folder, PATH_MAX_BYTES, "%s", whole ? whole : "");
        free(whole);
        return n > 0 && n < (int)PATH_MAX_BYTES ? ERR_OK
                                                : err_set(err, ERR_LIMIT, "--keep: the path is too long");
    }
    int n = snprintf(folder, PATH_MAX_BYTES, "%s/numaplex-calibrate-XXXXXX", base && *base ? base : "/tmp");
    if (n >= (int)PATH_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "TMPDIR: the path is too long");
    return mkdtemp(folder) ? ERR_OK : err_errno(err, ERR_FILE, "%s", folder);
}

static enum err_code judge(const struct calibration *calibration, struct err *err)
{
    uint32_t failed = 0, first = 0;
    for (uint32_t i = 0; i < calibration->n_rows; i++)
        if (calibrated_row_fails(&calibration->rows[i]) && failed++ == 0)
            first = i;
    if (failed == 0)
        return ERR_OK;
    const struct calibrated_row *row = &calibration->rows[first];
    return err_set(err, ERR_CALIBRATION,
                   "%" PRIu32 " fitted values are off by more than %g %%; the first: preset %s, measure %s, "
                   "%+.1f %%; fit the preset again",
                   failed, FITTED_TOLERANCE_PERCENT, calibration->presets[row->preset].preset.name,
                   measure_key(row->item->measure), row->error_percent);
}

static enum err_code calibrate(const struct command *command, struct calibration *calibration,
                               struct err *err)
{
    char folder[PATH_MAX_BYTES];
    if (calibration_plan(calibration, command->names, command->n, err) || make_folder(command, folder, err))
        return err->code;
    enum err_code code = calibration_run(calibration, folder, command->jobs, err);
    if (!command->keep)
        nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    if (code)
        return code;
    calibration_print(calibration, command->format, stdout);
    if (fflush(stdout))
        return err_errno(err, ERR_FILE, "standard output");
    return judge(calibration, err);
}

int calibrate_main(int argc, char **argv)
{
    struct command command = {0};
    struct calibration calibration = {0};
    struct err err;
    argp_parse(&argp, argc, argv, 0, NULL, &command);
    err_clear(&err);
    enum err_code code = calibrate(&command, &calibration, &err);
    calibration_free(&calibration);
    return code ? err_report(&err) : EXIT_CLASS_OK;
}
