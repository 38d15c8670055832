// SPDX-License-Identifier: Apache-2.0
#include "coordinator/run/journal.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "coordinator/partition/words.h"
#include "proto/base/assert.h"

#define JOURNAL_LINES_MAX 50000u // far more than people and their scripts give commands in a run
#define LINE_BYTES        2048u

void journal_open(struct journal *journal, const char *folder)
{
    journal->out = NULL;
    snprintf(journal->path, sizeof journal->path, "%s/" JOURNAL_NAME, folder);
}

void journal_close(struct journal *journal)
{
    if (journal->out)
        fclose(journal->out);
    journal->out = NULL;
}

static json_t *command_json(const struct machine *machine, sim_time at, const struct sc_command *c)
{
    struct sc_usage usage = sc_usage_of(c->verb);
    json_t *object = json_pack("{s:I, s:s}", "time_ps", (json_int_t)at, "command", sc_verb_name(c->verb));
    NP_ASSERT(object);
    if (usage.board)
        json_object_set_new(object, "board", json_string(machine->boards[c->board].name));
    if (usage.partition)
        json_object_set_new(object, "partition", json_string(machine->partitions[c->partition].name));
    if (usage.level)
        json_object_set_new(object, "level", json_string(sc_level_name(c->level)));
    if (usage.position)
        json_object_set_new(object, "position", json_string(sc_position_name(c->position)));
    if (usage.on)
        json_object_set_new(object, "on", json_boolean(c->on));
    if (usage.name)
        json_object_set_new(object, "name", json_string(c->name));
    if (c->force)
        json_object_set_new(object, "force", json_true());
    if (c->restricted)
        json_object_set_new(object, "restricted", json_true());
    json_object_set_new(object, "user", json_string(c->user));
    return object;
}

enum err_code journal_command(struct journal *journal, const struct machine *machine, sim_time at,
                              const struct sc_command *command, struct err *err)
{
    if (!journal->out && !(journal->out = fopen(journal->path, "ae")))
        return err_errno(err, ERR_FILE, "%s: the journal cannot be written", journal->path);
    json_t *object = command_json(machine, at, command);
    int failed = json_dumpf(object, journal->out, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(object);
    failed |= fputc('\n', journal->out) == EOF;
    if (failed || fflush(journal->out) != 0 || fsync(fileno(journal->out)) != 0)
        return err_errno(err, ERR_FILE, "%s: the journal cannot be written", journal->path);
    return ERR_OK;
}

static bool get_text(const json_t *object, const char *key, const char **text)
{
    *text = json_string_value(json_object_get(object, key));
    return *text && strlen(*text) < NAME_MAX_BYTES;
}

static bool read_board(const json_t *object, const struct machine *machine, uint16_t *board)
{
    const char *name;
    for (*board = 0; get_text(object, "board", &name) && *board < machine->n_boards; (*board)++)
        if (strcmp(machine->boards[*board].name, name) == 0)
            return true;
    return false;
}

static bool read_partition(const json_t *object, const struct machine *machine, uint32_t *partition)
{
    const char *name;
    for (*partition = 0; get_text(object, "partition", &name) && *partition < machine->n_partitions;
         (*partition)++)
        if (strcmp(machine->partitions[*partition].name, name) == 0)
            return true;
    return false;
}

static bool read_details(const json_t *object, struct sc_command *c)
{
    struct sc_usage usage = sc_usage_of(c->verb);
    const json_t *on = json_object_get(object, "on");
    const char *word;
    if (usage.level && (!get_text(object, "level", &word) || !sc_level_of(word, &c->level)))
        return false;
    if (usage.position && (!get_text(object, "position", &word) || !sc_position_of(word, &c->position)))
        return false;
    if (usage.on && !json_is_boolean(on))
        return false;
    if (usage.name) {
        if (!get_text(object, "name", &word))
            return false;
        strcpy(c->name, word);
    }
    if (!get_text(object, "user", &word))
        return false;
    strcpy(c->user, word);
    c->on = json_is_true(on);
    c->force = json_is_true(json_object_get(object, "force"));
    c->restricted = json_is_true(json_object_get(object, "restricted"));
    return true;
}

static bool read_line(const char *line, const struct machine *machine, struct agenda_command *read)
{
    const char *verb;
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    struct sc_command *c = &read->command;
    const json_t *at = json_object_get(object, "time_ps");
    *read = (struct agenda_command){.command = {.board = NO_BOARD, .partition = NO_PARTITION}};
    bool good = json_is_integer(at) && json_integer_value(at) >= 0 && get_text(object, "command", &verb) &&
                sc_verb_of(verb, &c->verb);
    if (good && sc_usage_of(c->verb).board)
        good = read_board(object, machine, &c->board);
    if (good && sc_usage_of(c->verb).partition)
        good = read_partition(object, machine, &c->partition);
    good = good && read_details(object, c);
    read->at = good ? (sim_time)json_integer_value(at) : 0;
    json_decref(object);
    return good;
}

static enum err_code read_lines(FILE *in, const char *path, const struct machine *machine,
                                struct agenda_command **commands, uint32_t *n, struct err *err)
{
    char line[LINE_BYTES];
    sim_time last = 0;
    while (fgets(line, sizeof line, in)) {
        if (!strchr(line, '\n') && feof(in))
            break; // the run ended while it was written, and nothing came of it
        *commands = realloc(*commands, (*n + 1) * sizeof **commands);
        NP_ASSERT(*commands);
        if (*n == JOURNAL_LINES_MAX || !read_line(line, machine, &(*commands)[*n]) ||
            (*commands)[*n].at < last)
            return err_set(
                err, ERR_DAMAGED_STATE,
                "%s:%u: is no command to a board or partition of this run; the run cannot be replayed", path,
                *n + 1);
        last = (*commands)[(*n)++].at;
    }
    return ERR_OK;
}

enum err_code journal_read(const char *folder, const struct machine *machine,
                           struct agenda_command **commands, uint32_t *n, struct err *err)
{
    struct journal journal;
    *commands = NULL;
    *n = 0;
    journal_open(&journal, folder);
    FILE *in = fopen(journal.path, "re");
    if (!in)
        return errno == ENOENT ? ERR_OK : err_errno(err, ERR_FILE, "%s", journal.path);
    enum err_code code = read_lines(in, journal.path, machine, commands, n, err);
    fclose(in);
    if (code) {
        free(*commands);
        *commands = NULL;
        *n = 0;
    }
    return code;
}
