// SPDX-License-Identifier: Apache-2.0
#include "coordinator/partition/words.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/assert.h"

// A row of words, and a word's place in it.
static bool place(const char *const *words, unsigned n, const char *word, unsigned *index)
{
    for (*index = 0; *index < n; (*index)++)
        if (strcmp(words[*index], word) == 0)
            return true;
    return false;
}

static const char *const verbs[SC_VERB_COUNT] = {
    "add", "delete", "move", "keyswitch", "power", "test", "blacklist", "available", "tag", "cell", "reboot",
};

static const char *const levels[SC_LEVEL_COUNT] = {
    "assign", "connect", "configure", "unconfigure", "disconnect", "unassign",
};

static const char *const positions[SC_POSITION_COUNT] = {"off", "standby", "on", "diag", "secure"};

const char *sc_verb_name(enum sc_verb verb)
{
    NP_ASSERT(verb < SC_VERB_COUNT);
    return verbs[verb];
}

const char *sc_level_name(enum sc_level level)
{
    NP_ASSERT(level < SC_LEVEL_COUNT);
    return levels[level];
}

const char *sc_position_name(enum sc_position position)
{
    NP_ASSERT(position < SC_POSITION_COUNT);
    return positions[position];
}

bool sc_verb_of(const char *word, enum sc_verb *verb)
{
    unsigned index;
    bool found = place(verbs, SC_VERB_COUNT, word, &index);
    *verb = found ? (enum sc_verb)index : SC_ADD;
    return found;
}

bool sc_level_of(const char *word, enum sc_level *level)
{
    unsigned index;
    bool found = place(levels, SC_LEVEL_COUNT, word, &index);
    *level = found ? (enum sc_level)index : SC_ASSIGN;
    return found;
}

bool sc_position_of(const char *word, enum sc_position *position)
{
    unsigned index;
    bool found = place(positions, SC_POSITION_COUNT, word, &index);
    *position = found ? (enum sc_position)index : SC_KEY_OFF;
    return found;
}

const char *sc_assignment_name(enum sc_assignment assignment)
{
    static const char *const names[] = {"available", "assigned", "active"};
    NP_ASSERT(assignment < NP_ARRAY_LEN(names));
    return names[assignment];
}

const char *sc_receptacle_name(enum sc_receptacle receptacle)
{
    return receptacle == SC_CONNECTED ? "connected" : "disconnected";
}

const char *sc_occupant_name(enum sc_occupant occupant)
{
    return occupant == SC_CONFIGURED ? "configured" : "unconfigured";
}

const char *sc_test_name(enum sc_test test)
{
    static const char *const names[] = {"unknown", "under test", "passed", "failed"};
    NP_ASSERT(test < NP_ARRAY_LEN(names));
    return names[test];
}

const char *sc_domain_state_name(enum sc_domain_state state)
{
    static const char *const names[] = {
        "Powered Off",         "Keyswitch Standby", "Running Domain POST",       "Running",
        "Quiesce In-Progress", "Quiesced",          "Environmental Domain Halt",
    };
    NP_ASSERT(state < NP_ARRAY_LEN(names));
    return names[state];
}

struct sc_usage sc_usage_of(enum sc_verb verb)
{
    static const struct sc_usage usages[SC_VERB_COUNT] = {
        [SC_ADD] = {.board = true, .partition = true, .level = true},
        [SC_DELETE] = {.board = true, .level = true},
        [SC_MOVE] = {.board = true, .partition = true, .level = true},
        [SC_KEYSWITCH] = {.partition = true, .position = true},
        [SC_POWER] = {.board = true, .on = true},
        [SC_TEST] = {.board = true},
        [SC_BLACKLIST] = {.board = true, .on = true},
        [SC_AVAILABLE] = {.board = true, .partition = true, .on = true},
        [SC_TAG] = {.partition = true, .name = true},
        [SC_CELL] = {.board = true, .on = true},
        [SC_REBOOT] = {.partition = true, .on = true},
    };
    NP_ASSERT(verb < SC_VERB_COUNT);
    return usages[verb];
}

bool sc_level_fits(enum sc_verb verb, enum sc_level level)
{
    bool out = level >= SC_UNCONFIGURE;
    return level < SC_LEVEL_COUNT && sc_usage_of(verb).level && out == (verb == SC_DELETE);
}

enum sc_level sc_level_default(enum sc_verb verb)
{
    return verb == SC_DELETE ? SC_UNASSIGN : SC_CONFIGURE; // facts.md 1.4: addboard, moveboard; deleteboard
}

static const char *board_name(const struct machine *machine, uint16_t board)
{
    return board < machine->n_boards ? machine->boards[board].name : "?";
}

static const char *partition_name(const struct machine *machine, uint32_t partition)
{
    return partition < machine->n_partitions ? machine->partitions[partition].name : "?";
}

static const char *on_words(const struct sc_command *command)
{
    if (command->verb == SC_REBOOT)
        return command->on ? "for reconfiguration" : "";
    return command->on ? "on" : "off";
}

const char *sc_command_text(const struct machine *machine, const struct sc_command *command,
                            char text[SC_COMMAND_TEXT_SIZE])
{
    struct sc_usage usage = sc_usage_of(command->verb);
    const char *board = usage.board ? board_name(machine, command->board) : "";
    const char *to = usage.partition ? partition_name(machine, command->partition) : "";
    const char *level = usage.level ? sc_level_name(command->level) : "";
    const char *position = usage.position ? sc_position_name(command->position) : "";
    const char *on = usage.on ? on_words(command) : "";
    const char *const parts[] = {board, to, level, position, on, usage.name ? command->name : ""};
    int n = snprintf(text, SC_COMMAND_TEXT_SIZE, "%s", sc_verb_name(command->verb));
    for (unsigned i = 0; i < NP_ARRAY_LEN(parts); i++)
        if (parts[i][0] && n < SC_COMMAND_TEXT_SIZE)
            n += snprintf(text + n, (size_t)(SC_COMMAND_TEXT_SIZE - n), " %s", parts[i]);
    return text;
}
