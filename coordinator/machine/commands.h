// SPDX-License-Identifier: Apache-2.0
// Commands to the system controller as entries of a scenario.
#ifndef NP_COORDINATOR_MACHINE_COMMANDS_H
#define NP_COORDINATOR_MACHINE_COMMANDS_H

#include <stdio.h>

#include "coordinator/machine/scenario.h"

// The entry of `commands:` that reads back to the same command, with its line end.
void command_write(const struct machine *machine, const struct scenario_command *command, FILE *out);

#endif
