// SPDX-License-Identifier: Apache-2.0
#ifndef NP_COORDINATOR_CALIBRATE_VERBS_H
#define NP_COORDINATOR_CALIBRATE_VERBS_H

// The subcommand `numaplex calibrate`; returns the exit status.
int calibrate_main(int argc, char **argv);

#endif
