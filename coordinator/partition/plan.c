// SPDX-License-Identifier: Apache-2.0
// What a command would do.
#include <string.h>

#include "coordinator/partition/controller.h"

// What a partition works with: of a guest, what it has taken into use.
static void part_of(struct sc *sc, uint32_t partition, uint16_t board, uint32_t *cpus, uint64_t *memory)
{
    struct board_view view;
    const struct board_params *params = &sc->machine->boards[board].params;
    *cpus = params->cpus;
    *memory = params->memory_bytes;
    if (!sc_has_guest(sc, partition))
        return;
    sc->io.view(sc->io.self, board, &view);
    *cpus = (uint32_t)__builtin_popcount(view.guest_cpus);
    *memory = view.guest_bytes;
}

static bool works_in(const struct sc *sc, uint32_t partition, uint16_t board)
{
    return partition != NO_PARTITION && sc->boards[board].partition == partition &&
           sc->boards[board].assignment == SC_ACTIVE;
}

static void count(struct sc *sc, uint32_t partition, uint32_t cpus[2], uint64_t memory[2])
{
    for (uint16_t b = 0; b < sc->machine->n_boards; b++) {
        uint32_t n;
        uint64_t bytes;
        if (!works_in(sc, partition, b))
            continue;
        part_of(sc, partition, b, &n, &bytes);
        cpus[0] += n;
        memory[0] += bytes;
    }
    cpus[1] = cpus[0];
    memory[1] = memory[0];
}

static void leaves(struct sc *sc, uint16_t board, bool copied, struct sc_plan *plan)
{
    uint32_t cpus;
    uint64_t memory;
    struct board_view view;
    part_of(sc, plan->from, board, &cpus, &memory);
    sc->io.view(sc->io.self, board, &view);
    plan->cpus_from[1] -= cpus;
    plan->memory_from[1] -= copied && sc_has_guest(sc, plan->from) ? 0 : memory; // another board has it then
    plan->threads = view.threads;
}

static void comes(const struct sc *sc, uint16_t board, struct sc_plan *plan)
{
    const struct board_params *params = &sc->machine->boards[board].params;
    bool guest = sc_has_guest(sc, plan->to);
    *(guest ? &plan->standby_cpus : &plan->cpus_to[1]) += params->cpus;
    *(guest ? &plan->standby_bytes : &plan->memory_to[1]) += params->memory_bytes;
}

static bool is_configured(const struct operation *op)
{
    const struct sc_command *c = &op->shown.command;
    return (c->verb == SC_ADD || c->verb == SC_MOVE) && c->level == SC_CONFIGURE;
}

enum err_code sc_plan(struct sc *sc, const struct sc_command *command, sim_time at, struct sc_plan *plan,
                      struct err *err)
{
    struct operation op = {.shown = {.command = *command, .began = at, .ended = SIM_NEVER}};
    enum err_code code = admission(sc, &op, err);
    uint16_t b = op.shown.command.board;
    *plan = (struct sc_plan){.from = op.shown.from, .to = op.shown.to, .copy_target = NO_BOARD};
    count(sc, plan->from, plan->cpus_from, plan->memory_from);
    count(sc, plan->to, plan->cpus_to, plan->memory_to);
    // Also what is refused has its numbers: those of a board that goes from one place to another.
    if (b >= sc->machine->n_boards || (code && plan->from == plan->to))
        return code;
    if (works_in(sc, plan->from, b))
        leaves(sc, b, op.copy_target != NO_BOARD, plan);
    if (is_configured(&op) && plan->to != NO_PARTITION && !works_in(sc, plan->to, b))
        comes(sc, b, plan);
    plan->drain_pages = op.drain_pages;
    plan->permanent_pages = op.copy_size / PAGE_BYTES;
    plan->copy_target = op.copy_target;
    return code;
}
