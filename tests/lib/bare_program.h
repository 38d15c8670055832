// SPDX-License-Identifier: Apache-2.0
// Programs of a few z/Architecture instructions, put together by a test, for the CPUs of a tiny machine; and
// what they left.
#ifndef NP_TESTS_LIB_BARE_PROGRAM_H
#define NP_TESTS_LIB_BARE_PROGRAM_H

#include "proto/base/limits.h"
#include "tests/lib/mini_complex.h"
#include "tests/lib/tiny_machine.h"

// Storage: one image from 0 on. Data are the program's own; the rest is code, registers and PSWs.
enum {
    BARE_BYTES = 0x40000,
    BARE_DATA = 0x20000,
    BARE_DATA_BYTES = 0x18000,
    BARE_MEMORY = 0x100000, // of the whole partition
};

struct bare_program {
    uint8_t image[BARE_BYTES];
    uint32_t at;     // where the next instruction goes
    uint32_t values; // where the next value of a register goes
};

void bare_begin(struct bare_program *program);

// Code for another CPU follows, from the returned address on.
uint64_t bare_entry(struct bare_program *program);

// A new PSW, or any other, in storage.
void bare_psw(struct bare_program *program, uint32_t at, uint64_t mask, uint64_t address);

void bare_set(struct bare_program *program, unsigned r, uint64_t value); // loads a register

// Instructions by their formats; opcodes as in the instruction table.
void bare_ss(struct bare_program *program, uint8_t opcode, uint8_t lengths, unsigned b1, unsigned b2);
void bare_rr(struct bare_program *program, uint8_t opcode, unsigned r1, unsigned r2);
void bare_rre(struct bare_program *program, uint16_t opcode, unsigned m3, unsigned r1, unsigned r2);
void bare_rs(struct bare_program *program, uint8_t opcode, unsigned r1, unsigned r3, unsigned b2);
void bare_rsy(struct bare_program *program, uint16_t opcode, unsigned r1, unsigned r3, unsigned b2);
void bare_code(struct bare_program *program, const char *hex);

// Stores the condition code where register `base` points to, as INSERT PROGRAM MASK has it: 16 times the code
// in the first byte. Changes register 0.
void bare_store_code(struct bare_program *program, unsigned base);

void bare_end(struct bare_program *program); // the program of this CPU

// The machine of a run. Small caches have two lines a way, large ones hold everything.
struct bare_shape {
    uint32_t boards; // one CPU each; storage is interleaved between two
    bool large, split;
    uint32_t store_buffer;
    enum architecture level;
    struct guest_input *input; // NULL: nothing is typed
    struct fault_desc *fault;  // NULL: none; else each board has its half of storage, segment by segment
};

struct bare_result {
    bool ended;
    uint16_t program_code; // of the program interruption that ended it; 0: none
    uint64_t old_psw[2];   // of that
    struct guest_cpu_results cpu[2];
    uint8_t memory[BARE_MEMORY];
};

// Writes the image into `folder` and describes the machine; `tiny` is the caller's.
void bare_machine(const struct bare_program *program, const struct bare_shape *shape, const char *folder,
                  struct tiny_machine *tiny);

// Runs the program; a second CPU begins at `entry` when that is not 0.
void bare_run(const struct bare_program *program, const struct bare_shape *shape, const char *folder,
              uint64_t entry, struct bare_result *result);

#endif
