// SPDX-License-Identifier: Apache-2.0
#include "hmc/cli/verbs.h"

#include <stdbool.h>
#include <string.h>

#include "proto/base/assert.h"

#define COORDINATOR "numaplex-coordinator"
#define NODE        "numaplex-node"
#define BENCH       "numaplex-bench"
#define HMC         "numaplex-hmc"

const struct verb verbs[] = {
    {"run", COORDINATOR, NULL, 1, -1, "FILE [OPTIONS]", "simulate a scenario and write its results"},
    {"check", COORDINATOR, NULL, 1, -1, "FILE", "read a scenario and show the machine it describes"},
    {"sweep", COORDINATOR, NULL, 1, -1, "FILE --over X=VALUES",
     "run a scenario at many points, over the host's cores"},
    {"law", COORDINATOR, NULL, 0, -1, "[OPTIONS]",
     "show how an SMP grows with its CPUs, or fit it to figures"},
    {"digest", COORDINATOR, NULL, 1, -1, "A [B --diff]",
     "show the digest of a run, or where two runs differ"},
    {"console", COORDINATOR, NULL, 1, -1, "RUN [PARTITION]",
     "show what a run's guests wrote; --follow one that goes on"},
    {"where", COORDINATOR, NULL, 1, -1, "FILE PARTITION ADDRESS",
     "explain an address and what a load of it takes"},
    {"calibrate", COORDINATOR, NULL, 0, -1, "[PRESET...] [--json]",
     "compare presets with what is published of the machines"},
    {"hmc", HMC, NULL, 0, -1, "[OPTIONS]", "serve the web console; hmc user, hmc audit"},
    {"report", COORDINATOR, NULL, 1, -1, "RUN [--lang de]", "write the page of a run again, or in German"},
    {"record", COORDINATOR, NULL, 1, -1, "[OPTIONS] -- PROGRAM", "record a program's memory references"},
    {"trace-info", COORDINATOR, NULL, 1, -1, "FILE", "show what a recording holds"},
    {"protocol", NODE, NULL, 0, -1, "[NAME]", "print the coherence tables that the boards run"},
    {"isa", NODE, NULL, 0, -1, "[MNEMONIC...]", "print the instructions that z/Architecture CPUs have"},
    {"bench", BENCH, NULL, 0, -1, "[NAME...] [--json]", "measure what numaplex does on this host"},
    {"help", NULL, verb_help, 0, 1, "[VERB]", "show this list, or the help of a verb"},
    {"version", NULL, verb_version, 0, 0, "", "show the version"},
};

const size_t n_verbs = NP_ARRAY_LEN(verbs);

const struct verb *verb_find(const char *name)
{
    for (size_t i = 0; i < n_verbs; i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

enum { NAME_LENGTH_MAX = 15 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

// Levenshtein's distance, one row of the table at a time. Both texts are at most NAME_LENGTH_MAX long.
static size_t distance(const char *a, const char *b)
{
    size_t row[NAME_LENGTH_MAX + 1], length = strlen(b);
    for (size_t j = 0; j <= length; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 1; j <= length; j++) {
            size_t changed = diagonal + (a[i] != b[j - 1]);
            diagonal = row[j];
            row[j] = least(changed, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[length];
}

const struct verb *verb_nearest(const char *typed)
{
    const struct verb *best = NULL;
    size_t best_distance = 3; // two slips at most
    if (strlen(typed) > NAME_LENGTH_MAX)
        return NULL;
    for (size_t i = 0; i < n_verbs; i++) {
        size_t d = distance(typed, verbs[i].name);
        if (d < best_distance && d < strlen(verbs[i].name)) {
            best_distance = d;
            best = &verbs[i];
        }
    }
    return best;
}
