// SPDX-License-Identifier: Apache-2.0
// Threads that are bound to no CPU, and the frames that their pages lie in: the rules of both; part of
// machine_invalid, and of the reader of scenarios.
#ifndef NP_PROTO_BASE_POOL_H
#define NP_PROTO_BASE_POOL_H

#include "proto/base/machine.h"

// Whether a program of this pattern can run as threads that come and go: its members wait for no other member
// and end at no link.
bool pattern_has_threads(enum pattern pattern);

// Frames are used through real addresses: true if each board has some, and all of its memory from
// frames_offset on lies in segments.
bool frames_reachable(const struct machine *machine, const struct partition_desc *partition);

// Frames of a partition, of all its boards.
uint64_t partition_frames(const struct machine *machine, uint32_t partition);

// Pages that the generators of a partition's pools need in all (pages of traces are known to who reads them).
uint64_t pool_pages(const struct machine *machine, uint32_t partition);

// What is wrong with the pools of a machine whose boards and partitions are known to be in range; NULL:
// nothing.
const char *pools_invalid(const struct machine *machine);

#endif
