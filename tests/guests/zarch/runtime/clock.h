// SPDX-License-Identifier: Apache-2.0
// How long something took. With the argument clock=off every time is 0, so that nothing in storage or
// registers depends on how fast the machine is.
#ifndef TESTS_GUESTS_ZARCH_RUNTIME_CLOCK_H
#define TESTS_GUESTS_ZARCH_RUNTIME_CLOCK_H

#include "tests/guests/zarch/runtime/arguments.h"
#include "tests/guests/zarch/runtime/cpu.h"

// In units of the TOD clock.
static inline uint64_t clock_now(void)
{
    return options.clock_off ? 0 : clock_read();
}

static inline uint64_t clock_to_ns(uint64_t units)
{
    return units / 512 * 125 + units % 512 * 125 / 512;
}

#endif
