// SPDX-License-Identifier: Apache-2.0
#ifndef NP_HMC_CLI_EVENTS_H
#define NP_HMC_CLI_EVENTS_H

int verb_events(int argc, char **argv);

#endif
