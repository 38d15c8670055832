// SPDX-License-Identifier: Apache-2.0
// The web console as a process, with browsers and a run in others: first start, users, commands, events, and
// what is left when one of the processes is killed.
#include <CUnit/Basic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/base/assert.h"
#include "proto/base/err.h"
#include "tests/lib/console_process.h"
#include "tests/lib/fake_run.h"
#include "tests/lib/https_client.h"
#include "tests/lib/process.h"

static char folder[PATH_MAX_BYTES], runs[PATH_MAX_BYTES + 16], first[PATH_MAX_BYTES + 32],
    state[PATH_MAX_BYTES + 16], said[PATH_MAX_BYTES + 16];
static struct console_process console;
static struct https_client ann, vic;
static pid_t run;

// ---- processes

// The run's process; it ends with us.
static void start_run(void)
{
    char control[PATH_MAX_BYTES + 64];
    snprintf(control, sizeof control, "%s/control.json", first);
    unlink(control);
    run = fork();
    NP_ASSERT(run >= 0);
    if (run == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        fake_run_open(&(struct fake_run_options){.folder = first, .guest = true, .pages = 64});
        for (;;)
            pause();
    }
    for (int i = 0; i < 12000 && access(control, F_OK) != 0; i++)
        test_sleep_ms(5);
}

static void end_run(void)
{
    kill(run, SIGKILL);
    waitpid(run, NULL, 0);
}

// Port 0: any.
static void start_console(unsigned port)
{
    console_start(&console, runs, state, said, port);
    ann.port = vic.port = console.port;
    strcpy(ann.fingerprint, console.fingerprint);
    strcpy(vic.fingerprint, console.fingerprint);
}

static void stop_console(int number)
{
    kill(console.process.pid, number);
    process_wait(&console.process, HANG_S);
}

// Runs `numaplex hmc ...` and expects words of its output.
static void expect(int status, const char *words, const char *const *argv)
{
    struct test_process p = process_run_list(test_program("numaplex"), argv);
    bool good = p.status == status && (strstr(p.out, words) || strstr(p.err, words));
    CU_ASSERT_TRUE(good);
    if (!good)
        printf("\n  %s %s: status %d, expected %d and '%s'\n%s%s", argv[2], argv[3] ? argv[3] : "", p.status,
               status, words, p.out, p.err);
    process_free(&p);
}
#define EXPECT(status, words, ...)                                                                           \
    expect(status, words, (const char *const[]){"numaplex", "hmc", __VA_ARGS__, NULL})

static int ask(struct https_client *client, const char *method, const char *path, const char *body)
{
    return https_ask(client, method, path, body);
}

// ---- tests

static void test_first_start(void)
{
    static const char *const files[] = {"console.crt", "console.key", "console.db"};
    char path[sizeof state + 32];
    struct stat status;
    start_console(0);
    CU_ASSERT_EQUAL(strlen(console.password), 24);
    for (size_t i = 0; i < NP_ARRAY_LEN(files); i++) {
        snprintf(path, sizeof path, "%s/%s", state, files[i]);
        CU_ASSERT_EQUAL(stat(path, &status), 0);
        CU_ASSERT_EQUAL(status.st_mode & 0777, 0600);
    }
    CU_ASSERT_EQUAL(ask(&ann, "GET", "/api/runs", NULL), 401);
    CU_ASSERT_EQUAL(https_login(&ann, "admin", "not the password"), 401);
    CU_ASSERT_EQUAL(https_login(&ann, "admin", console.password), 200);
    CU_ASSERT_EQUAL(ask(&ann, "GET", "/", NULL), 200);
    CU_ASSERT_PTR_NOT_NULL(strstr(ann.text, "Content-Type: text/html"));
}

static void test_users(void)
{
    char pipe_in[PATH_MAX_BYTES + 300];
    snprintf(pipe_in, sizeof pipe_in,
             "echo 'a password of vic' | '%s' hmc user add vic --password-stdin --state '%s'",
             test_program("numaplex"), state);
    struct test_process p = process_run("/bin/sh", "-c", pipe_in);
    CU_ASSERT_EQUAL(p.status, 0);
    CU_ASSERT_PTR_NULL(strstr(p.out, "password"));
    process_free(&p);
    EXPECT(0, "vic              viewer", "user", "list", "--state", state);
    EXPECT(0, "\"role\": \"viewer\"", "user", "list", "--json", "--state", state);
    EXPECT(0, "User bob, password ", "user", "add", "bob", "--role", "domain administrator", "--domains",
           "SMP1,SMP2", "--state", state);
    EXPECT(0, "of SMP1,SMP2", "user", "list", "--state", state);
    EXPECT(EXIT_CLASS_REFUSED, "NP0802", "user", "add", "bob", "--state", state);
    EXPECT(EXIT_CLASS_REFUSED, "NP0814", "user", "add", "Bob", "--state", state);
    EXPECT(EXIT_CLASS_REFUSED, "NP0801", "user", "remove", "nobody", "--state", state);
    EXPECT(EXIT_CLASS_REFUSED, "NP0804", "user", "remove", "admin", "--state", state);
    EXPECT(0, "", "user", "role", "bob", "operator", "--state", state);
    EXPECT(EXIT_CLASS_REFUSED, "is none of", "user", "role", "bob", "king", "--state", state);
    CU_ASSERT_EQUAL(https_login(&vic, "vic", "a password of vic"), 200);
    CU_ASSERT_STRING_EQUAL(https_text(&vic, "user.role"), "viewer");
}

static void test_wrong_use(void)
{
    EXPECT(EXIT_CLASS_USAGE, "NP0201", "--listen", "8443", "--state", state);
    EXPECT(EXIT_CLASS_USAGE, "belong together", "--certificate", "x.pem", "--state", state);
    EXPECT(EXIT_CLASS_USAGE, "not expected here", "frobnicate", "--state", state);
    EXPECT(EXIT_CLASS_USAGE, "say what to do", "user", "--state", state);
    EXPECT(EXIT_CLASS_USAGE, "1 words are expected", "user", "add", "--state", state);
    EXPECT(EXIT_CLASS_REFUSED, "NP0815", "--run", "/nonexistent", "--state", state);
    EXPECT(EXIT_CLASS_HOST, "NP0501", "--certificate", "/nonexistent", "--key", "/nonexistent", "--state",
           state);
    EXPECT(EXIT_CLASS_HOST, "cannot be made", "--state", "/proc/nothing");
    char listen[32];
    snprintf(listen, sizeof listen, "127.0.0.1:%u", ann.port);
    EXPECT(EXIT_CLASS_HOST, "is another console there?", "--listen", listen, "--state", state);
}

static const char move[] = "{\"verb\": \"move\", \"board\": \"SB6\", \"partition\": \"SMP2\"}";

static void test_move(void)
{
    CU_ASSERT_EQUAL(ask(&vic, "GET", "/api/snapshot", NULL), 200);
    CU_ASSERT_STRING_EQUAL(https_text(&vic, "run"), "one");
    CU_ASSERT_EQUAL(ask(&vic, "POST", "/api/command", move), 403);
    CU_ASSERT_STRING_EQUAL(https_text(&vic, "code"), "NP0811");
    CU_ASSERT_EQUAL(ask(&vic, "POST", "/api/plan", move), 200);
    struct https_stream *stream = https_listen(&vic, "/api/events?from=0", NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
    CU_ASSERT_EQUAL(ask(&ann, "POST", "/api/command", move), 200);
    CU_ASSERT_TRUE(https_hears(stream, "\"what\":\"ended\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(https_heard(stream), "id: 1\n"));
    CU_ASSERT_TRUE(https_hears(stream, "event: sample"));
    https_leave(stream);
}

// Users, sessions and log are there again; the run has not noticed; the browser resumes.
static void test_kill_console(void)
{
    CU_ASSERT_EQUAL(ask(&ann, "GET", "/api/audit", NULL), 200);
    size_t lines =
        json_array_size(json_object_get(json_object_get(ann.answer, "rows") ? ann.answer : NULL, "rows"));
    char before[sizeof ann.fingerprint];
    strcpy(before, ann.fingerprint);
    struct https_stream *stream = https_listen(&vic, "/api/events?from=0", NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
    stop_console(SIGKILL);
    CU_ASSERT_EQUAL(console.process.status, 128 + SIGKILL);
    process_free(&console.process);
    while (https_hears(stream, "never said"))
        continue;
    https_leave(stream);
    CU_ASSERT_EQUAL(ask(&ann, "GET", "/api/audit", NULL), 0);
    EXPECT(0, "all as they were written", "audit", "--check", "--state", state);
    start_console(ann.port);
    CU_ASSERT_STRING_EQUAL(console.password, ""); // no second first start
    CU_ASSERT_STRING_EQUAL(ann.fingerprint, before);
    CU_ASSERT_EQUAL(ask(&ann, "GET", "/api/audit", NULL), 200);
    CU_ASSERT_EQUAL(json_array_size(json_object_get(ann.answer, "rows")), lines);
    CU_ASSERT_EQUAL(ask(&vic, "GET", "/api/snapshot", NULL), 200);
    stream = https_listen(&vic, "/api/events", "1");
    CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
    CU_ASSERT_TRUE(https_hears(stream, "\"what\":\"ended\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(https_heard(stream), "id: 2\n"));
    CU_ASSERT_PTR_NULL(strstr(https_heard(stream), "id: 1\n"));
    https_leave(stream);
}

// A removed user is out at once.
static void test_remove(void)
{
    EXPECT(0, "", "user", "remove", "vic", "--state", state);
    CU_ASSERT_EQUAL(ask(&vic, "GET", "/api/snapshot", NULL), 401);
    CU_ASSERT_STRING_EQUAL(https_text(&vic, "code"), "NP0812");
    EXPECT(0, "vic: removed from the command line", "audit", "--state", state);
}

// The page is told that the run's process is gone, and that there is one again.
static void test_kill_run(void)
{
    struct https_stream *stream = https_listen(&ann, "/api/events?run=one", NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
    CU_ASSERT_TRUE(https_hears(stream, "{\"link\":\"up\"}"));
    end_run();
    CU_ASSERT_TRUE(https_hears(stream, "{\"link\":\"ended\"}"));
    CU_ASSERT_EQUAL(ask(&ann, "POST", "/api/command?run=one", move), 410);
    CU_ASSERT_STRING_EQUAL(https_text(&ann, "code"), "NP0816");
    CU_ASSERT_EQUAL(ask(&ann, "POST", "/api/command", move), 503);
    CU_ASSERT_STRING_EQUAL(https_text(&ann, "code"), "NP0815");
    start_run();
    CU_ASSERT_TRUE(https_hears(stream, "event: reset"));
    CU_ASSERT_TRUE(https_hears(stream, "event: sample"));
    CU_ASSERT_EQUAL(ask(&ann, "POST", "/api/command?run=one", move), 200);
    https_leave(stream);
}

// What results.json says of a partition: its accesses.
static json_int_t accesses_of(const char *run_folder, size_t partition)
{
    char path[2 * PATH_MAX_BYTES];
    snprintf(path, sizeof path, "%s/results.json", run_folder);
    json_t *results = json_load_file(path, 0, NULL);
    const json_t *rows = json_object_get(results, "partitions");
    json_int_t n = json_integer_value(json_object_get(json_array_get(rows, partition), "accesses"));
    json_decref(results);
    return n;
}

// A run that nobody could connect to has left how it ended; its report comes in a sandbox of its own.
static void test_ended(void)
{
    char out[PATH_MAX_BYTES + 64], scenario[PATH_MAX_BYTES];
    snprintf(out, sizeof out, "%s/two", runs);
    snprintf(scenario, sizeof scenario, "%s/tests/sim/scenarios/three-partitions-mesi.yaml",
             getenv("NUMAPLEX_SOURCE"));
    struct test_process p = process_run(test_program("numaplex"), "run", scenario, "--quiet", "--nodes", "1",
                                        "--no-control", "--out", out);
    CU_ASSERT_EQUAL(p.status, 0);
    process_free(&p);
    CU_ASSERT_EQUAL(ask(&ann, "GET", "/api/snapshot?run=two", NULL), 200);
    CU_ASSERT_STRING_EQUAL(https_text(&ann, "state"), "ended");
    CU_ASSERT_STRING_EQUAL(https_text(&ann, "link"), "ended");
    CU_ASSERT_EQUAL(ask(&ann, "GET", "/api/series?run=two", NULL), 200);
    const json_t *lines = json_object_get(ann.answer, "partitions");
    CU_ASSERT_EQUAL(json_array_size(lines), 3);
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *accesses = json_object_get(json_array_get(lines, i), "accesses");
        json_int_t last = json_integer_value(json_array_get(accesses, json_array_size(accesses) - 1));
        CU_ASSERT_TRUE(last > 0);
        CU_ASSERT_EQUAL(last, accesses_of(out, i));
    }
    CU_ASSERT_EQUAL(ask(&ann, "GET", "/api/report?run=two", NULL), 200);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(ann.text, "Content-Security-Policy: sandbox allow-scripts; default-src 'none'"));
    CU_ASSERT_PTR_NULL(strstr(ann.text, "script-src 'self'")); // the page's own policy does not come too
    CU_ASSERT_EQUAL(ask(&ann, "POST", "/api/command?run=two", move), 410);
}

static void test_end(void)
{
    struct https_stream *stream = https_listen(&ann, "/api/events", NULL);
    CU_ASSERT_PTR_NOT_NULL(stream);
    stop_console(SIGTERM);
    CU_ASSERT_EQUAL(console.process.status, 0);
    CU_ASSERT_STRING_EQUAL(console.process.err, "");
    process_free(&console.process);
    https_leave(stream);
    EXPECT(0, "all as they were written", "audit", "--check", "--state", state);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("the web console", NULL, NULL);
    signal(SIGPIPE, SIG_IGN);
    test_folder_make(folder);
    snprintf(runs, sizeof runs, "%s/runs", folder);
    snprintf(first, sizeof first, "%s/one", runs);
    snprintf(state, sizeof state, "%s/state", folder);
    snprintf(said, sizeof said, "%s/said", folder);
    NP_ASSERT(mkdir(runs, 0700) == 0 && mkdir(first, 0700) == 0);
    start_run();
    CU_add_test(suite, "first start", test_first_start);
    CU_add_test(suite, "users", test_users);
    CU_add_test(suite, "wrong use", test_wrong_use);
    CU_add_test(suite, "move", test_move);
    CU_add_test(suite, "console killed", test_kill_console);
    CU_add_test(suite, "user removed", test_remove);
    CU_add_test(suite, "run killed", test_kill_run);
    CU_add_test(suite, "a run that has ended", test_ended);
    CU_add_test(suite, "end", test_end);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    end_run();
    https_client_free(&ann);
    https_client_free(&vic);
    test_folder_remove(folder);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
