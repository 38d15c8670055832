// SPDX-License-Identifier: Apache-2.0
// Doing a verb: calling it, or executing the program that serves it.
#ifndef NP_HMC_CLI_EXECUTE_H
#define NP_HMC_CLI_EXECUTE_H

#include "hmc/cli/verbs.h"

// Does a verb; argv[0] is its name and argv[argc] is NULL. Returns the exit status, or not at all when
// another program takes over.
int execute_verb(const struct verb *verb, int argc, char **argv);

// Says that there is no such verb, and which was probably meant. Returns the exit status.
int refuse_verb(const char *typed);

#endif
