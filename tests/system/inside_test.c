// SPDX-License-Identifier: Apache-2.0
// `numaplex run --watch-line --timeline` with real processes: what is left in the run folder, the same digest
// as without, refusals, and a run that is interrupted.
#include <CUnit/Basic.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/err.h"
#include "tests/lib/process.h"
#include "tests/lib/timeline_check.h"

static char root[PATH_MAX_BYTES], sockets[PATH_MAX_BYTES];
static const char *numaplex;

static const char *below(const char *name)
{
    static char paths[4][2 * PATH_MAX_BYTES];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", root, name);
    return path;
}

#define RUN(...) run_list((const char *const[]){numaplex, "run", __VA_ARGS__, NULL})

static void run_list(const char *const *argv)
{
    struct test_process p = process_run_list(numaplex, argv);
    CU_ASSERT_EQUAL(p.status, 0);
    if (p.status != 0)
        printf("\n  status %d\n%s%s", p.status, p.out, p.err);
    process_free(&p);
}

static json_t *results(const char *out)
{
    char path[2 * PATH_MAX_BYTES];
    json_error_t why;
    snprintf(path, sizeof path, "%s/results.json", below(out));
    return json_load_file(path, 0, &why);
}

static bool same_file(const char *one, const char *other, const char *name)
{
    char *a = file_content(below(one), name), *b = file_content(below(other), name);
    bool same = a && b && strcmp(a, b) == 0;
    free(a);
    free(b);
    return same;
}

// Placement and link change neither what is recorded nor the digest, and neither does recording.
static void test_the_same_with_any_processes(void)
{
    RUN("two-boards", "--quiet", "--out", below("plain"));
    RUN("two-boards", "--quiet", "--out", below("one"), "--nodes", "1", "--watch-line", "0x0", "--watch-line",
        "SMP1:0x10040", "--timeline");
    RUN("two-boards", "--quiet", "--out", below("two"), "--link", "unix", "--chop", "5", "--watch-line",
        "0x0", "--watch-line", "0x10040", "--timeline", "10us..20us");
    CU_ASSERT_TRUE(same_file("plain", "one", "digest"));
    CU_ASSERT_TRUE(same_file("plain", "two", "digest"));
    CU_ASSERT_TRUE(same_file("one", "two", "watch-0x0.txt"));
    CU_ASSERT_TRUE(same_file("one", "two", "watch-0x10040.txt"));
    json_t *plain = results("plain"), *one = results("one"), *two = results("two");
    CU_ASSERT_PTR_NULL(json_object_get(plain, "watch"));
    CU_ASSERT_TRUE(json_equal(json_object_get(one, "watch"), json_object_get(two, "watch")));
    CU_ASSERT_TRUE(json_equal(json_object_get(one, "partitions"), json_object_get(plain, "partitions")));
    CU_ASSERT_EQUAL(json_array_size(json_object_get(one, "watch")), 2);
    json_decref(plain);
    json_decref(one);
    json_decref(two);
}

static void test_timeline(void)
{
    struct timeline_counts counts;
    char path[2 * PATH_MAX_BYTES];
    static const struct {
        const char *out;
        unsigned processes, slices;
    } runs[] = {{"one", 3, 4000}, {"two", 4, 200}};
    for (unsigned i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/timeline.json", below(runs[i].out));
        json_t *json = timeline_check(path, &counts);
        CU_ASSERT_PTR_NOT_NULL(json);
        CU_ASSERT_EQUAL(counts.processes, runs[i].processes); // boards, and nodes with their grants
        CU_ASSERT(counts.slices > runs[i].slices && counts.grants > 10 && counts.counters > 100);
        json_decref(json);
    }
    CU_ASSERT_FALSE(file_exists(below("plain"), "timeline.json"));
}

static void expect_refused(const char *option, const char *value, const char *says)
{
    struct test_process p =
        process_run(numaplex, "run", "two-boards", "--out", below("refused"), option, value);
    CU_ASSERT_EQUAL(p.status, EXIT_CLASS_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, "NP0201"));
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, says));
    CU_ASSERT_FALSE(file_exists(root, "refused"));
    process_free(&p);
}

static void test_refusals(void)
{
    expect_refused("--watch-line", "0x44", "it is in line 0x40");
    expect_refused("--watch-line", "1TiB", "no memory there");
    expect_refused("--watch-line", "Q:0", "no partition 'Q'");
    expect_refused("--timeline", "3us..2us", "ends where it begins");
    struct test_process p =
        process_run(numaplex, "run", "two-boards", "--watch-line", "0", "--watch-line", "0x40",
                    "--watch-line", "0x80", "--watch-line", "0xc0", "--watch-line", "0x100");
    CU_ASSERT_EQUAL(p.status, EXIT_CLASS_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, "four lines are the most"));
    process_free(&p);
}

// A long run fills what boards keep; interrupted, it has all files, and says what they leave out.
static void test_interrupted(void)
{
    struct test_process p =
        process_start_test(numaplex,
                           (const char *const[]){numaplex, "run", "two-boards", "--until", "1000s", "--out",
                                                 below("long"), "--watch-line", "0", "--timeline", NULL},
                           NULL);
    bool ready = false;
    for (unsigned ms = 0; ms < 120000 && !ready; ms += 20) {
        char *text = file_content(below("long"), "log");
        ready = text && strstr(text, "all processes are ready");
        free(text);
        test_sleep_ms(20);
    }
    CU_ASSERT_TRUE(ready);
    test_sleep_ms(500);
    kill(p.pid, SIGINT);
    process_wait(&p, HANG_S);
    CU_ASSERT_EQUAL(p.status, EXIT_CLASS_INTERRUPTED);
    struct timeline_counts counts;
    char path[2 * PATH_MAX_BYTES];
    snprintf(path, sizeof path, "%s/timeline.json", below("long"));
    json_t *json = timeline_check(path, &counts), *partial = results("long");
    CU_ASSERT_PTR_NOT_NULL(json);
    CU_ASSERT(counts.slices > 0);
    CU_ASSERT(
        json_array_size(json_object_get(json_array_get(json_object_get(partial, "watch"), 0), "events")) > 0);
    CU_ASSERT_TRUE(file_exists(below("long"), "watch-0x0.txt"));
    json_decref(json);
    json_decref(partial);
    process_free(&p);
}

int main(void)
{
    test_folder_make(root);
    test_folder_make(sockets);
    setenv("XDG_RUNTIME_DIR", sockets, 1);
    numaplex = test_program("numaplex");
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("looking inside", NULL, NULL);
    CU_add_test(suite, "the same with any processes", test_the_same_with_any_processes);
    CU_add_test(suite, "timeline", test_timeline);
    CU_add_test(suite, "refusals", test_refusals);
    CU_add_test(suite, "interrupted", test_interrupted);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    test_folder_remove(root);
    test_folder_remove(sockets);
    return failed != 0;
}
