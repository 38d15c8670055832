// SPDX-License-Identifier: Apache-2.0
#ifndef NP_HMC_CLI_CONSOLE_H
#define NP_HMC_CLI_CONSOLE_H

int verb_console(int argc, char **argv);
int verb_type(int argc, char **argv);

#endif
