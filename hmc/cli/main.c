// SPDX-License-Identifier: Apache-2.0
// The command for people: looks up the verb and does it. Called by the name of a command of a real console,
// it is that command.
#include <argp.h>
#include <string.h>

#include "hmc/cli/compat.h"
#include "hmc/cli/execute.h"
#include "hmc/cli/verbs.h"
#include "proto/base/err.h"

int main(int argc, char **argv)
{
    char help[] = "help";
    const char *slash = argc ? strrchr(argv[0], '/') : NULL;
    argp_err_exit_status = EXIT_CLASS_USAGE;
    int status = argc ? compat_main(slash ? slash + 1 : argv[0], argc, argv) : -1;
    if (status >= 0)
        return status;
    if (argc < 2)
        return verb_help(1, (char *[]){help, NULL});
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        argv[1] = help;
    if (strcmp(argv[1], "--version") == 0)
        return verb_version(1, argv + 1);
    const struct verb *verb = verb_find(argv[1]);
    return verb ? execute_verb(verb, argc - 1, argv + 1) : refuse_verb(argv[1]);
}
