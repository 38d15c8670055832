// SPDX-License-Identifier: Apache-2.0
#include "proto/codec/results.h"

#include <stdlib.h>
#include <string.h>

#include "proto/codec/wire.h"

#define LATENCY_FIELDS(X) X(count) X(sum_ps) X(min_ps) X(max_ps)

// clang-format off
#define CPU_FIELDS(X) \
    X(accesses) X(hits) X(latency_sum_ps) X(wait_ps) X(compute_ps) X(done_at) X(work) \
    X(sync_waits) X(sync_wait_ps)
// clang-format on

#define GUEST_FIELDS(X) X(instructions) X(busy_ps) X(psw_mask) X(psw_address)

// clang-format off
#define PAGE_FIELDS(X) \
    X(address) X(requests) X(remote) X(writes) X(boards) X(owned) X(virtual_address) X(process)
// clang-format on

#define STAY_FIELDS(X) X(joined) X(left) X(earlier_ps)

// clang-format off
#define HOST_FIELDS(X) \
    X(simulating_ns) X(exchanging_ns) X(waiting_ns) X(grants) X(resends) X(duplicates) X(damaged) \
    X(foreign) X(bytes_out) X(bytes_in) X(max_rss_bytes)
// clang-format on

// A field that is added to a struct but not to its list would be lost on the way.
#define EIGHT_BYTES(field) +8
_Static_assert(sizeof(struct host_stats) == HOST_FIELDS(EIGHT_BYTES), "HOST_FIELDS lists all of host_stats");
_Static_assert(sizeof(struct cpu_results) == CPU_FIELDS(EIGHT_BYTES), "CPU_FIELDS lists all of cpu_results");
_Static_assert(sizeof(struct guest_cpu_results) == 8 GUEST_FIELDS(EIGHT_BYTES) + 16 * 8,
               "end, GUEST_FIELDS and registers are all of guest_cpu_results");

#define COPY(field) to->field = from->field;

static void latency_to_wire(const struct latency_histogram *from, Np__Latency *to, struct arena *arena)
{
    LATENCY_FIELDS(COPY)
    size_t n = 0;
    for (unsigned i = 0; i < LATENCY_BUCKETS; i++)
        n += from->bucket[i] != 0;
    to->bucket = arena_new(arena, n, sizeof *to->bucket);
    to->value = arena_new(arena, n, sizeof *to->value);
    for (uint32_t i = 0; i < LATENCY_BUCKETS; i++) {
        if (from->bucket[i] == 0)
            continue;
        to->bucket[to->n_bucket++] = i;
        to->value[to->n_value++] = from->bucket[i];
    }
}

static void cpu_to_wire(const struct cpu_results *from, Np__CpuResults *to)
{
    CPU_FIELDS(COPY)
}

static void guests_to_wire(const struct board_results *board, Np__BoardResults *message, struct arena *arena)
{
    message->guest = WIRE_ARRAY(arena, Np__GuestCpuResults, np__guest_cpu_results__init, board->cpus);
    for (uint32_t i = 0; i < board->cpus; i++) {
        const struct guest_cpu_results *from = &board->guest[i];
        if (from->end == GUEST_NONE)
            continue;
        Np__GuestCpuResults *to = message->guest[message->n_guest++];
        GUEST_FIELDS(COPY)
        to->cpu = i;
        to->end = from->end;
        to->n_gr = NP_ARRAY_LEN(from->gr);
        to->gr = arena_new(arena, to->n_gr, sizeof *to->gr);
        memcpy(to->gr, from->gr, sizeof from->gr);
    }
}

static uint64_t *numbers_to_wire(const uint64_t *from, size_t count, struct arena *arena)
{
    return memcpy(arena_new(arena, count, sizeof *from), from, count * sizeof *from);
}

static void trail_to_wire(const struct board_results *from, Np__BoardResults *to, struct arena *arena)
{
    to->n_trail_time = to->n_trail_hash = from->trail_n;
    to->trail_time = arena_new(arena, from->trail_n, sizeof *to->trail_time);
    to->trail_hash = arena_new(arena, from->trail_n, sizeof *to->trail_hash);
    for (uint32_t i = 0; i < from->trail_n; i++) {
        to->trail_time[i] = from->trail[i].time;
        to->trail_hash[i] = from->trail[i].hash;
    }
}

static void traffic_to_wire(const struct board_results *from, Np__BoardResults *to, struct arena *arena)
{
    size_t n = 0;
    for (unsigned i = 0; i < BOARDS_PER_SYSTEM_MAX; i++)
        n += from->sent_to[i].messages != 0;
    to->sent_to = WIRE_ARRAY(arena, Np__Traffic, np__traffic__init, n);
    for (uint32_t i = 0; i < BOARDS_PER_SYSTEM_MAX; i++) {
        if (from->sent_to[i].messages == 0)
            continue;
        Np__Traffic *traffic = to->sent_to[to->n_sent_to++];
        traffic->to = i;
        traffic->messages = from->sent_to[i].messages;
        traffic->bytes = from->sent_to[i].bytes;
    }
}

static void page_to_wire(const struct page_results *from, Np__PageResults *to, struct arena *arena)
{
    PAGE_FIELDS(COPY)
    to->symbol = arena_text(arena, from->symbol, sizeof from->symbol);
}

static void stay_to_wire(const struct stay *from, Np__Stay *to, struct arena *arena)
{
    STAY_FIELDS(COPY)
    to->partition = from->partition + 1;
    to->n_counters = COUNTER_COUNT;
    to->counters = numbers_to_wire(from->counters, COUNTER_COUNT, arena);
    to->n_sent_by_type = MSG_TYPE_COUNT;
    to->sent_by_type = numbers_to_wire(from->sent_by_type, MSG_TYPE_COUNT, arena);
    to->n_latency = SERVED_COUNT;
    to->latency = WIRE_ARRAY(arena, Np__Latency, np__latency__init, SERVED_COUNT);
    for (unsigned i = 0; i < SERVED_COUNT; i++)
        latency_to_wire(&from->latency[i], to->latency[i], arena);
    to->cpus = arena_new(arena, 1, sizeof *to->cpus);
    np__cpu_results__init(to->cpus);
    cpu_to_wire(&from->cpus, to->cpus);
}

static void stays_to_wire(const struct results *from, uint16_t board, Np__BoardResults *to,
                          struct arena *arena)
{
    size_t n = 0;
    for (uint32_t i = 0; i < from->n_stays; i++)
        n += from->stays[i].board == board;
    to->stays = WIRE_ARRAY(arena, Np__Stay, np__stay__init, n);
    for (uint32_t i = 0; i < from->n_stays; i++)
        if (from->stays[i].board == board)
            stay_to_wire(&from->stays[i], to->stays[to->n_stays++], arena);
}

static void board_to_wire(const struct board_results *from, Np__BoardResults *to, struct arena *arena)
{
    NP_ASSERT(from->cpus <= CPUS_PER_BOARD_MAX && from->trail_n <= TRAIL_MAX &&
              from->n_pages <= PAGES_REPORTED_MAX);
    to->board = from->board;
    to->digest_low = from->digest.low;
    to->digest_high = from->digest.high;
    to->n_counters = COUNTER_COUNT;
    to->counters = numbers_to_wire(from->counters, COUNTER_COUNT, arena);
    to->n_sent_by_type = MSG_TYPE_COUNT;
    to->sent_by_type = numbers_to_wire(from->sent_by_type, MSG_TYPE_COUNT, arena);
    to->n_latency = SERVED_COUNT;
    to->latency = WIRE_ARRAY(arena, Np__Latency, np__latency__init, SERVED_COUNT);
    for (unsigned i = 0; i < SERVED_COUNT; i++)
        latency_to_wire(&from->latency[i], to->latency[i], arena);
    to->n_cpu = from->cpus;
    to->cpu = WIRE_ARRAY(arena, Np__CpuResults, np__cpu_results__init, from->cpus);
    for (uint32_t i = 0; i < from->cpus; i++)
        cpu_to_wire(&from->cpu[i], to->cpu[i]);
    guests_to_wire(from, to, arena);
    traffic_to_wire(from, to, arena);
    to->n_pages = from->n_pages;
    to->pages = WIRE_ARRAY(arena, Np__PageResults, np__page_results__init, from->n_pages);
    for (uint32_t i = 0; i < from->n_pages; i++)
        page_to_wire(&from->pages[i], to->pages[i], arena);
    trail_to_wire(from, to, arena);
    to->first_failure = arena_text(arena, from->first_failure, sizeof from->first_failure);
}

static Np__HostStats *host_to_wire(const struct host_stats *from, struct arena *arena)
{
    Np__HostStats *to = arena_new(arena, 1, sizeof *to);
    np__host_stats__init(to);
    HOST_FIELDS(COPY)
    return to;
}

Np__Results *results_to_wire(const struct results *from, struct arena *arena)
{
    NP_ASSERT(from->n_boards <= BOARDS_MAX);
    Np__Results *to = arena_new(arena, 1, sizeof *to);
    np__results__init(to);
    to->n_boards = from->n_boards;
    to->boards = WIRE_ARRAY(arena, Np__BoardResults, np__board_results__init, from->n_boards);
    for (uint32_t i = 0; i < from->n_boards; i++)
        board_to_wire(&from->boards[i], to->boards[i], arena);
    for (uint32_t i = 0; i < from->n_boards; i++)
        stays_to_wire(from, from->boards[i].board, to->boards[i], arena);
    to->host = host_to_wire(&from->host, arena);
    return to;
}

static enum err_code latency_from_wire(const Np__Latency *from, struct latency_histogram *to, struct err *err)
{
    LATENCY_FIELDS(COPY)
    if (from->n_bucket != from->n_value)
        return REFUSE(err, "%zu buckets with %zu values", from->n_bucket, from->n_value);
    for (size_t i = 0; i < from->n_bucket; i++) {
        if (from->bucket[i] >= LATENCY_BUCKETS || (i && from->bucket[i] <= from->bucket[i - 1]))
            return REFUSE(err, "bucket %u is out of range or out of order", from->bucket[i]);
        to->bucket[from->bucket[i]] = from->value[i];
    }
    return ERR_OK;
}

static void cpu_from_wire(const Np__CpuResults *from, struct cpu_results *to)
{
    CPU_FIELDS(COPY)
}

static enum err_code guests_from_wire(const Np__BoardResults *message, struct board_results *board,
                                      struct err *err)
{
    for (size_t i = 0; i < message->n_guest; i++) {
        const Np__GuestCpuResults *from = message->guest[i];
        if (from->cpu >= message->n_cpu || (i && from->cpu <= message->guest[i - 1]->cpu))
            return REFUSE(err, "CPU %u of a guest is out of range or out of order", from->cpu);
        struct guest_cpu_results *to = &board->guest[from->cpu];
        if (from->end == GUEST_NONE || from->end >= GUEST_END_COUNT || from->n_gr != NP_ARRAY_LEN(to->gr))
            return REFUSE(err, "a guest's CPU of end %u with %zu registers", from->end, from->n_gr);
        GUEST_FIELDS(COPY)
        to->end = (uint8_t)from->end;
        memcpy(to->gr, from->gr, sizeof to->gr);
    }
    return ERR_OK;
}

static enum err_code traffic_from_wire(const Np__BoardResults *from, struct board_results *to,
                                       struct err *err)
{
    for (size_t i = 0; i < from->n_sent_to; i++) {
        const Np__Traffic *traffic = from->sent_to[i];
        if (traffic->to >= BOARDS_PER_SYSTEM_MAX || (i && traffic->to <= from->sent_to[i - 1]->to))
            return REFUSE(err, "traffic to board %u is out of range or out of order", traffic->to);
        to->sent_to[traffic->to] = (struct traffic){traffic->messages, traffic->bytes};
    }
    return ERR_OK;
}

static enum err_code page_from_wire(const Np__PageResults *from, struct page_results *to, struct err *err)
{
    PAGE_FIELDS(COPY)
    if (from->boards > BOARDS_PER_SYSTEM_MAX || from->remote > from->requests)
        return REFUSE(err, "a page of %u boards, or with more requests of others than of all", from->boards);
    return wire_text(to->symbol, sizeof to->symbol, from->symbol, "a symbol", err);
}

static enum err_code pages_from_wire(const Np__BoardResults *from, struct board_results *to, struct err *err)
{
    if (from->n_pages > PAGES_REPORTED_MAX)
        return REFUSE(err, "%zu pages, where %u is the most", from->n_pages, PAGES_REPORTED_MAX);
    to->n_pages = (uint32_t)from->n_pages;
    for (uint32_t i = 0; i < to->n_pages; i++)
        if (page_from_wire(from->pages[i], &to->pages[i], err))
            return err->code;
    return ERR_OK;
}

// A list whose length both sides must agree on: its order is that of an enumeration of this version.
static enum err_code same_length(size_t count, size_t wanted, const char *list, struct err *err)
{
    return count == wanted ? ERR_OK : REFUSE(err, "%zu %s, where there are %zu", count, list, wanted);
}

static enum err_code lengths_invalid(const Np__BoardResults *from, struct err *err)
{
    if (same_length(from->n_counters, COUNTER_COUNT, "counters", err) ||
        same_length(from->n_sent_by_type, MSG_TYPE_COUNT, "message types", err) ||
        same_length(from->n_latency, SERVED_COUNT, "histograms", err) ||
        same_length(from->n_trail_hash, from->n_trail_time, "trail hashes", err))
        return err->code;
    if (from->n_cpu > CPUS_PER_BOARD_MAX || from->n_trail_time > TRAIL_MAX || from->board >= BOARDS_MAX)
        return REFUSE(err, "number %u, %zu CPUs or %zu trail marks are more than there can be", from->board,
                      from->n_cpu, from->n_trail_time);
    return ERR_OK;
}

static enum err_code board_from_wire(const Np__BoardResults *from, struct board_results *to, struct err *err)
{
    if (lengths_invalid(from, err))
        return err->code;
    to->board = (uint16_t)from->board;
    if (traffic_from_wire(from, to, err) || pages_from_wire(from, to, err) || guests_from_wire(from, to, err))
        return err->code;
    to->digest = (struct digest){from->digest_low, from->digest_high};
    memcpy(to->counters, from->counters, sizeof to->counters);
    memcpy(to->sent_by_type, from->sent_by_type, sizeof to->sent_by_type);
    for (unsigned i = 0; i < SERVED_COUNT; i++)
        if (latency_from_wire(from->latency[i], &to->latency[i], err))
            return err_wrap(err, "histogram %u", i);
    to->cpus = (uint32_t)from->n_cpu;
    for (uint32_t i = 0; i < to->cpus; i++)
        cpu_from_wire(from->cpu[i], &to->cpu[i]);
    to->trail_n = (uint32_t)from->n_trail_time;
    for (uint32_t i = 0; i < to->trail_n; i++)
        to->trail[i] = (struct trail_mark){from->trail_time[i], from->trail_hash[i]};
    return wire_text(to->first_failure, sizeof to->first_failure, from->first_failure, "a failure", err);
}

static enum err_code stay_from_wire(const Np__Stay *from, struct stay *to, struct err *err)
{
    if (same_length(from->n_counters, COUNTER_COUNT, "counters", err) ||
        same_length(from->n_sent_by_type, MSG_TYPE_COUNT, "message types", err) ||
        same_length(from->n_latency, SERVED_COUNT, "histograms", err))
        return err->code;
    if (from->partition > PARTITIONS_MAX || !from->cpus || from->joined > from->left)
        return REFUSE(err, "partition %u, from %llu to %llu ps", from->partition - 1,
                      (unsigned long long)from->joined, (unsigned long long)from->left);
    STAY_FIELDS(COPY)
    to->partition = from->partition - 1;
    memcpy(to->counters, from->counters, sizeof to->counters);
    memcpy(to->sent_by_type, from->sent_by_type, sizeof to->sent_by_type);
    for (unsigned i = 0; i < SERVED_COUNT; i++)
        if (latency_from_wire(from->latency[i], &to->latency[i], err))
            return err_wrap(err, "histogram %u", i);
    cpu_from_wire(from->cpus, &to->cpus);
    return ERR_OK;
}

static enum err_code stays_from_wire(const Np__Results *from, struct results *to, struct err *err)
{
    size_t n = 0;
    for (size_t b = 0; b < from->n_boards; b++)
        n += from->boards[b]->n_stays;
    if (n > STAYS_MAX)
        return REFUSE(err, "%zu stays of boards in partitions", n);
    if (n == 0)
        return ERR_OK;
    to->stays = calloc(n, sizeof *to->stays);
    if (!to->stays)
        return err_set(err, ERR_MEMORY, "no memory for %zu stays", n);
    for (size_t b = 0; b < from->n_boards; b++)
        for (size_t i = 0; i < from->boards[b]->n_stays; i++) {
            struct stay *stay = &to->stays[to->n_stays++];
            stay->board = to->boards[b].board;
            if (stay_from_wire(from->boards[b]->stays[i], stay, err))
                return err_wrap(err, "board %zu, stay %zu", b, i);
        }
    return ERR_OK;
}

static void host_from_wire(const Np__HostStats *from, struct host_stats *to)
{
    HOST_FIELDS(COPY)
}

static enum err_code fill_results(const Np__Results *from, struct results *to, struct err *err)
{
    if (from->n_boards > BOARDS_MAX || !from->host)
        return REFUSE(err, "%zu boards, or no host figures", from->n_boards);
    host_from_wire(from->host, &to->host);
    if (from->n_boards == 0)
        return ERR_OK;
    to->boards = calloc(from->n_boards, sizeof *to->boards);
    if (!to->boards)
        return err_set(err, ERR_MEMORY, "no memory for %zu boards", from->n_boards);
    to->n_boards = (uint32_t)from->n_boards;
    for (uint32_t i = 0; i < to->n_boards; i++)
        if (board_from_wire(from->boards[i], &to->boards[i], err))
            return err_wrap(err, "board %u of %u", i, to->n_boards);
    return stays_from_wire(from, to, err);
}

enum err_code results_from_wire(const Np__Results *wire, struct results *results, struct err *err)
{
    *results = (struct results){0};
    if (fill_results(wire, results, err) == ERR_OK)
        return ERR_OK;
    results_free(results);
    return err_wrap(err, "results");
}

void results_encode(const struct results *results, struct bytes *bytes)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    wire_pack(&results_to_wire(results, &arena)->base, bytes);
    arena_free(&arena);
}

enum err_code results_decode(const uint8_t *data, size_t size, struct results *results, struct err *err)
{
    struct arena arena;
    arena_init(&arena, UNPACKED_BYTES_MAX);
    err_clear(err);
    ProtobufCMessage *wire = wire_unpack(&np__results__descriptor, data, size, &arena, err);
    *results = (struct results){0};
    if (wire)
        results_from_wire((const Np__Results *)wire, results, err);
    arena_free(&arena);
    return err->code;
}

void results_free(struct results *results)
{
    free(results->boards);
    free(results->stays);
    *results = (struct results){0};
}
