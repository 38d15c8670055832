// SPDX-License-Identifier: Apache-2.0
// The subcommands of numaplex-coordinator that this folder serves. argv[0] is how the subcommand calls itself
// ("numaplex run"); each returns the exit status.
#ifndef NP_COORDINATOR_RUN_VERBS_H
#define NP_COORDINATOR_RUN_VERBS_H

int run_main(int argc, char **argv);
int replay_main(int argc, char **argv);
int check_main(int argc, char **argv);
int digest_main(int argc, char **argv);
int console_main(int argc, char **argv);

#endif
