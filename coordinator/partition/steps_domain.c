// SPDX-License-Identifier: Apache-2.0
// Steps of whole domains: halting, and booting.
#include "coordinator/partition/admission.h"
#include "coordinator/partition/steps.h"
#include "proto/base/assert.h"

static uint16_t first_board(const struct sc *sc, uint32_t partition)
{
    return (uint16_t)sc->machine->systems[sc->machine->partitions[partition].system].first_board;
}

static void order_boots(struct sc *sc, struct operation *op, sim_time at, enum order_kind kind,
                        uint64_t number)
{
    for (uint16_t i = 0; i < BOARDS_PER_SYSTEM_MAX; i++) {
        if (!op->boots[i])
            continue;
        struct order order = order_for(op, at, (uint16_t)(first_board(sc, op->shown.from) + i), kind);
        order.number = number;
        order_give(sc, op, &order);
    }
}

// Nothing is under way: all gates are closed at once, and nobody has an address any more.
void begin_dark(struct sc *sc, struct operation *op, sim_time at)
{
    uint32_t partition = op->shown.from;
    struct domain *domain = &sc->partitions[partition].domain;
    sc->partitions[partition].pages = admission_pages(sc, partition);
    for (uint16_t b = 0; b < sc->machine->n_boards; b++) {
        if (!sc_member(sc, partition, b))
            continue;
        states_board(sc, op, at, b, EV_HALT, NO_PARTITION);
        order_domain(sc, op, at, b, NULL);
    }
    uint16_t version = (uint16_t)(domain->map_version + 1);
    *domain = (struct domain){.partition = NO_PARTITION, .map_version = version};
}

// With a reboot for reconfiguration cells go where they were given.
static void let_cells_go(struct sc *sc, struct operation *op, sim_time at)
{
    for (uint16_t b = 0; b < sc->machine->n_boards; b++) {
        uint32_t next = sc->boards[b].next_partition;
        if (sc->boards[b].partition != op->shown.from || next == op->shown.from)
            continue;
        states_board(sc, op, at, b, next == NO_PARTITION ? EV_UNASSIGN : EV_REASSIGN, next);
    }
}

void done_dark(struct sc *sc, struct operation *op, sim_time at)
{
    uint32_t partition = op->shown.from;
    const struct sc_command *c = &op->shown.command;
    if (c->verb == SC_REBOOT && c->on)
        let_cells_go(sc, op, at);
    if (c->verb == SC_KEYSWITCH && c->position == SC_KEY_STANDBY)
        states_domain(sc, op, at, partition, SC_STANDBY);
}

void begin_down(struct sc *sc, struct operation *op, sim_time at)
{
    uint32_t partition = op->shown.from;
    states_domain(sc, op, at, partition, SC_POWERED_OFF);
    for (uint16_t b = 0; b < sc->machine->n_boards; b++) {
        if (sc->boards[b].partition != partition || !sc->boards[b].powered)
            continue;
        states_board(sc, op, at, b, EV_POWER_OFF, NO_PARTITION);
        struct order order = order_for(op, at, b, ORDER_POWER);
        order_give(sc, op, &order);
    }
}

static bool boots(const struct operation *op)
{
    return op->shown.command.verb == SC_REBOOT || op->shown.command.position >= SC_KEY_ON;
}

// Power comes, or goes and comes: memory and caches are empty.
void begin_up(struct sc *sc, struct operation *op, sim_time at)
{
    uint16_t first = first_board(sc, op->shown.from);
    states_domain(sc, op, at, op->shown.from, boots(op) ? SC_RUNNING_POST : SC_STANDBY);
    for (uint16_t i = 0; i < BOARDS_PER_SYSTEM_MAX; i++)
        if (op->boots[i])
            states_board(sc, op, at, (uint16_t)(first + i), EV_POWER_ON, NO_PARTITION);
    order_boots(sc, op, at, ORDER_POWER, 1);
}

void begin_post(struct sc *sc, struct operation *op, sim_time at)
{
    bool longest = op->shown.command.verb == SC_KEYSWITCH
                       ? op->shown.command.position == SC_KEY_DIAG
                       : sc->partitions[op->shown.from].position == SC_KEY_DIAG;
    for (uint16_t i = 0; i < BOARDS_PER_SYSTEM_MAX; i++)
        if (op->boots[i])
            order_test(sc, op, at, (uint16_t)(first_board(sc, op->shown.from) + i), longest);
}

// The domain does without boards that failed, if it can.
void done_post(struct sc *sc, struct operation *op, sim_time at)
{
    uint16_t first = first_board(sc, op->shown.from);
    uint64_t passed = 0;
    for (uint16_t i = 0; i < BOARDS_PER_SYSTEM_MAX; i++) {
        op->boots[i] = op->boots[i] && sc->boards[first + i].test == SC_TEST_PASSED;
        passed |= (uint64_t)op->boots[i] << i;
    }
    if (passed && admission_boot(sc, op->shown.from, passed, &op->shown.outcome) == ERR_OK)
        return;
    states_domain(sc, op, at, op->shown.from, SC_HALTED);
    if (passed == 0)
        err_set(&op->shown.outcome, ERR_SELF_TEST, "%s: no board passed its self-test",
                sc_partition_name(sc, op->shown.from));
    step_failed(sc, op, at);
}

void begin_boot(struct sc *sc, struct operation *op, sim_time at)
{
    uint32_t partition = op->shown.from;
    struct domain *domain = &sc->partitions[partition].domain;
    uint16_t first = first_board(sc, partition);
    uint64_t members = 0;
    for (uint16_t i = 0; i < BOARDS_PER_SYSTEM_MAX; i++)
        members |= (uint64_t)op->boots[i] << i;
    domain_original(domain, sc->machine, partition, members);
    for (uint16_t i = 0; i < BOARDS_PER_SYSTEM_MAX; i++) {
        if (!op->boots[i])
            continue;
        sc->frames_taken[first + i] = 0;
        states_board(sc, op, at, (uint16_t)(first + i), EV_CONNECT, NO_PARTITION);
        order_domain(sc, op, at, (uint16_t)(first + i), domain);
        struct order quiet = order_for(op, at, (uint16_t)(first + i), ORDER_QUIESCE); // for the reset
        order_give(sc, op, &quiet);
    }
}

void begin_reset(struct sc *sc, struct operation *op, sim_time at)
{
    order_boots(sc, op, at, ORDER_RESET, 0);
}

// A board none of whose CPUs takes threads, since all had programs of their own, is of no use.
static void find_idle(struct sc *sc, struct operation *op, sim_time at, uint16_t board)
{
    struct board_view view;
    sc->io.view(sc->io.self, board, &view);
    if (sc_has_pools(sc, op->shown.from) && view.cpus_online == 0 && view.bound == 0)
        states_board(sc, op, at, board, EV_OFFLINE, NO_PARTITION);
}

// The reset has dealt out threads and pages to all boards, and so each has the page tables.
void done_reset(struct sc *sc, struct operation *op, sim_time at)
{
    uint16_t first = first_board(sc, op->shown.from);
    for (uint16_t i = 0; i < BOARDS_PER_SYSTEM_MAX; i++) {
        if (!op->boots[i])
            continue;
        sc->boards[first + i].tables = true;
        states_board(sc, op, at, (uint16_t)(first + i), EV_CONFIGURE, NO_PARTITION);
    }
    for (uint16_t i = 0; i < BOARDS_PER_SYSTEM_MAX; i++)
        if (op->boots[i])
            find_idle(sc, op, at, (uint16_t)(first + i));
    states_domain(sc, op, at, op->shown.from, SC_RUNNING);
}
