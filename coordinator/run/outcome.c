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
    free(outcome->stays);
    free(outcome->hosts);
    free(outcome->parts);
    if (outcome->history)
        history_free(outcome->history);
    free(outcome->history);
    memset(outcome, 0, sizeof *outcome);
}

static void add_stay(struct outcome *outcome, const struct stay *stay)
{
    outcome->stays = realloc(outcome->stays, (outcome->n_stays + 1) * sizeof *outcome->stays);
    NP_ASSERT(outcome->stays);
    outcome->stays[outcome->n_stays++] = *stay;
}

static enum err_code add_stays(struct outcome *outcome, const struct machine *machine,
                               const struct results *results, struct err *err)
{
    for (uint32_t i = 0; i < results->n_stays; i++) {
        const struct stay *stay = &results->stays[i]; // of one of its boards: the codec sees to that
        if (stay->partition != NO_PARTITION && stay->partition >= machine->n_partitions)
            return err_set(err, ERR_DAMAGED_MESSAGE, "board %u was in partition %u, which does not exist",
                           stay->board, stay->partition);
        add_stay(outcome, stay);
    }
    return ERR_OK;
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
    return add_stays(outcome, machine, results, err);
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

static void add_cpu(struct cpu_results *sum, const struct cpu_results *cpu)
{
    sum->accesses += cpu->accesses;
    sum->hits += cpu->hits;
    sum->latency_sum_ps += cpu->latency_sum_ps;
    sum->wait_ps += cpu->wait_ps;
    sum->compute_ps += cpu->compute_ps;
    sum->sync_waits += cpu->sync_waits;
    sum->sync_wait_ps += cpu->sync_wait_ps;
    sum->work += cpu->work;
    if (cpu->done_at != SIM_NEVER && cpu->done_at > sum->done_at)
        sum->done_at = cpu->done_at;
}

// Of a board that never changed its partition.
static void add_whole_stay(struct outcome *outcome, const struct machine *machine, uint16_t number)
{
    const struct board_results *board = &outcome->boards[number];
    struct stay stay = {.board = number, .partition = machine->boards[number].partition, .left = SIM_NEVER};
    memcpy(stay.counters, board->counters, sizeof stay.counters);
    memcpy(stay.sent_by_type, board->sent_by_type, sizeof stay.sent_by_type);
    memcpy(stay.latency, board->latency, sizeof stay.latency);
    for (uint32_t i = 0; i < board->cpus && i < CPUS_PER_BOARD_MAX; i++)
        add_cpu(&stay.cpus, &board->cpu[i]);
    add_stay(outcome, &stay);
}

static int by_board_and_partition(const void *one, const void *other)
{
    const struct stay *a = one, *b = other;
    if (a->board != b->board)
        return a->board < b->board ? -1 : 1;
    return (a->partition > b->partition) - (a->partition < b->partition);
}

static void complete_stays(struct outcome *outcome, const struct machine *machine)
{
    bool told[BOARDS_MAX] = {false};
    for (uint32_t i = 0; i < outcome->n_stays; i++)
        told[outcome->stays[i].board] = true;
    for (uint16_t b = 0; b < machine->n_boards; b++)
        if (outcome->present[b] && !told[b])
            add_whole_stay(outcome, machine, b);
    qsort(outcome->stays, outcome->n_stays, sizeof *outcome->stays, by_board_and_partition);
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
    complete_stays(outcome, machine);
    return ERR_OK;
}

static const struct stay *stay_of(const struct outcome *outcome, uint16_t board, uint32_t partition)
{
    for (uint32_t i = 0; i < outcome->n_stays; i++)
        if (outcome->stays[i].board == board && outcome->stays[i].partition == partition)
            return &outcome->stays[i];
    return NULL;
}

uint32_t outcome_members(const struct outcome *outcome, const struct machine *machine, uint32_t partition,
                         const struct stay *members[BOARDS_MAX])
{
    const struct partition_desc *p = &machine->partitions[partition];
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->n_boards; i++) {
        const struct stay *stay = stay_of(outcome, p->boards[i], partition);
        if (stay)
            members[n++] = stay;
    }
    for (uint32_t i = 0; i < outcome->n_stays; i++) {
        const struct stay *stay = &outcome->stays[i];
        if (stay->partition == partition && machine->boards[stay->board].partition != partition)
            members[n++] = stay;
    }
    return n;
}

sim_time outcome_stayed(const struct stay *stay, sim_time end)
{
    return stay->earlier_ps + (outcome_is_there(stay) && end > stay->joined ? end - stay->joined : 0);
}

bool outcome_has_moves(const struct outcome *outcome)
{
    for (uint32_t i = 0; i < outcome->n_stays; i++)
        if (outcome->stays[i].joined > 0 || !outcome_is_there(&outcome->stays[i]))
            return true;
    return false;
}

static bool is_there(const struct outcome *outcome, uint16_t board, uint32_t partition)
{
    const struct stay *stay = stay_of(outcome, board, partition);
    return stay && outcome_is_there(stay);
}

static void add_member(struct partition_sum *sum, const struct outcome *outcome, const struct stay *stay)
{
    const struct board_results *board = &outcome->boards[stay->board];
    for (unsigned i = 0; i < COUNTER_COUNT; i++)
        sum->counters[i] += stay->counters[i];
    for (unsigned i = 0; i < SERVED_COUNT; i++)
        latency_merge(&sum->latency[i], &stay->latency[i]);
    add_cpu(&sum->done, &stay->cpus);
    if (stay->counters[CNT_CHECKS_FAILED] && !sum->first_failure) {
        sum->first_failure = board->first_failure;
        sum->first_failure_board = stay->board;
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

static uint32_t running_in_pools(const struct outcome *outcome, const struct machine *machine, uint16_t board,
                                 bool named[][CPUS_PER_BOARD_MAX])
{
    uint32_t running = 0;
    for (uint32_t c = 0; c < machine->boards[board].params.cpus; c++)
        running += !named[board][c] && outcome->boards[board].cpu[c].done_at == SIM_NEVER;
    return running;
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
        for (uint32_t c = 0; c < machine->boards[p->boards[b]].params.cpus; c++)
            busy += !named[p->boards[b]][c];
    for (uint32_t i = 0; sum->threads && i < outcome->n_stays; i++)
        if (outcome->stays[i].partition == partition && outcome_is_there(&outcome->stays[i]))
            sum->running_cpus += running_in_pools(outcome, machine, outcome->stays[i].board, named);
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
        if (is_there(outcome, cpu->board, partition))
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
    const struct stay *members[BOARDS_MAX];
    memset(sum, 0, sizeof *sum);
    uint32_t n = outcome_members(outcome, machine, partition, members);
    bool anybody = false; // at the end
    for (uint32_t i = 0; i < n; i++) {
        add_member(sum, outcome, members[i]);
        anybody |= outcome_is_there(members[i]);
    }
    sum->end = sum->done.done_at;
    for (uint32_t i = 0; i < n && !anybody; i++)
        sum->end = sim_max(sum->end, members[i]->left);
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
