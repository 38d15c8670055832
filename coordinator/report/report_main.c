// SPDX-License-Identifier: Apache-2.0
// numaplex report: the page of a run, again from its results: in the other language, or by a newer program.
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "coordinator/machine/document.h"
#include "coordinator/report/report_page.h"
#include "coordinator/report/verbs.h"
#include "coordinator/run/whole.h"

#define RESULTS_BYTES_MAX                                                                                    \
    (256u << 20) // 256 boards with all histograms and four watched lines stay below 64 MiB

struct command {
    const char *folder, *out;
    enum language language;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct command *command = state->input;
    switch (key) {
    case 'l':
        if (!language_of_code(arg, &command->language))
            argp_error(state, "--lang %.20s: must be en or de", arg);
        return 0;
    case 'o':
        command->out = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (command->folder)
            argp_error(state, "one RUN_FOLDER only");
        command->folder = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "the RUN_FOLDER is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"lang", 'l', "en|de", 0, "the language of the page (en)", 0},
    {"output", 'o', "FILE", 0,
     "where to write it (report.html in the run folder, report-de.html in German); -: standard output", 0},
    {0},
};

static const struct argp argp = {options,
                                 parse_option,
                                 "RUN_FOLDER",
                                 "Writes the page of a run, report.html, again from its results.json: "
                                 "self-contained, for any browser, light, "
                                 "dark and in print.\vEvery run writes report.html in English by itself.",
                                 NULL,
                                 NULL,
                                 NULL};

static enum err_code read_results(const char *folder, json_t **results, struct err *err)
{
    char path[2 * PATH_MAX_BYTES], *text;
    json_error_t wrong;
    size_t size;
    snprintf(path, sizeof path, "%.*s/results.json", (int)PATH_MAX_BYTES, folder);
    if (file_read(path, RESULTS_BYTES_MAX, &text, &size, err))
        return err_wrap(err, "the results of a run are missing");
    *results = json_loadb(text, size, JSON_REJECT_DUPLICATES, &wrong);
    free(text);
    if (!*results)
        return err_set(err, ERR_BAD_VALUE, "%s:%d: not JSON (%s); run the scenario again", path, wrong.line,
                       wrong.text);
    return ERR_OK;
}

// The page as a whole file: folder and name of where it goes.
static enum err_code write_page(const struct command *command, const json_t *results, struct err *err)
{
    char folder[PATH_MAX_BYTES], resolved[2 * PATH_MAX_BYTES];
    const char *name = command->language == LANG_EN ? "report.html" : "report-de.html";
    struct whole_file file;
    snprintf(resolved, sizeof resolved, "%s/resolved.yaml", command->folder);
    if (command->out && strcmp(command->out, "-") == 0)
        return report_page_write(stdout, command->language, results, resolved, err);
    snprintf(folder, sizeof folder, "%s", command->folder);
    if (command->out) {
        const char *slash = strrchr(command->out, '/');
        snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - command->out) + 1 : 1,
                 slash ? command->out : ".");
        name = slash ? slash + 1 : command->out;
    }
    if (whole_open(&file, folder, name, err))
        return err->code;
    if (report_page_write(file.out, command->language, results, resolved, err)) {
        whole_drop(&file);
        return err->code;
    }
    return whole_finish(&file, err) ? err->code : whole_commit(&file, err);
}

static enum err_code do_report(const struct command *command, struct err *err)
{
    json_t *results;
    if (strlen(command->folder) >= PATH_MAX_BYTES || (command->out && strlen(command->out) >= PATH_MAX_BYTES))
        return err_set(err, ERR_LIMIT, "a path is longer than %u bytes", PATH_MAX_BYTES - 1);
    if (read_results(command->folder, &results, err))
        return err->code;
    enum err_code code = write_page(command, results, err);
    json_decref(results);
    if (!code && fflush(stdout) != 0)
        return err_errno(err, ERR_FILE, "standard output cannot be written");
    return code;
}

int report_main(int argc, char **argv)
{
    struct command command = {.language = LANG_EN};
    struct err err;
    argp_parse(&argp, argc, argv, 0, NULL, &command);
    return do_report(&command, &err) ? err_report(&err) : EXIT_CLASS_OK;
}
