// SPDX-License-Identifier: Apache-2.0
#include "hmc/client/json.h"

#include <string.h>

#include "proto/base/assert.h"

// Texts of decoded messages are UTF-8; whoever filled a struct with something else gets null.
static json_t *text(const char *s)
{
    json_t *value = s[0] ? json_string(s) : NULL;
    return value ? value : json_null();
}

static void put(json_t *object, const char *key, json_t *value)
{
    int failed = json_object_set_new(object, key, value);
    NP_ASSERT(!failed);
}

static json_t *number(uint64_t value)
{
    // JSON's integers end at 2^63 here, and 2^53 for browsers; neither is reached by a time of a run.
    return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

#define TEXT(field)   put(to, #field, text(from->field))
#define NUMBER(field) put(to, #field, number(from->field))
#define FLAG(field)   put(to, #field, json_boolean(from->field))

static json_t *object(void)
{
    json_t *to = json_object();
    NP_ASSERT(to);
    return to;
}

static json_t *array(void)
{
    json_t *to = json_array();
    NP_ASSERT(to);
    return to;
}

static void add(json_t *to, json_t *value)
{
    int failed = json_array_append_new(to, value);
    NP_ASSERT(!failed);
}

// "code" and "text" of an outcome, both null when all is well.
static void put_outcome(json_t *to, const struct err *outcome)
{
    put(to, "code", outcome->code ? json_string(err_id(outcome->code)) : json_null());
    put(to, "text", text(outcome->text));
}

static json_t *system_json(const struct api_system *from)
{
    json_t *to = object();
    TEXT(name);
    TEXT(family);
    TEXT(protocol);
    NUMBER(boards_per_crossbar);
    return to;
}

json_t *api_partition_json(const struct api_snapshot *snapshot, uint32_t partition)
{
    const struct api_partition *from = &snapshot->partitions[partition];
    json_t *to = object(), *boards = array(), *available = array();
    TEXT(name);
    TEXT(system);
    TEXT(tag);
    TEXT(state);
    TEXT(position);
    FLAG(has_guest);
    NUMBER(threads);
    NUMBER(running);
    NUMBER(time_ps);
    for (uint32_t b = 0; b < snapshot->n_boards; b++) {
        if (strcmp(snapshot->boards[b].partition, from->name) == 0)
            add(boards, text(snapshot->boards[b].name));
        if (from->available[b / 64] >> (b % 64) & 1)
            add(available, text(snapshot->boards[b].name));
    }
    put(to, "boards", boards);
    put(to, "available", available);
    return to;
}

json_t *api_board_json(const struct api_snapshot *snapshot, uint32_t board)
{
    const struct api_board *from = &snapshot->boards[board];
    json_t *to = object();
    TEXT(name);
    TEXT(system);
    TEXT(partition);
    TEXT(assignment);
    TEXT(receptacle);
    TEXT(occupant);
    TEXT(test);
    FLAG(powered);
    FLAG(blacklisted);
    FLAG(floating);
    FLAG(core);
    FLAG(use_on_next_boot);
    FLAG(standby);
    NUMBER(cpus);
    NUMBER(cpus_online);
    NUMBER(threads);
    NUMBER(memory_bytes);
    NUMBER(permanent_bytes);
    NUMBER(used_bytes);
    NUMBER(draining_bytes);
    NUMBER(drained_bytes);
    NUMBER(clock_hz);
    NUMBER(cache_bytes);
    NUMBER(real_base);
    TEXT(next_partition);
    TEXT(target);
    return to;
}

json_t *api_operation_json(const struct api_operation *from)
{
    json_t *to = object();
    NUMBER(id);
    TEXT(verb);
    TEXT(board);
    TEXT(from);
    TEXT(to);
    TEXT(step);
    NUMBER(began_ps);
    put(to, "ended_ps", from->ended_ps ? number(from->ended_ps) : json_null());
    NUMBER(pages_done);
    NUMBER(pages_total);
    TEXT(user);
    put_outcome(to, &from->outcome);
    return to;
}

json_t *api_snapshot_json(const struct api_snapshot *from)
{
    json_t *to = object(), *systems = array(), *partitions = array(), *boards = array(),
           *operations = array();
    TEXT(scenario);
    TEXT(folder);
    NUMBER(time_ps);
    put(to, "until_ps", from->until_ps ? number(from->until_ps) : json_null());
    TEXT(state);
    NUMBER(ps_per_s);
    NUMBER(last_seq);
    for (uint32_t i = 0; i < from->n_systems; i++)
        add(systems, system_json(&from->systems[i]));
    for (uint32_t i = 0; i < from->n_partitions; i++)
        add(partitions, api_partition_json(from, i));
    for (uint32_t i = 0; i < from->n_boards; i++)
        add(boards, api_board_json(from, i));
    for (uint32_t i = 0; i < from->n_operations; i++)
        add(operations, api_operation_json(&from->operations[i]));
    put(to, "systems", systems);
    put(to, "partitions", partitions);
    put(to, "boards", boards);
    put(to, "operations", operations);
    return to;
}

json_t *api_event_json(const struct api_event *from)
{
    json_t *to = object();
    NUMBER(seq);
    NUMBER(time_ps);
    TEXT(what);
    TEXT(board);
    TEXT(partition);
    put(to, "operation", from->operation ? number(from->operation) : json_null());
    TEXT(text);
    TEXT(user);
    NUMBER(pages_done);
    NUMBER(pages_total);
    return to;
}

json_t *api_plan_json(const struct api_plan *from)
{
    json_t *to = object();
    TEXT(from);
    TEXT(to);
    NUMBER(cpus_from_before);
    NUMBER(cpus_from_after);
    NUMBER(cpus_to_before);
    NUMBER(cpus_to_after);
    NUMBER(memory_from_before);
    NUMBER(memory_from_after);
    NUMBER(memory_to_before);
    NUMBER(memory_to_after);
    NUMBER(standby_cpus);
    NUMBER(standby_bytes);
    NUMBER(drain_bytes);
    NUMBER(permanent_bytes);
    NUMBER(threads);
    TEXT(copy_target);
    return to;
}

static json_t *column(const uint64_t *from, size_t n)
{
    json_t *to = array();
    for (size_t i = 0; i < n; i++)
        add(to, number(from[i]));
    return to;
}

json_t *api_sample_json(const struct api_sample *from)
{
    json_t *to = object();
    NUMBER(time_ps);
    TEXT(state);
#define COLUMN(field, n) put(to, #field, column(from->field, n));
    COLUMN(partition_time_ps, from->n_partitions);
    COLUMN(partition_accesses, from->n_partitions);
    COLUMN(board_accesses, from->n_boards) COLUMN(board_work, from->n_boards);
    COLUMN(board_egress_busy_ps, from->n_boards) COLUMN(board_ingress_busy_ps, from->n_boards);
    COLUMN(board_time_ps, from->n_boards) COLUMN(sent_bytes, (size_t)from->n_boards * from->n_boards);
#undef COLUMN
    return to;
}

json_t *api_series_json(const struct api_series *from)
{
    json_t *to = array();
    for (uint32_t i = 0; i < from->n_partitions; i++) {
        json_t *line = object();
        put(line, "time_ps", column(from->lines[i].time_ps, from->lines[i].n_points));
        put(line, "accesses", column(from->lines[i].accesses, from->lines[i].n_points));
        add(to, line);
    }
    return to;
}

json_t *api_reply_json(const struct api_reply *from)
{
    json_t *to = object(), *events = array();
    put_outcome(to, &from->outcome);
    put(to, "operation", from->operation ? number(from->operation) : json_null());
    if (from->has_snapshot)
        put(to, "snapshot", api_snapshot_json(&from->snapshot));
    if (from->has_plan)
        put(to, "plan", api_plan_json(&from->plan));
    if (from->has_sample)
        put(to, "sample", api_sample_json(&from->sample));
    for (uint32_t i = 0; i < from->n_events; i++)
        add(events, api_event_json(&from->events[i]));
    put(to, "events", events);
    return to;
}

json_t *api_error_json(const struct err *err)
{
    json_t *to = object();
    put_outcome(to, err);
    put(to, "meaning", err->code ? json_string(err_meaning(err->code)) : json_null());
    return to;
}
