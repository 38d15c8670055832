// SPDX-License-Identifier: Apache-2.0
// The first events of a watched line (`watch` of results.json), arranged as a message chart: a row per event,
// a column per part of a board, an arrow per message.
#ifndef NP_COORDINATOR_REPORT_WATCH_STORY_H
#define NP_COORDINATOR_REPORT_WATCH_STORY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "coordinator/report/page.h"

#define STORY_EVENTS  120u // shown; the rest stands in results.json
#define STORY_COLUMNS 64u  // of boards' parts; events beyond are not shown

enum story_part { STORY_CPUS, STORY_CACHE, STORY_HOME, STORY_GATE, STORY_PART_COUNT };

struct story_column {
    const char *board; // borrowed from the results
    enum story_part part;
};

struct story_event {
    uint64_t time_ps;
    unsigned column;
    const char *what;
    char cpu[16]; // of an L1: its number, with "i" for instructions; else ""
    bool state;   // a change of state; else the end of an arrow
};

// A message from one row and column to another. Where it was sent before or received after what is shown, the
// end lies outside: row -1, or the number of events.
struct story_arrow {
    int from_row, to_row;
    unsigned from, to; // columns
    const char *what;
    bool data;
};

struct story {
    struct story_column columns[STORY_COLUMNS];
    struct story_event events[STORY_EVENTS];
    struct story_arrow arrows[STORY_EVENTS];
    unsigned n_columns, n_events, n_arrows;
    size_t recorded; // events in the results
};

// Reads one member of `watch`.
void story_read(struct story *story, const json_t *watch);

// Draws it, in pieces short enough for a sheet of paper.
void story_draw(struct page *page, const struct story *story, const char *title);

// "cache", "home": the name of a column's part in the language of the page.
const char *story_part_name(const struct page *page, enum story_part part);

#endif
