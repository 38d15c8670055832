// SPDX-License-Identifier: Apache-2.0
// From the bytes of an instruction to its operands.
#include <stddef.h>
#include <string.h>

#include "node/isa/zcpu.h"
#include "proto/base/assert.h"

enum field_kind {
    FIELD_REGISTER,  // four bits
    FIELD_BASE,      // four bits, 0 is none
    FIELD_BYTE,      // eight bits
    FIELD_D12,       // 12-bit displacement
    FIELD_D20,       // 20-bit displacement: low 12 bits, then high 8
    FIELD_SIGNED,    // immediate
    FIELD_UNSIGNED,  // immediate
    FIELD_HALFWORDS, // relative operand, in halfwords
    FIELD_SECOND,    // second immediate, unsigned, in a displacement
    FIELD_SECOND_SIGNED,
    FIELD_SECOND_HALFWORDS
};

struct field {
    uint8_t kind; // enum field_kind
    uint8_t at;   // offset in struct instruction
    uint8_t bit, bits;
};

#define FIELDS_MAX       6
#define AT(member)       offsetof(struct instruction, member)
#define R(member, bit)   {FIELD_REGISTER, AT(member), bit, 4},
#define B(member, bit)   {FIELD_BASE, AT(member), bit, 4},
#define N8(member, bit)  {FIELD_BYTE, AT(member), bit, 8},
#define D12(member, bit) {FIELD_D12, AT(member), bit, 12},
#define D20(member, bit) {FIELD_D20, AT(member), bit, 20},
#define S(bit, bits)     {FIELD_SIGNED, AT(i), bit, bits},
#define U(bit, bits)     {FIELD_UNSIGNED, AT(i), bit, bits},
#define J(bit, bits)     {FIELD_HALFWORDS, AT(i), bit, bits},
#define N(member, bit, bits, is_signed)                                                                      \
    {is_signed ? FIELD_SECOND_SIGNED : FIELD_SECOND, AT(member), bit, bits},
#define JN(member, bit, bits) {FIELD_SECOND_HALFWORDS, AT(member), bit, bits},
static const struct {
    struct field fields[FIELDS_MAX];
} formats[FORMAT_COUNT] = {
#define FORMAT(name, opcode, syntax, ...) {{__VA_ARGS__}},
#include "node/isa/formats.def"
#undef FORMAT
};
#undef R
#undef B
#undef N8
#undef D12
#undef D20
#undef S
#undef U
#undef J
#undef N
#undef JN

// `bits` bits of the text from `bit` on.
static uint64_t extract(const uint8_t text[6], unsigned bit, unsigned bits)
{
    uint64_t all = 0;
    for (unsigned i = 0; i < 6; i++)
        all = all << 8 | text[i];
    return all >> (48 - bit - bits) & ((UINT64_C(1) << bits) - 1);
}

static int64_t sign_extend(uint64_t value, unsigned bits)
{
    return (int64_t)(value << (64 - bits)) >> (64 - bits);
}

static void take_field(const uint8_t text[6], const struct field *field, struct instruction *in)
{
    uint64_t value = extract(text, field->bit, field->bits);
    uint8_t *to = (uint8_t *)in + field->at;
    int64_t wide = sign_extend(value, field->bits);
    int32_t displacement = (int32_t)value;
    switch ((enum field_kind)field->kind) {
    case FIELD_BASE:
        *to = value ? (uint8_t)value : GR_NONE;
        return;
    case FIELD_REGISTER:
    case FIELD_BYTE:
        *to = (uint8_t)value;
        return;
    case FIELD_HALFWORDS:
        wide *= 2;
        break;
    case FIELD_UNSIGNED:
        wide = (int64_t)value;
        break;
    case FIELD_SIGNED:
        break;
    case FIELD_D20:
        displacement = (int32_t)(sign_extend(value & 0xff, 8) * 4096) + (int32_t)(value >> 8);
        memcpy(to, &displacement, sizeof displacement);
        return;
    case FIELD_SECOND_SIGNED:
        displacement = (int32_t)wide;
        memcpy(to, &displacement, sizeof displacement);
        return;
    case FIELD_SECOND_HALFWORDS:
        displacement = (int32_t)wide * 2;
        memcpy(to, &displacement, sizeof displacement);
        return;
    case FIELD_D12:
    case FIELD_SECOND:
        memcpy(to, &displacement, sizeof displacement);
        return;
    }
    memcpy(to, &wide, sizeof wide);
}

static void raise_operation(struct zcpu *z, const struct instruction *in)
{
    (void)in;
    program_check(z, PGM_OPERATION);
}

static void raise_specification(struct zcpu *z, const struct instruction *in)
{
    (void)in;
    program_check(z, PGM_SPECIFICATION);
}

static void raise_afp_register(struct zcpu *z, const struct instruction *in)
{
    (void)in;
    data_exception(z, 1);
}

static void raise_bfp_instruction(struct zcpu *z, const struct instruction *in)
{
    (void)in;
    data_exception(z, 2);
}

static void privileged(struct zcpu *z, const struct instruction *in)
{
    if (z->psw_mask & PSW_PROBLEM)
        program_check(z, PGM_PRIVILEGED);
    const struct row *row = &isa_rows[in->row];
    if (((row->checks & EVEN1) && in->r1 & 1) || ((row->checks & EVEN2) && in->r2 & 1))
        program_check(z, PGM_SPECIFICATION);
    row->function(z, in);
}

static void raise_dfp_instruction(struct zcpu *z, const struct instruction *in)
{
    (void)in;
    data_exception(z, 3);
}

static bool odd(const struct instruction *in, unsigned checks)
{
    return ((checks & EVEN1) && in->r1 & 1) || ((checks & EVEN2) && in->r2 & 1) ||
           ((checks & EVEN3) && in->r3 & 1);
}

static bool no_pair(const struct instruction *in, unsigned checks)
{
    return ((checks & FPAIR1) && in->r1 & 2) || ((checks & FPAIR2) && in->r2 & 2) ||
           ((checks & FPAIR3) && in->r3 & 2);
}

static bool additional(const struct instruction *in, unsigned checks)
{
    return ((checks & FREG1) && in->r1 & 9) || ((checks & FREG2) && in->r2 & 9) ||
           ((checks & FREG3) && in->r3 & 9);
}

static isa_function *choose(const struct instruction *in, bool afp)
{
    const struct row *row = &isa_rows[in->row];
    if (row->checks == CHECK_NONE)
        return row->function;
    if (row->checks & PRIV)
        return privileged;
    if ((row->checks & BFP) && !afp)
        return raise_bfp_instruction;
    if ((row->checks & DFP) && !afp)
        return raise_dfp_instruction;
    if (!afp && additional(in, row->checks))
        return raise_afp_register;
    if (odd(in, row->checks) || no_pair(in, row->checks))
        return raise_specification;
    return row->function;
}

void isa_decode(const uint8_t text[6], enum architecture level, bool afp, struct instruction *in)
{
    int row = isa_row(text);
    *in = (struct instruction){.length = (uint8_t)isa_length(text[0]), .execute = raise_operation};
    if (row < 0 || !isa_has(level, (enum facility)isa_rows[row].facility))
        return;
    in->row = (uint16_t)row;
    in->x2 = in->b1 = in->b2 = GR_NONE;
    const struct field *fields = formats[isa_rows[row].format].fields;
    for (unsigned i = 0; i < FIELDS_MAX && fields[i].bits; i++)
        take_field(text, &fields[i], in);
    in->execute = choose(in, afp);
}

bool isa_relative(const struct instruction *in)
{
    const struct field *fields = formats[isa_rows[in->row].format].fields;
    for (unsigned i = 0; i < FIELDS_MAX && fields[i].bits; i++)
        if (fields[i].kind == FIELD_HALFWORDS)
            return true;
    return false;
}
