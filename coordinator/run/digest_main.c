// SPDX-License-Identifier: Apache-2.0
// numaplex digest: shows the digest of a run, or where two runs differ.
#include <argp.h>
#include <stdbool.h>

#include "coordinator/machine/units.h"
#include "coordinator/run/digest_file.h"
#include "coordinator/run/verbs.h"

struct command {
    const char *paths[2];
    unsigned n;
    bool diff;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct command *command = state->input;
    switch (key) {
    case 'd':
        command->diff = true;
        return 0;
    case ARGP_KEY_ARG:
        if (command->n == 2)
            argp_error(state, "two runs at most");
        command->paths[command->n++] = arg;
        return 0;
    case ARGP_KEY_END:
        if (command->n == 0 || (command->diff && command->n == 1))
            argp_error(state, command->n ? "--diff needs two runs" : "the run folder is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"diff", 'd', 0, 0, "compare two runs and name the first difference", 0},
    {0},
};

static const struct argp argp = {
    options,
    parse_option,
    "A [B]",
    "Shows the digests of a run. With two runs, says whether they are equal, and if not, which partition and "
    "board differ first and at which simulated time.\vA and B are run folders, or digest files. Exit status "
    "0: "
    "equal; 7: the runs differ.",
    NULL,
    NULL,
    NULL};

static void show(const struct digest_file *file)
{
    printf("run          %s  %s\n", file->run, file->scenario);
    for (uint32_t i = 0; i < file->n_partitions; i++)
        printf("partition    %s  %s\n", file->partitions[i].digest, file->partitions[i].name);
    for (uint32_t i = 0; i < file->n_boards; i++)
        printf("board        %s  %s (%s)\n", file->boards[i].digest, file->boards[i].name,
               file->boards[i].partition);
}

static int report_difference(const struct difference *d)
{
    char after[UNIT_TEXT_SIZE], at[UNIT_TEXT_SIZE];
    struct err err;
    if (!d->board)
        err_set(&err, ERR_DIFFER, "%s",
                d->what ? d->what : "the digests of the runs differ, those of all boards do not");
    else if (d->at != SIM_NEVER)
        err_set(&err, ERR_DIFFER,
                "the runs differ: partition %s, board %s first, between %s and %s of simulated time (by the "
                "messages "
                "that it received)",
                d->board->partition, d->board->name, unit_pretty_time(d->after, after),
                unit_pretty_time(d->at, at));
    else
        err_set(&err, ERR_DIFFER,
                "the runs differ: partition %s, board %s, after %s of simulated time (it received the same "
                "messages "
                "until then, and its state at the end differs)",
                d->board->partition, d->board->name, unit_pretty_time(d->after, after));
    return err_report(&err);
}

static int compare(const struct digest_file *a, const struct digest_file *b)
{
    struct difference difference;
    if (digest_file_differ(a, b, &difference))
        return report_difference(&difference);
    printf("equal: %s\n", a->run);
    return EXIT_CLASS_OK;
}

int digest_main(int argc, char **argv)
{
    static struct digest_file files[2]; // a name per partition is much for a stack
    struct command command = {0};
    struct err err;
    argp_parse(&argp, argc, argv, 0, NULL, &command);
    for (unsigned i = 0; i < command.n; i++)
        if (digest_file_read(&files[i], command.paths[i], &err)) {
            digest_file_free(&files[0]);
            return err_report(&err);
        }
    int status = EXIT_CLASS_OK;
    if (command.n == 2)
        status = compare(&files[0], &files[1]);
    else
        show(&files[0]);
    digest_file_free(&files[0]);
    digest_file_free(&files[1]);
    return status;
}
