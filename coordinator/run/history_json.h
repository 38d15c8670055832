// SPDX-License-Identifier: Apache-2.0
// The history of a run in results.json (README.md), and for people.
#ifndef NP_COORDINATOR_RUN_HISTORY_JSON_H
#define NP_COORDINATOR_RUN_HISTORY_JSON_H

#include <jansson.h>
#include <stdio.h>

#include "coordinator/run/history.h"

// Puts `series`, `operations`, `events` into the results.
void history_put(json_t *results, const struct history *history);

// Operations with their outcomes and times, from the document of results.json; nothing where there are none.
void history_print(const json_t *results, FILE *out);

#endif
