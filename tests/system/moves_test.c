// SPDX-License-Identifier: Apache-2.0
// Boards move in runs of real processes: the same result wherever boards are simulated, also where the state
// is saved in the middle of a move; a run that people changed can be done again; a process that dies in the
// middle of an operation ends the run with an error that names it.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"
#include "proto/base/err.h"
#include "tests/lib/process.h"

static char root[PATH_MAX_BYTES], moves[PATH_MAX_BYTES];
static const char *numaplex;

#define RUN(...) expect_good((const char *const[]){numaplex, __VA_ARGS__, NULL})

static const char *below(const char *name)
{
    static char paths[4][2 * PATH_MAX_BYTES];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", root, name);
    return path;
}

static int set_up(void)
{
    const char *source = getenv("NUMAPLEX_SOURCE");
    numaplex = test_program("numaplex");
    test_folder_make(root);
    snprintf(moves, sizeof moves, "%s/tests/sim/moves/move.yaml", source ? source : ".");
    return 0;
}

static int tear_down(void)
{
    test_folder_remove(root);
    return 0;
}

static void expect_good(const char *const *argv)
{
    struct test_process p = process_run_list(numaplex, argv);
    CU_ASSERT_EQUAL(p.status, 0);
    if (p.status != 0)
        printf("\n  %s %s: status %d\n%s%s", argv[1], argv[2], p.status, p.out, p.err);
    process_free(&p);
}

static void expect_same(const char *a, const char *b)
{
    RUN("digest", "--diff", below(a), below(b));
}

static uint64_t number(const json_t *object, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(object, key));
}

// What partitions did, by their boards' stays, is what it was at the cuts on the way.
static char *members(const char *name)
{
    json_error_t why;
    char path[2 * PATH_MAX_BYTES + 16], *text;
    snprintf(path, sizeof path, "%s/results.json", below(name));
    json_t *results = json_load_file(path, 0, &why), *list = json_array();
    CU_ASSERT_PTR_NOT_NULL_FATAL(results);
    const json_t *partitions = json_object_get(results, "partitions");
    for (size_t p = 0; p < json_array_size(partitions); p++) {
        const json_t *partition = json_array_get(partitions, p);
        const json_t *rows =
            json_object_get(json_array_get(json_object_get(results, "series"), p), "accesses");
        uint64_t sum = 0;
        for (size_t i = 0; i < json_array_size(rows); i++)
            sum += (uint64_t)json_integer_value(json_array_get(rows, i));
        CU_ASSERT_EQUAL(number(partition, "accesses"), sum);
        CU_ASSERT(sum > 0);
        json_array_append(list, json_object_get(partition, "members"));
    }
    text = json_dumps(list, JSON_COMPACT);
    json_decref(list);
    json_decref(results);
    return text;
}

static void expect_same_members(const char *a, const char *b)
{
    char *one = members(a), *other = members(b);
    CU_ASSERT_PTR_NOT_NULL(strstr(one, "SB2"));
    CU_ASSERT_STRING_EQUAL(one, other);
    free(one);
    free(other);
}

// To the end of the first move; the whole of it in many processes would take a loaded host a minute.
static void test_placements(void)
{
    RUN("run", moves, "--quiet", "--until", "650us", "--nodes", "1", "--out", below("one"));
    RUN("run", moves, "--quiet", "--until", "650us", "--out", below("board"));
    RUN("run", moves, "--quiet", "--until", "650us", "--nodes", "3", "--chop", "3", "--host-faults", "2%",
        "--out", below("three"));
    expect_same("one", "board");
    expect_same("one", "three");
    expect_same_members("one", "board");
    expect_same_members("one", "three");
    char *a = file_content(below("one"), "log");
    CU_ASSERT_PTR_NOT_NULL_FATAL(a);
    CU_ASSERT_PTR_NOT_NULL(strstr(a, "operation 1 ended: move SB2 SMP2 configure: done"));
    free(a);
}

static void test_saved_in_a_move(void)
{
    RUN("run", moves, "--quiet", "--until", "650us", "--nodes", "2", "--save-at", "400us", "--out",
        below("first"));
    RUN("run", "--continue", below("first/saved"), "--quiet", "--nodes", "1", "--out", below("rest"));
    expect_same("one", "rest");
    expect_same_members("one", "rest");
}

// Somebody moves a board between two others' commands, and takes it back; all of it again has the same end.
static void test_replay(void)
{
    const char *place = below("live");
    const char *const argv[] = {numaplex, "run",   moves, "--quiet",  "--nodes",
                                "1",      "--out", place, "--paused", NULL};
    struct test_process p = process_start_test(numaplex, argv, NULL);
    for (unsigned i = 0; i < 3000 && !file_exists(place, "control.json"); i++)
        test_sleep_ms(20);
    RUN("step", "700us", "--run", place);
    RUN("move", "SB4", "SMP1", "--run", place);
    RUN("keyswitch", "SMP3", "secure", "--run", place);
    RUN("continue", "--run", place);
    process_wait(&p, HANG_S);
    CU_ASSERT_EQUAL(p.status, 0);
    process_free(&p);
    char *journal = file_content(place, "journal.jsonl");
    CU_ASSERT_PTR_NOT_NULL_FATAL(journal);
    CU_ASSERT_PTR_NOT_NULL(strstr(journal, "\"command\":\"move\",\"board\":\"SB4\",\"partition\":\"SMP1\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(journal, "\"position\":\"secure\""));
    free(journal);
    char *results = file_content(place, "results.json");
    CU_ASSERT_PTR_NOT_NULL_FATAL(results);
    CU_ASSERT_PTR_NOT_NULL(strstr(results, "\"name\": \"move-SB4\""));
    free(results);
    const char *const replay[] = {numaplex, "replay", place, "--to", below("again"), "--nodes", "1", NULL};
    p = process_run_list(numaplex, replay);
    CU_ASSERT_EQUAL(p.status, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.out, "The same digest as"));
    process_free(&p);
    RUN("replay", below("again"), "--to", below("once more"), "--quiet", "--threads", "2");
    expect_same("live", "once more");
    expect_same_members("live", "once more");
}

static void write_journal(const char *text)
{
    char path[2 * PATH_MAX_BYTES + 32];
    snprintf(path, sizeof path, "%s/journal.jsonl", below("again"));
    FILE *out = fopen(path, "w");
    NP_ASSERT(out);
    fputs(text, out);
    fclose(out);
}

// A guest's console goes on when its partition boots again, and is the same wherever its boards are.
static void test_reset_guest(void)
{
#ifdef NP_GUESTS
    char guest[PATH_MAX_BYTES];
    const char *source = getenv("NUMAPLEX_SOURCE");
    snprintf(guest, sizeof guest, "%s/tests/sim/moves/guest.yaml", source ? source : ".");
    RUN("run", guest, "--quiet", "--until", "1500us", "--nodes", "1", "--out", below("guest"));
    RUN("run", guest, "--quiet", "--until", "1500us", "--out", below("guests"));
    expect_same("guest", "guests");
    char *one = file_content(below("guest"), "console-P.txt");
    char *other = file_content(below("guests"), "console-P.txt");
    CU_ASSERT(one && other && strstr(one, "clash: ok") && strcmp(one, other) == 0);
    free(one);
    free(other);
#endif
}

// A guest takes what it is offered, and gives it back, wherever its boards and its service element are.
static void test_elastic_guest(void)
{
#ifdef NP_GUESTS
    char guest[PATH_MAX_BYTES];
    const char *source = getenv("NUMAPLEX_SOURCE");
    snprintf(guest, sizeof guest, "%s/deploy/scenarios/zarch-elastic.yaml", source ? source : ".");
    RUN("run", guest, "--quiet", "--nodes", "1", "--out", below("elastic"));
    RUN("run", guest, "--quiet", "--nodes", "2", "--link", "unix", "--out", below("elastics"));
    RUN("run", guest, "--quiet", "--nodes", "2", "--save-at", "6200us", "--out", below("given"));
    RUN("run", "--continue", below("given/saved"), "--quiet", "--nodes", "1", "--out", below("gone"));
    expect_same("elastic", "elastics");
    expect_same("elastic", "gone");
#endif
}

static void test_damaged_journal(void)
{
    static const char *const journals[] = {
        "{\"time_ps\":5,\"command\":\"move\",\"board\":\"SB9\",\"partition\":\"SMP1\",\"level\":"
        "\"configure\","
        "\"user\":\"\"}\n",
        "{\"time_ps\":-5,\"command\":\"test\",\"board\":\"SB1\",\"user\":\"\"}\n",
        "nonsense\n",
    };
    for (unsigned i = 0; i < NP_ARRAY_LEN(journals); i++) {
        write_journal(journals[i]);
        struct test_process p =
            process_run(numaplex, "replay", below("again"), "--to", below("not"), "--force");
        CU_ASSERT_EQUAL(p.status, EXIT_CLASS_DAMAGED);
        CU_ASSERT_PTR_NOT_NULL(strstr(p.err, "journal.jsonl:1"));
        process_free(&p);
    }
    struct test_process p = process_run(numaplex, "replay", below("nowhere"));
    CU_ASSERT_EQUAL(p.status, EXIT_CLASS_HOST);
    process_free(&p);
}

static void test_dead_node(void)
{
    static const char scenario[] =
        "scenario: long-test\nuntil: 1s\nsystems:\n  - name: sun\n    preset: sun-fire-15k\n"
        "    boards: [SB0, SB1, SB2]\n    board: {memory: 64MiB}\n"
        "    partitions: [{name: SMP1, boards: [SB0, SB1], memory: contiguous, programs: [{threads: 4, "
        "generator: random, region: {size: 1MiB}}]}]\n"
        "commands: [{at: 1us, power: SB2, state: on}, {at: 50us, test: SB2}]\n";
    const char *file = below("long.yaml");
    FILE *out = fopen(file, "w");
    NP_ASSERT(out);
    fputs(scenario, out);
    fclose(out);
    const char *const argv[] = {numaplex, "run",   file,          "--quiet", "--nodes",
                                "2",      "--out", below("dead"), NULL};
    struct test_process p = process_start_test(numaplex, argv, NULL);
    bool begun = false;
    for (unsigned i = 0; i < 3000 && !begun; i++) {
        char *log = file_content(below("dead"), "log");
        begun = log && strstr(log, "operation 2 begun: test SB2");
        free(log);
        test_sleep_ms(20);
    }
    pid_t pids[4];
    CU_ASSERT_TRUE_FATAL(begun && process_children(p.pid, pids, 4) == 3);
    kill(pids[0], SIGKILL);
    process_wait(&p, HANG_S);
    CU_ASSERT_EQUAL(p.status, EXIT_CLASS_RUN);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, "error NP0601: "));
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, "operation 2 (test SB2) was at step test"));
    CU_ASSERT_FALSE(file_exists(below("dead"), "results.json"));
    process_free(&p);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("moves", set_up, tear_down);
    CU_add_test(suite, "a guest that takes and gives back", test_elastic_guest);
    CU_add_test(suite, "placements agree", test_placements);
    CU_add_test(suite, "saved in the middle of a move", test_saved_in_a_move);
    CU_add_test(suite, "a replay", test_replay);
    CU_add_test(suite, "a guest that is reset", test_reset_guest);
    CU_add_test(suite, "damaged journals", test_damaged_journal);
    CU_add_test(suite, "a process that dies in an operation", test_dead_node);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
