// SPDX-License-Identifier: Apache-2.0
// The packed line of a board as the structs that production works on, and back.
#include <string.h>

#include "proto/base/assert.h"
#include "tests/model/model.h"

const struct cell *covered_cache_cell(const struct model *model, unsigned state, unsigned event)
{
    if (model->coverage)
        model->coverage->cache[state][event] = true;
    return cache_cell(model->protocol, state, event);
}

struct onboard_cell covered_onboard(struct model *model, unsigned l1, unsigned class,
                                    enum onboard_event event)
{
    if (model->coverage)
        model->coverage->onboard[l1][class][event] = true;
    return onboard_step(model->onboard, l1, class, event);
}

// Gathers the holders as production's board does, one view entry per L1 that holds the line.
static bool snoop(void *self, enum onboard_event event)
{
    struct model_view *view = self;
    struct board_line *line = &view->state->board[view->line][view->board];
    struct onboard_view holders = {.board = (uint8_t)onboard_class(view->cache_line.state)};
    unsigned number[MODEL_L1S_MAX] = {0};
    for (unsigned i = 0; i < view->model->config->l1s; i++) {
        if (i == view->except || l1_get(line, i) == L_I)
            continue;
        if (view->model->coverage)
            view->model->coverage->onboard[l1_get(line, i)][holders.board][event] = true;
        number[holders.n] = i;
        holders.l1[holders.n++] = (uint8_t)l1_get(line, i);
    }
    bool dirty = onboard_apply(view->model->onboard, &holders, event, holders.n);
    for (unsigned i = 0; i < holders.n; i++)
        l1_set(line, number[i], holders.l1[i]);
    if (dirty)
        covered_cache_cell(view->model, view->cache_line.state, CE_STORE);
    return dirty;
}

static void open_parking(struct model_view *view, const struct board_line *line)
{
    view->parking.n = 0;
    for (unsigned i = 0; i < MODEL_PARKED_MAX && line->parked[i]; i++)
        unpack_message(view->model, parked_message(line->parked[i], view->line, view->board),
                       &view->parking.parked[view->parking.n++]);
}

void view_open(struct model_view *view, struct model *model, struct model_state *state, unsigned board,
               unsigned line)
{
    struct board_line *from = &state->board[line][board];
    view->model = model;
    view->state = state;
    view->board = board;
    view->line = line;
    view->except = MODEL_L1S_MAX;
    view->cache_line = (struct cache_line){from->state, from->poison, from->acks};
    open_parking(view, from);
    view->receive = (struct receive_view){
        .protocol = model->protocol,
        .line = &view->cache_line,
        .parking = &view->parking,
        .context = {.line = line * 64u, .self = (uint16_t)board, .home = model->config->home[line]},
        .put_refused = model_put_refused(state, board),
        .data = &from->value,
        .line_bytes = 1,
        .snoop = snoop,
        .self = view};
}

// True when the controller may still use its copy: to hit, to answer, to write it back.
static bool copy_is_usable(unsigned state)
{
    switch (state) {
    case C_I:
    case C_IS_D:
    case C_IM_AD:
    case C_SI_A:
    case C_II_A:
        return false;
    default:
        return true;
    }
}

void view_close(struct model_view *view)
{
    struct board_line *to = &view->state->board[view->line][view->board];
    to->state = view->cache_line.state;
    to->acks = (int8_t)view->cache_line.acks;
    to->poison = view->cache_line.poison;
    if (!copy_is_usable(to->state))
        to->value = to->poison = 0;
    unsigned others =
        view->model->config->boards - 1u; // one waiting forward for each; two in a small machine
    if (view->parking.n > (others > 2 ? others : 2))
        model_fail("board %u: %u forwards are parked", view->board, view->parking.n);
    for (unsigned i = 0; i < MODEL_PARKED_MAX; i++)
        to->parked[i] = i < view->parking.n ? park_byte(pack_message(&view->parking.parked[i], 0)) : 0;
}
