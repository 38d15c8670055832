// SPDX-License-Identifier: Apache-2.0
// numaplex-coordinator: reads scenarios, runs them, records programs. `numaplex` executes it; by hand it
// takes the same subcommands.
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "coordinator/calibrate/verbs.h"
#include "coordinator/campaign/verbs.h"
#include "coordinator/law/verbs.h"
#include "coordinator/record/record.h"
#include "coordinator/report/verbs.h"
#include "coordinator/run/verbs.h"
#include "coordinator/where/verbs.h"
#include "proto/base/assert.h"
#include "proto/base/err.h"

static const struct {
    const char *name;
    char title[32]; // argv[0] of the subcommand: what its help and its errors call it
    int (*run)(int argc, char **argv);
} subcommands[] = {
    {"run", "numaplex run", run_main},
    {"replay", "numaplex replay", replay_main},
    {"check", "numaplex check", check_main},
    {"sweep", "numaplex sweep", sweep_main},
    {"law", "numaplex law", law_main},
    {"digest", "numaplex digest", digest_main},
    {"console", "numaplex console", console_main},
    {"record", "numaplex record", record_main},
    {"trace-info", "numaplex trace-info", trace_info_main},
    {"calibrate", "numaplex calibrate", calibrate_main},
    {"where", "numaplex where", where_main},
    {"report", "numaplex report", report_main},
};

static int refuse(void)
{
    fprintf(stderr, "numaplex-coordinator: error NP0201: name a subcommand, one of");
    for (size_t i = 0; i < NP_ARRAY_LEN(subcommands); i++)
        fprintf(stderr, " %s", subcommands[i].name);
    fputc('\n', stderr);
    return EXIT_CLASS_USAGE;
}

int main(int argc, char **argv)
{
    argp_err_exit_status = EXIT_CLASS_USAGE;
    for (size_t i = 0; argc > 1 && i < NP_ARRAY_LEN(subcommands); i++) {
        if (strcmp(argv[1], subcommands[i].name) != 0)
            continue;
        char title[sizeof subcommands[i].title];
        memcpy(title, subcommands[i].title, sizeof title);
        argv[1] = title;
        return subcommands[i].run(argc - 1, argv + 1);
    }
    return refuse();
}
