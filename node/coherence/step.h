// SPDX-License-Identifier: Apache-2.0
// The two controllers as pure functions: which event is this, and what does the cell say. They read their
// arguments, write the line and a bounded list of messages, and touch no clock, socket or heap. Production
// and the explorer in tests/model link the same object file.
#ifndef NP_NODE_COHERENCE_STEP_H
#define NP_NODE_COHERENCE_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "node/coherence/protocol.h"
#include "node/coherence/sharers.h"
#include "proto/base/limits.h"

// What a cache controller remembers of one line.
struct cache_line {
    uint8_t state; // enum cache_state
    bool poison;   // its data is lost
    int16_t acks;  // still to come; negative while acks have overtaken the Data that announces them
};

// What a home remembers of one line. Board numbers are relative to the system's first board.
struct dir_line {
    struct sharers sharers;
    uint16_t owner; // NO_OWNER: none
    uint8_t state;  // enum dir_state
    bool poison;    // memory's copy is lost
    uint8_t acks;   // answers to a recall still to come
};
#define NO_OWNER UINT16_MAX

// Who is acting, on which line, in which transaction.
struct step_context {
    uint64_t line;
    uint16_t self, home;     // complex-wide board numbers; a home acts with self == home
    uint16_t first_board;    // of the system
    uint32_t txn;            // cache controller: number of the transaction it starts
    struct sharer_form form; // home: how it names sharers; `boards` is needed where sets may name too many
};

#define STEP_SENDS_MAX (BOARDS_PER_SYSTEM_MAX + 4)

// What a step asks its surroundings to do. Messages lack time, source and sequence; those whose type carries
// data carry the line's (cache) or memory's (home) bytes as they are after the step.
struct step_out {
    unsigned n;
    bool hit;  // the access may be performed now
    bool fill; // cache: copy the message's data into the line; home: into memory
    bool fail; // whoever waits for the line gets a bus error
    struct message send[STEP_SENDS_MAX];
};

// Which column a message is at the cache controller.
enum cache_event cache_event_of(const struct cache_line *line, const struct message *message);

// Obeys the cell of (line's state, event). `message` is NULL for load, store and replacement. The cell must
// be a STEP; impossible and stalled cells are the caller's to look up with cache_cell.
void cache_step(const struct protocol *protocol, struct cache_line *line, enum cache_event event,
                const struct message *message, const struct step_context *context, struct step_out *out);

// Answers a forward for a line that is gone because its Put was refused (a damaged segment map led it
// astray): the home still counts on this board. As a gate answers for a dead owner: lost data, or the ack.
void cache_answer_lost(const struct message *message, const struct step_context *context,
                       struct step_out *out);

// Which column a message is at the directory.
enum dir_event dir_event_of(const struct dir_line *line, const struct message *message, unsigned first_board);

// Which column it is when a home with a directory cache wants the line's copies back.
enum dir_event dir_recall_event(const struct dir_line *line);

// What a directory cache has to know of a state: whether the line has an entry, and whether a transaction is
// under way, so that the entry cannot go.
bool dir_state_has_entry(unsigned state);
bool dir_state_is_busy(unsigned state);
bool dir_state_is_recall(unsigned state); // busy, and on its way to I

// `message` is NULL for the home's own events: recall, forget.
void dir_step(const struct protocol *protocol, struct dir_line *line, enum dir_event event,
              const struct message *message, const struct step_context *context, struct step_out *out);

static inline const struct cell *cache_cell(const struct protocol *protocol, unsigned state, unsigned event)
{
    return &protocol->cache[state][event];
}

static inline const struct cell *dir_cell(const struct protocol *protocol, unsigned state, unsigned event)
{
    return &protocol->directory[state][event];
}

#endif
