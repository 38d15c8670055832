// SPDX-License-Identifier: Apache-2.0
// A machine as consoles see it: made from its description, the system controller, and how boards stood when
// they were last looked at. And the words of consoles as the system controller's.
#ifndef NP_COORDINATOR_CONTROL_MACHINE_VIEW_H
#define NP_COORDINATOR_CONTROL_MACHINE_VIEW_H

#include "coordinator/control/throughput.h"
#include "coordinator/partition/system_controller.h"
#include "proto/base/progress.h"
#include "proto/codec/api.h"

struct machine_view {
    const struct machine *machine;
    const struct sc *sc;
    const struct board_view *views;      // [board]; partition and numbers as last looked at
    const bool *seen;                    // [board]: it has been looked at
    const struct group_progress *groups; // [partition]
    const struct throughput *work;       // what partitions have done
};

// Systems, partitions, boards and operations of a zeroed snapshot.
void machine_view_fill(const struct machine_view *view, struct api_snapshot *snapshot);

// How far a partition has come, which may run in another's group for a while.
sim_time machine_view_time(const struct machine_view *view, uint32_t partition);

// A sample of all boards that have been looked at; the caller frees it.
void machine_view_sample(const struct machine_view *view, struct api_sample *sample);

void machine_view_event(const struct machine_view *view, const struct sc_event *event, struct api_event *to);
void machine_view_plan(const struct machine *machine, const struct sc_plan *plan, struct api_plan *to);

// Names become numbers. ERR_UNKNOWN_NAME: there is none such; ERR_REQUEST: the verb needs what is missing.
enum err_code machine_view_command(const struct machine *machine, const struct api_command *command,
                                   const char *user, struct sc_command *to, struct err *err);
enum err_code machine_view_partition(const struct machine *machine, const char *name, uint32_t *partition,
                                     struct err *err);

#endif
