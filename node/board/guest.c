// SPDX-License-Identifier: Apache-2.0
// A guest's partition changes: CPUs of a board that joined it become z/Architecture CPUs of this guest,
// standby, and are themselves again when the board is not offered any more.
#include "node/board/internal.h"
#include "node/cpu/store_buffer.h"
#include "node/isa/isa.h"

// An offer of CPUs with a place for each among the guest's addresses.
static bool is_offered(const struct board *board)
{
    if (board->configuration.partition == NO_PARTITION)
        return false;
    uint16_t first = configuration_first_cpu(&board->configuration, board->number);
    return first != CPU_ADDRESSES_DESCRIBED && first != CPU_ADDRESSES_NONE;
}

static bool is_traced(const struct board *board, uint32_t address)
{
    const struct instruction_trace *trace = &board->options.trace;
    return trace->on && board->domain.partition == trace->partition &&
           (trace->cpu == TRACE_ALL_CPUS || trace->cpu == address);
}

// One whose program is of another kind keeps it. What a CPU of the description was doing for its guest is
// over: the board has left that once.
static void lend(struct board *board, uint32_t index, uint32_t address)
{
    struct cpu *cpu = &board->cpus[index];
    struct lent *lent = &board->lent[index];
    bool guest = cpu->ops && cpu->ops->guest;
    if (cpu->ops && !cpu->pool && !guest)
        return;
    *lent = (struct lent){.lent = true,
                          .ops = guest ? NULL : cpu->ops,
                          .desc = cpu->desc,
                          .pool = cpu->pool,
                          .stores = cpu->buffer.capacity,
                          .done = guest || cpu->done,
                          .blocked = cpu->pool || cpu->blocked}; // one of the pools has no thread
    if (guest) {
        board_count(board, CNT_INSTRUCTIONS, zarch_instructions(cpu));
        cpu->ops->free(cpu);
    }
    NP_ASSERT(cpu->pool == NULL || cpu->program == NULL);
    cpu->desc = NULL;
    cpu->pool = NULL;
    cpu->blocked = false;
    cpu->wake_at = SIM_NEVER;
    if (cpu->buffer.capacity == 0)
        store_buffer_open(&cpu->buffer, board->params->store_buffer);
    zarch_open(cpu, &board->configuration, board->domain.partition, address);
    zarch_standby(cpu);
    if (is_traced(board, address))
        zarch_trace(cpu);
    clock_align(&cpu->clock, board->now);
    cpu_publish(cpu);
}

static void take_back(struct board *board, uint32_t index)
{
    struct cpu *cpu = &board->cpus[index];
    struct lent *lent = &board->lent[index];
    board_count(board, CNT_INSTRUCTIONS, zarch_instructions(cpu));
    cpu->ops->free(cpu);
    cpu->ops = lent->ops;
    cpu->program = NULL;
    cpu->desc = lent->desc;
    cpu->pool = lent->pool;
    cpu->done = lent->done;
    cpu->blocked = lent->blocked;
    cpu->wake_at = SIM_NEVER;
    cpu->buffer.capacity = lent->stores;
    lent->lent = false;
    if (cpu->desc && cpu->desc->kind == CPU_ZARCH) // as it was made, and does nothing
        zarch_open(cpu, &board->configuration, board->desc->partition, cpu->desc->member);
    cpu_publish(cpu);
}

void guest_take_back(struct board *board)
{
    for (uint32_t i = 0; i < board->n_cpus; i++)
        if (board->lent[i].lent)
            take_back(board, i);
}

void guest_lend(struct board *board)
{
    if (!is_offered(board))
        return;
    uint16_t first = configuration_first_cpu(&board->configuration, board->number);
    for (uint32_t i = 0; i < board->n_cpus; i++)
        if (!board->lent[i].lent)
            lend(board, i, first + i);
}

void guest_lend_loaded(struct board *board, struct archive *ar)
{
    for (uint32_t i = 0; i < board->n_cpus && is_offered(board); i++)
        if (board->cpus[i].pool && board->cpus[i].program)
            ar_fail(ar, "CPU %u has a thread, and is a guest's", i);
    if (!ar_failed(ar))
        guest_lend(board);
}

void guest_follow(struct board *board, const struct domain *old)
{
    const struct domain *domain = &board->domain;
    unsigned number = board->number - board->system->first_board;
    bool same =
        old->partition == domain->partition && old->cpu_addresses[number] == domain->cpu_addresses[number];
    configuration_follow(&board->configuration);
    if (!same)
        guest_take_back(board);
    guest_lend(board);
    unassign_follow(board);
    reconfigure_follow(board, old);
}

void guest_reset(struct board *board)
{
    configuration_reset(&board->configuration);
    board->unassigning = (struct unassigning){0};
}

void guest_view(const struct board *board, struct board_view *view)
{
    if (board->configuration.partition == NO_PARTITION)
        return;
    view->guest_bytes = configuration_bytes(&board->configuration, board->number);
    if (board->unassigning.leaving)
        view->guest_bytes += UINT64_C(1) << board->configuration.shift;
    for (uint32_t i = 0; i < board->n_cpus && !board->firmware.testing; i++)
        view->guest_cpus |= (uint32_t)zarch_is_configured(&board->cpus[i]) << i;
}

// The domain comes first, when loading; CPUs that follow from both come after the threads
// (guest_lend_loaded).
void guest_state(struct board *board, struct archive *ar)
{
    if (ar->mode == AR_HASH && !board->configuration.changed)
        return;
    if (board->configuration.partition == NO_PARTITION)
        return;
    configuration_state(&board->configuration, ar);
    unassign_state(board, ar);
    reconfigure_state(board, ar);
}
