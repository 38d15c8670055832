// SPDX-License-Identifier: Apache-2.0
// A batch of cases as one image: the harness, the instructions, the state each of them starts with.
// And what is found in the memory of a machine that has run it.
#ifndef NP_TESTS_ISA_BATCH_H
#define NP_TESTS_ISA_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/err.h"
#include "tests/isa/layout.h"

#define NO_TARGET UINT16_MAX

// One case: what the harness puts into the machine.
struct isa_case {
    uint16_t row;    // of the list of instructions
    uint16_t target; // of EXECUTE: another row; else NO_TARGET
    uint32_t slot;   // number of the slot that holds the instruction
    uint32_t flags, fpc;
    uint64_t psw_mask, psw_address, cr0;
    uint64_t gr[16], fpr[16];
    uint32_t ar[16];
};

struct isa_batch {
    uint8_t *memory; // [MEMORY_BYTES] as the machine finds it; pages that nothing touches cost nothing
    struct isa_case *cases;
    uint32_t n_cases, n_slots;
};

// An empty batch around the harness (a flat binary made from harness.S).
enum err_code batch_open(struct isa_batch *batch, const char *harness, struct err *err);
void batch_close(struct isa_batch *batch);

// Makes it empty again; the work area is zero until batch_set_work.
void batch_clear(struct isa_batch *batch);

// What the work area and the guard hold before each case.
void batch_set_work(struct isa_batch *batch, const uint8_t work[WORK_BYTES],
                    const uint8_t guard[GUARD_BYTES]);

// A slot with an instruction of `length` bytes, its target for EXECUTE, and catchers around them. Returns its
// number.
uint32_t batch_add_slot(struct isa_batch *batch, const uint8_t *insn, unsigned length,
                        const uint8_t target[6]);

// Address of the instruction in a slot.
static inline uint64_t slot_insn_address(uint32_t slot)
{
    return SLOTS_AT + (uint64_t)slot * SLOT_BYTES + SLOT_INSN;
}

// Appends a copy of the case. There is room for CASES_MAX.
void batch_add(struct isa_batch *batch, const struct isa_case *test);

// Writes the image as an ELF file of s390x with entry ENTRY.
enum err_code batch_write_elf(const struct isa_batch *batch, const char *path, struct err *err);

// Number of cases that a machine has finished, from its memory.
uint64_t batch_done(const uint8_t *memory);

#endif
