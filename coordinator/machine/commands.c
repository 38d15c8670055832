// SPDX-License-Identifier: Apache-2.0
// `commands:`: what somebody tells the system controller at a simulated time. Whether a command can be done
// is seen when its time has come; here it is made sure that it means something.
#include "coordinator/machine/commands.h"

#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/reader.h"
#include "proto/base/assert.h"

enum subject { OF_BOARD, OF_PARTITION };
enum switch_use { NO_SWITCH, SWITCH_ON, SWITCH_REQUIRED }; // SWITCH_ON: on by default

// One row per verb: its key names the board or partition; further keys are those that it has.
static const struct verb {
    const char *key;
    enum subject subject;
    bool to, level, position, name, force;
    enum sc_level least, most, normal;
    enum switch_use use;
    const char *switch_key;
} verbs[SC_VERB_COUNT] = {
    [SC_ADD] = {.key = "add",
                .to = true,
                .level = true,
                .force = true,
                .least = SC_ASSIGN,
                .most = SC_CONFIGURE,
                .normal = SC_CONFIGURE},
    [SC_DELETE] = {.key = "delete",
                   .level = true,
                   .force = true,
                   .least = SC_UNCONFIGURE,
                   .most = SC_UNASSIGN,
                   .normal = SC_UNASSIGN},
    [SC_MOVE] = {.key = "move",
                 .to = true,
                 .level = true,
                 .force = true,
                 .least = SC_ASSIGN,
                 .most = SC_CONFIGURE,
                 .normal = SC_CONFIGURE},
    [SC_KEYSWITCH] = {.key = "keyswitch", .subject = OF_PARTITION, .position = true},
    [SC_POWER] = {.key = "power", .use = SWITCH_REQUIRED, .switch_key = "state"},
    [SC_TEST] = {.key = "test"},
    [SC_BLACKLIST] = {.key = "blacklist", .use = SWITCH_ON, .switch_key = "state"},
    [SC_AVAILABLE] = {.key = "available", .to = true, .use = SWITCH_ON, .switch_key = "state"},
    [SC_TAG] = {.key = "tag", .subject = OF_PARTITION, .name = true},
    [SC_CELL] = {.key = "cell", .use = SWITCH_ON, .switch_key = "use_on_next_boot"},
    [SC_REBOOT] = {.key = "reboot",
                   .subject = OF_PARTITION,
                   .use = SWITCH_ON,
                   .switch_key = "for_reconfiguration"},
};

// In the order of enum sc_level and enum sc_position.
static const char *const levels[] = {"assign",      "connect",    "configure",
                                     "unconfigure", "disconnect", "unassign"};
static const char *const positions[SC_POSITION_COUNT] = {"off", "standby", "on", "diag", "secure"};

const char *command_verb(enum sc_verb verb)
{
    return verbs[verb].key;
}

const char *command_level(enum sc_level level)
{
    return levels[level];
}

const char *command_position(enum sc_position position)
{
    return positions[position];
}

struct command_text {
    sim_time at;
    struct value subject, to, level, position, use, name, force;
};

#define LATER(key, member, presence)                                                                         \
    {                                                                                                        \
        key, read_later, offsetof(struct command_text, member), presence, 0, 0, 0, 0                         \
    }

static enum err_code read_keys(struct reader *r, struct value v, const struct verb *verb,
                               struct command_text *text)
{
    struct field rows[] = {
        {"at", read_number, offsetof(struct command_text, at), REQUIRED, UNIT_TIME, 1, UINT64_C(1) << 62, 0},
        LATER(verb->key, subject, REQUIRED),
        LATER("to", to, REQUIRED),
        LATER("level", level, OPTIONAL),
        LATER("force", force, OPTIONAL),
        LATER("position", position, REQUIRED),
        LATER("name", name, REQUIRED),
        LATER(verb->switch_key, use, verb->use == SWITCH_REQUIRED ? REQUIRED : OPTIONAL),
    };
    const bool has[NP_ARRAY_LEN(rows)] = {true,        true,           verb->to,   verb->level,
                                          verb->force, verb->position, verb->name, verb->use != NO_SWITCH};
    unsigned n = 0;
    for (unsigned i = 0; i < NP_ARRAY_LEN(rows); i++)
        if (has[i])
            rows[n++] = rows[i];
    return fields_read(v, rows, n, text, r->err);
}

static enum err_code read_partition(struct reader *r, struct value v, uint32_t *partition)
{
    const struct machine *m = &r->out->machine;
    const char *names[PARTITIONS_MAX], *text = value_text(v);
    if (!text)
        return value_fail(v, ERR_BAD_VALUE, r->err, "must be the name of a partition");
    *partition = find_partition(m, text);
    if (*partition != NO_INDEX)
        return ERR_OK;
    for (uint32_t i = 0; i < m->n_partitions; i++)
        names[i] = m->partitions[i].name;
    return fail_not_one_of(v, ERR_BAD_VALUE, r->err, "partition", text, names, m->n_partitions);
}

static enum err_code read_subject(struct reader *r, const struct verb *verb, const struct command_text *text,
                                  struct sc_command *command)
{
    uint32_t board = NO_BOARD;
    enum err_code code = ERR_OK;
    command->partition = NO_PARTITION;
    if (verb->subject == OF_PARTITION)
        code = read_partition(r, text->subject, &command->partition);
    else
        code = read_board(r, text->subject, &board);
    if (!code && verb->to)
        code = read_partition(r, text->to, &command->partition);
    command->board = (uint16_t)board;
    return code;
}

static enum err_code read_level(struct reader *r, const struct verb *verb, struct value v,
                                struct sc_command *command)
{
    unsigned index = verb->normal - verb->least;
    enum err_code code =
        read_choice(v, "level", levels + verb->least, verb->most - verb->least + 1, &index, r->err);
    command->level = (enum sc_level)(verb->least + index);
    return code;
}

// What people call a partition: any short text of printable ASCII.
static enum err_code read_tag(struct reader *r, struct value v, struct sc_command *command)
{
    const char *text = value_text(v);
    size_t length = text ? strlen(text) : 0;
    for (size_t i = 0; i < length; i++)
        if (text[i] < 0x20 || text[i] > 0x7e)
            length = 0;
    if (length == 0 || length >= sizeof command->name)
        return value_fail(v, ERR_BAD_VALUE, r->err, "must be a text of 1 to %zu printable characters",
                          sizeof command->name - 1);
    strcpy(command->name, text);
    return ERR_OK;
}

static enum err_code read_details(struct reader *r, const struct verb *verb, const struct command_text *text,
                                  struct sc_command *command)
{
    enum err_code code = ERR_OK;
    if (verb->level)
        code = read_level(r, verb, text->level, command);
    if (!code && verb->position) {
        unsigned index = 0;
        code = read_choice(text->position, "position", positions, SC_POSITION_COUNT, &index, r->err);
        command->position = (enum sc_position)index;
    }
    command->on = verb->use == SWITCH_ON;
    if (!code)
        code = read_switch(text->use, &command->on, r->err);
    if (!code)
        code = read_switch(text->force, &command->force, r->err);
    return code || !verb->name ? code : read_tag(r, text->name, command);
}

static enum err_code read_verb(struct reader *r, struct value v, enum sc_verb *verb)
{
    unsigned found = 0;
    char all[256] = "";
    if (!value_is_mapping(v))
        return value_fail(v, ERR_BAD_VALUE, r->err,
                          "must be a mapping such as {at: 2ms, move: SB6, to: SMP2}");
    for (unsigned i = 0; i < SC_VERB_COUNT; i++) {
        size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "%s%s:",
                 i == 0                   ? ""
                 : i + 1 == SC_VERB_COUNT ? " or "
                                          : ", ",
                 verbs[i].key);
        if (!value_present(mapping_get(v, verbs[i].key)))
            continue;
        *verb = (enum sc_verb)i;
        if (++found == 2)
            return value_fail(v, ERR_BAD_VALUE, r->err, "gives two commands; write one entry for each");
    }
    return found ? ERR_OK : value_fail(v, ERR_MISSING_KEY, r->err, "says not what to do; add one of %s", all);
}

static enum err_code read_command(struct reader *r, struct value v)
{
    struct command_text text = {0};
    struct scenario_command made = {.line = value_line(v)};
    enum err_code code = read_verb(r, v, &made.command.verb);
    const struct verb *verb = &verbs[made.command.verb];
    if (!code)
        code = read_keys(r, v, verb, &text);
    if (!code)
        code = read_subject(r, verb, &text, &made.command);
    if (!code)
        code = read_details(r, verb, &text, &made.command);
    made.at = text.at;
    if (!code)
        *(struct scenario_command *)PUSH(r->out->commands, r->out->n_commands) = made;
    return code;
}

// Ascending by time; commands of the same time keep the order of the file.
static void sort_commands(struct scenario *s)
{
    for (uint32_t i = 1; i < s->n_commands; i++) {
        struct scenario_command command = s->commands[i];
        uint32_t j = i;
        for (; j > 0 && s->commands[j - 1].at > command.at; j--)
            s->commands[j] = s->commands[j - 1];
        s->commands[j] = command;
    }
}

static struct value at_line(struct value list, unsigned line)
{
    for (unsigned i = 0; i < value_length(list); i++)
        if (value_line(list_at(list, i)) == line)
            return list_at(list, i);
    return list;
}

// Memory that is dealt out with other boards' cannot go alone.
static void advise_interleave(struct reader *r, struct value where, const struct sc_command *c)
{
    const struct machine *m = &r->out->machine;
    uint32_t partition = m->boards[c->board].partition;
    if ((c->verb != SC_MOVE && c->verb != SC_DELETE) || partition == NO_PARTITION)
        return;
    const struct partition_desc *p = &m->partitions[partition];
    for (uint32_t i = 0; i < p->n_segments; i++)
        for (uint32_t b = 0; p->segments[i].n_boards > 1 && b < p->segments[i].n_boards; b++)
            if (p->segments[i].boards[b] == c->board) {
                warn(r, where,
                     "memory of board %s is interleaved with others', so it cannot leave partition %s while "
                     "that runs; write memory: contiguous there",
                     m->boards[c->board].name, p->name);
                return;
            }
}

// What can be said of the first command to a board: it is still where the scenario puts it.
static enum err_code check_first(struct reader *r, struct value where, const struct sc_command *c)
{
    const struct machine *m = &r->out->machine;
    const struct board_desc *board = &m->boards[c->board];
    const char *to = c->partition == NO_PARTITION ? "" : m->partitions[c->partition].name;
    if (c->verb == SC_DELETE && board->partition == NO_PARTITION)
        return value_fail(where, ERR_IMPOSSIBLE_MACHINE, r->err,
                          "board %s is in no partition, so there is nothing to delete; leave this out",
                          board->name);
    if (c->verb == SC_MOVE && board->partition == c->partition)
        return value_fail(where, ERR_IMPOSSIBLE_MACHINE, r->err,
                          "board %s is in partition %s already and cannot move onto itself; name another",
                          board->name, to);
    if (c->verb == SC_MOVE && board->partition == NO_PARTITION)
        return value_fail(where, ERR_IMPOSSIBLE_MACHINE, r->err,
                          "board %s is in no partition to move from; write add: %s", board->name,
                          board->name);
    if (c->verb == SC_ADD && board->partition != NO_PARTITION && board->partition != c->partition)
        return value_fail(where, ERR_IMPOSSIBLE_MACHINE, r->err,
                          "board %s is in partition %s; write move: %s, to: %s", board->name,
                          m->partitions[board->partition].name, board->name, to);
    return ERR_OK;
}

static enum err_code check_system(struct reader *r, struct value where, const struct sc_command *c)
{
    const struct machine *m = &r->out->machine;
    uint32_t system =
        c->partition == NO_PARTITION ? m->boards[c->board].system : m->partitions[c->partition].system;
    if (c->board != NO_BOARD && m->boards[c->board].system != system)
        return value_fail(where, ERR_IMPOSSIBLE_MACHINE, r->err,
                          "board %s and partition %s belong to different systems; a hard partition lies "
                          "within one",
                          m->boards[c->board].name, m->partitions[c->partition].name);
    if (m->systems[system].controller_latency == 0)
        return value_fail(where, ERR_MISSING_KEY, r->err,
                          "figure 'controller_latency' of system %s is missing; name a preset or add "
                          "controller_latency: 10us",
                          m->systems[system].name);
    return ERR_OK;
}

static enum err_code check_all(struct reader *r, struct value list)
{
    struct scenario *s = r->out;
    bool named[BOARDS_MAX] = {false};
    for (uint32_t i = 0; i < s->n_commands; i++) {
        const struct sc_command *c = &s->commands[i].command;
        struct value where = at_line(list, s->commands[i].line);
        enum err_code code = check_system(r, where, c);
        bool first = c->board != NO_BOARD && !named[c->board];
        if (!code && first)
            code = check_first(r, where, c);
        if (code)
            return code;
        if (first) {
            advise_interleave(r, where, c);
            named[c->board] = true;
        }
        if (s->commands[i].at >= s->machine.until)
            warn(r, where, "the run ends before this command's time; give it an earlier one");
    }
    return ERR_OK;
}

enum err_code commands_read(struct reader *r, struct value list)
{
    enum err_code code = ERR_OK;
    if (value_present(list) && !value_is_list(list))
        return value_fail(list, ERR_BAD_VALUE, r->err, "must be a list of commands, each with '- at:'");
    if (value_length(list) > COMMANDS_MAX)
        return value_fail(list, ERR_LIMIT, r->err, "more than %u commands; remove some", COMMANDS_MAX);
    if (value_length(list) && r->out->machine.window)
        return value_fail(list, ERR_IMPOSSIBLE_MACHINE, r->err,
                          "with a window messages may arrive late, behind gates that have closed; remove "
                          "window:");
    for (unsigned i = 0; i < value_length(list) && !code; i++)
        code = read_command(r, list_at(list, i));
    sort_commands(r->out);
    return code ? code : check_all(r, list);
}

const char *command_format(const struct machine *m, const struct sc_command *c, char text[COMMAND_TEXT_SIZE])
{
    const struct verb *verb = &verbs[c->verb];
    char name[NAME_MAX_BYTES + 16] = "";
    if (verb->name)
        snprintf(name, sizeof name, " name \"%s\"", c->name);
    snprintf(text, COMMAND_TEXT_SIZE, "%s %s%s%s%s%s%s%s%s%s%s%s%s", verb->key,
             verb->subject == OF_BOARD ? m->boards[c->board].name : m->partitions[c->partition].name,
             verb->to ? " to " : "", verb->to ? m->partitions[c->partition].name : "",
             verb->level && c->level != verb->normal ? ", level " : "",
             verb->level && c->level != verb->normal ? levels[c->level] : "",
             verb->position ? " position " : "", verb->position ? positions[c->position] : "", name,
             verb->use ? " " : "", verb->use ? verb->switch_key : "",
             verb->use ? (c->on ? " on" : " off") : "", c->force ? ", forced" : "");
    return text;
}

// A tag in double quotes: it is printable ASCII.
static void put_tag(FILE *out, const char *text)
{
    fputs(", name: \"", out);
    for (; *text; text++)
        fprintf(out, "%s%c", *text == '"' || *text == '\\' ? "\\" : "", *text);
    fputc('"', out);
}

void command_write(const struct machine *m, const struct scenario_command *command, FILE *out)
{
    const struct sc_command *c = &command->command;
    const struct verb *verb = &verbs[c->verb];
    char at[UNIT_TEXT_SIZE];
    fprintf(out, "  - {at: %s, %s: %s", unit_format(UNIT_TIME, command->at, at), verb->key,
            verb->subject == OF_BOARD ? m->boards[c->board].name : m->partitions[c->partition].name);
    if (verb->to)
        fprintf(out, ", to: %s", m->partitions[c->partition].name);
    if (verb->level)
        fprintf(out, ", level: %s, force: %s", levels[c->level], c->force ? "on" : "off");
    if (verb->position)
        fprintf(out, ", position: %s", positions[c->position]);
    if (verb->name)
        put_tag(out, c->name);
    if (verb->use)
        fprintf(out, ", %s: %s", verb->switch_key, c->on ? "on" : "off");
    fputs("}\n", out);
}
