// SPDX-License-Identifier: Apache-2.0
// numaplex where: explains an address of a scenario, and what a load of it costs.
#include <argp.h>
#include <stdbool.h>

#include "coordinator/machine/units.h"
#include "coordinator/run/find.h"
#include "coordinator/where/verbs.h"
#include "coordinator/where/where.h"

struct command {
    struct where_question question;
    const char *file, *address;
    bool json;
};

static error_t parse_argument(struct command *command, char *arg, struct argp_state *state)
{
    const char **const places[] = {&command->file, &command->question.partition, &command->address};
    if (state->arg_num >= sizeof places / sizeof places[0])
        argp_error(state, "FILE, PARTITION and ADDRESS only");
    else
        *places[state->arg_num] = arg;
    return 0;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct command *command = state->input;
    switch (key) {
    case 'f':
        command->question.from = arg;
        return 0;
    case 'o':
        command->question.owner = arg;
        return 0;
    case 'j':
        command->json = true;
        return 0;
    case ARGP_KEY_ARG:
        return parse_argument(command, arg, state);
    case ARGP_KEY_END:
        if (!command->address)
            argp_error(state, "FILE, PARTITION and ADDRESS are needed");
        else if (unit_parse(UNIT_SIZE, command->address, &command->question.address))
            argp_error(state, "%s is no address; write 0x40000000, or 1GiB", command->address);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"from", 'f', "BOARD", 0, "board of the CPU that loads (default: the partition's first)", 0},
    {"owner", 'o', "BOARD", 0, "board whose cache has the line dirty (default: a third one)", 0},
    {"json", 'j', 0, 0, "print the answer as JSON", 0},
    {0},
};

static const struct argp argp = {
    options,
    parse_option,
    "FILE PARTITION ADDRESS",
    "Explains a real address of a partition: the board, segment and turn of the interleave that it belongs "
    "to, and "
    "what a load of it takes, part by part, when the line is clean and when it is dirty on another board.\v"
    "Nothing is run: the times are sums of the machine's figures, and what a run measures of a load that "
    "meets "
    "nothing else.",
    NULL,
    NULL,
    NULL};

static enum err_code answer(const struct command *command, const struct scenario *scenario, struct err *err)
{
    struct where_answer answer;
    if (where_answer(scenario, &command->question, &answer, err))
        return err->code;
    if (command->json)
        where_print_json(scenario, &command->question, &answer, stdout);
    else
        where_print(scenario, &command->question, &answer, stdout);
    return fflush(stdout) ? err_errno(err, ERR_FILE, "standard output") : ERR_OK;
}

int where_main(int argc, char **argv)
{
    struct command command = {0};
    char path[PATH_MAX_BYTES];
    struct scenario scenario;
    struct err err;
    argp_parse(&argp, argc, argv, 0, NULL, &command);
    if (find_scenario(command.file, path, &err) || scenario_read(path, &scenario, &err))
        return err_report(&err);
    enum err_code code = answer(&command, &scenario, &err);
    scenario_free(&scenario);
    return code ? err_report(&err) : EXIT_CLASS_OK;
}
