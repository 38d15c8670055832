// SPDX-License-Identifier: Apache-2.0
// The third table: coherence inside a board, over (state of an L1's line, state of the board's line).
#ifndef NP_NODE_COHERENCE_ONBOARD_H
#define NP_NODE_COHERENCE_ONBOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/limits.h"

enum l1_state { L_I, L_S, L_E, L_M, L1_STATE_COUNT };

// What a board state means to its L1s.
enum board_class { B_I, B_S, B_E, B_M, BOARD_CLASS_COUNT };

#define ONBOARD_EVENTS(X)                                                                                    \
    X(L_LOAD, "load", "its CPU reads")                                                                       \
    X(L_STORE, "store", "its CPU writes")                                                                    \
    X(L_FILL_SHARED, "fill-shared", "its load reached the bus, others hold it")                              \
    X(L_FILL_ALONE, "fill-alone", "its load reached the bus, no other L1 holds it")                          \
    X(L_FILL_STORE, "fill-store", "its store reached the bus")                                               \
    X(L_OTHER_LOAD, "other-load", "another L1's load reached the bus")                                       \
    X(L_OTHER_STORE, "other-store", "another L1's store reached the bus")                                    \
    X(L_DOWN, "down", "another board will read")                                                             \
    X(L_INV, "inv", "the board gives the line up")                                                           \
    X(L_EVICT, "evict", "the L1 needs the way")

enum onboard_event {
#define X(name, text, meaning) name,
    ONBOARD_EVENTS(X)
#undef X
        ONBOARD_EVENT_COUNT
};

enum onboard_action { OA_NONE, OA_HIT, OA_BUS, OA_BOARD_DIRTY, ONBOARD_ACTION_COUNT };

struct onboard_cell {
    bool possible;
    uint8_t next;   // enum l1_state
    uint8_t action; // enum onboard_action
};

struct onboard_table {
    struct onboard_cell cell[L1_STATE_COUNT][BOARD_CLASS_COUNT][ONBOARD_EVENT_COUNT];
};

extern const struct onboard_table onboard_table;

// The class of a board state (enum cache_state) as its L1s see it. States without permission are B_I.
enum board_class onboard_class(unsigned cache_state);

// The L1s of one board that hold a line, gathered by whoever owns their tags.
struct onboard_view {
    uint8_t board; // enum board_class
    uint8_t n;     // holders
    uint8_t l1[L1S_PER_BOARD_MAX];
};

// Applies `event` to every holder of the view except number `except` (or none when except >= n). Returns true
// when the board must become M because an L1 had written silently. A cell that is not possible stops the run.
bool onboard_apply(const struct onboard_table *table, struct onboard_view *view, enum onboard_event event,
                   unsigned except);

// One L1's step. Returns the cell; stops the run when there is none.
struct onboard_cell onboard_step(const struct onboard_table *table, unsigned l1, unsigned board,
                                 enum onboard_event event);

const char *l1_state_name(unsigned state);
const char *board_class_name(unsigned board);
const char *onboard_event_name(unsigned event);
const char *onboard_action_name(unsigned action);

#endif
