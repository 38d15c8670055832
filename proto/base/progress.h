// SPDX-License-Identifier: Apache-2.0
// How far a run has come, and why it paused: said by the conductor, carried by the control plane.
#ifndef NP_PROTO_BASE_PROGRESS_H
#define NP_PROTO_BASE_PROGRESS_H

#include <stdint.h>

#include "proto/base/time.h"

// What one sync group has reached.
struct group_progress {
    sim_time time;     // end of its last completed grant
    uint64_t grants;   // given
    uint64_t accesses; // completed
    uint32_t running;  // CPUs that are not done
};

enum pause_reason {
    PAUSE_DONE,       // all programs are done
    PAUSE_UNTIL,      // the end time of the description is reached
    PAUSE_SAVE_POINT, // the asked time or number of grants is reached
    PAUSE_STOPPED,    // was asked to
    PAUSE_REASON_COUNT
};

#endif
