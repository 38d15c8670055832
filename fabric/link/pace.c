// SPDX-License-Identifier: Apache-2.0
#include "fabric/link/pace.h"

static uint64_t clamp(uint64_t ns)
{
    return ns < PACE_MIN ? PACE_MIN : ns > PACE_MAX ? PACE_MAX : ns;
}

static uint64_t expected(const struct pace *pace)
{
    return pace->smoothed ? clamp(2 * (pace->smoothed + 4 * pace->deviation)) : PACE_FIRST;
}

static void measure(struct pace *pace, uint64_t ns)
{
    if (!pace->smoothed) {
        pace->smoothed = ns;
        pace->deviation = ns / 2;
        return;
    }
    uint64_t off = ns > pace->smoothed ? ns - pace->smoothed : pace->smoothed - ns;
    pace->deviation = (3 * pace->deviation + off) / 4;
    pace->smoothed = (7 * pace->smoothed + ns) / 8;
}

void pace_start(struct pace *pace, uint64_t now)
{
    pace->sent_at = now;
    pace->resent = pace->arrived = false;
    pace->silent = 0;
    pace_sent(pace, now);
}

void pace_sent(struct pace *pace, uint64_t now)
{
    pace->interval = expected(pace);
    pace->ask_at = now + pace->interval;
    pace->silent = 0;
}

void pace_ask(struct pace *pace, uint64_t now)
{
    pace->silent += pace->interval;
    pace->interval = 2 * pace->interval < PACE_MAX ? 2 * pace->interval : PACE_MAX;
    pace->ask_at = now + pace->interval;
}

void pace_busy(struct pace *pace, uint64_t now)
{
    uint64_t interval = expected(pace);
    pace->arrived = true;
    pace->silent = 0;
    pace->interval = interval > PACE_BUSY ? interval : PACE_BUSY;
    pace->ask_at = now + pace->interval;
}

void pace_answered(struct pace *pace, uint64_t now)
{
    uint64_t took = now - pace->sent_at;
    pace->ambiguous = 0;
    if (!pace->resent || pace->arrived)
        measure(pace, took);
    else
        pace->ambiguous = took;
}

void pace_duplicate(struct pace *pace)
{
    if (pace->ambiguous)
        measure(pace, pace->ambiguous);
    pace->ambiguous = 0;
}
