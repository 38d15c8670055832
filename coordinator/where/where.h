// SPDX-License-Identifier: Apache-2.0
// Where an address of a partition lies, and the ways of a load to it.
#ifndef NP_COORDINATOR_WHERE_WHERE_H
#define NP_COORDINATOR_WHERE_WHERE_H

#include <stdio.h>

#include "coordinator/machine/path.h"
#include "coordinator/machine/scenario.h"
#include "coordinator/machine/segments.h"

struct where_question {
    const char *partition;
    uint64_t address;
    const char *from;  // board of the CPU that loads; NULL: the partition's first
    const char *owner; // board that has the line dirty; NULL: one is chosen
};

struct where_answer {
    uint32_t partition;
    struct segment_place place;
    uint32_t from;
    uint32_t owner; // NO_OWNER_BOARD: the partition has no other board than `from`
    struct path clean, dirty;
};

// Answers from a scenario that has been read. ERR_USAGE names what is not there and what is.
enum err_code where_answer(const struct scenario *scenario, const struct where_question *question,
                           struct where_answer *answer, struct err *err);

void where_print(const struct scenario *scenario, const struct where_question *question,
                 const struct where_answer *answer, FILE *out);
void where_print_json(const struct scenario *scenario, const struct where_question *question,
                      const struct where_answer *answer, FILE *out);

#endif
