// SPDX-License-Identifier: Apache-2.0
// numaplex-node: boards as a process; also prints the protocols that boards run, and what their CPUs execute.
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "node/coherence/protocol_main.h"
#include "node/host/worker.h"
#include "node/isa/isa_main.h"

static const struct {
    const char *name;
    int (*main)(int argc, char **argv);
    const char *help;
} verbs[] = {
    {"worker", worker_main, "simulate boards of a run (started by `numaplex run`)"},
    {"protocol", protocol_main, "print the coherence protocols as tables, or as a Murphi model"},
    {"isa", isa_main, "print the table of z/Architecture instructions"},
};

int main(int argc, char **argv)
{
    argp_err_exit_status = EXIT_CLASS_USAGE;
    for (size_t i = 0; argc > 1 && i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(argv[1], verbs[i].name) == 0)
            return verbs[i].main(argc - 1, argv + 1);
    fprintf(stderr, "usage: numaplex-node VERB ...\n");
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        fprintf(stderr, "  %-9s %s\n", verbs[i].name, verbs[i].help);
    return EXIT_CLASS_USAGE;
}
