// SPDX-License-Identifier: Apache-2.0
// WATCHED and TIMELINE: what workers recorded beside the simulation; and what CONFIGURE asks them to record.
#include <stdlib.h>
#include <string.h>

#include "proto/codec/control_wire.h"

#define EVENT_FIELDS(X) X(unit) X(l1) X(kind) X(data) X(peer_unit) X(peer) X(seq)
#define KEY_FIELDS(X)   X(time) X(dst) X(src)

void inside_options_to_wire(const struct run_options *from, Np__RunOptions *to, struct arena *arena)
{
    NP_ASSERT(from->watch.n <= WATCH_LINES_MAX);
    to->n_watch = from->watch.n;
    to->watch = WIRE_ARRAY(arena, Np__WatchLine, np__watch_line__init, from->watch.n);
    for (uint32_t i = 0; i < from->watch.n; i++) {
        to->watch[i]->partition = from->watch.lines[i].partition;
        to->watch[i]->line = from->watch.lines[i].line;
    }
    to->timeline_from = from->timeline.from;
    to->timeline_until = from->timeline.until;
    to->timeline_interval = from->timeline.interval;
    to->trace = from->trace.on;
    to->trace_partition = from->trace.partition;
    to->trace_cpu = from->trace.cpu;
    to->text_limit = from->text_limit;
}

enum err_code inside_options_from_wire(const Np__RunOptions *from, struct run_options *to, struct err *err)
{
    if (from->n_watch > WATCH_LINES_MAX)
        return REFUSE(err, "%zu watched lines, where %u is the most", from->n_watch, WATCH_LINES_MAX);
    to->watch.n = (uint32_t)from->n_watch;
    for (uint32_t i = 0; i < to->watch.n; i++)
        to->watch.lines[i] = (struct watch_line){from->watch[i]->partition, from->watch[i]->line};
    to->timeline =
        (struct timeline_range){from->timeline_from, from->timeline_until, from->timeline_interval};
    to->trace = (struct instruction_trace){from->trace, from->trace_partition, from->trace_cpu};
    to->text_limit = from->text_limit;
    if (to->trace.partition >= PARTITIONS_MAX || to->text_limit == 0 || to->text_limit > TEXT_LIMIT_MAX)
        return REFUSE(err, "a trace of partition %u, or a text limit of %llu", to->trace.partition,
                      (unsigned long long)to->text_limit);
    return ERR_OK;
}

static void event_to_wire(const struct watch_event *from, Np__WatchEvent *to, struct arena *arena)
{
    EVENT_FIELDS(COPY)
    to->time = from->key.time;
    to->key_dst = from->key.dst;
    to->key_src = from->key.src;
    to->key_seq = from->key.seq;
    to->what = arena_text(arena, from->what, sizeof from->what);
}

void watched_to_wire(const struct control *control, Np__Control *wire, struct arena *arena)
{
    const struct control_watched *from = &control->watched;
    NP_ASSERT(from->n_events <= WATCH_CHUNK_MAX);
    NEW(Np__Watched, np__watched__init);
    to->board = from->board;
    to->line = from->line;
    to->dropped = from->dropped;
    to->n_events = from->n_events;
    to->events = WIRE_ARRAY(arena, Np__WatchEvent, np__watch_event__init, from->n_events);
    for (uint32_t i = 0; i < from->n_events; i++)
        event_to_wire(&from->events[i], to->events[i], arena);
    wire->watched = to;
}

static enum err_code event_from_wire(const Np__WatchEvent *from, struct watch_event *to, struct err *err)
{
    if (from->unit >= WATCH_UNIT_COUNT || from->peer_unit >= WATCH_UNIT_COUNT ||
        from->kind >= WATCH_KIND_COUNT || from->l1 >= L1S_PER_BOARD_MAX || from->peer >= BOARDS_MAX)
        return REFUSE(err, "an event of unit %u, kind %u, board %u", from->unit, from->kind, from->peer);
    to->key = (struct order_key){from->time, from->key_dst, from->key_src, from->key_seq};
    to->unit = (uint8_t)from->unit;
    to->l1 = (uint8_t)from->l1;
    to->kind = (uint8_t)from->kind;
    to->data = from->data;
    to->peer_unit = (uint8_t)from->peer_unit;
    to->peer = (uint16_t)from->peer;
    to->seq = from->seq;
    return wire_text(to->what, sizeof to->what, from->what, "a state or message", err);
}

static enum err_code events_from_wire(const Np__Watched *from, struct watch_event *events, struct err *err)
{
    for (size_t i = 0; i < from->n_events; i++)
        if (event_from_wire(from->events[i], &events[i], err))
            return err_wrap(err, "event %zu", i);
    return ERR_OK;
}

enum err_code watched_from_wire(const Np__Control *wire, struct control *control, struct err *err)
{
    const Np__Watched *from = wire->watched;
    struct control_watched *to = &control->watched;
    if (from->board >= BOARDS_MAX || from->line >= WATCH_LINES_MAX || from->n_events > WATCH_CHUNK_MAX)
        return REFUSE(err, "%zu events of line %u on board %u", from->n_events, from->line, from->board);
    to->board = from->board;
    to->line = from->line;
    to->dropped = from->dropped;
    to->n_events = (uint32_t)from->n_events;
    to->events = calloc(from->n_events ? from->n_events : 1, sizeof *to->events);
    if (!to->events)
        return err_set(err, ERR_MEMORY, "no memory for %zu events", from->n_events);
    if (events_from_wire(from, to->events, err))
        free(to->events);
    return err->code;
}

// The small numbers of a record in one: kind, what, access, CPU, lane, a byte each.
static uint64_t tag_of(const struct timeline_record *record)
{
    return record->kind | (uint64_t)record->what << 8 | (uint64_t)record->access << 16 |
           (uint64_t)record->cpu << 24 | (uint64_t)record->lane << 32;
}

void timeline_to_wire(const struct control *control, Np__Control *wire, struct arena *arena)
{
    const struct control_timeline *from = &control->timeline;
    uint32_t n = from->n_records;
    NP_ASSERT(n <= TIMELINE_CHUNK_MAX);
    NEW(Np__Timeline, np__timeline__init);
    to->grants = from->grants;
    to->source = from->source;
    to->dropped = from->dropped;
    to->n_start = to->n_length = to->n_value = to->n_tag = n;
    to->start = arena_new(arena, n, sizeof *to->start);
    to->length = arena_new(arena, n, sizeof *to->length);
    to->value = arena_new(arena, n, sizeof *to->value);
    to->tag = arena_new(arena, n, sizeof *to->tag);
    for (uint32_t i = 0; i < n; i++) {
        const struct timeline_record *record = &from->records[i];
        to->start[i] = record->start;
        to->length[i] = record->end - record->start;
        to->value[i] = record->value;
        to->tag[i] = tag_of(record);
    }
    wire->timeline = to;
}

static enum err_code record_from_wire(const Np__Timeline *from, size_t i, struct timeline_record *to,
                                      struct err *err)
{
    static const unsigned whats[TIMELINE_KIND_COUNT] = {SERVED_COUNT, RESOURCE_COUNT, 1};
    uint64_t tag = from->tag[i];
    to->start = from->start[i];
    to->end = from->start[i] + from->length[i];
    to->value = from->value[i];
    to->kind = (uint8_t)tag;
    to->what = (uint8_t)(tag >> 8);
    to->access = (uint8_t)(tag >> 16);
    to->cpu = (uint8_t)(tag >> 24);
    to->lane = (uint8_t)(tag >> 32);
    bool right = tag >> 40 == 0 && to->kind < TIMELINE_KIND_COUNT && to->what < whats[to->kind] &&
                 (to->kind == TIMELINE_GRANT) == from->grants && to->access < TIMELINE_ACCESSES &&
                 to->cpu < CPUS_PER_BOARD_MAX && to->lane < OUTSTANDING_MAX && to->end >= to->start;
    return right ? ERR_OK : REFUSE(err, "record %zu of tag 0x%llx", i, (unsigned long long)tag);
}

static enum err_code records_from_wire(const Np__Timeline *from, struct timeline_record *records,
                                       struct err *err)
{
    for (size_t i = 0; i < from->n_start; i++)
        if (record_from_wire(from, i, &records[i], err))
            return err->code;
    return ERR_OK;
}

enum err_code timeline_from_wire(const Np__Control *wire, struct control *control, struct err *err)
{
    const Np__Timeline *from = wire->timeline;
    struct control_timeline *to = &control->timeline;
    size_t n = from->n_start;
    if (n > TIMELINE_CHUNK_MAX || from->n_length != n || from->n_value != n || from->n_tag != n ||
        from->source >= BOARDS_MAX)
        return REFUSE(err, "%zu records of %u with columns of other lengths, or too many", n, from->source);
    to->grants = from->grants;
    to->source = from->source;
    to->dropped = from->dropped;
    to->n_records = (uint32_t)n;
    to->records = calloc(n ? n : 1, sizeof *to->records);
    if (!to->records)
        return err_set(err, ERR_MEMORY, "no memory for %zu records", n);
    if (records_from_wire(from, to->records, err))
        free(to->records);
    return err->code;
}
