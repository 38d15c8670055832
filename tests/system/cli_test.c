// SPDX-License-Identifier: Apache-2.0
// The `numaplex` command: finding verbs, refusing what is wrong, handing over to other programs.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/err.h"
#include "tests/lib/process.h"

static const char *numaplex;

// Runs and expects exit status and words on one of the streams.
static void expect(int status, const char *out, const char *err, const char *const *argv)
{
    struct test_process p = process_run_list(numaplex, argv);
    bool good = p.status == status && (!out || strstr(p.out, out)) && (!err || strstr(p.err, err));
    CU_ASSERT_TRUE(good);
    if (!good) {
        printf("\n ");
        for (unsigned i = 1; argv[i]; i++)
            printf(" %s", argv[i]);
        printf(": status %d, expected %d and '%s'\n%s%s", p.status, status, out ? out : err, p.out, p.err);
    }
    process_free(&p);
}

#define EXPECT(status, out, err, ...) expect(status, out, err, (const char *const[]){numaplex, __VA_ARGS__})

static void test_help(void)
{
    static const char *const verbs[] = {"run",    "check",      "digest",   "report",
                                        "record", "trace-info", "protocol", "help"};
    EXPECT(0, "usage: numaplex VERB", NULL, NULL);
    for (unsigned i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        EXPECT(0, verbs[i], NULL, "help", NULL);
    EXPECT(0, "usage: numaplex VERB", NULL, "--help", NULL);
    EXPECT(0, "--save-at", NULL, "help", "run", NULL);
    EXPECT(0, "--continue", NULL, "run", "--help", NULL);
    EXPECT(0, "numaplex check", NULL, "help", "check", NULL);
    EXPECT(0, "numaplex version", NULL, "help", "version", NULL);
}

static void test_isa(void)
{
    EXPECT(0, "lgr      b904   RRE", NULL, "isa", "lgr", NULL);
    EXPECT(0, "2 instructions at level z900", NULL, "isa", "--architecture", "z900", "lg", "laag", "stg",
           NULL);
    EXPECT(0, "transactional execution", NULL, "isa", "--absent", "tbegin", NULL);
    EXPECT(EXIT_CLASS_USAGE, NULL, "no instruction has such a name", "isa", "frobnicate", NULL);
    EXPECT(EXIT_CLASS_USAGE, NULL, "unrecognized option", "protocol", "--frobnicate", NULL);
    EXPECT(EXIT_CLASS_USAGE, NULL, "no level is called 'z17'", "isa", "--architecture", "z17", NULL);
}

static void test_version(void)
{
    EXPECT(0, "numaplex ", NULL, "version", NULL);
    EXPECT(0, "numaplex ", NULL, "--version", NULL);
}

static void test_did_you_mean(void)
{
    EXPECT(EXIT_CLASS_USAGE, NULL, "did you mean 'numaplex check'?", "chekc", NULL);
    EXPECT(EXIT_CLASS_USAGE, NULL, "did you mean 'numaplex digest'?", "digets", NULL);
    EXPECT(EXIT_CLASS_USAGE, NULL, "did you mean 'numaplex run'?", "help", "ran", NULL);
    EXPECT(EXIT_CLASS_USAGE, NULL, "numaplex help lists them all", "frobnicate", NULL);
    EXPECT(EXIT_CLASS_USAGE, NULL, "error NP0201: ", "", NULL);
}

static void test_wrong_use(void)
{
    EXPECT(EXIT_CLASS_USAGE, NULL, "too few arguments", "run", NULL);
    EXPECT(EXIT_CLASS_USAGE, NULL, "too many arguments", "version", "x", NULL);
    EXPECT(EXIT_CLASS_USAGE, NULL, "--bogus", "run", "two-boards", "--bogus", NULL);
    EXPECT(EXIT_CLASS_USAGE, NULL, "one FILE only", "run", "a", "b", NULL);
    EXPECT(EXIT_CLASS_USAGE, NULL, "FILE to run is missing", "run", "--quiet", NULL);
    EXPECT(EXIT_CLASS_USAGE, NULL, "--diff needs two runs", "digest", "--diff", "a", NULL);
}

// Every option of run whose value is wrong is named, with what to write instead.
static void test_wrong_values(void)
{
    static const struct {
        const char *option, *value, *said;
    } rows[] = {
        {"--nodes", "0", "at least 1"},        {"--nodes", "-1", "number"},
        {"--nodes", "3", "2 boards"},          {"--threads", "65", "smaller number"},
        {"--link", "udp", "ipc, tcp or unix"}, {"--until", "5", "--until 5"},
        {"--until", "0", "above 0"},           {"--seed", "x", "number"},
        {"--chop", "1.5", "number"},           {"--host-faults", "1.5", "0.9"},
        {"--host-faults", "many", "share"},    {"--host-faults", "nan", "0.9"},
        {"--save-at", "grant:0", "from 1"},    {"--save-at", "soon", "--save-at soon"},
        {"--silence", "0", "at least 1"},      {"--save-at", "grant:x", "number"},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        EXPECT(EXIT_CLASS_USAGE, NULL, rows[i].said, "run", "two-boards", rows[i].option, rows[i].value,
               NULL);
        EXPECT(EXIT_CLASS_USAGE, NULL, "error NP0201: ", "run", "two-boards", rows[i].option, rows[i].value,
               NULL);
    }
    EXPECT(EXIT_CLASS_USAGE, NULL, "one thread each", "run", "two-boards", "--nodes", "2", "--threads", "2",
           NULL);
    EXPECT(EXIT_CLASS_USAGE, NULL, "leave --seed out", "run", "--continue", "x", "--seed", "1", NULL);
    CU_ASSERT_NOT_EQUAL(access("runs", F_OK), 0); // what is refused leaves nothing
}

static void test_check(void)
{
    EXPECT(0, "Partition SMP1", NULL, "check", "two-boards", NULL);
    EXPECT(0, "Scenario two-boards", NULL, "check", "two-boards.yaml", NULL);
    EXPECT(EXIT_CLASS_HOST, NULL, "deploy/scenarios/README.md", "check", "no-such-scenario", NULL);
    EXPECT(EXIT_CLASS_HOST, NULL, "NP0501", "check", "./no-such-file.yaml", NULL);
}

// A command whose other programs are not beside it says which is missing.
static void test_missing_program(void)
{
    char folder[PATH_MAX_BYTES], copy[2 * PATH_MAX_BYTES];
    test_folder_make(folder);
    snprintf(copy, sizeof copy, "%s/numaplex", folder);
    struct test_process p = process_run("/bin/cp", numaplex, copy);
    CU_ASSERT_EQUAL_FATAL(p.status, 0);
    process_free(&p);
    p = process_run(copy, "check", "two-boards");
    CU_ASSERT_EQUAL(p.status, EXIT_CLASS_HOST);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, "NP0504"));
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, "numaplex-coordinator"));
    process_free(&p);
    test_folder_remove(folder);
}

int main(void)
{
    char folder[PATH_MAX_BYTES];
    test_folder_make(folder);
    numaplex = test_program("numaplex");
    if (chdir(folder) != 0)
        return 1;
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("cli", NULL, NULL);
    CU_ADD_TEST(suite, test_help);
    CU_ADD_TEST(suite, test_isa);
    CU_ADD_TEST(suite, test_version);
    CU_ADD_TEST(suite, test_did_you_mean);
    CU_ADD_TEST(suite, test_wrong_use);
    CU_ADD_TEST(suite, test_wrong_values);
    CU_ADD_TEST(suite, test_check);
    CU_ADD_TEST(suite, test_missing_program);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    test_folder_remove(folder);
    return failures ? 1 : 0;
}
