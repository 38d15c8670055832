// SPDX-License-Identifier: Apache-2.0
// Every row of the instruction table is written as GNU objdump writes it: random operands, both sides
// compared line by line. Where no objdump for s390x is installed, only the known samples are looked at.
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "node/isa/table.h"
#include "proto/base/assert.h"
#include "proto/base/rng.h"
#include "tests/lib/process.h"

enum { PER_ROW = 15 }; // what objdump says must fit PROCESS_OUTPUT

static char root[PATH_MAX_BYTES];

static void test_samples(void)
{
    static const struct {
        uint8_t text[6];
        const char *says;
    } rows[] = {
        {{0x1a, 0x12}, "ar\t%r1,%r2"},
        {{0x07, 0xfe}, "br\t%r14"},
        {{0x07, 0x07}, "nopr\t%r7"},
        {{0x07, 0x8e}, "ber\t%r14"},
        {{0xa7, 0x74, 0xff, 0xfe}, "jne\t0xffc"},
        {{0xa7, 0xf4, 0x00, 0x08}, "j\t0x1010"},
        {{0xe3, 0x12, 0x30, 0x08, 0xff, 0x04}, "lg\t%r1,-4088(%r2,%r3)"},
        {{0x58, 0x10, 0x00, 0x08}, "l\t%r1,8"},
        {{0x00, 0x00}, ".insn\t0x0000"},
    };
    for (size_t i = 0; i < NP_ARRAY_LEN(rows); i++) {
        char text[DISASSEMBLY_MAX];
        isa_disassemble(rows[i].text, 0x1000, text);
        CU_ASSERT_STRING_EQUAL(text, rows[i].says);
    }
}

// Bits of an instruction that a format gives a meaning beside the opcode; the others are reserved.
#define MASK(bit, bits)         (((UINT64_C(1) << (bits)) - 1) << (48 - (bit) - (bits)))
#define R(member, bit)          | MASK(bit, 4)
#define B(member, bit)          | MASK(bit, 4)
#define N8(member, bit)         | MASK(bit, 8)
#define D12(member, bit)        | MASK(bit, 12)
#define D20(member, bit)        | MASK(bit, 20)
#define S(bit, bits)            | MASK(bit, bits)
#define U(bit, bits)            | MASK(bit, bits)
#define J(bit, bits)            | MASK(bit, bits)
#define N(member, bit, bits, s) | MASK(bit, bits)
#define JN(member, bit, bits)   | MASK(bit, bits)
static const struct {
    unsigned place; // of the opcode, as formats.def says
    uint64_t operands;
} formats[FORMAT_COUNT] = {
#define FORMAT(name, opcode, syntax, ...) {opcode, 0 __VA_ARGS__},
#include "node/isa/formats.def"
#undef FORMAT
};

static uint64_t opcode_bits(const struct row *row)
{
    uint64_t opcode = row->opcode;
    switch (formats[row->format].place) {
    case 8:
        return opcode << 40;
    case 12:
        return (opcode >> 4) << 40 | (opcode & 15) << 32;
    case 16:
        return opcode << 32;
    default:
        return (opcode >> 8) << 40 | (opcode & 0xff);
    }
}

static void make(struct rng *rng, const struct row *row, uint8_t text[6])
{
    uint64_t bits = (rng_next(rng) & formats[row->format].operands) | opcode_bits(row);
    for (unsigned i = 0; i < 6; i++)
        text[i] = (uint8_t)(bits >> (40 - 8 * i));
}

static size_t write_instructions(uint8_t (*all)[6], const char *path)
{
    struct rng rng = rng_for(1, 1);
    FILE *file = fopen(path, "w");
    size_t n = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    for (unsigned row = 0; row < isa_n_rows; row++)
        for (unsigned i = 0; i < PER_ROW; i++, n++) {
            make(&rng, &isa_rows[row], all[n]);
            CU_ASSERT_EQUAL(isa_row(all[n]), (int)row);
            fwrite(all[n], 1, isa_length(all[n][0]), file);
        }
    fclose(file);
    return n;
}

// The next line of objdump's that holds an instruction: "   0:\t1a 12       \tar\t%r1,%r2". Its end is cut.
static char *next_line(char **at, uint64_t *address)
{
    for (char *line; (line = strsep(at, "\n"));) {
        char *colon = strchr(line, ':'), *tab = colon ? strchr(line, '\t') : NULL;
        tab = tab ? strchr(tab + 1, '\t') : NULL;
        if (!tab)
            continue;
        *address = strtoull(line, NULL, 16);
        return tab + 1;
    }
    return NULL;
}

// Instructions that binutils have no mnemonic for: IBM publishes none.
static bool unknown_to_objdump(const char *own, const char *line)
{
    bool without = strncmp(own, "servc\t", 6) == 0 || strncmp(own, "chsc\t", 5) == 0;
    return without && strncmp(line, ".long", 5) == 0;
}

static void test_as_objdump(void)
{
    uint8_t(*all)[6] = calloc((size_t)isa_n_rows * PER_ROW, sizeof *all);
    char path[2 * PATH_MAX_BYTES];
    unsigned differ = 0;
    snprintf(path, sizeof path, "%s/code", root);
    size_t n = write_instructions(all, path);
    char command[4 * PATH_MAX_BYTES], *lines = NULL;
    snprintf(command, sizeof command, "s390x-linux-gnu-objdump -z -D -b binary -m s390:64-bit %s > %s/lines",
             path, root);
    if (system("command -v s390x-linux-gnu-objdump > /dev/null") != 0) {
        puts("(no s390x-linux-gnu-objdump here: not compared) ");
        free(all);
        return;
    }
    CU_ASSERT_EQUAL(system(command), 0);
    lines = file_content(root, "lines");
    CU_ASSERT_PTR_NOT_NULL_FATAL(lines);
    char *at = lines;
    for (size_t i = 0; i < n; i++) {
        char own[DISASSEMBLY_MAX];
        uint64_t address = 0;
        char *line = next_line(&at, &address);
        CU_ASSERT_PTR_NOT_NULL_FATAL(line);
        isa_disassemble(all[i], address, own);
        if (strcmp(own, line) != 0 && !unknown_to_objdump(own, line) && differ++ < 20)
            printf("\n  row %zu: %s, objdump: %s", i / PER_ROW, own, line);
    }
    CU_ASSERT_EQUAL(differ, 0);
    free(lines);
    free(all);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("disassembly", NULL, NULL);
    CU_add_test(suite, "samples", test_samples);
    CU_add_test(suite, "as objdump", test_as_objdump);
    test_folder_make(root);
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    test_folder_remove(root);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
