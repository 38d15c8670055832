// SPDX-License-Identifier: Apache-2.0
// Drives the sync groups of a run: computes grants, hands them out over an exchange, collects batches,
// carries messages and frames to where they go. It owns simulated time and nothing else of the machine.
//
// A pause is a grant of no time that only delivers: afterwards all that was on its way lies in the boards'
// queues, and every group stands at a clean cut. Then boards may be told what to do, and groups may change:
// the next run first asks all members how they stand, by another grant of no time.
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
    // Groups stop for reports of their boards, each for its own; at most one of a group.
    uint32_t n_wanted;
    const struct wanted_reports *wanted;
    uint64_t pace; // simulated ps per second of the host, at most; 0: as fast as it can. Never a result
    sim_time skew; // how far a group may be ahead of the slowest that has not finished; 0: without a limit
};

// groups, machine and exchange must outlive the conductor.
struct conductor *conductor_new(const struct machine *machine, const struct groups *groups,
                                struct exchange *exchange, const struct conductor_options *options);
void conductor_free(struct conductor *conductor);

// Runs until a reason to pause; *reason says which. With a time to stop at, all groups stand there unless all
// programs are done before; groups that have finished come along. With wanted reports, the first group that
// has them stops exactly where they say, and the others where their grants end: PAUSE_REPORTS. When nothing
// is left to happen although reports are wanted, the reason is PAUSE_DONE. ERR_NO_PROGRESS when the machine
// is stuck, exchange errors as they come. May be called again after a pause.
enum err_code conductor_run(struct conductor *conductor, const struct conductor_stop *stop,
                            enum pause_reason *reason, struct err *err);

// The content of the groups has changed, while paused; the exchange follows. ERR_INTERNAL when a board that
// changes its group does not stand at `at`: one of no group is taken to stand there.
enum err_code conductor_regroup(struct conductor *conductor, sim_time at, struct err *err);

void conductor_progress(const struct conductor *conductor, uint32_t group, struct group_progress *progress);

// One group's state; saved and loaded only while paused.
void conductor_state(struct conductor *conductor, uint32_t group, struct archive *ar);

#endif
