// SPDX-License-Identifier: Apache-2.0
// A whole complex in one process whose partitions change on the way: boards, conductor and system controller
// together in virtual time, as the processes of a run do it.
#ifndef NP_TESTS_LIB_MOVING_RUN_H
#define NP_TESTS_LIB_MOVING_RUN_H

#include "coordinator/partition/agenda.h"
#include "node/host/packed.h"

struct moving_options {
    uint32_t threads; // 0: one
    uint64_t chop;
    bool reference, no_bounds;
    struct watch_list watch;        // lines that boards watch; n 0: none
    struct timeline_range timeline; // interval 0: none
    uint32_t reopen_every;          // so many cuts: saved, and gone on in a fresh complex; 0: never
    sim_time skew;                  // how far groups may be apart; 0: without a limit
    uint64_t grants_every; // a cut whenever so many grants were given, wherever groups stand then; 0: none
    // NULL, or called when the run begins and at each cut; may add commands to the agenda. `at`: a time that
    // nobody has passed.
    void (*at_cut)(void *self, struct agenda *agenda, sim_time at);
    // NULL, or shown each report before the controller has it, which may become another one.
    void (*report)(void *self, struct report *report);
    // NULL, or shown the complex at the end of the run.
    void (*at_end)(void *self, struct packed *packed);
    void *self;
};

struct moving_result {
    struct digest digest, board[BOARDS_MAX]; // of all boards; and each
    uint64_t history;                        // hash of the controller's events, in an order of their own
    uint64_t accesses, checks;
    uint64_t accesses_of[PARTITIONS_MAX];            // of its boards while they were in it
    uint32_t uneven;                                 // boards whose stays do not add up to what they did
    uint32_t cuts, done, refused, failed, under_way; // commands
    uint64_t pages;                                  // that drains have moved
    enum err_code outcome[64];                       // of the first ones
    uint64_t members[PARTITIONS_MAX];                // boards of each partition at the end
    enum pause_reason reason;
    char first_failure[256];
};

// Runs the machine to its end; fails the test program on an error. commands: ascending by time.
void moving_run(const struct machine *machine, const struct agenda_command *commands, uint32_t n,
                const struct moving_options *options, struct moving_result *result);

#endif
