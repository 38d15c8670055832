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
    bool without[INSNS_MAX];  // rows that are never the target of EXECUTE
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

#define PSW_MODE_31 0x0000000080000000u
#define PSW_MODE_64 0x0000000180000000u

// The addressing mode: 0 (24 bits), PSW_MODE_31 or PSW_MODE_64.
static inline uint64_t making_mode(const struct making *making)
{
    return making->test.psw_mask & PSW_MODE_64;
}

static inline bool chance(struct rng *rng, unsigned percent)
{
    return rng_below(rng, 100) < percent;
}

// Fills the instruction's fields.
void fields_fill(struct rng *rng, const struct isa_insn *insn, uint64_t at, uint8_t bytes[6]);

// Gives registers and PSW of the case their values.
void state_make(struct making *making);

// The same, and places the operands.
void operands_make(struct making *making);

// Makes the address that base, index and displacement from field number `from` on give the wanted one.
void operand_place(struct making *making, unsigned from, uint64_t address);

#endif
