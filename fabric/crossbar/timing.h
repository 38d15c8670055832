// SPDX-License-Identifier: Apache-2.0
// Times of the crossbar that both the boards and the conductor rely on: they follow from the machine
// description alone.
#ifndef NP_FABRIC_CROSSBAR_TIMING_H
#define NP_FABRIC_CROSSBAR_TIMING_H

#include <stdbool.h>

#include "proto/base/machine.h"

// How long a message occupies a lane of a board's port, each way: header and, with `data`, one line.
static inline sim_time crossbar_transfer(const struct board_params *params, bool data)
{
    uint64_t bytes = params->header_bytes + (data ? params->line_bytes : 0);
    return sim_transfer_time(bytes, params->port_bytes_per_s);
}

// The least time from a board's start of egress to its arrival at another board: a header's transfer and the
// flight.
static inline sim_time crossbar_lookahead(const struct machine *machine, unsigned board)
{
    const struct board_desc *desc = &machine->boards[board];
    return crossbar_transfer(&desc->params, false) + machine->systems[desc->system].flight;
}

// The least time from an arrival (start of ingress) to the start of an egress that it may cause: the home or
// the board cache controller has to look at it first.
static inline sim_time crossbar_turnaround(const struct board_params *params)
{
    return crossbar_transfer(params, false) + sim_min(params->home_occupancy, params->agent_latency);
}

#endif
