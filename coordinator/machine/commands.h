// SPDX-License-Identifier: Apache-2.0
// Commands to the system controller as scenarios and people write them.
#ifndef NP_COORDINATOR_MACHINE_COMMANDS_H
#define NP_COORDINATOR_MACHINE_COMMANDS_H

#include <stdio.h>

#include "coordinator/machine/scenario.h"

#define COMMAND_TEXT_SIZE 256

const char *command_verb(enum sc_verb verb); // "move"
const char *command_level(enum sc_level level);
const char *command_position(enum sc_position position);

// "move SB6 to SMP2", "keyswitch SMP1 position off". Returns `text`.
const char *command_format(const struct machine *machine, const struct sc_command *command,
                           char text[COMMAND_TEXT_SIZE]);

// The entry of `commands:` that reads back to the same command, with its line end.
void command_write(const struct machine *machine, const struct scenario_command *command, FILE *out);

#endif
