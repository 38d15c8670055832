// SPDX-License-Identifier: Apache-2.0
// The verbs that are commands to the machine, as a table: which arguments each takes, and what it does with
// them.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hmc/cli/command.h"
#include "hmc/cli/command_verbs.h"
#include "hmc/cli/show.h"
#include "hmc/cli/table.h"
#include "proto/base/assert.h"

#define ARGUMENTS_MAX (BOARDS_MAX + 2)

// Arguments of a verb, a letter each: o on or off, d a domain, n a name, p a position, b boards, to the end
// or up to the last letter.
struct form {
    enum api_verb verb;
    const char *order, *arguments, *text;
    const struct argp_option *options;
};

enum {
    OPTION_WAIT = 'w',
    OPTION_PLAN = 'n',
    OPTION_FORCE = 'f',
    OPTION_LEVEL = 'c',
    OPTION_RECONFIGURE = 'R'
};

#define COMMON_OPTIONS                                                                                       \
    {"plan", OPTION_PLAN, 0, 0, "say what would happen, and change nothing", 0},                             \
    {                                                                                                        \
        "wait", OPTION_WAIT, 0, 0, "wait until it has ended, and show how far it is", 0                      \
    }

static const struct argp_option common[] = {COMMON_OPTIONS, {0}};

static const struct argp_option of_boards[] = {
    COMMON_OPTIONS,
    {"level", OPTION_LEVEL, "LEVEL", 0,
     "how far: assign, connect, configure (coming in); unconfigure, disconnect, unassign (going out)", 0},
    {"force", OPTION_FORCE, 0, 0, "also where only force helps; the run says where", 0},
    {0},
};

static const struct argp_option of_reboot[] = {
    COMMON_OPTIONS,
    {"reconfigure", OPTION_RECONFIGURE, 0, 0,
     "for reconfiguration: an nPartition's cells change as was asked", 0},
    {0},
};

static const struct form forms[] = {
    {API_ADD, "bd", "BOARD... DOMAIN",
     "Adds boards that are in no domain to one: power, self-test, assign, connect, configure.", of_boards},
    {API_DELETE, "b", "BOARD...",
     "Takes boards out of their domains while these run: CPUs go offline, pages in use move to other boards, "
     "the board is disconnected and becomes available.",
     of_boards},
    {API_MOVE, "bd", "BOARD... DOMAIN", "Moves boards from their domains to another one while both run.",
     of_boards},
    {API_KEYSWITCH, "dp", "DOMAIN off|standby|on|diag|secure", "Turns a domain's virtual keyswitch.", common},
    {API_POWER, "ob", "on|off BOARD...", "Powers boards that are in no domain on or off.", common},
    {API_TEST, "b", "BOARD...", "Runs the self-test of boards that are in no domain.", common},
    {API_BLACKLIST, "ob", "on|off BOARD...", "Puts boards on the blacklist, or takes them off it.", common},
    {API_AVAILABLE, "odb", "on|off DOMAIN BOARD...",
     "Puts boards on a domain's available component list, or takes them off it.", common},
    {API_TAG, "dn", "DOMAIN NAME", "Gives a domain a name for people.", common},
    {API_CELL, "ob", "on|off BOARD...", "Cells that are used, or not, when their nPartition boots next.",
     common},
    {API_REBOOT, "d", "DOMAIN", "Reboots a domain: what runs there begins again.", of_reboot},
};

struct command_line {
    struct cli cli; // first: the input of the child
    const struct form *form;
    bool plan, wait, force, reconfigure, level_given;
    enum api_level level;
    char *arguments[ARGUMENTS_MAX + 1]; // ends with NULL
    unsigned n;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct command_line *line = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &line->cli;
        return 0;
    case OPTION_PLAN:
        line->plan = true;
        return 0;
    case OPTION_WAIT:
        line->wait = true;
        return 0;
    case OPTION_FORCE:
        line->force = true;
        return 0;
    case OPTION_RECONFIGURE:
        line->reconfigure = true;
        return 0;
    case OPTION_LEVEL:
        if (!api_level_of(arg, &line->level))
            argp_error(state,
                       "--level: '%s' is none of assign, connect, configure, unconfigure, disconnect, "
                       "unassign",
                       arg);
        line->level_given = true;
        return 0;
    case ARGP_KEY_ARG:
        if (line->n == ARGUMENTS_MAX)
            argp_error(state, "more than %u arguments", ARGUMENTS_MAX);
        line->arguments[line->n++] = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static enum err_code take_name(char to[NAME_MAX_BYTES], const char *from, struct err *err)
{
    if (strlen(from) >= NAME_MAX_BYTES)
        return err_set(err, ERR_USAGE, "'%.30s...' is longer than a name can be", from);
    strcpy(to, from);
    return ERR_OK;
}

static enum err_code take_argument(char kind, const char *argument, struct api_command *command,
                                   struct err *err)
{
    if (kind == 'd')
        return take_name(command->partition, argument, err);
    if (kind == 'n')
        return take_name(command->name, argument, err);
    if (kind == 'o') {
        command->on = strcmp(argument, "on") == 0;
        return command->on || strcmp(argument, "off") == 0
                   ? ERR_OK
                   : err_set(err, ERR_USAGE, "'%.40s' is neither on nor off", argument);
    }
    return api_position_of(argument, &command->position)
               ? ERR_OK
               : err_set(err, ERR_USAGE,
                         "'%.40s' is no position of a keyswitch: off, standby, on, diag, secure", argument);
}

// Reads the arguments around the boards; *first .. *first + *boards - 1 are the boards among them.
static enum err_code take_arguments(const struct command_line *line, struct api_command *command,
                                    unsigned *first, unsigned *boards, struct err *err)
{
    const char *order = line->form->order;
    unsigned singles = (unsigned)strlen(order) - (strchr(order, 'b') != NULL), at = 0;
    *first = *boards = 0;
    if (line->n < singles + (strchr(order, 'b') != NULL) || (!strchr(order, 'b') && line->n > singles))
        return err_set(err, ERR_USAGE, "too %s arguments; the form is: numaplex %s %s",
                       line->n > singles ? "many" : "few", api_verb_word(line->form->verb),
                       line->form->arguments);
    for (; *order; order++) {
        if (*order == 'b') {
            *first = at;
            *boards = line->n - singles;
            at += *boards;
        } else if (take_argument(*order, line->arguments[at++], command, err)) {
            return err->code;
        }
    }
    return ERR_OK;
}

static enum err_code plan(struct command_line *line, const struct api_command *command, struct err *err)
{
    struct api_plan what;
    if (command_plan(&line->cli, command, &what, err))
        return err->code;
    if (line->cli.json)
        cli_print_json(api_plan_json(&what));
    else
        show_plan(command, &what, stdout);
    return ERR_OK;
}

// What the verb alone does not say; begins with a blank where it is anything.
static const char *how(const struct form *form, const struct api_command *command)
{
    static char position[UNIT_TEXT];
    if (command->verb == API_KEYSWITCH) {
        snprintf(position, sizeof position, " %s", api_position_word(command->position));
        return position;
    }
    if (command->verb == API_REBOOT)
        return command->on ? " for reconfiguration" : "";
    return form->order[0] != 'o' ? "" : command->on ? " on" : " off";
}

static void say_begun(const struct command_line *line, const struct api_command *command, uint64_t operation)
{
    const char *what = command->board[0] ? command->board : command->partition;
    if (line->cli.json)
        cli_print_json(json_pack("{s:n, s:s, s:o}", "code", "text", operation ? "begun" : "done", "operation",
                                 operation ? json_integer((json_int_t)operation) : json_null()));
    else if (operation)
        printf("%s: operation %llu has begun; 'numaplex status' shows how far it is\n", what,
               (unsigned long long)operation);
    else
        printf("%s: %s%s, done\n", what, api_verb_word(command->verb), how(line->form, command));
}

static void say_ended(const struct command_line *line, const struct api_operation *o)
{
    char took[UNIT_TEXT], moved[UNIT_TEXT];
    if (line->cli.json)
        cli_print_json(api_operation_json(o));
    else
        printf("%s: %s, done in %s of simulated time; %s moved\n", o->board, o->verb,
               time_text(o->ended_ps - o->began_ps, took), bytes_text(o->pages_done * PAGE_BYTES, moved));
}

static enum err_code do_one(struct command_line *line, const struct api_command *command, bool wait,
                            struct err *err)
{
    uint64_t operation;
    struct api_operation ended;
    if (line->plan)
        return plan(line, command, err);
    if (command_send(&line->cli, command, &operation, err))
        return err->code;
    if (!operation || !wait)
        say_begun(line, command, operation);
    else if (!command_wait(&line->cli, operation, line->cli.json, &ended, err))
        say_ended(line, &ended);
    return err->code;
}

// Of several boards, so that a mistyped one is found before the first has moved.
static enum err_code check_all(struct cli *cli, char *const *first, unsigned n, struct err *err)
{
    const struct api_snapshot *snapshot;
    char *names[ARGUMENTS_MAX + 1] = {NULL};
    memcpy(names, first, n * sizeof *names);
    return cli_show(cli, &snapshot, err) ? err->code : check_boards(snapshot, names, err);
}

// One board after the other; the next can only begin when the one before has ended.
static enum err_code do_all(struct command_line *line, struct err *err)
{
    struct api_command command;
    unsigned first, boards;
    api_command_init(&command, line->form->verb);
    command.force = line->force;
    command.on = line->reconfigure;
    if (line->level_given)
        command.level = line->level;
    if (take_arguments(line, &command, &first, &boards, err) || cli_open(&line->cli, err))
        return err->code;
    if (boards > 1 && check_all(&line->cli, line->arguments + first, boards, err))
        return err->code;
    for (unsigned i = 0; i < (boards ? boards : 1); i++) {
        if (boards && take_name(command.board, line->arguments[first + i], err))
            return err->code;
        if (do_one(line, &command, line->wait || boards > 1, err))
            return err->code;
    }
    return ERR_OK;
}

int verb_command(int argc, char **argv)
{
    struct command_line line = {.form = NULL};
    struct err err = {0};
    enum api_verb verb = API_VERB_COUNT;
    bool known = api_verb_of(argv[0], &verb);
    for (size_t i = 0; known && i < NP_ARRAY_LEN(forms); i++)
        if (forms[i].verb == verb)
            line.form = &forms[i];
    NP_ASSERT(line.form); // every row of the verbs' table that leads here has one
    const struct argp_child children[] = {{&cli_argp, 0, 0, 0}, {0}};
    const struct argp argp = {
        line.form->options, parse_option, line.form->arguments, line.form->text, children, 0, 0};
    cli_parse(&argp, argc, argv, &line);
    do_all(&line, &err);
    return cli_end(&line.cli, &err);
}
