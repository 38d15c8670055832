// SPDX-License-Identifier: Apache-2.0
// parcreate, parmodify, parremove: nPartitions and their cells, by the commands of HP-UX. Partitions are
// those that the scenario names; one without cells is free, and parcreate takes the lowest of them.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hmc/cli/command.h"
#include "hmc/cli/par.h"
#include "hmc/cli/sms.h"
#include "proto/base/assert.h"

#define NO_PARTITION UINT32_MAX

static enum err_code usage(const struct par_words *words, const char *what, struct err *err)
{
    return err_set(err, ERR_USAGE, "%s; usage: %s", what, words->usage);
}

// A cell by its number, or as cabinet/slot.
enum err_code par_cell(const struct api_snapshot *s, const char *text, const struct api_board **cell,
                       struct err *err)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    if (*text >= '0' && *text <= '9' && *end == '/' && end[1] >= '0' && end[1] < '0' + CELLS_PER_CABINET &&
        !end[2])
        number = number * CELLS_PER_CABINET + (unsigned long)(end[1] - '0');
    else if (*text < '0' || *text > '9' || *end)
        return err_set(err, ERR_USAGE, "'%.20s' is no cell: its number, or cabinet/slot as 0/1", text);
    if (number >= s->n_boards)
        return err_set(err, ERR_UNKNOWN_NAME, "there is no cell %.20s; cells are 0 to %u", text,
                       s->n_boards - 1);
    *cell = &s->boards[number];
    return ERR_OK;
}

// "cell:type:use_on_next_boot:failure_usage:clm": what may be left out at the end, or empty.
struct cell_words {
    const struct api_board *cell;
    bool use_given, use;
};

static enum err_code check_type(const struct cell_words *c, const char *type, struct err *err)
{
    bool floating = strcmp(type, "floating") == 0;
    if (!floating && strcmp(type, "base") != 0)
        return err_set(err, ERR_USAGE, "'%.20s' is no cell type: base or floating", type);
    if (floating != c->cell->floating)
        return err_set(err, ERR_STATE,
                       "%s is a %s cell; the scenario says so (floating: of its board), and it stays",
                       c->cell->name, c->cell->floating ? "floating" : "base");
    return ERR_OK;
}

static enum err_code check_field(struct cell_words *c, unsigned field, const char *text, struct err *err)
{
    if (!text[0])
        return ERR_OK;
    if (field == 1)
        return check_type(c, text, err);
    if (field == 2 && (strcmp(text, "y") == 0 || strcmp(text, "n") == 0)) {
        c->use_given = true;
        c->use = text[0] == 'y';
        return ERR_OK;
    }
    if (field == 3 && strcmp(text, "ri") == 0)
        return ERR_OK;
    if (field == 4 && strspn(text, "0") == strlen(text))
        return ERR_OK;
    return err_set(err, ERR_USAGE, "'%.20s' is no %s", text,
                   field == 2 ? "use on next boot: y or n"
                   : field == 3
                       ? "failure usage: ri"
                       : "cell-local memory that this machine has: the scenario's segments say what is "
                         "interleaved");
}

static enum err_code read_cell(const struct api_snapshot *s, const char *text, struct cell_words *c,
                               struct err *err)
{
    char copy[128];
    char *rest = copy, *part;
    if (snprintf(copy, sizeof copy, "%s", text) >= (int)sizeof copy)
        return err_set(err, ERR_USAGE, "'%.20s...' is no cell", text);
    *c = (struct cell_words){0};
    if (par_cell(s, strsep(&rest, ":"), &c->cell, err))
        return err->code;
    for (unsigned field = 1; (part = strsep(&rest, ":")); field++)
        if (check_field(c, field, part, err))
            return err->code;
    return ERR_OK;
}

static enum err_code send_command(struct par_words *words, const struct api_command *command, struct err *err)
{
    struct api_operation ended;
    uint64_t operation;
    if (command_send(&words->cli, command, &operation, err) || !operation)
        return err->code;
    return command_wait(&words->cli, operation, false, &ended, err);
}

static enum err_code simple(struct par_words *words, enum api_verb verb, const char *board,
                            const char *partition, bool on, const char *name, struct err *err)
{
    struct api_command command;
    api_command_init(&command, verb);
    command.on = on;
    command.force = words->force;
    snprintf(command.board, sizeof command.board, "%s", board);
    snprintf(command.partition, sizeof command.partition, "%s", partition);
    if (snprintf(command.name, sizeof command.name, "%s", name) >= (int)sizeof command.name)
        return err_set(err, ERR_USAGE, "'%.20s...' is longer than a name can be", name);
    return send_command(words, &command, err);
}

// Adds a cell (-a, -c), or changes its use (-m).
static enum err_code change_cell(struct par_words *words, const char *text, const char *partition, bool add,
                                 struct err *err)
{
    const struct api_snapshot *s;
    struct cell_words c;
    char name[NAME_MAX_BYTES];
    if (cli_show(&words->cli, &s, err) || read_cell(s, text, &c, err))
        return err->code;
    NP_ASSERT(c.cell);
    memcpy(name, c.cell->name, sizeof name); // the snapshot goes with the next request
    bool use_given = c.use_given, use = c.use;
    if (add && simple(words, API_ADD, name, partition, false, "", err))
        return err->code;
    return use_given ? simple(words, API_CELL, name, "", use, "", err) : ERR_OK;
}

static enum err_code remove_cell(struct par_words *words, const char *text, struct err *err)
{
    const struct api_snapshot *s;
    const struct api_board *cell;
    char name[NAME_MAX_BYTES];
    if (cli_show(&words->cli, &s, err) || par_cell(s, text, &cell, err))
        return err->code;
    memcpy(name, cell->name, sizeof name);
    return simple(words, API_DELETE, name, "", false, "", err);
}

static enum err_code change_all(struct par_words *words, const char *partition, struct err *err)
{
    for (unsigned i = 0; i < words->n_changes && !err->code; i++) {
        char how = words->changes[i].how;
        if (how == 'd')
            remove_cell(words, words->changes[i].text, err);
        else
            change_cell(words, words->changes[i].text, partition, how != 'm', err);
    }
    if (!err->code && words->partition_name)
        simple(words, API_TAG, "", partition, true, words->partition_name, err);
    if (!err->code && words->boot)
        simple(words, API_REBOOT, "", partition, true, "", err);
    return err->code;
}

static uint32_t lowest_free(const struct api_snapshot *s)
{
    for (uint32_t i = 0; i < s->n_partitions; i++) {
        bool empty = true;
        for (uint32_t b = 0; b < s->n_boards; b++)
            empty = empty && strcmp(s->boards[b].partition, s->partitions[i].name) != 0;
        if (empty)
            return i;
    }
    return NO_PARTITION;
}

enum err_code par_create(struct par_words *words, struct err *err)
{
    const struct api_snapshot *s;
    char name[NAME_MAX_BYTES];
    if (words->n_changes == 0)
        return usage(words, "-c names at least one cell", err);
    if (cli_show(&words->cli, &s, err))
        return err->code;
    uint32_t number = lowest_free(s);
    if (number == NO_PARTITION)
        return err_set(err, ERR_STATE,
                       "all %u partitions of this machine have cells; parremove frees one, and a "
                       "scenario may name more",
                       s->n_partitions);
    memcpy(name, s->partitions[number].name, sizeof name);
    if (!change_all(words, name, err))
        printf("Partition Created. The partition number is: %u\n", number);
    return err->code;
}

static enum err_code the_partition(struct par_words *words, char name[NAME_MAX_BYTES], struct err *err)
{
    const struct api_snapshot *s;
    if (words->number == NO_PARTITION)
        return usage(words, "-p, the partition's number, is missing", err);
    if (cli_show(&words->cli, &s, err))
        return err->code;
    if (words->number >= s->n_partitions)
        return err_set(err, ERR_UNKNOWN_NAME, "there is no partition %u; they are 0 to %u", words->number,
                       s->n_partitions - 1);
    memcpy(name, s->partitions[words->number].name, NAME_MAX_BYTES);
    return ERR_OK;
}

enum err_code par_modify(struct par_words *words, struct err *err)
{
    char name[NAME_MAX_BYTES];
    if (words->n_changes == 0 && !words->partition_name && !words->boot)
        return usage(words, "nothing is to be modified", err);
    return the_partition(words, name, err) ? err->code : change_all(words, name, err);
}

// All its cells become free; an active partition is only removed with -F, which turns it off first.
enum err_code par_remove(struct par_words *words, struct err *err)
{
    const struct api_snapshot *s;
    char name[NAME_MAX_BYTES];
    struct api_command off;
    if (the_partition(words, name, err) || cli_show(&words->cli, &s, err))
        return err->code;
    bool active = strcmp(s->partitions[words->number].state, "Powered Off") != 0;
    if (active && !words->force)
        return err_set(err, ERR_STATE,
                       "partition %u is active; shut it down (setkeyswitch off), or remove it with -F",
                       words->number);
    api_command_init(&off, API_KEYSWITCH);
    off.position = API_KEY_OFF;
    memcpy(off.partition, name, sizeof off.partition);
    if (active && send_command(words, &off, err))
        return err->code;
    for (uint32_t i = 0; !cli_show(&words->cli, &s, err) && i < s->n_boards; i++) {
        char cell[NAME_MAX_BYTES];
        memcpy(cell, s->boards[i].name, sizeof cell);
        if (strcmp(s->boards[i].partition, name) == 0 && simple(words, API_DELETE, cell, "", false, "", err))
            break;
    }
    return err->code;
}
