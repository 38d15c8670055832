// SPDX-License-Identifier: Apache-2.0
// numaplex console: what the guests of a run have written, also while it goes on.
#include <argp.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "coordinator/machine/fields.h"
#include "coordinator/run/console_view.h"
#include "coordinator/run/text_files.h"
#include "coordinator/run/verbs.h"

#define LOOK_US 200000 // between two looks at a run that goes on

struct command {
    const char *run, *partition;
    bool follow, trace;
};

// The partitions of which the run has text, by name.
struct streams {
    uint32_t n;
    const char *names[PARTITIONS_MAX]; // owned
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct command *command = state->input;
    switch (key) {
    case 'f':
        command->follow = true;
        return 0;
    case 't':
        command->trace = true;
        return 0;
    case ARGP_KEY_ARG:
        if (command->partition)
            argp_error(state, "one partition at most");
        *(command->run ? &command->partition : &command->run) = arg;
        return 0;
    case ARGP_KEY_END:
        if (!command->run)
            argp_error(state, "the run folder is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"follow", 'f', 0, 0, "go on showing what is written until the run has ended", 0},
    {"trace", 't', 0, 0, "show the instruction trace (--trace-insn) instead", 0},
    {0},
};

static const struct argp argp = {
    options,
    parse_option,
    "RUN [PARTITION]",
    "Shows what the guest of a partition has written on its console, in a finished run or in one that goes "
    "on.\vRUN is a run folder; PARTITION may be left out where only one has a console. On a terminal, "
    "control "
    "characters are shown as ^X. Exit status 0: shown.",
    NULL,
    NULL,
    NULL};

static int by_name(const void *one, const void *other)
{
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}

// "console-NAME.txt": adds NAME.
static void add_stream(struct streams *streams, const char *file, const char *kind)
{
    size_t head = strlen(kind) + 1, length = strlen(file);
    if (strncmp(file, kind, head - 1) != 0 || file[head - 1] != '-' || length < head + 5 ||
        strcmp(file + length - 4, ".txt") != 0 || streams->n == PARTITIONS_MAX)
        return;
    streams->names[streams->n] = strndup(file + head, length - 4 - head);
    streams->n += streams->names[streams->n] != NULL;
}

static enum err_code find_streams(const struct command *command, struct streams *streams, struct err *err)
{
    DIR *dir = opendir(command->run);
    if (!dir)
        return err_errno(err, ERR_FILE, "%s is no run folder", command->run);
    for (struct dirent *entry; (entry = readdir(dir));)
        add_stream(streams, entry->d_name, command->trace ? "trace" : "console");
    closedir(dir);
    qsort(streams->names, streams->n, sizeof streams->names[0], by_name);
    if (streams->n)
        return ERR_OK;
    return err_set(err, ERR_FILE,
                   command->trace ? "%s: no instructions were traced in this run; run with --trace-insn"
                                  : "%s: no partition of this run has a console: none runs a guest",
                   command->run);
}

static const char *list_of(const struct streams *streams, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < streams->n && used < size - 1; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", streams->names[i]);
    return text;
}

static enum err_code choose(const struct command *command, const struct streams *streams, const char **name,
                            struct err *err)
{
    char list[200];
    const char *wanted = command->partition;
    if (!wanted && streams->n > 1)
        return err_set(err, ERR_USAGE, "%s: which partition? there are: %s", command->run,
                       list_of(streams, list, sizeof list));
    *name = streams->names[0];
    for (uint32_t i = 0; wanted && i < streams->n; i++)
        if (strcmp(streams->names[i], wanted) == 0) {
            *name = streams->names[i];
            return ERR_OK;
        }
    if (!wanted)
        return ERR_OK;
    const char *best = nearest(wanted, streams->names, streams->n);
    return err_set(err, ERR_USAGE, "%s: partition %s has no %s here; %s%s%sthere are: %s", command->run,
                   wanted, command->trace ? "trace" : "console", best ? "did you mean " : "",
                   best ? best : "", best ? "? " : "", list_of(streams, list, sizeof list));
}

// A run that is over has left one of these.
static bool has_ended(const char *run)
{
    static const char *const ends[] = {"results.json", "failed.txt", "saved"};
    for (size_t i = 0; i < NP_ARRAY_LEN(ends); i++) {
        char path[2 * PATH_MAX_BYTES];
        snprintf(path, sizeof path, "%.1000s/%s", run, ends[i]);
        if (access(path, F_OK) == 0)
            return true;
    }
    return false;
}

static enum err_code show(const struct command *command, const char *name, struct err *err)
{
    char file[TEXT_NAME_SIZE], path[2 * PATH_MAX_BYTES];
    uint8_t block[65536];
    bool terminal = isatty(STDOUT_FILENO), ended;
    text_file_name(name, command->trace ? TEXT_INSTRUCTIONS : TEXT_CONSOLE, file);
    snprintf(path, sizeof path, "%.1000s/%s", command->run, file);
    FILE *in = fopen(path, "re");
    if (!in)
        return err_errno(err, ERR_FILE, "%s cannot be read", path);
    do {
        size_t n;
        ended = !command->follow || has_ended(command->run); // before the last look at the text
        while ((n = fread(block, 1, sizeof block, in)) > 0)
            console_write(stdout, block, n, terminal);
        clearerr(in);
        fflush(stdout);
        if (!ended)
            usleep(LOOK_US);
    } while (!ended && !ferror(stdout));
    fclose(in);
    return ferror(stdout) ? err_errno(err, ERR_FILE, "standard output cannot be written") : ERR_OK;
}

int console_main(int argc, char **argv)
{
    struct command command = {0};
    struct streams streams = {0};
    const char *name = NULL;
    struct err err = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &command);
    if (find_streams(&command, &streams, &err) == ERR_OK && choose(&command, &streams, &name, &err) == ERR_OK)
        show(&command, name, &err);
    for (uint32_t i = 0; i < streams.n; i++)
        free((char *)(uintptr_t)streams.names[i]);
    return err.code ? err_report(&err) : EXIT_CLASS_OK;
}
