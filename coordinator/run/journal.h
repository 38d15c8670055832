// SPDX-License-Identifier: Apache-2.0
// What people did to a run from outside, with the simulated time from which it holds: journal.jsonl of the
// run folder, a line each. A line lasts before any board simulates beyond its time, so that `numaplex replay`
// does the same again whatever became of the run.
#ifndef NP_COORDINATOR_RUN_JOURNAL_H
#define NP_COORDINATOR_RUN_JOURNAL_H

#include <stdio.h>

#include "coordinator/partition/agenda.h"

#define JOURNAL_NAME      "journal.jsonl"
#define JOURNAL_LINES_MAX 50000u // far more than people and their scripts give in a run

struct journal {
    FILE *out;  // NULL: nothing has been journalled
    uint32_t n; // lines that it has
    char path[PATH_MAX_BYTES + 32];
};

// Where it will lie. The file is made with the first line.
void journal_open(struct journal *journal, const char *folder);
void journal_close(struct journal *journal);

// Writes a command and waits until it lasts. ERR_FILE, ERR_DISK_FULL.
enum err_code journal_command(struct journal *journal, const struct machine *machine, sim_time at,
                              const struct sc_command *command, struct err *err);

// The same of a line that is typed at a console, and of the end of a run that was told to stop: `at`: where
// all partitions stood, or the furthest of them if not `even`.
enum err_code journal_typed(struct journal *journal, const struct machine *machine, sim_time at,
                            const struct sc_line *line, struct err *err);
enum err_code journal_stop(struct journal *journal, sim_time at, bool even, struct err *err);

// No more can be journalled: a run that had all of it could not be replayed.
bool journal_full(const struct journal *journal);

struct journal_content {
    uint32_t n;
    struct agenda_command *commands; // in the order in which they were given; owned
    sim_time stop;                   // when the run was stopped; SIM_NEVER: it was not
    bool even;                       // all partitions stood there
};

// Reads a journal. A last line that was not finished counts as not given. A file that is not there: nothing.
// ERR_DAMAGED_STATE names the line.
enum err_code journal_read(const char *folder, const struct machine *machine, struct journal_content *content,
                           struct err *err);
void journal_content_free(struct journal_content *content);

// When the run of that folder was stopped, for those who do not know its machine: SIM_NEVER where its journal
// does not end so.
sim_time journal_stop_of(const char *folder, bool *even);

#endif
