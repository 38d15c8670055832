// SPDX-License-Identifier: Apache-2.0
#ifndef NP_COORDINATOR_WHERE_VERBS_H
#define NP_COORDINATOR_WHERE_VERBS_H

// The subcommand `numaplex where`; returns the exit status.
int where_main(int argc, char **argv);

#endif
