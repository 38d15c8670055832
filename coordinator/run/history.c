// SPDX-License-Identifier: Apache-2.0
#include "coordinator/run/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"

#define INTERVAL_DEFAULT (10 * SIM_PS_PER_US)

// At least `least` rows of this length, which is 1, 2 or 5 times a power of ten.
static sim_time interval_for(sim_time until)
{
    static const unsigned steps[] = {5, 2, 1};
    if (until == SIM_NEVER)
        return INTERVAL_DEFAULT;
    for (sim_time power = UINT64_C(1000000000000000000); power >= 1; power /= 10)
        for (size_t i = 0; i < NP_ARRAY_LEN(steps); i++)
            if (until / 40 >= steps[i] * power)
                return steps[i] * power;
    return 1;
}

void history_init(struct history *h, const struct machine *machine, sim_time interval, void *self,
                  void (*view)(void *self, uint16_t board, struct board_view *view))
{
    *h = (struct history){.machine = machine, .self = self, .view = view};
    h->series = calloc(machine->n_partitions, sizeof *h->series);
    NP_ASSERT(h->series);
    h->interval = interval ? interval : interval_for(machine->until);
    h->next = h->interval;
    for (uint32_t b = 0; b < machine->n_boards; b++)
        h->last[b].partition = machine->boards[b].partition;
}

void history_begin(struct history *h, sim_time now)
{
    h->next = sim_add(now - now % h->interval, h->interval);
}

void history_free(struct history *h)
{
    for (uint32_t p = 0; h->series && p < h->machine->n_partitions; p++)
        free(h->series[p].rows);
    free(h->series);
    free(h->operations);
    free(h->events);
    *h = (struct history){0};
}

sim_time history_next(const struct history *h)
{
    return h->next;
}

static void *grown(void *items, uint32_t n, size_t size)
{
    if (n & (n - 1)) // grows at powers of two
        return items;
    void *more = realloc(items, (n ? 2 * (size_t)n : 1) * size);
    NP_ASSERT(more);
    return more;
}

// Counts add up, and the state is that of the later row.
static void add_row(struct history_row *to, const struct history_row *from)
{
    struct history_row sum = *from;
    sum.accesses += to->accesses;
    sum.hits += to->hits;
    sum.work += to->work;
    *to = sum;
}

sim_time history_between(const struct history *h, uint32_t partition, sim_time from, sim_time to,
                         struct history_row *sum)
{
    const struct history_series *series = &h->series[partition];
    sim_time span = 0, began = 0;
    *sum = (struct history_row){0};
    for (uint32_t i = 0; i < series->n_rows; began = series->rows[i++].to) {
        if (began < from || series->rows[i].to > to)
            continue;
        add_row(sum, &series->rows[i]);
        span += series->rows[i].to - began;
    }
    return span;
}

// Rows become longer: each that is not marked is added to the next one.
static void thin(struct history *h, struct history_series *series)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < series->n_rows; i++) {
        struct history_row row = series->rows[i];
        if (!row.marked && i + 1 < series->n_rows)
            add_row(&row, &series->rows[++i]);
        series->rows[kept++] = row;
    }
    series->n_rows = kept;
    h->interval *= 2;
}

// The row of a partition that ends at `at`. NULL: there is a later one, or no more room: every row is marked.
static struct history_row *row_at(struct history *h, uint32_t partition, sim_time at)
{
    struct history_series *series = &h->series[partition];
    struct history_row *last = series->n_rows ? &series->rows[series->n_rows - 1] : NULL;
    if (last && last->to >= at)
        return last->to == at ? last : NULL;
    if (series->n_rows == HISTORY_ROWS_MAX)
        thin(h, series);
    if (series->n_rows == HISTORY_ROWS_MAX)
        return NULL;
    series->rows = grown(series->rows, series->n_rows, sizeof *series->rows);
    last = &series->rows[series->n_rows++];
    *last = (struct history_row){.to = at};
    return last;
}

// What a board did since it was last counted is the partition's that it was in then. In none it did nothing
// but its self-test.
static void count_work(struct history *h, const struct board_view *now, sim_time at)
{
    struct board_view *last = &h->last[now->board];
    struct history_row *row = last->partition == NO_PARTITION ? NULL : row_at(h, last->partition, at);
    if (row) {
        row->accesses += now->accesses - last->accesses;
        row->hits += now->hits - last->hits;
        row->work += now->work - last->work;
    }
    *last = *now;
}

// What a partition has, from its boards as they were last counted; of CPUs a guest those that it has
// configured.
static void count_state(struct history *h, uint32_t partition, sim_time at)
{
    struct history_row *row = row_at(h, partition, at);
    if (!row)
        return;
    bool guest = h->machine->partitions[partition].guest.image[0];
    row->boards = row->cpus = row->cpus_online = row->threads = row->threads_running = 0;
    for (uint32_t b = 0; b < h->machine->n_boards; b++) {
        const struct board_view *view = &h->last[b];
        if (view->partition != partition)
            continue;
        row->boards++;
        uint32_t configured = (uint32_t)__builtin_popcount(view->guest_cpus);
        row->cpus += guest ? configured : view->cpus;
        row->cpus_online += guest ? configured : view->cpus_online;
        row->threads += view->threads;
        row->threads_running += view->threads_running;
    }
}

void history_sample(struct history *h, sim_time at, const struct board_view *views)
{
    for (uint32_t b = 0; at > 0 && b < h->machine->n_boards; b++)
        count_work(h, &views[b], at);
    for (uint32_t p = 0; at > 0 && p < h->machine->n_partitions; p++)
        count_state(h, p, at);
    while (h->next <= at)
        h->next += h->interval;
}

static void look_at_partition(struct history *h, uint32_t partition, sim_time at, bool marked)
{
    if (partition == NO_PARTITION)
        return;
    count_state(h, partition, at);
    struct history_row *row = row_at(h, partition, at);
    if (row)
        row->marked |= marked;
}

static bool concerns(const struct sc_operation *op, uint32_t partition)
{
    return partition != NO_PARTITION && (partition == op->from || partition == op->to);
}

// Rows of the two partitions of an operation that end at this event, for what it changes to be seen before it
// and after it. Those where an operation begins or ends stay when rows become longer.
static void look(struct history *h, const struct sc_operation *op, sim_time at, bool marked)
{
    for (uint16_t b = 0; at > 0 && b < h->machine->n_boards; b++) {
        struct board_view view = {.partition = NO_PARTITION};
        h->view(h->self, b, &view);
        view.board = b;
        // A board of a domain that stops and boots is in none for a while.
        if (concerns(op, h->last[b].partition) || concerns(op, view.partition) || b == op->command.board)
            count_work(h, &view, at);
    }
    if (at == 0)
        return;
    look_at_partition(h, op->from, at, marked);
    look_at_partition(h, op->to, at, marked);
}

static void end_step(struct history *h, struct history_operation *op, sim_time at, struct board_view *view)
{
    struct history_step *step = op->n_steps ? &op->steps[op->n_steps - 1] : NULL;
    *view = (struct board_view){0};
    if (op->shown.command.board < h->machine->n_boards)
        h->view(h->self, op->shown.command.board, view);
    if (!step || step->ended != SIM_NEVER)
        return;
    step->ended = at;
    step->egress_busy_ps = view->egress_busy_ps - step->egress_busy_ps;
    step->home_busy_ps = view->home_busy_ps - step->home_busy_ps;
}

static void begin_step(struct history *h, struct history_operation *op, const struct sc_event *event)
{
    struct board_view view;
    end_step(h, op, event->at, &view);
    if (op->n_steps == HISTORY_STEPS_MAX)
        return;
    struct history_step *step = &op->steps[op->n_steps++];
    *step = (struct history_step){.began = event->at,
                                  .ended = SIM_NEVER,
                                  .egress_busy_ps = view.egress_busy_ps,
                                  .home_busy_ps = view.home_busy_ps};
    snprintf(step->word, sizeof step->word, "%.*s", (int)sizeof step->word - 1, event->text);
}

// Operations are numbered from 1 in the order in which they began.
static struct history_operation *operation_of(struct history *h, const struct sc_operation *operation)
{
    for (uint32_t i = h->n_operations; i > 0; i--)
        if (h->operations[i - 1].shown.id == operation->id)
            return &h->operations[i - 1];
    if (h->n_operations == HISTORY_OPERATIONS_MAX)
        return NULL;
    h->operations = grown(h->operations, h->n_operations, sizeof *h->operations);
    struct history_operation *op = &h->operations[h->n_operations++];
    *op = (struct history_operation){.n_steps = 0};
    return op;
}

static void tell_operation(struct history *h, const struct sc_event *event,
                           const struct sc_operation *operation)
{
    struct history_operation *op = operation_of(h, operation);
    struct board_view view;
    if (!op) {
        h->dropped_operations += strcmp(event->what, "begun") == 0 || strcmp(event->what, "refused") == 0;
        return;
    }
    op->shown = *operation;
    op->shown.step = NULL;
    if (strcmp(event->what, "step") == 0) {
        begin_step(h, op, event);
        look(h, operation, event->at, false);
    }
    if (strcmp(event->what, "begun") == 0)
        look(h, operation, event->at, true);
    if (strcmp(event->what, "ended") == 0) {
        end_step(h, op, event->at, &view);
        look(h, operation, event->at, true);
    }
    snprintf(op->step, sizeof op->step, "%s", operation->step ? operation->step : "");
}

void history_event(struct history *h, const struct sc_event *event, const struct sc_operation *operation)
{
    if (operation)
        tell_operation(h, event, operation);
    if (h->n_events == HISTORY_EVENTS_MAX) {
        h->dropped_events++;
        return;
    }
    h->events = grown(h->events, h->n_events, sizeof *h->events);
    struct history_event *kept = &h->events[h->n_events++];
    kept->shown = *event;
    kept->shown.what = NULL;
    snprintf(kept->what, sizeof kept->what, "%s", event->what);
}
