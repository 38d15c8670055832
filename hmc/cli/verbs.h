// SPDX-License-Identifier: Apache-2.0
// The verbs of the `numaplex` command. Most are served by another program of the installation, which is
// executed in our place with the same arguments; what runs a machine is then free of what talks to people.
#ifndef NP_HMC_CLI_VERBS_H
#define NP_HMC_CLI_VERBS_H

#include <stddef.h>

struct verb {
    const char *name;
    const char *program;               // serves it; NULL: `run` does
    int (*run)(int argc, char **argv); // argv[0] is the verb; returns the exit status
    int args_min, args_max;            // options included; args_max -1: any number
    const char *arguments;             // as printed by help
    const char *help;                  // one line
    const char *group;                 // heading in the list; rows of a group stand together
};

extern const struct verb verbs[];
extern const size_t n_verbs;

const struct verb *verb_find(const char *name); // NULL when there is none such

// The verb whose name is nearest to what was typed, or NULL when none is near enough to suggest.
const struct verb *verb_nearest(const char *typed);

// Own verbs.
int verb_help(int argc, char **argv);
int verb_version(int argc, char **argv);

#endif
