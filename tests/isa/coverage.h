// SPDX-License-Identifier: Apache-2.0
// What the cases of each instruction have reached, and what they should.
#ifndef NP_TESTS_ISA_COVERAGE_H
#define NP_TESTS_ISA_COVERAGE_H

#include <stdio.h>

#include "tests/isa/insns.h"
#include "tests/isa/outcome.h"
#include "tests/isa/rules.h"

#define COVERAGE_ENDS 512 // program interruption codes; from 256: data-exception codes

struct coverage_row {
    unsigned long cases, excused, differing;
    unsigned cc; // set, as in the instruction table: bit 8 for 0
    uint64_t ends[COVERAGE_ENDS / 64];
};

struct coverage {
    struct coverage_row rows[INSNS_MAX];
};

// Notes what came of a case (on numaplex: where they agree it is the same).
void coverage_note(struct coverage_row *row, const struct outcome *outcome);

// Prints a line for each instruction (`all`), or for those that miss something: cases, condition codes and
// exceptions as seen / as possible. Returns how many miss a floor: fewer cases than `floor`, or with
// `complete` a condition code or an exception that is possible and that no rule exempts.
unsigned coverage_print(FILE *out, const struct coverage *coverage, const struct isa_insns *insns,
                        const struct rules *rules, unsigned long floor, bool complete, bool all);

#endif
