// SPDX-License-Identifier: Apache-2.0
#include "coordinator/run/watch.h"

#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/units.h"
#include "proto/base/assert.h"

static enum err_code find_partition(const struct machine *machine, const char *text, size_t length,
                                    uint32_t *partition, struct err *err)
{
    for (uint32_t p = 0; p < machine->n_partitions; p++)
        if (strlen(machine->partitions[p].name) == length &&
            memcmp(machine->partitions[p].name, text, length) == 0) {
            *partition = p;
            return ERR_OK;
        }
    return err_set(err, ERR_USAGE, "--watch-line %s: there is no partition '%.*s'; the first one is %s", text,
                   (int)length, text, machine->partitions[0].name);
}

// The segment that holds an address, or NULL.
static const struct segment_desc *segment_at(const struct partition_desc *partition, uint64_t address)
{
    for (uint32_t i = 0; i < partition->n_segments; i++)
        if (address - partition->segments[i].base < partition->segments[i].size)
            return &partition->segments[i];
    return NULL;
}

static enum err_code check_line(const struct machine *machine, const char *text, struct watch_line *line,
                                struct err *err)
{
    const struct partition_desc *partition = &machine->partitions[line->partition];
    uint64_t line_bytes = machine->boards[partition->boards[0]].params.line_bytes;
    const struct segment_desc *last = &partition->segments[partition->n_segments - 1];
    if (!segment_at(partition, line->line))
        return err_set(err, ERR_USAGE,
                       "--watch-line %s: partition %s has no memory there; its real addresses end at 0x%llx",
                       text, partition->name, (unsigned long long)(last->base + last->size));
    if (line->line % line_bytes)
        return err_set(
            err, ERR_USAGE, "--watch-line %s: not the address of a line of %llu bytes; it is in line 0x%llx",
            text, (unsigned long long)line_bytes, (unsigned long long)(line->line - line->line % line_bytes));
    return ERR_OK;
}

static enum err_code resolve_line(const struct machine *machine, const char *text, struct watch_line *line,
                                  struct err *err)
{
    const char *colon = strrchr(text, ':'), *address = colon ? colon + 1 : text;
    *line = (struct watch_line){0};
    if (colon && find_partition(machine, text, (size_t)(colon - text), &line->partition, err))
        return err->code;
    if (!colon && machine->n_partitions > 1)
        return err_set(err, ERR_USAGE,
                       "--watch-line %s: there are %u partitions, each with such an address; write %s:%s, or "
                       "another one's name",
                       text, machine->n_partitions, machine->partitions[0].name, text);
    const char *wrong = unit_parse(UNIT_SIZE, address, &line->line);
    if (wrong)
        return err_set(err, ERR_USAGE, "--watch-line %s: '%s' is not an address; write one such as 0x1000",
                       text, address);
    return check_line(machine, text, line, err);
}

enum err_code watch_resolve(const struct run_command *command, const struct machine *machine,
                            struct watch_list *list, struct err *err)
{
    *list = (struct watch_list){.n = command->n_watch};
    for (uint32_t i = 0; i < command->n_watch; i++) {
        const struct watch_line *line = &list->lines[i];
        if (resolve_line(machine, command->watch[i], &list->lines[i], err))
            return err->code;
        for (uint32_t j = 0; j < i; j++)
            if (line->partition == list->lines[j].partition && line->line == list->lines[j].line)
                return err_set(err, ERR_USAGE, "--watch-line %s: this line is named twice",
                               command->watch[i]);
    }
    return ERR_OK;
}

// In the one order; the events of one key are of one board, which recorded them in order.
static int by_key(const void *one, const void *other)
{
    const struct watch_event *a = ((const struct watch_moment *)one)->event;
    const struct watch_event *b = ((const struct watch_moment *)other)->event;
    if (key_before(&a->key, &b->key))
        return -1;
    if (key_before(&b->key, &a->key))
        return 1;
    return (a > b) - (a < b);
}

// Where the story ends: at the last event of the first board that kept no more. NULL: nowhere.
static const struct order_key *end_of(const struct outcome *outcome, const struct machine *machine,
                                      uint32_t line)
{
    const struct order_key *end = NULL;
    for (uint32_t b = 0; b < machine->n_boards; b++) {
        const struct watch_record *record = &outcome->watch[b * WATCH_LINES_MAX + line];
        if (!record->dropped || record->n == 0)
            continue;
        const struct order_key *last = &record->events[record->n - 1].key;
        if (!end || key_before(last, end))
            end = last;
    }
    return end;
}

void watch_story(const struct outcome *outcome, const struct machine *machine, uint32_t line,
                 struct watch_story *story)
{
    const struct order_key *end = end_of(outcome, machine, line);
    size_t all = 0;
    for (uint32_t b = 0; b < machine->n_boards; b++)
        all += outcome->watch[b * WATCH_LINES_MAX + line].n;
    *story = (struct watch_story){.moments = calloc(all + 1, sizeof *story->moments)};
    NP_ASSERT(story->moments);
    for (uint16_t b = 0; b < machine->n_boards; b++) {
        const struct watch_record *record = &outcome->watch[b * WATCH_LINES_MAX + line];
        story->dropped += record->dropped;
        for (uint32_t i = 0; i < record->n; i++) {
            if (end && key_before(end, &record->events[i].key))
                story->dropped++;
            else
                story->moments[story->n++] = (struct watch_moment){&record->events[i], b};
        }
    }
    qsort(story->moments, story->n, sizeof *story->moments, by_key);
}

void watch_story_free(struct watch_story *story)
{
    free(story->moments);
    *story = (struct watch_story){0};
}

// "cache", "home", "gate"; "l1-3" the data or only L1 of CPU 3, "l1-3i" its instruction L1.
static json_t *unit_json(const struct watch_event *event)
{
    if (event->unit != WATCH_L1)
        return json_string(watch_unit_name((enum watch_unit)event->unit));
    return json_sprintf("l1-%u%s", event->l1 / 2, event->l1 % 2 ? "i" : "");
}

static json_t *moment_json(const struct machine *machine, const struct watch_moment *moment)
{
    static const char *const kinds[WATCH_KIND_COUNT] = {"state", "send", "receive"};
    const struct watch_event *event = moment->event;
    bool message = event->kind != WATCH_STATE;
    json_t *object =
        json_pack("{s:I, s:s, s:o, s:s, s:s, s:b, s:[i, i, I]}", "time_ps", (json_int_t)event->key.time,
                  "board", machine->boards[moment->board].name, "unit", unit_json(event), "kind",
                  kinds[event->kind], "what", event->what, "data", event->data, "key", (int)event->key.dst,
                  (int)event->key.src, (json_int_t)event->key.seq);
    NP_ASSERT(object);
    bool named = message && event->peer < machine->n_boards;
    json_object_set_new(object, "peer", named ? json_string(machine->boards[event->peer].name) : json_null());
    if (message) {
        json_object_set_new(object, "peer_unit",
                            json_string(watch_unit_name((enum watch_unit)event->peer_unit)));
        json_object_set_new(object, "seq", json_integer((json_int_t)event->seq));
    }
    return object;
}

json_t *watch_json(const struct outcome *outcome, const struct machine *machine,
                   const struct watch_list *list)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < list->n; i++) {
        struct watch_story story;
        json_t *events = json_array();
        watch_story(outcome, machine, i, &story);
        for (uint32_t m = 0; m < story.n; m++)
            json_array_append_new(events, moment_json(machine, &story.moments[m]));
        json_array_append_new(array,
                              json_pack("{s:I, s:s, s:o, s:I}", "line", (json_int_t)list->lines[i].line,
                                        "partition", machine->partitions[list->lines[i].partition].name,
                                        "events", events, "dropped", (json_int_t)story.dropped));
        watch_story_free(&story);
    }
    return array;
}
