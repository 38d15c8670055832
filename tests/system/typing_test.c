// SPDX-License-Identifier: Apache-2.0
// Somebody types at guests of real runs: the guest answers, what cannot be typed is refused, a replay types
// it again and reaches the same digest; also of a run that was stopped, to where it stood.
#include <CUnit/Basic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"
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

static void write_scenario(void)
{
    FILE *out = fopen(below("echo.yaml"), "w");
    NP_ASSERT(out);
    fputs("scenario: echo\nuntil: 900ms\nsystems:\n  - name: m\n    preset: teaching-board\n    boards: [A0, "
          "A1, B0, C0]\n"
          "    partitions:\n"
          "      - {name: P, boards: [A0, A1], programs: [{on: all, load: guests/echo.elf, input: [{at: 1ms, "
          "text: from the scenario}]}]}\n"
          "      - {name: Q, boards: [B0], programs: [{on: all, load: guests/hello.elf}]}\n"
          "      - {name: R, boards: [C0], programs: [{on: all, generator: burst, region: {size: 4KiB}, "
          "compute: 10us}]}\n",
          out);
    bool closed = fclose(out) == 0;
    NP_ASSERT(closed);
}

// A call of numaplex that ends with `status` and says `says`, on either stream.
#define CALL(status, says, ...) call(status, says, (const char *const[]){numaplex, __VA_ARGS__, NULL})

static void call(int status, const char *says, const char *const *argv)
{
    struct test_process p = process_run_list(numaplex, argv);
    if (p.status != status || !(strstr(p.out, says) || strstr(p.err, says)))
        printf("\n  %s %s: status %d\n%s%s", argv[1], argv[2], p.status, p.out, p.err);
    CU_ASSERT_EQUAL(p.status, status);
    CU_ASSERT(strstr(p.out, says) || strstr(p.err, says));
    process_free(&p);
}

static void type(const char *run, const char *partition, const char *text, int status, const char *says)
{
    CALL(status, says, "type", "--run", below(run), partition, text);
}

static struct test_process begin(const char *out, const char *more)
{
    const char *const argv[] = {
        numaplex, "run", below("echo.yaml"), "--out", below(out), "--paused", "--quiet", more, NULL};
    struct test_process run = process_start_test(numaplex, argv, NULL);
    for (int i = 0; i < 500 && !file_exists(below(out), "control.json"); i++)
        test_sleep_ms(20);
    return run;
}

static void end(struct test_process *run, int status)
{
    process_wait(run, 60);
    if (run->status != status)
        printf("\n  status %d: %s%s", run->status, run->out, run->err);
    CU_ASSERT_EQUAL(run->status, status);
    process_free(run);
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

static void refusals(void)
{
    char line[300];
    memset(line, 'x', sizeof line);
    line[254] = '\0';
    type("run", "P", line, 0, "P: typed");
    line[254] = 'x';
    line[255] = '\0';
    type("run", "P", line, 3, "NP0306");
    type("run", "P", "tab\there", 3, "NP0304");
    type("run", "S", "x", 8, "NP0801");
    type("run", "R", "x", 8, "NP0802");
    type("run", "Q", "x", 8, "its guest has ended");
    for (unsigned i = 1; i < 16; i++)
        type("run", "P", "again", 0, "P: typed");
    type("run", "P", "one more", 8, "NP0813");
}

static void test_live(void)
{
    struct test_process run = begin("run", "--nodes=4");
    type("run", "P", "hello there", 0, "P: typed");
    CALL(0, "paused at 2.000 ms", "step", "--run", below("run"), "2ms");
    refusals();
    CALL(0, "paused", "step", "--run", below("run"), "2ms");
    type("run", "P", "", 0, "P: typed");
    CALL(0, "stopped", "stop", "--run", below("run"));
    end(&run, 130);
    char *console = file_content(below("run"), "console-P.txt");
    CU_ASSERT_PTR_NOT_NULL_FATAL(console);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(console, "echo: listening\r\n1: hello there\r\n2: from the scenario\r\n3: xxx"));
    CU_ASSERT_PTR_NOT_NULL(strstr(console, "18: again\r\n"));
    CU_ASSERT_PTR_NULL(strstr(console, "19: "));
    free(console);
}

// To the time of the stop, with other processes; with the same text on the way.
static void test_replay_of_a_stopped_run(void)
{
    CALL(0, "was stopped at 4000.0 us; the replay ends there", "replay", below("run"), "--to", below("again"),
         "--threads=2");
    expect_same("run", "again", "digest");
    expect_same("run", "again", "console-P.txt");
    CALL(0, "The same digest as", "replay", below("run"), "--to", below("again"), "--force", "--nodes=1");
    CALL(0, "nothing will be compared", "replay", below("run"), "--to", below("short"), "--until=3ms",
         "--nodes=1");
    CALL(2, "--until", "replay", below("run"), "--to", below("never"), "--until=soon");
}

// Another text is another run: replaying it is seen to differ.
static void test_another_text(void)
{
    char *journal = file_content(below("run"), "journal.jsonl");
    CU_ASSERT_PTR_NOT_NULL_FATAL(journal);
    char *hello = strstr(journal, "hello");
    CU_ASSERT_PTR_NOT_NULL_FATAL(hello);
    hello[0] = 'j';
    FILE *out = fopen(below("run/journal.jsonl"), "w");
    NP_ASSERT(out);
    fputs(journal, out);
    fclose(out);
    free(journal);
    CALL(7, "NP0702", "replay", below("run"), "--to", below("other"), "--nodes=1");
}

// Ctrl-C while it goes on, in as many processes as boards. That its partitions stood at one time is a matter
// of the host, and the journal says so.
static void test_interrupted(void)
{
    struct test_process run = begin("broken", "--nodes=4");
    CALL(0, "0 ps of 900.000 ms", "status", "--run", below("broken"));
    type("broken", "P", "before", 0, "P: typed");
    CALL(0, "running", "continue", "--run", below("broken"));
    type("broken", "P", "while it runs", 0, "P: typed");
    kill(run.pid, SIGINT);
    end(&run, 130);
    char *journal = file_content(below("broken"), "journal.jsonl");
    CU_ASSERT_PTR_NOT_NULL_FATAL(journal);
    CU_ASSERT_PTR_NOT_NULL(strstr(journal, "\"text\":\"while it runs\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(journal, "\"command\":\"stop\",\"even\":true}"));
    free(journal);
    CALL(0, "The same digest as", "replay", below("broken"), "--to", below("mended"), "--nodes=1");
}

// Nothing to compare with is said before the replay takes its time.
static void test_warned(void)
{
    CU_ASSERT_EQUAL(remove(below("broken/digest")), 0);
    CALL(0, "has no digest", "replay", below("broken"), "--to", below("nothing"), "--nodes=1", "--quiet");
}

int main(void)
{
    numaplex = test_program("numaplex");
    test_folder_make(root);
    write_scenario();
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("typing", NULL, NULL);
    CU_add_test(suite, "live", test_live);
    CU_add_test(suite, "replay of a stopped run", test_replay_of_a_stopped_run);
    CU_add_test(suite, "another text", test_another_text);
    CU_add_test(suite, "interrupted", test_interrupted);
    CU_add_test(suite, "warned", test_warned);
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    test_folder_remove(root);
    return failed != 0;
}
