// SPDX-License-Identifier: Apache-2.0
// Makes cases: an instruction with random fields, and the state in which it finds the operands it is about.
#ifndef NP_TESTS_ISA_GENERATE_H
#define NP_TESTS_ISA_GENERATE_H

#include "proto/base/rng.h"
#include "tests/isa/batch.h"
#include "tests/isa/insns.h"

struct isa_generator {
    struct rng rng;
    const struct isa_insns *insns;
    struct isa_batch *batch;
    uint8_t work[WORK_BYTES]; // what the work area holds in this batch
};

// Begins a batch: empty, with a new work area.
void generate_begin(struct isa_generator *generator);

// Adds one slot with the instruction of the row, and `states` cases that run it.
void generate_add(struct isa_generator *generator, unsigned row, unsigned states);

// For generate.c and operands.c: one case as it is made.
struct making {
    struct rng *rng;
    const struct isa_generator *generator;
    const struct isa_insn *insn; // whose operands are made: the target of EXECUTE, if it is one
    uint8_t bytes[6];            // that instruction, as it will be executed
    uint64_t at;                 // its address
    struct isa_case test;
};

// Fills the instruction's fields.
void fields_fill(struct rng *rng, const struct isa_insn *insn, uint64_t at, uint8_t bytes[6]);

// Gives registers and PSW of the case their values, then places the operands.
void operands_make(struct making *making);

// Makes the address that base, index and displacement from field number `from` on give the wanted one.
void operand_place(struct making *making, unsigned from, uint64_t address);

#endif
