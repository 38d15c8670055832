// SPDX-License-Identifier: Apache-2.0
#include "coordinator/report/watch_story.h"

#include <stdio.h>
#include <string.h>

#include "coordinator/report/view.h"

static enum story_part part_of(const char *unit)
{
    if (strncmp(unit, "l1-", 3) == 0)
        return STORY_CPUS;
    if (strcmp(unit, "home") == 0)
        return STORY_HOME;
    return strcmp(unit, "gate") == 0 ? STORY_GATE : STORY_CACHE;
}

// The column of a part of a board, made at its first use; STORY_COLUMNS when there is no room.
static unsigned column_of(struct story *story, const char *board, const char *unit)
{
    enum story_part part = part_of(unit);
    for (unsigned i = 0; i < story->n_columns; i++)
        if (story->columns[i].part == part && strcmp(story->columns[i].board, board) == 0)
            return i;
    if (story->n_columns == STORY_COLUMNS)
        return STORY_COLUMNS;
    story->columns[story->n_columns] = (struct story_column){board, part};
    return story->n_columns++;
}

// Whether a column stands to the right of another: boards by the order of their names' numbers, as people
// count.
static bool after(const struct story_column *a, const struct story_column *b)
{
    int order = strverscmp(a->board, b->board);
    return order ? order > 0 : a->part > b->part;
}

// Makes the columns before events take numbers of them, so that a board's parts stand side by side.
static void find_columns(struct story *story, const json_t *events)
{
    for (size_t i = 0; i < story->n_events; i++) {
        const json_t *event = json_array_get(events, i);
        column_of(story, view_text(event, "board"), view_text(event, "unit"));
        if (view_text(event, "peer")[0])
            column_of(story, view_text(event, "peer"), view_text(event, "peer_unit"));
    }
    for (unsigned i = 1; i < story->n_columns; i++)
        for (unsigned k = i; k && after(&story->columns[k - 1], &story->columns[k]); k--) {
            struct story_column moved = story->columns[k];
            story->columns[k] = story->columns[k - 1];
            story->columns[k - 1] = moved;
        }
}

// The row of the other end of a message: the same sender and sequence, the other kind; -1: not among those
// shown.
static int other_end(const json_t *events, size_t n, const json_t *event, bool sent)
{
    const char *sender = view_text(event, sent ? "board" : "peer");
    const char *unit = view_text(event, sent ? "unit" : "peer_unit");
    for (size_t i = 0; i < n; i++) {
        const json_t *e = json_array_get(events, i);
        bool fits = strcmp(view_text(e, "kind"), sent ? "receive" : "send") == 0 &&
                    view_count(e, "seq") == view_count(event, "seq") &&
                    strcmp(view_text(e, "what"), view_text(event, "what")) == 0;
        if (fits && strcmp(view_text(e, sent ? "peer" : "board"), sender) == 0 &&
            strcmp(view_text(e, sent ? "peer_unit" : "unit"), unit) == 0)
            return (int)i;
    }
    return -1;
}

// An arrow for a message that is sent here, or that was sent before the first event shown.
static void add_arrow(struct story *story, const json_t *events, int row, unsigned column)
{
    const json_t *event = json_array_get(events, (size_t)row);
    bool sent = strcmp(view_text(event, "kind"), "send") == 0;
    unsigned peer = column_of(story, view_text(event, "peer"), view_text(event, "peer_unit"));
    int other = other_end(events, story->n_events, event, sent);
    if (peer == STORY_COLUMNS || (!sent && other >= 0))
        return;
    story->arrows[story->n_arrows++] = (struct story_arrow){
        .from_row = sent ? row : -1,
        .to_row = !sent        ? row
                  : other >= 0 ? other
                               : (int)story->n_events,
        .from = sent ? column : peer,
        .to = sent ? peer : column,
        .what = view_text(event, "what"),
        .data = view_true(event, "data"),
    };
}

void story_read(struct story *story, const json_t *watch)
{
    const json_t *events = json_object_get(watch, "events");
    *story = (struct story){.recorded = json_array_size(events)};
    story->n_events = story->recorded < STORY_EVENTS ? (unsigned)story->recorded : STORY_EVENTS;
    find_columns(story, events);
    for (unsigned i = 0; i < story->n_events; i++) {
        const json_t *e = json_array_get(events, i);
        const char *unit = view_text(e, "unit");
        struct story_event *event = &story->events[i];
        *event = (struct story_event){.time_ps = view_count(e, "time_ps"),
                                      .column = column_of(story, view_text(e, "board"), unit),
                                      .what = view_text(e, "what"),
                                      .state = strcmp(view_text(e, "kind"), "state") == 0};
        if (part_of(unit) == STORY_CPUS)
            snprintf(event->cpu, sizeof event->cpu, "%s", unit + 3);
        if (!event->state && event->column != STORY_COLUMNS)
            add_arrow(story, events, (int)i, event->column);
    }
}
