// SPDX-License-Identifier: Apache-2.0
// Drives the processes of a run from start to end: one event loop over their messages, their words, their
// deaths, signals of the user and a timer. It follows the conversation of proto/codec/control.h.
//
//     STARTING    all workers: HELLO, CONFIGURE, READY
//     RUNNING     the conductor: START ... PAUSED
//     LOOKING     nodes: ORDERS without orders, REPORTS   (at a cut: drive_cut.c)
//     REGROUPING  all workers: REGROUP, REGROUPED
//     ORDERING    nodes: ORDERS, REPORTS
//     HELD        nobody: somebody has paused the run
//     SAVING      all workers: SAVE, SAVED           (at a save point)
//     COLLECTING  all workers: COLLECT, RESULTS      (at the end)
//     LEAVING     all workers: EXIT, BYE; then signals, by process id, until the last has ended
//
// Whatever goes wrong leads to LEAVING, and the first error is the run's.
#ifndef NP_COORDINATOR_RUN_DRIVE_H
#define NP_COORDINATOR_RUN_DRIVE_H

#include "coordinator/run/course.h"
#include "coordinator/run/folder.h"
#include "coordinator/run/options.h"
#include "coordinator/run/outcome.h"
#include "coordinator/run/process.h"
#include "coordinator/run/text_files.h"
#include "coordinator/run/timeline.h"

struct drive_config {
    const struct machine *machine;
    const struct plan *plan;
    const struct run_command *command;
    const struct run_folder *folder;
    const char *resume_folder; // absolute; "": none
    const char *save_folder;   // absolute, exists; "": the run is not saved
    const struct watch_list *watch;
    const struct timeline_range *timeline;
    struct timeline_file *timeline_file; // closed: nothing is recorded
    struct text_files *text_files;
    struct course *course; // what happens to partitions; course->live: who may ask for more
    // Called when the conductor reports; may be NULL.
    void (*progress)(void *context, const struct group_progress *groups, uint32_t n);
    void *context;
};

// Runs. On success *outcome (from outcome_init) holds results, or the parts of a saved state when
// outcome->reason is PAUSE_SAVE_POINT. No process of the run is left when this returns. `last_words` is what
// a process said that died without giving a reason, else "".
enum err_code drive_run(const struct drive_config *config, struct outcome *outcome,
                        char last_words[LAST_WORDS_SIZE], struct err *err);

#endif
