// SPDX-License-Identifier: Apache-2.0
// The file `digest` of a run folder: what must be equal between two runs of the same inputs, and nothing
// that need not be. Text, one fact per line:
//
//     numaplex-digest 1
//     scenario NAME
//     run HEX32
//     partition PARTITION HEX32
//     board PARTITION BOARD HEX32
//     mark PARTITION BOARD TIME_PS HEX16      the rolling hash of delivered messages at that time
#ifndef NP_COORDINATOR_RUN_DIGEST_FILE_H
#define NP_COORDINATOR_RUN_DIGEST_FILE_H

#include <stdio.h>

#include "proto/base/digest.h"
#include "proto/base/err.h"
#include "proto/base/results.h"

struct digest_board {
    char partition[NAME_MAX_BYTES], name[NAME_MAX_BYTES];
    char digest[DIGEST_TEXT_SIZE];
    uint32_t marks;
    struct trail_mark mark[TRAIL_MAX];
};

struct digest_partition {
    char name[NAME_MAX_BYTES];
    char digest[DIGEST_TEXT_SIZE];
};

struct digest_file {
    char path[PATH_MAX_BYTES];
    char scenario[NAME_MAX_BYTES];
    char run[DIGEST_TEXT_SIZE];
    uint32_t n_partitions, n_boards;
    struct digest_partition partitions[PARTITIONS_MAX];
    struct digest_board *boards; // owned, n_boards of them
};

// Reads a digest file, or the one of a run folder. On failure there is nothing to free: ERR_FILE,
// ERR_BAD_VALUE (no digest file, or a damaged one; names the line).
enum err_code digest_file_read(struct digest_file *file, const char *path, struct err *err);
void digest_file_free(struct digest_file *file);

// Where two runs first differ.
struct difference {
    const struct digest_board *board; // in the first file; NULL: the runs have other partitions or boards
    const char *what;                 // printable: why `board` is NULL
    sim_time after, at; // the last mark in common lies at `after`, the first that differs at `at`;
                        // at SIM_NEVER: all marks agree, so only the end state differs
};

// Compares; false: equal. The difference is that of the least time over all boards.
bool digest_file_differ(const struct digest_file *a, const struct digest_file *b,
                        struct difference *difference);

#endif
