// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/random_api.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"

// Never two random numbers in one expression, as in random_control.c.

static uint32_t below(struct rng *rng, uint32_t bound)
{
    return (uint32_t)rng_below(rng, bound);
}

static uint64_t number(struct rng *rng)
{
    uint64_t shift = rng_below(rng, 64);
    return rng_next(rng) >> shift;
}

// Text of random length up to the whole array, now and then with a character of two bytes.
static void text(struct rng *rng, char *to, size_t size)
{
    size_t length = below(rng, 3) ? below(rng, (uint32_t)size < 12 ? (uint32_t)size : 12) : size - 1;
    for (size_t i = 0; i < length; i++)
        to[i] = (char)(' ' + below(rng, 95));
    if (length >= 2 && below(rng, 4) == 0) {
        to[length - 2] = '\xc3';
        to[length - 1] = '\xa4';
    }
}
#define TEXT(field) text(rng, field, sizeof field)

static bool coin(struct rng *rng)
{
    return below(rng, 2);
}

static void fill_command(struct rng *rng, struct api_command *command)
{
    command->verb = (enum api_verb)below(rng, API_VERB_COUNT);
    command->level = (enum api_level)below(rng, API_LEVEL_COUNT);
    command->position = (enum api_position)below(rng, API_POSITION_COUNT);
    command->on = coin(rng);
    command->force = coin(rng);
    TEXT(command->board);
    TEXT(command->partition);
    TEXT(command->name);
}

static void fill_kind(struct rng *rng, struct api_request *request)
{
    switch (request->kind) {
    case API_WATCH:
        request->watch.from_seq = number(rng);
        request->watch.samples_ms = coin(rng) ? API_SAMPLE_MS_MIN + below(rng, 1000) : 0;
        request->watch.stop = coin(rng);
        break;
    case API_COMMAND:
    case API_PLAN:
        fill_command(rng, &request->command);
        break;
    case API_PACE:
        request->pace.kind = (enum api_pace_kind)below(rng, API_PACE_COUNT);
        request->pace.step_ps = 1 + number(rng) / 2;
        request->pace.ps_per_s = number(rng);
        break;
    case API_TYPE:
        TEXT(request->type.partition);
        memset(request->type.text, 'x', below(rng, sizeof request->type.text));
        break;
    case API_CONSOLE:
        TEXT(request->console.partition);
        request->console.from_byte = number(rng);
        break;
    default:
        break;
    }
}

void random_api_request(struct rng *rng, enum api_kind kind, struct api_request *request)
{
    memset(request, 0, sizeof *request);
    request->id = 1 + number(rng) / 2;
    TEXT(request->user);
    request->role = (enum api_role)below(rng, API_ROLE_COUNT);
    request->n_domains = below(rng, 4);
    request->domains = calloc(request->n_domains + 1, sizeof *request->domains);
    NP_ASSERT(request->domains);
    for (uint32_t i = 0; i < request->n_domains; i++)
        TEXT(request->domains[i]);
    request->kind = kind;
    fill_kind(rng, request);
}

static void fill_outcome(struct rng *rng, struct err *err)
{
    if (coin(rng))
        return;
    err->code = (enum err_code)(1 + below(rng, ERR_CODE_COUNT - 1));
    TEXT(err->text);
}

static void fill_partition(struct rng *rng, struct api_partition *p, uint32_t boards)
{
    TEXT(p->name);
    TEXT(p->system);
    TEXT(p->tag);
    TEXT(p->state);
    TEXT(p->position);
    for (uint32_t b = 0; b < boards; b++)
        p->available[b / 64] |= (uint64_t)coin(rng) << (b % 64);
    p->has_guest = coin(rng);
    p->threads = below(rng, 1000);
    p->running = below(rng, 1000);
    p->time_ps = number(rng);
}

static void fill_board(struct rng *rng, struct api_board *b)
{
    char *const words[] = {b->assignment, b->receptacle, b->occupant, b->test};
    bool *const flags[] = {&b->powered, &b->blacklisted,      &b->floating,
                           &b->core,    &b->use_on_next_boot, &b->standby};
    uint64_t *const sums[] = {&b->memory_bytes,  &b->permanent_bytes, &b->used_bytes,  &b->draining_bytes,
                              &b->drained_bytes, &b->clock_hz,        &b->cache_bytes, &b->real_base};
    TEXT(b->name);
    TEXT(b->system);
    TEXT(b->partition);
    TEXT(b->next_partition);
    TEXT(b->target);
    for (unsigned i = 0; i < NP_ARRAY_LEN(words); i++)
        text(rng, words[i], API_WORD_BYTES);
    for (unsigned i = 0; i < NP_ARRAY_LEN(flags); i++)
        *flags[i] = coin(rng);
    for (unsigned i = 0; i < NP_ARRAY_LEN(sums); i++)
        *sums[i] = number(rng);
    b->cpus = below(rng, 32);
    b->cpus_online = below(rng, 32);
    b->threads = below(rng, 4096);
}

static void fill_operation(struct rng *rng, struct api_operation *o)
{
    o->id = number(rng);
    TEXT(o->verb);
    TEXT(o->board);
    TEXT(o->from);
    TEXT(o->to);
    TEXT(o->step);
    TEXT(o->user);
    o->began_ps = number(rng);
    o->ended_ps = number(rng);
    o->pages_done = number(rng);
    o->pages_total = number(rng);
    fill_outcome(rng, &o->outcome);
}

void random_api_snapshot(struct rng *rng, uint32_t boards, struct api_snapshot *s)
{
    memset(s, 0, sizeof *s);
    TEXT(s->scenario);
    TEXT(s->folder);
    TEXT(s->state);
    s->time_ps = number(rng);
    s->until_ps = number(rng);
    s->ps_per_s = number(rng);
    s->last_seq = number(rng);
    uint32_t systems = below(rng, 3), partitions = below(rng, boards + 1), operations = below(rng, 4);
    api_snapshot_init(s, systems, partitions, boards, operations);
    for (uint32_t i = 0; i < systems; i++) {
        TEXT(s->systems[i].name);
        TEXT(s->systems[i].family);
        TEXT(s->systems[i].protocol);
        s->systems[i].boards_per_crossbar = below(rng, 64);
    }
    for (uint32_t i = 0; i < partitions; i++)
        fill_partition(rng, &s->partitions[i], boards);
    for (uint32_t i = 0; i < boards; i++)
        fill_board(rng, &s->boards[i]);
    for (uint32_t i = 0; i < operations; i++)
        fill_operation(rng, &s->operations[i]);
}

static void fill_events(struct rng *rng, struct api_reply *reply)
{
    reply->n_events = below(rng, 5);
    reply->events = calloc(reply->n_events + 1, sizeof *reply->events);
    NP_ASSERT(reply->events);
    for (uint32_t i = 0; i < reply->n_events; i++) {
        struct api_event *e = &reply->events[i];
        e->seq = 1 + number(rng) / 2;
        e->time_ps = number(rng);
        TEXT(e->what);
        TEXT(e->board);
        TEXT(e->partition);
        e->operation = number(rng);
        TEXT(e->text);
        TEXT(e->user);
        e->pages_done = number(rng);
        e->pages_total = number(rng);
    }
}

static void fill_plan(struct rng *rng, struct api_plan *p)
{
    uint32_t *const counts[] = {&p->cpus_from_before, &p->cpus_from_after, &p->cpus_to_before,
                                &p->cpus_to_after,    &p->threads,         &p->standby_cpus};
    uint64_t *const sums[] = {&p->memory_from_before, &p->memory_from_after, &p->memory_to_before,
                              &p->memory_to_after,    &p->drain_bytes,       &p->permanent_bytes,
                              &p->standby_bytes};
    TEXT(p->from);
    TEXT(p->to);
    TEXT(p->copy_target);
    for (unsigned i = 0; i < NP_ARRAY_LEN(counts); i++)
        *counts[i] = below(rng, 1000);
    for (unsigned i = 0; i < NP_ARRAY_LEN(sums); i++)
        *sums[i] = number(rng);
}

static size_t sums_of(const struct api_sample *s)
{
    return 2 * (size_t)s->n_partitions + (5 + (size_t)s->n_boards) * s->n_boards;
}

static void fill_sample(struct rng *rng, struct api_sample *s)
{
    uint32_t partitions = below(rng, 4), boards = below(rng, 9);
    s->time_ps = number(rng);
    TEXT(s->state);
    api_sample_init(s, partitions, boards);
    for (size_t i = 0; i < sums_of(s); i++)
        s->partition_time_ps[i] = number(rng);
}

static void fill_series(struct rng *rng, struct api_series *series)
{
    api_series_init(series, below(rng, 4));
    for (uint32_t i = 0; i < series->n_partitions; i++) {
        struct api_line *line = &series->lines[i];
        line->n_points = below(rng, 2) ? below(rng, 4) : below(rng, API_LINE_POINTS_MAX + 1);
        for (uint32_t k = 1; k < line->n_points; k++) {
            line->time_ps[k] = line->time_ps[k - 1] + 1 + below(rng, 1000000);
            line->accesses[k] = line->accesses[k - 1] + below(rng, 1000);
        }
    }
}

void random_api_reply(struct rng *rng, struct api_reply *reply)
{
    memset(reply, 0, sizeof *reply);
    reply->id = number(rng);
    reply->operation = number(rng);
    reply->oldest_seq = number(rng);
    reply->console_end = number(rng);
    fill_outcome(rng, &reply->outcome);
    reply->has_snapshot = coin(rng);
    if (reply->has_snapshot)
        random_api_snapshot(rng, 1 + below(rng, 8), &reply->snapshot);
    reply->has_plan = coin(rng);
    if (reply->has_plan)
        fill_plan(rng, &reply->plan);
    reply->has_sample = coin(rng);
    if (reply->has_sample)
        fill_sample(rng, &reply->sample);
    fill_events(rng, reply);
    reply->n_console = below(rng, 20);
    reply->console = calloc(reply->n_console + 1, 1);
    NP_ASSERT(reply->console);
    memset(reply->console, 0x9b, reply->n_console);
    reply->has_series = coin(rng);
    if (reply->has_series)
        fill_series(rng, &reply->series);
}

static bool rows_equal(const void *a, const void *b, size_t n, size_t size)
{
    return n == 0 || memcmp(a, b, n * size) == 0;
}

bool api_request_equal(const struct api_request *a, const struct api_request *b)
{
    struct api_request x = *a, y = *b;
    x.domains = y.domains = NULL;
    return rows_equal(&x, &y, 1, sizeof x) &&
           rows_equal(a->domains, b->domains, a->n_domains, sizeof *a->domains);
}

bool api_snapshot_equal(const struct api_snapshot *a, const struct api_snapshot *b)
{
    struct api_snapshot x = *a, y = *b;
    x.systems = y.systems = NULL;
    x.partitions = y.partitions = NULL;
    x.boards = y.boards = NULL;
    x.operations = y.operations = NULL;
    return rows_equal(&x, &y, 1, sizeof x) &&
           rows_equal(a->systems, b->systems, a->n_systems, sizeof *a->systems) &&
           rows_equal(a->partitions, b->partitions, a->n_partitions, sizeof *a->partitions) &&
           rows_equal(a->boards, b->boards, a->n_boards, sizeof *a->boards) &&
           rows_equal(a->operations, b->operations, a->n_operations, sizeof *a->operations);
}

static bool sample_equal(const struct api_sample *a, const struct api_sample *b)
{
    return a->time_ps == b->time_ps && strcmp(a->state, b->state) == 0 &&
           a->n_partitions == b->n_partitions && a->n_boards == b->n_boards &&
           rows_equal(a->partition_time_ps, b->partition_time_ps, sums_of(a), sizeof(uint64_t));
}

bool api_reply_equal(const struct api_reply *a, const struct api_reply *b)
{
    return a->id == b->id && a->operation == b->operation && a->oldest_seq == b->oldest_seq &&
           a->console_end == b->console_end && a->outcome.code == b->outcome.code &&
           strcmp(a->outcome.text, b->outcome.text) == 0 && a->has_snapshot == b->has_snapshot &&
           a->has_plan == b->has_plan && a->has_sample == b->has_sample && a->has_series == b->has_series &&
           a->series.n_partitions == b->series.n_partitions &&
           rows_equal(a->series.lines, b->series.lines, a->series.n_partitions, sizeof *a->series.lines) &&
           api_snapshot_equal(&a->snapshot, &b->snapshot) &&
           rows_equal(&a->plan, &b->plan, 1, sizeof a->plan) && sample_equal(&a->sample, &b->sample) &&
           a->n_events == b->n_events && rows_equal(a->events, b->events, a->n_events, sizeof *a->events) &&
           a->n_console == b->n_console && rows_equal(a->console, b->console, a->n_console, 1);
}
