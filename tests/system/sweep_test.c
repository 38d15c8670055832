// SPDX-License-Identifier: Apache-2.0
// `numaplex sweep` and `numaplex law` with real processes: all points, an impossible corner, a run that
// fails, interrupted and gone on with, killed, and campaigns.
#include <CUnit/Basic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/assert.h"
#include "proto/base/err.h"
#include "tests/lib/process.h"

static char root[PATH_MAX_BYTES], file[2 * PATH_MAX_BYTES];
static const char *numaplex;

static const char text[] = "scenario: small\n"
                           "parameters: {cpus: 2, critical: 4, until: 30us}\n"
                           "until: $until\n"
                           "systems:\n"
                           "  - name: m\n"
                           "    preset: teaching-board\n"
                           "    boards: 2\n"
                           "    partitions:\n"
                           "      - name: P\n"
                           "        boards: all\n"
                           "        programs:\n"
                           "          - {on: {spread: $cpus}, generator: kernel, region: {size: 4KiB},\n"
                           "             critical: $critical, parallel: 300}\n";

static void write_file(const char *name, const char *content)
{
    char path[2 * PATH_MAX_BYTES];
    snprintf(path, sizeof path, "%s/%s", root, name);
    FILE *out = fopen(path, "w");
    NP_ASSERT(out);
    NP_ASSERT(fputs(content, out) >= 0);
    int closed = fclose(out);
    NP_ASSERT(closed == 0);
}

static const char *below(const char *name)
{
    static char paths[4][2 * PATH_MAX_BYTES];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", root, name);
    return path;
}

// Lines of a CSV that hold a word.
static unsigned rows_with(const char *folder, const char *name, const char *word)
{
    unsigned n = 0;
    char *csv = file_content(below(folder), name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(csv);
    for (char *line = csv, *end; *line; line = end) {
        end = line + strcspn(line, "\n");
        end += *end == '\n' ? (*end = '\0', 1) : 0;
        n += strstr(line, word) != NULL;
    }
    free(csv);
    return n;
}

#define SWEEP(...) process_run(numaplex, "sweep", __VA_ARGS__)

static void test_points(void)
{
    struct test_process p =
        SWEEP(file, "--over", "cpus=1..5", "--over", "critical=4,8", "--seeds", "2", "--out", below("all"));
    CU_ASSERT_EQUAL(p.status, 0);
    CU_ASSERT_STRING_EQUAL(p.err, ""); // no progress where there is no terminal
    CU_ASSERT_PTR_NOT_NULL(strstr(p.out, "20 runs: 16 done now, 0 done before, 4 impossible, 0 failed"));
    CU_ASSERT_PTR_NOT_NULL(strstr(p.out, "impossible: cpus=5 critical=4: "));
    CU_ASSERT_PTR_NOT_NULL(strstr(p.out, "partition P has only 4 CPUs"));
    CU_ASSERT_PTR_NOT_NULL(strstr(p.out, "sigma"));
    process_free(&p);
    CU_ASSERT_EQUAL(rows_with("all", "small.csv", ",done,P,"), 16);
    CU_ASSERT_EQUAL(rows_with("all", "small.csv", ",impossible,"), 4);
    CU_ASSERT_TRUE(file_exists(below("all"), "small.html"));
    // The same again runs nothing; one value more runs only that.
    p = SWEEP(file, "--over", "cpus=1..5", "--over", "critical=4,8,12", "--seeds", "2", "--out",
              below("all"));
    CU_ASSERT_PTR_NOT_NULL(strstr(p.out, "30 runs: 8 done now, 16 done before, 6 impossible, 0 failed"));
    process_free(&p);
}

// A point of a sweep is the run that its parameters describe.
static void test_same_as_run(void)
{
    struct test_process p = process_run(numaplex, "run", file, "--set", "cpus=3", "--nodes", "1", "--quiet",
                                        "--out", below("run"));
    CU_ASSERT_EQUAL(p.status, 0);
    process_free(&p);
    p = SWEEP(file, "--over", "cpus=3", "--out", below("one"), "--quiet");
    CU_ASSERT_EQUAL(p.status, 0);
    CU_ASSERT_STRING_EQUAL(p.out, "");
    process_free(&p);
    char *digest = file_content(below("run"), "digest"), *csv = file_content(below("one"), "small.csv");
    CU_ASSERT_PTR_NOT_NULL_FATAL(digest);
    CU_ASSERT_PTR_NOT_NULL_FATAL(csv);
    const char *run = strstr(digest, "\nrun ");
    CU_ASSERT_PTR_NOT_NULL_FATAL(run);
    char word[33];
    snprintf(word, sizeof word, "%.32s", run + 5);
    CU_ASSERT_PTR_NOT_NULL(strstr(csv, word));
    free(digest);
    free(csv);
}

static void test_comparison(void)
{
    struct test_process p =
        SWEEP(file, "--over", "critical=8,12", "--against", "critical=4", "--out", below("versus"));
    CU_ASSERT_EQUAL(p.status, 0);
    process_free(&p);
    CU_ASSERT_EQUAL(rows_with("versus", "small.csv", "error_work_per_s"), 1);
    CU_ASSERT_EQUAL(rows_with("versus", "small.csv", ",done,"), 3); // the point of comparison is added
    CU_ASSERT_EQUAL(rows_with("versus", "small.csv", ",0,0,0,0,"), 1);
}

static struct test_process start_long(const char *folder)
{
    const char *const argv[] = {numaplex, "sweep", file,    "--over", "until=20us,1000s",
                                "--jobs", "1",     "--out", folder,   NULL};
    return process_start_test(numaplex, argv, NULL);
}

static void await_first(const char *folder)
{
    char csv[2 * PATH_MAX_BYTES + 32];
    snprintf(csv, sizeof csv, "cat %s/points/*/results.json >/dev/null 2>&1", folder);
    for (unsigned i = 0; i < 12000; i++) {
        if (system(csv) == 0)
            return;
        test_sleep_ms(10);
    }
    CU_FAIL("the first point is not done after two minutes");
}

static void test_interrupted(void)
{
    const char *folder = below("stop");
    struct test_process p = start_long(folder);
    pid_t children[8];
    await_first(folder);
    while (process_children(p.pid, children, 8) == 0)
        test_sleep_ms(5);
    kill(p.pid, SIGINT);
    process_wait(&p, HANG_S);
    CU_ASSERT_EQUAL(p.status, EXIT_CLASS_INTERRUPTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, "interrupted after 1 of 2 runs; the same command goes on"));
    CU_ASSERT_FALSE(process_alive(children[0]));
    process_free(&p);
    CU_ASSERT_EQUAL(rows_with("stop", "small.csv", ",done,"), 1);
    CU_ASSERT_EQUAL(rows_with("stop", "small.csv", ",pending,"), 1);
    p = SWEEP(file, "--over", "until=20us,40us", "--out", folder);
    CU_ASSERT_EQUAL(p.status, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.out, "1 done now, 1 done before"));
    process_free(&p);
}

// Killed without a chance to say anything: children die with it, and what is done stays.
static void test_killed(void)
{
    const char *folder = below("kill");
    struct test_process p = start_long(folder);
    pid_t children[8];
    await_first(folder);
    while (process_children(p.pid, children, 8) == 0)
        test_sleep_ms(5);
    kill(p.pid, SIGKILL);
    process_wait(&p, HANG_S);
    for (unsigned i = 0; i < 6000 && process_alive(children[0]); i++)
        test_sleep_ms(10);
    CU_ASSERT_FALSE(process_alive(children[0]));
    process_free(&p);
    p = SWEEP(file, "--over", "until=20us,40us", "--out", folder);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.out, "1 done now, 1 done before"));
    process_free(&p);
}

// Two generators that count on their own values in one region: a check fails, and with it the run.
static void test_failed(void)
{
    write_file("bad.yaml", "scenario: bad\n"
                           "parameters: {base: 1MiB}\n"
                           "until: 30us\n"
                           "systems:\n"
                           "  - name: m\n"
                           "    preset: teaching-board\n"
                           "    boards: 1\n"
                           "    partitions:\n"
                           "      - name: P\n"
                           "        boards: all\n"
                           "        programs:\n"
                           "          - {on: B0/0, generator: lock, region: {size: 1KiB}}\n"
                           "          - {on: B0/1, generator: random, region: {base: $base, size: 1KiB}}\n");
    struct test_process p = SWEEP(below("bad.yaml"), "--over", "base=0,1MiB", "--out", below("fail"));
    CU_ASSERT_EQUAL(p.status, EXIT_CLASS_RUN);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, "NP0605"));
    CU_ASSERT_PTR_NOT_NULL(strstr(p.out, "failed: base=0: "));
    CU_ASSERT_PTR_NOT_NULL(strstr(p.out, "NP0701"));
    process_free(&p);
    CU_ASSERT_EQUAL(rows_with("fail", "bad.csv", ",failed,"), 1);
    CU_ASSERT_EQUAL(rows_with("fail", "bad.csv", ",done,"), 1); // the rest is not stopped
}

static void test_usage(void)
{
    static const struct {
        const char *argument, *value, *says;
    } rows[] = {
        {"--over", "cpu=1..3", "did you mean cpus?"},
        {"--over", "cpus=3..1", "goes upwards"},
        {"--over", "seed=1..3", "--seeds N"},
        {"--over", "late=1..3", "a column of the results has this name"},
        {"--metric", "latency", "latency_ns"},
        {"--set", "cpus=1", "nothing is varied"},
        {"--jobs", "0", "must be a number from 1"},
    };
    for (size_t i = 0; i < NP_ARRAY_LEN(rows); i++) {
        struct test_process p = SWEEP(file, rows[i].argument, rows[i].value, "--out", below("usage"));
        CU_ASSERT_EQUAL(p.status, EXIT_CLASS_USAGE);
        CU_ASSERT_PTR_NOT_NULL(strstr(p.err, rows[i].says));
        if (!strstr(p.err, rows[i].says))
            printf("\n  %s %s: %s", rows[i].argument, rows[i].value, p.err);
        process_free(&p);
    }
    CU_ASSERT_FALSE(file_exists(root, "usage"));
    struct test_process p = SWEEP(file, "--over", "cpus=5..9", "--out", below("usage"));
    CU_ASSERT_EQUAL(p.status, EXIT_CLASS_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, "no point is possible"));
    process_free(&p);
}

static void test_campaign(void)
{
    write_file(
        "campaign.yaml",
        "campaign: both\n"
        "questions:\n"
        "  - {name: cpus, scenario: small.yaml, over: {cpus: 1..2}, set: {critical: 8}, seeds: 2}\n"
        "  - {name: services, scenario: small.yaml, over: {critical: [4, 8]}, metrics: [latency_ns]}\n");
    struct test_process p = SWEEP("--campaign", below("campaign.yaml"), "--out", below("both"));
    CU_ASSERT_EQUAL(p.status, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.out, "Question 2 of 2: services"));
    CU_ASSERT_PTR_NOT_NULL(strstr(p.out, "Mean latency"));
    process_free(&p);
    CU_ASSERT_EQUAL(rows_with("both", "cpus.csv", ",done,"), 4);
    CU_ASSERT_EQUAL(rows_with("both", "services.csv", ",done,"), 2);
    write_file("wrong.yaml", "campaign: wrong\nquestions:\n"
                             "  - {name: a, scenario: small.yaml, over: {cpus: 3..1}}\n");
    p = SWEEP("--campaign", below("wrong.yaml"), "--out", below("wrong"));
    CU_ASSERT_EQUAL(p.status, EXIT_CLASS_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, "wrong.yaml:3: questions[0].over"));
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, "goes upwards"));
    process_free(&p);
}

static void test_law(void)
{
    struct test_process p = process_run(numaplex, "law");
    CU_ASSERT_EQUAL(p.status, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.out, "4 CPUs worth while (each brings 0.4 or more), as the text says"));
    CU_ASSERT_PTR_NOT_NULL(strstr(p.out, "8 CPUs worth while (each brings 0.4 or more), as the text says"));
    process_free(&p);
    p = process_run(numaplex, "law", "--loss", "2%", "--loss", "1.25%", "--curve", "exponential");
    CU_ASSERT_PTR_NOT_NULL(
        strstr(p.out, "20 CPUs worth while (each brings 0.4 or more), derived, not in the text"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(p.out, "32 CPUs worth while (each brings 0.4 or more), derived, not in the text"));
    process_free(&p);
    p = process_run(numaplex, "law", "--curve", "quadratic", "--loss", "10%");
    CU_ASSERT_PTR_NOT_NULL(strstr(p.out, "warning: beyond 11 CPUs the formula is below 0"));
    process_free(&p);
    p = process_run(numaplex, "law", "--html", below("law.html"), "--curve", "all", "--german");
    CU_ASSERT_EQUAL(p.status, 0);
    CU_ASSERT_TRUE(file_exists(root, "law.html"));
    process_free(&p);
    p = process_run(numaplex, "law", "--fit", below("all/small.csv"), "--where", "critical=4", "--json");
    CU_ASSERT_EQUAL(p.status, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.out, "\"sigma\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(p.out, "\"points\": 8"));
    process_free(&p);
    p = process_run(numaplex, "law", "--loss", "60%");
    CU_ASSERT_EQUAL(p.status, EXIT_CLASS_USAGE);
    process_free(&p);
}

int main(void)
{
    numaplex = test_program("numaplex");
    test_folder_make(root);
    snprintf(file, sizeof file, "%s/small.yaml", root);
    write_file("small.yaml", text);
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("sweeps", NULL, NULL);
    CU_add_test(suite, "points, an impossible corner, what is done is kept", test_points);
    CU_add_test(suite, "a point is the run that it describes", test_same_as_run);
    CU_add_test(suite, "points compared with one of them", test_comparison);
    CU_add_test(suite, "interrupted, and gone on with", test_interrupted);
    CU_add_test(suite, "killed, and gone on with", test_killed);
    CU_add_test(suite, "a run that fails", test_failed);
    CU_add_test(suite, "what cannot be asked", test_usage);
    CU_add_test(suite, "a campaign", test_campaign);
    CU_add_test(suite, "the law", test_law);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    test_folder_remove(root);
    return failures != 0;
}
