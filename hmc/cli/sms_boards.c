// SPDX-License-Identifier: Apache-2.0
// addboard, deleteboard, moveboard; setkeyswitch and showkeyswitch; setupplatform.
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hmc/cli/command.h"
#include "hmc/cli/show.h"
#include "hmc/cli/sms.h"
#include "hmc/cli/table.h"

// One try, to its end: the real commands are synchronous.
static enum err_code try(struct words *words, const struct api_command *command, struct err *err)
{
    struct api_operation ended;
    uint64_t operation;
    err_clear(err);
    if (command_send(&words->cli, command, &operation, err) || !operation)
        return err->code;
    return command_wait(&words->cli, operation, words->quiet, &ended, err);
}

static enum err_code try_and_again(struct words *words, const struct api_command *command, struct err *err)
{
    for (uint32_t left = words->retries; try(words, command, err) && left > 0; left--) {
        if (!words->quiet)
            fprintf(stderr, "%s: %s; tries left: %u\n", command->board, err->text, left);
        sleep(words->timeout_s);
    }
    return err->code;
}

static enum err_code take_function(const struct words *words, struct api_command *command,
                                   enum api_level from, enum api_level to, struct err *err)
{
    if (!words->function)
        return ERR_OK;
    if (!api_level_of(words->function, &command->level) || command->level < from || command->level > to)
        return err_set(err, ERR_USAGE, "-c: '%.30s' is none of its functions; usage: %s", words->function,
                       words->command->usage);
    return ERR_OK;
}

// A board that works is only taken away when somebody says yes.
static enum err_code confirm(struct words *words, const struct api_snapshot *snapshot, const char *location,
                             struct err *err)
{
    const struct api_board *board = client_board(snapshot, location);
    char question[256], domain[NAME_MAX_BYTES];
    if (!board || strcmp(board->assignment, "active") != 0)
        return ERR_OK;
    snprintf(question, sizeof question, "%s is active in domain %s. Are you sure you want to continue?",
             location, sms_domain_text(snapshot, board->partition, domain));
    return sms_confirm(words, question, err);
}

// All locations in turn. Of several boards those on the blacklist are left out, as the real commands do.
static enum err_code do_all(struct words *words, struct api_command *command, struct err *err)
{
    bool several = words->rest[0] && words->rest[1];
    for (char **location = words->rest; *location; location++) {
        const struct api_snapshot *snapshot;
        if (cli_show(&words->cli, &snapshot, err) ||
            check_boards(snapshot, (char *[]){*location, NULL}, err) ||
            (command->verb != API_ADD && confirm(words, snapshot, *location, err)))
            return err->code;
        strcpy(command->board, *location); // a board's name: checked
        if (try_and_again(words, command, err) == ERR_BLACKLISTED && several) {
            fprintf(stderr, "%s is skipped: %s\n", *location, err->text);
            err_clear(err);
        } else if (err->code) {
            return err->code;
        } else if (!words->quiet) {
            printf("%s %s: done\n", api_level_word(command->level), *location);
        }
    }
    return ERR_OK;
}

static enum err_code into_domain(struct words *words, enum api_verb verb, struct err *err)
{
    struct api_command command;
    const struct api_snapshot *snapshot;
    const struct api_partition *partition;
    api_command_init(&command, verb);
    command.force = words->force;
    if (take_function(words, &command, API_ASSIGN, API_CONFIGURE, err) ||
        cli_show(&words->cli, &snapshot, err) || sms_domain(snapshot, words->domain, &partition, err))
        return err->code;
    memcpy(command.partition, partition->name, sizeof command.partition);
    return do_all(words, &command, err);
}

enum err_code sms_addboard(struct words *words, struct err *err)
{
    return into_domain(words, API_ADD, err);
}

enum err_code sms_moveboard(struct words *words, struct err *err)
{
    return into_domain(words, API_MOVE, err);
}

enum err_code sms_deleteboard(struct words *words, struct err *err)
{
    struct api_command command;
    api_command_init(&command, API_DELETE);
    command.force = words->force;
    return take_function(words, &command, API_UNCONFIGURE, API_UNASSIGN, err) ? err->code
                                                                              : do_all(words, &command, err);
}

static bool runs(const char *position)
{
    return strcmp(position, "off") != 0 && strcmp(position, "standby") != 0;
}

enum err_code sms_setkeyswitch(struct words *words, struct err *err)
{
    struct api_command command;
    const struct api_snapshot *snapshot;
    const struct api_partition *partition;
    char question[256];
    api_command_init(&command, API_KEYSWITCH);
    if (!api_position_of(words->rest[0], &command.position))
        return err_set(err, ERR_USAGE, "'%.30s' is no position; usage: %s", words->rest[0],
                       words->command->usage);
    if (cli_show(&words->cli, &snapshot, err) || sms_domain(snapshot, words->domain, &partition, err))
        return err->code;
    memcpy(command.partition, partition->name, sizeof command.partition);
    snprintf(question, sizeof question,
             "Domain %s runs. Are you sure you want to turn its keyswitch from %s to %s?", words->domain,
             partition->position, words->rest[0]);
    if (runs(partition->position) && !runs(words->rest[0]) && sms_confirm(words, question, err))
        return err->code;
    return try(words, &command, err);
}

enum err_code sms_showkeyswitch(struct words *words, struct err *err)
{
    const struct api_snapshot *snapshot;
    const struct api_partition *partition;
    if (cli_show(&words->cli, &snapshot, err) || sms_domain(snapshot, words->domain, &partition, err))
        return err->code;
    fputs("Virtual keyswitch position: ", stdout);
    for (const char *c = partition->position; *c; c++)
        putchar(toupper((unsigned char)*c));
    putchar('\n');
    return ERR_OK;
}

static bool listed(char *const *names, const char *name)
{
    for (; *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

// -a adds to the list, -r removes from it, neither makes it these locations and no others.
enum err_code sms_setupplatform(struct words *words, struct err *err)
{
    struct api_command command;
    const struct api_snapshot *now;
    const struct api_partition *partition;
    if (words->add && words->remove)
        return err_set(err, ERR_USAGE, "-a and -r exclude each other; usage: %s", words->command->usage);
    if (cli_show(&words->cli, &now, err) || sms_domain(now, words->domain, &partition, err) ||
        check_boards(now, words->rest, err))
        return err->code;
    uint32_t place = (uint32_t)(partition - now->partitions);
    api_command_init(&command, API_AVAILABLE);
    memcpy(command.partition, partition->name, sizeof command.partition);
    for (uint32_t i = 0; i < now->n_boards && !err->code; i++) {
        bool is = now->partitions[place].available[i / 64] >> (i % 64) & 1;
        bool named = listed(words->rest, now->boards[i].name);
        command.on = words->remove ? is && !named : words->add ? is || named : named;
        memcpy(command.board, now->boards[i].name, sizeof command.board);
        if (command.on != is)
            try(words, &command, err);
    }
    return err->code;
}
