// SPDX-License-Identifier: Apache-2.0
#include "coordinator/machine/lookahead.h"

sim_time lookahead_of_partition(const struct machine *machine, uint32_t partition)
{
    const struct partition_desc *p = &machine->partitions[partition];
    sim_time least = SIM_NEVER;
    for (uint32_t i = 0; p->n_boards > 1 && i < p->n_boards; i++) {
        const struct board_params *b = &machine->boards[p->boards[i]].params;
        least = sim_min(least, sim_transfer_time(b->header_bytes, b->port_bytes_per_s));
    }
    return sim_add(least, machine->systems[p->system].flight);
}

// One crossing: out of a port, over, and into the next.
static sim_time hop(const struct board_params *b, sim_time flight, uint32_t bytes)
{
    return 2 * sim_transfer_time(bytes, b->port_bytes_per_s) + flight;
}

struct unloaded unloaded_latencies(const struct board_params *board, sim_time flight)
{
    const struct board_params *b = board;
    sim_time bus = b->bus_order + b->bus_return;
    sim_time memory = b->home_occupancy + b->memory_latency; // its bandwidth only spaces accesses
    sim_time short_hop = hop(b, flight, b->header_bytes),
             long_hop = hop(b, flight, b->header_bytes + b->line_bytes);
    return (struct unloaded){
        .l1 = b->l1.latency,
        .board = bus + b->l2.latency,
        .local = bus + b->agent_latency + 2 * b->local_latency + memory,
        .remote = bus + b->agent_latency + short_hop + memory + long_hop,
        .remote_dirty = bus + 2 * b->agent_latency + 2 * short_hop + b->home_occupancy + long_hop,
    };
}
