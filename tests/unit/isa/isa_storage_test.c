// SPDX-License-Identifier: Apache-2.0
// Instructions on storage operands, one sample each: what they leave, condition codes, exceptions, registers
// after a unit. (Random operands: tests/isa.)
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/bare_program.h"
#include "tests/lib/process.h"

static char root[PATH_MAX_BYTES];
static struct bare_program program;
static struct bare_result result;
static const struct bare_shape plain = {.boards = 1, .large = true, .split = true, .level = ARCH_ZEC12};

// Register 4 is the address of the first operand, 6 that of the second; 5 and 7 are as given. The operands
// are in hexadecimal; the first must become `left`, and the condition code `cc` where it is not -1.
struct sample {
    const char *code, *first, *second, *left;
    uint64_t r0, r5, r7;
    int cc;
};

static const struct sample samples[] = {
    // Up to 256 bytes; MVC: one byte through the operand, three bytes on, without overlap.
    {"d20440014000", "a5000000000000", "", "a5a5a5a5a5a500", 0, 0, 0, -1},
    {"d20640034000", "0102030000000000000000", "", "0102030102030102030100", 0, 0, 0, -1},
    {"d20240006000", "000000ff", "010203", "010203ff", 0, 0, 0, -1},
    {"e80240006002", "000000ff", "010203", "030201ff", 0, 0, 0, -1},
    {"d10240006000", "123456", "abcdef", "1b3d5f", 0, 0, 0, -1},
    {"d30240006000", "123456", "abcdef", "a2c4e6", 0, 0, 0, -1},
    {"d40240006000", "f0f0f0", "0f0f0f", "000000", 0, 0, 0, 0},
    {"d60240006000", "f0f0f0", "0f0f0f", "ffffff", 0, 0, 0, 1},
    {"d70240004000", "f0f0f0ff", "", "000000ff", 0, 0, 0, 0},
    {"d70840014000", "01000000000000000000", "", "01010101010101010101", 0, 0, 0, 1},
    {"d50240006000", "010203", "010204", "010203", 0, 0, 0, 1},
    {"d50240006000", "010205", "010204", "010205", 0, 0, 0, 2},
    {"d50140006000", "010205", "010204", "010205", 0, 0, 0, 0},
    {"f1236000 4000", "0123456d", "", "0123456d", 0, 0, 0, -1},
    {"f12240006000", "77889c", "123456", "23456c", 0, 0, 0, -1},
    {"f22440006000", "000000", "f1f2f3f4c5", "12345c", 0, 0, 0, -1},
    {"f34240006000", "0000000000", "12345d", "f1f2f3f4d5", 0, 0, 0, -1},
    {"f33240006000", "00000000ee", "12345d", "f2f3f4d5ee", 0, 0, 0, -1},
    {"e90240006000", "ff", "313233", "0000000000000000000000000000123c", 0, 0, 0, -1},
    {"ea0440006000", "ff", "0000000000000000000000000000321d", "3030333231", 0, 0, 0, 1},
    {"eb20400000c0", "12345d", "", "12345d", 0, 0, 0, 0},
    {"eb2040 0000c0", "1a3455", "", "1a3455", 0, 0, 0, 3},
    // MVCL with padding; destructive overlap; MVCLE.
    {"0e46", "ffffffffff", "0102", "01025a5aff", 0, 4, 0x5a000002, 2},
    {"b9040064 a76b0002 0e46", "0102030405", "", "0304050005", 0, 4, 0x5a000004, 0},
    {"b9040084 a74b0001 0e46", "0102030405", "0607", "0106070405", 0, 2, 2, 0},
    {"b9040064 a74b0002 0e46", "0102030405", "", "0102030405", 0, 3, 3, 3},
    {"0f46", "0102", "01025b", "0102", 0, 2, 0x5a000003, 1},
    {"a846005a a714fffe", "ffffffffff", "0102", "01025a5aff", 0, 4, 2, 2},
    {"a9460020 a714fffe", "0102", "01022020", "0102", 0, 2, 4, 0},
    // Strings: MVST, CLST, SRST.
    {"b2550046", "ffffffffff", "010203000405", "01020300ff", 0, 0, 0, 1},
    {"b25d0046", "010200", "010203", "010200", 0, 0, 0, 1},
    {"b25d0046", "01020300", "01020300", "01020300", 0, 0, 0, 0},
    {"b25e0064", "0102030405", "03", "0102030405", 9, 0, 0, 2},
    {"b25e0064", "0102030405", "", "0102030405", 3, 0, 0, 1},
    // TR, TRT by a table of three; CKSM; CU12, CU21.
    {"dc0240006000", "020001", "a0a1a2", "a2a0a1", 0, 0, 0, -1},
    {"dd0240006000", "020001", "000001", "020001", 0, 0, 0, 1},
    {"dd0040006000", "02", "000001", "02", 0, 0, 0, 2},
    {"b2a70046", "ffffffffffffffffff", "41c3a9e282ac", "004100e920acffffff", 0, 9, 6, 0},
    {"b2a71046", "ffff", "c080", "ffff", 0, 2, 2, 2},
    {"b2a71046", "ffff", "e0a080", "0800", 0, 2, 3, 0},
    {"b2a70046", "ffff", "4142", "0041", 0, 2, 2, 1},
    {"b2a60046", "ffffffffff", "d83dde00", "f09f9880ff", 0, 5, 4, 0},
    // Decimal arithmetic.
    {"fa2140006000", "02345c", "097d", "02248c", 0, 0, 0, 2},
    {"fa1140006000", "999c", "001c", "000c", 0, 0, 0, 3},
    {"fb1140006000", "001c", "001c", "000c", 0, 0, 0, 0},
    {"fb1140006000", "001c", "002c", "001d", 0, 0, 0, 1},
    {"f91140006000", "000d", "000c", "000d", 0, 0, 0, 0},
    {"f92140006000", "17265d", "001c", "17265d", 0, 0, 0, 1},
    {"f84240006000", "1234567890", "38460d", "000038460d", 0, 0, 0, 1},
    {"f81240006000", "1234", "12000d", "000d", 0, 0, 0, 3},
    {"fc4140006000", "000038460d", "321d", "012345660c", 0, 0, 0, -1},
    {"fd4140006000", "001234567c", "321d", "0384 6d001c", 0, 0, 0, -1},
    {"f0454000003f", "000123450c", "", "000012345c", 0, 0, 0, 2},
    {"f0454000003e", "012395502c", "", "000123955c", 0, 0, 0, 2},
    {"f0404000 0002", "123450077c", "", "345007700c", 0, 0, 0, 3},
    {"f0454000003e", "000000049d", "", "000000000c", 0, 0, 0, 0},
    {"f0454000003e", "000000050d", "", "000000001d", 0, 0, 0, 1},
    // Editing: 2,574.26 and a negative number with its sign.
    {"de0c40006000", "4020206b2020214b202040c3d9", "0257426c", "4040f26bf5f7f44bf2f6404040", 0, 0, 0, 2},
    {"de0c40006000", "4020206b2020214b202040c3d9", "0000026d", "4040404040404 04bf2f640c3d9", 0, 0, 0, 1},
};

enum { SPACING = 0x200, SECOND = 0x100, CODES = BARE_DATA + 0x10000 };

static uint32_t put_hex(uint8_t *to, const char *hex)
{
    uint32_t n = 0;
    for (; *hex; hex++)
        if (*hex != ' ') {
            const char digit[2] = {*hex, '\0'};
            uint8_t value = (uint8_t)strtoul(digit, NULL, 16);
            to[n / 2] = (uint8_t)(n & 1 ? to[n / 2] | value : value << 4);
            n++;
        }
    return n / 2;
}

static void add_sample(const struct sample *sample, uint32_t at)
{
    put_hex(program.image + at, sample->first);
    put_hex(program.image + at + SECOND, sample->second);
    bare_set(&program, 0, sample->r0);
    bare_set(&program, 4, at);
    bare_set(&program, 5, sample->r5);
    bare_set(&program, 6, at + SECOND);
    bare_set(&program, 7, sample->r7);
    bare_code(&program, sample->code);
    bare_set(&program, 9, CODES + 4 * (at - BARE_DATA) / SPACING);
    bare_store_code(&program, 9);
}

static void check_sample(const struct sample *sample, uint32_t at)
{
    uint8_t expected[64];
    uint32_t size = put_hex(expected, sample->left);
    int cc = result.memory[CODES + 4 * (at - BARE_DATA) / SPACING] >> 4;
    bool same = memcmp(result.memory + at, expected, size) == 0;
    CU_ASSERT(same);
    CU_ASSERT(sample->cc < 0 || sample->cc == cc);
    if (!same || (sample->cc >= 0 && sample->cc != cc)) {
        printf("\n  %s %s %s: cc %d, ", sample->code, sample->first, sample->second, cc);
        for (uint32_t i = 0; i < size; i++)
            printf("%02x", result.memory[at + i]);
    }
}

static void test_samples(void)
{
    const uint32_t n = sizeof samples / sizeof samples[0];
    bare_begin(&program);
    for (uint32_t i = 0; i < n; i++)
        add_sample(&samples[i], BARE_DATA + i * SPACING);
    bare_end(&program);
    bare_run(&program, &plain, root, 0, &result);
    CU_ASSERT(result.ended);
    CU_ASSERT_EQUAL(result.cpu[0].psw_address, 0xfff);
    for (uint32_t i = 0; i < n; i++)
        check_sample(&samples[i], BARE_DATA + i * SPACING);
}

// One instruction that ends with a program interruption.
struct refused {
    const char *code;
    uint16_t program_code;
    uint64_t r0, r4, r5, r6, r7;
    uint64_t left4, left5; // registers 4 and 5 then
};

enum { END = BARE_MEMORY };

static const struct refused refusals[] = {
    // MVC at the end of storage; MVCL, whose registers are those of the last page that there is.
    {"d20f40006000", 5, 0, END - 8, 0, BARE_DATA, 0, END - 8, 0},
    {"d20f40006000", 5, 0, BARE_DATA, 0, END - 8, 0, BARE_DATA, 0},
    {"0e46", 5, 0, END - 0x123, 0x1000, BARE_DATA, 0x1000, END, 0x1000 - 0x123},
    {"0e56", 6, 0, 0, 0, 0, 0, 0, 0},
    {"b2550046", 6, 0x100, BARE_DATA, 0, BARE_DATA, 0, BARE_DATA, 0},
    {"b9be0046", 6, 0x10000, BARE_DATA, 0, BARE_DATA, 0, BARE_DATA, 0},
    {"eb460000008e", 6, 0, BARE_DATA, 3, BARE_DATA, 2, BARE_DATA, 3},
    {"fc2240006000", 6, 0, BARE_DATA, 0, BARE_DATA, 0, BARE_DATA, 0},
    {"fa2240006000", 7, 0, BARE_DATA, 0, BARE_DATA, 0, BARE_DATA, 0},
    {"e9204000 6000", 6, 0, BARE_DATA, 0, BARE_DATA, 0, BARE_DATA, 0},
    {"da4640006000", 0x13, 0, BARE_DATA, 0, BARE_DATA, 0, BARE_DATA, 0},
};

static void test_refused(void)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const struct refused *refused = &refusals[i];
        bare_begin(&program);
        bare_set(&program, 0, refused->r0);
        bare_set(&program, 4, refused->r4);
        bare_set(&program, 5, refused->r5);
        bare_set(&program, 6, refused->r6);
        bare_set(&program, 7, refused->r7);
        bare_code(&program, refused->code);
        uint64_t after = program.at;
        bare_end(&program);
        bare_run(&program, &plain, root, 0, &result);
        CU_ASSERT_EQUAL(result.program_code, refused->program_code);
        CU_ASSERT_EQUAL(result.old_psw[1], after);
        CU_ASSERT_EQUAL(result.cpu[0].gr[4], refused->left4);
        CU_ASSERT_EQUAL(result.cpu[0].gr[5], refused->left5);
    }
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("storage operands", NULL, NULL);
    CU_add_test(suite, "samples", test_samples);
    CU_add_test(suite, "refused", test_refused);
    test_folder_make(root);
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    test_folder_remove(root);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
