// SPDX-License-Identifier: Apache-2.0
// The verbs `help` and `version`.
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "hmc/cli/execute.h"
#include "hmc/cli/verbs.h"
#include "proto/base/err.h"

static int show_list(void)
{
    printf("numaplex simulates large ccNUMA servers, one process per system board.\n\n"
           "usage: numaplex VERB [ARGUMENTS]\n");
    for (size_t i = 0; i < n_verbs; i++) {
        if (i == 0 || strcmp(verbs[i].group, verbs[i - 1].group) != 0)
            printf("\n%s:\n", verbs[i].group);
        printf("  %-11s%-25s%s\n", verbs[i].name, verbs[i].arguments, verbs[i].help);
    }
    printf(
        "\nnumaplex VERB --help explains a verb and its options.\n"
        "Exit status: 0 done, 1 internal error, 2 wrong command line, 3 impossible input, 4 damaged file,\n"
        "5 the host refused, 6 the run stopped, 7 a check failed or runs differ, 8 refused, 130 "
        "interrupted.\n");
    return EXIT_CLASS_OK;
}

int verb_help(int argc, char **argv)
{
    if (argc < 2)
        return show_list();
    const struct verb *verb = verb_find(argv[1]);
    if (!verb)
        return refuse_verb(argv[1]);
    bool explains_itself = verb->args_max < 0; // by argp
    if (!verb->program && !explains_itself) {
        printf("usage: numaplex %s %s\n%s\n", verb->name, verb->arguments, verb->help);
        return EXIT_CLASS_OK;
    }
    char option[] = "--help";
    return execute_verb(verb, 2, (char *[]){argv[1], option, NULL});
}

int verb_version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("numaplex %s\n", NP_VERSION);
    return EXIT_CLASS_OK;
}
