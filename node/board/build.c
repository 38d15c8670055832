// SPDX-License-Identifier: Apache-2.0
// Building a board from the machine description.
#include <stdlib.h>

#include "node/board/internal.h"
#include "node/cpu/placement.h"
#include "node/isa/isa.h"

static const struct cpu_desc *cpu_desc_of(const struct machine *machine, unsigned board, unsigned index)
{
    for (uint32_t i = 0; i < machine->n_cpus; i++)
        if (machine->cpus[i].board == board && machine->cpus[i].index == index)
            return &machine->cpus[i];
    return NULL;
}

static enum err_code open_program(struct board *board, struct cpu *cpu, struct err *err)
{
    if (!cpu->desc || !board->partition)
        return ERR_OK;
    switch (cpu->desc->kind) {
    case CPU_GENERATOR:
        return generator_open(cpu, board->machine, err);
    case CPU_SCRIPT:
        return script_open(cpu, err);
    case CPU_TRACE:
        return trace_open_program(cpu, board->machine, &board->spaces, err);
    case CPU_ZARCH:
        zarch_open(cpu, &board->configuration, board->desc->partition, cpu->desc->member);
        return ERR_OK;
    case CPU_POOL: // no kind of a CPU: what its threads are is said by the pools
    case CPU_IDLE:
        break;
    }
    return ERR_OK;
}

static bool is_traced(const struct board *board, const struct cpu *cpu)
{
    const struct instruction_trace *trace = &board->options.trace;
    return trace->on && cpu->desc && cpu->desc->kind == CPU_ZARCH &&
           board->desc->partition == trace->partition &&
           (trace->cpu == TRACE_ALL_CPUS || trace->cpu == cpu->desc->member);
}

void board_init_cpu(struct board *board, uint32_t index)
{
    struct cpu *cpu = &board->cpus[index];
    uint64_t seed = board->partition ? board->partition->seed : board->machine->seed;
    cpu_init(cpu, board->params, cpu_desc_of(board->machine, board->number, index), board->number, index,
             seed, board->cache.data, &board->ready[index]);
    cpu->port = (struct cpu_port){board, bus_request, adapter_send, signal_send, text_emit};
    cpu->missed = board->timeline ? timeline_miss : NULL;
}

enum err_code board_open_cpu(struct board *board, uint32_t index, struct err *err)
{
    struct cpu *cpu = &board->cpus[index];
    if (open_program(board, cpu, err))
        return err_wrap(err, "board %s CPU %u", board->desc->name, index);
    if (is_traced(board, cpu))
        zarch_trace(cpu);
    cpu_publish(cpu);
    return ERR_OK;
}

static enum err_code open_cpus(struct board *board, struct err *err)
{
    for (uint32_t i = 0; i < board->params->cpus; i++) {
        board_init_cpu(board, i);
        board->n_cpus = i + 1;
        if (board_open_cpu(board, i, err))
            return err->code;
    }
    return threads_open(&board->threads, board->machine, board->number, board->cpus, board->n_cpus,
                        &board->map, err);
}

// Planned faults are events like any other; their sequence is their place in the description.
static void plan_faults(struct board *board)
{
    for (uint32_t i = 0; i < board->machine->n_faults; i++) {
        const struct fault_desc *fault = &board->machine->faults[i];
        if (fault->board != board->number)
            continue;
        component_id unit = board_unit(board, UNIT_FAULT);
        board_schedule(board, EV_FAULT, (struct order_key){fault->at, unit, unit, i}, i);
    }
}

static void attach(struct board *board, const struct machine *machine, unsigned number)
{
    board->machine = machine;
    board->number = (uint16_t)number;
    board->desc = &machine->boards[number];
    board->params = &board->desc->params;
    board->system = &machine->systems[board->desc->system];
    board->protocol = protocol_by_name(board->system->protocol);
    if (board->desc->partition != NO_PARTITION)
        board->partition = &machine->partitions[board->desc->partition];
}

struct board *board_new(const struct machine *machine, unsigned number, const struct board_options *options,
                        struct err *err)
{
    NP_ASSERT(number < machine->n_boards);
    struct board *board = calloc(1, sizeof *board);
    NP_ASSERT(board);
    attach(board, machine, number);
    if (options)
        board->options = *options;
    board->last_event = SIM_NEVER;
    board->trail_step = board->trail_next = SIM_PS_PER_US;
    pool_init(&board->pool, board->params->line_bytes);
    event_queue_init(&board->events);
    message_list_init(&board->outbox, board->params->line_bytes);
    board->link_free_at = calloc(machine->n_links + 1, sizeof *board->link_free_at);
    NP_ASSERT(board->link_free_at);
    agent_init(board);
    home_init(board);
    port_init(board);
    firmware_init(board);
    plan_faults(board);
    service_element_plan(board);
    board->watch = watch_new(board, &board->options.watch);
    board->timeline = timeline_new(&board->options.timeline);
    board->observed = board->watch || board->timeline;
    if (!board->protocol)
        err_set(err, ERR_BAD_VALUE, "system %s: no protocol named '%s'", board->system->name,
                board->system->protocol);
    else if (!board->protocol->four_hop &&
             (board->params->sharer_pointers || board->params->sharer_coarse > 1 ||
              board->params->directory_entries))
        err_set(err, ERR_IMPOSSIBLE_MACHINE,
                "board %s: protocol %s needs a full map with an entry for every line", board->desc->name,
                board->protocol->name);
    else if (open_cpus(board, err) == ERR_OK && guest_load(board, err) == ERR_OK)
        return board;
    board_free(board);
    return NULL;
}

void board_free(struct board *board)
{
    if (!board)
        return;
    if (board->firmware.testing)
        test_put_back(board);
    for (uint32_t i = 0; i < board->n_cpus; i++)
        cpu_free(&board->cpus[i]);
    threads_free(board->threads);
    watch_free(board->watch);
    address_spaces_free(board->spaces);
    timeline_free(board->timeline);
    agent_free(board);
    home_free(board);
    adapter_free(board);
    firmware_free(board);
    service_element_free(board);
    pool_free(&board->pool);
    event_queue_free(&board->events);
    message_list_free(&board->outbox);
    text_list_free(&board->texts);
    frame_list_free(&board->frames_out);
    free(board);
}
