// SPDX-License-Identifier: Apache-2.0
// The reader of litmus files: what it takes, and that mistakes name file and line.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "node/cpu/script.h"
#include "tests/lib/litmus.h"

static char path[64];
static struct litmus litmus;
static struct err err;

static enum err_code read_text(const char *text)
{
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
    return litmus_read(path, &litmus, &err);
}

static void test_good(void)
{
    CU_ASSERT_EQUAL_FATAL(read_text("let x = 0x40 # shared\n"
                                    "P0:\n"
                                    "  store x, 1\n"
                                    "P1:\n"
                                    "  load r3, x\n"
                                    "exists (P1:r3 == 1)\n"
                                    "forbidden (P1:r3 == 2 && P0:r0 == 0)\n"),
                          ERR_OK);
    CU_ASSERT_EQUAL(litmus.n_programs, 2);
    CU_ASSERT_EQUAL(litmus.n_observed, 2);
    static const uint64_t new_value[] = {1, 0}, no_value[] = {2, 0};
    CU_ASSERT_TRUE(litmus_meets(&litmus, new_value, LITMUS_EXISTS));
    CU_ASSERT_FALSE(litmus_meets(&litmus, new_value, LITMUS_FORBIDDEN));
    CU_ASSERT_TRUE(litmus_meets(&litmus, no_value, LITMUS_FORBIDDEN));
    for (unsigned i = 0; i < 2; i++) {
        struct script_text text = {0};
        CU_ASSERT_EQUAL_FATAL(script_parse(litmus.programs[i], 1, &text, &err), ERR_OK);
        CU_ASSERT_EQUAL(text.n, 1);
        CU_ASSERT_EQUAL(text.instructions[0].line, i ? 5 : 3); // as in the file
        CU_ASSERT_EQUAL(text.instructions[0].address, 0x40);
        script_text_free(&text);
    }
    litmus_free(&litmus);
}

static void test_mistakes(void)
{
    static const struct {
        const char *text, *line;
    } rows[] = {
        {"P0:\nexists P0:r0 == 1\n", "line 2:"},
        {"P0:\nexists (P0:r0 = 1)\n", "line 2:"},
        {"P0:\nexists (P0:r0 == 1 P0:r1 == 1)\n", "line 2:"},
        {"P0:\nforbidden (P1:r0 == 1)\n", "line 2:"},
        {"P0:\nforbidden (P0:r16 == 1)\n", "line 2:"},
        {"P1:\n", "line 1:"},
        {"P0:\nexists (P0:r0 == 1)\nP1:\n", "line 3:"},
        {"P0:\nexists (P0:r0 == 1)\nload r0, 8\n", "line 3:"},
        {"P0:\nload r0, 8\n", "line 2:"},
        {"exists (P0:r0 == 1)\n", "line 1:"},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum err_code code = read_text(rows[i].text);
        bool good = code == ERR_SCRIPT && strstr(err.text, rows[i].line) && strstr(err.text, path);
        if (!good)
            printf("  '%s': %s\n", rows[i].text, err.text);
        CU_ASSERT_TRUE(good);
    }
    CU_ASSERT_EQUAL(litmus_read("/nonexistent", &litmus, &err), ERR_FILE);
}

int main(void)
{
    snprintf(path, sizeof path, "litmus_file_test.%d.txt", (int)getpid());
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("litmus files", NULL, NULL);
    CU_add_test(suite, "a good one", test_good);
    CU_add_test(suite, "mistakes", test_mistakes);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    unlink(path);
    return failed ? 1 : 0;
}
