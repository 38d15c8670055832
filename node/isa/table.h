// SPDX-License-Identifier: Apache-2.0
// The instruction table: one row per instruction, from which decoding, disassembly and the list of what is
// supported are made. Rows stand in *.def files, one for each family:
//
//   ROW(opcode, mnemonic, format, facility, condition codes, checks, function)
//
// The opcode is written as the Principles of Operation do: 0x1a; 0xb908; 0xa7a (first byte and the extension
// in the second); 0xe304 (first and last byte).
#ifndef NP_NODE_ISA_TABLE_H
#define NP_NODE_ISA_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/machine.h"

struct zcpu;
struct instruction;
typedef void isa_function(struct zcpu *z, const struct instruction *in);

// A decoded instruction. Fields that a format does not have are 0, registers GR_NONE where they are a base or
// an index. One name per operand role; m is a mask.
struct instruction {
    isa_function *execute; // NULL: not decoded yet
    int64_t i;             // immediate operand; relative operand: bytes from the instruction
    int32_t d1, d2;        // displacements; RIE-f: i3, i4; CIJ, CLIJ: second immediate in d2
    uint16_t row;          // in the table
    uint8_t length;        // bytes: 2, 4, 6
    union {
        uint8_t r1, m1, l1; // l: length code of SS formats, one less than the length
    };
    union {
        uint8_t r2, x2; // x: GR_NONE for none
    };
    union {
        uint8_t r3, m3, l2;
    };
    union {
        uint8_t b1, m4; // b: GR_NONE for none
    };
    uint8_t b2;
};
_Static_assert(sizeof(struct instruction) == 32, "two decoded instructions per host cache line");

enum format {
#define FORMAT(name, opcode, syntax, ...) FORMAT_##name,
#include "node/isa/formats.def"
#undef FORMAT
    FORMAT_COUNT
};

// Facilities by their STFLE bit numbers. FACILITY(name, bit, first level that has it, what it is)
enum facility {
#define FACILITY(name, bit, level, text) F_##name = (bit),
#include "node/isa/facilities.def"
#undef FACILITY
};

// Condition codes that an instruction can set: bit 8 for 0, 4 for 1, 2 for 2, 1 for 3.
enum cc_rule {
    CC_UNCHANGED = 0,
    CC_0 = 8,
    CC_01 = 12,
    CC_02 = 10,
    CC_03 = 9,
    CC_012 = 14,
    CC_013 = 13,
    CC_023 = 11,
    CC_0123 = 15,
    CC_1 = 4,
    CC_12 = 6,
    CC_13 = 5,
    CC_123 = 7,
    CC_23 = 3,
    CC_3 = 1,
    CC_LOADED = 16 // the whole PSW or a register says: any
};

// What is checked before the function is called.
enum check {
    CHECK_NONE = 0,
    PRIV = 1,  // privileged: not in the problem state
    EVEN1 = 2, // r1, r2, r3 must be even
    EVEN2 = 4,
    EVEN3 = 8,
    FPAIR1 = 16, // r1, r2, r3 must name a pair of floating-point registers: 0 1 4 5 8 9 12 13
    FPAIR2 = 32,
    FPAIR3 = 64,
    BFP = 128, // needs AFP registers: else data exception 2
    FREG1 =
        256, // r1, r2, r3 are floating-point registers: other than 0 2 4 6 needs AFP, else data exception 1
    FREG2 = 512,
    FREG3 = 1024,
    DFP = 2048 // needs AFP registers: else data exception 3
};

struct row {
    const char *mnemonic;
    isa_function *function;
    uint16_t opcode;
    uint8_t format; // enum format
    uint8_t facility;
    uint8_t cc; // enum cc_rule
    uint16_t checks;
};

extern const struct row isa_rows[];
extern const unsigned isa_n_rows;

// How many bytes an instruction has whose first byte is this (Principles of Operation, "Instruction
// Formats").
static inline unsigned isa_length(uint8_t first)
{
    return first < 0x40 ? 2 : first < 0xc0 ? 4 : 6;
}

// Whether CPUs of this level have the facility.
bool isa_has(enum architecture level, enum facility facility);

// The row of these bytes, or -1: unassigned.
int isa_row(const uint8_t text[6]);

// Decodes text (as many bytes as isa_length says). What cannot be executed (unassigned, facility not
// installed, odd register) becomes an instruction whose function causes the exception. `afp`: AFP registers
// are enabled.
void isa_decode(const uint8_t text[6], enum architecture level, bool afp, struct instruction *in);

// Whether a decoded instruction has an operand that is relative to its address.
bool isa_relative(const struct instruction *in);

// Writes "mnemonic operands" as objdump does, NUL-terminated; `address` of the instruction for relative
// operands.
#define DISASSEMBLY_MAX 64
void isa_disassemble(const uint8_t text[6], uint64_t address, char out[DISASSEMBLY_MAX]);

#endif
