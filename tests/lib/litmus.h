// SPDX-License-Identifier: Apache-2.0
// Litmus tests: a file holds the scripts of several CPUs and says which final registers a machine may show.
//
//     let x = 0x000            names, for all programs
//     P0:                      the script of CPU 0 (node/cpu/README.md has the language)
//       store x, 1
//     P1:
//       load r0, x
//       load r1, x
//     exists (P1:r0 == 0 && P1:r1 == 1)       an outcome of interest; it may occur
//     forbidden (P1:r0 == 1 && P1:r1 == 0)    one that must not
//     relaxed (P0:r0 == 0 && P1:r0 == 0)      one that sequential consistency forbids, and total store order
//                                             allows: with store buffers it must be seen
//
// An outcome is the values of all registers that the conditions name, in the order in which they name them.
#ifndef NP_TESTS_LIB_LITMUS_H
#define NP_TESTS_LIB_LITMUS_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/err.h"

#define LITMUS_PROGRAMS   4u
#define LITMUS_OBSERVED   8u
#define LITMUS_CONDITIONS 8u

struct litmus_register {
    uint8_t program, number;
};

enum litmus_kind { LITMUS_EXISTS, LITMUS_FORBIDDEN, LITMUS_RELAXED };

struct litmus_condition {
    enum litmus_kind kind;
    uint32_t named; // bit i: observed register i must have value[i]
    uint64_t value[LITMUS_OBSERVED];
};

struct litmus {
    uint32_t n_programs, n_observed, n_conditions;
    char *programs[LITMUS_PROGRAMS]; // owned; line numbers in them are those of the file
    struct litmus_register observed[LITMUS_OBSERVED];
    struct litmus_condition conditions[LITMUS_CONDITIONS];
};

// Reads a litmus file. ERR_FILE; ERR_SCRIPT with file and line. On an error there is nothing to free.
enum err_code litmus_read(const char *path, struct litmus *litmus, struct err *err);
void litmus_free(struct litmus *litmus);

// Does an outcome (one value per observed register) meet a condition of the given kind?
bool litmus_meets(const struct litmus *litmus, const uint64_t *outcome, enum litmus_kind kind);

#endif
