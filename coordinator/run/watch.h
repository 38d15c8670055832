// SPDX-License-Identifier: Apache-2.0
// Watched lines, from the command line to results.json and the charts in the run folder.
#ifndef NP_COORDINATOR_RUN_WATCH_H
#define NP_COORDINATOR_RUN_WATCH_H

#include <jansson.h>
#include <stdio.h>

#include "coordinator/run/options.h"
#include "coordinator/run/outcome.h"

// Finds the lines that --watch-line names. ERR_USAGE says what is wrong with one: no such partition, no
// memory there, not the address of a line (and which line it is in), named twice.
enum err_code watch_resolve(const struct run_command *command, const struct machine *machine,
                            struct watch_list *list, struct err *err);

// What all boards saw of one line, in the one order of events.
struct watch_story {
    uint32_t n;
    struct watch_moment {
        const struct watch_event *event; // borrowed from the outcome
        uint16_t board;
    } * moments;
    // Events that are not in the story. Boards keep so many; where the first of them stopped the story ends
    // for all, so that no message in it lacks an end for that reason.
    uint64_t dropped;
};

void watch_story(const struct outcome *outcome, const struct machine *machine, uint32_t line,
                 struct watch_story *story);
void watch_story_free(struct watch_story *story);

// The list `watch` of results.json. The caller owns it.
json_t *watch_json(const struct outcome *outcome, const struct machine *machine,
                   const struct watch_list *list);

// The name of a line's chart in the run folder.
#define WATCH_NAME_SIZE (NAME_MAX_BYTES + 40)
void watch_chart_name(const struct machine *machine, const struct watch_list *list, uint32_t line,
                      char name[WATCH_NAME_SIZE]);

// Draws a line's story as a message chart: rows are moments, columns are parts of boards.
void watch_chart_write(const struct outcome *outcome, const struct machine *machine,
                       const struct watch_list *list, uint32_t line, FILE *out);

#endif
