// SPDX-License-Identifier: Apache-2.0
#include "hmc/cli/verbs.h"

#include <stdbool.h>
#include <string.h>

#include "hmc/cli/command_verbs.h"
#include "hmc/cli/compat.h"
#include "hmc/cli/console.h"
#include "hmc/cli/events.h"
#include "hmc/cli/pace.h"
#include "hmc/cli/show_verbs.h"
#include "hmc/cli/top.h"
#include "proto/base/assert.h"

#define COORDINATOR "numaplex-coordinator"
#define NODE        "numaplex-node"
#define BENCH       "numaplex-bench"
#define HMC         "numaplex-hmc"

// Headings of the list that help shows.
#define RUNS     "Simulate"
#define LOOK     "Results and machines"
#define LIVE     "A running machine (--run RUN_DIR; else the newest that runs)"
#define CHANGE   "Change a running machine"
#define PROGRAMS "Programs and recordings"
#define OTHER    "Other"

#define COMMAND NULL, verb_command, 1, -1
#define PACE    NULL, verb_pace, 0, -1

const struct verb verbs[] = {
    {"run", COORDINATOR, NULL, 1, -1, "FILE [OPTIONS]", "simulate a scenario and write its results", RUNS},
    {"replay", COORDINATOR, NULL, 1, -1, "RUN_DIR [--to DIR]",
     "do a run again, with all that people did to it while it went on", RUNS},
    {"check", COORDINATOR, NULL, 1, -1, "FILE", "read a scenario and show the machine it describes", RUNS},
    {"sweep", COORDINATOR, NULL, 1, -1, "FILE --over X=VALUES",
     "run a scenario at many points, over the host's cores", RUNS},
    {"platform", NULL, verb_platform, 0, -1, "", "systems and domains", LIVE},
    {"boards", NULL, verb_boards, 0, -1, "[BOARD...]", "boards: whose they are, and how they are", LIVE},
    {"domains", NULL, verb_domains, 0, -1, "[DOMAIN...]", "domains: state, keyswitch, boards", LIVE},
    {"status", NULL, verb_status, 0, -1, "", "how far it is, and commands under way and ended", LIVE},
    {"events", NULL, verb_events, 0, -1, "[--follow]", "what has happened to boards and domains", LIVE},
    {"top", NULL, verb_top, 0, -1, "", "a screen of domains, boards and traffic, live", LIVE},
    {"hmc", HMC, NULL, 0, -1, "[OPTIONS]", "serve the web console; hmc user, hmc audit", LIVE},
    {"console", NULL, verb_console, 1, -1, "RUN | --run RUN DOMAIN",
     "show what a run's guests wrote; with --run, type to one", LIVE},
    {"type", NULL, verb_type, 1, -1, "DOMAIN TEXT", "type a line at the console of a domain's guest", LIVE},
    {"pause", PACE, "", "pause at the next cut", LIVE},
    {"continue", PACE, "", "go on", LIVE},
    {"step", PACE, "TIME", "go on for so much simulated time", LIVE},
    {"slow", PACE, "TIME|off", "simulate so much a second, to watch it", LIVE},
    {"stop", PACE, "", "end it, and keep results so far", LIVE},
    {"move", COMMAND, "BOARD... DOMAIN", "move boards to another domain while both run", CHANGE},
    {"add", COMMAND, "BOARD... DOMAIN", "add free boards to a domain", CHANGE},
    {"delete", COMMAND, "BOARD...", "take boards out of their domains", CHANGE},
    {"keyswitch", COMMAND, "DOMAIN POSITION", "turn a domain's virtual keyswitch", CHANGE},
    {"power", COMMAND, "on|off BOARD...", "power free boards on or off", CHANGE},
    {"test", COMMAND, "BOARD...", "self-test free boards", CHANGE},
    {"blacklist", COMMAND, "on|off BOARD...", "boards that are not to be configured", CHANGE},
    {"available", COMMAND, "on|off DOMAIN BOARD...", "boards that a domain's administrator may take", CHANGE},
    {"tag", COMMAND, "DOMAIN NAME", "name a domain", CHANGE},
    {"cell", COMMAND, "on|off BOARD...", "cells to use when their nPartition boots next", CHANGE},
    {"reboot", COMMAND, "[-R] DOMAIN", "reboot a domain; -R: its cells change as was asked", CHANGE},
    {"compat", NULL, verb_compat, 1, -1, "NAME [ARGS]",
     "Sun's addboard ..., HP's parstatus ..., by their own names", CHANGE},
    {"report", COORDINATOR, NULL, 1, -1, "RUN [--lang de]", "write the page of a run again, or in German",
     LOOK},
    {"digest", COORDINATOR, NULL, 1, -1, "A [B --diff]", "show the digest of a run, or where two runs differ",
     LOOK},
    {"where", COORDINATOR, NULL, 1, -1, "FILE PARTITION ADDRESS",
     "explain an address and what a load of it takes", LOOK},
    {"calibrate", COORDINATOR, NULL, 0, -1, "[PRESET...] [--json]",
     "compare presets with what is published of the machines", LOOK},
    {"law", COORDINATOR, NULL, 0, -1, "[OPTIONS]",
     "show how an SMP grows with its CPUs, or fit it to figures", LOOK},
    {"protocol", NODE, NULL, 0, -1, "[NAME]", "print the coherence tables that the boards run", LOOK},
    {"record", COORDINATOR, NULL, 1, -1, "[OPTIONS] -- PROGRAM", "record a program's memory references",
     PROGRAMS},
    {"trace-info", COORDINATOR, NULL, 1, -1, "FILE", "show what a recording holds", PROGRAMS},
    {"isa", NODE, NULL, 0, -1, "[MNEMONIC...]", "print the instructions that z/Architecture CPUs have",
     PROGRAMS},
    {"bench", BENCH, NULL, 0, -1, "[NAME...] [--json]", "measure what numaplex does on this host", OTHER},
    {"help", NULL, verb_help, 0, 1, "[VERB]", "show this list, or the help of a verb", OTHER},
    {"version", NULL, verb_version, 0, 0, "", "show the version", OTHER},
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
