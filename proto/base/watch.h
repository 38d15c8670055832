// SPDX-License-Identifier: Apache-2.0
// Watched lines: what a board records of them. A record is an observation beside the simulation: it changes
// no result and is no state.
#ifndef NP_PROTO_BASE_WATCH_H
#define NP_PROTO_BASE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/key.h"

#define WATCH_LINES_MAX  4u     // of one run
#define WATCH_EVENTS_MAX 10000u // kept of each line by each board: the oldest
#define WATCH_CHUNK_MAX  4096u  // in one message of the control plane
#define WATCH_WHAT_SIZE  32u    // "IM_AD -> SM_AD", "Fwd-GetS", including the final NUL

// A line of a partition, by its real address.
struct watch_line {
    uint32_t partition;
    uint64_t line;
};

struct watch_list {
    uint32_t n;
    struct watch_line lines[WATCH_LINES_MAX];
};

// X(enumerator, name in results.json)
#define WATCH_UNITS(X)                                                                                       \
    X(WATCH_CACHE, "cache") /* the board cache's controller */                                               \
    X(WATCH_HOME, "home")   /* the directory */                                                              \
    X(WATCH_GATE, "gate")   /* the gate behind the port, which answers for boards that it hides */           \
    X(WATCH_L1, "l1")

enum watch_unit {
#define X(name, text) name,
    WATCH_UNITS(X)
#undef X
        WATCH_UNIT_COUNT
};

enum watch_kind { WATCH_STATE, WATCH_SEND, WATCH_RECEIVE, WATCH_KIND_COUNT };

struct watch_event {
    struct order_key key; // of the board's event in which it happened; key.time is when
    uint8_t unit;         // enum watch_unit: what changed, sent or received
    uint8_t l1;           // unit L1: CPU x 2 + (0 data or unified, 1 instruction)
    uint8_t kind;         // enum watch_kind
    bool data;            // message: carries a line
    uint8_t peer_unit;    // message: of the other end
    uint16_t peer;        // message: board of the other end
    uint64_t seq;         // message: its sender's sequence, equal at both ends
    char what[WATCH_WHAT_SIZE];
};

const char *watch_unit_name(enum watch_unit unit);

// The unit of a component that sends or receives messages.
enum watch_unit watch_unit_of(component_id id);

#endif
