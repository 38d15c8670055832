// SPDX-License-Identifier: Apache-2.0
// A run that goes on, as somebody outside can change and watch it: what consoles ask for by
// coordinator/control. All functions are called from the run's own event loop; none waits. What needs a cut
// pauses the run, which goes on by itself; answers come by the hooks.
#ifndef NP_COORDINATOR_RUN_DRIVE_LIVE_H
#define NP_COORDINATOR_RUN_DRIVE_LIVE_H

#include "coordinator/partition/agenda.h"
#include "proto/base/progress.h"

struct drive;
struct event_base;

enum drive_pace_kind { DRIVE_PAUSE, DRIVE_CONTINUE, DRIVE_STEP, DRIVE_SLOW, DRIVE_END };

// What the run tells. Any of them may be NULL.
struct drive_live_hooks {
    void *self;
    bool open; // somebody may ask for something: the run is kept in reach
    // The event loop is there (add to it), and will soon be gone (remove what was added).
    void (*opened)(void *self, struct drive *drive, struct event_base *base);
    // *failure: the error that ends the run, or ERR_OK.
    void (*closing)(void *self, const struct err *failure);
    // The one answer to a ticket. `operation`: of a command; `plan`: of a plan that could be made, else NULL.
    void (*answer)(void *self, uint64_t ticket, const struct err *outcome, uint64_t operation,
                   const struct sc_plan *plan);
    void (*event)(void *self, const struct sc_event *event);
    // As asked by drive_look, and once at the end of a run that is not broken off: views of all boards that
    // are simulated, taken between two grants.
    void (*looked)(void *self, const struct board_view *views, uint32_t n);
    // Views of all boards where a row of the history ends.
    void (*recorded)(void *self, const struct board_view *views, uint32_t n);
};

// Begins the command at the earliest time that no group has passed, and journals it. ERR_OVER is the answer
// when the run ends before, ERR_LIMIT when the journal is full.
void drive_command(struct drive *drive, uint64_t ticket, const struct sc_command *command);
// The same for a line that is typed at a console.
void drive_type(struct drive *drive, uint64_t ticket, const struct sc_line *line);

void drive_plan(struct drive *drive, uint64_t ticket, const struct sc_command *command);

// PAUSE holds the run; CONTINUE lets it go; STEP: `value` ps of simulated time beyond the group that is
// furthest, then holds it; SLOW: at most `value` ps of simulated time per second of the host, 0: as fast as
// it goes; END: results of what there is, as with Ctrl-C.
void drive_pace(struct drive *drive, uint64_t ticket, enum drive_pace_kind kind, uint64_t value);

void drive_look(struct drive *drive);

struct drive_standing {
    const struct group_progress *groups; // one per partition, as last reported
    sim_time time;                       // of the group that is furthest
    uint64_t pace;                       // ps per second; 0: as fast as it goes
    bool held, ending;                   // held: by PAUSE, or after a STEP
};
void drive_standing(const struct drive *drive, struct drive_standing *standing);

struct agenda *drive_agenda(struct drive *drive);

#endif
