// SPDX-License-Identifier: Apache-2.0
// `commands:`: what somebody tells the system controller at a simulated time. Whether a command can be done
// is seen when its time has come; here it is made sure that it means something.
#include "coordinator/machine/commands.h"

#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/reader.h"
#include "coordinator/partition/words.h"
#include "proto/base/assert.h"

// Keys beyond those that sc_usage_of tells: what a verb's switch is called, and whether it may be forced.
static const struct extra {
    const char *on_key;
    bool on_required; // else on by default
    bool force;
} extras[SC_VERB_COUNT] = {
    [SC_ADD] = {.force = true},
    [SC_DELETE] = {.force = true},
    [SC_MOVE] = {.force = true},
    [SC_POWER] = {.on_key = "state", .on_required = true},
    [SC_BLACKLIST] = {.on_key = "state"},
    [SC_AVAILABLE] = {.on_key = "state"},
    [SC_CELL] = {.on_key = "use_on_next_boot"},
    [SC_REBOOT] = {.on_key = "for_reconfiguration"},
};

struct command_text {
    sim_time at;
    struct value subject, to, level, position, on, name, force;
};

#define LATER(key, member, presence)                                                                         \
    {                                                                                                        \
        key, read_later, offsetof(struct command_text, member), presence, 0, 0, 0, 0                         \
    }

static enum err_code read_keys(struct reader *r, struct value v, enum sc_verb verb, struct command_text *text)
{
    struct sc_usage usage = sc_usage_of(verb);
    const struct extra *extra = &extras[verb];
    struct field rows[] = {
        {"at", read_number, offsetof(struct command_text, at), REQUIRED, UNIT_TIME, 1, UINT64_C(1) << 62, 0},
        LATER(sc_verb_name(verb), subject, REQUIRED),
        LATER("to", to, REQUIRED),
        LATER("level", level, OPTIONAL),
        LATER("force", force, OPTIONAL),
        LATER("position", position, REQUIRED),
        LATER("name", name, REQUIRED),
        LATER(extra->on_key, on, extra->on_required ? REQUIRED : OPTIONAL),
    };
    const bool has[NP_ARRAY_LEN(rows)] = {true,        true,         usage.board && usage.partition,
                                          usage.level, extra->force, usage.position,
                                          usage.name,  usage.on};
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

// The verb's key names a board, or the partition where it is about no board.
static enum err_code read_subject(struct reader *r, const struct command_text *text,
                                  struct sc_command *command)
{
    struct sc_usage usage = sc_usage_of(command->verb);
    uint32_t board = NO_BOARD;
    enum err_code code = ERR_OK;
    command->partition = NO_PARTITION;
    if (usage.board)
        code = read_board(r, text->subject, &board);
    if (!code && usage.partition)
        code = read_partition(r, usage.board ? text->to : text->subject, &command->partition);
    command->board = (uint16_t)board;
    return code;
}

static enum err_code read_level(struct reader *r, struct value v, struct sc_command *command)
{
    const char *names[SC_LEVEL_COUNT];
    enum sc_level of[SC_LEVEL_COUNT];
    unsigned n = 0, index = 0;
    command->level = sc_level_default(command->verb);
    for (unsigned i = 0; i < SC_LEVEL_COUNT; i++) {
        if (!sc_level_fits(command->verb, (enum sc_level)i))
            continue;
        of[n] = (enum sc_level)i;
        names[n++] = sc_level_name((enum sc_level)i);
    }
    enum err_code code = read_choice(v, "level", names, n, &index, r->err);
    if (!code && value_present(v))
        command->level = of[index];
    return code;
}

static enum err_code read_position(struct reader *r, struct value v, struct sc_command *command)
{
    const char *names[SC_POSITION_COUNT];
    unsigned index = 0;
    for (unsigned i = 0; i < SC_POSITION_COUNT; i++)
        names[i] = sc_position_name((enum sc_position)i);
    enum err_code code = read_choice(v, "position", names, SC_POSITION_COUNT, &index, r->err);
    command->position = (enum sc_position)index;
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

static enum err_code read_details(struct reader *r, const struct command_text *text,
                                  struct sc_command *command)
{
    struct sc_usage usage = sc_usage_of(command->verb);
    enum err_code code = ERR_OK;
    if (usage.level)
        code = read_level(r, text->level, command);
    if (!code && usage.position)
        code = read_position(r, text->position, command);
    command->on = usage.on;
    if (!code)
        code = read_switch(text->on, &command->on, r->err);
    if (!code)
        code = read_switch(text->force, &command->force, r->err);
    return code || !usage.name ? code : read_tag(r, text->name, command);
}

static enum err_code read_verb(struct reader *r, struct value v, enum sc_verb *verb)
{
    unsigned found = 0;
    char all[256] = "";
    if (!value_is_mapping(v))
        return value_fail(v, ERR_BAD_VALUE, r->err,
                          "must be a mapping such as {at: 2ms, move: SB6, to: SMP2}");
    for (unsigned i = 0; i < SC_VERB_COUNT; i++) {
        const char *name = sc_verb_name((enum sc_verb)i);
        size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "%s%s:",
                 i == 0                   ? ""
                 : i + 1 == SC_VERB_COUNT ? " or "
                                          : ", ",
                 name);
        if (!value_present(mapping_get(v, name)))
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
    if (!code)
        code = read_keys(r, v, made.command.verb, &text);
    if (!code)
        code = read_subject(r, &text, &made.command);
    if (!code)
        code = read_details(r, &text, &made.command);
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
    const struct board_desc *board = &m->boards[c->board];
    if (m->systems[board->system].family == FAMILY_SUPERDOME && !board->floating)
        return; // a base cell goes at the next reboot, whatever its memory is
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
    struct sc_usage usage = sc_usage_of(c->verb);
    char at[UNIT_TEXT_SIZE];
    fprintf(out, "  - {at: %s, %s: %s", unit_format(UNIT_TIME, command->at, at), sc_verb_name(c->verb),
            usage.board ? m->boards[c->board].name : m->partitions[c->partition].name);
    if (usage.board && usage.partition)
        fprintf(out, ", to: %s", m->partitions[c->partition].name);
    if (usage.level)
        fprintf(out, ", level: %s", sc_level_name(c->level));
    if (extras[c->verb].force)
        fprintf(out, ", force: %s", c->force ? "on" : "off");
    if (usage.position)
        fprintf(out, ", position: %s", sc_position_name(c->position));
    if (usage.name)
        put_tag(out, c->name);
    if (usage.on)
        fprintf(out, ", %s: %s", extras[c->verb].on_key, c->on ? "on" : "off");
    fputs("}\n", out);
}
