// SPDX-License-Identifier: Apache-2.0
// Interruptions: which is due, and how it is taken (Principles of Operation, chapter 6).
#ifndef NP_NODE_ISA_INTERRUPT_H
#define NP_NODE_ISA_INTERRUPT_H

#include "node/isa/zcpu.h"

// Before an instruction, or in a wait: makes the interruption of highest priority that is pending and enabled
// the CPU's next activity. False when there is none.
bool interruption_due(struct zcpu *z);

// The earliest time at which a timer may make one due by itself; SIM_NEVER: never.
sim_time interruption_timer(const struct zcpu *z);

// Takes z->interruption: stores the old PSW and what identifies it, loads the new PSW. May escape; it is then
// taken again from the beginning.
void interruption_take(struct zcpu *z);

// Ends the CPU: nothing but a signal makes it go on.
void zcpu_end(struct zcpu *z, enum guest_end end);

// Makes a stopped CPU, or one that has ended, go on at simulated time `at`.
void zcpu_go_on(struct zcpu *z, sim_time at);

// What follows from CR0: low-address protection, AFP registers. After control registers have been made or
// loaded.
void zcpu_control_loaded(struct zcpu *z);

#endif
