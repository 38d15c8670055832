// SPDX-License-Identifier: Apache-2.0
// timeline.json: what boards did when, in the Trace Event Format that ui.perfetto.dev opens ("Trace Event
// Format", Google, 2016: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU). It
// is written while the run goes on and never held in memory.
//
// Times are simulated, in whole ns. One process per board: a track per CPU with a slice per miss from issue
// to result (name: what served it, as in latency of results.json; args: address, kind of access, exact ps),
// further tracks for what overlaps, nothing of self-tests; counters "home / memory / bus / port out / port in
// busy %" of each interval (a thousandth of the range, rounded up to 1, 2, 5 x 10^n ps; 1 us where no end is
// known), said where they change. One process "HOST node N" per process of the run: its grants from start to
// end in simulated time, so that they line up with what was simulated in them; host_us is what they took of
// the host. Those alone differ from run to run. Boards keep the earliest 50,000 misses and 20,000 changes of
// load, groups 20,000 grants; what is left out is counted under otherData and said on standard error. It is
// no result, and changes none.
#ifndef NP_COORDINATOR_RUN_TIMELINE_H
#define NP_COORDINATOR_RUN_TIMELINE_H

#include <stdio.h>

#include "coordinator/run/folder.h"
#include "coordinator/run/options.h"
#include "coordinator/run/plan.h"
#include "proto/codec/control.h"

// What --timeline asks for; an interval of 0: nothing. ERR_USAGE when the range is malformed or holds no
// time. Busy shares are of a thousandth of the range, rounded up to 1, 2 or 5 times a power of ten; of a
// microsecond where nobody says when the run ends.
enum err_code timeline_resolve(const struct run_command *command, const struct machine *machine,
                               struct timeline_range *range, struct err *err);

#define TIMELINE_TRACKS (CPUS_PER_BOARD_MAX * OUTSTANDING_MAX)

struct timeline_file {
    FILE *out; // NULL: no timeline
    char path[PATH_MAX_BYTES + 64], temporary[PATH_MAX_BYTES + 80];
    const struct machine *machine; // borrowed
    const struct plan *plan;       // borrowed
    bool named[BOARDS_MAX][TIMELINE_TRACKS];
    uint64_t named_grants[NODES_MAX][GROUPS_MAX]; // bit per member
    uint64_t events;
    uint64_t dropped[BOARDS_MAX]; // records that boards did not keep
    uint64_t dropped_grants;
};

// Begins the file under a temporary name.
enum err_code timeline_open(struct timeline_file *file, const struct run_folder *folder,
                            const struct machine *machine, const struct plan *plan, struct err *err);

// Writes what process `host` (the nodes, then the fabric) reports. ERR_DAMAGED_MESSAGE when the board is not
// its own.
enum err_code timeline_add(struct timeline_file *file, uint32_t host, const struct control_timeline *chunk,
                           struct err *err);

// Ends the file and gives it its name. ERR_FILE, ERR_DISK_FULL: it could not be written whole.
enum err_code timeline_finish(struct timeline_file *file, struct err *err);

// Says on `out` which boards recorded more than they keep, and what to do; nothing when none did.
void timeline_warn(const struct timeline_file *file, FILE *out);

// Closes a file that was not finished, and removes it unless it is to be kept.
void timeline_drop(struct timeline_file *file, bool keep);

#endif
