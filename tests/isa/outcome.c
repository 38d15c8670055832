// SPDX-License-Identifier: Apache-2.0
#include "tests/isa/outcome.h"

#include <string.h>

#include "proto/base/big_endian.h"

static const char *const names[] = {
#define X(name, text) text,
    DIFFERENCES(X)
#undef X
};

void outcomes_begin(struct outcomes *outcomes, const uint8_t *memory)
{
    *outcomes = (struct outcomes){memory, 0, memory + DIRTY_AT};
}

struct outcome outcomes_next(struct outcomes *outcomes)
{
    struct outcome outcome = {outcomes->memory + RESULTS_AT + outcomes->next * RESULT_BYTES, outcomes->dirty,
                              0};
    while (outcomes->dirty < outcomes->memory + DIRTY_END && get64(outcomes->dirty) == outcomes->next &&
           get64(outcomes->dirty + 8)) {
        outcomes->dirty += DIRTY_BYTES;
        outcome.n_dirty++;
    }
    outcomes->next++;
    return outcome;
}

unsigned outcome_program(const struct outcome *outcome)
{
    if (outcome_kind(outcome) != KIND_PROGRAM)
        return 0;
    unsigned code = get16(outcome->result + RESULT_CODE + 2) & 0xff;
    return code == 7 ? 7u | (unsigned)(outcome->result[RESULT_CODE + 7]) << 8 : code;
}

unsigned outcome_cc(const struct outcome *outcome)
{
    return outcome->result[RESULT_PSW + 2] >> 4 & 3;
}

// What the case says of the length and the codes beside the interruption code.
static bool beside_differs(const struct outcome *a, const struct outcome *b)
{
    const uint8_t *x = a->result + RESULT_CODE, *y = b->result + RESULT_CODE;
    if (outcome_kind(a) == KIND_EXTERNAL)
        return get16(x) != get16(y);
    if (x[1] != y[1])
        return true;
    return (outcome_program(a) & 0xff) == 7 && x[7] != y[7];
}

static unsigned differ_if(bool differs, enum difference difference)
{
    return differs ? 1u << difference : 0;
}

unsigned outcome_compare(const struct isa_case *test, const struct outcome *a, const struct outcome *b)
{
    const uint8_t *x = a->result, *y = b->result;
    const uint64_t cc = 3ull << 44, mask_x = get64(x), mask_y = get64(y);
    bool system = test->flags & CASE_SYSTEM;
    bool ends =
        outcome_kind(a) == outcome_kind(b) && memcmp(x + RESULT_CODE + 2, y + RESULT_CODE + 2, 2) == 0;
    unsigned set = differ_if(!ends, DIFFERENCE_KIND);
    set |= differ_if(ends && beside_differs(a, b), DIFFERENCE_BESIDE);
    set |= differ_if((mask_x ^ mask_y) & cc, DIFFERENCE_CC);
    set |= differ_if((mask_x ^ mask_y) & ~cc, DIFFERENCE_MASK);
    set |= differ_if(get64(x + 8) != get64(y + 8), DIFFERENCE_ADDRESS);
    set |= differ_if(memcmp(x + RESULT_GR, y + RESULT_GR, 128) != 0, DIFFERENCE_GR);
    set |= differ_if(memcmp(x + RESULT_FPR, y + RESULT_FPR, 128) != 0, DIFFERENCE_FPR);
    set |= differ_if(memcmp(x + RESULT_AR, y + RESULT_AR, 64) != 0, DIFFERENCE_AR);
    set |= differ_if(memcmp(x + RESULT_FPC, y + RESULT_FPC, 4) != 0, DIFFERENCE_FPC);
    set |= differ_if(system && memcmp(x + RESULT_CR, y + RESULT_CR, 128) != 0, DIFFERENCE_CR);
    set |= differ_if(system && memcmp(x + RESULT_PREFIX, y + RESULT_PREFIX, 4) != 0, DIFFERENCE_PREFIX);
    set |= differ_if(ends && outcome_program(a) == 0x40 && memcmp(x + RESULT_MON, y + RESULT_MON, 8) != 0,
                     DIFFERENCE_MONITOR);
    bool storage = a->n_dirty != b->n_dirty;
    for (unsigned i = 0; !storage && i < a->n_dirty; i++)
        storage = memcmp(a->dirty + 8 + (size_t)i * DIRTY_BYTES, b->dirty + 8 + (size_t)i * DIRTY_BYTES,
                         DIRTY_BYTES - 8) != 0;
    return set | differ_if(storage, DIFFERENCE_STORAGE);
}

void differences_print(FILE *out, unsigned differences)
{
    const char *separator = "";
    for (unsigned i = 0; i < DIFFERENCE_COUNT; i++)
        if (differences & 1u << i) {
            fprintf(out, "%s%s", separator, names[i]);
            separator = ",";
        }
}

bool differences_parse(const char *text, unsigned *differences)
{
    *differences = 0;
    while (*text) {
        size_t n = strcspn(text, ",");
        unsigned i = 0;
        while (i < DIFFERENCE_COUNT && (strlen(names[i]) != n || strncmp(names[i], text, n) != 0))
            i++;
        if (n == 1 && *text == '*')
            *differences = (1u << DIFFERENCE_COUNT) - 1;
        else if (i == DIFFERENCE_COUNT)
            return false;
        else
            *differences |= 1u << i;
        text += n + (text[n] == ',');
    }
    return true;
}

static void print_end(FILE *out, const char *who, const struct outcome *outcome)
{
    static const char *const kinds[] = {"nothing",       "SVC", "program", "external",
                                        "machine check", "I/O", "restart"};
    unsigned kind = outcome_kind(outcome), code = get16(outcome->result + RESULT_CODE + 2);
    bool caught = kind == KIND_SVC && code == CATCHER;
    fprintf(out, "  %-9s %s", who, caught ? "completed" : kinds[kind < 7 ? kind : 0]);
    if (!caught)
        fprintf(out, " %#x length %u", code, outcome->result[RESULT_CODE + 1]);
    if (kind == KIND_PROGRAM && code == 7)
        fprintf(out, " dxc %#x", outcome->result[RESULT_CODE + 7]);
    fprintf(out, ", PSW %016lx %016lx cc %u, FPC %08x\n", get64(outcome->result), get64(outcome->result + 8),
            outcome_cc(outcome), get32(outcome->result + RESULT_FPC));
}

static void print_registers(FILE *out, const char *file, unsigned at, const uint64_t *before,
                            const struct outcome *qemu, const struct outcome *numaplex)
{
    for (unsigned i = 0; i < 16; i++) {
        uint64_t x = get64(qemu->result + at + (size_t)8 * i),
                 y = get64(numaplex->result + at + (size_t)8 * i);
        const char *note = x != y ? "  <- differ" : x != before[i] ? "  changed" : "";
        fprintf(out, "  %s%-2u %016lx -> %016lx %016lx%s\n", file, i, before[i], x, y, note);
    }
}

// A doubleword of storage as a machine left it.
static uint64_t storage_after(const struct outcome *outcome, const uint8_t *before, uint64_t address)
{
    for (unsigned i = 0; i < outcome->n_dirty; i++) {
        const uint8_t *chunk = outcome->dirty + (size_t)i * DIRTY_BYTES;
        if (address - get64(chunk + 8) < CHUNK_BYTES)
            return get64(chunk + 16 + (address - get64(chunk + 8)));
    }
    return get64(before + address);
}

static void print_area(FILE *out, uint64_t from, uint64_t bytes, const uint8_t *before,
                       const struct outcome *qemu, const struct outcome *numaplex)
{
    for (uint64_t at = from; at < from + bytes; at += 8) {
        uint64_t x = storage_after(qemu, before, at), y = storage_after(numaplex, before, at);
        if (x != y)
            fprintf(out, "  %-9lx %016lx -> %016lx %016lx  <- differ\n", at, get64(before + at), x, y);
    }
}

static void print_insn(FILE *out, const struct isa_batch *batch, const struct isa_insn *insn, uint64_t number)
{
    uint64_t at = batch->cases[number].psw_address;
    const uint8_t *bytes = batch->memory + at, *target = bytes - SLOT_INSN + SLOT_TARGET;
    char text[DISASSEMBLY_MAX];
    isa_disassemble(bytes, at, text);
    fprintf(out, "case %lu at %lx: ", number, at);
    for (unsigned i = 0; i < insn->format.bytes; i++)
        fprintf(out, "%02x", bytes[i]);
    fprintf(out, " %s", text);
    if (insn->operands == OPERANDS_EXECUTE) {
        isa_disassemble(target, at - SLOT_INSN + SLOT_TARGET, text);
        fprintf(out, " of %s", text);
    }
}

void outcome_print_case(FILE *out, const struct isa_batch *batch, const struct isa_insn *insn,
                        uint64_t number)
{
    const struct isa_case *test = &batch->cases[number];
    print_insn(out, batch, insn, number);
    fprintf(out, "\n  before    PSW %016lx, FPC %08x, CR0 %lx\n", test->psw_mask, test->fpc, test->cr0);
    for (unsigned i = 0; i < 16; i++)
        fprintf(out, "  r%-2u %016lx  f%-2u %016lx\n", i, test->gr[i], i, test->fpr[i]);
}

void outcome_explain(FILE *out, const struct isa_batch *batch, const struct isa_insn *insn, uint64_t number,
                     const struct outcome *qemu, const struct outcome *numaplex, unsigned differences)
{
    const struct isa_case *test = &batch->cases[number];
    print_insn(out, batch, insn, number);
    fprintf(out, " differs in ");
    differences_print(out, differences);
    fprintf(out, "\n  before    PSW %016lx, FPC %08x, CR0 %lx\n", test->psw_mask, test->fpc, test->cr0);
    print_end(out, "qemu", qemu);
    print_end(out, "numaplex", numaplex);
    print_registers(out, "r", RESULT_GR, test->gr, qemu, numaplex);
    if (differences &
        (1u << DIFFERENCE_FPR | 1u << DIFFERENCE_FPC | 1u << DIFFERENCE_KIND | 1u << DIFFERENCE_CC))
        print_registers(out, "f", RESULT_FPR, test->fpr, qemu, numaplex);
    for (unsigned i = 0; differences & 1u << DIFFERENCE_AR && i < 16; i++)
        fprintf(out, "  a%-2u %08x -> %08x %08x\n", i, test->ar[i],
                get32(qemu->result + RESULT_AR + (size_t)4 * i),
                get32(numaplex->result + RESULT_AR + (size_t)4 * i));
    print_area(out, WORK_AT, WORK_BYTES, batch->memory, qemu, numaplex);
    print_area(out, GUARD_AT, GUARD_BYTES, batch->memory, qemu, numaplex);
}
