// SPDX-License-Identifier: Apache-2.0
// A partition begins anew, as at time 0 but now: memory and caches are empty, every program starts again.
// What was counted so far stays counted.
#include <string.h>

#include "node/board/internal.h"
#include "node/cpu/placement.h"

// Results go on; the sequence too, for it numbers what the CPU causes.
static void keep_results(struct cpu *cpu, const struct cpu *old)
{
    cpu->seq = old->seq;
    cpu->results = old->results;
    cpu->results.done_at = SIM_NEVER;
    memcpy(cpu->by_kind, old->by_kind, sizeof cpu->by_kind);
    cpu->merged = old->merged;
    cpu->bus_errors = old->bus_errors;
    cpu->poisoned = old->poisoned;
    cpu->checks = old->checks;
    cpu->checks_failed = old->checks_failed;
    memcpy(cpu->latency, old->latency, sizeof cpu->latency);
    memcpy(cpu->first_failure, old->first_failure, sizeof cpu->first_failure);
    cpu->buffer.forwards = old->buffer.forwards;
    cpu->buffer.held = old->buffer.held;
}

// Those of a guest's CPU begin anew with it.
static void keep_instructions(struct board *board, const struct cpu *cpu)
{
    struct guest_cpu_results guest = {0};
    if (cpu->ops && cpu->ops->guest)
        cpu->ops->guest(cpu, &guest);
    board_count(board, CNT_INSTRUCTIONS, guest.instructions);
}

// Programs with a CPU of their own belong to the partition that was described, and only run there.
static bool is_at_home(const struct board *board)
{
    return board->domain.partition == board->desc->partition;
}

static enum err_code reset_cpu(struct board *board, uint32_t index, struct err *err)
{
    struct cpu *cpu = &board->cpus[index];
    struct cpu old = *cpu;
    NP_ASSERT(cpu->buffer.n == 0 && cpu->n_under_way == 0);
    keep_instructions(board, cpu);
    cpu_free(cpu);
    board_init_cpu(board, index);
    keep_results(cpu, &old);
    clock_align(&cpu->clock, board->now);
    if (board_open_cpu(board, index, err))
        return err->code;
    cpu->done |= cpu->ops && !is_at_home(board);
    cpu_publish(cpu);
    return ERR_OK;
}

static void give_up(const struct err *err)
{
    np_panic("%s: %s", err_id(err->code), err->text); // the files were there at time 0
}

void reset_guest(struct board *board)
{
    struct err err;
    for (uint32_t i = 0; i < board->n_cpus; i++) {
        const struct cpu *cpu = &board->cpus[i];
        if (cpu->ops && cpu->ops->guest && reset_cpu(board, i, &err))
            give_up(&err);
    }
}

void board_reset(struct board *board)
{
    struct err err;
    NP_ASSERT(board->firmware.quiesced && !board->firmware.testing);
    board_clear(board);
    address_spaces_free(board->spaces);
    board->spaces = NULL;
    service_element_reset(board);
    board->put_refused = false;
    quiesce_end(board);
    guest_take_back(board);
    guest_reset(board);
    for (uint32_t i = 0; i < board->n_cpus; i++)
        if (!board->cpus[i].pool && reset_cpu(board, i, &err))
            give_up(&err);
    guest_lend(board);
    if (is_at_home(board) && guest_load(board, &err))
        give_up(&err);
    if (board->threads)
        threads_reset(board->threads, &board->domain, board->now);
}
