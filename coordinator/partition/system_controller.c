// SPDX-License-Identifier: Apache-2.0
// The life of commands: admitted or refused, step by step, ended.
#include "coordinator/partition/system_controller.h"

#include <stdlib.h>
#include <string.h>

#include "coordinator/partition/admission.h"
#include "coordinator/partition/steps.h"
#include "coordinator/partition/words.h"
#include "proto/base/assert.h"

static struct sc_board board_at_start(const struct board_desc *desc)
{
    bool active = desc->partition != NO_PARTITION;
    return (struct sc_board){.assignment = active ? SC_ACTIVE : SC_AVAILABLE_BOARD,
                             .receptacle = active ? SC_CONNECTED : SC_DISCONNECTED,
                             .occupant = active ? SC_CONFIGURED : SC_UNCONFIGURED,
                             .test = active ? SC_TEST_PASSED : SC_TEST_UNKNOWN,
                             .powered = active,
                             .tables = active,
                             .blacklisted = desc->blacklisted,
                             .floating = desc->floating,
                             .use_on_next_boot = true,
                             .partition = desc->partition,
                             .next_partition = desc->partition};
}

static void partition_at_start(struct sc *sc, uint32_t partition)
{
    const struct partition_desc *desc = &sc->machine->partitions[partition];
    struct sc_partition *p = &sc->partitions[partition];
    uint64_t members = 0;
    p->state = SC_RUNNING;
    p->position = SC_KEY_ON;
    p->core_board = desc->boards[0];
    for (uint32_t i = 0; i < desc->n_boards; i++) {
        p->available[sc_in_system(sc, desc->boards[i])] = true;
        members |= UINT64_C(1) << sc_in_system(sc, desc->boards[i]);
    }
    domain_original(&p->domain, sc->machine, partition, members);
    p->domain.map_version = 0; // as boards have it when they are built
}

struct sc *sc_new(const struct machine *machine, const struct sc_machine *io)
{
    struct sc *sc = calloc(1, sizeof *sc);
    NP_ASSERT(sc);
    sc->machine = machine;
    sc->io = *io;
    sc->partitions = calloc(machine->n_partitions, sizeof *sc->partitions);
    NP_ASSERT(sc->partitions);
    for (uint16_t b = 0; b < machine->n_boards; b++) {
        sc->boards[b] = board_at_start(&machine->boards[b]);
        sc->groups[b] = machine->boards[b].partition;
    }
    for (uint32_t p = 0; p < machine->n_partitions; p++)
        partition_at_start(sc, p);
    invariants_check(sc);
    return sc;
}

void sc_free(struct sc *sc)
{
    if (!sc)
        return;
    for (uint64_t i = 0; i < sc->n_operations; i++)
        free(sc->operations[i]);
    free(sc->operations);
    free(sc->partitions);
    free(sc);
}

bool sc_has_pools(const struct sc *sc, uint32_t partition)
{
    for (uint32_t i = 0; i < sc->machine->n_pools; i++)
        if (sc->machine->pools[i].partition == partition)
            return true;
    return false;
}

// The group of each board: that of its partition, and one for all that the operation concerns.
static void join(struct sc *sc, const struct operation *op)
{
    uint32_t groups[BOARDS_MAX];
    memcpy(groups, sc->groups, sizeof groups);
    for (uint16_t b = 0; b < sc->machine->n_boards; b++) {
        const struct sc_board *board = &sc->boards[b];
        bool boots = op->shown.to == NO_PARTITION && board->partition == op->shown.from &&
                     board->partition != NO_PARTITION && op->shown.command.board == NO_BOARD;
        bool member = board->receptacle == SC_CONNECTED &&
                      (board->partition == op->shown.from || board->partition == op->shown.to);
        if (boots || member || b == op->shown.command.board)
            groups[b] = op->shown.group;
    }
    if (memcmp(groups, sc->groups, sizeof groups) == 0)
        return;
    memcpy(sc->groups, groups, sizeof groups);
    sc->io.regroup(sc->io.self, sc->groups);
}

// What belongs to no operation any more goes back to the group of its partition, or stands still.
static void separate(struct sc *sc, const struct operation *op)
{
    uint32_t groups[BOARDS_MAX];
    memcpy(groups, sc->groups, sizeof groups);
    for (uint16_t b = 0; b < sc->machine->n_boards; b++) {
        const struct sc_board *board = &sc->boards[b];
        bool concerned = b == op->shown.command.board ||
                         (board->partition != NO_PARTITION &&
                          (board->partition == op->shown.from || board->partition == op->shown.to));
        if (concerned || sc->groups[b] == op->shown.group)
            groups[b] = board->receptacle == SC_CONNECTED ? board->partition : NO_GROUP;
    }
    if (memcmp(groups, sc->groups, sizeof groups) == 0)
        return;
    memcpy(sc->groups, groups, sizeof groups);
    sc->io.regroup(sc->io.self, sc->groups);
}

static void find_core(struct sc *sc, uint32_t partition)
{
    struct sc_partition *p = &sc->partitions[partition];
    p->core_board = NO_BOARD;
    for (uint16_t b = 0; b < sc->machine->n_boards && p->core_board == NO_BOARD; b++)
        if (sc_member(sc, partition, b) && sc->boards[b].assignment == SC_ACTIVE)
            p->core_board = b;
}

static void end(struct sc *sc, struct operation *op, sim_time at)
{
    const struct sc_command *c = &op->shown.command;
    bool good = op->shown.outcome.code == ERR_OK;
    char text[SC_COMMAND_TEXT_SIZE];
    if (good && c->verb == SC_DELETE && c->level == SC_UNASSIGN &&
        sc->boards[c->board].receptacle == SC_DISCONNECTED)
        states_board(sc, op, at, c->board, EV_UNASSIGN, NO_PARTITION);
    op->shown.ended = at;
    op->shown.step = good ? "done" : op->shown.step;
    if (op->n_steps)
        separate(sc, op);
    for (uint32_t p = 0; p < sc->machine->n_partitions; p++)
        find_core(sc, p);
    event_tell(sc, op, at, "ended", c->board, op->shown.to == NO_PARTITION ? op->shown.from : op->shown.to,
               "%s: %s", sc_command_text(sc->machine, c, text),
               good ? "done" : err_id(op->shown.outcome.code));
}

static void close_ended(struct sc *sc)
{
    while (sc->first_open < sc->n_operations && sc->operations[sc->first_open]->shown.ended != SIM_NEVER)
        sc->first_open++;
}

// A domain that stands still for a copy goes on, whatever became of the copy.
static bool must_resume(const struct operation *op)
{
    enum step step = (enum step)op->steps[op->at_step];
    return op->failing && (step == STEP_QUIESCE || step == STEP_COPY);
}

static void skip_to(struct operation *op, enum step step)
{
    while (op->at_step < op->n_steps && op->steps[op->at_step] != step)
        op->at_step++;
    NP_ASSERT(op->at_step < op->n_steps);
}

// Goes on as far as no report is needed.
static void proceed(struct sc *sc, struct operation *op, sim_time at)
{
    while (op->outstanding == 0 && op->shown.ended == SIM_NEVER) {
        if (!op->failing)
            step_done(sc, op, at);
        if (must_resume(op)) {
            skip_to(op, STEP_RESUME);
            step_begin(sc, op, at);
            continue;
        }
        if (op->failing && op->steps[op->at_step] == STEP_RESUME)
            step_done(sc, op, at);
        if (op->failing || ++op->at_step == op->n_steps)
            end(sc, op, at);
        else
            step_begin(sc, op, at);
    }
}

static struct operation *remember(struct sc *sc, const struct operation *op)
{
    NP_ASSERT(sc->n_operations < SC_OPERATIONS_MAX);
    sc->operations = realloc(sc->operations, (sc->n_operations + 1) * sizeof *sc->operations);
    NP_ASSERT(sc->operations);
    struct operation *kept = malloc(sizeof *kept);
    NP_ASSERT(kept);
    *kept = *op;
    kept->shown.id = sc->n_operations + 1;
    sc->operations[sc->n_operations++] = kept;
    return kept;
}

// The keyswitch turns at once; what follows from it takes its time.
static void turn(struct sc *sc, struct operation *op, sim_time at)
{
    struct sc_partition *p = &sc->partitions[op->shown.from];
    if (op->shown.command.verb != SC_KEYSWITCH)
        return;
    p->position = op->shown.command.position;
    if (p->state == SC_HALTED && p->position == SC_KEY_STANDBY)
        states_domain(sc, op, at, op->shown.from, SC_STANDBY);
}

static void set_flags(struct sc *sc, const struct operation *op)
{
    const struct sc_command *c = &op->shown.command;
    switch (c->verb) {
    case SC_BLACKLIST:
        sc->boards[c->board].blacklisted = c->on;
        break;
    case SC_AVAILABLE:
        sc->partitions[c->partition].available[sc_in_system(sc, c->board)] = c->on;
        break;
    case SC_TAG:
        memcpy(sc->partitions[c->partition].tag, c->name, sizeof c->name);
        break;
    case SC_CELL:
        sc->boards[c->board].use_on_next_boot = c->on;
        break;
    default:
        break;
    }
}

// A base cell that is active changes its nPartition with the next reboot for reconfiguration.
static void plan_cell(struct sc *sc, struct operation *op, sim_time at)
{
    uint16_t board = op->shown.command.board;
    if (op->n_steps || sc->boards[board].assignment != SC_ACTIVE)
        return;
    sc->boards[board].next_partition = op->shown.to;
    event_tell(sc, op, at, "state", board, op->shown.from, "%s: %s at the next reboot for reconfiguration",
               sc_board_name(sc, board),
               op->shown.to == NO_PARTITION ? "leaves" : "goes to its new partition");
}

static void begin_states(struct sc *sc, struct operation *op, sim_time at)
{
    const struct sc_command *c = &op->shown.command;
    turn(sc, op, at);
    set_flags(sc, op);
    if (c->verb == SC_ADD && sc->boards[c->board].assignment == SC_AVAILABLE_BOARD)
        states_board(sc, op, at, c->board, EV_ASSIGN, c->partition);
    else if (c->verb == SC_MOVE && sc->boards[c->board].receptacle == SC_DISCONNECTED)
        states_board(sc, op, at, c->board, EV_REASSIGN, c->partition);
    else if (c->verb == SC_MOVE || c->verb == SC_DELETE)
        plan_cell(sc, op, at);
}

static void begin(struct sc *sc, struct operation *op, sim_time at)
{
    char text[SC_COMMAND_TEXT_SIZE];
    const struct sc_command *c = &op->shown.command;
    event_tell(sc, op, at, "begun", c->board, op->shown.from, "%s", sc_command_text(sc->machine, c, text));
    begin_states(sc, op, at);
    if (op->n_steps == 0) {
        end(sc, op, at);
        return;
    }
    join(sc, op);
    step_begin(sc, op, at);
    proceed(sc, op, at);
}

enum err_code sc_begin(struct sc *sc, const struct sc_command *command, sim_time at, uint64_t *operation,
                       struct err *err)
{
    struct operation op = {
        .shown = {.command = *command, .began = at, .ended = SIM_NEVER, .step = "refused"}};
    char text[SC_COMMAND_TEXT_SIZE];
    enum err_code code = admission(sc, &op, err);
    if (code)
        op.n_steps = 0;
    struct operation *kept = remember(sc, &op);
    if (operation)
        *operation = kept->shown.id;
    if (code) {
        kept->shown.outcome = *err;
        kept->shown.ended = at;
        event_tell(sc, kept, at, "refused", kept->shown.command.board, kept->shown.from, "%s: %s",
                   sc_command_text(sc->machine, &kept->shown.command, text), err_id(code));
    } else {
        begin(sc, kept, at);
    }
    close_ended(sc);
    invariants_check(sc);
    return code;
}

static struct operation *under_way(const struct sc *sc, uint32_t group)
{
    for (uint64_t i = sc->first_open; i < sc->n_operations; i++) {
        struct operation *op = sc->operations[i];
        if (op->shown.ended == SIM_NEVER && op->shown.group == group)
            return op;
    }
    return NULL;
}

uint32_t sc_wanted(const struct sc *sc, uint32_t group)
{
    const struct operation *op = under_way(sc, group);
    if (!op)
        return 0;
    return op->steps[op->at_step] == STEP_DRAIN && !op->failing ? 1 : op->outstanding;
}

uint16_t sc_wants_tables(const struct sc *sc, uint32_t group)
{
    const struct operation *op = under_way(sc, group);
    if (!op || op->failing || op->at_step + 1 >= op->n_steps)
        return NO_BOARD;
    enum step next = (enum step)op->steps[op->at_step + 1];
    return next == STEP_TABLES ? tables_source(sc, op) : NO_BOARD;
}

void sc_step(struct sc *sc, sim_time at, const struct report *reports, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint64_t id = reports[i].id >> ORDER_ID_SHIFT;
        NP_ASSERT(id >= 1 && id <= sc->n_operations);
        struct operation *op = sc->operations[id - 1];
        NP_ASSERT(op->shown.ended == SIM_NEVER);
        step_report(sc, op, at, &reports[i]);
    }
    for (uint64_t i = sc->first_open; i < sc->n_operations; i++)
        proceed(sc, sc->operations[i], at);
    close_ended(sc);
    invariants_check(sc);
}

bool sc_busy(const struct sc *sc)
{
    return sc->first_open < sc->n_operations;
}

const struct sc_board *sc_board(const struct sc *sc, uint16_t board)
{
    NP_ASSERT(board < sc->machine->n_boards);
    return &sc->boards[board];
}

const struct sc_partition *sc_partition(const struct sc *sc, uint32_t partition)
{
    NP_ASSERT(partition < sc->machine->n_partitions);
    return &sc->partitions[partition];
}

const struct sc_operation *sc_operation(const struct sc *sc, uint64_t id)
{
    return id >= 1 && id <= sc->n_operations ? &sc->operations[id - 1]->shown : NULL;
}

uint64_t sc_operations(const struct sc *sc)
{
    return sc->n_operations;
}

const uint32_t *sc_groups(const struct sc *sc)
{
    return sc->groups;
}
