// SPDX-License-Identifier: Apache-2.0
// What the CPUs of a board cause: accesses at the order point of the bus, local hits, evictions.
#include "proto/base/assert.h"
#include "tests/model/model.h"
#include "tests/model/trace.h"

static void clear_word(struct model_state *state, unsigned line, unsigned word)
{
    uint8_t keep = (uint8_t) ~(1u << word);
    for (unsigned i = 0; i < MODEL_BOARDS_MAX; i++)
        state->board[line][i].value &= keep;
    state->home[line].value &= keep;
    for (unsigned i = 0; i < state->unordered; i++) {
        packed_message packed = state->message[i];
        if (packed_line(packed) == line)
            state->message[i] = packed_renamed(packed, line, packed_dst(packed), packed_requestor(packed),
                                               packed_value(packed) & keep);
    }
    state_sort_unordered(state);
}

// A store makes its word current here and stale everywhere else, also under way. One to a lost line counts
// for nothing: its CPU sees a machine check.
static void store_word(struct model *model, struct model_state *state, unsigned board, unsigned line)
{
    if (model->config->words == 0 || state->board[line][board].poison)
        return;
    unsigned word = choose(model, model->config->words);
    TRACE(model, board, line, "stores word %u", word);
    clear_word(state, line, word);
    state->board[line][board].value |= (uint8_t)(1u << word);
}

static bool others_hold(const struct board_line *line, unsigned l1s, unsigned l1)
{
    for (unsigned i = 0; i < l1s; i++)
        if (i != l1 && l1_get(line, i) != L_I)
            return true;
    return false;
}

// The access of `l1` is performed: the other L1s of the board hear of it, this one is filled.
static void perform(struct model_view *view, unsigned l1, unsigned access)
{
    struct model *model = view->model;
    struct board_line *line = &view->state->board[view->line][view->board];
    line->waiting = (line->waiting & ~(access << (2 * l1))) & 15;
    if (model->config->l1s) {
        view->except = l1;
        receive_snoop(&view->receive, access == WAIT_LOAD ? L_OTHER_LOAD : L_OTHER_STORE);
        bool shared = others_hold(line, model->config->l1s, l1);
        enum onboard_event event = access == WAIT_STORE ? L_FILL_STORE
                                   : shared             ? L_FILL_SHARED
                                                        : L_FILL_ALONE;
        unsigned class = onboard_class(view->cache_line.state);
        unsigned next = covered_onboard(model, l1_get(line, l1), class, event).next;
        l1_set(line, l1, next);
        if (access == WAIT_LOAD ? next < L_S : next != L_M)
            model_fail("board %u: L1 %u may not do what it has just done", view->board, l1);
    }
    view_close(view);
    if (access == WAIT_STORE)
        store_word(model, view->state, view->board, view->line);
}

static enum cache_event event_of(unsigned access)
{
    return access == WAIT_LOAD ? CE_LOAD : CE_STORE;
}

// The request of an L1 at the order point of the bus: the board's cell decides, as in production.
static void at_order_point(struct model *model, struct model_state *state, const struct move *move)
{
    struct model_view view;
    view_open(&view, model, state, move->board, move->line);
    unsigned before = view.cache_line.state;
    const struct cell *cell = covered_cache_cell(model, before, event_of(move->access));
    if (cell->kind == CELL_IMPOSSIBLE)
        model_fail("no cell for state %s, event %s", cache_state_name(before),
                   cache_event_name(event_of(move->access)));
    struct board_line *at = &state->board[move->line][move->board];
    at->waiting = (at->waiting | (unsigned)move->access << (2 * move->l1)) & 15;
    TRACE(model, move->board, move->line, "L1 %u %s", move->l1, cache_event_name(event_of(move->access)));
    if (cell->kind == CELL_STALL) {
        TRACE(model, move->board, move->line, "%s waits", cache_state_name(before));
        return;
    }
    struct step_out *out = &model->scratch;
    cache_step(model->protocol, &view.cache_line, event_of(move->access), NULL, &view.receive.context, out);
    TRACE(model, move->board, move->line, "%s -> %s%s", cache_state_name(before),
          cache_state_name(view.cache_line.state), out->hit ? " hit" : "");
    unsigned value = state->board[move->line][move->board].value;
    bool hit = out->hit;
    view_close(&view);
    send_all(model, state, out, value, move->board);
    if (hit)
        perform(&view, move->l1, move->access);
}

void access_line(struct model *model, struct model_state *state, const struct move *move)
{
    at_order_point(model, state, move);
}

void access_local(struct model *model, struct model_state *state, const struct move *move)
{
    struct board_line *line = &state->board[move->line][move->board];
    unsigned class = onboard_class(line->state);
    struct onboard_cell cell = covered_onboard(model, l1_get(line, move->l1), class, L_STORE);
    TRACE(model, move->board, move->line, "L1 %u store %s -> %s", move->l1,
          l1_state_name(l1_get(line, move->l1)), l1_state_name(cell.next));
    l1_set(line, move->l1, cell.next);
    if (cell.action == OA_HIT)
        store_word(model, state, move->board, move->line);
}

void access_evict(struct model *model, struct model_state *state, const struct move *move)
{
    struct model_view view;
    view_open(&view, model, state, move->board, move->line);
    struct board_line *line = &state->board[move->line][move->board];
    TRACE(model, move->board, move->line, "L1 %u evicts %s", move->l1, l1_state_name(l1_get(line, move->l1)));
    // Only the evicting L1 takes part, so the others are hidden from the snoop.
    unsigned mine = 3u << (2 * move->l1), others = line->l1 & ~mine;
    line->l1 = line->l1 & mine & 15;
    receive_snoop(&view.receive, L_EVICT);
    if (line->l1)
        model_fail("board %u: L1 %u still holds the line that it evicted", move->board, move->l1);
    line->l1 = (line->l1 | others) & 15;
    view_close(&view);
}

void access_replace(struct model *model, struct model_state *state, const struct move *move)
{
    struct model_view view;
    view_open(&view, model, state, move->board, move->line);
    unsigned before = view.cache_line.state, value = state->board[move->line][move->board].value;
    receive_snoop(&view.receive, L_INV);
    covered_cache_cell(model, view.cache_line.state, CE_REPLACEMENT);
    struct step_out *out = &model->scratch;
    cache_step(model->protocol, &view.cache_line, CE_REPLACEMENT, NULL, &view.receive.context, out);
    TRACE(model, move->board, move->line, "replace %s -> %s", cache_state_name(before),
          cache_state_name(view.cache_line.state));
    view_close(&view);
    send_all(model, state, out, value, move->board);
}

// Waiting accesses whose cell is a step now; hits only, if asked for.
static unsigned ready(struct model *model, const struct model_state *state, unsigned board, unsigned line,
                      bool hits_only, struct move moves[2 * MODEL_L1S_MAX])
{
    const struct board_line *at = &state->board[line][board];
    unsigned n = 0;
    for (unsigned bit = 0; bit < 2 * MODEL_L1S_MAX; bit++) {
        if (!(at->waiting >> bit & 1))
            continue;
        uint8_t access = (uint8_t)(bit & 1 ? WAIT_STORE : WAIT_LOAD);
        const struct cell *cell = covered_cache_cell(model, at->state, event_of(access));
        if (cell->kind == CELL_STEP && (!hits_only || cell->actions[0] == CA_HIT))
            moves[n++] = (struct move){
                .board = (uint8_t)board, .line = (uint8_t)line, .l1 = (uint8_t)(bit / 2), .access = access};
    }
    return n;
}

// After a step that ended a transaction: at least one access that waited is performed at once, if any may be;
// the others now, in any order, or later. Production's order is one of these.
void access_serve(struct model *model, struct model_state *state, unsigned board, unsigned line)
{
    struct move moves[2 * MODEL_L1S_MAX];
    bool must = true;
    if (ready(model, state, board, line, true, moves) == 0)
        return;
    for (;;) {
        unsigned n = ready(model, state, board, line, false, moves);
        unsigned options = n + !must;
        unsigned chosen = options > 1 ? choose(model, options) : 0;
        if (chosen >= n)
            return;
        unsigned before = state->board[line][board].waiting;
        at_order_point(model, state, &moves[chosen]);
        must = must && state->board[line][board].waiting == before;
    }
}
