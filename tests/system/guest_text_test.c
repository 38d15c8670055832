// SPDX-License-Identifier: Apache-2.0
// What guests write, in real processes: the same files for every placement, link and cut of time; the limit;
// saved and continued; what is refused; `numaplex console`.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"
#include "proto/base/err.h"
#include "tests/lib/process.h"
#include "tests/lib/tiny_guest.h"

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

#define RUN(out, ...)                                                                                        \
    expect_run((const char *const[]){numaplex, "run", below("guest.yaml"), "--quiet", "--out", below(out),   \
                                     __VA_ARGS__, NULL})

static void expect_run(const char *const *argv)
{
    struct test_process p = process_run_list(numaplex, argv);
    CU_ASSERT_EQUAL(p.status, 0);
    CU_ASSERT_STRING_EQUAL(p.out, "");
    if (p.status)
        printf("\n  status %d\n%s%s", p.status, p.out, p.err);
    process_free(&p);
}

static void expect_same(const char *one, const char *other, const char *name)
{
    char *a = file_content(below(one), name), *b = file_content(below(other), name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(a);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    CU_ASSERT_STRING_EQUAL(a, b);
    free(a);
    free(b);
}

static unsigned lines_of(const char *run, const char *name)
{
    char *text = file_content(below(run), name);
    unsigned lines = 0;
    for (const char *at = text; at && *at; at++)
        lines += *at == '\n';
    free(text);
    return lines;
}

static void test_the_same_in_every_way(void)
{
    RUN("plain", "--nodes", "1");
    RUN("one", "--nodes", "1", "--trace-insn", "P");
    RUN("ipc", "--trace-insn", "P:0", "--chop", "5");
    RUN("tcp", "--trace-insn", "P", "--link", "tcp", "--host-faults", "0.1");
    RUN("unix", "--trace-insn", "P", "--link", "unix", "--no-bounds");
    RUN("threads", "--trace-insn", "P", "--threads", "3", "--chop", "9");
    static const char *const others[] = {"ipc", "tcp", "unix", "threads"};
    CU_ASSERT_EQUAL(lines_of("one", "trace-P.txt"), TINY_GUEST_INSTRUCTIONS);
    for (size_t i = 0; i < NP_ARRAY_LEN(others); i++) {
        expect_same("one", others[i], "trace-P.txt");
        expect_same("plain", others[i], "console-P.txt");
        expect_same("plain", others[i], "digest");
    }
    CU_ASSERT_FALSE(file_exists(below("plain"), "trace-P.txt"));
    CU_ASSERT_FALSE(file_exists(below("one"), "trace-Q.txt"));
    CU_ASSERT_FALSE(file_exists(below("one"), "console-Q.txt"));
}

// An instruction that begins before the end of the run and is complete at it is there too.
static void test_end(void)
{
    char until[32], *whole = file_content(below("one"), "trace-P.txt"), *line = whole;
    CU_ASSERT_PTR_NOT_NULL_FATAL(whole);
    for (unsigned i = 0; i < TINY_GUEST_INSTRUCTIONS / 2; i++)
        line = strchr(line, '\n') + 1;
    snprintf(until, sizeof until, "%llups", strtoull(line, NULL, 10));
    RUN("short", "--nodes", "1", "--trace-insn", "P", "--until", until);
    RUN("short-too", "--trace-insn", "P", "--until", until);
    expect_same("short", "short-too", "trace-P.txt");
    CU_ASSERT_EQUAL(lines_of("short", "trace-P.txt"), TINY_GUEST_INSTRUCTIONS / 2 + 1);
    free(whole);
}

// The first bytes of the whole, and a note: whoever sent what when.
static void test_limit(void)
{
    RUN("cut", "--nodes", "1", "--trace-insn", "P", "--text-limit", "5000B");
    RUN("cut-too", "--trace-insn", "P", "--text-limit", "5000B", "--no-bounds");
    expect_same("cut", "cut-too", "trace-P.txt");
    char *whole = file_content(below("one"), "trace-P.txt"), *cut = file_content(below("cut"), "trace-P.txt");
    CU_ASSERT_PTR_NOT_NULL_FATAL(cut);
    CU_ASSERT_EQUAL(strncmp(whole, cut, 5000), 0);
    CU_ASSERT_STRING_EQUAL(cut + 5000,
                           "\n[numaplex: the text is cut here, after 5000 bytes; --text-limit keeps more]\n");
    free(whole);
    free(cut);
}

static void test_saved(void)
{
    RUN("saved", "--trace-insn", "P", "--save-at", "20us");
    expect_run((const char *const[]){numaplex, "run", "--continue", below("saved/saved"), "--quiet", "--out",
                                     below("continued"), "--nodes", "1", "--trace-insn", "P", NULL});
    expect_same("plain", "continued", "digest");
    expect_same("plain", "continued", "console-P.txt");
    char *first = file_content(below("saved"), "trace-P.txt"),
         *rest = file_content(below("continued"), "trace-P.txt");
    char *whole = file_content(below("one"), "trace-P.txt");
    CU_ASSERT_FATAL(first && rest && whole && *first && *rest);
    CU_ASSERT_EQUAL(strncmp(whole, first, strlen(first)), 0);
    CU_ASSERT_STRING_EQUAL(whole + strlen(first), rest);
    free(first);
    free(rest);
    free(whole);
}

static void expect_refused(const char *option, const char *value, const char *third, const char *says)
{
    struct test_process p =
        process_run_list(numaplex, (const char *const[]){numaplex, "run", below("guest.yaml"), "--out",
                                                         below("refused"), option, value, third, NULL});
    CU_ASSERT_EQUAL(p.status, EXIT_CLASS_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, "NP0201"));
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, says));
    CU_ASSERT_FALSE(file_exists(root, "refused"));
    process_free(&p);
}

static void test_refused(void)
{
    expect_refused("--console", "p", NULL, "there is no partition 'p'; did you mean P? there are: P, Q");
    expect_refused("--console", "Q", NULL, "partition Q runs no guest");
    expect_refused("--console", "P", "--json", "--console with --json");
    expect_refused("--trace-insn", "P:99", NULL, "CPU addresses 0 to");
    expect_refused("--trace-insn", "Q", NULL, "runs no guest");
    expect_refused("--text-limit", "0", NULL, "must lie above 0");
}

static void expect_shown(int status, const char *says, const char *const *argv)
{
    struct test_process p = process_run_list(numaplex, argv);
    CU_ASSERT_EQUAL(p.status, status);
    CU_ASSERT_PTR_NOT_NULL(strstr(status ? p.err : p.out, says));
    process_free(&p);
}

#define CONSOLE(status, says, ...)                                                                           \
    expect_shown(status, says, (const char *const[]){numaplex, "console", __VA_ARGS__, NULL})

static void test_verb(void)
{
    CONSOLE(0, "larl    %r4,0x10050", "--trace", below("one"));
    CONSOLE(0, "larl    %r4,0x10050", "--trace", "--follow", below("one"), "P");
    CONSOLE(0, "", below("one"));
    CONSOLE(EXIT_CLASS_USAGE, "partition Q has no console here; did you mean P?", below("one"), "Q");
    CONSOLE(EXIT_CLASS_HOST, "no instructions were traced", "--trace", below("plain"));
    CONSOLE(EXIT_CLASS_HOST, "is no run folder", below("nothing"));
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("text of guests", NULL, NULL);
    CU_add_test(suite, "the same in every way", test_the_same_in_every_way);
    CU_add_test(suite, "end", test_end);
    CU_add_test(suite, "limit", test_limit);
    CU_add_test(suite, "saved", test_saved);
    CU_add_test(suite, "refused", test_refused);
    CU_add_test(suite, "verb", test_verb);
    numaplex = test_program("numaplex");
    test_folder_make(root);
    tiny_guest_write(root);
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    test_folder_remove(root);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
