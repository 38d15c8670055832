// SPDX-License-Identifier: Apache-2.0
// The moves of the model: which there are, and making one.
#include "tests/model/model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"
#include "tests/model/trace.h"

static sigjmp_buf stop;
static bool stop_is_set; // a move is being made
static char stop_reason[200];

// These take the place of production's, which end the process: an assertion or an impossible cell is what the
// explorer looks for.
_Noreturn void np_assert_failed(const char *expr, const char *file, int line, const char *func)
{
    model_fail("%s:%d: %s: assertion '%s' does not hold", file, line, func, expr);
}

static _Noreturn __attribute__((format(printf, 1, 0))) void fail(const char *format, va_list args)
{
    vsnprintf(stop_reason, sizeof stop_reason, format, args);
    if (!stop_is_set) {
        fprintf(stderr, "model: internal error: %s\n", stop_reason);
        abort();
    }
    stop_is_set = false;
    siglongjmp(stop, 1);
}

_Noreturn void np_panic(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail(format, args);
}

_Noreturn void model_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail(format, args);
}

void model_start(const struct model *model, struct model_state *state)
{
    *state = (struct model_state){0};
    for (unsigned line = 0; line < MODEL_LINES_MAX; line++) {
        state->home[line].owner = MODEL_NO_BOARD;
        state->home[line].value = line < model->config->lines ? (uint8_t)word_mask(model) : 0;
    }
}

void choices_reset(struct choices *choices)
{
    *choices = (struct choices){0};
}

bool choices_next(struct choices *choices)
{
    while (choices->n && choices->taken[choices->n - 1] + 1u == choices->limit[choices->n - 1])
        choices->n--;
    choices->at = 0;
    if (choices->n == 0)
        return false;
    choices->taken[choices->n - 1]++;
    return true;
}

unsigned choose(struct model *model, unsigned n)
{
    struct choices *choices = &model->choices;
    if (choices->at == CHOICES_MAX)
        model_fail("a move draws more than %d choices: it does not end", CHOICES_MAX);
    if (choices->at == choices->n) {
        choices->taken[choices->n] = 0;
        choices->limit[choices->n++] = (uint8_t)n;
    }
    return choices->taken[choices->at++];
}

static unsigned accesses_waiting(const struct model *model, const struct model_state *state, unsigned board,
                                 unsigned l1)
{
    unsigned n = 0;
    for (unsigned line = 0; line < model->config->lines; line++)
        n += (unsigned)__builtin_popcount(waiting_get(&state->board[line][board], l1));
    return n;
}

static unsigned list_accesses(const struct model *model, const struct model_state *state, struct move at,
                              struct move *moves)
{
    const struct board_line *line = &state->board[at.line][at.board];
    bool room = accesses_waiting(model, state, at.board, at.l1) < model->config->outstanding;
    unsigned n = 0;
    for (unsigned access = WAIT_LOAD; access <= WAIT_STORE; access++) {
        enum cache_event event = access == WAIT_LOAD ? CE_LOAD : CE_STORE;
        bool waits = waiting_get(line, at.l1) & access;
        bool stalls = covered_cache_cell(model, line->state, event)->kind == CELL_STALL;
        if (waits ? stalls : !room)
            continue;
        at.kind = waits ? MOVE_RETRY : MOVE_ACCESS;
        at.access = (uint8_t)access;
        moves[n++] = at;
    }
    unsigned l1 = model->config->l1s ? l1_get(line, at.l1) : L_I;
    at.access = 0;
    at.kind = MOVE_LOCAL;
    if (l1 == L_E || l1 == L_M)
        moves[n++] = at;
    at.kind = MOVE_EVICT;
    if (l1 != L_I)
        moves[n++] = at;
    return n;
}

static unsigned list_board(const struct model *model, const struct model_state *state, struct move at,
                           struct move *moves)
{
    unsigned n = 0, l1s = model->config->l1s ? model->config->l1s : 1;
    for (at.l1 = 0; at.l1 < l1s; at.l1++)
        n += list_accesses(model, state, at, moves + n);
    at.l1 = 0;
    at.kind = MOVE_REPLACE;
    unsigned line_state = state->board[at.line][at.board].state;
    if (covered_cache_cell(model, line_state, CE_REPLACEMENT)->kind == CELL_STEP)
        moves[n++] = at;
    return n;
}

static bool queue_is_blocked(const struct model *model, const struct model_state *state,
                             packed_message packed)
{
    if (!model->config->one_forward_queue)
        return false;
    for (unsigned line = 0; line < model->config->lines; line++)
        if (line != packed_line(packed) && state->board[line][packed_dst(packed)].parked[0])
            return true;
    return false;
}

static unsigned list_deliveries(const struct model *model, const struct model_state *state,
                                struct move *moves)
{
    unsigned n = 0, end = state->unordered + state->forwards;
    for (unsigned i = 0; i < end; i++) {
        packed_message packed = state->message[i];
        bool forward = i >= state->unordered;
        if (i > 0 && i < state->unordered && packed == state->message[i - 1])
            continue;
        if (i > state->unordered && packed_queue(packed) == packed_queue(state->message[i - 1]))
            continue;
        if (forward && queue_is_blocked(model, state, packed))
            continue;
        moves[n++] = (struct move){.kind = MOVE_DELIVER, .index = (uint8_t)i};
    }
    return n;
}

static unsigned list_drops(const struct model *model, const struct model_state *state, struct move *moves)
{
    unsigned n = 0;
    for (unsigned line = 0; model->config->drops && line < model->config->lines; line++)
        if (home_may_drop(model, state, line))
            moves[n++] = (struct move){.kind = MOVE_DROP, .line = (uint8_t)line};
    return n;
}

static unsigned list_faults(const struct model *model, const struct model_state *state, struct move *moves)
{
    unsigned n = 0;
    for (unsigned board = 0; model->config->misleads && board < model->config->boards; board++)
        if (!model_misled(state, board))
            moves[n++] = (struct move){.kind = MOVE_MISLEAD, .board = (uint8_t)board};
    if (__builtin_popcount(state->dead) >= model->config->deaths)
        return n;
    for (unsigned board = 0; board <= MODEL_NO_BOARD; board++)
        if ((model->config->may_die & ~state->dead) >> board & 1)
            moves[n++] = (struct move){.kind = MOVE_DEATH, .board = (uint8_t)board};
    return n;
}

unsigned model_moves(const struct model *model, const struct model_state *state,
                     struct move moves[MODEL_MOVES_MAX])
{
    unsigned n = list_deliveries(model, state, moves);
    for (unsigned line = 0; line < model->config->lines; line++)
        for (unsigned board = 0; board < model->config->boards; board++)
            if (!model_dead(state, board))
                n += list_board(model, state, (struct move){.line = (uint8_t)line, .board = (uint8_t)board},
                                moves + n);
    n += list_drops(model, state, moves + n);
    return n + list_faults(model, state, moves + n);
}

bool move_is_progress(const struct move *move)
{
    return move->kind == MOVE_RETRY || move->kind == MOVE_DELIVER;
}

static void make(struct model *model, struct model_state *state, const struct move *move)
{
    switch (move->kind) {
    case MOVE_ACCESS:
    case MOVE_RETRY:
        access_line(model, state, move);
        break;
    case MOVE_LOCAL:
        access_local(model, state, move);
        break;
    case MOVE_EVICT:
        access_evict(model, state, move);
        break;
    case MOVE_REPLACE:
        access_replace(model, state, move);
        break;
    case MOVE_DELIVER:
        deliver(model, state, move->index);
        break;
    case MOVE_MISLEAD:
        TRACE(model, move->board, 0, "segment map damaged");
        state->maps |= (uint8_t)(1u << move->board);
        break;
    case MOVE_DROP:
        home_drop(model, state, move->line);
        break;
    default:
        deliver_death(model, state, move->board);
    }
}

bool model_apply(struct model *model, struct model_state *state, const struct move *move)
{
    if (sigsetjmp(stop, 0)) {
        snprintf(model->violation, sizeof model->violation, "%s", stop_reason);
        return false;
    }
    stop_is_set = true;
    make(model, state, move);
    stop_is_set = false;
    return true;
}
