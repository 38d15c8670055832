// SPDX-License-Identifier: Apache-2.0
#include "coordinator/run/journal.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "coordinator/partition/words.h"
#include "proto/base/assert.h"

#define LINE_BYTES 2048u

// Lines that are no commands of the system controller.
#define TYPE "type"
#define STOP "stop"

void journal_open(struct journal *journal, const char *folder)
{
    *journal = (struct journal){.out = NULL};
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

// Takes the object over.
static enum err_code add(struct journal *journal, json_t *object, struct err *err)
{
    NP_ASSERT(object);
    bool failed = !journal->out && !(journal->out = fopen(journal->path, "ae"));
    failed = failed || json_dumpf(object, journal->out, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(object);
    failed = failed || fputc('\n', journal->out) == EOF;
    if (failed || fflush(journal->out) != 0 || fsync(fileno(journal->out)) != 0)
        return err_errno(err, ERR_FILE, "%s: the journal cannot be written", journal->path);
    journal->n++;
    return ERR_OK;
}

enum err_code journal_command(struct journal *journal, const struct machine *machine, sim_time at,
                              const struct sc_command *command, struct err *err)
{
    return add(journal, command_json(machine, at, command), err);
}

enum err_code journal_typed(struct journal *journal, const struct machine *machine, sim_time at,
                            const struct sc_line *line, struct err *err)
{
    return add(journal,
               json_pack("{s:I, s:s, s:s, s:s, s:s}", "time_ps", (json_int_t)at, "command", TYPE, "partition",
                         machine->partitions[line->partition].name, "text", line->text, "user", line->user),
               err);
}

enum err_code journal_stop(struct journal *journal, sim_time at, bool even, struct err *err)
{
    return add(journal,
               json_pack("{s:I, s:s, s:b}", "time_ps", (json_int_t)at, "command", STOP, "even", even), err);
}

bool journal_full(const struct journal *journal)
{
    return journal->n >= JOURNAL_LINES_MAX;
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

static bool read_typed(const json_t *object, const struct machine *machine, struct agenda_command *read)
{
    const char *text = json_string_value(json_object_get(object, "text")), *user;
    if (!text || strlen(text) >= sizeof read->line.text || !get_text(object, "user", &user) ||
        !read_partition(object, machine, &read->line.partition))
        return false;
    strcpy(read->line.text, text);
    strcpy(read->line.user, user);
    return read->types = true;
}

static bool read_command(const json_t *object, const struct machine *machine, const char *verb,
                         struct sc_command *c)
{
    if (!sc_verb_of(verb, &c->verb))
        return false;
    struct sc_usage usage = sc_usage_of(c->verb);
    return (!usage.board || read_board(object, machine, &c->board)) &&
           (!usage.partition || read_partition(object, machine, &c->partition)) && read_details(object, c);
}

static bool read_stop(const json_t *object, sim_time at, sim_time *stop, bool *even)
{
    const json_t *value = json_object_get(object, "even");
    *stop = at;
    *even = json_is_true(value);
    return json_is_boolean(value);
}

static bool read_line(const char *line, const struct machine *machine, struct journal_content *content)
{
    const char *verb;
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    struct agenda_command *read = &content->commands[content->n];
    const json_t *at = json_object_get(object, "time_ps");
    *read = (struct agenda_command){.command = {.board = NO_BOARD, .partition = NO_PARTITION}};
    bool good = json_is_integer(at) && json_integer_value(at) >= 0 && get_text(object, "command", &verb) &&
                content->stop == SIM_NEVER;
    read->at = good ? (sim_time)json_integer_value(at) : 0;
    good = good && (content->n == 0 || read[-1].at <= read->at);
    if (good && strcmp(verb, STOP) == 0) {
        good = read_stop(object, read->at, &content->stop, &content->even);
    } else if (good) {
        good = strcmp(verb, TYPE) == 0 ? read_typed(object, machine, read)
                                       : read_command(object, machine, verb, &read->command);
        content->n++;
    }
    json_decref(object);
    return good;
}

static enum err_code read_lines(FILE *in, const char *path, const struct machine *machine,
                                struct journal_content *content, struct err *err)
{
    char line[LINE_BYTES];
    for (unsigned number = 1; fgets(line, sizeof line, in); number++) {
        if (!strchr(line, '\n') && feof(in))
            break; // the run ended while it was written, and nothing came of it
        content->commands = realloc(content->commands, (content->n + 1) * sizeof *content->commands);
        NP_ASSERT(content->commands);
        if (number > JOURNAL_LINES_MAX + 1 || !read_line(line, machine, content))
            return err_set(
                err, ERR_DAMAGED_STATE,
                "%s:%u: is nothing that was done to a board or partition of this run; the run cannot "
                "be replayed",
                path, number);
    }
    return ERR_OK;
}

enum err_code journal_read(const char *folder, const struct machine *machine, struct journal_content *content,
                           struct err *err)
{
    struct journal journal;
    *content = (struct journal_content){.stop = SIM_NEVER};
    journal_open(&journal, folder);
    FILE *in = fopen(journal.path, "re");
    if (!in)
        return errno == ENOENT ? ERR_OK : err_errno(err, ERR_FILE, "%s", journal.path);
    enum err_code code = read_lines(in, journal.path, machine, content, err);
    fclose(in);
    if (code)
        journal_content_free(content);
    return code;
}

void journal_content_free(struct journal_content *content)
{
    free(content->commands);
    *content = (struct journal_content){.stop = SIM_NEVER};
}

sim_time journal_stop_of(const char *folder, bool *even)
{
    struct journal journal;
    char line[LINE_BYTES];
    sim_time stop = SIM_NEVER;
    journal_open(&journal, folder);
    *even = false;
    FILE *in = fopen(journal.path, "re");
    while (in && fgets(line, sizeof line, in)) {
        const char *verb;
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        const json_t *at = json_object_get(object, "time_ps");
        if (json_is_integer(at) && json_integer_value(at) >= 0 && get_text(object, "command", &verb) &&
            strcmp(verb, STOP) == 0)
            read_stop(object, (sim_time)json_integer_value(at), &stop, even);
        json_decref(object);
    }
    if (in)
        fclose(in);
    return stop;
}
