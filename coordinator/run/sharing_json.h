// SPDX-License-Identifier: Apache-2.0
// The parts of results.json that say which boards sent to which, and which pages they shared.
#ifndef NP_COORDINATOR_RUN_SHARING_JSON_H
#define NP_COORDINATOR_RUN_SHARING_JSON_H

#include <jansson.h>

#include "coordinator/run/outcome.h"

// [{"board", "messages", "bytes"}]: what the board sent over the crossbar, by destination. The caller owns
// it.
json_t *sharing_sent_to(const struct machine *machine, const struct board_results *board);

// The PAGES_REPORTED_MAX pages of a partition that other boards than their home asked for most, most first;
// the lower address first where they tie. The caller owns the array.
json_t *sharing_pages(const struct machine *machine, const struct outcome *outcome, uint32_t partition);

#endif
