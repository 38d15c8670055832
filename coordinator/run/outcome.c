// SPDX-License-Identifier: Apache-2.0
#include "coordinator/run/outcome.h"

#include <stdlib.h>
#include <string.h>

#include "coordinator/run/guest_ends.h"
#include "proto/base/assert.h"
#include "proto/base/digest.h"

void outcome_init(struct outcome *outcome, const struct machine *machine, const struct plan *plan)
{
    memset(outcome, 0, sizeof *outcome);
    outcome->n_hosts = plan->nodes + plan->fabrics;
    outcome->boards = calloc(machine->n_boards, sizeof *outcome->boards);
    outcome->hosts = calloc(outcome->n_hosts, sizeof *outcome->hosts);
    outcome->parts = calloc(SAVED_PARTS_MAX, sizeof *outcome->parts);
    outcome->watch = calloc((size_t)machine->n_boards * WATCH_LINES_MAX, sizeof *outcome->watch);
    outcome->n_watch = machine->n_boards * WATCH_LINES_MAX;
    NP_ASSERT(outcome->boards && outcome->hosts && outcome->parts && outcome->watch);
}

void outcome_free(struct outcome *outcome)
{
    for (uint32_t i = 0; i < outcome->n_watch; i++)
        free(outcome->watch[i].events);
    free(outcome->watch);
    free(outcome->boards);
    free(outcome->hosts);
    free(outcome->parts);
    if (outcome->history)
        history_free(outcome->history);
    free(outcome->history);
    memset(outcome, 0, sizeof *outcome);
}

enum err_code outcome_add(struct outcome *outcome, const struct machine *machine, const struct plan *plan,
                          uint32_t host, const struct results *results, struct err *err)
{
    NP_ASSERT(host < outcome->n_hosts);
    for (uint32_t i = 0; i < results->n_boards; i++) {
        uint32_t board = results->boards[i].board;
        if (board >= machine->n_boards || plan->node_of_board[board] != host || outcome->present[board])
            return err_set(err, ERR_DAMAGED_MESSAGE, "process %u reports board %u, which is not its own",
                           host, board);
        outcome->boards[board] = results->boards[i];
        outcome->present[board] = true;
    }
    outcome->hosts[host] = results->host;
    return ERR_OK;
}

enum err_code outcome_add_watched(struct outcome *outcome, const struct machine *machine,
                                  const struct plan *plan, uint32_t host,
                                  const struct control_watched *watched, struct err *err)
{
    uint32_t board = watched->board;
    if (board >= machine->n_boards || plan->node_of_board[board] != host)
        return err_set(err, ERR_DAMAGED_MESSAGE,
                       "process %u reports a line on board %u, which is not its own", host, board);
    struct watch_record *record = &outcome->watch[board * WATCH_LINES_MAX + watched->line];
    if (record->n + watched->n_events > WATCH_EVENTS_MAX)
        return err_set(err, ERR_DAMAGED_MESSAGE, "process %u reports more than %u events of a line", host,
                       WATCH_EVENTS_MAX);
    size_t n = record->n + watched->n_events;
    record->events = realloc(record->events, (n + 1) * sizeof *record->events);
    NP_ASSERT(record->events);
    memcpy(record->events + record->n, watched->events, watched->n_events * sizeof *record->events);
    record->n = (uint32_t)n;
    record->dropped = watched->dropped;
    return ERR_OK;
}

// Of the partitions, then of the boards that were described in none: they may have joined one on the way.
static struct digest digest_of_all(const struct outcome *outcome, const struct machine *machine)
{
    struct digest all[PARTITIONS_MAX + BOARDS_MAX];
    uint32_t n = machine->n_partitions;
    memcpy(all, outcome->partitions, n * sizeof all[0]);
    for (uint32_t b = 0; b < machine->n_boards; b++)
        if (machine->boards[b].partition == NO_PARTITION && outcome->present[b])
            all[n++] = outcome->boards[b].digest;
    return digest_combine(all, n);
}

enum err_code outcome_complete(struct outcome *outcome, const struct machine *machine, struct err *err)
{
    for (uint32_t p = 0; p < machine->n_partitions; p++) {
        const struct partition_desc *partition = &machine->partitions[p];
        struct digest of_board[BOARDS_PER_SYSTEM_MAX];
        for (uint32_t i = 0; i < partition->n_boards; i++) {
            uint32_t board = partition->boards[i];
            if (!outcome->present[board])
                return err_set(err, ERR_INTERNAL, "no process reported the results of board %s",
                               machine->boards[board].name);
            of_board[i] = outcome->boards[board].digest;
        }
        outcome->partitions[p] = digest_combine(of_board, partition->n_boards);
    }
    outcome->run = digest_of_all(outcome, machine);
    return ERR_OK;
}

static void add_latency(struct latency_histogram *sum, const struct latency_histogram *more)
{
    if (more->count && (!sum->count || more->min_ps < sum->min_ps))
        sum->min_ps = more->min_ps;
    sum->max_ps = more->max_ps > sum->max_ps ? more->max_ps : sum->max_ps;
    sum->count += more->count;
    sum->sum_ps += more->sum_ps;
    for (unsigned i = 0; i < LATENCY_BUCKETS; i++)
        sum->bucket[i] += more->bucket[i];
}

static void add_cpu(struct partition_sum *sum, const struct cpu_results *cpu)
{
    sum->accesses += cpu->accesses;
    sum->hits += cpu->hits;
    sum->latency_sum_ps += cpu->latency_sum_ps;
    sum->wait_ps += cpu->wait_ps;
    sum->compute_ps += cpu->compute_ps;
    sum->sync_waits += cpu->sync_waits;
    sum->sync_wait_ps += cpu->sync_wait_ps;
    sum->work += cpu->work;
    if (cpu->done_at != SIM_NEVER && cpu->done_at > sum->end)
        sum->end = cpu->done_at;
}

static void add_board(struct partition_sum *sum, const struct board_results *board)
{
    for (unsigned i = 0; i < COUNTER_COUNT; i++)
        sum->counters[i] += board->counters[i];
    for (unsigned i = 0; i < SERVED_COUNT; i++)
        add_latency(&sum->latency[i], &board->latency[i]);
    for (uint32_t i = 0; i < board->cpus && i < CPUS_PER_BOARD_MAX; i++)
        add_cpu(sum, &board->cpu[i]);
    if (board->first_failure[0] && !sum->first_failure) {
        sum->first_failure = board->first_failure;
        sum->first_failure_board = board->board;
    }
}

static void add_ordering(struct partition_sum *sum, const struct machine *machine, const struct cpu_desc *cpu,
                         uint16_t on)
{
    uint32_t stores = cpu->outstanding > 1 ? 0 : machine->boards[on].params.store_buffer;
    sum->traces |= cpu->kind == CPU_TRACE;
    sum->weak |= cpu->outstanding > 1;
    sum->store_buffer = stores > sum->store_buffer ? stores : sum->store_buffer;
}

// CPUs without a program of their own run threads where there are any; one that has none to run is done.
static uint32_t add_pools(struct partition_sum *sum, const struct outcome *outcome,
                          const struct machine *machine, uint32_t partition)
{
    const struct partition_desc *p = &machine->partitions[partition];
    bool named[BOARDS_MAX][CPUS_PER_BOARD_MAX] = {{false}};
    uint32_t busy = 0;
    for (uint32_t i = 0; i < machine->n_pools; i++)
        if (machine->pools[i].partition == partition) {
            sum->threads += machine->pools[i].n_threads;
            for (uint32_t b = 0; b < p->n_boards; b++)
                add_ordering(sum, machine, &machine->pools[i].what, p->boards[b]);
        }
    for (uint32_t i = 0; i < machine->n_cpus; i++)
        named[machine->cpus[i].board][machine->cpus[i].index] = true;
    for (uint32_t b = 0; sum->threads && b < p->n_boards; b++)
        for (uint32_t c = 0; c < machine->boards[p->boards[b]].params.cpus; c++) {
            if (named[p->boards[b]][c])
                continue;
            busy++;
            sum->running_cpus += outcome->boards[p->boards[b]].cpu[c].done_at == SIM_NEVER;
        }
    return busy;
}

// A CPU without a program never ends one, and is not counted as running.
static void add_programs(struct partition_sum *sum, const struct outcome *outcome,
                         const struct machine *machine, uint32_t partition)
{
    uint32_t busy = add_pools(sum, outcome, machine, partition);
    for (uint32_t i = 0; i < machine->n_cpus; i++) {
        const struct cpu_desc *cpu = &machine->cpus[i];
        if (machine->boards[cpu->board].partition != partition || cpu->kind == CPU_IDLE)
            continue;
        busy++;
        const struct board_results *board = &outcome->boards[cpu->board];
        sum->running_cpus += cpu->kind == CPU_ZARCH ? guest_cpu_runs(outcome, &board->guest[cpu->index])
                                                    : board->cpu[cpu->index].done_at == SIM_NEVER;
        add_ordering(sum, machine, cpu, cpu->board);
    }
    for (uint32_t b = 0; b < machine->n_boards; b++)
        if (machine->boards[b].partition == partition)
            sum->cpus += machine->boards[b].params.cpus;
    sum->idle_cpus = sum->cpus - busy;
}

void outcome_sum(const struct outcome *outcome, const struct machine *machine, uint32_t partition,
                 struct partition_sum *sum)
{
    const struct partition_desc *desc = &machine->partitions[partition];
    memset(sum, 0, sizeof *sum);
    for (uint32_t i = 0; i < desc->n_boards; i++)
        add_board(sum, &outcome->boards[desc->boards[i]]);
    add_programs(sum, outcome, machine, partition);
    // Time is a result only where the machine says so; where a group happened to pause is not.
    if (sum->running_cpus > 0)
        sum->end = outcome->reason == PAUSE_UNTIL ? machine->until : outcome->groups[partition].time;
}

uint64_t outcome_total(const struct outcome *outcome, const struct machine *machine, enum counter counter)
{
    uint64_t total = 0;
    for (uint32_t b = 0; b < machine->n_boards; b++)
        total += outcome->present[b] ? outcome->boards[b].counters[counter] : 0;
    return total;
}
