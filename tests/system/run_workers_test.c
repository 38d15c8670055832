// SPDX-License-Identifier: Apache-2.0
// The coordinator with workers that are none: a copy of it looks for its workers beside itself, and finds
// what a test put there.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/base/err.h"
#include "tests/lib/process.h"

static char root[PATH_MAX_BYTES];
static const char *coordinator;

static const char *below(const char *name)
{
    static char paths[4][2 * PATH_MAX_BYTES];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", root, name);
    return path;
}

static void write_program(const char *name, const char *text)
{
    FILE *file = fopen(below(name), "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fprintf(file, "#!/bin/sh\n%s\n", text);
    fclose(file);
    CU_ASSERT_EQUAL(chmod(below(name), 0755), 0);
}

// Runs two-boards with a node of its own making, and expects one error and no results.
// What is to be silent is given up after a second; what is not must not be taken for it on a busy host.
static void expect(const char *node, const char *out, int status, const char *code, const char *said)
{
    write_program("numaplex-fabric", "exec sleep 1000");
    write_program("numaplex-node", node);
    struct test_process p = process_run(coordinator, "run", "two-boards", "--silence",
                                        strcmp(code, "NP0603") ? "120" : "1", "--out", below(out));
    CU_ASSERT_FALSE(p.timed_out);
    CU_ASSERT_EQUAL(p.status, status);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, code));
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, said));
    if (p.status != status || !strstr(p.err, said))
        printf("\n  %s: status %d\n%s", out, p.status, p.err);
    CU_ASSERT_FALSE(file_exists(below(out), "results.json"));
    CU_ASSERT_TRUE(file_exists(below(out), "failed.txt"));
    process_free(&p);
}

static void test_dies_at_once(void)
{
    expect("echo 'cannot find my marbles' >&2; exit 9", "dies", EXIT_CLASS_RUN, "NP0601",
           "| cannot find my marbles");
    expect("kill -SEGV $$", "crashes", EXIT_CLASS_RUN, "NP0601", "signal 11");
    expect("exit 0", "leaves", EXIT_CLASS_RUN, "NP0601", "ended with status 0");
}

static void test_says_much(void)
{
    expect("yes 'words without end' | head -c 3000000 >&2; exit 9", "talks", EXIT_CLASS_RUN, "NP0601",
           "| words without end");
}

static void test_never_speaks(void)
{
    expect("exec sleep 1000", "mute", EXIT_CLASS_RUN, "NP0603", "has said nothing for 1 s");
}

// Neither EXIT nor SIGTERM move it: SIGKILL does.
static void test_does_not_leave(void)
{
    expect("trap '' TERM; exec sleep 1000", "stubborn", EXIT_CLASS_RUN, "NP0603", "has said nothing for 1 s");
    char *log = file_content(below("stubborn"), "log");
    CU_ASSERT_PTR_NOT_NULL_FATAL(log);
    CU_ASSERT_PTR_NOT_NULL(strstr(log, "killed by signal 9"));
    free(log);
}

static void test_cannot_be_started(void)
{
    write_program("numaplex-node", "exit 0");
    CU_ASSERT_EQUAL(chmod(below("numaplex-node"), 0644), 0);
    struct test_process p = process_run(coordinator, "run", "two-boards", "--out", below("absent"));
    CU_ASSERT_EQUAL(p.status, EXIT_CLASS_HOST);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, "NP0504"));
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, "numaplex-node"));
    process_free(&p);
}

int main(void)
{
    test_folder_make(root);
    coordinator = below("numaplex-coordinator");
    struct test_process p = process_run("/bin/cp", test_program("numaplex-coordinator"), coordinator);
    process_free(&p);
    static char copy[2 * PATH_MAX_BYTES];
    snprintf(copy, sizeof copy, "%s", coordinator);
    coordinator = copy;
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("run with other workers", NULL, NULL);
    CU_ADD_TEST(suite, test_dies_at_once);
    CU_ADD_TEST(suite, test_says_much);
    CU_ADD_TEST(suite, test_never_speaks);
    CU_ADD_TEST(suite, test_does_not_leave);
    CU_ADD_TEST(suite, test_cannot_be_started);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    test_folder_remove(root);
    return failures ? 1 : 0;
}
