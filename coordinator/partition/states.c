// SPDX-License-Identifier: Apache-2.0
// States of boards and domains, from their tables.
#include "coordinator/partition/states.h"

#include "coordinator/partition/words.h"
#include "proto/base/assert.h"

enum answer { NO, YES, ANY };
enum test_rule { PASSED, TESTED, TESTING };

static const struct {
    enum sc_assignment assignment;
    enum sc_receptacle receptacle;
    enum sc_occupant occupant;
    enum answer powered;
    enum test_rule test;
    enum answer offline;
} states[] = {
#define BOARD_STATE(state, assignment, receptacle, occupant, powered, test, offline)                         \
    [state] = {assignment, receptacle, occupant, powered, test, offline},
#define BOARD_MOVE(from, event, to)
#include "coordinator/partition/board_states.def"
};

static const struct {
    enum board_state from;
    enum board_event event;
    enum board_state to;
} moves[] = {
#define BOARD_STATE(state, assignment, receptacle, occupant, powered, test, offline)
#define BOARD_MOVE(from, event, to) {from, event, to},
#include "coordinator/partition/board_states.def"
};

static const struct {
    enum sc_position position;
    enum sc_domain_state state;
} domain_at[] = {
#define DOMAIN_AT(position, state) {position, state},
#define DOMAIN_MOVE(from, to)
#include "coordinator/partition/domain_states.def"
};

static const struct {
    enum sc_domain_state from, to;
} domain_moves[] = {
#define DOMAIN_AT(position, state)
#define DOMAIN_MOVE(from, to) {from, to},
#include "coordinator/partition/domain_states.def"
};

static bool agrees(enum answer want, bool have)
{
    return want == ANY || (want == YES) == have;
}

static bool test_agrees(enum test_rule want, enum sc_test have)
{
    switch (want) {
    case PASSED:
        return have == SC_TEST_PASSED;
    case TESTING:
        return have == SC_TEST_UNDER_TEST;
    case TESTED:
        return have != SC_TEST_UNDER_TEST;
    }
    return false;
}

enum board_state board_state_of(const struct sc_board *board)
{
    for (unsigned i = 0; i < NP_ARRAY_LEN(states); i++)
        if (states[i].assignment == board->assignment && states[i].receptacle == board->receptacle &&
            states[i].occupant == board->occupant && agrees(states[i].powered, board->powered) &&
            test_agrees(states[i].test, board->test) && agrees(states[i].offline, board->offline))
            return (enum board_state)i;
    return BOARD_IMPOSSIBLE;
}

enum board_state board_state_after(enum board_state from, enum board_event event)
{
    for (unsigned i = 0; i < NP_ARRAY_LEN(moves); i++)
        if (moves[i].from == from && moves[i].event == event)
            return moves[i].to;
    return BOARD_IMPOSSIBLE;
}

bool domain_state_fits(enum sc_position position, enum sc_domain_state state)
{
    for (unsigned i = 0; i < NP_ARRAY_LEN(domain_at); i++)
        if (domain_at[i].position == position && domain_at[i].state == state)
            return true;
    return false;
}

bool domain_state_follows(enum sc_domain_state from, enum sc_domain_state to)
{
    for (unsigned i = 0; i < NP_ARRAY_LEN(domain_moves); i++)
        if (domain_moves[i].from == from && domain_moves[i].to == to)
            return true;
    return false;
}

// The fields that a state determines; `powered` and `test` are the event's where the state leaves them open.
static void enter(struct sc_board *board, enum board_state state)
{
    board->assignment = states[state].assignment;
    board->receptacle = states[state].receptacle;
    board->occupant = states[state].occupant;
    board->offline = states[state].offline == YES;
    if (board->assignment == SC_AVAILABLE_BOARD)
        board->partition = board->next_partition = NO_PARTITION;
}

static void happen(struct sc_board *board, enum board_event event)
{
    switch (event) {
    case EV_POWER_ON:
        board->powered = true;
        break;
    case EV_POWER_OFF:
        board->powered = false;
        board->test = SC_TEST_UNKNOWN; // it may come back as another
        break;
    case EV_TEST:
        board->test = SC_TEST_UNDER_TEST;
        break;
    case EV_PASSED:
        board->test = SC_TEST_PASSED;
        break;
    case EV_FAILED:
        board->test = SC_TEST_FAILED;
        break;
    default:
        break;
    }
}

static const char *event_text(enum board_event event)
{
    static const char *const texts[] = {
        [EV_ASSIGN] = "assigned",          [EV_REASSIGN] = "assigned",      [EV_UNASSIGN] = "available",
        [EV_POWER_ON] = "powered on",      [EV_POWER_OFF] = "powered off",  [EV_TEST] = "under test",
        [EV_PASSED] = "passed its test",   [EV_FAILED] = "failed its test", [EV_CONNECT] = "connected",
        [EV_DISCONNECT] = "disconnected",  [EV_CONFIGURE] = "configured",   [EV_UNCONFIGURE] = "unconfigured",
        [EV_OFFLINE] = "CPUs are offline", [EV_ONLINE] = "CPUs are online", [EV_HALT] = "halted",
    };
    return texts[event];
}

void states_board(struct sc *sc, struct operation *op, sim_time at, uint16_t board, enum board_event event,
                  uint32_t partition)
{
    struct sc_board *b = &sc->boards[board];
    enum board_state to = board_state_after(board_state_of(b), event);
    NP_ASSERT(to != BOARD_IMPOSSIBLE);
    uint32_t was = b->partition;
    happen(b, event);
    enter(b, to);
    b->tables &= event != EV_DISCONNECT && event != EV_UNASSIGN && event != EV_REASSIGN;
    if (event == EV_ASSIGN || event == EV_REASSIGN)
        b->partition = b->next_partition = partition;
    NP_ASSERT(board_state_of(b) == to);
    event_tell(sc, op, at, "state", board, b->partition == NO_PARTITION ? was : b->partition, "%s: %s",
               sc_board_name(sc, board), event_text(event));
}

void states_domain(struct sc *sc, struct operation *op, sim_time at, uint32_t partition,
                   enum sc_domain_state state)
{
    struct sc_partition *p = &sc->partitions[partition];
    if (p->state == state)
        return;
    NP_ASSERT(domain_state_follows(p->state, state) && domain_state_fits(p->position, state));
    p->state = state;
    event_tell(sc, op, at, "state", NO_BOARD, partition, "%s: %s", sc_partition_name(sc, partition),
               sc_domain_state_name(state));
}
