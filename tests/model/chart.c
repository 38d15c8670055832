// SPDX-License-Identifier: Apache-2.0
// Draws a run of the model as a message chart: a column per board, and one for the homes.
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"
#include "tests/model/explore.h"
#include "tests/model/trace.h"

#define COLUMN_WIDTH 30

void trace_note(struct model *model, unsigned column, unsigned line, const char *format, ...)
{
    if (model->trace->n == TRACE_NOTES_MAX)
        return;
    struct trace_note *note = &model->trace->note[model->trace->n++];
    note->column = (uint8_t)column;
    note->line = (uint8_t)line;
    va_list args;
    va_start(args, format);
    vsnprintf(note->text, sizeof note->text, format, args);
    va_end(args);
}

static unsigned place_of(const struct model_config *config, unsigned column)
{
    return column < config->boards ? column : config->boards;
}

static void draw_head(const struct model_config *config, FILE *out)
{
    fprintf(out, "     ");
    for (unsigned i = 0; i < config->boards; i++)
        fprintf(out, "board %-*u", COLUMN_WIDTH - 6, i);
    fprintf(out, "home\n");
}

static void draw_move(const struct model *model, unsigned number, FILE *out)
{
    for (unsigned i = 0; i < model->trace->n; i++) {
        const struct trace_note *note = &model->trace->note[i];
        unsigned place = place_of(model->config, note->column);
        if (i == 0)
            fprintf(out, "%3u  ", number);
        else
            fprintf(out, "     ");
        fprintf(out, "%*s", (int)(place * COLUMN_WIDTH), "");
        if (model->config->lines > 1)
            fprintf(out, "[%u] ", note->line);
        fprintf(out, "%s\n", note->text);
    }
}

// Makes the moves from *state in order until one leads to `target` (drawn, and *state is moved on) or,
// without a target, is a violation.
static bool draw_step(struct model *model, const struct model_state *target, bool plain,
                      struct model_state *state, unsigned number, FILE *out)
{
    struct move moves[MODEL_MOVES_MAX];
    unsigned n = model_moves(model, state, moves);
    for (unsigned i = 0; i < n; i++) {
        choices_reset(&model->choices);
        do {
            struct model_state next = *state, canonical = next;
            model->trace->n = 0;
            bool good = model_apply(model, &next, &moves[i]);
            if (good && !plain)
                model_canonical(model, &next, &canonical);
            const struct model_state *shown = plain || !good ? &next : &canonical;
            if (target ? !good || memcmp(shown, target, sizeof *target) != 0 : good)
                continue;
            draw_move(model, number, out);
            *state = next;
            return true;
        } while (choices_next(&model->choices));
    }
    return false;
}

static unsigned path_to(const uint32_t *parent, uint32_t number, uint32_t **path)
{
    unsigned n = 0;
    for (uint32_t at = number; at != UINT32_MAX; at = parent[at])
        n++;
    *path = malloc(n * sizeof **path);
    NP_ASSERT(*path);
    for (unsigned i = n; i-- > 0; number = parent[number])
        (*path)[i] = number;
    return n;
}

static void draw_state(const struct model *model, const struct model_state *state, FILE *out)
{
    for (unsigned line = 0; line < model->config->lines; line++) {
        fprintf(out, "     line %u:", line);
        for (unsigned i = 0; i < model->config->boards; i++) {
            const struct board_line *at = &state->board[line][i];
            fprintf(out, " board %u %s%s%s;", i, cache_state_name(at->state),
                    at->waiting ? " (waited for)" : "", at->parked[0] ? " (forward parked)" : "");
        }
        fprintf(out, " home %s", dir_state_name(state->home[line].state));
        for (unsigned i = 0; i < (unsigned)state->unordered + state->forwards; i++)
            if (packed_line(state->message[i]) == line)
                fprintf(out, "; %s on its way", message_name(packed_type(state->message[i])));
        fprintf(out, "\n");
    }
}

void chart_draw(struct model *model, const struct store *store, const uint32_t *parent, uint32_t number,
                bool last, bool plain, FILE *out)
{
    static struct trace trace;
    struct model_state state, target;
    uint32_t *path;
    unsigned n = path_to(parent, number, &path);
    char violation[sizeof model->violation];
    memcpy(violation, model->violation, sizeof violation);
    draw_head(model->config, out);
    model->trace = &trace;
    model_start(model, &state);
    for (unsigned i = 1; i < n; i++) {
        store_get(store, path[i], &target);
        NP_ASSERT(draw_step(model, &target, plain, &state, i, out));
    }
    draw_state(model, &state, out);
    if (last)
        draw_step(model, NULL, plain, &state, n, out);
    model->trace = NULL;
    memcpy(model->violation, violation, sizeof violation);
    fprintf(out, "     => %s\n", violation);
    free(path);
}
