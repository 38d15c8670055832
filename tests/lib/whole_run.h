// SPDX-License-Identifier: Apache-2.0
// A whole complex in one process, run to its end: what tests in virtual time compare.
#ifndef NP_TESTS_LIB_WHOLE_RUN_H
#define NP_TESTS_LIB_WHOLE_RUN_H

#include "coordinator/machine/scenario.h"
#include "node/host/packed.h"
#include "proto/base/digest.h"

struct whole_options {
    uint32_t threads;
    uint64_t chop;
    bool reference, no_bounds;
    uint64_t save_at; // grants; not 0: save there, and go on from the saved bytes in a fresh complex
    uint32_t threads_after_save;
    uint64_t events_without_progress; // 0: far above what any access needs

    // NULL, or shown the complex: between grants, `grants` being all so far, and when it has ended.
    void (*between)(void *self, const struct packed *packed, uint64_t grants);
    void (*ended)(void *self, const struct packed *packed);
    void *self;
};

struct whole_result {
    struct digest digest;
    struct digest partition[PARTITIONS_MAX];
    uint64_t counters[COUNTER_COUNT];
    uint64_t grants, accesses;
    enum pause_reason reason;
    char first_failure[256];
};

// Reads a scenario below the source tree (NUMAPLEX_SOURCE); fails the test program when it cannot.
void whole_read(const char *path, struct scenario *scenario);

// Runs the machine; fails the test program on an error.
void whole_run(const struct machine *machine, const struct whole_options *options,
               struct whole_result *result);

// The same, but returns the error.
enum err_code whole_try(const struct machine *machine, const struct whole_options *options,
                        struct whole_result *result, struct err *err);

#endif
