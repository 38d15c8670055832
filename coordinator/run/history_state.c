// SPDX-License-Identifier: Apache-2.0
// A history saved and loaded. What texts point to is kept beside them, and saved with them.
#include <stdlib.h>

#include "coordinator/run/history.h"
#include "proto/base/assert.h"

static void row_state(struct history_row *row, struct archive *ar)
{
    ar_u64(ar, &row->to);
    ar_bool(ar, &row->marked);
    ar_u64(ar, &row->accesses);
    ar_u64(ar, &row->hits);
    ar_u64(ar, &row->work);
    ar_u32(ar, &row->boards);
    ar_u32(ar, &row->cpus);
    ar_u32(ar, &row->cpus_online);
    ar_u32(ar, &row->threads);
    ar_u32(ar, &row->threads_running);
}

static void command_state(struct sc_command *c, struct archive *ar)
{
    uint32_t verb = c->verb, level = c->level, position = c->position;
    ar_count(ar, &verb, SC_VERB_COUNT - 1);
    ar_u16(ar, &c->board);
    ar_u32(ar, &c->partition);
    ar_count(ar, &level, SC_LEVEL_COUNT - 1);
    ar_count(ar, &position, SC_POSITION_COUNT - 1);
    ar_bool(ar, &c->on);
    ar_bool(ar, &c->force);
    ar_bytes(ar, c->name, sizeof c->name);
    ar_bytes(ar, c->user, sizeof c->user);
    c->verb = (enum sc_verb)verb;
    c->level = (enum sc_level)level;
    c->position = (enum sc_position)position;
    c->name[sizeof c->name - 1] = c->user[sizeof c->user - 1] = '\0';
}

static void step_state(struct history_step *step, struct archive *ar)
{
    ar_bytes(ar, step->word, sizeof step->word);
    step->word[sizeof step->word - 1] = '\0';
    ar_u64(ar, &step->began);
    ar_u64(ar, &step->ended);
    ar_u64(ar, &step->egress_busy_ps);
    ar_u64(ar, &step->home_busy_ps);
}

static void operation_state(struct history_operation *op, struct archive *ar)
{
    uint32_t code = op->shown.outcome.code;
    ar_u64(ar, &op->shown.id);
    command_state(&op->shown.command, ar);
    ar_u32(ar, &op->shown.from);
    ar_u32(ar, &op->shown.to);
    ar_u64(ar, &op->shown.began);
    ar_u64(ar, &op->shown.ended);
    ar_u64(ar, &op->shown.pages_done);
    ar_u64(ar, &op->shown.pages_total);
    ar_count(ar, &code, ERR_CODE_COUNT - 1);
    op->shown.outcome.code = (enum err_code)code;
    ar_bytes(ar, op->shown.outcome.text, sizeof op->shown.outcome.text);
    op->shown.outcome.text[sizeof op->shown.outcome.text - 1] = '\0';
    ar_bytes(ar, op->step, sizeof op->step);
    op->step[sizeof op->step - 1] = '\0';
    ar_count(ar, &op->n_steps, HISTORY_STEPS_MAX);
    for (uint32_t i = 0; i < op->n_steps; i++)
        step_state(&op->steps[i], ar);
}

static void event_state(struct history_event *event, struct archive *ar)
{
    ar_u64(ar, &event->shown.seq);
    ar_u64(ar, &event->shown.at);
    ar_u64(ar, &event->shown.operation);
    ar_u16(ar, &event->shown.board);
    ar_u32(ar, &event->shown.partition);
    ar_bytes(ar, event->shown.text, sizeof event->shown.text);
    event->shown.text[sizeof event->shown.text - 1] = '\0';
    ar_bytes(ar, event->what, sizeof event->what);
    event->what[sizeof event->what - 1] = '\0';
}

static void view_state(struct board_view *view, struct archive *ar)
{
    ar_u16(ar, &view->board);
    ar_u32(ar, &view->partition);
    ar_u32(ar, &view->cpus);
    ar_u32(ar, &view->cpus_online);
    ar_u32(ar, &view->guest_cpus);
    ar_u32(ar, &view->threads);
    ar_u32(ar, &view->threads_running);
    ar_u64(ar, &view->accesses);
    ar_u64(ar, &view->hits);
    ar_u64(ar, &view->work);
}

// A list of at most `max`: when loading, room for a power of two of them, as grown() makes it.
static void *list_state(struct archive *ar, void *items, uint32_t *n, uint32_t max, size_t size)
{
    ar_count(ar, n, max);
    if (!ar_loading(ar))
        return items;
    size_t room = 1;
    while (room < *n)
        room *= 2;
    free(items);
    items = *n ? calloc(room, size) : NULL;
    NP_ASSERT(items || !*n);
    return items;
}

void history_state(struct history *h, struct archive *ar)
{
    ar_mark(ar, "hist");
    ar_u64(ar, &h->interval);
    ar_u64(ar, &h->next);
    for (uint32_t b = 0; b < h->machine->n_boards; b++)
        view_state(&h->last[b], ar);
    for (uint32_t p = 0; p < h->machine->n_partitions; p++) {
        struct history_series *series = &h->series[p];
        series->rows = list_state(ar, series->rows, &series->n_rows, HISTORY_ROWS_MAX, sizeof *series->rows);
        for (uint32_t i = 0; i < series->n_rows; i++)
            row_state(&series->rows[i], ar);
    }
    h->operations =
        list_state(ar, h->operations, &h->n_operations, HISTORY_OPERATIONS_MAX, sizeof *h->operations);
    for (uint32_t i = 0; i < h->n_operations; i++)
        operation_state(&h->operations[i], ar);
    h->events = list_state(ar, h->events, &h->n_events, HISTORY_EVENTS_MAX, sizeof *h->events);
    for (uint32_t i = 0; i < h->n_events; i++)
        event_state(&h->events[i], ar);
    ar_u64(ar, &h->dropped_operations);
    ar_u64(ar, &h->dropped_events);
    if (ar_loading(ar) && h->interval == 0)
        ar_fail(ar, "a history has no interval");
}
