// SPDX-License-Identifier: Apache-2.0
// The command line of one `numaplex run` as a child: everything in one process of boards, one thread,
// messages in memory, unless more processes are asked for.
#ifndef NP_COORDINATOR_CAMPAIGN_CHILD_RUN_H
#define NP_COORDINATOR_CAMPAIGN_CHILD_RUN_H

#include "coordinator/machine/settings.h"
#include "proto/base/err.h"

struct child_run {
    const char *scenario; // path
    const char *folder;   // run folder; a run that is in it is removed
    const struct settings *settings;
    uint64_t seed; // when seed_given; else the scenario's
    bool seed_given;
    uint32_t nodes; // processes of boards; 0: one
};

// Builds argv of numaplex-coordinator. Returns NULL with ERR_PROCESS when that program is not found. The
// caller frees with child_run_free.
char **child_run_argv(const struct child_run *run, struct err *err);
void child_run_free(char **argv);

#endif
