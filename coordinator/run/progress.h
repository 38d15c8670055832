// SPDX-License-Identifier: Apache-2.0
// The line on the terminal that says how far a run is.
#ifndef NP_COORDINATOR_RUN_PROGRESS_H
#define NP_COORDINATOR_RUN_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/progress.h"

struct progress {
    bool shown;       // standard error is a terminal, and quiet was not asked for
    bool on_line;     // something stands there now
    bool held;        // not now: the terminal's line is somebody else's
    sim_time until;   // SIM_NEVER: no end is known
    sim_time from;    // where the run began (a continued one not at 0)
    uint64_t before;  // accesses before it began
    int64_t began_us; // host time of the first report
    int64_t last_us;  // of the last that was shown
};

void progress_init(struct progress *progress, sim_time until, bool quiet);

// For drive_config.progress; self is a struct progress.
void progress_show(void *self, const struct group_progress *groups, uint32_t n);

// Shows a line of printf form instead; nothing when the progress is not shown.
__attribute__((format(printf, 2, 3))) void progress_say(struct progress *progress, const char *fmt, ...);

void progress_clear(struct progress *progress); // makes the line empty again

// The text of the line: simulated time (of the group that is furthest behind and still runs), share of the
// whole when the end is known, speed, accesses per second, time left. `seconds` of host time since `progress`
// began. Returns `text`.
const char *progress_text(const struct progress *progress, const struct group_progress *groups, uint32_t n,
                          double seconds, char *text, size_t size);

#endif
