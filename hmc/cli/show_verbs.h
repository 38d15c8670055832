// SPDX-License-Identifier: Apache-2.0
#ifndef NP_HMC_CLI_SHOW_VERBS_H
#define NP_HMC_CLI_SHOW_VERBS_H

int verb_platform(int argc, char **argv);
int verb_boards(int argc, char **argv);
int verb_domains(int argc, char **argv);
int verb_status(int argc, char **argv);

#endif
