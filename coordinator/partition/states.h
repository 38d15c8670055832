// SPDX-License-Identifier: Apache-2.0
// The state tables as functions. board_states.def and domain_states.def say what the states mean.
#ifndef NP_COORDINATOR_PARTITION_STATES_H
#define NP_COORDINATOR_PARTITION_STATES_H

#include "coordinator/partition/controller.h"

enum board_state {
#define BOARD_STATE(state, assignment, receptacle, occupant, powered, test, offline) state,
#define BOARD_MOVE(from, event, to)
#include "coordinator/partition/board_states.def"
    BOARD_IMPOSSIBLE // in no row of the table
};

enum board_state board_state_of(const struct sc_board *board);

// BOARD_IMPOSSIBLE: the event cannot happen in that state.
enum board_state board_state_after(enum board_state from, enum board_event event);

bool domain_state_fits(enum sc_position position, enum sc_domain_state state);
bool domain_state_follows(enum sc_domain_state from, enum sc_domain_state to);

#endif
