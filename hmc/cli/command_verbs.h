// SPDX-License-Identifier: Apache-2.0
// The verbs that are commands to the machine: move, add, delete, keyswitch, power, test, blacklist ...
#ifndef NP_HMC_CLI_COMMAND_VERBS_H
#define NP_HMC_CLI_COMMAND_VERBS_H

int verb_command(int argc, char **argv); // argv[0]: which

#endif
