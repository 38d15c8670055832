// SPDX-License-Identifier: Apache-2.0
// A board's timeline: its CPUs' misses from issue to result, and how busy its parts were in each interval. A
// board without one pays a predictable branch per event and per miss.
#ifndef NP_NODE_BOARD_TIMELINE_H
#define NP_NODE_BOARD_TIMELINE_H

#include "proto/base/results.h"
#include "proto/base/timeline.h"

struct board;
struct cpu;
struct pending;
struct timeline;

// NULL when the range asks for none.
struct timeline *timeline_new(const struct timeline_range *range);
void timeline_free(struct timeline *timeline);

// Before an event: completes the intervals that have ended.
void timeline_event(struct board *board);

// struct cpu's `missed`.
void timeline_miss(struct cpu *cpu, const struct pending *pending, sim_time done_at, enum served served);

#endif
