// SPDX-License-Identifier: Apache-2.0
// Instructions as text, in the words of GNU objdump: formats.def says how operands are written, and a mask
// that is a condition becomes part of the mnemonic.
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "node/isa/zcpu.h"
#include "proto/base/assert.h"

static const char *const syntaxes[FORMAT_COUNT] = {
#define FORMAT(name, opcode, syntax, ...) syntax,
#include "node/isa/formats.def"
#undef FORMAT
};

struct writer {
    char *text;
    size_t used;
    const struct instruction *in;
    uint64_t address;
    bool named;   // the mask is in the mnemonic
    bool plain;   // no modifiers are written
    bool zeroing; // so is the zero-remaining-bits control in the second N
};

static void put(struct writer *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(struct writer *w, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(w->text + w->used, DISASSEMBLY_MAX - w->used, fmt, args);
    va_end(args);
    w->used += n > 0 ? (size_t)n : 0;
    NP_ASSERT(w->used < DISASSEMBLY_MAX);
}

// Conditions by masks of condition codes 8 4 2 1, as branches after arithmetic or comparison name them.
static const char *const conditions[16] = {NULL, "o",   "h",  "nle", "l",  "nhe", "lh", "ne",
                                           "e",  "nlh", "he", "nl",  "le", "nh",  "no", NULL};

// What compares and branches or traps by itself knows no overflow: the lowest bit is not looked at.
static const char *const comparisons[16] = {
    [2] = "h", [4] = "l", [6] = "ne", [8] = "e", [10] = "nl", [12] = "nh"};

// Mnemonics whose mask can be named, and what they are called without it. `before`: the condition goes before
// so many last letters. Instructions that always or never branch have names of their own, and so have two
// conversions without their mask (no stem).
static const struct extended {
    const char *mnemonic, *stem, *tail, *always, *never;
    bool compares;
} extended[] = {
    {"bcr", "b", "r", "br", "nopr", false},     {"bc", "b", "", "b", "nop", false},
    {"brc", "j", "", "j", "jnop", false},       {"brcl", "jg", "", "jg", "jgnop", false},
    {"crj", "crj", "", NULL, NULL, true},       {"cgrj", "cgrj", "", NULL, NULL, true},
    {"clrj", "clrj", "", NULL, NULL, true},     {"clgrj", "clgrj", "", NULL, NULL, true},
    {"cij", "cij", "", NULL, NULL, true},       {"cgij", "cgij", "", NULL, NULL, true},
    {"clij", "clij", "", NULL, NULL, true},     {"clgij", "clgij", "", NULL, NULL, true},
    {"crb", "crb", "", NULL, NULL, true},       {"cgrb", "cgrb", "", NULL, NULL, true},
    {"clrb", "clrb", "", NULL, NULL, true},     {"clgrb", "clgrb", "", NULL, NULL, true},
    {"cib", "cib", "", NULL, NULL, true},       {"cgib", "cgib", "", NULL, NULL, true},
    {"clib", "clib", "", NULL, NULL, true},     {"clgib", "clgib", "", NULL, NULL, true},
    {"crt", "crt", "", NULL, NULL, true},       {"cgrt", "cgrt", "", NULL, NULL, true},
    {"clrt", "clrt", "", NULL, NULL, true},     {"clgrt", "clgrt", "", NULL, NULL, true},
    {"cit", "cit", "", NULL, NULL, true},       {"cgit", "cgit", "", NULL, NULL, true},
    {"clfit", "clfit", "", NULL, NULL, true},   {"clgit", "clgit", "", NULL, NULL, true},
    {"clt", "clt", "", NULL, NULL, true},       {"clgt", "clgt", "", NULL, NULL, true},
    {"cu12", NULL, NULL, NULL, "cutfu", false}, {"cu21", NULL, NULL, NULL, "cuutf", false},
};

static const struct extended *extended_of(const char *mnemonic)
{
    for (size_t i = 0; i < NP_ARRAY_LEN(extended); i++)
        if (strcmp(mnemonic, extended[i].mnemonic) == 0)
            return &extended[i];
    return NULL;
}

static bool on_condition(const char *mnemonic)
{
    return strncmp(mnemonic, "loc", 3) == 0 || strncmp(mnemonic, "stoc", 4) == 0;
}

// RRF-e: with modifiers that the floating-point extension gave it, a conversion has a mnemonic of its own.
static bool modified(enum format format, const struct instruction *in)
{
    if (format == FORMAT_RRF_EM_RF || format == FORMAT_RRF_EM_FF)
        return in->m4;
    if (format == FORMAT_RRF_EO_FF || format == FORMAT_RRF_EO_FR)
        return in->m3 || in->m4;
    return false;
}

// Which of them are left out otherwise.
static bool modifier_left_out(enum format format, const char *token)
{
    if (format == FORMAT_RRF_EM_RF || format == FORMAT_RRF_EM_FF)
        return token[1] == '4';
    return format == FORMAT_RRF_EO_FF || format == FORMAT_RRF_EO_FR;
}

// BCR 0,0 is what fills gaps in code: it is written without its register.
static bool fills_gap(const uint8_t text[6])
{
    return text[0] == 0x07 && text[1] == 0;
}

// The mnemonic, with the condition if there is a name for it.
static void put_mnemonic(struct writer *w, const char *mnemonic, const char *syntax)
{
    const struct extended *e = extended_of(mnemonic);
    unsigned mask = (strncmp(syntax, "M1", 2) == 0 ? w->in->m1 : w->in->m3) & 15;
    w->named = true;
    if (e && mask == 15 && e->always)
        put(w, "%s", e->always);
    else if (e && mask == 0 && e->never)
        put(w, "%s", e->never);
    else if (e && e->stem && (e->compares ? comparisons : conditions)[mask])
        put(w, "%s%s%s", e->stem, (e->compares ? comparisons : conditions)[mask], e->tail);
    else if (on_condition(mnemonic) && conditions[mask])
        put(w, "%s%s", mnemonic, conditions[mask]);
    else {
        w->named = false;
        w->zeroing = strncmp(mnemonic, "risbg", 5) == 0 && (w->in->d2 & 0xc0) == 0x80;
        put(w, "%s%s", mnemonic, w->zeroing ? "z" : "");
    }
}

static unsigned register_of(const struct instruction *in, char which)
{
    return which == '1' ? in->r1 : which == '2' ? in->r2 : in->r3;
}

// 8(%r1), 8(%r2,%r1), 8(5,%r1): `inside` is what stands before the base, or "".
static void put_storage(struct writer *w, int32_t displacement, const char *inside, uint8_t base)
{
    put(w, "%" PRId32, displacement);
    if (inside[0])
        put(w, "(%s,%%r%u)", inside, base == GR_NONE ? 0u : base);
    else if (base != GR_NONE)
        put(w, "(%%r%u)", base);
}

// D1, D2 and what may follow: X index, L length, R length in a register, K length of the second operand.
static void put_address(struct writer *w, const char *token, size_t length)
{
    const struct instruction *in = w->in;
    bool first = token[1] == '1';
    char inside[8] = "", what = length > 2 ? token[2] : '\0';
    if (what == 'X' && in->x2 != GR_NONE)
        snprintf(inside, sizeof inside, "%%r%u", in->x2);
    else if (what == 'R')
        snprintf(inside, sizeof inside, "%%r%u", in->r1);
    else if (what == 'L' || what == 'K')
        snprintf(inside, sizeof inside, "%u", (first ? in->l1 : in->l2) + 1u);
    put_storage(w, first ? in->d1 : in->d2, inside, first ? in->b1 : in->b2);
}

static void put_operand(struct writer *w, const char *token, size_t length)
{
    const struct instruction *in = w->in;
    switch (token[0]) {
    case 'R':
        put(w, "%%r%u", register_of(in, token[1]));
        break;
    case 'F':
        put(w, "%%f%u", register_of(in, token[1]));
        break;
    case 'A':
        put(w, "%%a%u", register_of(in, token[1]));
        break;
    case 'C':
        put(w, "%%c%u", register_of(in, token[1]));
        break;
    case 'M':
        put(w, "%u", token[1] == '4' ? in->m4 : register_of(in, token[1]));
        break;
    case 'D':
        put_address(w, token, length);
        break;
    case 'J':
        put(w, "0x%" PRIx64, w->address + (uint64_t)in->i);
        break;
    case 'K':
        put(w, "0x%" PRIx64, w->address + (uint64_t)(int64_t)in->d2);
        break;
    case 'N':
        put(w, "%" PRId32, length > 1 && token[1] == '1' ? in->d1 : in->d2 & (w->zeroing ? 0x7f : -1));
        break;
    default: // I, U
        put(w, "%" PRId64, in->i);
        break;
    }
}

// What the mnemonic says already; and the optional mask of RRF-c (CU14, TROT and the like) when it is zero.
static bool left_out(const struct writer *w, const char *token, const struct row *row)
{
    if (token[0] != 'M')
        return false;
    if (w->plain && modifier_left_out((enum format)row->format, token))
        return true;
    bool optional =
        row->format == FORMAT_RRF_C && !extended_of(row->mnemonic) && !on_condition(row->mnemonic);
    return w->named || (optional && w->in->m3 == 0);
}

void isa_disassemble(const uint8_t text[6], uint64_t address, char out[DISASSEMBLY_MAX])
{
    struct instruction in;
    int row = isa_row(text);
    struct writer w = {.text = out, .in = &in, .address = address};
    out[0] = '\0';
    if (row < 0) {
        put(&w, ".insn");
        for (unsigned i = 0; i < isa_length(text[0]); i++)
            put(&w, "%s%02x", i ? "" : "\t0x", text[i]);
        return;
    }
    isa_decode(text, ARCHITECTURE_COUNT - 1, true, &in);
    const char *syntax = syntaxes[isa_rows[row].format], *separator = "\t";
    put_mnemonic(&w, isa_rows[row].mnemonic, syntax);
    if (fills_gap(text))
        return;
    w.plain = !modified((enum format)isa_rows[row].format, &in);
    put(&w, "%s", w.plain ? "" : "a");
    for (const char *token = syntax; *token;) {
        size_t length = strcspn(token, ",");
        if (!left_out(&w, token, &isa_rows[row])) {
            put(&w, "%s", separator);
            put_operand(&w, token, length);
            separator = ",";
        }
        token += length + (token[length] == ',');
    }
}
