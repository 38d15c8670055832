// SPDX-License-Identifier: Apache-2.0
#ifndef NP_HMC_CLI_PACE_H
#define NP_HMC_CLI_PACE_H

int verb_pace(int argc, char **argv); // argv[0]: pause, continue, step, slow, stop

#endif
