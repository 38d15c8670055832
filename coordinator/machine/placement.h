// SPDX-License-Identifier: Apache-2.0
// Where the boards of a partition are, as arithmetic on the description.
#ifndef NP_COORDINATOR_MACHINE_PLACEMENT_H
#define NP_COORDINATOR_MACHINE_PLACEMENT_H

#include "proto/base/machine.h"

// Crossbars of a system, and the one of a board.
uint32_t placement_crossbars(const struct system_desc *system);
uint32_t placement_crossbar_of(const struct system_desc *system, uint32_t board);

// Boards that a partition has on a crossbar.
uint32_t placement_boards_on(const struct machine *machine, uint32_t partition, uint32_t crossbar);

// HP's rule for the load of the links between two crossbars, in thousandths: Qx Qy / Qt / L, with Qx and Qy
// boards of the partition on them, Qt boards in all, and L links ([S:HP-RULES] facts 2). Below 1000 is good,
// near 2000 a bottleneck. 0: the partition is not on both.
uint64_t placement_link_load(const struct machine *machine, uint32_t partition, uint32_t x, uint32_t y,
                             uint64_t links);

#endif
