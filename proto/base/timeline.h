// SPDX-License-Identifier: Apache-2.0
// A timeline: what a board did when, for pictures. An observation beside the simulation: it changes no result
// and is no state.
#ifndef NP_PROTO_BASE_TIMELINE_H
#define NP_PROTO_BASE_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/time.h"

#define TIMELINE_MISSES_MAX 50000u // of each board: the earliest; some 150 bytes of text each
#define TIMELINE_SHARES_MAX 20000u // changes of a busy share, likewise
#define TIMELINE_GRANTS_MAX 20000u // of each process and sync group, likewise
#define TIMELINE_CHUNK_MAX  16384u // records in one message of the control plane

// What is recorded: nothing when interval is 0, else what begins in from .. until (not included). Busy shares
// are of every `interval` of simulated time, counted from 0.
struct timeline_range {
    sim_time from, until, interval;
};

// X(enumerator, name of its counter track)
#define TIMELINE_RESOURCES(X)                                                                                \
    X(RESOURCE_HOME, "home")                                                                                 \
    X(RESOURCE_MEMORY, "memory")                                                                             \
    X(RESOURCE_BUS, "bus")                                                                                   \
    X(RESOURCE_PORT_OUT, "port out")                                                                         \
    X(RESOURCE_PORT_IN, "port in")

enum timeline_resource {
#define X(name, text) name,
    TIMELINE_RESOURCES(X)
#undef X
        RESOURCE_COUNT
};

const char *timeline_resource_name(enum timeline_resource resource);

enum timeline_kind {
    TIMELINE_MISS,  // an access from issue to result
    TIMELINE_SHARE, // a resource's busy share from `start` on, until the next one of it
    TIMELINE_GRANT, // a grant of a sync group
    TIMELINE_KIND_COUNT
};

struct timeline_record {
    sim_time start, end; // share: end is start
    uint64_t value;      // miss: real address; share: tenths of a per cent; grant: host time spent, ns
    uint8_t kind;        // enum timeline_kind
    uint8_t what;        // miss: enum served; share: enum timeline_resource
    uint8_t access;      // miss: 0 fetch, 1 load, 2 store, 3 atomic
    uint8_t cpu,
        lane; // miss: CPU of the board; which of its accesses under way. Grant: member, 32 x lane + cpu
};
#define TIMELINE_ACCESSES 4u

const char *timeline_access_name(unsigned access);

#endif
