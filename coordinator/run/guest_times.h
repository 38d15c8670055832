// SPDX-License-Identifier: Apache-2.0
// What guests say of their own times: lines of a console that begin with "time:". Understood are
//
//     time: NAME cpus=N us=T
//     time: NAME: T ns on N CPUs, T ns on N, ...        as measure() of tests/guests/zarch prints
//
// with T simulated time of a region NAME that N CPUs executed. All other lines are somebody else's.
#ifndef NP_COORDINATOR_RUN_GUEST_TIMES_H
#define NP_COORDINATOR_RUN_GUEST_TIMES_H

#include <stddef.h>
#include <stdint.h>

#include "proto/base/limits.h"

#define GUEST_TIMES_MAX 512u // beyond that a page would only repeat itself

struct guest_time {
    char name[NAME_MAX_BYTES]; // cut
    uint32_t cpus;             // 1 .. GUEST_CPUS_MAX
    double us;                 // above 0
    double speedup;            // over the fewest CPUs of this name, whose speed-up is their own number
};

struct guest_times {
    size_t n;
    struct guest_time items[GUEST_TIMES_MAX]; // by name in the order of their first lines, then by CPUs
};

// Reads a whole console, any bytes up to a NUL. A later line for the same name and CPUs replaces an earlier
// one.
void guest_times_read(struct guest_times *times, const char *console);

// The same of a file, however large; one that cannot be read has no times.
void guest_times_read_file(struct guest_times *times, const char *path);

#endif
