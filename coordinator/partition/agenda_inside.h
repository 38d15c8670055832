// SPDX-License-Identifier: Apache-2.0
// What the files of the agenda share; nothing else includes it.
#ifndef NP_COORDINATOR_PARTITION_AGENDA_INSIDE_H
#define NP_COORDINATOR_PARTITION_AGENDA_INSIDE_H

#include "coordinator/partition/agenda.h"

#define AGENDA_EVENTS_MAX   200000u // kept for results; a move tells some fifty
#define AGENDA_COMMANDS_MAX 100000u
#define AGENDA_SAMPLES_MAX  100000u // times

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
    sim_time interval, next_sample;
    uint32_t n_times;
    struct agenda_sample *samples; // owned; n_times x partitions
    uint32_t n_events;
    struct sc_event *events; // owned
    // Sums of partitions, and what boards had counted when they were last looked at.
    uint64_t accesses[PARTITIONS_MAX], work[PARTITIONS_MAX];
    uint64_t accesses_of[BOARDS_MAX], work_of[BOARDS_MAX];

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

// agenda_samples.c: counts what the board has done since it was last looked at for the partition that it is
// in.
void agenda_count(struct agenda *agenda, const struct board_view *view);
void agenda_note(struct agenda *agenda, sim_time at); // a sample

struct sc_machine agenda_machine(struct agenda *agenda);

#endif
