// SPDX-License-Identifier: Apache-2.0
// What came of the cases of a batch on a machine, and where two machines differ.
#ifndef NP_TESTS_ISA_OUTCOME_H
#define NP_TESTS_ISA_OUTCOME_H

#include <stdbool.h>
#include <stdio.h>

#include "tests/isa/batch.h"
#include "tests/isa/insns.h"

// X(enumerator, name in known.txt and in output)
#define DIFFERENCES(X)                                                                                       \
    X(KIND, "end")    /* the kind of interruption, or its code */                                            \
    X(BESIDE, "code") /* what else is stored with the code: instruction length, data-exception code */       \
    X(CC, "cc")                                                                                              \
    X(MASK, "mask")  /* the rest of the old PSW's left half */                                               \
    X(ADDRESS, "ia") /* the old PSW's instruction address */                                                 \
    X(GR, "gr")                                                                                              \
    X(FPR, "fpr")                                                                                            \
    X(AR, "ar")                                                                                              \
    X(FPC, "fpc")                                                                                            \
    X(CR, "cr")                                                                                              \
    X(PREFIX, "prefix")                                                                                      \
    X(MONITOR, "monitor")                                                                                    \
    X(STORAGE, "mem")

enum difference {
#define X(name, text) DIFFERENCE_##name,
    DIFFERENCES(X)
#undef X
        DIFFERENCE_COUNT
};

// One case on one machine.
struct outcome {
    const uint8_t *result; // as the harness stored it
    const uint8_t *dirty;  // its first changed chunk, in ascending order of address
    unsigned n_dirty;
};

// Goes through the memory of a machine that has finished `done` cases.
struct outcomes {
    const uint8_t *memory;
    uint64_t next;        // case
    const uint8_t *dirty; // the next chunk
};

void outcomes_begin(struct outcomes *outcomes, const uint8_t *memory);
struct outcome outcomes_next(struct outcomes *outcomes);

static inline unsigned outcome_kind(const struct outcome *outcome)
{
    return outcome->result[RESULT_KIND + 3];
}

// The program interruption code, data-exception code in the high byte; 0: it ended otherwise.
unsigned outcome_program(const struct outcome *outcome);
unsigned outcome_cc(const struct outcome *outcome);

// Set of 1 << enum difference.
unsigned outcome_compare(const struct isa_case *test, const struct outcome *a, const struct outcome *b);

// Writes the names of a set of differences, and reads them; false: a name is none.
void differences_print(FILE *out, unsigned differences);
bool differences_parse(const char *text, unsigned *differences);

// Writes the instruction of a case and the registers it begins with.
void outcome_print_case(FILE *out, const struct isa_batch *batch, const struct isa_insn *insn,
                        uint64_t number);

// Writes the case with its registers, and what differs.
void outcome_explain(FILE *out, const struct isa_batch *batch, const struct isa_insn *insn, uint64_t number,
                     const struct outcome *qemu, const struct outcome *numaplex, unsigned differences);

#endif
