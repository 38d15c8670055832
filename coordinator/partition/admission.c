// SPDX-License-Identifier: Apache-2.0
// Whether a command may begin, and the steps that it takes. Nothing is changed here.
#include "coordinator/partition/admission.h"

#include <string.h>

#include "coordinator/partition/guests.h"
#include "coordinator/partition/states.h"
#include "coordinator/partition/words.h"
#include "proto/base/assert.h"

static void take(struct operation *op, enum step step)
{
    NP_ASSERT(op->n_steps < STEPS_MAX);
    op->steps[op->n_steps++] = (uint8_t)step;
}

// Facts.md 2: base cells take part in the interleave, so they come and go with a reboot for reconfiguration.
bool sc_is_base_cell(const struct sc *sc, uint16_t board)
{
    const struct board_desc *desc = &sc->machine->boards[board];
    return sc->machine->systems[desc->system].family == FAMILY_SUPERDOME && !sc->boards[board].floating;
}

static bool runs(const struct sc *sc, uint32_t partition)
{
    return sc->partitions[partition].state == SC_RUNNING;
}

static enum err_code check_running(const struct sc *sc, uint32_t partition, struct err *err)
{
    const struct sc_partition *p = &sc->partitions[partition];
    if (runs(sc, partition))
        return ERR_OK;
    return err_set(err, ERR_STATE, "%s does not run (%s, keyswitch %s); turn its keyswitch on first",
                   sc_partition_name(sc, partition), sc_domain_state_name(p->state),
                   sc_position_name(p->position));
}

static bool on_list(const struct sc *sc, uint32_t partition, uint16_t board)
{
    return sc->partitions[partition].available[sc_in_system(sc, board)];
}

// A domain administrator takes and gives back only what is on the domain's available component list.
static enum err_code check_list(const struct sc *sc, const struct operation *op, uint32_t partition,
                                struct err *err)
{
    const struct sc_command *c = &op->shown.command;
    if (!c->restricted || partition == NO_PARTITION || on_list(sc, partition, c->board))
        return ERR_OK;
    return err_set(
        err, ERR_FORBIDDEN,
        "%s is not on the available component list of %s; a platform administrator can put it there",
        sc_board_name(sc, c->board), sc_partition_name(sc, partition));
}

// What a guest has been offered is withdrawn, or its memory moves while it stands still.
static void take_leave(struct operation *op, bool guest)
{
    if (!guest)
        take(op, STEP_OFFLINE);
    else if (op->copy_target == NO_BOARD)
        take(op, STEP_WITHDRAW);
    if (op->drain_pages)
        take(op, STEP_DRAIN);
    if (op->copy_target != NO_BOARD)
        for (enum step s = STEP_QUIESCE; s <= STEP_RESUME; s++)
            take(op, s);
    take(op, STEP_FLUSH);
}

// Out of the partition, as far as `level` says.
static enum err_code admit_out(struct sc *sc, struct operation *op, enum sc_level level, struct err *err)
{
    uint16_t board = op->shown.command.board;
    uint32_t from = op->shown.from;
    const struct sc_board *b = &sc->boards[board];
    if (b->assignment == SC_ACTIVE) {
        if (check_running(sc, from, err) || admission_leave(sc, op, err))
            return err->code;
        take_leave(op, sc_has_guest(sc, from));
    } else if (level == SC_UNCONFIGURE) {
        return err_set(err, ERR_STATE, "%s is unconfigured already; disconnect or unassign it",
                       sc_board_name(sc, board));
    }
    if (level == SC_UNCONFIGURE)
        return ERR_OK;
    if (b->receptacle == SC_CONNECTED)
        take(op, STEP_LEAVE);
    else if (level == SC_DISCONNECT)
        return err_set(err, ERR_STATE, "%s is disconnected already; unassign it to give it back",
                       sc_board_name(sc, board));
    return ERR_OK;
}

// Into the partition, as far as `level` says. `cycle`: it comes from elsewhere, whatever its last test said.
static enum err_code admit_in(struct sc *sc, struct operation *op, bool cycle, struct err *err)
{
    const struct sc_command *c = &op->shown.command;
    const struct sc_board *b = &sc->boards[c->board];
    uint32_t to = op->shown.to;
    if (b->blacklisted)
        return err_set(err, ERR_BLACKLISTED, "%s is on the blacklist; take it off first",
                       sc_board_name(sc, c->board));
    if (c->level == SC_ASSIGN)
        return ERR_OK;
    if (check_running(sc, to, err))
        return err->code;
    if (b->test == SC_TEST_FAILED && !cycle)
        return err_set(err, ERR_SELF_TEST, "%s failed its self-test; test it again, or use another board",
                       sc_board_name(sc, c->board));
    if (sc->partitions[to].domain.n_segments + 4 > SEGMENTS_MAX)
        return err_set(err, ERR_STATE,
                       "%s: its memory map has too many pieces; turn its keyswitch off and on",
                       sc_partition_name(sc, to));
    if (cycle || b->receptacle == SC_DISCONNECTED) {
        take(op, STEP_POWER_ON);
        if (cycle || b->test != SC_TEST_PASSED || !b->powered)
            take(op, STEP_TEST);
        take(op, STEP_JOIN);
        if (sc_has_pools(sc, to))
            take(op, STEP_TABLES); // whoever is behind the gates follows pages that move
    }
    if (c->level == SC_CONNECT)
        return ERR_OK;
    if (sc_has_guest(sc, to)) {
        take(op, STEP_OFFER);
        return guest_admit_join(sc, to, c->board, err);
    }
    take(op, STEP_ONLINE);
    if (sc_has_pools(sc, to))
        take(op, STEP_SPREAD);
    return ERR_OK;
}

static enum err_code admit_add(struct sc *sc, struct operation *op, struct err *err)
{
    struct sc_command *c = &op->shown.command;
    const struct sc_board *b = &sc->boards[c->board];
    const char *name = sc_board_name(sc, c->board);
    if (check_list(sc, op, c->partition, err))
        return err->code;
    if (b->partition != NO_PARTITION && b->partition != c->partition)
        return err_set(err, ERR_STATE, "%s belongs to %s; move it, or delete it there first", name,
                       sc_partition_name(sc, b->partition));
    if (b->assignment == SC_ACTIVE && !b->offline)
        return err_set(err, ERR_STATE, "%s is active in %s already; move it to use it elsewhere", name,
                       sc_partition_name(sc, b->partition));
    if (c->level == SC_ASSIGN && b->partition == c->partition)
        return err_set(err, ERR_STATE, "%s is assigned to %s already; connect or configure it", name,
                       sc_partition_name(sc, b->partition));
    if (c->level == SC_CONNECT && b->receptacle == SC_CONNECTED)
        return err_set(err, ERR_STATE, "%s is connected already; configure it", name);
    if (sc_is_base_cell(sc, c->board))
        c->level = SC_ASSIGN;
    return admit_in(sc, op, false, err);
}

static enum err_code check_has_partition(const struct sc *sc, uint16_t board, struct err *err)
{
    if (sc->boards[board].partition != NO_PARTITION)
        return ERR_OK;
    return err_set(err, ERR_STATE, "%s is in no partition; add it to one first", sc_board_name(sc, board));
}

static bool waits_for_reboot(const struct sc *sc, uint16_t board)
{
    return sc_is_base_cell(sc, board) && sc->boards[board].assignment == SC_ACTIVE;
}

static enum err_code admit_delete(struct sc *sc, struct operation *op, struct err *err)
{
    const struct sc_command *c = &op->shown.command;
    if (check_has_partition(sc, c->board, err))
        return err->code;
    if (c->level == SC_UNASSIGN && check_list(sc, op, op->shown.from, err))
        return err->code;
    if (waits_for_reboot(sc, c->board)) // the reboot for reconfiguration does the rest
        return ERR_OK;
    if (admit_out(sc, op, c->level, err))
        return err->code;
    if (c->level != SC_UNCONFIGURE && sc->boards[c->board].powered)
        take(op, STEP_POWER_OFF);
    return ERR_OK;
}

static enum err_code admit_move(struct sc *sc, struct operation *op, struct err *err)
{
    const struct sc_command *c = &op->shown.command;
    if (check_has_partition(sc, c->board, err))
        return err->code;
    if (op->shown.from == op->shown.to)
        return err_set(err, ERR_STATE, "%s is in %s already; name another partition",
                       sc_board_name(sc, c->board), sc_partition_name(sc, op->shown.to));
    if (check_list(sc, op, op->shown.from, err) || check_list(sc, op, op->shown.to, err))
        return err->code;
    if (waits_for_reboot(sc, c->board))
        return ERR_OK;
    if (admit_out(sc, op, SC_UNASSIGN, err))
        return err->code;
    if (c->level == SC_ASSIGN && sc->boards[c->board].powered)
        take(op, STEP_POWER_OFF);
    return sc_is_base_cell(sc, c->board) ? ERR_OK : admit_in(sc, op, true, err);
}

static enum err_code check_disconnected(const struct sc *sc, uint16_t board, struct err *err)
{
    const struct sc_board *b = &sc->boards[board];
    if (b->receptacle == SC_DISCONNECTED)
        return ERR_OK;
    return err_set(err, ERR_STATE, "%s is connected to %s; disconnect it first", sc_board_name(sc, board),
                   sc_partition_name(sc, b->partition));
}

static enum err_code admit_power(struct sc *sc, struct operation *op, struct err *err)
{
    const struct sc_command *c = &op->shown.command;
    if (check_disconnected(sc, c->board, err))
        return err->code;
    if (sc->boards[c->board].powered == c->on)
        return err_set(err, ERR_STATE, "%s is powered %s already; nothing is to be done",
                       sc_board_name(sc, c->board), c->on ? "on" : "off");
    take(op, c->on ? STEP_POWER_ON : STEP_POWER_OFF);
    return ERR_OK;
}

static enum err_code admit_test(struct sc *sc, struct operation *op, struct err *err)
{
    uint16_t board = op->shown.command.board;
    if (check_disconnected(sc, board, err))
        return err->code;
    if (!sc->boards[board].powered)
        return err_set(err, ERR_STATE, "%s has no power; power it on first", sc_board_name(sc, board));
    take(op, STEP_TEST);
    return ERR_OK;
}

static enum err_code admit_tag(struct sc *sc, struct operation *op, struct err *err)
{
    const char *name = op->shown.command.name;
    for (size_t i = 0; name[i]; i++)
        if (name[i] < ' ' || name[i] > '~')
            return err_set(err, ERR_BAD_VALUE,
                           "%s: a tag has only printable ASCII characters; choose another",
                           sc_partition_name(sc, op->shown.from));
    return ERR_OK;
}

static enum err_code admit_cell(struct sc *sc, struct operation *op, struct err *err)
{
    uint16_t board = op->shown.command.board;
    if (sc->machine->systems[sc->machine->boards[board].system].family != FAMILY_SUPERDOME)
        return err_set(err, ERR_STATE, "%s is no cell: only cells have a use on next boot; use the blacklist",
                       sc_board_name(sc, board));
    return check_has_partition(sc, board, err);
}

static const struct {
    bool instant; // needs no time and no board to stand still: allowed while operations are under way
    enum err_code (*admit)(struct sc *sc, struct operation *op, struct err *err);
} verbs[SC_VERB_COUNT] = {
    [SC_ADD] = {false, admit_add},
    [SC_DELETE] = {false, admit_delete},
    [SC_MOVE] = {false, admit_move},
    [SC_KEYSWITCH] = {false, admission_keyswitch},
    [SC_POWER] = {false, admit_power},
    [SC_TEST] = {false, admit_test},
    [SC_BLACKLIST] = {true, NULL},
    [SC_AVAILABLE] = {true, NULL},
    [SC_TAG] = {true, admit_tag},
    [SC_CELL] = {true, admit_cell},
    [SC_REBOOT] = {false, admission_reboot},
};

void admission_take(struct operation *op, enum step step)
{
    take(op, step);
}

static enum err_code check_names(const struct sc *sc, const struct sc_command *c, struct err *err)
{
    struct sc_usage usage = sc_usage_of(c->verb);
    if (usage.board && c->board >= sc->machine->n_boards)
        return err_set(err, ERR_UNKNOWN_NAME, "there is no such board; the machine has %u of them",
                       sc->machine->n_boards);
    if (usage.partition && c->partition >= sc->machine->n_partitions)
        return err_set(err, ERR_UNKNOWN_NAME, "there is no such partition; the machine has %u",
                       sc->machine->n_partitions);
    if (usage.level && !sc_level_fits(c->verb, c->level))
        return err_set(err, ERR_BAD_VALUE, "%s goes %s", sc_verb_name(c->verb),
                       c->verb == SC_DELETE ? "as far as unconfigure, disconnect or unassign"
                                            : "as far as assign, connect or configure");
    if (usage.board && usage.partition &&
        sc->machine->boards[c->board].system != sc->machine->partitions[c->partition].system)
        return err_set(
            err, ERR_STATE,
            "%s and %s are of different systems, which share no crossbar; name a partition of its own system",
            sc_board_name(sc, c->board), sc_partition_name(sc, c->partition));
    return ERR_OK;
}

// Whose partitions and group the operation takes.
static void name_parties(const struct sc *sc, struct operation *op)
{
    struct sc_command *c = &op->shown.command;
    struct sc_usage usage = sc_usage_of(c->verb);
    if (!usage.board)
        c->board = NO_BOARD;
    if (!usage.partition)
        c->partition = NO_PARTITION;
    op->shown.from = usage.board ? sc->boards[c->board].partition : c->partition;
    op->shown.to = c->verb == SC_ADD || c->verb == SC_MOVE ? c->partition : NO_PARTITION;
    if (c->verb == SC_ADD)
        op->shown.from = NO_PARTITION;
}

static const struct operation *holder(const struct sc *sc, const struct operation *op)
{
    for (uint64_t i = sc->first_open; i < sc->n_operations; i++) {
        const struct sc_operation *o = &sc->operations[i]->shown;
        const uint32_t mine[2] = {op->shown.from, op->shown.to};
        if (o->ended != SIM_NEVER)
            continue;
        if (o->command.board != NO_BOARD && o->command.board == op->shown.command.board)
            return sc->operations[i];
        for (unsigned k = 0; k < 2; k++)
            if (mine[k] != NO_PARTITION && (mine[k] == o->from || mine[k] == o->to || mine[k] == o->group))
                return sc->operations[i];
    }
    return NULL;
}

static bool group_taken(const struct sc *sc, uint32_t group)
{
    for (uint64_t i = sc->first_open; i < sc->n_operations; i++) {
        const struct sc_operation *o = &sc->operations[i]->shown;
        if (o->ended == SIM_NEVER && (o->group == group || o->from == group || o->to == group))
            return true;
    }
    return false;
}

// A board in no partition is powered and tested in the company of a partition that nobody works at.
static uint32_t company(const struct sc *sc, uint16_t board)
{
    for (uint32_t p = 0; p < sc->machine->n_partitions; p++)
        if (sc->machine->partitions[p].system == sc->machine->boards[board].system && !group_taken(sc, p))
            return p;
    return NO_GROUP;
}

static enum err_code check_free(const struct sc *sc, struct operation *op, struct err *err)
{
    const struct sc_operation *o = &op->shown;
    char text[SC_COMMAND_TEXT_SIZE];
    const struct operation *by = holder(sc, op);
    if (by)
        return err_set(err, ERR_BUSY, "operation %llu is under way (%s, at step %s); wait until it has ended",
                       (unsigned long long)by->shown.id,
                       sc_command_text(sc->machine, &by->shown.command, text), by->shown.step);
    op->shown.group = o->from < o->to ? o->from : o->to;
    if (op->shown.group == NO_GROUP)
        op->shown.group = company(sc, o->command.board);
    if (op->shown.group == NO_GROUP)
        return err_set(err, ERR_BUSY,
                       "%s: the system controller works at all partitions; wait until it is done",
                       sc_board_name(sc, o->command.board));
    return ERR_OK;
}

// The controller hears of reports and gives orders a latency apart; without one it has no time to act in.
static enum err_code check_controller(const struct sc *sc, const struct operation *op, struct err *err)
{
    const struct sc_command *c = &op->shown.command;
    uint32_t index = c->board != NO_BOARD ? sc->machine->boards[c->board].system
                                          : sc->machine->partitions[c->partition].system;
    const struct system_desc *system = &sc->machine->systems[index];
    if (system->controller_latency)
        return ERR_OK;
    return err_set(err, ERR_STATE,
                   "system %s has no system controller (its controller_latency is 0); give it a latency",
                   system->name);
}

enum err_code admission(struct sc *sc, struct operation *op, struct err *err)
{
    err_clear(err);
    op->copy_target = NO_BOARD;
    op->shown.group = op->shown.from = op->shown.to = NO_GROUP;
    NP_ASSERT(op->shown.command.verb < SC_VERB_COUNT);
    if (check_names(sc, &op->shown.command, err))
        return err->code;
    name_parties(sc, op);
    bool instant = verbs[op->shown.command.verb].instant;
    if (!instant && (check_controller(sc, op, err) || check_free(sc, op, err)))
        return err->code;
    return verbs[op->shown.command.verb].admit ? verbs[op->shown.command.verb].admit(sc, op, err) : ERR_OK;
}
