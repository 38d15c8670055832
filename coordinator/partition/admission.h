// SPDX-License-Identifier: Apache-2.0
// The parts of admission, which decides about a command.
#ifndef NP_COORDINATOR_PARTITION_ADMISSION_H
#define NP_COORDINATOR_PARTITION_ADMISSION_H

#include "coordinator/partition/controller.h"

void admission_take(struct operation *op, enum step step); // the next step

// Whether an active board may leave a partition that goes on: its CPUs, its memory.
enum err_code admission_leave(struct sc *sc, struct operation *op, struct err *err);

// Commands for whole domains.
enum err_code admission_keyswitch(struct sc *sc, struct operation *op, struct err *err);
enum err_code admission_reboot(struct sc *sc, struct operation *op, struct err *err);

// Pages that the domain has in frames of its boards, or had when it was halted.
uint64_t admission_pages(const struct sc *sc, uint32_t partition);

// Whether the domain can run on these boards (bit per board of its system), which begins it anew: its
// programs' memory, its pages, its threads.
enum err_code admission_boot(const struct sc *sc, uint32_t partition, uint64_t members, struct err *err);

// A cell that changes its nPartition only with a reboot for reconfiguration.
bool sc_is_base_cell(const struct sc *sc, uint16_t board);

#endif
