// SPDX-License-Identifier: Apache-2.0
#include "coordinator/campaign/child_run.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "coordinator/run/find.h"
#include "proto/base/assert.h"

#define ARGUMENTS_MAX (16 + 2 * SETTINGS_MAX)

struct arguments {
    char **argv;
    size_t n;
};

static void add(struct arguments *to, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(struct arguments *to, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    NP_ASSERT(to->n < ARGUMENTS_MAX - 1);
    NP_ASSERT(vasprintf(&to->argv[to->n], fmt, args) >= 0);
    to->n++;
    va_end(args);
}

char **child_run_argv(const struct child_run *run, struct err *err)
{
    char program[PATH_MAX_BYTES];
    if (find_program("numaplex-coordinator", program, err))
        return NULL;
    struct arguments a = {.argv = calloc(ARGUMENTS_MAX, sizeof *a.argv)};
    NP_ASSERT(a.argv);
    add(&a, "%s", program);
    add(&a, "run");
    add(&a, "--quiet");
    add(&a, "--no-control"); // nobody looks at one point of many
    add(&a, "--force");
    add(&a, "--out=%s", run->folder);
    add(&a, "--nodes=%" PRIu32, run->nodes ? run->nodes : 1);
    if (run->seed_given)
        add(&a, "--seed=%" PRIu64, run->seed);
    for (uint32_t i = 0; run->settings && i < run->settings->n; i++)
        add(&a, "--set=%s=%s", run->settings->item[i].name, run->settings->item[i].value);
    add(&a, "--");
    add(&a, "%s", run->scenario);
    return a.argv;
}

void child_run_free(char **argv)
{
    for (char **argument = argv; argument && *argument; argument++)
        free(*argument);
    free(argv);
}
