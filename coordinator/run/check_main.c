// SPDX-License-Identifier: Apache-2.0
// numaplex check FILE: reads a scenario as a run would and shows what it describes; starts nothing.
#include <argp.h>
#include <stdio.h>

#include "coordinator/machine/scenario.h"
#include "coordinator/run/find.h"
#include "coordinator/run/verbs.h"

struct check_command {
    const char *file;
    struct settings settings;
    struct err err;
};

static const struct argp_option options[] = {
    {"set", 's', "NAME=VALUE", 0,
     "a parameter of the scenario, or a value by its path (systems.sun.board.l2=4MiB); may be repeated", 0},
    {0},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct check_command *command = state->input;
    switch (key) {
    case 's':
        return settings_add(&command->settings, arg, &command->err) ? EINVAL : 0;
    case ARGP_KEY_ARG:
        if (command->file)
            argp_error(state, "one FILE only");
        command->file = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "the FILE to check is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {options,
                                 parse_option,
                                 "FILE",
                                 "Reads a scenario as a run would, and shows the machine that it describes: "
                                 "memory map, programs, sync groups, "
                                 "latencies, warnings. Nothing is started.\vFILE may be the name of a "
                                 "scenario that comes with numaplex. Exit "
                                 "status 0: a run would start; 3: the scenario is impossible.",
                                 NULL,
                                 NULL,
                                 NULL};

int check_main(int argc, char **argv)
{
    static struct check_command command;
    char path[PATH_MAX_BYTES];
    struct scenario scenario;
    struct err err;
    if (argp_parse(&argp, argc, argv, 0, NULL, &command))
        return err_report(&command.err);
    if (find_scenario(command.file, path, &err) ||
        scenario_read_set(path, &command.settings, &scenario, &err))
        return err_report(&err);
    scenario_print(&scenario, stdout);
    scenario_free(&scenario);
    if (fflush(stdout) != 0) {
        err_errno(&err, ERR_FILE, "standard output");
        return err_report(&err);
    }
    return EXIT_CLASS_OK;
}
