// SPDX-License-Identifier: Apache-2.0
// Same answer everywhere, with real processes: one, two, one per board; in memory, ipc, tcp; one and two
// threads; time cut at random; a link that loses, doubles, delays, reorders and damages; everything on one
// core; saved in one process and continued in several. The `digest` files must be equal byte for byte:
// partitions, boards and trails; of guests also the consoles and all of results.json that is not about the
// host. That every scenario transfers dirty lines, evicts, upgrades and ties is asserted in
// tests/sim/digest_test.c.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"
#include "tests/lib/process.h"

static const char *const scenarios[] = {
    "contiguous-mesi",        "fault-msi",  "handover-msi",  "interleave-line-mesi", "interleave-page-msi",
    "linked-partitions-mesi", "mixed-mesi", "split-l1-mesi", "threads-mesi",         "three-partitions-mesi"};

static bool all; // every scenario in every way; otherwise each in three of them, in turn

enum { ARGUMENTS_MAX = 16, RUN_S = 60, TEXT_SIZE = 4 * PATH_MAX_BYTES };

static char folder[PATH_MAX_BYTES];

// Runs `numaplex run` with options that are separated by blanks; returns the content of its digest file, or
// NULL when the run ended in another way than a run should.
static char *run(const char *options, const char *out)
{
    char words[TEXT_SIZE], path[TEXT_SIZE];
    const char *argv[ARGUMENTS_MAX] = {test_program("numaplex"), "run", "--quiet", "--out"};
    unsigned n = 4;
    snprintf(path, sizeof path, "%s/%s", folder, out);
    argv[n++] = path;
    snprintf(words, sizeof words, "%s", options);
    for (char *rest = words, *word; (word = strtok_r(rest, " ", &rest)) && n + 1 < ARGUMENTS_MAX;)
        argv[n++] = word;
    struct test_process process = process_start_test(argv[0], argv, NULL);
    process_wait(&process, RUN_S);
    if (process.status != 0)
        fprintf(stderr, "numaplex run %s: status %d\n%s\n", options, process.status, process.err);
    char *digest = process.status == 0 ? file_content(path, "digest") : NULL;
    process_free(&process);
    return digest;
}

static char *run_and_forget(const char *options)
{
    char *digest = run(options, "run");
    char path[TEXT_SIZE];
    snprintf(path, sizeof path, "%s/run", folder);
    test_folder_remove(path);
    return digest;
}

static void expect_digest(const char *expected, const char *scenario, const char *how)
{
    char options[TEXT_SIZE];
    snprintf(options, sizeof options, "%s %s", scenario, how);
    char *digest = run_and_forget(options);
    CU_ASSERT_PTR_NOT_NULL(digest);
    if (digest)
        CU_ASSERT_STRING_EQUAL(digest, expected);
    free(digest);
}

// Saved by one process in the middle, continued by others.
static void expect_digest_continued(const char *expected, const char *scenario, unsigned grant)
{
    char options[TEXT_SIZE], saved[TEXT_SIZE];
    snprintf(options, sizeof options, "%s --nodes 1 --save-at grant:%u", scenario, grant);
    snprintf(saved, sizeof saved, "%s/saving", folder);
    free(run(options, "saving"));
    snprintf(options, sizeof options, "--continue %.*s/saved", (int)PATH_MAX_BYTES, saved);
    char *digest = run_and_forget(options);
    CU_ASSERT_PTR_NOT_NULL(digest);
    if (digest)
        CU_ASSERT_STRING_EQUAL(digest, expected);
    free(digest);
    test_folder_remove(saved);
}

static void expect_digest_always(const char *expected, const char *scenario, unsigned turn)
{
    static const char *const ways[] = {
        "--nodes 1",          "--nodes 1 --threads 2", "--nodes 2 --chop 11",
        "--link tcp",         "--link unix",           "--link unix --host-faults 0.05",
        "--host-faults 0.05", "--pin --chop 5",        "--nodes 1 --reference"};
    for (unsigned i = 0; i < NP_ARRAY_LEN(ways); i++)
        if (all || i % 3 == turn % 3)
            expect_digest(expected, scenario, ways[i]);
}

static void check_scenario(const char *where, const char *name, unsigned turn)
{
    char path[PATH_MAX_BYTES];
    const char *source = getenv("NUMAPLEX_SOURCE");
    snprintf(path, sizeof path, "%s/tests/%s/scenarios/%s.yaml", source ? source : ".", where, name);
    char *expected = run_and_forget(path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(expected);
    CU_ASSERT_PTR_NOT_NULL(strstr(expected, "mark ")); // the trail is there to be compared
    expect_digest_always(expected, path, turn);
    expect_digest_continued(expected, path, 37 + (unsigned)strlen(name) * 5);
    free(expected);
}

static void test_scenarios(void)
{
    for (unsigned i = 0; i < NP_ARRAY_LEN(scenarios); i++)
        check_scenario("sim", scenarios[i], i);
}

#ifdef NP_GUESTS
static void test_guests(void)
{
    check_scenario("system", "guests-moesi", 1);
}

// Results but for the host's part, with keys in the order of the file.
static char *results_of(const char *out)
{
    char path[TEXT_SIZE];
    json_error_t error;
    snprintf(path, sizeof path, "%s/%s/results.json", folder, out);
    json_t *results = json_load_file(path, 0, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(results);
    CU_ASSERT_EQUAL(json_object_del(results, "host"), 0);
    char *text = json_dumps(results, JSON_INDENT(1));
    json_decref(results);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    return text;
}

static void expect_file(const char *name)
{
    char path[TEXT_SIZE];
    snprintf(path, sizeof path, "%s/one", folder);
    char *one = file_content(path, name);
    snprintf(path, sizeof path, "%s/many", folder);
    char *many = file_content(path, name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(one);
    CU_ASSERT_PTR_NOT_NULL_FATAL(many);
    CU_ASSERT_STRING_EQUAL(one, many);
    free(one);
    free(many);
}

// Whatever one process writes, one per board write too.
static void test_guests_results(void)
{
    char path[TEXT_SIZE];
    const char *source = getenv("NUMAPLEX_SOURCE");
    snprintf(path, sizeof path, "%s/tests/system/scenarios/guests-moesi.yaml", source ? source : ".");
    size_t n = strlen(path);
    snprintf(path + n, sizeof path - n, " --nodes 1 --threads 2 --chop 3");
    free(run(path, "one"));
    snprintf(path + n, sizeof path - n, " --link tcp --chop 3");
    free(run(path, "many"));
    char *one = results_of("one"), *many = results_of("many");
    CU_ASSERT_PTR_NOT_NULL(strstr(one, "\"instructions\""));
    CU_ASSERT_STRING_EQUAL(one, many);
    expect_file("console-P.txt");
    expect_file("console-Q.txt");
    free(one);
    free(many);
}
#endif

// The comparison can fail: another seed is another run.
static void test_other_seed_differs(void)
{
    char path[PATH_MAX_BYTES];
    const char *source = getenv("NUMAPLEX_SOURCE");
    snprintf(path, sizeof path, "%s/tests/sim/scenarios/mixed-mesi.yaml --seed 1", source ? source : ".");
    char *one = run_and_forget(path);
    path[strlen(path) - 1] = '2';
    char *two = run_and_forget(path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(one);
    CU_ASSERT_PTR_NOT_NULL_FATAL(two);
    CU_ASSERT_STRING_NOT_EQUAL(one, two);
    free(one);
    free(two);
}

static int start(void)
{
    test_folder_make(folder);
    return 0;
}

static int end(void)
{
    test_folder_remove(folder);
    return 0;
}

int main(int argc, char **argv)
{
    all = argc == 2 && strcmp(argv[1], "all") == 0;
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("digest of processes", start, end);
    CU_add_test(suite, "same digest for every placement, link, cut and fault", test_scenarios);
#ifdef NP_GUESTS
    CU_add_test(suite, "the same for guests", test_guests);
    CU_add_test(suite, "the same results of guests", test_guests_results);
#else
    puts("left out: guests, for want of s390x-linux-gnu-gcc");
#endif
    CU_add_test(suite, "another seed gives another digest", test_other_seed_differs);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
