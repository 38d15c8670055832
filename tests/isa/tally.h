// SPDX-License-Identifier: Apache-2.0
// Differences, gathered by what they look like: thousands of cases are a handful of causes.
#ifndef NP_TESTS_ISA_TALLY_H
#define NP_TESTS_ISA_TALLY_H

#include <stdio.h>

#include "tests/isa/insns.h"

struct tally_row {
    unsigned insn, differences, qemu, numaplex; // ends: as outcome_program() says
    unsigned long cases;
};

#define TALLY_MAX 2000

struct tally {
    struct tally_row rows[TALLY_MAX];
    unsigned n;
};

// Counts a difference; true when it is the first of its kind.
bool tally_add(struct tally *tally, unsigned insn, unsigned differences, unsigned qemu, unsigned numaplex);

// Prints a line for each kind, most frequent first.
void tally_print(FILE *out, struct tally *tally, const struct isa_insns *insns);

#endif
