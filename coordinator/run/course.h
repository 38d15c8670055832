// SPDX-License-Identifier: Apache-2.0
// What happens to a run's partitions on its way: the agenda with the scenario's commands, the journal of what
// comes from outside, the history that results tell. Saved and continued together.
#ifndef NP_COORDINATOR_RUN_COURSE_H
#define NP_COORDINATOR_RUN_COURSE_H

#include "coordinator/machine/scenario.h"
#include "coordinator/partition/agenda.h"
#include "coordinator/run/drive_live.h"
#include "coordinator/run/folder.h"
#include "coordinator/run/history.h"
#include "coordinator/run/journal.h"

#define COURSE_NAME "controller.npstate" // in a saved state

struct course {
    const struct scenario *scenario;
    struct agenda *agenda;
    struct history *history; // NULL: nothing changes, and nobody asked
    struct journal journal;
    FILE *log;                           // the run's: operations that begin and end
    const struct drive_live_hooks *live; // who is told; NULL: nobody
};

struct course_options {
    sim_time series;     // between two samples; 0: what suits the run, where it has commands
    const char *replay;  // folder of a run whose journal is done again; NULL: none
    const char *resumed; // folder of the saved state that the run goes on from; NULL: none
};

// ERR_DAMAGED_STATE, ERR_FILE: a journal or saved state cannot be read.
enum err_code course_open(struct course *course, const struct scenario *scenario,
                          const struct course_options *options, const struct run_folder *folder,
                          struct err *err);
void course_close(struct course *course);

// Somebody asked for this while the run goes on: journals it, then has it done at its time.
enum err_code course_live(struct course *course, const struct agenda_command *live, struct err *err);

// Begins a history at `now`, if there is none: somebody changes the run from outside.
void course_begin_history(struct course *course, sim_time interval, sim_time now);

// All boards at the end of the run, as agenda_view has them. `at`: the end time, or SIM_NEVER where all
// programs were done before: when that was depends on how the run was cut, so that what they did since the
// last sample counts up to when the next one would have been.
void course_end(struct course *course, sim_time at);

// Writes it into the folder of a saved state. ERR_FILE, ERR_DISK_FULL.
enum err_code course_save(struct course *course, const char *folder, struct err *err);

// Says which commands the run did not get to.
void course_warn(const struct course *course, FILE *out);

#endif
