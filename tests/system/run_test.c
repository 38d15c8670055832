// SPDX-License-Identifier: Apache-2.0
// `numaplex run` with real processes: what a run leaves, that placements agree, and what is left when
// processes die or the user interrupts.
#include <CUnit/Basic.h>
#include <dirent.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "proto/base/err.h"
#include "proto/base/results.h"
#include "tests/lib/process.h"

static char root[PATH_MAX_BYTES], sockets[PATH_MAX_BYTES];
static const char *numaplex;

#define SMALL    "tests/sim/scenarios/three-partitions-mesi.yaml"
#define FOREVER  "two-boards" // with --until 1000s: some hours
#define RUN(...) run_list((const char *const[]){numaplex, "run", __VA_ARGS__, NULL})

static const char *below(const char *name)
{
    static char paths[4][2 * PATH_MAX_BYTES];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", root, name);
    return path;
}

static const char *scenario(const char *path)
{
    static char whole[2 * PATH_MAX_BYTES];
    const char *source = getenv("NUMAPLEX_SOURCE");
    snprintf(whole, sizeof whole, "%s/%s", source ? source : ".", path);
    return whole;
}

// Sockets lie in a folder that a run removes.
static bool sockets_left(void)
{
    DIR *dir = opendir(sockets);
    unsigned entries = 0;
    while (dir && readdir(dir))
        entries++;
    closedir(dir);
    return entries > 2;
}

// Runs to the end and expects success.
static void run_list(const char *const *argv)
{
    struct test_process p = process_run_list(numaplex, argv);
    CU_ASSERT_EQUAL(p.status, 0);
    if (p.status != 0)
        printf("\n  %s %s: status %d\n%s%s", argv[1], argv[2], p.status, p.out, p.err);
    CU_ASSERT_FALSE(p.timed_out);
    CU_ASSERT_STRING_EQUAL(p.err, ""); // piped: no progress
    CU_ASSERT_FALSE(sockets_left());
    process_free(&p);
}

static void expect_equal(const char *a, const char *b)
{
    struct test_process p = process_run(numaplex, "digest", "--diff", below(a), below(b));
    CU_ASSERT_EQUAL(p.status, 0);
    if (p.status != 0)
        printf("\n  %s and %s: %s", a, b, p.err);
    process_free(&p);
}

static json_t *load_results(const char *folder)
{
    char path[2 * PATH_MAX_BYTES];
    json_error_t why;
    snprintf(path, sizeof path, "%s/results.json", below(folder));
    json_t *json = json_load_file(path, 0, &why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(json);
    return json;
}

static void test_placements_agree(void)
{
    const char *file = scenario(SMALL);
    RUN(file, "--quiet", "--out", below("board"));
    RUN(file, "--quiet", "--out", below("one"), "--nodes", "1");
    RUN(file, "--quiet", "--out", below("threads"), "--threads", "2");
    RUN(file, "--quiet", "--out", below("tcp"), "--nodes", "2", "--link", "tcp");
    RUN(file, "--quiet", "--out", below("three"), "--nodes", "3", "--pin");
    RUN(file, "--quiet", "--out", below("chop"), "--nodes", "1", "--chop", "5");
    RUN(file, "--quiet", "--out", below("faults"), "--nodes", "2", "--host-faults", "5%");
    RUN(file, "--quiet", "--out", below("seed"), "--nodes", "1", "--seed", "99");
    const char *const same[] = {"one", "threads", "tcp", "three", "chop", "faults"};
    for (unsigned i = 0; i < 6; i++)
        expect_equal("board", same[i]);
    struct test_process p = process_run(numaplex, "digest", "--diff", below("board"), below("seed"));
    CU_ASSERT_EQUAL(p.status, EXIT_CLASS_CHECK);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, "NP0702"));
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, "partition"));
    process_free(&p);
}

// results.json against the file `digest` and counters.csv, and the resolved scenario against the run.
static void test_run_folder(void)
{
    char digest[64] = "", line[512];
    unsigned rows = 0;
    RUN(scenario(SMALL), "--quiet", "--out", below("folder"), "--nodes", "1");
    json_t *json = load_results("folder");
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json, "format")), "numaplex-results");
    CU_ASSERT_TRUE(json_is_false(json_object_get(json, "interrupted")));
    const json_t *partitions = json_object_get(json, "partitions");
    CU_ASSERT_EQUAL(json_array_size(partitions), 3);
    size_t boards = 0;
    for (size_t p = 0; p < json_array_size(partitions); p++) {
        const json_t *list = json_object_get(json_array_get(partitions, p), "boards");
        boards += json_array_size(list);
        json_int_t sum = 0, loads = 0;
        for (size_t b = 0; b < json_array_size(list); b++)
            sum += json_integer_value(
                json_object_get(json_object_get(json_array_get(list, b), "counters"), "loads"));
        json_unpack(json_array_get(partitions, p), "{s:{s:I}}", "counters", "loads", &loads);
        CU_ASSERT(loads > 0 && loads == sum);
    }
    char *text = file_content(below("folder"), "digest");
    CU_ASSERT_EQUAL(sscanf(text, "numaplex-digest 1 scenario %*s run %40s", digest), 1);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json, "digest")), digest);
    free(text);
    FILE *csv = fopen(below("folder/counters.csv"), "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(csv);
    while (fgets(line, sizeof line, csv))
        rows++;
    fclose(csv);
    CU_ASSERT_EQUAL(rows, 1 + boards * COUNTER_COUNT);
    json_decref(json);
    RUN(below("folder/resolved.yaml"), "--quiet", "--out", below("resolved"), "--nodes", "1");
    expect_equal("folder", "resolved");
    CU_ASSERT_FALSE(file_exists(below("folder"), "failed.txt"));
}

static void test_json_and_summary(void)
{
    struct test_process p =
        process_run(numaplex, "run", "two-boards", "--json", "--until", "20us", "--out", below("json"));
    json_error_t why;
    CU_ASSERT_EQUAL(p.status, 0);
    json_t *printed = json_loads(p.out, 0, &why), *written = load_results("json");
    CU_ASSERT_TRUE(json_equal(printed, written));
    json_decref(printed);
    json_decref(written);
    process_free(&p);
    p = process_run(numaplex, "run", "two-boards", "--until", "20us", "--out", below("text"));
    CU_ASSERT_EQUAL(p.status, 0);
    const char *const said[] = {"Partition SMP1", "L1 hits",    "memory of another board", "checks",
                                "Host time",      "simulating", "Digest of the run"};
    for (unsigned i = 0; i < sizeof said / sizeof said[0]; i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(p.out, said[i]));
    for (const char *start = p.out, *end; (end = strchr(start, '\n')); start = end + 1)
        CU_ASSERT(end - start <= 100 || strncmp(start, "2 processes", 11) == 0); // that line holds a path
    process_free(&p);
}

static void test_save_and_continue(void)
{
    const char *file = scenario(SMALL);
    RUN(file, "--quiet", "--out", below("whole"), "--nodes", "1");
    RUN(file, "--quiet", "--out", below("first"), "--save-at", "grant:200");
    CU_ASSERT_FALSE(file_exists(below("first"), "results.json"));
    CU_ASSERT_TRUE(file_exists(below("first"), "saved/manifest.json"));
    RUN("--continue", below("first/saved"), "--quiet", "--out", below("rest"), "--nodes", "1");
    expect_equal("whole", "rest");
    RUN("--continue", below("first/saved"), "--quiet", "--out", below("second"), "--nodes", "2", "--save-at",
        "20us");
    RUN("--continue", below("second/saved"), file, "--quiet", "--out", below("last"), "--link", "tcp");
    expect_equal("whole", "last");
}

// A save point beyond the end: the run is whole, nothing is saved, and that is said.
static void test_save_point_is_not_reached(void)
{
    struct test_process p = process_run(numaplex, "run", "two-boards", "--until", "10us", "--save-at", "1ms",
                                        "--quiet", "--out", below("unsaved"));
    CU_ASSERT_EQUAL(p.status, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, "nothing was saved"));
    CU_ASSERT_TRUE(file_exists(below("unsaved"), "results.json"));
    CU_ASSERT_FALSE(file_exists(below("unsaved"), "saved"));
    CU_ASSERT_FALSE(file_exists(below("unsaved"), "saved.partial"));
    process_free(&p);
    p = process_run(numaplex, "run", "two-boards", "--save-at", "5us", "--json", "--out", below("quote\"d"));
    json_error_t why;
    const char *folder = "";
    json_t *json = json_loads(p.out, 0, &why);
    CU_ASSERT_EQUAL(json_unpack(json, "{s:s}", "folder", &folder), 0);
    CU_ASSERT_TRUE(file_exists(folder, "manifest.json"));
    json_decref(json);
    process_free(&p);
}

// A program of the host is recorded once, however often it is run; a state that replays it continues only
// with the same recording.
static void test_recorded_program(void)
{
    FILE *file = fopen(below("record.yaml"), "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs("scenario: recorded\nuntil: 40us\nsystems:\n  - name: m\n    preset: teaching-board\n    boards: "
          "[A0, A1]\n"
          "    partitions:\n      - name: P\n        boards: all\n        frames: 8MiB\n        programs:\n"
          "          - {on: [A0/0, A1/0], record: [/bin/true], max_refs: 20000}\n",
          file);
    fclose(file);
    setenv("NUMAPLEX_CACHE", below("cache"), 1);
    if (access("/usr/bin/valgrind", X_OK) != 0) {
        printf("(skipped: no valgrind) ");
        return;
    }
    RUN(below("record.yaml"), "--quiet", "--out", below("recorded"));
    json_t *json = load_results("recorded");
    int synthetic = 0;
    CU_ASSERT_EQUAL(json_unpack(json, "{s:[{s:b}]}", "partitions", "values_synthetic", &synthetic), 0);
    CU_ASSERT_TRUE(synthetic);
    json_decref(json);
    RUN(below("record.yaml"), "--quiet", "--out", below("again"), "--nodes", "1", "--save-at", "10us");
    RUN("--continue", below("again/saved"), "--quiet", "--out", below("replayed"));
    expect_equal("recorded", "replayed");
}

static struct test_process start_forever(const char *out)
{
    struct test_process p = process_start_test(
        numaplex,
        (const char *const[]){numaplex, "run", FOREVER, "--until", "1000s", "--out", below(out), NULL}, NULL);
    char log[PATH_MAX_BYTES];
    snprintf(log, sizeof log, "%s/log", out);
    for (unsigned ms = 0; ms < 120000; ms += 20) {
        char *text = file_content(root, log);
        bool ready = text && strstr(text, "all processes are ready");
        free(text);
        if (ready)
            break;
        test_sleep_ms(20);
    }
    test_sleep_ms(300); // into the simulation
    return p;
}

static void expect_all_gone(const pid_t *pids, size_t n)
{
    bool alive = true;
    for (unsigned ms = 0; alive && ms < 60000; ms += 10) {
        alive = false;
        for (size_t i = 0; i < n; i++)
            alive |= process_alive(pids[i]);
        test_sleep_ms(10);
    }
    CU_ASSERT_FALSE(alive);
}

static void expect_failed(const char *out, const char *code)
{
    CU_ASSERT_FALSE(file_exists(below(out), "results.json"));
    CU_ASSERT_FALSE(file_exists(below(out), "digest"));
    CU_ASSERT_FALSE(file_exists(below(out), "counters.csv"));
    char *text = file_content(below(out), "failed.txt");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_EQUAL(strncmp(text, code, strlen(code)), 0);
    free(text);
}

// Kills each of the processes in turn: the two nodes and the fabric.
static void test_killed_worker(void)
{
    for (size_t victim = 0; victim < 3; victim++) {
        char out[16];
        pid_t pids[4];
        snprintf(out, sizeof out, "killed-%zu", victim);
        struct test_process p = start_forever(out);
        size_t n = process_children(p.pid, pids, 4);
        CU_ASSERT_EQUAL_FATAL(n, 3);
        kill(pids[victim], SIGKILL);
        process_wait(&p, HANG_S);
        CU_ASSERT_EQUAL(p.status, EXIT_CLASS_RUN);
        CU_ASSERT_PTR_NOT_NULL(strstr(p.err, "error NP0601: "));
        CU_ASSERT_PTR_NOT_NULL(strstr(p.err, "killed by signal 9"));
        CU_ASSERT_PTR_NULL(strstr(strstr(p.err, "error") + 1, "error")); // one
        expect_all_gone(pids, n);
        expect_failed(out, "NP0601");
        CU_ASSERT_FALSE(sockets_left());
        process_free(&p);
    }
}

static void test_silent_worker(void)
{
    pid_t pids[4];
    struct test_process p =
        process_start_test(numaplex,
                           (const char *const[]){numaplex, "run", FOREVER, "--until", "1000s", "--out",
                                                 below("silent"), "--silence", "2", NULL},
                           NULL);
    size_t n = 0;
    while (n < 3) {
        test_sleep_ms(20);
        n = process_children(p.pid, pids, 4);
    }
    test_sleep_ms(500);
    kill(pids[0], SIGSTOP);
    process_wait(&p, HANG_S);
    CU_ASSERT_EQUAL(p.status, EXIT_CLASS_RUN);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, "NP0603"));
    expect_all_gone(pids, n);
    expect_failed("silent", "NP0603");
    process_free(&p);
}

static void test_killed_coordinator(void)
{
    pid_t pids[4];
    struct test_process p = start_forever("orphans");
    size_t n = process_children(p.pid, pids, 4);
    CU_ASSERT_EQUAL(n, 3);
    kill(p.pid, SIGKILL);
    process_wait(&p, HANG_S);
    expect_all_gone(pids, n);
    CU_ASSERT_FALSE(file_exists(below("orphans"), "results.json"));
    process_free(&p);
    CU_ASSERT_TRUE(sockets_left()); // it could not do so itself; the next run does
}

static void test_interrupted(void)
{
    pid_t pids[4];
    struct test_process p = start_forever("interrupted");
    size_t n = process_children(p.pid, pids, 4);
    kill(p.pid, SIGINT);
    process_wait(&p, HANG_S);
    CU_ASSERT_EQUAL(p.status, EXIT_CLASS_INTERRUPTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, "NP0901"));
    CU_ASSERT_PTR_NOT_NULL(strstr(p.out, "INTERRUPTED"));
    expect_all_gone(pids, n);
    json_t *json = load_results("interrupted");
    CU_ASSERT_TRUE(json_is_true(json_object_get(json, "interrupted")));
    json_decref(json);
    CU_ASSERT_TRUE(file_exists(below("interrupted"), "digest")); // one partition stands at one time
    char *journal = file_content(below("interrupted"), "journal.jsonl");
    CU_ASSERT_PTR_NOT_NULL_FATAL(journal);
    CU_ASSERT_PTR_NOT_NULL(strstr(journal, "\"command\":\"stop\",\"even\":true}"));
    free(journal);
    CU_ASSERT_FALSE(sockets_left());
    process_free(&p);
}

static void expect_stopped(const pid_t *pids, size_t n, bool stopped)
{
    bool all = false;
    for (unsigned ms = 0; !all && ms < 60000; ms += 10) {
        all = true;
        for (size_t i = 0; i < n; i++)
            all &= process_stopped(pids[i]) == stopped;
        test_sleep_ms(10);
    }
    CU_ASSERT_TRUE(all);
}

// Ctrl-Z stops every process of the run; continued, it goes on.
static void test_suspended(void)
{
    pid_t pids[4];
    struct test_process p = start_forever("suspended");
    size_t n = process_children(p.pid, pids, 3);
    pids[n] = p.pid;
    kill(p.pid, SIGTSTP);
    expect_stopped(pids, n + 1, true);
    kill(p.pid, SIGCONT);
    expect_stopped(pids, n + 1, false);
    kill(p.pid, SIGINT);
    process_wait(&p, HANG_S);
    CU_ASSERT_EQUAL(p.status, EXIT_CLASS_INTERRUPTED);
    CU_ASSERT_TRUE(file_exists(below("suspended"), "results.json"));
    process_free(&p);
}

// A process that hears nothing cannot be asked for results: the second Ctrl-C does not wait for it.
static void test_interrupted_twice(void)
{
    pid_t pids[4];
    struct test_process p = start_forever("twice");
    size_t n = process_children(p.pid, pids, 4);
    for (size_t i = 0; i < n; i++)
        kill(pids[i], SIGSTOP);
    kill(p.pid, SIGINT);
    test_sleep_ms(500);
    CU_ASSERT_TRUE(process_alive(p.pid));
    kill(p.pid, SIGINT);
    process_wait(&p, HANG_S);
    CU_ASSERT_EQUAL(p.status, EXIT_CLASS_INTERRUPTED);
    expect_all_gone(pids, n);
    expect_failed("twice", "NP0901");
    process_free(&p);
}

// The socket of the control plane: ipc://FOLDER/control, as a stranger of the same user finds it.
static void find_socket(char *endpoint, size_t size)
{
    DIR *dir = opendir(sockets);
    CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
    endpoint[0] = '\0';
    for (struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_name[0] != '.')
            snprintf(endpoint, size, "ipc://%s/%s/control", sockets, entry->d_name);
    closedir(dir);
}

// A stranger that sends all kinds of bytes to the coordinator is refused and counted, and the run goes on.
static void test_foreign_peer(void)
{
    char endpoint[2 * PATH_MAX_BYTES];
    struct test_process p = start_forever("foreign");
    find_socket(endpoint, sizeof endpoint);
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_DEALER);
    CU_ASSERT_EQUAL_FATAL(zmq_connect(socket, endpoint), 0);
    char junk[4000];
    for (size_t i = 0; i < sizeof junk; i++)
        junk[i] = (char)(i * 31);
    for (size_t size = 0; size < sizeof junk; size += 97)
        zmq_send(socket, junk, size, size % 2 ? ZMQ_SNDMORE : 0);
    zmq_send(socket, junk, 10, 0);
    int all = 60000; // all of it has left us before the run is asked to end
    zmq_setsockopt(socket, ZMQ_LINGER, &all, sizeof all);
    zmq_close(socket);
    zmq_ctx_term(context);
    test_sleep_ms(500);
    CU_ASSERT_TRUE(process_alive(p.pid));
    kill(p.pid, SIGTERM);
    process_wait(&p, HANG_S);
    CU_ASSERT_EQUAL(p.status, EXIT_CLASS_INTERRUPTED);
    json_int_t foreign = 0, malformed = 0;
    json_t *json = load_results("foreign");
    json_unpack(json, "{s:{s:I, s:I}}", "host", "control_foreign", &foreign, "control_malformed", &malformed);
    CU_ASSERT(foreign + malformed > 0);
    json_decref(json);
    process_free(&p);
}

int main(void)
{
    test_folder_make(root);
    test_folder_make(sockets);
    setenv("XDG_RUNTIME_DIR", sockets, 1);
    numaplex = test_program("numaplex");
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("run", NULL, NULL);
    CU_ADD_TEST(suite, test_placements_agree);
    CU_ADD_TEST(suite, test_run_folder);
    CU_ADD_TEST(suite, test_json_and_summary);
    CU_ADD_TEST(suite, test_save_and_continue);
    CU_ADD_TEST(suite, test_save_point_is_not_reached);
    CU_ADD_TEST(suite, test_recorded_program);
    CU_ADD_TEST(suite, test_killed_worker);
    CU_ADD_TEST(suite, test_silent_worker);
    CU_ADD_TEST(suite, test_killed_coordinator);
    CU_ADD_TEST(suite, test_interrupted);
    CU_ADD_TEST(suite, test_suspended);
    CU_ADD_TEST(suite, test_interrupted_twice);
    CU_ADD_TEST(suite, test_foreign_peer);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    test_folder_remove(root);
    test_folder_remove(sockets);
    return failures ? 1 : 0;
}
