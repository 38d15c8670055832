// SPDX-License-Identifier: Apache-2.0
// TOD clock, clock comparator and CPU timer, all from simulated time. A unit of the TOD clock is 1/4096
// microsecond, 15625/64 ps.
#ifndef NP_NODE_ISA_CLOCK_H
#define NP_NODE_ISA_CLOCK_H

#include "node/isa/zcpu.h"

// The TOD clock at simulated time 0 is that of 2000-01-01 00:00 UTC: 36524 days since its epoch, 1900-01-01.
// It is fixed so that runs can be repeated.
#define TOD_AT_ZERO (UINT64_C(36524) * 86400 * 1000000 * 4096)

// TOD units that have passed since time 0.
uint64_t clock_units(sim_time time);

// The first time at which so many units have passed; SIM_NEVER: beyond simulated time.
sim_time clock_time(uint64_t units);

static inline uint64_t clock_tod(sim_time time)
{
    return TOD_AT_ZERO + clock_units(time);
}

// The CPU timer's value at `time`, and a new one. It runs or not as signals->timer_runs says.
uint64_t clock_timer(const struct zcpu *z, sim_time time);
void clock_set_timer(struct zcpu *z, uint64_t value, sim_time time);
void clock_set_comparator(struct zcpu *z, uint64_t value);

// Computes from when on both ask for interruptions: after loading.
void clock_plan(struct zcpu *z);

#endif
