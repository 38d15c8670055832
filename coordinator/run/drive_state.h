// SPDX-License-Identifier: Apache-2.0
// What the files of the driver share; nothing else includes it.
#ifndef NP_COORDINATOR_RUN_DRIVE_STATE_H
#define NP_COORDINATOR_RUN_DRIVE_STATE_H

#include "coordinator/run/drive.h"
#include "coordinator/run/endpoints.h"

// libevent's own header stays out of here: it brings <netdb.h>, whose NO_DATA is not that of message.h.
struct event;
struct event_base;

// How far partitions may run ahead of one another while consoles may connect: a command begins when the
// slowest has come to where the furthest stands. Never a result.
#define SKEW_WATCHED (100 * SIM_PS_PER_US)

enum phase { STARTING, RUNNING, LOOKING, REGROUPING, ORDERING, HELD, SAVING, COLLECTING, LEAVING };

static inline bool phase_is_cut(enum phase phase)
{
    return phase >= LOOKING && phase <= HELD;
}

struct worker {
    struct process process;
    bool answered;    // what the phase asks of every worker
    uint32_t pending; // LOOKING, ORDERING: answers that it owes
    struct event *words;
    struct drive *drive;
};

enum look_reason { LOOK_FOR_AGENDA, LOOK_FOR_LIVE, LOOK_FOR_END };

// What is known of the cut that the run stands at.
struct cut {
    enum pause_reason reason;
    bool over;            // nothing follows but the results
    enum look_reason why; // LOOKING: for whom
    uint32_t n_reports, n_views;
    struct report *reports; // owned
    struct board_view views[BOARDS_MAX];
    uint16_t tables_board;
    uint8_t *tables; // owned
    uint64_t n_tables, tables_size;
};

struct live {
    uint32_t n_commands;
    struct agenda_command *commands; // owned; at: not known yet
    uint64_t pace;                   // simulated ps per second; 0: as fast as it goes
    sim_time step_until;             // SIM_NEVER: no step is under way
    sim_time least;                  // where the last partition was when one that ends was sent on
    bool held, stop_asked, look, end;
};

struct drive {
    const struct drive_config *config;
    struct outcome *outcome;
    struct event_base *base;
    struct event *timer, *socket, *signals[5];
    struct control_server *server;
    struct endpoints endpoints;
    uint64_t run_id;
    struct worker *workers;        // the nodes, then the fabric
    uint32_t n_workers, conductor; // conductor: index into workers
    enum phase phase;
    struct err failure; // the first; ERR_OK while none
    const struct worker *died;
    int64_t began_us, phase_us, tick_us; // host times: of the run, the phase, the last tick
    unsigned interrupts, pressure;       // signals of the user; how hard processes have been asked to end
    sim_time stop_at;                    // of the last START, but for the save point's
    struct cut cut;
    struct live live;
};

int64_t host_us(void); // monotonic host time

// Ends the run with an error, if it is the first.
void drive_fail(struct drive *drive, const struct err *err);

// Receives and obeys all messages that are there; sends what is due.
void drive_serve(struct drive *drive);

void drive_enter(struct drive *drive, enum phase phase);
void drive_tell(struct drive *drive, const struct worker *to, const struct control *control);
void drive_run_on(struct drive *drive);  // START
void drive_collect(struct drive *drive); // the run is over
void drive_save(struct drive *drive);
void drive_send_to_all(struct drive *drive, const struct control *control);
void drive_configure(struct drive *drive);
void drive_stop(struct drive *drive); // asks the conductor to pause

// drive_cut.c: at a pause, until START follows or the run is over.
void cut_begin(struct drive *drive, enum pause_reason reason);
void cut_go_on(struct drive *drive);
void cut_reports(struct drive *drive, struct worker *worker, struct control_reports *reports);
void cut_answered(struct drive *drive); // all answers of the phase are there
bool cut_complete(const struct drive *drive);
void cut_free(struct drive *drive);

// drive_live.c
void live_at_cut(struct drive *drive); // what was asked for becomes part of the agenda
bool live_holds(struct drive *drive);  // the run must not go on now
sim_time live_stop(const struct drive *drive);
sim_time live_furthest(const struct drive *drive); // the time of the furthest partition
void live_opened(struct drive *drive);
void live_over(struct drive *drive); // whoever waits is told that the run has ended

__attribute__((format(printf, 2, 3))) void drive_log(struct drive *drive, const char *fmt, ...);

#endif
