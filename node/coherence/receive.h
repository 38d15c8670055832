// SPDX-License-Identifier: Apache-2.0
// The receive side of a board: what happens between a message's arrival and its cell. A forward whose cell is
// a stall is parked with its line and holds back only later forwards of that line; one queue for all lines
// would deadlock with two lines at two homes. After a step that ends a transaction the caller first performs
// the accesses that waited (a fill always serves at least one), then calls receive_parked until it returns
// false.
#ifndef NP_NODE_COHERENCE_RECEIVE_H
#define NP_NODE_COHERENCE_RECEIVE_H

#include "node/coherence/onboard.h"
#include "node/coherence/step.h"

// Forwards that wait for a line's transaction: at most one for what each other board asks (explored:
// tests/model asserts it). A home that waits for the owner's data sends two at most, an Inv or Fwd-GetM of
// the next owner after a Fwd-GetS that was parked in IS_D; MOESI's sends a Fwd-GetS for every other board.
#define PARKED_MAX (BOARDS_PER_SYSTEM_MAX - 1)

struct parking {
    uint8_t n;
    struct message parked[PARKED_MAX];
};

// One line of one board with everything a received message may touch.
struct receive_view {
    const struct protocol *protocol;
    struct cache_line *line;
    struct parking *parking; // NULL: the line is stable, nothing can be parked
    struct step_context context;
    sim_time now;     // named when there is no cell; decides nothing
    bool put_refused; // some Put of this board was: a home may count on a line that is gone
    uint8_t *data;    // the line's bytes
    uint32_t line_bytes;
    // Takes the line away from (L_INV) or down to S in (L_DOWN) all L1s of the board. Returns true when one
    // of them had written silently.
    bool (*snoop)(void *self, enum onboard_event event);
    void *self;
};

enum received { RECEIVED, PARKED };

// Receives a message for the line. Stops the run, naming state, event, line and board, when there is no cell.
// message_data: the bytes it carries, or NULL.
enum received receive(struct receive_view *view, const struct message *message, const uint8_t *message_data,
                      struct step_out *out);

// Steps the first parked forward if its cell allows; false when none is parked or it still has to wait.
bool receive_parked(struct receive_view *view, struct step_out *out);

// Takes the line away from the board's L1s, if the event asks for it, and records in the board's state what
// they had written. Also used before a replacement.
void receive_snoop(struct receive_view *view, enum onboard_event event);

#endif
