// SPDX-License-Identifier: Apache-2.0
// What a board reports: all that it counted, and that apart by the partitions in which it was meanwhile.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/board/internal.h"

// Hits all take the same time, so the fast path only counts them.
static void add_hits(struct latency_histogram *to, uint64_t hits, sim_time latency)
{
    if (hits == 0)
        return;
    struct latency_histogram all = {hits, hits * latency, latency, latency, {0}};
    all.bucket[latency_bucket(latency)] = hits;
    latency_merge(to, &all);
}

// A CPU of a guest that waits or was never started does nothing either, until somebody wakes it. While its
// board tests itself the guest is put aside.
static void take_guest(const struct cpu *cpu, const struct aside *aside, struct cpu_results *results,
                       struct guest_cpu_results *guest)
{
    const struct program_ops *ops = aside ? aside->ops : cpu->ops;
    if (!ops || !ops->guest)
        return;
    struct cpu own = *cpu;
    own.ops = ops;
    own.program = aside ? aside->program : cpu->program;
    ops->guest(&own, guest);
    if (guest->end == GUEST_WAITING)
        results->done_at = cpu->blocked_since;
    else if (guest->end == GUEST_STOPPED && results->done_at == SIM_NEVER)
        results->done_at = 0;
}

// What one CPU has done so far; its counters are added to the board's.
static void take_cpu(const struct board *board, uint32_t index, uint64_t *c, struct cpu_results *results,
                     struct guest_cpu_results *guest)
{
    const struct cpu *cpu = &board->cpus[index];
    static const enum counter kinds[ACCESS_KIND_COUNT] = {CNT_FETCHES, CNT_LOADS, CNT_STORES, CNT_RMWS};
    for (unsigned i = 0; i < ACCESS_KIND_COUNT; i++)
        c[kinds[i]] += cpu->by_kind[i];
    c[CNT_L1_HITS] += cpu->results.hits;
    c[CNT_MERGED] += cpu->merged;
    c[CNT_STORE_FORWARDS] += cpu->buffer.forwards;
    c[CNT_STORE_WAITS] += cpu->buffer.held;
    c[CNT_BUS_ERRORS] += cpu->bus_errors;
    c[CNT_POISONED] += cpu->poisoned;
    c[CNT_CHECKS] += cpu->checks;
    c[CNT_CHECKS_FAILED] += cpu->checks_failed;
    *results = cpu->results;
    results->latency_sum_ps += cpu->results.hits * cpu->l1_latency;
    take_guest(cpu, board->firmware.testing ? &board->firmware.aside[index] : NULL, results, guest);
    c[CNT_INSTRUCTIONS] += guest->instructions;
}

static void add_cpu(struct stay *to, const struct cpu_results *from)
{
    to->cpus.accesses += from->accesses;
    to->cpus.hits += from->hits;
    to->cpus.latency_sum_ps += from->latency_sum_ps;
    to->cpus.wait_ps += from->wait_ps;
    to->cpus.compute_ps += from->compute_ps;
    to->cpus.work += from->work;
    to->cpus.sync_waits += from->sync_waits;
    to->cpus.sync_wait_ps += from->sync_wait_ps;
    if (from->done_at != SIM_NEVER && from->done_at >= to->joined && from->done_at > to->cpus.done_at)
        to->cpus.done_at = from->done_at;
}

static void subtract_cpus(struct cpu_results *from, const struct cpu_results *what)
{
    from->accesses -= what->accesses;
    from->hits -= what->hits;
    from->latency_sum_ps -= what->latency_sum_ps;
    from->wait_ps -= what->wait_ps;
    from->compute_ps -= what->compute_ps;
    from->work -= what->work;
    from->sync_waits -= what->sync_waits;
    from->sync_wait_ps -= what->sync_wait_ps;
}

// What was counted from the beginning to now; latencies since the last change alone.
static void take_counts(const struct board *board, struct stay *now)
{
    const struct stays *stays = &board->stays;
    *now = (struct stay){.board = board->number, .partition = board->domain.partition, .left = SIM_NEVER};
    now->joined = stays->since;
    memcpy(now->counters, board->counters, sizeof now->counters);
    memcpy(now->sent_by_type, board->sent_by_type, sizeof now->sent_by_type);
    for (uint32_t i = 0; i < board->n_cpus; i++) {
        const struct cpu *cpu = &board->cpus[i];
        struct guest_cpu_results guest = {0};
        struct cpu_results results;
        take_cpu(board, i, now->counters, &results, &guest);
        add_cpu(now, &results);
        add_hits(&now->latency[SERVED_L1], cpu->results.hits - stays->hits[i], cpu->l1_latency);
        for (unsigned s = 0; s < SERVED_COUNT; s++)
            latency_merge(&now->latency[s], &cpu->latency[s]);
    }
}

static const struct stay *stay_in(const struct stays *stays, uint32_t partition)
{
    for (uint32_t i = 0; i < stays->n; i++)
        if (stays->items[i].partition == partition)
            return &stays->items[i];
    return NULL;
}

// All of its time in the partition in which it is: earlier, and since the last change.
static void stay_now(const struct board *board, struct stay *stay)
{
    const struct stays *stays = &board->stays;
    const struct stay *earlier = stay_in(stays, board->domain.partition);
    take_counts(board, stay);
    for (unsigned i = 0; i < COUNTER_COUNT; i++)
        stay->counters[i] -= stays->counters[i];
    for (unsigned i = 0; i < MSG_TYPE_COUNT; i++)
        stay->sent_by_type[i] -= stays->sent_by_type[i];
    subtract_cpus(&stay->cpus, &stays->cpus);
    if (!earlier)
        return;
    stay->earlier_ps = earlier->earlier_ps;
    for (unsigned i = 0; i < COUNTER_COUNT; i++)
        stay->counters[i] += earlier->counters[i];
    for (unsigned i = 0; i < MSG_TYPE_COUNT; i++)
        stay->sent_by_type[i] += earlier->sent_by_type[i];
    for (unsigned s = 0; s < SERVED_COUNT; s++)
        latency_merge(&stay->latency[s], &earlier->latency[s]);
    add_cpu(stay, &earlier->cpus);
    stay->cpus.done_at =
        stay->cpus.done_at > earlier->cpus.done_at ? stay->cpus.done_at : earlier->cpus.done_at;
}

static struct stay *place_for(struct stays *stays, uint32_t partition)
{
    for (uint32_t i = 0; i < stays->n; i++)
        if (stays->items[i].partition == partition)
            return &stays->items[i];
    stays->items = realloc(stays->items, (stays->n + 1) * sizeof *stays->items);
    NP_ASSERT(stays->items);
    return &stays->items[stays->n++];
}

void stays_change(struct board *board, sim_time at)
{
    struct stays *stays = &board->stays;
    struct stay now, all;
    stay_now(board, &now);
    take_counts(board, &all);
    now.left = at;
    now.earlier_ps += at - stays->since;
    *place_for(stays, board->domain.partition) = now;
    stays->since = at;
    memcpy(stays->counters, all.counters, sizeof stays->counters);
    memcpy(stays->sent_by_type, all.sent_by_type, sizeof stays->sent_by_type);
    stays->cpus = all.cpus;
    for (uint32_t i = 0; i < board->n_cpus; i++) {
        stays->hits[i] = board->cpus[i].results.hits;
        memset(board->cpus[i].latency, 0, sizeof board->cpus[i].latency);
    }
}

void stays_free(struct board *board)
{
    free(board->stays.items);
    board->stays = (struct stays){.n = 0};
}

uint32_t board_stays(const struct board *board)
{
    const struct stays *stays = &board->stays;
    return stays->n ? stays->n + !stay_in(stays, board->domain.partition) : 0;
}

void board_stay(const struct board *board, uint32_t index, struct stay *stay)
{
    const struct stays *stays = &board->stays;
    NP_ASSERT(index < board_stays(board));
    if (index < stays->n && stays->items[index].partition != board->domain.partition)
        *stay = stays->items[index];
    else
        stay_now(board, stay);
}

static void add_latencies(const struct board *board, struct board_results *results)
{
    struct stay now;
    take_counts(board, &now);
    memcpy(results->latency, now.latency, sizeof results->latency);
    for (uint32_t i = 0; i < board->stays.n; i++)
        for (unsigned s = 0; s < SERVED_COUNT; s++)
            latency_merge(&results->latency[s], &board->stays.items[i].latency[s]);
}

void board_results(struct board *board, struct board_results *results)
{
    memset(results, 0, sizeof *results);
    results->board = board->number;
    results->cpus = board->n_cpus;
    memcpy(results->counters, board->counters, sizeof results->counters);
    memcpy(results->sent_by_type, board->sent_by_type, sizeof results->sent_by_type);
    for (uint32_t i = 0; i < board->n_cpus; i++) {
        take_cpu(board, i, results->counters, &results->cpu[i], &results->guest[i]);
        if (!results->first_failure[0])
            snprintf(results->first_failure, sizeof results->first_failure, "%s",
                     board->cpus[i].first_failure);
    }
    add_latencies(board, results);
    memcpy(results->sent_to, board->port.sent, board->system->boards * sizeof results->sent_to[0]);
    board_pages(board, results);
    results->trail_n = board->trail_n;
    memcpy(results->trail, board->trail, board->trail_n * sizeof board->trail[0]);
    struct archive ar;
    ar_init_hash(&ar);
    board_state(board, &ar);
    results->digest = ar_digest(&ar);
    ar_free(&ar);
}

static void numbers_state(uint64_t *numbers, uint32_t n, struct archive *ar)
{
    for (uint32_t i = 0; i < n; i++)
        ar_u64(ar, &numbers[i]);
}

static void stay_state(struct board *board, struct stay *stay, struct archive *ar)
{
    stay->board = board->number;
    ar_u32(ar, &stay->partition);
    ar_u64(ar, &stay->joined);
    ar_u64(ar, &stay->left);
    ar_u64(ar, &stay->earlier_ps);
    numbers_state(stay->counters, COUNTER_COUNT, ar);
    numbers_state(stay->sent_by_type, MSG_TYPE_COUNT, ar);
    for (unsigned s = 0; s < SERVED_COUNT; s++)
        latency_state(&stay->latency[s], ar);
    numbers_state((uint64_t *)(void *)&stay->cpus, sizeof stay->cpus / sizeof(uint64_t), ar); // all are such
    if (stay->partition != NO_PARTITION && stay->partition >= board->machine->n_partitions)
        ar_fail(ar, "board %u was in partition %u", board->number, stay->partition);
}

void stays_state(struct board *board, struct archive *ar)
{
    struct stays *stays = &board->stays;
    ar_mark(ar, "STAY");
    ar_count(ar, &stays->n, board->machine->n_partitions + 1);
    ar_u64(ar, &stays->since);
    if (stays->n == 0)
        return;
    if (ar_loading(ar)) {
        stays->items = calloc(stays->n, sizeof *stays->items);
        NP_ASSERT(stays->items);
    }
    numbers_state(stays->counters, COUNTER_COUNT, ar);
    numbers_state(stays->sent_by_type, MSG_TYPE_COUNT, ar);
    numbers_state((uint64_t *)(void *)&stays->cpus, sizeof stays->cpus / sizeof(uint64_t), ar); // likewise
    numbers_state(stays->hits, board->n_cpus, ar);
    for (uint32_t i = 0; i < stays->n; i++)
        stay_state(board, &stays->items[i], ar);
}
