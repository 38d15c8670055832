// SPDX-License-Identifier: Apache-2.0
// The one order for everything that could tie: (time, destination component, source component, source's
// sequence). A component is something that acts: a CPU, a home, a port. It alone numbers what it causes, so
// that the order is a property of the machine and not of the processes that simulate it.
#ifndef NP_PROTO_BASE_KEY_H
#define NP_PROTO_BASE_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/time.h"

// (board << 8) | unit. Boards are numbered over the whole complex in the order of the scenario file.
typedef uint32_t component_id;

// Units of a board. CPUs follow one another from UNIT_CPU0.
enum unit {
    UNIT_PORT = 0,     // crossbar port: egress and ingress
    UNIT_HOME = 1,     // memory and its directory
    UNIT_AGENT = 2,    // board cache controller
    UNIT_BUS = 3,      // order point of the board
    UNIT_FAULT = 4,    // planned machine faults
    UNIT_ADAPTER = 5,  // timed-link adapter
    UNIT_SERVICE = 6,  // service element (consoles), on the first board of a partition with a guest
    UNIT_FIRMWARE = 7, // what firmware and operating system do while a partition changes
    UNIT_CPU0 = 16
};

struct order_key {
    sim_time time;
    component_id dst, src;
    uint64_t seq; // from 0, assigned by src
};

static inline component_id component(unsigned board, unsigned unit)
{
    return (component_id)(board << 8 | unit);
}

static inline unsigned component_board(component_id id)
{
    return id >> 8;
}

static inline unsigned component_unit(component_id id)
{
    return id & 0xff;
}

static inline bool key_before(const struct order_key *a, const struct order_key *b)
{
    if (a->time != b->time)
        return a->time < b->time;
    uint64_t aa = (uint64_t)a->dst << 32 | a->src, bb = (uint64_t)b->dst << 32 | b->src;
    return aa != bb ? aa < bb : a->seq < b->seq;
}

#endif
