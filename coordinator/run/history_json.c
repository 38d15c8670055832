// SPDX-License-Identifier: Apache-2.0
#include "coordinator/run/history_json.h"

#include <inttypes.h>
#include <string.h>

#include "coordinator/machine/units.h"
#include "coordinator/partition/words.h"
#include "proto/base/assert.h"

static json_t *number(uint64_t value)
{
    return value <= INT64_MAX ? json_integer((json_int_t)value) : json_null();
}

static void put(json_t *object, const char *key, json_t *value)
{
    NP_ASSERT(value && json_object_set_new(object, key, value) == 0);
}

static json_t *partition_name(const struct machine *m, uint32_t partition)
{
    return partition < m->n_partitions ? json_string(m->partitions[partition].name) : json_null();
}

static json_t *board_name(const struct machine *m, uint16_t board)
{
    return board < m->n_boards ? json_string(m->boards[board].name) : json_null();
}

static json_t *per_second(uint64_t n, sim_time time)
{
    return time ? number((uint64_t)((unsigned __int128)n * SIM_PS_PER_S / time)) : json_null();
}

static json_t *series_of(const struct history *h, uint32_t partition)
{
    const struct history_series *series = &h->series[partition];
    json_t *object = json_object(), *columns[6];
    static const char *const keys[] = {"to_ps", "accesses", "work", "boards", "cpus_online", "threads"};
    put(object, "name", json_string(h->machine->partitions[partition].name));
    for (size_t c = 0; c < NP_ARRAY_LEN(keys); c++)
        columns[c] = json_array();
    for (uint32_t i = 0; i < series->n_rows; i++) {
        const struct history_row *row = &series->rows[i];
        const uint64_t values[] = {row->to,     row->accesses,    row->work,
                                   row->boards, row->cpus_online, row->threads_running};
        for (size_t c = 0; c < NP_ARRAY_LEN(keys); c++)
            json_array_append_new(columns[c], number(values[c]));
    }
    for (size_t c = 0; c < NP_ARRAY_LEN(keys); c++)
        put(object, keys[c], columns[c]);
    return object;
}

// "move-SB6", and "move-SB6-2" for the second of this name: a path of a claim goes by it.
static json_t *name_of(const struct history *h, uint32_t index)
{
    const struct sc_command *c = &h->operations[index].shown.command;
    const struct machine *m = h->machine;
    const char *of = sc_usage_of(c->verb).board ? m->boards[c->board].name : m->partitions[c->partition].name;
    unsigned before = 0;
    for (uint32_t i = 0; i < index; i++) {
        const struct sc_command *other = &h->operations[i].shown.command;
        before += other->verb == c->verb &&
                  (sc_usage_of(c->verb).board ? other->board == c->board : other->partition == c->partition);
    }
    return before ? json_sprintf("%s-%s-%u", sc_verb_name(c->verb), of, before + 1)
                  : json_sprintf("%s-%s", sc_verb_name(c->verb), of);
}

static bool took_time(const struct history_operation *op)
{
    return op->n_steps > 0;
}

// Others' operations do not touch a partition: its sync group is another one.
static bool concerns(const struct sc_operation *op, uint32_t partition)
{
    return op->from == partition || op->to == partition;
}

// The times between which nothing else was under way in the partition, before an operation began and after it
// ended.
static sim_time quiet_from(const struct history *h, uint32_t index, uint32_t partition)
{
    sim_time from = 0, began = h->operations[index].shown.began;
    for (uint32_t i = 0; i < h->n_operations; i++) {
        const struct history_operation *other = &h->operations[i];
        if (i == index || !took_time(other) || !concerns(&other->shown, partition) ||
            other->shown.began >= began)
            continue;
        sim_time ended = other->shown.ended < began ? other->shown.ended : began;
        from = ended > from ? ended : from;
    }
    return from;
}

static sim_time quiet_to(const struct history *h, uint32_t index, uint32_t partition)
{
    sim_time to = SIM_NEVER, ended = h->operations[index].shown.ended;
    for (uint32_t i = 0; i < h->n_operations; i++) {
        const struct history_operation *other = &h->operations[i];
        if (i == index || !took_time(other) || !concerns(&other->shown, partition) ||
            other->shown.ended <= ended)
            continue;
        sim_time began = other->shown.began > ended ? other->shown.began : ended;
        to = began < to ? began : to;
    }
    return to;
}

// Programs of a partition that boots begin anew: rates before and after are not those of one work.
static bool begins_anew(const struct history_operation *op, uint32_t partition)
{
    for (uint32_t i = 0; concerns(&op->shown, partition) && i < op->n_steps; i++)
        if (strcmp(op->steps[i].word, "reset") == 0 && op->steps[i].ended != SIM_NEVER)
            return true;
    return false;
}

// What a partition had at a time: that of the last row until then; before the first, what it began with.
static struct history_row state_at(const struct history *h, uint32_t partition, sim_time at)
{
    const struct history_series *series = &h->series[partition];
    const struct partition_desc *p = &h->machine->partitions[partition];
    struct history_row state = {.boards = p->n_boards};
    for (uint32_t i = 0; i < p->n_boards; i++)
        state.cpus += h->machine->boards[p->boards[i]].params.cpus;
    if (p->guest.image[0])
        state.cpus = p->guest.n_cpus;
    for (uint32_t i = 0; i < series->n_rows && series->rows[i].to <= at; i++)
        state = series->rows[i];
    return state;
}

static json_t *effect_on(const struct history *h, uint32_t index, uint32_t partition)
{
    const struct sc_operation *op = &h->operations[index].shown;
    json_t *object = json_object();
    struct history_row sum, state = state_at(h, partition, op->began);
    sim_time span = history_between(h, partition, quiet_from(h, index, partition), op->began, &sum);
    put(object, "name", json_string(h->machine->partitions[partition].name));
    put(object, "began_anew", json_boolean(begins_anew(&h->operations[index], partition)));
    put(object, "boards_before", number(state.boards));
    put(object, "cpus_before", number(state.cpus));
    put(object, "accesses_per_s_before", per_second(sum.accesses, span));
    put(object, "work_per_s_before", per_second(sum.work, span));
    if (op->ended == SIM_NEVER)
        return object;
    state = state_at(h, partition, op->ended);
    span = history_between(h, partition, op->ended, quiet_to(h, index, partition), &sum);
    put(object, "boards_after", number(state.boards));
    put(object, "cpus_after", number(state.cpus));
    put(object, "accesses_per_s_after", per_second(sum.accesses, span));
    put(object, "work_per_s_after", per_second(sum.work, span));
    return object;
}

static json_t *steps_of(const struct history_operation *op)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < op->n_steps; i++) {
        const struct history_step *step = &op->steps[i];
        json_t *object = json_object();
        put(object, "name", json_string(step->word));
        put(object, "began_ps", number(step->began));
        put(object, "ended_ps", number(step->ended));
        put(object, "duration_ps",
            step->ended == SIM_NEVER ? json_null() : number(step->ended - step->began));
        json_array_append_new(list, object);
    }
    return list;
}

// How fast pages went, and how busy meanwhile what may hold them up was: the leaving board's way out, and its
// home, which turns to each line of them.
static void put_drain(json_t *object, const struct history_operation *op)
{
    uint64_t bytes = op->shown.pages_done * PAGE_BYTES;
    for (uint32_t i = 0; i < op->n_steps; i++) {
        const struct history_step *step = &op->steps[i];
        if (strcmp(step->word, "drain") != 0 || step->ended == SIM_NEVER || step->ended == step->began)
            continue;
        sim_time time = step->ended - step->began;
        put(object, "drain_ps", number(time));
        put(object, "drain_bytes", number(bytes));
        put(object, "drain_bytes_per_s", per_second(bytes, time));
        put(object, "drain_port_share", json_real((double)step->egress_busy_ps / (double)time));
        put(object, "drain_home_share", json_real((double)step->home_busy_ps / (double)time));
    }
}

static json_t *operation(const struct history *h, uint32_t index)
{
    const struct history_operation *op = &h->operations[index];
    const struct sc_operation *shown = &op->shown;
    const struct machine *m = h->machine;
    json_t *object = json_object(), *partitions = json_array();
    char text[SC_COMMAND_TEXT_SIZE];
    bool ended = shown->ended != SIM_NEVER, failed = shown->outcome.code != ERR_OK;
    put(object, "name", name_of(h, index));
    put(object, "id", number(shown->id));
    put(object, "command", json_string(sc_command_text(m, &shown->command, text)));
    put(object, "verb", json_string(sc_verb_name(shown->command.verb)));
    put(object, "board",
        sc_usage_of(shown->command.verb).board ? board_name(m, shown->command.board) : json_null());
    put(object, "from", partition_name(m, shown->from));
    put(object, "to", partition_name(m, shown->to));
    put(object, "user", json_string(shown->command.user));
    put(object, "outcome",
        json_string(strcmp(op->step, "refused") == 0 ? "refused"
                    : !ended                         ? "under way"
                    : failed                         ? "failed"
                                                     : "done"));
    put(object, "code", failed ? json_string(err_id(shown->outcome.code)) : json_null());
    put(object, "text", json_string(shown->outcome.text));
    put(object, "step", json_string(op->step));
    put(object, "began_ps", number(shown->began));
    put(object, "ended_ps", number(shown->ended));
    put(object, "duration_ps", ended ? number(shown->ended - shown->began) : json_null());
    put(object, "pages_done", number(shown->pages_done));
    put(object, "pages_total", number(shown->pages_total));
    put_drain(object, op);
    put(object, "steps", steps_of(op));
    for (uint32_t p = 0; took_time(op) && p < m->n_partitions; p++)
        json_array_append_new(partitions, effect_on(h, index, p));
    put(object, "partitions", partitions);
    return object;
}

static json_t *event(const struct history *h, const struct history_event *e)
{
    json_t *object = json_object();
    put(object, "seq", number(e->shown.seq));
    put(object, "at_ps", number(e->shown.at));
    put(object, "what", json_string(e->what));
    put(object, "operation", e->shown.operation ? number(e->shown.operation) : json_null());
    put(object, "board", board_name(h->machine, e->shown.board));
    put(object, "partition", partition_name(h->machine, e->shown.partition));
    put(object, "text", json_string(e->shown.text));
    return object;
}

void history_put(json_t *results, const struct history *h)
{
    json_t *series = json_array(), *operations = json_array(), *events = json_array();
    for (uint32_t p = 0; p < h->machine->n_partitions; p++)
        json_array_append_new(series, series_of(h, p));
    for (uint32_t i = 0; i < h->n_operations; i++)
        json_array_append_new(operations, operation(h, i));
    for (uint32_t i = 0; i < h->n_events; i++)
        json_array_append_new(events, event(h, &h->events[i]));
    put(results, "series", series);
    put(results, "operations", operations);
    put(results, "operations_dropped", number(h->dropped_operations));
    put(results, "events", events);
    put(results, "events_dropped", number(h->dropped_events));
}

static uint64_t count(const json_t *object, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(object, key));
}

static const char *text_of_key(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

// "17.1", or "-" where no time was left to measure in.
static const char *rate_text(const json_t *effect, const char *key, char text[UNIT_TEXT_SIZE])
{
    if (json_is_integer(json_object_get(effect, key)))
        snprintf(text, UNIT_TEXT_SIZE, "%.1f", (double)count(effect, key) / 1e6);
    else
        strcpy(text, "-");
    return text;
}

static void print_effects(const json_t *operation, FILE *out)
{
    const json_t *partitions = json_object_get(operation, "partitions");
    size_t i;
    json_t *p;
    json_array_foreach(partitions, i, p)
    {
        char before[UNIT_TEXT_SIZE], after[UNIT_TEXT_SIZE];
        if (!json_object_get(p, "cpus_after"))
            continue;
        fprintf(out, "  %-12s %" PRIu64 " -> %" PRIu64 " CPUs, %s -> %s M accesses per simulated second%s\n",
                text_of_key(p, "name"), count(p, "cpus_before"), count(p, "cpus_after"),
                rate_text(p, "accesses_per_s_before", before), rate_text(p, "accesses_per_s_after", after),
                json_is_true(json_object_get(p, "began_anew")) ? ", begun anew" : "");
    }
}

static void print_operation(const json_t *operation, FILE *out)
{
    char began[UNIT_TEXT_SIZE], took[UNIT_TEXT_SIZE];
    const char *outcome = text_of_key(operation, "outcome");
    bool refused = strcmp(outcome, "refused") == 0;
    fprintf(out, "\nOperation %" PRIu64 " at %s: %s: %s", count(operation, "id"),
            unit_pretty_time(count(operation, "began_ps"), began), text_of_key(operation, "command"),
            outcome);
    if (!refused && json_is_integer(json_object_get(operation, "duration_ps")))
        fprintf(out, " in %s", unit_pretty_time(count(operation, "duration_ps"), took));
    if (json_is_string(json_object_get(operation, "code")))
        fprintf(out, "\n  %s %s", text_of_key(operation, "code"), text_of_key(operation, "text"));
    fputc('\n', out);
    if (json_object_get(operation, "drain_ps"))
        fprintf(out,
                "  drained      %" PRIu64 " pages in %s: %.2f GB/s, way out %.1f %% busy, home %.1f %%\n",
                count(operation, "pages_done"), unit_pretty_time(count(operation, "drain_ps"), took),
                (double)count(operation, "drain_bytes_per_s") / 1e9,
                100 * json_real_value(json_object_get(operation, "drain_port_share")),
                100 * json_real_value(json_object_get(operation, "drain_home_share")));
    print_effects(operation, out);
}

#define OPERATIONS_SHOWN 20

void history_print(const json_t *results, FILE *out)
{
    const json_t *operations = json_object_get(results, "operations");
    size_t i;
    json_t *operation;
    json_array_foreach(operations, i, operation)
    {
        if (i < OPERATIONS_SHOWN)
            print_operation(operation, out);
    }
    if (json_array_size(operations) > OPERATIONS_SHOWN)
        fprintf(out, "\n%zu further operations stand in results.json\n",
                json_array_size(operations) - OPERATIONS_SHOWN);
}
