// SPDX-License-Identifier: Apache-2.0
// What people did to a run from outside, with the simulated time from which it holds: journal.jsonl of the
// run folder, a line each. A line lasts before any board simulates beyond its time, so that `numaplex replay`
// does the same again whatever became of the run.
#ifndef NP_COORDINATOR_RUN_JOURNAL_H
#define NP_COORDINATOR_RUN_JOURNAL_H

#include <stdio.h>

#include "coordinator/partition/agenda.h"

#define JOURNAL_NAME "journal.jsonl"

struct journal {
    FILE *out; // NULL: nothing has been journalled
    char path[PATH_MAX_BYTES + 32];
};

// Where it will lie. The file is made with the first line.
void journal_open(struct journal *journal, const char *folder);
void journal_close(struct journal *journal);

// Writes a command and waits until it lasts. ERR_FILE, ERR_DISK_FULL.
enum err_code journal_command(struct journal *journal, const struct machine *machine, sim_time at,
                              const struct sc_command *command, struct err *err);

// Reads a journal: commands in the order in which they were given; *commands is the caller's to free. A last
// line that was not finished counts as not given. A file that is not there: none. ERR_DAMAGED_STATE names
// the line.
enum err_code journal_read(const char *folder, const struct machine *machine,
                           struct agenda_command **commands, uint32_t *n, struct err *err);

#endif
