// SPDX-License-Identifier: Apache-2.0
#include "tests/isa/insns.h"

#include <string.h>

#include "proto/base/assert.h"

// The fields of each format, from the table that decodes them. Their kind is told by their name.
struct named_field {
    const char *name;
    uint8_t first, bits;
};

#define R(name, bit)               {#name, bit, 4},
#define B(name, bit)               {#name, bit, 4},
#define D12(name, bit)             {"d", bit, 12},
#define D20(name, bit)             {"D", bit, 20},
#define S(bit, bits)               {"i", bit, bits},
#define U(bit, bits)               {"i", bit, bits},
#define J(bit, bits)               {"j", bit, bits},
#define N(name, bit, bits, signed) {"i", bit, bits},
#define N8(name, bit)              {#name, bit, 8},
#define JN(name, bit, bits)        {"j", bit, bits},
static const struct {
    const char *name;
    uint8_t place;
    struct named_field fields[FIELDS_MAX + 1];
} formats[] = {
#define FORMAT(name, place, syntax, ...) {#name, place, {__VA_ARGS__}},
#include "node/isa/formats.def"
#undef FORMAT
};
#undef R
#undef B
#undef D12
#undef D20
#undef S
#undef U
#undef J
#undef N
#undef N8
#undef JN

static const struct {
    const char *mnemonic;
    enum isa_operands operands;
} special[] = {
#define OPERANDS(mnemonic, kind) {#mnemonic, OPERANDS_##kind},
#include "tests/isa/operands.def"
#undef OPERANDS
};

static enum isa_operands operands_of(const char *mnemonic)
{
    for (unsigned i = 0; i < sizeof special / sizeof special[0]; i++)
        if (strcmp(special[i].mnemonic, mnemonic) == 0)
            return special[i].operands;
    return OPERANDS_STORAGE;
}

static enum isa_field_kind field_kind(const char *name)
{
    switch (name[0]) {
    case 'r':
        return FIELD_R1 + (unsigned)(name[1] - '1');
    case 'm':
        return FIELD_MASK;
    case 'i':
        return FIELD_IMM;
    case 'j':
        return FIELD_REL;
    case 'l':
        return FIELD_LEN;
    case 'b':
        return FIELD_BASE;
    case 'x':
        return FIELD_INDEX;
    case 'd':
        return FIELD_DISP;
    default:
        return FIELD_LDISP;
    }
}

static struct isa_format format_make(enum format number, uint8_t first)
{
    struct isa_format format = {
        formats[number].name, (uint8_t)isa_length(first), formats[number].place, 0, {{0}}};
    for (const struct named_field *field = formats[number].fields; field->name; field++) {
        NP_ASSERT(format.n < FIELDS_MAX);
        format.fields[format.n++] =
            (struct isa_field){(uint8_t)field_kind(field->name), field->first, field->bits};
    }
    return format;
}

void insns_make(struct isa_insns *insns, enum architecture level)
{
    insns->n = 0;
    for (unsigned i = 0; i < isa_n_rows; i++) {
        const struct row *row = &isa_rows[i];
        if (!isa_has(level, row->facility))
            continue;
        NP_ASSERT(insns->n < INSNS_MAX);
        struct isa_insn *insn = &insns->rows[insns->n++];
        insn->row = row;
        insn->operands = operands_of(row->mnemonic);
        uint8_t bytes[6];
        insn->format.place = formats[row->format].place;
        insn_opcode(insn, bytes);
        insn->format = format_make(row->format, bytes[0]);
    }
}

int insns_find(const struct isa_insns *insns, const char *mnemonic)
{
    for (unsigned i = 0; i < insns->n; i++)
        if (strcmp(insns->rows[i].row->mnemonic, mnemonic) == 0)
            return (int)i;
    return -1;
}

static uint32_t bits_get(const uint8_t *insn, unsigned first, unsigned bits)
{
    uint32_t value = 0;
    for (unsigned i = first; i < first + bits; i++)
        value = value << 1 | (insn[i / 8] >> (7 - i % 8) & 1);
    return value;
}

static void bits_put(uint8_t *insn, unsigned first, unsigned bits, uint32_t value)
{
    for (unsigned i = 0; i < bits; i++) {
        unsigned at = first + bits - 1 - i;
        uint8_t bit = (uint8_t)(0x80 >> at % 8);
        insn[at / 8] = (uint8_t)((insn[at / 8] & ~bit) | (value >> i & 1 ? bit : 0));
    }
}

uint32_t field_get(const uint8_t *insn, const struct isa_field *field)
{
    if (field->kind == FIELD_LDISP)
        return bits_get(insn, 32, 8) << 12 | bits_get(insn, 20, 12);
    return bits_get(insn, field->first, field->bits);
}

void field_put(uint8_t *insn, const struct isa_field *field, uint32_t value)
{
    if (field->kind == FIELD_LDISP) {
        bits_put(insn, 32, 8, value >> 12);
        bits_put(insn, 20, 12, value);
    } else {
        bits_put(insn, field->first, field->bits, value);
    }
}

const struct isa_field *format_field(const struct isa_format *format, enum isa_field_kind kind)
{
    for (unsigned i = 0; i < format->n; i++)
        if (format->fields[i].kind == kind)
            return &format->fields[i];
    return NULL;
}

void insn_opcode(const struct isa_insn *insn, uint8_t bytes[6])
{
    unsigned opcode = insn->row->opcode;
    memset(bytes, 0, 6);
    switch (insn->format.place) {
    case 8:
        bytes[0] = (uint8_t)opcode;
        break;
    case 12:
        bytes[0] = (uint8_t)(opcode >> 4);
        bytes[1] = opcode & 15;
        break;
    case 16:
        bytes[0] = (uint8_t)(opcode >> 8);
        bytes[1] = (uint8_t)opcode;
        break;
    default:
        bytes[0] = (uint8_t)(opcode >> 8);
        bytes[5] = (uint8_t)opcode;
    }
}

unsigned operand_find(const struct isa_format *format, unsigned from)
{
    while (from < format->n && format->fields[from].kind != FIELD_BASE &&
           format->fields[from].kind != FIELD_INDEX)
        from++;
    return from;
}
