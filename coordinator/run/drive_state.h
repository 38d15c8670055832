// SPDX-License-Identifier: Apache-2.0
// What the files of the driver share; nothing else includes it.
#ifndef NP_COORDINATOR_RUN_DRIVE_STATE_H
#define NP_COORDINATOR_RUN_DRIVE_STATE_H

#include "coordinator/run/drive.h"
#include "coordinator/run/endpoints.h"

// libevent's own header stays out of here: it brings <netdb.h>, whose NO_DATA is not that of message.h.
struct event;
struct event_base;

enum phase { STARTING, RUNNING, SAVING, COLLECTING, LEAVING };

struct worker {
    struct process process;
    bool answered; // what the phase asks of every worker
    struct event *words;
    struct drive *drive;
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
};

int64_t host_us(void); // monotonic host time

// Ends the run with an error, if it is the first.
void drive_fail(struct drive *drive, const struct err *err);

// Receives and obeys all messages that are there; sends what is due.
void drive_serve(struct drive *drive);

void drive_enter(struct drive *drive, enum phase phase);
void drive_send_to_all(struct drive *drive, const struct control *control);
void drive_configure(struct drive *drive);
void drive_stop(struct drive *drive); // asks the conductor to pause

__attribute__((format(printf, 2, 3))) void drive_log(struct drive *drive, const char *fmt, ...);

#endif
