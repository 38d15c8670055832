// SPDX-License-Identifier: Apache-2.0
// How a run ended, left in its folder for consoles that come later (proto/codec/api_last.h).
#ifndef NP_COORDINATOR_CONTROL_LAST_STATE_H
#define NP_COORDINATOR_CONTROL_LAST_STATE_H

#include "coordinator/control/event_ring.h"

struct last_state {
    const struct api_snapshot *snapshot;
    const struct api_series *series;
    const struct api_sample *sample;
    const struct event_ring *events;
};

// Writes it whole or not at all. ERR_FILE, ERR_DISK_FULL, ERR_LIMIT.
enum err_code last_state_write(const char *folder, const struct last_state *state, struct err *err);

#endif
