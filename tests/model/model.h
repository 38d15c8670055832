// SPDX-License-Identifier: Apache-2.0
// A small machine whose every state can be visited: the production controllers of a few boards and homes, and
// the messages between them. This header holds the state and the moves that lead from one state to the next.
#ifndef NP_TESTS_MODEL_MODEL_H
#define NP_TESTS_MODEL_MODEL_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include "node/coherence/receive.h"

#define MODEL_BOARDS_MAX   4
#define MODEL_LINES_MAX    2
#define MODEL_L1S_MAX      2
#define MODEL_PARKED_MAX   3 // as other boards: each asks for one thing of a line
#define MODEL_MESSAGES_MAX 24
#define MODEL_NO_BOARD     7 // a home that stands on no board with caches; an owner that is none

// When a machine is explored: always, also under sanitizers; in the normal test run; on demand; elsewhere.
enum effort { EFFORT_QUICK, EFFORT_NORMAL, EFFORT_LONG, EFFORT_DEMO };

struct model_config {
    const char *name;
    uint8_t effort;
    bool long_at_four_hops; // a protocol that never parks forwards has little more to show there: on demand
    uint8_t boards, lines;
    uint8_t l1s;                   // per board; 0: accesses go straight to the board's controller
    uint8_t words;                 // per line, 0 to 2; 0: values are not followed
    uint8_t outstanding;           // accesses that one L1 may have waiting, over all lines
    uint8_t home[MODEL_LINES_MAX]; // the board of each line's home; MODEL_NO_BOARD: one without caches
    uint8_t may_die;               // set of boards (bit MODEL_NO_BOARD: the home without caches)
    uint8_t deaths;                // at most
    bool misleads; // segment maps may be damaged: requests then go to a home that refuses them
    // The home's directory, all 0: full map, an entry for every line. These need a protocol that allows them.
    uint8_t pointers, coarse; // as struct sharer_form
    uint8_t entries;          // of a directory cache, shared by all lines
    bool drops;               // the home drops an entry at any moment, as if another line needed it
    bool forgets;             // what happens then: the copies stay; else they are recalled
    // Departures from the promises of the networks, to show that these are needed.
    bool reorder_forwards;
    bool one_forward_queue; // a stalled forward holds back forwards of other lines, too
};

// One line at one board, or at its home. A value has one bit per word of the line: set, this copy of the word
// is what was stored last. Copies that nobody may use have value 0, so that using them shows.
struct board_line {
    uint8_t state;
    int8_t acks;
    uint8_t value;
    uint8_t poison;
    uint8_t l1 : 4;                   // two bits per L1: enum l1_state
    uint8_t waiting : 4;              // two bits per L1: WAIT_LOAD, WAIT_STORE
    uint8_t parked[MODEL_PARKED_MAX]; // forwards in order; 0: none
};

struct home_line {
    uint8_t state, owner, sharers;
    uint8_t value; // and HOME_POISON
    uint8_t acks;  // answers to a recall still to come
};

enum { WAIT_LOAD = 1, WAIT_STORE = 2 };
#define HOME_POISON 0x80

// A message as one number: type 27, line 26, dst 23, requestor 20, acks 17, flags 13, value 11 (first bits).
// Owner has the owner's number in the requestor's place: its requestor is its destination.
typedef uint32_t packed_message;
#define MODEL_HOME 7u // dst: the home of the message's line

struct model_state {
    uint8_t dead; // set of boards
    uint8_t unordered, forwards;
    uint8_t maps; // boards whose segment map is damaged; from bit 4, boards that have seen a Put-Error
    struct home_line home[MODEL_LINES_MAX];
    struct board_line board[MODEL_LINES_MAX][MODEL_BOARDS_MAX];
    // First the unordered networks, sorted: a multiset. Then the forwards, grouped by line and destination,
    // each group first-in first-out.
    packed_message message[MODEL_MESSAGES_MAX];
};

enum move_kind {
    MOVE_ACCESS,  // an L1's request reaches the order point of the bus
    MOVE_RETRY,   // one that waited does so again
    MOVE_LOCAL,   // a store that hits in the L1
    MOVE_EVICT,   // the L1 needs the way
    MOVE_REPLACE, // the board cache needs the way
    MOVE_DELIVER,
    MOVE_MISLEAD, // a board's segment map is damaged
    MOVE_DROP,    // the directory cache needs the entry
    MOVE_DEATH
};

struct move {
    uint8_t kind, board, line, l1;
    uint8_t access; // WAIT_LOAD, WAIT_STORE
    uint8_t index;  // of the delivered message
};
#define MODEL_MOVES_MAX 128

// Which cells were asked for. Damage to any other cell cannot show.
struct coverage {
    bool cache[CACHE_STATE_COUNT][CACHE_EVENT_COUNT];
    bool directory[DIR_STATE_COUNT][DIR_EVENT_COUNT];
    bool onboard[L1_STATE_COUNT][BOARD_CLASS_COUNT][ONBOARD_EVENT_COUNT];
};

// A move that may end in several ways draws numbers; the explorer repeats it until all are tried.
#define CHOICES_MAX 12
struct choices {
    uint8_t n, at;
    uint8_t taken[CHOICES_MAX], limit[CHOICES_MAX];
};

struct trace; // text of a move, chart.h

struct model {
    const struct model_config *config;
    const struct protocol *protocol;
    const struct onboard_table *onboard;
    struct coverage *coverage; // may be NULL
    struct choices choices;
    struct trace *trace;     // NULL unless a chart is being drawn
    char violation[256];     // why the last move, or state, is wrong; empty: it is not
    uint8_t most_forwards;   // longest queue of one line at one board
    struct step_out scratch; // of the current step
};

void model_start(const struct model *model, struct model_state *state);

// Lists the moves that could be made; some will turn out to change nothing.
unsigned model_moves(const struct model *model, const struct model_state *state,
                     struct move moves[MODEL_MOVES_MAX]);

// Makes a move with the choices drawn so far. False: a violation, and model->violation says which; production
// assertions end here, too.
bool model_apply(struct model *model, struct model_state *state, const struct move *move);

// Starts, and steps to the next, sequence of choices; false when all were tried.
void choices_reset(struct choices *choices);
bool choices_next(struct choices *choices);

// 0 to n-1.
unsigned choose(struct model *model, unsigned n);

// Ends the current move with a violation (printf form).
_Noreturn void model_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

// True when nothing is under way. A move that starts nothing new is progress.
bool model_at_rest(const struct model *model, const struct model_state *state);
bool move_is_progress(const struct move *move);

// Checks every property that must hold of a single state; false: model->violation says which does not.
bool model_check(struct model *model, const struct model_state *state);

// True when the protocol can do what the machine asks of it.
bool config_fits(const struct model_config *config, const struct protocol *protocol);

// The representative of all states that differ from this one by the names of boards, L1s and words only.
void model_canonical(const struct model *model, const struct model_state *state,
                     struct model_state *canonical);

// Parts of the machine, used by the moves.
static inline bool model_dead(const struct model_state *state, unsigned board)
{
    return state->dead >> board & 1;
}

static inline bool model_misled(const struct model_state *state, unsigned board)
{
    return state->maps >> board & 1;
}

static inline bool model_put_refused(const struct model_state *state, unsigned board)
{
    return board < MODEL_BOARDS_MAX && (state->maps >> (4 + board) & 1);
}

static inline unsigned l1_get(const struct board_line *line, unsigned l1)
{
    return line->l1 >> (2 * l1) & 3;
}

static inline void l1_set(struct board_line *line, unsigned l1, unsigned value)
{
    line->l1 = ((line->l1 & ~(3u << (2 * l1))) | value << (2 * l1)) & 15;
}

static inline unsigned waiting_get(const struct board_line *line, unsigned l1)
{
    return line->waiting >> (2 * l1) & 3;
}

static inline unsigned word_mask(const struct model *model)
{
    return (1u << model->config->words) - 1;
}

// message.c
packed_message pack_message(const struct message *message, unsigned value);
void unpack_message(const struct model *model, packed_message packed, struct message *message);
unsigned packed_type(packed_message packed);
unsigned packed_line(packed_message packed);
unsigned packed_dst(packed_message packed);
unsigned packed_requestor(packed_message packed);
unsigned packed_value(packed_message packed);
packed_message packed_renamed(packed_message packed, unsigned line, unsigned dst, unsigned requestor,
                              unsigned value);
bool packed_is_forward(packed_message packed);
bool packed_is_misled(packed_message packed);
packed_message packed_misled(packed_message packed);
unsigned packed_queue(packed_message packed); // equal for forwards that keep their order
void state_send(struct model *model, struct model_state *state, packed_message packed);
void state_send_unordered(struct model_state *state, packed_message packed);
void state_take(struct model_state *state, unsigned index);
void state_sort_unordered(struct model_state *state);
uint8_t park_byte(packed_message packed);
packed_message parked_message(uint8_t parked, unsigned line, unsigned board);
unsigned parked_requestor(uint8_t parked);
uint8_t parked_renamed(uint8_t parked, unsigned requestor); // 0, none parked, stays 0

// access.c
void access_line(struct model *model, struct model_state *state, const struct move *move);
void access_local(struct model *model, struct model_state *state, const struct move *move);
void access_evict(struct model *model, struct model_state *state, const struct move *move);
void access_replace(struct model *model, struct model_state *state, const struct move *move);
void access_serve(struct model *model, struct model_state *state, unsigned board, unsigned line);

// deliver.c
void deliver(struct model *model, struct model_state *state, unsigned index);
void deliver_death(struct model *model, struct model_state *state, unsigned board);
// The messages of a step; `column` of a chart is who sends them.
void send_all(struct model *model, struct model_state *state, const struct step_out *out, unsigned value,
              unsigned column);

// home.c
void home_receive(struct model *model, struct model_state *state, packed_message packed);
void home_drop(struct model *model, struct model_state *state, unsigned line);
bool home_may_drop(const struct model *model, const struct model_state *state, unsigned line);
unsigned home_entries(const struct model *model, const struct model_state *state); // in use

// view.c: the production view of one line of one board, and back.
struct model_view {
    struct model *model;
    struct model_state *state;
    unsigned board, line;
    unsigned except; // the L1 that asks
    struct receive_view receive;
    struct cache_line cache_line;
    struct parking parking;
};
void view_open(struct model_view *view, struct model *model, struct model_state *state, unsigned board,
               unsigned line);
void view_close(struct model_view *view);
const struct cell *covered_cache_cell(const struct model *model, unsigned state, unsigned event);
struct onboard_cell covered_onboard(struct model *model, unsigned l1, unsigned class,
                                    enum onboard_event event);

#endif
