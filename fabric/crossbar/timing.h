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

// The least time from a board's start of egress to the arrival at another board of its system: a header's
// transfer and the flight between the two.
static inline sim_time crossbar_lookahead(const struct machine *machine, unsigned from, unsigned to)
{
    const struct board_desc *desc = &machine->boards[from];
    return crossbar_transfer(&desc->params, false) + system_flight(&machine->systems[desc->system], from, to);
}

// The same to the nearest other board of its partition. SIM_NEVER for a board that is alone there, or free:
// it has nobody to send to.
static inline sim_time crossbar_lookahead_least(const struct machine *machine, unsigned board)
{
    sim_time least = SIM_NEVER;
    uint32_t number = machine->boards[board].partition;
    if (number == NO_PARTITION)
        return least;
    const struct partition_desc *partition = &machine->partitions[number];
    for (uint32_t i = 0; i < partition->n_boards; i++)
        if (partition->boards[i] != board)
            least = sim_min(least, crossbar_lookahead(machine, board, partition->boards[i]));
    return least;
}

// The least time from an arrival (start of ingress) to the start of an egress that it may cause: the home or
// the board cache controller has to look at it first.
static inline sim_time crossbar_turnaround(const struct board_params *params)
{
    return crossbar_transfer(params, false) + sim_min(params->home_occupancy, params->agent_latency);
}

#endif
