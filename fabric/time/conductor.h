// SPDX-License-Identifier: Apache-2.0
// Drives the sync groups of a run: computes grants, hands them out over an exchange, collects batches,
// carries messages and frames to where they go. It owns simulated time and nothing else of the machine.
//
// A pause is a grant of no time that only delivers: afterwards all that was on its way lies in the boards'
// queues, and every group stands at a clean cut.
#ifndef NP_FABRIC_TIME_CONDUCTOR_H
#define NP_FABRIC_TIME_CONDUCTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "fabric/link/exchange.h"
#include "fabric/time/groups.h"
#include "fabric/time/horizon.h"
#include "proto/base/archive.h"
#include "proto/base/machine.h"
#include "proto/base/progress.h"

struct conductor;

struct conductor_options {
    struct horizon_options horizon;
    uint32_t epoch;
    uint64_t events_without_progress; // per group: more events than this without a completed access: livelock
};

// How to stop, and whom to ask now and then. poll (may be NULL) is called between exchanges; true: pause
// soon.
struct conductor_stop {
    sim_time time;   // SIM_NEVER: none
    uint64_t grants; // total over all groups; 0: none
    bool (*poll)(void *self);
    void *self;
};

// groups, machine and exchange must outlive the conductor.
struct conductor *conductor_new(const struct machine *machine, const struct groups *groups,
                                struct exchange *exchange, const struct conductor_options *options);
void conductor_free(struct conductor *conductor);

// Runs until a reason to pause; *reason says which. ERR_NO_PROGRESS when the machine is stuck, exchange
// errors as they come. May be called again after a pause.
enum err_code conductor_run(struct conductor *conductor, const struct conductor_stop *stop,
                            enum pause_reason *reason, struct err *err);

void conductor_progress(const struct conductor *conductor, uint32_t group, struct group_progress *progress);

// One group's state; saved and loaded only while paused.
void conductor_state(struct conductor *conductor, uint32_t group, struct archive *ar);

#endif
