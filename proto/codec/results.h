// SPDX-License-Identifier: Apache-2.0
// Results as bytes: what a process reports at the end of a run (inside RESULTS). Sparse: zero histogram
// buckets do not travel, numbers are as long as they need to be.
#ifndef NP_PROTO_CODEC_RESULTS_H
#define NP_PROTO_CODEC_RESULTS_H

#include "proto/base/err.h"
#include "proto/base/results.h"
#include "proto/codec/bytes.h"

#define STAYS_MAX (BOARDS_MAX * (BOARDS_PER_SYSTEM_MAX + 1)) // in each partition of its system, or in none

// The results of one process: of each board it simulates, and where its host time went.
struct results {
    uint32_t n_boards; // at most BOARDS_MAX
    struct board_results *boards;
    uint32_t n_stays;   // at most STAYS_MAX
    struct stay *stays; // of boards that changed their partition, by board
    struct host_stats host;
};

// Writes the results to `bytes`, replacing what is there.
void results_encode(const struct results *results, struct bytes *bytes);

// Reads results. On success the caller owns them: results_free(). On failure ERR_DAMAGED_MESSAGE says why,
// and there is nothing to free.
enum err_code results_decode(const uint8_t *data, size_t size, struct results *results, struct err *err);

void results_free(struct results *results); // frees the lists and zeroes it

#endif
