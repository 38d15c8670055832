// SPDX-License-Identifier: Apache-2.0
// The history of a run in results.json (README.md), and for people.
#ifndef NP_COORDINATOR_RUN_HISTORY_JSON_H
#define NP_COORDINATOR_RUN_HISTORY_JSON_H

#include <jansson.h>
#include <stdio.h>

#include "coordinator/run/history.h"

// Puts `series`, `operations`, `events` into the results.
void history_put(json_t *results, const struct history *history);

// Puts what a partition has at the end into its object, and what it did: boards that came and went count for
// it while they were its own. Nothing where no operation has changed anything.
void history_put_partition(json_t *object, const struct history *history, uint32_t partition);

// What a partition has at the end, for people; nothing where it has the boards that it began with.
void history_print_partition(const struct history *history, uint32_t partition, FILE *out);

// Operations with their outcomes and times, from the document of results.json; nothing where there are none.
void history_print(const json_t *results, FILE *out);

#endif
