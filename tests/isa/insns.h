// SPDX-License-Identifier: Apache-2.0
// The instructions under test: which fields their formats have, and what they do with their operands.
#ifndef NP_TESTS_ISA_INSNS_H
#define NP_TESTS_ISA_INSNS_H

#include <stdbool.h>
#include <stdint.h>

#include "node/isa/table.h"

enum isa_field_kind {
    FIELD_R1, // registers, of whichever file
    FIELD_R2,
    FIELD_R3,
    FIELD_MASK,
    FIELD_IMM,
    FIELD_REL,  // halfwords from the instruction
    FIELD_LEN,  // bytes less one
    FIELD_BASE, // base and index registers, displacement
    FIELD_INDEX,
    FIELD_DISP,
    FIELD_LDISP
};

struct isa_field {
    uint8_t kind, first, bits;
};

#define FIELDS_MAX 7

struct isa_format {
    const char *name;
    uint8_t bytes; // of the instruction
    uint8_t place; // of the opcode, as in node/isa/formats.def
    uint8_t n;
    struct isa_field fields[FIELDS_MAX];
};

// See operands.def.
enum isa_operands {
    OPERANDS_STORAGE,
    OPERANDS_VALUE,
    OPERANDS_MONITOR, // an address that is a value
    OPERANDS_SELECTED_BITS,
    OPERANDS_BRANCH,
    OPERANDS_BRANCH_REGISTER,
    OPERANDS_EXECUTE,
    OPERANDS_DIVIDE,
    OPERANDS_LONG_PAIRS,
    OPERANDS_EXTENDED_PAIRS,
    OPERANDS_STRINGS,
    OPERANDS_PAGES,
    OPERANDS_SECOND_PAIR,
    OPERANDS_TRANSLATE,
    OPERANDS_UNICODE,
    OPERANDS_SECOND_ADDRESS,
    OPERANDS_SECOND_PAGE,
    OPERANDS_LOCKED,
    OPERANDS_COMPARE_STORE,
    OPERANDS_PSW_SHORT,
    OPERANDS_PSW_LONG,
    OPERANDS_SYSTEM_MASK,
    OPERANDS_SYSTEM_MASK_IMMEDIATE,
    OPERANDS_PREFIX,
    OPERANDS_CONTROL,
    OPERANDS_INFORMATION,
    OPERANDS_DECIMAL,
    OPERANDS_DECIMAL_SHIFT,
    OPERANDS_EDIT,
    OPERANDS_PROBLEM_ONLY
};

struct isa_insn {
    const struct row *row;
    struct isa_format format;
    enum isa_operands operands;
};

#define INSNS_MAX 1536

struct isa_insns {
    struct isa_insn rows[INSNS_MAX];
    unsigned n;
};

// Makes the list from the instruction table (node/isa/table.h): rows that the level has.
void insns_make(struct isa_insns *insns, enum architecture level);

// The place of a mnemonic in the list, or -1.
int insns_find(const struct isa_insns *insns, const char *mnemonic);

// Reads and writes a field of an instruction.
uint32_t field_get(const uint8_t *insn, const struct isa_field *field);
void field_put(uint8_t *insn, const struct isa_field *field, uint32_t value);

// The first field of a kind; NULL: the format has none.
const struct isa_field *format_field(const struct isa_format *format, enum isa_field_kind kind);

// The number of the first field at or after `from` that is a base or an index; format->n: none.
unsigned operand_find(const struct isa_format *format, unsigned from);

static inline unsigned operand_first(const struct isa_format *format)
{
    return operand_find(format, 0);
}

// The opcode of a row, all other bits zero.
void insn_opcode(const struct isa_insn *insn, uint8_t bytes[6]);

#endif
