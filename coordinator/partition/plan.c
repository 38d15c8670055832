// SPDX-License-Identifier: Apache-2.0
// What a command would do.
#include <string.h>

#include "coordinator/partition/controller.h"

static void count(const struct sc *sc, uint32_t partition, uint32_t *cpus, uint64_t *memory)
{
    for (uint16_t b = 0; b < sc->machine->n_boards && partition != NO_PARTITION; b++) {
        if (sc->boards[b].partition != partition || sc->boards[b].assignment != SC_ACTIVE)
            continue;
        *cpus += sc->machine->boards[b].params.cpus;
        *memory += sc->machine->boards[b].params.memory_bytes;
    }
}

static bool comes(const struct operation *op)
{
    const struct sc_command *c = &op->shown.command;
    return (c->verb == SC_ADD || c->verb == SC_MOVE) && c->level == SC_CONFIGURE;
}

enum err_code sc_plan(struct sc *sc, const struct sc_command *command, sim_time at, struct sc_plan *plan,
                      struct err *err)
{
    struct operation op = {.shown = {.command = *command, .began = at, .ended = SIM_NEVER}};
    enum err_code code = admission(sc, &op, err);
    *plan = (struct sc_plan){.from = op.shown.from, .to = op.shown.to, .copy_target = NO_BOARD};
    count(sc, plan->from, &plan->cpus_from[0], &plan->memory_from[0]);
    count(sc, plan->to, &plan->cpus_to[0], &plan->memory_to[0]);
    plan->cpus_from[1] = plan->cpus_from[0];
    plan->memory_from[1] = plan->memory_from[0];
    plan->cpus_to[1] = plan->cpus_to[0];
    plan->memory_to[1] = plan->memory_to[0];
    // Also what is refused has its numbers: those of a board that goes from one place to another.
    if (op.shown.command.board >= sc->machine->n_boards || (code && plan->from == plan->to))
        return code;
    uint16_t b = op.shown.command.board;
    uint32_t cpus = sc->machine->boards[b].params.cpus;
    uint64_t memory = sc->machine->boards[b].params.memory_bytes;
    if (plan->from != NO_PARTITION && sc->boards[b].assignment == SC_ACTIVE) {
        struct board_view view;
        sc->io.view(sc->io.self, b, &view);
        plan->cpus_from[1] -= cpus;
        plan->memory_from[1] -= memory;
        plan->threads = view.threads;
    }
    if (comes(&op) && plan->to != NO_PARTITION &&
        !(sc->boards[b].assignment == SC_ACTIVE && plan->from == NO_PARTITION)) {
        plan->cpus_to[1] += cpus;
        plan->memory_to[1] += memory;
    }
    plan->drain_pages = op.drain_pages;
    plan->permanent_pages = op.copy_size / PAGE_BYTES;
    plan->copy_target = op.copy_target;
    return code;
}
