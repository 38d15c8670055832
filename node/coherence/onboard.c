// SPDX-License-Identifier: Apache-2.0
#include "node/coherence/onboard.h"

#include "node/coherence/protocol.h"
#include "proto/base/assert.h"

#define ROW(l1, board, event, next, ...) [l1][board][event] = {true, next, __VA_ARGS__ + 0},

const struct onboard_table onboard_table = {{
#include "node/coherence/onboard.def"
}};

enum board_class onboard_class(unsigned cache_state)
{
    switch (cache_state) {
    case C_S:
    case C_SM_AD:
    case C_SM_A:
    case C_O:
    case C_OM_AC:
    case C_OM_A:
    case C_OM_F:
    case C_OM_AF:
        return B_S;
    case C_E:
        return B_E;
    case C_M:
        return B_M;
    default:
        return B_I;
    }
}

struct onboard_cell onboard_step(const struct onboard_table *table, unsigned l1, unsigned board,
                                 enum onboard_event event)
{
    NP_ASSERT(l1 < L1_STATE_COUNT && board < BOARD_CLASS_COUNT && event < ONBOARD_EVENT_COUNT);
    struct onboard_cell cell = table->cell[l1][board][event];
    if (!cell.possible)
        np_panic("NP0102: no on-board cell for L1 %s, board %s, event %s", l1_state_name(l1),
                 board_class_name(board), onboard_event_name(event));
    return cell;
}

bool onboard_apply(const struct onboard_table *table, struct onboard_view *view, enum onboard_event event,
                   unsigned except)
{
    bool dirty = false;
    for (unsigned i = 0; i < view->n; i++) {
        if (i == except)
            continue;
        struct onboard_cell cell = onboard_step(table, view->l1[i], view->board, event);
        view->l1[i] = cell.next;
        dirty |= cell.action == OA_BOARD_DIRTY;
    }
    return dirty;
}

const char *l1_state_name(unsigned state)
{
    static const char *const names[] = {"I", "S", "E", "M"};
    return state < L1_STATE_COUNT ? names[state] : "?";
}

const char *board_class_name(unsigned board)
{
    return l1_state_name(board);
}

const char *onboard_event_name(unsigned event)
{
    static const char *const names[] = {
#define X(name, text, meaning) text,
        ONBOARD_EVENTS(X)
#undef X
    };
    return event < ONBOARD_EVENT_COUNT ? names[event] : "?";
}

const char *onboard_action_name(unsigned action)
{
    static const char *const names[] = {"-", "hit", "bus", "board dirty"};
    return action < ONBOARD_ACTION_COUNT ? names[action] : "?";
}
