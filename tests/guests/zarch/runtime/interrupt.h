// SPDX-License-Identifier: Apache-2.0
// Interruptions. start.S saves and restores registers; here is what happens in between.
#ifndef TESTS_GUESTS_ZARCH_RUNTIME_INTERRUPT_H
#define TESTS_GUESTS_ZARCH_RUNTIME_INTERRUPT_H

#include "tests/guests/zarch/runtime/lowcore.h"

// Codes of external interruptions.
enum {
    EXTERNAL_CLOCK_COMPARATOR = 0x1004,
    EXTERNAL_CPU_TIMER = 0x1005,
    EXTERNAL_EMERGENCY_SIGNAL = 0x1201,
    EXTERNAL_EXTERNAL_CALL = 0x1202,
    EXTERNAL_SERVICE_SIGNAL = 0x2401,
};

// Runs with interruptions disabled, on the interrupted stack (program and machine checks: on one of their
// own). Codes are in this_lowcore(). What it leaves in frame is where and with what the interrupted program
// goes on.
typedef void interrupt_handler(struct interrupt_frame *frame);

// Handler of a class (INTERRUPT_*) on all CPUs; NULL gives back the runtime's own. The runtime's own counts
// the signals to a CPU in its struct cpu and ends its wait; anything else it prints and ends the program.
void interrupt_set(unsigned class, interrupt_handler *handler);

// The runtime's own handler of external interruptions, for handlers that do not want all of them.
void interrupt_external_default(struct interrupt_frame *frame);

// Writes the new PSWs of a CPU.
void interrupt_prepare(struct lowcore *lowcore);

#endif
