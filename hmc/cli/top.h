// SPDX-License-Identifier: Apache-2.0
#ifndef NP_HMC_CLI_TOP_H
#define NP_HMC_CLI_TOP_H

int verb_top(int argc, char **argv);

#endif
