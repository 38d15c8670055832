// SPDX-License-Identifier: Apache-2.0
// A line that is typed on the line-mode console, as READ EVENT DATA hands it to the guest.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>

#include "node/isa/ebcdic.h"
#include "proto/base/big_endian.h"
#include "tests/lib/bare_program.h"
#include "tests/lib/process.h"

enum {
    EXTERNAL_NEW = 0x1b0,
    CONTROLS = BARE_DATA,
    MASKS = BARE_DATA + 0x1000, // control blocks
    EVENT = BARE_DATA + 0x2000,
    COMMAND = 1,            // the event
    VECTOR = EVENT + 8 + 6, // behind two headers
    TEXT = VECTOR + 12,
};

static char root[PATH_MAX_BYTES];
static struct bare_program program;
static struct bare_result found;

// Waits for an external interruption, behind which the program goes on.
static void wait_for_signal(void)
{
    bare_set(&program, 3, program.at + 6 + 6 + 4);
    bare_code(&program, "e33001b80024 b2b29010"); // stg %r3,440; lpswe 16(%r9)
}

static void make(void)
{
    bare_begin(&program);
    put64(program.image + CONTROLS, 0x2e0); // CR0: service signals
    bare_psw(&program, CONTROLS + 16, UINT64_C(0x0102000180000000), 0);
    bare_psw(&program, EXTERNAL_NEW, UINT64_C(0x0000000180000000), 0);
    put16(program.image + MASKS, 8 + 4 + 4 * 4);
    put16(program.image + MASKS + 10, 4);
    put32(program.image + MASKS + 12, UINT32_C(0x80000000) >> (COMMAND - 1)); // is received
    put16(program.image + EVENT, 4096);
    bare_set(&program, 9, CONTROLS);
    bare_code(&program, "eb009000002f"); // lctlg %c0,%c0,0(%r9)
    bare_set(&program, 1, 0x00780005);   // WRITE EVENT MASK
    bare_set(&program, 2, MASKS);
    bare_code(&program, "b2200012");   // servc %r1,%r2
    wait_for_signal();                 // of the command,
    wait_for_signal();                 // and of an event
    bare_set(&program, 1, 0x00770005); // READ EVENT DATA
    bare_set(&program, 2, EVENT);
    bare_code(&program, "b2200012");
    wait_for_signal();
    bare_end(&program);
}

static void type(unsigned length)
{
    struct guest_input input = {.at = 50 * SIM_PS_PER_US};
    const struct bare_shape shape = {.boards = 1, .level = ARCH_ZEC12, .input = &input};
    memset(input.text, 'x', length);
    input.text[length] = '\n';
    make();
    bare_run(&program, &shape, root, 0, &found);
}

static void check(unsigned length)
{
    const uint8_t *memory = found.memory;
    CU_ASSERT(found.ended);
    CU_ASSERT_EQUAL(found.cpu[0].psw_address, 0xfff);
    CU_ASSERT_EQUAL(get16(memory + EVENT), 8 + 6 + 12 + length);
    CU_ASSERT_EQUAL(get16(memory + EVENT + 6), 0x0020);
    CU_ASSERT_EQUAL(get16(memory + EVENT + 8), 6 + 12 + length);
    CU_ASSERT_EQUAL(memory[EVENT + 10], COMMAND);
    CU_ASSERT_EQUAL(get32(memory + VECTOR), (12 + length) << 16 | 0x1212);
    CU_ASSERT_EQUAL(get32(memory + VECTOR + 4), (8 + length) << 16 | 0x1320);
    CU_ASSERT_EQUAL(get16(memory + VECTOR + 8), (4 + length) << 8 | 0x31);
    CU_ASSERT_EQUAL(get16(memory + VECTOR + 10), (2 + length) << 8 | 0x30);
    for (unsigned i = 0; i < length; i++)
        CU_ASSERT_EQUAL(memory[TEXT + i], ascii_to_ebcdic('x'));
    CU_ASSERT_EQUAL(memory[TEXT + length], 0);
}

static void test_fits(void)
{
    static const unsigned lengths[] = {0, 5, 251};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        type(lengths[i]);
        check(lengths[i]);
    }
}

// The length of a subvector is a byte.
static void test_too_long(void)
{
    for (unsigned length = 252; length < GUEST_INPUT_BYTES_MAX - 1; length++) {
        type(length);
        check(251);
    }
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("a typed line", NULL, NULL);
    CU_add_test(suite, "fits", test_fits);
    CU_add_test(suite, "too long", test_too_long);
    test_folder_make(root);
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    test_folder_remove(root);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
