// SPDX-License-Identifier: Apache-2.0
// Replies to consoles.
#include <stdlib.h>
#include <string.h>

#include "proto/codec/api_wire.h"

#define EVENT_TEXTS(X)   X(what) X(board) X(partition) X(text) X(user)
#define EVENT_NUMBERS(X) X(seq) X(time_ps) X(operation) X(pages_done) X(pages_total)
#define PLAN_TEXTS(X)    X(from) X(to) X(copy_target)
#define PLAN_NUMBERS(X)                                                                                      \
    X(cpus_from_before)                                                                                      \
    X(cpus_from_after)                                                                                       \
    X(cpus_to_before)                                                                                        \
    X(cpus_to_after)                                                                                         \
    X(memory_from_before)                                                                                    \
    X(memory_from_after)                                                                                     \
    X(memory_to_before)                                                                                      \
    X(memory_to_after) X(drain_bytes) X(permanent_bytes) X(threads) X(standby_cpus) X(standby_bytes)
#define REPLY_NUMBERS(X) X(id) X(operation) X(oldest_seq) X(console_end)

static void events_to_wire(const struct api_reply *reply, Np__ApiReply *wire, struct arena *arena)
{
    NP_ASSERT(reply->n_events <= API_EVENTS_MAX);
    wire->n_events = reply->n_events;
    wire->events = WIRE_ARRAY(arena, Np__ApiEvent, np__api_event__init, reply->n_events);
    for (uint32_t i = 0; i < reply->n_events; i++) {
        const struct api_event *from = &reply->events[i];
        Np__ApiEvent *to = wire->events[i];
        EVENT_TEXTS(API_PUT_CLEAN)
        EVENT_NUMBERS(API_PUT)
    }
}

static enum err_code event_from_wire(const Np__ApiEvent *from, struct api_event *to, struct err *err)
{
    EVENT_TEXTS(API_GET_TEXT)
    EVENT_NUMBERS(API_GET)
    return to->seq ? ERR_OK : REFUSE(err, "an event without a number");
}

static enum err_code events_from_wire(const Np__ApiReply *from, struct api_reply *to, struct err *err)
{
    if (from->n_events > API_EVENTS_MAX)
        return REFUSE(err, "%zu events, where %u is the most", from->n_events, API_EVENTS_MAX);
    to->n_events = (uint32_t)from->n_events;
    to->events = api_new(from->n_events, sizeof *to->events);
    for (uint32_t i = 0; i < to->n_events; i++)
        if (event_from_wire(from->events[i], &to->events[i], err))
            return err_wrap(err, "event %u", i);
    return ERR_OK;
}

static Np__ApiPlan *plan_to_wire(const struct api_plan *from, struct arena *arena)
{
    Np__ApiPlan *to = arena_new(arena, 1, sizeof *to);
    np__api_plan__init(to);
    PLAN_TEXTS(API_PUT_CLEAN)
    PLAN_NUMBERS(API_PUT)
    return to;
}

static enum err_code plan_from_wire(const Np__ApiPlan *from, struct api_plan *to, struct err *err)
{
    PLAN_TEXTS(API_GET_TEXT)
    PLAN_NUMBERS(API_GET)
    return ERR_OK;
}

static Np__ApiSeries *series_to_wire(const struct api_series *from, struct arena *arena)
{
    Np__ApiSeries *to = arena_new(arena, 1, sizeof *to);
    np__api_series__init(to);
    to->n_lines = from->n_partitions;
    to->lines = WIRE_ARRAY(arena, Np__ApiLine, np__api_line__init, from->n_partitions);
    for (uint32_t i = 0; i < from->n_partitions; i++) {
        NP_ASSERT(from->lines[i].n_points <= API_LINE_POINTS_MAX);
        to->lines[i]->n_time_ps = to->lines[i]->n_accesses = from->lines[i].n_points;
        to->lines[i]->time_ps = from->lines[i].time_ps;
        to->lines[i]->accesses = from->lines[i].accesses;
    }
    return to;
}

static enum err_code line_from_wire(const Np__ApiLine *from, struct api_line *to, struct err *err)
{
    if (from->n_time_ps > API_LINE_POINTS_MAX || from->n_accesses != from->n_time_ps)
        return REFUSE(err, "%zu times and %zu sums, where %u of both is the most", from->n_time_ps,
                      from->n_accesses, API_LINE_POINTS_MAX);
    to->n_points = (uint32_t)from->n_time_ps;
    for (uint32_t i = 0; i < to->n_points; i++) {
        to->time_ps[i] = from->time_ps[i];
        to->accesses[i] = from->accesses[i];
        if (i && (to->time_ps[i] <= to->time_ps[i - 1] || to->accesses[i] < to->accesses[i - 1]))
            return REFUSE(err, "point %u lies before the one before it", i);
    }
    return ERR_OK;
}

static enum err_code series_from_wire(const Np__ApiSeries *from, struct api_series *to, struct err *err)
{
    if (from->n_lines > PARTITIONS_MAX)
        return REFUSE(err, "%zu lines, where %u is the most", from->n_lines, PARTITIONS_MAX);
    api_series_init(to, (uint32_t)from->n_lines);
    for (uint32_t i = 0; i < to->n_partitions; i++)
        if (line_from_wire(from->lines[i], &to->lines[i], err))
            return err_wrap(err, "line %u", i);
    return ERR_OK;
}

static Np__ApiReply *reply_to_wire(const struct api_reply *from, struct arena *arena)
{
    NP_ASSERT(from->n_console <= API_CONSOLE_BYTES_MAX);
    Np__ApiReply *to = arena_new(arena, 1, sizeof *to);
    np__api_reply__init(to);
    to->version = API_VERSION;
    REPLY_NUMBERS(API_PUT)
    to->code = api_code_to_wire(&from->outcome, arena);
    to->text = api_clean(arena, from->outcome.text, sizeof from->outcome.text);
    if (from->has_snapshot)
        to->snapshot = api_snapshot_to_wire(&from->snapshot, arena);
    if (from->has_plan)
        to->plan = plan_to_wire(&from->plan, arena);
    if (from->has_sample)
        to->sample = api_sample_to_wire(&from->sample, arena);
    if (from->has_series)
        to->series = series_to_wire(&from->series, arena);
    events_to_wire(from, to, arena);
    to->console = (ProtobufCBinaryData){.len = from->n_console, .data = from->console};
    return to;
}

static enum err_code console_from_wire(const Np__ApiReply *from, struct api_reply *to, struct err *err)
{
    if (from->console.len > API_CONSOLE_BYTES_MAX)
        return REFUSE(err, "%zu bytes of a console, where %u is the most", from->console.len,
                      API_CONSOLE_BYTES_MAX);
    to->n_console = (uint32_t)from->console.len;
    to->console = api_new(to->n_console, 1);
    if (to->n_console)
        memcpy(to->console, from->console.data, to->n_console);
    return ERR_OK;
}

static enum err_code parts_from_wire(const Np__ApiReply *from, struct api_reply *to, struct err *err)
{
    to->has_snapshot = from->snapshot != NULL;
    to->has_plan = from->plan != NULL;
    to->has_sample = from->sample != NULL;
    to->has_series = from->series != NULL;
    if (from->snapshot && api_snapshot_from_wire(from->snapshot, &to->snapshot, err))
        return err_wrap(err, "snapshot");
    if (from->plan && plan_from_wire(from->plan, &to->plan, err))
        return err_wrap(err, "plan");
    if (from->sample && api_sample_from_wire(from->sample, &to->sample, err))
        return err_wrap(err, "sample");
    if (from->series && series_from_wire(from->series, &to->series, err))
        return err_wrap(err, "series");
    return ERR_OK;
}

static enum err_code reply_from_wire(const Np__ApiReply *from, struct api_reply *to, struct err *err)
{
    if (from->version != API_VERSION)
        return REFUSE(err,
                      "the run speaks version %u of the control API, and this program %u; use programs "
                      "of one installation",
                      from->version, API_VERSION);
    REPLY_NUMBERS(API_GET)
    if (api_outcome_from_wire(from->code, from->text, &to->outcome, err) || parts_from_wire(from, to, err) ||
        events_from_wire(from, to, err))
        return err->code;
    return console_from_wire(from, to, err);
}

static enum err_code check(const Np__ApiReply *wire, struct api_reply *reply, struct err *err)
{
    memset(reply, 0, sizeof *reply);
    if (!reply_from_wire(wire, reply, err))
        return ERR_OK;
    api_reply_free(reply);
    return err_wrap(err, "reply");
}

enum err_code api_reply_encode(const struct api_reply *reply, struct bytes *bytes, struct err *err)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    err_clear(err);
    Np__ApiReply *wire = reply_to_wire(reply, &arena);
    size_t size = protobuf_c_message_get_packed_size(&wire->base);
    if (size <= API_REPLY_BYTES_MAX)
        wire_pack(&wire->base, bytes);
    else
        err_set(err, ERR_LIMIT, "a reply of %zu bytes, where %u is the most", size, API_REPLY_BYTES_MAX);
    arena_free(&arena);
    return err->code;
}

enum err_code api_reply_decode(const uint8_t *data, size_t size, struct api_reply *reply, struct err *err)
{
    struct arena arena;
    memset(reply, 0, sizeof *reply);
    err_clear(err);
    if (size > API_REPLY_BYTES_MAX)
        return REFUSE(err, "reply: %zu bytes, where %u is the most", size, API_REPLY_BYTES_MAX);
    arena_init(&arena, API_REPLY_UNPACKED_MAX);
    ProtobufCMessage *wire = wire_unpack(&np__api_reply__descriptor, data, size, &arena, err);
    if (wire)
        check((const Np__ApiReply *)wire, reply, err);
    arena_free(&arena);
    return err->code;
}
