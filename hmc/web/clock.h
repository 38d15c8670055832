// SPDX-License-Identifier: Apache-2.0
// Host time as the console uses it: for expiry, rates and the audit log. Tests bring their own.
#ifndef NP_HMC_WEB_CLOCK_H
#define NP_HMC_WEB_CLOCK_H

#include <stdint.h>

struct web_clock {
    int64_t (*now_ms)(void *self); // since 1970-01-01 UTC
    void *self;
};

static inline int64_t clock_now(const struct web_clock *clock)
{
    return clock->now_ms(clock->self);
}

extern const struct web_clock host_clock;

// "2025-01-31T12:00:00Z"
#define CLOCK_TEXT_BYTES 32
void clock_text(int64_t ms, char text[CLOCK_TEXT_BYTES]);

#endif
