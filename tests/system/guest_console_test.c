// SPDX-License-Identifier: Apache-2.0
// A guest on all CPUs of two boards prints: its console file is the same with one process and several, with
// threads, over each link, however grants are cut, and when the run is saved and continued; and it is shown.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"
#include "proto/base/err.h"
#include "tests/lib/process.h"

static char root[PATH_MAX_BYTES];
static const char *numaplex;

static const char *below(const char *name)
{
    static char paths[8][2 * PATH_MAX_BYTES];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", root, name);
    return path;
}

// Every CPU says hello, in the order in which they get the console's lock.
static void write_scenario(void)
{
    FILE *out = fopen(below("hello.yaml"), "w");
    NP_ASSERT(out);
    fputs("scenario: hello\nsystems:\n  - name: m\n    preset: teaching-board\n    boards: [A0, A1, B0]\n"
          "    partitions:\n"
          "      - {name: P, boards: [A0, A1], programs: [{on: all, load: guests/smp-hello.elf, arguments: "
          "cpus=4}]}\n"
          "      - {name: Q, boards: [B0], programs: [{on: all, load: guests/hello.elf}]}\n",
          out);
    bool closed = fclose(out) == 0;
    NP_ASSERT(closed);
}

static char *run(const char *const *argv)
{
    struct test_process p = process_run_list(numaplex, argv);
    CU_ASSERT_EQUAL(p.status, 0);
    if (p.status)
        printf("\n  status %d\n%s%s", p.status, p.out, p.err);
    char *out = p.out;
    p.out = NULL;
    process_free(&p);
    return out;
}

#define RUN(out, ...)                                                                                        \
    run((const char *const[]){numaplex, "run", below("hello.yaml"), "--quiet", "--out", below(out),          \
                              __VA_ARGS__, NULL})

static void expect_same(const char *one, const char *other, const char *name)
{
    char *a = file_content(below(one), name), *b = file_content(below(other), name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(a);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    CU_ASSERT_STRING_EQUAL(a, b);
    free(a);
    free(b);
}

static void test_the_same_in_every_way(void)
{
    free(RUN("one", "--nodes", "1"));
    char *console = file_content(below("one"), "console-P.txt");
    CU_ASSERT_PTR_NOT_NULL_FATAL(console);
    CU_ASSERT(strlen(console) > 40);
    free(console);
    free(RUN("four", "--chop", "5"));
    free(RUN("threads", "--threads", "3", "--chop", "9"));
    free(RUN("tcp", "--link", "tcp"));
    free(RUN("unix", "--link", "unix", "--no-bounds"));
    static const char *const others[] = {"four", "threads", "tcp", "unix"};
    for (size_t i = 0; i < NP_ARRAY_LEN(others); i++) {
        expect_same("one", others[i], "console-P.txt");
        expect_same("one", others[i], "console-Q.txt");
        expect_same("one", others[i], "digest");
    }
}

static void test_saved(void)
{
    static const char *const grants[] = {"grant:30", "grant:200"};
    for (size_t i = 0; i < NP_ARRAY_LEN(grants); i++) {
        free(RUN("saved", "--force", "--save-at", grants[i]));
        free(run((const char *const[]){numaplex, "run", "--continue",
                                       i ? below("saved/saved-2") : below("saved/saved"), "--quiet",
                                       "--force", "--out", below("continued"), NULL}));
        expect_same("one", "continued", "console-P.txt");
        expect_same("one", "continued", "digest");
    }
}

static void test_shown(void)
{
    char *console = file_content(below("one"), "console-P.txt");
    char *one = RUN("shown", "--console", "P"), *all = RUN("shown-all", "--console", "all");
    char *later = run((const char *const[]){numaplex, "console", below("one"), "P", NULL});
    CU_ASSERT_STRING_EQUAL(one, console);
    CU_ASSERT_STRING_EQUAL(later, console);
    CU_ASSERT_PTR_NOT_NULL(strstr(all, "P| "));
    CU_ASSERT_PTR_NOT_NULL(strstr(all, "Q| "));
    free(one);
    free(all);
    free(later);
    free(console);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("console", NULL, NULL);
    CU_add_test(suite, "the same in every way", test_the_same_in_every_way);
    CU_add_test(suite, "saved", test_saved);
    CU_add_test(suite, "shown", test_shown);
    numaplex = test_program("numaplex");
    test_folder_make(root);
    write_scenario();
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    test_folder_remove(root);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
