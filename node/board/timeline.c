// SPDX-License-Identifier: Apache-2.0
#include "node/board/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "node/board/internal.h"

// Stores that leave a store buffer, one after another; such a CPU has one access under way beside them.
#define STORE_LANE (OUTSTANDING_MAX - 1)

struct timeline {
    struct timeline_range range;
    bool began;    // busy[] holds the end of an interval
    sim_time next; // end of the interval under way; SIM_NEVER: no more
    uint64_t busy[RESOURCE_COUNT];
    uint64_t share[RESOURCE_COUNT];                         // of the last interval, tenths of a per cent
    sim_time lane_end[CPUS_PER_BOARD_MAX][OUTSTANDING_MAX]; // of the last miss recorded there
    uint32_t misses, shares;
    uint64_t dropped; // since it was last told
    uint32_t n, capacity;
    struct timeline_record *records; // that were not taken yet
};

struct timeline *timeline_new(const struct timeline_range *range)
{
    if (range->interval == 0)
        return NULL;
    struct timeline *timeline = calloc(1, sizeof *timeline);
    NP_ASSERT(timeline);
    timeline->range = *range;
    timeline->next = (range->from + range->interval - 1) / range->interval * range->interval;
    return timeline;
}

void timeline_free(struct timeline *timeline)
{
    if (timeline)
        free(timeline->records);
    free(timeline);
}

static void add(struct timeline *timeline, const struct timeline_record *record)
{
    uint32_t *count = record->kind == TIMELINE_MISS ? &timeline->misses : &timeline->shares;
    uint32_t most = record->kind == TIMELINE_MISS ? TIMELINE_MISSES_MAX : TIMELINE_SHARES_MAX;
    if (*count == most) {
        timeline->dropped++;
        return;
    }
    (*count)++;
    if (timeline->n == timeline->capacity) {
        timeline->capacity = timeline->capacity ? 2 * timeline->capacity : 256;
        timeline->records = realloc(timeline->records, timeline->capacity * sizeof *timeline->records);
        NP_ASSERT(timeline->records);
    }
    timeline->records[timeline->n++] = *record;
}

// A resource serves one after another, and what is booked lies in one piece before its free_at: so much of it
// is busy time up to `at`, which no event has passed.
static uint64_t busy_until(const struct board *board, enum timeline_resource resource, sim_time at)
{
    static const enum counter counters[RESOURCE_COUNT] = {
        CNT_HOME_BUSY_PS, CNT_MEMORY_BUSY_PS, CNT_BUS_BUSY_PS, CNT_EGRESS_BUSY_PS, CNT_INGRESS_BUSY_PS};
    const sim_time free_at[RESOURCE_COUNT] = {board->home.free_at, board->home.memory_free_at,
                                              board->bus_free_at, board->port.egress_free_at,
                                              board->port.ingress_free_at};
    uint64_t booked = board->counters[counters[resource]];
    uint64_t beyond = free_at[resource] > at ? free_at[resource] - at : 0;
    return booked > beyond ? booked - beyond : 0;
}

// The share of the interval that ends at timeline->next. What stays as it was is not said again.
static void note_share(struct board *board, enum timeline_resource resource)
{
    struct timeline *timeline = board->timeline;
    uint64_t busy = busy_until(board, resource, timeline->next), interval = timeline->range.interval;
    uint64_t within = busy > timeline->busy[resource] ? busy - timeline->busy[resource] : 0;
    uint64_t share = within >= interval ? 1000 : (within * 1000 + interval / 2) / interval;
    timeline->busy[resource] = busy;
    if (!timeline->began || share == timeline->share[resource])
        return;
    timeline->share[resource] = share;
    sim_time start = timeline->next - interval;
    add(timeline,
        &(struct timeline_record){
            .start = start, .end = start, .value = share, .kind = TIMELINE_SHARE, .what = (uint8_t)resource});
}

static void end_interval(struct board *board)
{
    struct timeline *timeline = board->timeline;
    for (unsigned i = 0; i < RESOURCE_COUNT; i++)
        note_share(board, (enum timeline_resource)i);
    timeline->began = true;
    timeline->next += timeline->range.interval;
    if (timeline->next - timeline->range.interval >= timeline->range.until)
        timeline->next = SIM_NEVER;
}

void timeline_event(struct board *board)
{
    struct timeline *timeline = board->timeline;
    sim_time interval = timeline->range.interval;
    if (board->now < timeline->next)
        return;
    if (!timeline->began) // a board that continues from a saved state begins in the middle
        timeline->next = sim_max(timeline->next, board->now / interval * interval);
    while (board->now >= timeline->next)
        end_interval(board);
}

void timeline_miss(struct cpu *cpu, const struct pending *pending, sim_time done_at, enum served served)
{
    struct board *board = cpu->port.board;
    struct timeline *timeline = board->timeline;
    bool self_test = board->domain.partition == NO_PARTITION; // of it, its load says enough
    if (self_test || pending->issued < timeline->range.from || pending->issued >= timeline->range.until)
        return;
    bool store = cpu->buffer.n && pending == &cpu->buffer.stores[0];
    unsigned lane = store ? STORE_LANE : pending->lane;
    sim_time *end = &timeline->lane_end[cpu->index][lane];
    // Of one lane they follow one another: a store in the buffer waits for the one before it. Accesses that a
    // saved state brought along may share a lane.
    sim_time start = sim_max(pending->issued, *end);
    *end = sim_max(done_at, start);
    add(timeline, &(struct timeline_record){.start = start,
                                            .end = *end,
                                            .value = pending->access.address,
                                            .kind = TIMELINE_MISS,
                                            .what = (uint8_t)served,
                                            .access = pending->access.kind,
                                            .cpu = cpu->index,
                                            .lane = (uint8_t)lane});
}

void board_timeline_end(struct board *board)
{
    struct timeline *timeline = board->timeline;
    if (!timeline || !timeline->began)
        return;
    bool busy = true; // until what was booked has passed
    while (busy && timeline->next != SIM_NEVER) {
        end_interval(board);
        busy = false;
        for (unsigned i = 0; i < RESOURCE_COUNT; i++)
            busy |= timeline->share[i] != 0;
    }
    timeline->next = SIM_NEVER;
}

bool board_timeline_waits(const struct board *board, uint32_t least)
{
    return board->timeline && board->timeline->n + board->timeline->dropped >= least;
}

uint32_t board_timeline(struct board *board, struct timeline_record *records, uint64_t *dropped)
{
    struct timeline *timeline = board->timeline;
    uint32_t n = timeline->n < TIMELINE_CHUNK_MAX ? timeline->n : TIMELINE_CHUNK_MAX;
    memcpy(records, timeline->records, n * sizeof *records);
    timeline->n -= n;
    memmove(timeline->records, timeline->records + n, timeline->n * sizeof *records);
    *dropped = timeline->dropped;
    timeline->dropped = 0;
    return n;
}
