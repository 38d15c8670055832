// SPDX-License-Identifier: Apache-2.0
// The way of one load through the machine, part by part: what `numaplex where` explains, and what the
// unloaded latencies of `numaplex check` are the sums of. Each part is a figure or follows from some; the
// board's code (node/board) charges the same, and tests hold the two together.
#ifndef NP_COORDINATOR_MACHINE_PATH_H
#define NP_COORDINATOR_MACHINE_PATH_H

#include "proto/base/machine.h"

#define PATH_PARTS_MAX 32
#define NO_OWNER_BOARD UINT32_MAX

struct path_part {
    const char *what; // static text
    uint32_t board;   // where it is spent; the source of what is under way
    sim_time time;
};

struct path {
    uint32_t n;
    struct path_part parts[PATH_PARTS_MAX];
    uint32_t crossings; // of the crossbar, one after another
    sim_time sum;
};

// A load by a CPU of board `from` that misses all caches: the line's home is board `home`, nobody has it.
// Boards are complex-wide numbers of one partition.
void path_clean(const struct machine *machine, uint32_t from, uint32_t home, struct path *path);

// The same with the line dirty in the cache of board `owner`, which is not `from`.
void path_dirty(const struct machine *machine, uint32_t from, uint32_t home, uint32_t owner,
                struct path *path);

#endif
