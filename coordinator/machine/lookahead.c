// SPDX-License-Identifier: Apache-2.0
#include "coordinator/machine/lookahead.h"

#include "coordinator/machine/path.h"
#include "fabric/crossbar/timing.h"

sim_time lookahead_of_partition(const struct machine *machine, uint32_t partition)
{
    const struct partition_desc *p = &machine->partitions[partition];
    sim_time least = SIM_NEVER;
    for (uint32_t i = 0; i < p->n_boards; i++)
        least = sim_min(least, crossbar_lookahead_least(machine, p->boards[i]));
    return least;
}

// Two machines of three boards like the one asked about: on one crossbar, and each on its own.
static sim_time walk(const struct machine *machine, uint32_t from, uint32_t home, uint32_t owner)
{
    struct path path;
    if (owner == NO_OWNER_BOARD)
        path_clean(machine, from, home, &path);
    else
        path_dirty(machine, from, home, owner, &path);
    return path.sum;
}

struct unloaded unloaded_latencies(const struct board_params *board, const struct system_desc *system)
{
    struct system_desc trio = *system;
    struct board_desc boards[3];
    for (uint32_t i = 0; i < 3; i++)
        boards[i] = (struct board_desc){.params = *board};
    struct machine machine = {.systems = &trio, .boards = boards, .n_boards = 3, .n_systems = 1};
    trio.first_board = 0; // its protocol stays: it decides how a dirty line is found
    trio.boards_per_crossbar = 0;
    struct unloaded u = {.l1 = board->l1.latency,
                         .board = board->bus_order + board->l2.latency + board->bus_return,
                         .local = walk(&machine, 0, 0, NO_OWNER_BOARD),
                         .remote = walk(&machine, 0, 1, NO_OWNER_BOARD),
                         .remote_dirty = walk(&machine, 0, 1, 2)};
    if (system->boards_per_crossbar == 0)
        return u;
    trio.boards_per_crossbar = 1;
    u.far = walk(&machine, 0, 1, NO_OWNER_BOARD);
    u.far_dirty = walk(&machine, 0, 1, 2);
    return u;
}
