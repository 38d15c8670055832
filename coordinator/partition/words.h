// SPDX-License-Identifier: Apache-2.0
// The stable words of commands and states: in scenarios, the journal, the control API and results. People's
// texts are made from them elsewhere.
#ifndef NP_COORDINATOR_PARTITION_WORDS_H
#define NP_COORDINATOR_PARTITION_WORDS_H

#include "coordinator/partition/system_controller.h"

const char *sc_verb_name(enum sc_verb verb);                   // "add", "delete", "move", "keyswitch" ...
const char *sc_level_name(enum sc_level level);                // "assign", "connect" ...
const char *sc_position_name(enum sc_position position);       // "off", "standby", "on", "diag", "secure"
const char *sc_assignment_name(enum sc_assignment assignment); // "available", "assigned", "active"
const char *sc_receptacle_name(enum sc_receptacle receptacle); // "disconnected", "connected"
const char *sc_occupant_name(enum sc_occupant occupant);       // "unconfigured", "configured"
const char *sc_test_name(enum sc_test test);                   // "unknown", "under test", "passed", "failed"
const char *sc_domain_state_name(enum sc_domain_state state);  // "Powered Off", "Running" ...

// The other way. False: there is no such word.
bool sc_verb_of(const char *word, enum sc_verb *verb);
bool sc_level_of(const char *word, enum sc_level *level);
bool sc_position_of(const char *word, enum sc_position *position);

// What a command of this verb needs, and may have.
struct sc_usage {
    bool board, partition, level, position, name;
    bool on; // it has two directions
};
struct sc_usage sc_usage_of(enum sc_verb verb);

// Which levels the verb knows, and the one that holds where none is given.
bool sc_level_fits(enum sc_verb verb, enum sc_level level);
enum sc_level sc_level_default(enum sc_verb verb);

// "move SB6 SMP2 configure", for people and logs. Returns `text`.
#define SC_COMMAND_TEXT_SIZE 256
const char *sc_command_text(const struct machine *machine, const struct sc_command *command,
                            char text[SC_COMMAND_TEXT_SIZE]);

#endif
