// SPDX-License-Identifier: Apache-2.0
// What is to happen at which simulated time in a run: commands, cuts at which somebody wants to see the
// boards, and the system controller's operations. It knows no process: whoever drives the boards asks where
// to stop, and at a cut what to do there, one thing after another.
//
//     stop = agenda_stop(), wanted = agenda_wanted()      run until then
//     agenda_cut()                                        all stand still
//     while ((wish = agenda_next()) != AGENDA_GO)
//         AGENDA_LOOK     ask the boards, then agenda_looked()
//         AGENDA_REGROUP  regroup, then agenda_regrouped()
//         AGENDA_ORDERS   give the orders, then agenda_ordered()
#ifndef NP_COORDINATOR_PARTITION_AGENDA_H
#define NP_COORDINATOR_PARTITION_AGENDA_H

#include "coordinator/partition/system_controller.h"
#include "proto/base/progress.h"

struct agenda_command {
    sim_time at;
    bool types; // `line` is typed at a console; else `command` is given
    struct sc_command command;
    struct sc_line line;
    uint64_t ticket; // of who waits for the answer; 0: it stands in the scenario
};

struct agenda_hooks {
    void *self;
    // A command or line with a ticket was begun (or refused). NULL: nobody waits.
    void (*answer)(void *self, uint64_t ticket, const struct err *outcome, uint64_t operation);
    void (*planned)(void *self, uint64_t ticket, const struct err *outcome, const struct sc_plan *plan);
    void (*event)(void *self, const struct sc_event *event, const struct sc_operation *operation);
    // The next time at which all boards are to be looked at, later than those that were shown, and how they
    // stand then: one view per board of the machine. NULL: never.
    sim_time (*next_sample)(void *self);
    void (*sample)(void *self, sim_time at, const struct board_view *views);
};

struct agenda;

// The machine must outlive it. commands: ascending by time, copied. hooks may be NULL, and each of them.
struct agenda *agenda_new(const struct machine *machine, const struct agenda_command *commands, uint32_t n,
                          const struct agenda_hooks *hooks);
void agenda_free(struct agenda *agenda);

struct sc *agenda_sc(struct agenda *agenda);

// The next time at which all groups must stand still; SIM_NEVER: none. And the reports that are waited for,
// at most PARTITIONS_MAX; returns how many.
sim_time agenda_stop(const struct agenda *agenda);
uint32_t agenda_wanted(const struct agenda *agenda, struct wanted_reports wanted[PARTITIONS_MAX]);

// A command of somebody outside, for a time at or beyond all that has been granted: after those of that time
// which are there. ticket: not 0.
void agenda_add(struct agenda *agenda, sim_time at, const struct sc_command *command, uint64_t ticket);
void agenda_type(struct agenda *agenda, sim_time at, const struct sc_line *line, uint64_t ticket); // likewise
void agenda_plan(struct agenda *agenda, const struct sc_command *command, uint64_t ticket); // at the next cut

// All groups stand still; `reached`: all that simulate anything stand at that time, or SIM_NEVER where they
// stand at different ones.
void agenda_cut(struct agenda *agenda, const struct group_progress *groups, uint32_t n, sim_time reached);

enum agenda_wish { AGENDA_GO, AGENDA_LOOK, AGENDA_REGROUP, AGENDA_ORDERS };

struct agenda_look {
    bool take[BOARDS_MAX], view[BOARDS_MAX];
    bool lines;      // views count lines
    uint16_t tables; // or NO_BOARD
};

enum agenda_wish agenda_next(struct agenda *agenda);
void agenda_look(const struct agenda *agenda, struct agenda_look *look);

// The answer. Reports in any order, views of the boards asked for; tables: taken over, malloc'ed.
void agenda_looked(struct agenda *agenda, const struct report *reports, uint32_t n_reports,
                   const struct board_view *views, uint32_t n_views, uint8_t *tables, uint64_t n_tables);

// The groups from `at` on, and the orders, which remain the agenda's; and when they are done with.
const uint32_t *agenda_groups(const struct agenda *agenda, sim_time *at);
void agenda_regrouped(struct agenda *agenda);
struct order *agenda_orders(struct agenda *agenda, uint32_t *n);
void agenda_ordered(struct agenda *agenda);

// How a board stood when it was last looked at; a hook may ask for boards of the operation that it hears of.
const struct board_view *agenda_view(const struct agenda *agenda, uint16_t board);

const struct agenda_command *agenda_left(const struct agenda *agenda, uint32_t *n); // not begun

// The run has ended: commands and plans with tickets that are left are answered with *why (NULL: ERR_OVER,
// with the advice to run for longer).
void agenda_over(struct agenda *agenda, const struct err *why);

// Saved with a run, also in the middle of operations; loading needs a fresh one of the same machine. A
// scenario with other commands than the saved one's is refused.
void agenda_state(struct agenda *agenda, struct archive *ar);

#endif
