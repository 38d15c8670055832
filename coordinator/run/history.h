// SPDX-License-Identifier: Apache-2.0
// What changed while a run went on: how much each partition did from one moment to the next, which operations
// the system controller did and how long their steps took, and what happened. It is a function of simulated
// time alone: whoever drives the run shows it all boards at cuts that all of them stand at, and tells it the
// controller's events.
//
//     run to history_next(); history_sample(all views of that cut)
//     in sc_machine.event: history_event(event, sc_operation(sc, event->operation))
//     at the end: history_sample(all views of the last cut)
//
// An event looks only at boards of the partitions that its operation is about: those stand at its time,
// others stand wherever the host has brought them.
#ifndef NP_COORDINATOR_RUN_HISTORY_H
#define NP_COORDINATOR_RUN_HISTORY_H

#include "coordinator/partition/system_controller.h"
#include "proto/base/archive.h"

#define HISTORY_ROWS_MAX       2048u  // of a partition; beyond it neighbours are added up
#define HISTORY_EVENTS_MAX     10000u // kept; later ones are counted
#define HISTORY_OPERATIONS_MAX 2000u  // likewise
#define HISTORY_STEPS_MAX      32u    // of one operation; the system controller has fewer kinds
#define HISTORY_STEP_BYTES     24u

// What a partition did from the row before (or time 0) to this one, and had at its end.
struct history_row {
    sim_time to;
    bool marked; // an operation began or ended here: rows before and after are not added up
    uint64_t accesses, hits, work;
    uint32_t boards, cpus, cpus_online, threads, threads_running;
};

struct history_series {
    uint32_t n_rows;
    struct history_row *rows; // ascending by time; owned
};

struct history_step {
    char word[HISTORY_STEP_BYTES];         // "drain"
    sim_time began, ended;                 // ended: SIM_NEVER while it is under way
    uint64_t egress_busy_ps, home_busy_ps; // of the operation's board, in this step
};

struct history_operation {
    struct sc_operation shown; // as last told; its step stands beside it
    char step[HISTORY_STEP_BYTES];
    uint32_t n_steps;
    struct history_step steps[HISTORY_STEPS_MAX];
};

struct history_event {
    struct sc_event shown; // its `what` stands beside it
    char what[HISTORY_STEP_BYTES];
};

struct history {
    const struct machine *machine;
    // How a board stands at the cut that an event belongs to.
    void *self;
    void (*view)(void *self, uint16_t board, struct board_view *view);
    sim_time interval, next;
    struct board_view last[BOARDS_MAX]; // as last counted
    struct history_series *series;      // per partition; owned
    uint32_t n_operations, n_events;
    struct history_operation *operations; // owned
    struct history_event *events;         // owned
    uint64_t dropped_operations, dropped_events;
};

// `view` as in struct sc_machine. An interval of 0: the one that suits the end of the run, 1, 2 or 5 times a
// power of ten in ps, which makes 40 to 100 rows; 10 us where no end is known.
void history_init(struct history *history, const struct machine *machine, sim_time interval, void *self,
                  void (*view)(void *self, uint16_t board, struct board_view *view));
void history_free(struct history *history);

// Begins only now, at a time that no board has passed: what was before it is counted in the first rows.
void history_begin(struct history *history, sim_time now);

// When it wants to see all boards next.
sim_time history_next(const struct history *history);

// All boards at the cut `at`, one view per board of the machine. A time that has been seen is left out.
void history_sample(struct history *history, sim_time at, const struct board_view *views);

// An event of the system controller, and the operation that it belongs to as it stands now, or NULL. Looks at
// boards through `view`.
void history_event(struct history *history, const struct sc_event *event,
                   const struct sc_operation *operation);

// Saved with a run's state, so that a continued run has the whole history. `machine` and `view` are not part
// of it.
void history_state(struct history *history, struct archive *ar);

// What a partition did in all rows that lie between two times: the sum, with the state at the last one's end.
// Returns the time that they span.
sim_time history_between(const struct history *history, uint32_t partition, sim_time from, sim_time to,
                         struct history_row *sum);

#endif
