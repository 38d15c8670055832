// SPDX-License-Identifier: Apache-2.0
// What the files of the agenda share; nothing else includes it.
#ifndef NP_COORDINATOR_PARTITION_AGENDA_INSIDE_H
#define NP_COORDINATOR_PARTITION_AGENDA_INSIDE_H

#include "coordinator/partition/agenda.h"

#define AGENDA_COMMANDS_MAX 100000u

struct plan_request {
    struct sc_command command;
    uint64_t ticket;
};

// What a cut is looked at for.
enum reason { FOR_NOTHING, FOR_REPORTS, FOR_SAMPLE, FOR_COMMAND, FOR_PLAN };

struct agenda {
    const struct machine *machine;
    struct agenda_hooks hooks;
    struct sc *sc;
    uint64_t scripted_hash; // of the scenario's commands
    uint32_t n_commands, next_command;
    struct agenda_command *commands; // owned
    uint32_t n_plans;
    struct plan_request *plans; // owned
    // At a cut.
    sim_time reached, now; // now: of what is being looked at
    sim_time time[PARTITIONS_MAX];
    bool reported[PARTITIONS_MAX];
    enum reason reason;
    uint32_t group; // FOR_REPORTS: whose
    bool regroup;
    uint32_t n_orders;
    struct order *orders;     // owned
    struct board_view *views; // BOARDS_MAX; owned
    bool viewed[BOARDS_MAX];
    uint8_t *tables; // owned
    uint64_t n_tables;
};

#endif
