// SPDX-License-Identifier: Apache-2.0
#include "node/host/reporter.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"

void reporter_init(struct reporter *reporter, const struct timeline_range *range, uint32_t groups,
                   bool resumed)
{
    *reporter = (struct reporter){.range = *range, .n_groups = groups};
    pthread_mutex_init(&reporter->mutex, NULL);
    if (range->interval)
        reporter->grants = calloc((size_t)groups * MEMBERS_MAX + 1, sizeof *reporter->grants);
    NP_ASSERT(!range->interval || reporter->grants);
    for (uint32_t i = 0; reporter->grants && i < groups * MEMBERS_MAX; i++)
        reporter->grants[i].from = resumed ? SIM_NEVER : 0;
}

void reporter_free(struct reporter *reporter)
{
    for (uint32_t i = 0; i < reporter->n; i++)
        free(reporter->queue[i].records);
    free(reporter->queue);
    for (uint32_t i = 0; reporter->grants && i < reporter->n_groups * MEMBERS_MAX; i++)
        free(reporter->grants[i].records);
    free(reporter->grants);
    pthread_mutex_destroy(&reporter->mutex);
    *reporter = (struct reporter){0};
}

static void put_in_queue(struct reporter *reporter, const struct control_timeline *chunk)
{
    pthread_mutex_lock(&reporter->mutex);
    if (reporter->n == reporter->capacity) {
        reporter->capacity = reporter->capacity ? 2 * reporter->capacity : 8;
        reporter->queue = realloc(reporter->queue, reporter->capacity * sizeof *reporter->queue);
        NP_ASSERT(reporter->queue);
    }
    reporter->queue[reporter->n++] = *chunk;
    pthread_mutex_unlock(&reporter->mutex);
}

// Takes records of a board while there are at least `least`.
static void take_from(struct reporter *reporter, struct board *board, uint32_t least)
{
    while (board_timeline_waits(board, least)) {
        struct control_timeline chunk = {.source = board_number(board)};
        chunk.records = calloc(TIMELINE_CHUNK_MAX, sizeof *chunk.records);
        NP_ASSERT(chunk.records);
        chunk.n_records = board_timeline(board, chunk.records, &chunk.dropped);
        put_in_queue(reporter, &chunk);
    }
}

static void send_grants(struct reporter *reporter, struct grant_log *log, uint32_t group)
{
    if (log->n == 0 && log->dropped == 0)
        return;
    struct control_timeline chunk = {true, group, log->dropped, log->n, log->records};
    put_in_queue(reporter, &chunk);
    log->records = NULL;
    log->n = log->capacity = 0;
    log->dropped = 0;
}

static void add_grant(struct reporter *reporter, struct grant_log *log, uint32_t group,
                      const struct timeline_record *record)
{
    if (log->given == TIMELINE_GRANTS_MAX) {
        log->dropped++;
        return;
    }
    log->given++;
    if (log->n == log->capacity) {
        log->capacity = log->capacity ? 2 * log->capacity : 64;
        log->records = realloc(log->records, log->capacity * sizeof *log->records);
        NP_ASSERT(log->records);
    }
    log->records[log->n++] = *record;
    if (log->n == TIMELINE_CHUNK_MAX)
        send_grants(reporter, log, group);
}

void reporter_grant(struct reporter *reporter, const struct share *share, uint32_t group, uint32_t member,
                    sim_time until, uint64_t host_ns)
{
    if (!reporter->grants)
        return;
    struct grant_log *log = &reporter->grants[group * MEMBERS_MAX + member];
    sim_time from = log->from;
    log->from = until;
    if (from < until && until != SIM_NEVER && until > reporter->range.from && from < reporter->range.until)
        add_grant(reporter, log, group,
                  &(struct timeline_record){.start = from,
                                            .end = until,
                                            .value = host_ns,
                                            .kind = TIMELINE_GRANT,
                                            .cpu = (uint8_t)(member % CPUS_PER_BOARD_MAX),
                                            .lane = (uint8_t)(member / CPUS_PER_BOARD_MAX)});
    for (uint32_t i = 0; i < share->n; i++)
        take_from(reporter, share->boards[i], TIMELINE_CHUNK_MAX);
}

void reporter_regroup(struct reporter *reporter, uint32_t groups, const bool *changed, sim_time at)
{
    if (!reporter->grants)
        return;
    uint32_t n = reporter->n_groups > groups ? reporter->n_groups : groups;
    reporter->grants = realloc(reporter->grants, ((size_t)n * MEMBERS_MAX + 1) * sizeof *reporter->grants);
    NP_ASSERT(reporter->grants);
    for (uint32_t i = reporter->n_groups * MEMBERS_MAX; i < n * MEMBERS_MAX; i++)
        reporter->grants[i] = (struct grant_log){0};
    reporter->n_groups = n;
    for (uint32_t i = 0; i < n * MEMBERS_MAX; i++)
        if (changed[i / MEMBERS_MAX])
            reporter->grants[i].from = at;
}

void reporter_end(struct reporter *reporter, const struct crew *crew)
{
    if (!reporter->grants)
        return;
    for (uint32_t b = 0; b < crew->machine->n_boards; b++) {
        if (!crew->boards[b])
            continue;
        board_timeline_end(crew->boards[b]);
        take_from(reporter, crew->boards[b], 1);
    }
    for (uint32_t i = 0; i < reporter->n_groups * MEMBERS_MAX; i++)
        send_grants(reporter, &reporter->grants[i], i / MEMBERS_MAX);
}

enum err_code reporter_send(struct reporter *reporter, struct control_client *client, struct err *err)
{
    pthread_mutex_lock(&reporter->mutex);
    uint32_t n = reporter->n;
    struct control_timeline *queue = reporter->queue;
    reporter->queue = NULL;
    reporter->n = reporter->capacity = 0;
    pthread_mutex_unlock(&reporter->mutex);
    enum err_code code = ERR_OK;
    for (uint32_t i = 0; i < n; i++) {
        struct control control = {.kind = CONTROL_TIMELINE, .timeline = queue[i]};
        if (!code)
            code = control_client_send(client, &control, err);
        free(queue[i].records);
    }
    free(queue);
    return code;
}
