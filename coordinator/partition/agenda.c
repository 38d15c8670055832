// SPDX-License-Identifier: Apache-2.0
#include "coordinator/partition/agenda.h"

#include <stdlib.h>
#include <string.h>

#include "coordinator/partition/agenda_inside.h"
#include "proto/base/assert.h"

static void on_order(void *self, struct order *order)
{
    struct agenda *agenda = self;
    agenda->orders = realloc(agenda->orders, (agenda->n_orders + 1) * sizeof *agenda->orders);
    NP_ASSERT(agenda->orders);
    agenda->orders[agenda->n_orders++] = *order;
}

static void on_view(void *self, uint16_t board, struct board_view *view)
{
    const struct agenda *agenda = self;
    NP_ASSERT(agenda->viewed[board]);
    *view = agenda->views[board];
}

static void on_tables(void *self, uint16_t board, uint8_t **bytes, uint64_t *n_bytes)
{
    struct agenda *agenda = self;
    (void)board;
    *bytes = agenda->tables;
    *n_bytes = agenda->n_tables;
    agenda->tables = NULL;
    agenda->n_tables = 0;
}

static void on_regroup(void *self, const uint32_t group_of_board[BOARDS_MAX])
{
    struct agenda *agenda = self;
    (void)group_of_board; // sc_groups has them
    agenda->regroup = true;
}

static void on_event(void *self, const struct sc_event *event)
{
    struct agenda *agenda = self;
    if (agenda->hooks.event)
        agenda->hooks.event(agenda->hooks.self, event, sc_operation(agenda->sc, event->operation));
}

static struct sc_machine agenda_machine(struct agenda *agenda)
{
    return (struct sc_machine){agenda, on_order, on_view, on_tables, on_regroup, on_event};
}

static uint64_t hash_of(const struct agenda_command *commands, uint32_t n)
{
    struct archive ar;
    ar_init_hash(&ar);
    for (uint32_t i = 0; i < n; i++) {
        struct agenda_command c = commands[i];
        uint32_t words[] = {c.command.verb,     c.command.board, c.command.partition, c.command.level,
                            c.command.position, c.command.on,    c.command.force,     c.command.restricted};
        ar_u64(&ar, &c.at);
        for (unsigned k = 0; k < NP_ARRAY_LEN(words); k++)
            ar_u32(&ar, &words[k]);
        ar_bytes(&ar, c.command.name, strlen(c.command.name) + 1);
    }
    uint64_t hash = ar_digest(&ar).low;
    ar_free(&ar);
    return hash;
}

struct agenda *agenda_new(const struct machine *machine, const struct agenda_command *commands, uint32_t n,
                          const struct agenda_hooks *hooks)
{
    struct agenda *agenda = calloc(1, sizeof *agenda);
    NP_ASSERT(agenda && n <= AGENDA_COMMANDS_MAX);
    agenda->machine = machine;
    if (hooks)
        agenda->hooks = *hooks;
    agenda->reached = SIM_NEVER;
    agenda->views = calloc(BOARDS_MAX, sizeof *agenda->views);
    agenda->commands = calloc(n + 1, sizeof *agenda->commands);
    NP_ASSERT(agenda->views && agenda->commands);
    agenda->n_commands = n;
    if (n)
        memcpy(agenda->commands, commands, n * sizeof *commands);
    agenda->scripted_hash = hash_of(agenda->commands, n);
    const struct sc_machine io = agenda_machine(agenda);
    agenda->sc = sc_new(machine, &io);
    return agenda;
}

static void drop_orders(struct agenda *agenda)
{
    for (uint32_t i = 0; i < agenda->n_orders; i++)
        order_free(&agenda->orders[i]);
    agenda->n_orders = 0;
}

void agenda_free(struct agenda *agenda)
{
    if (!agenda)
        return;
    drop_orders(agenda);
    sc_free(agenda->sc);
    free(agenda->orders);
    free(agenda->commands);
    free(agenda->plans);
    free(agenda->views);
    free(agenda->tables);
    free(agenda);
}

struct sc *agenda_sc(struct agenda *agenda)
{
    return agenda->sc;
}

static sim_time next_sample(const struct agenda *agenda)
{
    return agenda->hooks.next_sample ? agenda->hooks.next_sample(agenda->hooks.self) : SIM_NEVER;
}

sim_time agenda_stop(const struct agenda *agenda)
{
    sim_time at = next_sample(agenda);
    if (agenda->next_command < agenda->n_commands)
        at = sim_min(at, agenda->commands[agenda->next_command].at);
    return at;
}

uint32_t agenda_wanted(const struct agenda *agenda, struct wanted_reports wanted[PARTITIONS_MAX])
{
    uint32_t n = 0;
    for (uint32_t g = 0; g < agenda->machine->n_partitions; g++) {
        uint32_t reports = sc_wanted(agenda->sc, g);
        const struct system_desc *system = &agenda->machine->systems[agenda->machine->partitions[g].system];
        if (reports)
            wanted[n++] = (struct wanted_reports){g, reports, system->controller_latency};
    }
    return n;
}

static void insert(struct agenda *agenda, const struct agenda_command *command)
{
    NP_ASSERT(agenda->n_commands < AGENDA_COMMANDS_MAX);
    agenda->commands = realloc(agenda->commands, (agenda->n_commands + 1) * sizeof *agenda->commands);
    NP_ASSERT(agenda->commands);
    uint32_t i = agenda->n_commands++;
    for (; i > agenda->next_command && agenda->commands[i - 1].at > command->at; i--)
        agenda->commands[i] = agenda->commands[i - 1];
    agenda->commands[i] = *command;
}

void agenda_add(struct agenda *agenda, sim_time at, const struct sc_command *command, uint64_t ticket)
{
    insert(agenda, &(struct agenda_command){.at = at, .command = *command, .ticket = ticket});
}

void agenda_type(struct agenda *agenda, sim_time at, const struct sc_line *line, uint64_t ticket)
{
    insert(agenda, &(struct agenda_command){.at = at, .types = true, .line = *line, .ticket = ticket});
}

void agenda_plan(struct agenda *agenda, const struct sc_command *command, uint64_t ticket)
{
    agenda->plans = realloc(agenda->plans, (agenda->n_plans + 1) * sizeof *agenda->plans);
    NP_ASSERT(agenda->plans);
    agenda->plans[agenda->n_plans++] = (struct plan_request){*command, ticket};
}

void agenda_cut(struct agenda *agenda, const struct group_progress *groups, uint32_t n, sim_time reached)
{
    NP_ASSERT(agenda->n_orders == 0 && !agenda->regroup);
    agenda->reached = reached;
    agenda->now = 0;
    for (uint32_t g = 0; g < PARTITIONS_MAX; g++) {
        agenda->reported[g] = g < n && groups[g].reported && sc_wanted(agenda->sc, g);
        agenda->time[g] = g < n ? groups[g].time : 0;
        agenda->now = sim_max(agenda->now, agenda->time[g]);
    }
}

// What is to be looked at next; nothing has been, since the last thing was done.
static enum reason reason_to_look(struct agenda *agenda)
{
    for (uint32_t g = 0; g < agenda->machine->n_partitions; g++)
        if (agenda->reported[g]) {
            agenda->group = g;
            return FOR_REPORTS;
        }
    if (agenda->reached != SIM_NEVER && next_sample(agenda) <= agenda->reached)
        return FOR_SAMPLE;
    if (agenda->reached != SIM_NEVER && agenda->next_command < agenda->n_commands &&
        agenda->commands[agenda->next_command].at <= agenda->reached)
        return FOR_COMMAND;
    return agenda->n_plans ? FOR_PLAN : FOR_NOTHING;
}

enum agenda_wish agenda_next(struct agenda *agenda)
{
    if (agenda->regroup)
        return AGENDA_REGROUP;
    if (agenda->n_orders)
        return AGENDA_ORDERS;
    agenda->reason = reason_to_look(agenda);
    return agenda->reason == FOR_NOTHING ? AGENDA_GO : AGENDA_LOOK;
}

static uint16_t tables_for(const struct agenda *agenda)
{
    if (agenda->reason == FOR_REPORTS)
        return sc_wants_tables(agenda->sc, agenda->group);
    return NO_BOARD;
}

void agenda_look(const struct agenda *agenda, struct agenda_look *look)
{
    bool reports = agenda->reason == FOR_REPORTS;
    bool command = agenda->reason == FOR_COMMAND && !agenda->commands[agenda->next_command].types;
    *look = (struct agenda_look){.tables = tables_for(agenda), .lines = reports || command};
    for (uint16_t b = 0; b < agenda->machine->n_boards; b++) {
        bool mine = sc_groups(agenda->sc)[b] == agenda->group;
        look->take[b] = reports && mine;
        look->view[b] = !reports || mine;
    }
}

static int by_time_and_board(const void *a, const void *b)
{
    const struct report *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    if (x->board != y->board)
        return x->board < y->board ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static void do_reports(struct agenda *agenda, const struct report *reports, uint32_t n)
{
    struct report *sorted = calloc(n + 1, sizeof *sorted);
    NP_ASSERT(sorted);
    if (n)
        memcpy(sorted, reports, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_time_and_board);
    agenda->reported[agenda->group] = false;
    agenda->now = agenda->time[agenda->group];
    sc_step(agenda->sc, agenda->now, sorted, n);
    free(sorted);
}

static void do_command(struct agenda *agenda)
{
    const struct agenda_command command = agenda->commands[agenda->next_command++];
    uint64_t operation = 0;
    struct err err;
    agenda->now = agenda->reached;
    if (command.types)
        sc_type(agenda->sc, &command.line, agenda->reached, &err);
    else
        sc_begin(agenda->sc, &command.command, agenda->reached, &operation, &err);
    if (command.ticket && agenda->hooks.answer)
        agenda->hooks.answer(agenda->hooks.self, command.ticket, &err, operation);
}

static void do_plan(struct agenda *agenda)
{
    const struct plan_request request = agenda->plans[0];
    struct sc_plan plan;
    struct err err;
    memmove(agenda->plans, agenda->plans + 1, --agenda->n_plans * sizeof *agenda->plans);
    sc_plan(agenda->sc, &request.command, agenda->now, &plan, &err);
    if (agenda->hooks.planned)
        agenda->hooks.planned(agenda->hooks.self, request.ticket, &err, &plan);
}

void agenda_looked(struct agenda *agenda, const struct report *reports, uint32_t n_reports,
                   const struct board_view *views, uint32_t n_views, uint8_t *tables, uint64_t n_tables)
{
    free(agenda->tables);
    agenda->tables = tables;
    agenda->n_tables = n_tables;
    memset(agenda->viewed, 0, sizeof agenda->viewed);
    for (uint32_t i = 0; i < n_views; i++) {
        agenda->views[views[i].board] = views[i];
        agenda->viewed[views[i].board] = true;
    }
    if (agenda->reason == FOR_REPORTS)
        do_reports(agenda, reports, n_reports);
    else if (agenda->reason == FOR_SAMPLE)
        agenda->hooks.sample(agenda->hooks.self, agenda->reached, agenda->views);
    else if (agenda->reason == FOR_COMMAND)
        do_command(agenda);
    else if (agenda->reason == FOR_PLAN)
        do_plan(agenda);
}

const uint32_t *agenda_groups(const struct agenda *agenda, sim_time *at)
{
    *at = agenda->now;
    return sc_groups(agenda->sc);
}

void agenda_regrouped(struct agenda *agenda)
{
    agenda->regroup = false;
}

struct order *agenda_orders(struct agenda *agenda, uint32_t *n)
{
    *n = agenda->n_orders;
    return agenda->orders;
}

void agenda_ordered(struct agenda *agenda)
{
    drop_orders(agenda);
}

const struct board_view *agenda_view(const struct agenda *agenda, uint16_t board)
{
    return &agenda->views[board];
}

const struct agenda_command *agenda_left(const struct agenda *agenda, uint32_t *n)
{
    *n = agenda->n_commands - agenda->next_command;
    return agenda->commands + agenda->next_command;
}

void agenda_over(struct agenda *agenda, const struct err *why)
{
    struct err over;
    err_set(&over, ERR_OVER, "the run has ended before; run it again, for longer");
    if (why)
        over = *why;
    for (uint32_t i = agenda->next_command; i < agenda->n_commands; i++) {
        if (agenda->commands[i].ticket && agenda->hooks.answer)
            agenda->hooks.answer(agenda->hooks.self, agenda->commands[i].ticket, &over, 0);
        agenda->commands[i].ticket = 0;
    }
    for (uint32_t i = 0; i < agenda->n_plans; i++)
        if (agenda->hooks.planned)
            agenda->hooks.planned(agenda->hooks.self, agenda->plans[i].ticket, &over, NULL);
    agenda->n_plans = 0;
}
