// SPDX-License-Identifier: Apache-2.0
// Commands of the real consoles: by `numaplex compat NAME`, or by links of their names to numaplex.
#ifndef NP_HMC_CLI_COMPAT_H
#define NP_HMC_CLI_COMPAT_H

// Runs the command of that name; argv[0] is its name. -1: there is none.
int compat_main(const char *name, int argc, char **argv);

int verb_compat(int argc, char **argv);

#endif
