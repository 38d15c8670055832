// SPDX-License-Identifier: Apache-2.0
// At a cut of simulated time: everything that the agenda asks for, one thing after another, then START again.
#include <stdlib.h>
#include <string.h>

#include "coordinator/run/drive_state.h"
#include "proto/base/assert.h"

// As far as partitions may be apart while consoles may connect, and what one grant may add to that.
#define EVEN_OUT_MAX (2 * SKEW_WATCHED)

static bool is_node(const struct worker *worker)
{
    return worker->process.id.role == ROLE_NODE;
}

// The time at which all boards stand that simulate anything; SIM_NEVER: they stand at different ones.
static sim_time common_time(const struct drive *drive)
{
    const uint32_t *groups = sc_groups(agenda_sc(drive->config->course->agenda));
    sim_time time = SIM_NEVER;
    for (uint32_t b = 0; b < drive->config->machine->n_boards; b++) {
        if (groups[b] == NO_GROUP)
            continue;
        sim_time at = drive->outcome->groups[groups[b]].time;
        if (time != SIM_NEVER && at != time)
            return SIM_NEVER;
        time = at;
    }
    return time;
}

// A state that was saved after a number of grants may begin with groups beyond the time.
static bool all_reached(const struct drive *drive, sim_time time)
{
    const uint32_t *groups = sc_groups(agenda_sc(drive->config->course->agenda));
    for (uint32_t b = 0; b < drive->config->machine->n_boards; b++)
        if (groups[b] != NO_GROUP && drive->outcome->groups[groups[b]].time < time)
            return false;
    return true;
}

// Saved before anything else happens at that time: the run that continues does it. A pause that no time
// explains is that of the number of grants.
static bool is_save_point(const struct drive *drive)
{
    const struct run_command *command = drive->config->command;
    if (drive->cut.reason != PAUSE_SAVE_POINT || !drive->config->save_folder[0])
        return false;
    sim_time at = common_time(drive);
    return all_reached(drive, command->save_time) ||
           (command->save_grants && (at == SIM_NEVER || at != drive->stop_at));
}

void cut_begin(struct drive *drive, enum pause_reason reason)
{
    const struct drive_config *config = drive->config;
    drive->cut.reason = reason;
    drive->cut.over = reason == PAUSE_DONE || reason == PAUSE_UNTIL;
    drive->live.stop_asked = false;
    if (is_save_point(drive)) {
        drive_save(drive);
        return;
    }
    live_at_cut(drive);
    agenda_cut(config->course->agenda, drive->outcome->groups, config->machine->n_partitions,
               common_time(drive));
    for (uint32_t p = 0; p < config->machine->n_partitions; p++)
        drive->outcome->groups[p].reported = false; // once is enough: the cut may be looked at again
    cut_go_on(drive);
}

static void begin_answers(struct drive *drive, enum phase phase)
{
    struct cut *cut = &drive->cut;
    drive_enter(drive, phase);
    for (uint32_t i = 0; i < drive->n_workers; i++)
        drive->workers[i].pending = 0;
    cut->n_reports = cut->n_views = 0;
    cut->tables_board = NO_BOARD;
    free(cut->tables);
    cut->tables = NULL;
    cut->n_tables = cut->tables_size = 0;
}

static void ask(struct drive *drive, struct worker *worker, const struct control *control)
{
    worker->pending++;
    drive_tell(drive, worker, control);
}

static void look(struct drive *drive, const struct agenda_look *look)
{
    struct control control = {.kind = CONTROL_ORDERS};
    begin_answers(drive, LOOKING);
    drive->cut.tables_board = control.orders.tables = look->tables;
    control.orders.lines = look->lines;
    for (uint32_t b = 0; b < drive->config->machine->n_boards; b++) {
        if (look->take[b])
            board_set_add(&control.orders.take, b);
        if (look->view[b])
            board_set_add(&control.orders.views, b);
    }
    for (uint32_t i = 0; i < drive->n_workers; i++)
        if (is_node(&drive->workers[i]))
            ask(drive, &drive->workers[i], &control);
}

static void look_at_all(struct drive *drive, enum look_reason why)
{
    struct agenda_look all = {.tables = NO_BOARD};
    memset(all.view, true, sizeof all.view);
    drive->cut.why = why;
    look(drive, &all);
}

static void regroup(struct drive *drive)
{
    static struct control control; // a table of boards is much for a stack
    const struct drive_config *config = drive->config;
    memset(&control, 0, sizeof control);
    control.kind = CONTROL_REGROUP;
    control.regroup.n_boards = config->machine->n_boards;
    memcpy(control.regroup.group_of_board, agenda_groups(config->course->agenda, &control.regroup.at),
           sizeof control.regroup.group_of_board);
    drive_enter(drive, REGROUPING);
    drive_send_to_all(drive, &control);
}

static struct worker *node_of(struct drive *drive, uint16_t board)
{
    uint16_t node = drive->config->plan->node_of_board[board];
    NP_ASSERT(node < drive->config->plan->nodes);
    return &drive->workers[node];
}

static void send_order(struct drive *drive, struct order *order)
{
    struct control control = {.kind = CONTROL_ORDERS};
    control.orders.tables = NO_BOARD;
    control.orders.n_orders = 1;
    control.orders.orders = order;
    ask(drive, node_of(drive, order->board), &control);
}

// Page tables go in pieces.
static void send_tables(struct drive *drive, const struct order *order)
{
    for (uint64_t at = 0; at < order->n_bytes; at += TABLES_CHUNK_BYTES) {
        struct order piece = *order;
        uint64_t left = order->n_bytes - at;
        piece.offset = at;
        piece.size = order->n_bytes;
        piece.bytes = order->bytes + at;
        piece.n_bytes = left < TABLES_CHUNK_BYTES ? left : TABLES_CHUNK_BYTES;
        send_order(drive, &piece);
    }
}

static void give_orders(struct drive *drive)
{
    uint32_t n;
    struct order *orders = agenda_orders(drive->config->course->agenda, &n);
    begin_answers(drive, ORDERING);
    for (uint32_t i = 0; i < n; i++)
        if (orders[i].kind == ORDER_TABLES && orders[i].n_bytes)
            send_tables(drive, &orders[i]);
        else
            send_order(drive, &orders[i]);
    agenda_ordered(drive->config->course->agenda);
}

static sim_time least_time(const struct drive *drive)
{
    const uint32_t *groups = sc_groups(agenda_sc(drive->config->course->agenda));
    sim_time least = SIM_NEVER;
    for (uint32_t b = 0; b < drive->config->machine->n_boards; b++)
        if (groups[b] != NO_GROUP)
            least = sim_min(least, drive->outcome->groups[groups[b]].time);
    return least;
}

// A run that is to end goes on to where its furthest partition stands, if that is near: what all have done by
// one time can be compared, and done again. Not where the last time brought none of them any further.
static bool evens_out(struct drive *drive)
{
    sim_time least = least_time(drive), at = live_furthest(drive);
    if (common_time(drive) != SIM_NEVER || at - least > EVEN_OUT_MAX || least <= drive->live.least)
        return false;
    drive->live.least = least;
    drive->live.step_until = at;
    return true;
}

// The user ends the run before its time.
static void stop_here(struct drive *drive)
{
    struct err err;
    if (evens_out(drive)) {
        drive_run_on(drive);
        return;
    }
    drive->outcome->reason = PAUSE_STOPPED;
    drive->outcome->interrupted = true;
    drive->outcome->uneven = common_time(drive) == SIM_NEVER;
    if (journal_stop(&drive->config->course->journal, live_furthest(drive), !drive->outcome->uneven, &err))
        drive_fail(drive, &err);
    else
        drive_collect(drive);
}

// Nothing is left to do here.
static void leave_cut(struct drive *drive)
{
    const struct course *course = drive->config->course;
    bool end_unseen = drive->cut.over && (course->history || course->live) && drive->cut.why != LOOK_FOR_END;
    if (end_unseen && !drive->interrupts) {
        look_at_all(drive, LOOK_FOR_END);
    } else if (drive->cut.over) {
        drive->outcome->interrupted = false;
        drive_collect(drive);
    } else if (drive->interrupts || drive->live.end) {
        stop_here(drive);
    } else if (drive->live.look) {
        drive->live.look = false;
        look_at_all(drive, LOOK_FOR_LIVE);
    } else if (live_holds(drive)) {
        if (drive->phase != HELD)
            drive_enter(drive, HELD);
    } else {
        drive_run_on(drive);
    }
}

void cut_go_on(struct drive *drive)
{
    struct agenda_look next;
    struct agenda *agenda = drive->config->course->agenda;
    switch (agenda_next(agenda)) {
    case AGENDA_LOOK:
        drive->cut.why = LOOK_FOR_AGENDA;
        agenda_look(agenda, &next);
        look(drive, &next);
        break;
    case AGENDA_REGROUP:
        regroup(drive);
        break;
    case AGENDA_ORDERS:
        give_orders(drive);
        break;
    case AGENDA_GO:
        leave_cut(drive);
        break;
    }
}

static void damaged(struct drive *drive, const struct worker *worker, const char *what)
{
    struct err err;
    err_set(&err, ERR_DAMAGED_MESSAGE, "%s: %s", worker->process.label, what);
    drive_fail(drive, &err);
}

static bool is_its_own(const struct drive *drive, const struct worker *worker, uint16_t board)
{
    return board < drive->config->machine->n_boards &&
           drive->config->plan->node_of_board[board] == worker - drive->workers;
}

static bool take_tables(struct cut *cut, struct control_reports *reports)
{
    if (reports->tables_size == 0)
        return true;
    if (cut->tables_board == NO_BOARD || (cut->tables && cut->tables_size != reports->tables_size) ||
        reports->n_bytes == 0 || reports->n_bytes > reports->tables_size - cut->n_tables)
        return false;
    if (!cut->tables) {
        cut->tables_size = reports->tables_size;
        cut->tables = malloc(cut->tables_size);
        NP_ASSERT(cut->tables);
    }
    memcpy(cut->tables + cut->n_tables, reports->bytes, reports->n_bytes);
    cut->n_tables += reports->n_bytes;
    return true;
}

static void ask_for_more_tables(struct drive *drive)
{
    struct cut *cut = &drive->cut;
    struct control control = {.kind = CONTROL_ORDERS};
    if (cut->n_tables == cut->tables_size)
        return;
    control.orders.tables = cut->tables_board;
    control.orders.tables_from = cut->n_tables;
    ask(drive, node_of(drive, cut->tables_board), &control);
}

void cut_reports(struct drive *drive, struct worker *worker, struct control_reports *reports)
{
    struct cut *cut = &drive->cut;
    worker->pending--;
    for (uint32_t i = 0; i < reports->n_reports; i++)
        if (!is_its_own(drive, worker, reports->reports[i].board)) {
            damaged(drive, worker, "reports of a board that is not its own");
            return;
        }
    for (uint32_t i = 0; i < reports->n_views; i++)
        if (!is_its_own(drive, worker, reports->views[i].board) || cut->n_views == BOARDS_MAX) {
            damaged(drive, worker, "shows a board that is not its own, or one twice");
            return;
        }
    if (!take_tables(cut, reports)) {
        damaged(drive, worker, "sends page tables that nobody asked for");
        return;
    }
    cut->reports = realloc(cut->reports, (cut->n_reports + reports->n_reports + 1) * sizeof *cut->reports);
    NP_ASSERT(cut->reports);
    memcpy(cut->reports + cut->n_reports, reports->reports, reports->n_reports * sizeof *cut->reports);
    cut->n_reports += reports->n_reports;
    memcpy(cut->views + cut->n_views, reports->views, reports->n_views * sizeof *cut->views);
    cut->n_views += reports->n_views;
    if (reports->tables_size)
        ask_for_more_tables(drive);
    if (cut_complete(drive))
        cut_answered(drive);
}

bool cut_complete(const struct drive *drive)
{
    for (uint32_t i = 0; i < drive->n_workers; i++)
        if (drive->workers[i].pending)
            return false;
    return true;
}

static void looked(struct drive *drive)
{
    struct cut *cut = &drive->cut;
    const struct drive_live_hooks *live = drive->config->course->live;
    uint8_t *tables = cut->tables;
    if (cut->why != LOOK_FOR_AGENDA && live && live->looked)
        live->looked(live->self, cut->views, cut->n_views);
    if (cut->why == LOOK_FOR_LIVE)
        return;
    cut->tables = NULL;
    agenda_looked(drive->config->course->agenda, cut->reports, cut->n_reports, cut->views, cut->n_views,
                  tables, cut->n_tables);
    if (cut->why == LOOK_FOR_END)
        course_end(drive->config->course,
                   cut->reason == PAUSE_UNTIL ? drive->config->machine->until : SIM_NEVER);
}

void cut_answered(struct drive *drive)
{
    if (drive->phase == LOOKING)
        looked(drive);
    else if (drive->phase == REGROUPING)
        agenda_regrouped(drive->config->course->agenda);
    cut_go_on(drive);
}

void cut_free(struct drive *drive)
{
    free(drive->cut.reports);
    free(drive->cut.tables);
    free(drive->live.commands);
}
