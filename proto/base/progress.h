// SPDX-License-Identifier: Apache-2.0
// How far a run has come, and why it paused: said by the conductor, carried by the control plane.
#ifndef NP_PROTO_BASE_PROGRESS_H
#define NP_PROTO_BASE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/time.h"

// What one sync group has reached. A group without boards has only a time and grants: those when it lost
// them.
struct group_progress {
    sim_time time;     // end of its last completed grant
    uint64_t grants;   // given
    uint64_t accesses; // completed
    uint32_t running;  // CPUs that are not done
    bool reported;     // the wanted reports have been made, and it stands where it must stop because of them
};

// A sync group stops when so many reports wait in its boards (proto/base/order.h): at the time of report
// number `reports`, in order of time, plus `latency`; or where it stands, when that is later. Until then
// its grants are at most `latency` long, so that it has never gone further.
struct wanted_reports {
    uint32_t group;
    uint32_t reports; // > 0
    sim_time latency; // > 0
};

enum pause_reason {
    PAUSE_DONE,       // all programs are done
    PAUSE_UNTIL,      // the end time of the description is reached
    PAUSE_SAVE_POINT, // the asked time or number of grants is reached
    PAUSE_STOPPED,    // was asked to
    PAUSE_REPORTS,    // a group stands where its wanted reports stop it: one with `reported`
    PAUSE_REASON_COUNT
};

#endif
