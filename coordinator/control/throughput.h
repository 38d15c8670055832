// SPDX-License-Identifier: Apache-2.0
// What each partition has done since the run began, and a line of it for the charts of consoles that come
// later. It is fed with views of boards: what a board did since it was last seen is the partition's that it
// was in then, so that a board that moves brings neither its past nor its self-test. Only shown, never part
// of a result: when boards are looked at depends on the host.
#ifndef NP_COORDINATOR_CONTROL_THROUGHPUT_H
#define NP_COORDINATOR_CONTROL_THROUGHPUT_H

#include "proto/base/machine.h"
#include "proto/base/order.h"
#include "proto/codec/api.h"

struct throughput;

// The machine must outlive it. The caller owns it.
struct throughput *throughput_new(const struct machine *machine);
void throughput_free(struct throughput *work); // NULL is allowed

void throughput_view(struct throughput *work, const struct board_view *view);

// All boards have been seen; the partition stands at `at`: a point of its line. A time that is not later than
// its last one is left out. Beyond API_LINE_POINTS_MAX points every other one goes.
void throughput_point(struct throughput *work, uint32_t partition, sim_time at);

uint64_t throughput_accesses(const struct throughput *work, uint32_t partition);

// The lines so far, with the last point of each. The caller frees the zeroed series that it gives.
void throughput_series(const struct throughput *work, struct api_series *series);

#endif
