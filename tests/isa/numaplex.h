// SPDX-License-Identifier: Apache-2.0
// A batch on numaplex: one board with one CPU, in a process of its own, so that a failed assertion ends only
// that.
#ifndef NP_TESTS_ISA_NUMAPLEX_H
#define NP_TESTS_ISA_NUMAPLEX_H

#include <sys/types.h>

#include "proto/base/machine.h"
#include "tests/isa/batch.h"

struct isa_numaplex {
    enum architecture level;
    bool small_caches; // every instruction meets misses, and is suspended and resumed at each of its accesses
    pid_t pid;
    uint8_t *memory; // [MEMORY_BYTES], of the last batch
};

enum err_code numaplex_open(struct isa_numaplex *numaplex, enum architecture level, struct err *err);
void numaplex_close(struct isa_numaplex *numaplex);

// Starts a process on the image in that file; returns at once.
enum err_code numaplex_start(struct isa_numaplex *numaplex, const char *image, struct err *err);

// Waits for its end. numaplex->memory is valid as far as the harness got, even after an error.
enum err_code numaplex_wait(struct isa_numaplex *numaplex, struct err *err);

#endif
