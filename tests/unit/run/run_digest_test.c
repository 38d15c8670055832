// SPDX-License-Identifier: Apache-2.0
// Digest files: what is read back, what is refused, and which difference is named.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include "coordinator/run/digest_file.h"
#include "tests/lib/process.h"

static char folder[PATH_MAX_BYTES];

#define HEX_A "0123456789abcdef0123456789abcdef"
#define HEX_B "fedcba9876543210fedcba9876543210"
#define HEAD  "numaplex-digest 1\nscenario s\nrun "
#define P     "\npartition P " HEX_A "\n"

static void write_file(const char *name, const char *text)
{
    char path[2 * PATH_MAX_BYTES];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
}

static enum err_code read_text(struct digest_file *file, const char *name, const char *text, struct err *err)
{
    char path[2 * PATH_MAX_BYTES];
    write_file(name, text);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return digest_file_read(file, path, err);
}

// Compares two texts; *difference borrows from static files.
static bool differ(const char *a, const char *b, struct difference *difference)
{
    static struct digest_file files[2];
    struct err err;
    digest_file_free(&files[0]);
    digest_file_free(&files[1]);
    CU_ASSERT_EQUAL_FATAL(read_text(&files[0], "a", a, &err), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(read_text(&files[1], "b", b, &err), ERR_OK);
    return digest_file_differ(&files[0], &files[1], difference);
}

static void test_equal(void)
{
    struct difference d;
    const char *text = HEAD HEX_A P "board P SB0 " HEX_A "\nmark P SB0 1000 00000000000000aa\n";
    CU_ASSERT_FALSE(differ(text, text, &d));
}

// Two boards differ; the one that differed earlier in simulated time is named, not the first in the file.
static void test_names_earliest_board(void)
{
    struct difference d;
    CU_ASSERT_TRUE(
        differ(HEAD HEX_A P "board P SB0 " HEX_A "\nmark P SB0 10 a\nmark P SB0 20 b\nmark P SB0 30 c\n"
                            "board P SB1 " HEX_A "\nmark P SB1 10 a\nmark P SB1 20 b\nmark P SB1 30 c\n",
               HEAD HEX_B P "board P SB0 " HEX_B "\nmark P SB0 10 a\nmark P SB0 20 b\nmark P SB0 30 d\n"
                            "board P SB1 " HEX_B "\nmark P SB1 10 a\nmark P SB1 20 d\nmark P SB1 30 c\n",
               &d));
    CU_ASSERT_PTR_NOT_NULL_FATAL(d.board);
    CU_ASSERT_STRING_EQUAL(d.board->name, "SB1");
    CU_ASSERT_EQUAL(d.after, 10);
    CU_ASSERT_EQUAL(d.at, 20);
}

// A longer run leaves every other mark out: only times that both have are compared.
static void test_marks_of_different_steps(void)
{
    struct difference d;
    CU_ASSERT_TRUE(differ(HEAD HEX_A P "board P SB0 " HEX_A
                                       "\nmark P SB0 10 a\nmark P SB0 20 b\nmark P SB0 40 c\n",
                          HEAD HEX_B P "board P SB0 " HEX_B "\nmark P SB0 20 b\nmark P SB0 40 d\n", &d));
    CU_ASSERT_PTR_NOT_NULL_FATAL(d.board);
    CU_ASSERT_EQUAL(d.after, 20);
    CU_ASSERT_EQUAL(d.at, 40);
}

static void test_only_the_end_differs(void)
{
    struct difference d;
    CU_ASSERT_TRUE(differ(HEAD HEX_A P "board P SB0 " HEX_A "\nmark P SB0 10 a\n",
                          HEAD HEX_B P "board P SB0 " HEX_B "\nmark P SB0 10 a\n", &d));
    CU_ASSERT_PTR_NOT_NULL_FATAL(d.board);
    CU_ASSERT_EQUAL(d.after, 10);
    CU_ASSERT_EQUAL(d.at, SIM_NEVER);
}

static void test_other_machines(void)
{
    struct difference d;
    CU_ASSERT_TRUE(
        differ(HEAD HEX_A P "board P SB0 " HEX_A "\n", HEAD HEX_A P "board P SB1 " HEX_A "\n", &d));
    CU_ASSERT_PTR_NULL(d.board);
    CU_ASSERT_PTR_NOT_NULL(d.what);
}

static void test_refused(void)
{
    static const char *const bad[] = {
        "",
        "numaplex-digest 2\n",
        HEAD HEX_A P,
        HEAD "0123" P "board P SB0 " HEX_A "\n",
        HEAD HEX_A P "board P SB0 xyz\n",
        HEAD HEX_A P "mark P SB0 1 a\n",
        HEAD HEX_A P "board P SB0 " HEX_A "\nmark P SB1 1 a\n",
        HEAD HEX_A P "board P SB0 " HEX_A "\nmark P SB0 2 a\nmark P SB0 1 a\n",
        HEAD HEX_A P "board P SB0 " HEX_A "\nsomething else\n",
        HEAD HEX_A P "board P SB0 " HEX_A,
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct digest_file file;
        struct err err = {0};
        CU_ASSERT_EQUAL(read_text(&file, "bad", bad[i], &err), ERR_BAD_VALUE);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "/bad"));
    }
}

static void test_folder_stands_for_its_digest(void)
{
    struct digest_file file;
    struct err err;
    write_file("digest", HEAD HEX_A P "board P SB0 " HEX_A "\n");
    CU_ASSERT_EQUAL_FATAL(digest_file_read(&file, folder, &err), ERR_OK);
    CU_ASSERT_STRING_EQUAL(file.run, HEX_A);
    CU_ASSERT_STRING_EQUAL(file.scenario, "s");
    CU_ASSERT_EQUAL(file.n_boards, 1);
    digest_file_free(&file);
    CU_ASSERT_EQUAL(digest_file_read(&file, "/nowhere", &err), ERR_FILE);
}

int main(void)
{
    test_folder_make(folder);
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("digest", NULL, NULL);
    CU_ADD_TEST(suite, test_equal);
    CU_ADD_TEST(suite, test_names_earliest_board);
    CU_ADD_TEST(suite, test_marks_of_different_steps);
    CU_ADD_TEST(suite, test_only_the_end_differs);
    CU_ADD_TEST(suite, test_other_machines);
    CU_ADD_TEST(suite, test_refused);
    CU_ADD_TEST(suite, test_folder_stands_for_its_digest);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    test_folder_remove(folder);
    return failures ? 1 : 0;
}
