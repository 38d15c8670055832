// SPDX-License-Identifier: Apache-2.0
// What browsers do with a run: they look, plan, command, are refused, watch, and see it end and come back.
// Behind the console is the real server of the control API, without a machine.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hmc/web/runs.h"
#include "proto/base/assert.h"
#include "tests/lib/fake_run.h"
#include "tests/lib/process.h"
#include "tests/lib/web_try.h"

static struct web_try try;
static struct fake_run *run;
static char folder[PATH_MAX_BYTES - 64], path[PATH_MAX_BYTES];
static struct web_browser ann, bob, olga, vic;

static int ask(struct web_browser *browser, const char *method, const char *url, const char *body)
{
    web_try_ask(&try, browser, method, url, body);
    return browser->status;
}

static const char *code(const struct web_browser *browser)
{
    return web_browser_text(browser, "code");
}

static void start_run(void)
{
    run = fake_run_open(&(struct fake_run_options){.folder = path, .guest = true, .pages = 64});
}

// Lets the loop work until a browser's stream has a text. The run's thread and the loop take what time they
// need.
static bool wait_for(struct web_browser *browser, const char *text)
{
    for (int i = 0; i < 2000 && !strstr(browser->text, text); i++) {
        event_base_loop(try.base, EVLOOP_NONBLOCK);
        runs_tick(try.web.runs); // which else comes once a second of the host
        test_sleep_ms(5);
    }
    return strstr(browser->text, text) != NULL;
}

static unsigned logged(const char *what, const char *outcome)
{
    struct store_query query = store_query(
        &try.web.store, "SELECT count(*) FROM audit WHERE what = ? AND outcome = ? AND run = 'one'", "tt",
        what, outcome);
    unsigned n = store_row(&query) ? (unsigned)store_int(&query, 0) : 0;
    store_end(&query, NULL);
    return n;
}

static void test_log_in(void)
{
    web_try_login(&try, &ann, "ann");
    web_try_login(&try, &bob, "bob");
    web_try_login(&try, &olga, "olga");
    web_try_login(&try, &vic, "vic");
    CU_ASSERT_STRING_EQUAL(web_browser_text(&bob, "user.role"), "domain administrator");
}

static void test_runs(void)
{
    CU_ASSERT_EQUAL(ask(&vic, "GET", "/api/runs", NULL), 200);
    const json_t *runs = json_object_get(vic.answer, "runs"), *first = json_array_get(runs, 0);
    CU_ASSERT_EQUAL(json_array_size(runs), 2);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(first, "name")), "one");
    CU_ASSERT_TRUE(json_is_true(json_object_get(first, "live")));
    CU_ASSERT_TRUE(json_is_true(json_object_get(first, "selected")));
    CU_ASSERT_TRUE(json_is_false(json_object_get(json_array_get(runs, 1), "live")));
}

static void test_snapshot(void)
{
    for (int i = 0; i < 2; i++) { // asked, then as it was told
        CU_ASSERT_EQUAL(ask(&vic, "GET", "/api/snapshot", NULL), 200);
        CU_ASSERT_STRING_EQUAL(web_browser_text(&vic, "run"), "one");
        CU_ASSERT_STRING_EQUAL(web_browser_text(&vic, "link"), "up");
        CU_ASSERT_EQUAL(json_array_size(json_object_get(vic.answer, "boards")), 8);
    }
    CU_ASSERT_EQUAL(ask(&vic, "GET", "/api/snapshot?run=one", NULL), 200);
    CU_ASSERT_EQUAL(ask(&vic, "GET", "/api/snapshot?run=ended", NULL), 503);
    CU_ASSERT_STRING_EQUAL(code(&vic), "NP0815");
    CU_ASSERT_EQUAL(ask(&vic, "GET", "/api/snapshot?run=nothing", NULL), 503);
    CU_ASSERT_EQUAL(ask(&vic, "GET", "/api/snapshot?run=..", NULL), 400);
    CU_ASSERT_EQUAL(ask(&vic, "GET", "/api/snapshot?run=..%2Fruns%2Fone", NULL), 400);
    CU_ASSERT_STRING_EQUAL(code(&vic), "NP0814");
}

static void test_series(void)
{
    CU_ASSERT_EQUAL(ask(&vic, "GET", "/api/series", NULL), 200);
    const json_t *lines = json_object_get(vic.answer, "partitions"), *last = json_array_get(lines, 2);
    CU_ASSERT_EQUAL(json_array_size(lines), 3);
    CU_ASSERT_EQUAL(json_integer_value(json_array_get(json_object_get(last, "accesses"), 1)), 3000000);
    CU_ASSERT_EQUAL(json_array_size(json_object_get(last, "time_ps")), 2);
    CU_ASSERT_EQUAL(ask(&vic, "GET", "/api/series?run=nothing", NULL), 503);
}

static void test_plan(void)
{
    static const char move[] = "{\"verb\": \"move\", \"board\": \"SB6\", \"partition\": \"SMP2\"}";
    CU_ASSERT_EQUAL(ask(&vic, "POST", "/api/plan", move), 200);
    CU_ASSERT_STRING_EQUAL(web_browser_text(&vic, "plan.from"), "SMP1");
    CU_ASSERT_STRING_EQUAL(web_browser_text(&vic, "plan.to"), "SMP2");
    CU_ASSERT_STRING_EQUAL(code(&vic), "NP0811"); // what the command would be told
    CU_ASSERT_STRING_EQUAL(web_browser_text(&vic, "meaning"), err_meaning(ERR_FORBIDDEN));
    CU_ASSERT_EQUAL(ask(&ann, "POST", "/api/plan", move), 200);
    CU_ASSERT_STRING_EQUAL(code(&ann), "");
    CU_ASSERT_EQUAL(ask(&ann, "POST", "/api/plan", "{\"verb\": \"delete\", \"board\": \"SB3\"}"), 200);
    CU_ASSERT_STRING_EQUAL(code(&ann), "NP0804");
    CU_ASSERT_STRING_EQUAL(web_browser_text(&ann, "plan.from"), "SMP2");
    CU_ASSERT_EQUAL(ask(&ann, "POST", "/api/plan", "{\"verb\": \"delete\", \"board\": \"SB99\"}"), 404);
    CU_ASSERT_EQUAL(ask(&vic, "POST", "/api/plan?run=none", move), 503);
}

static void test_refusals(void)
{
    CU_ASSERT_EQUAL(ask(&vic, "POST", "/api/command", "{\"verb\": \"test\", \"board\": \"SB0\"}"), 403);
    CU_ASSERT_EQUAL(ask(&bob, "POST", "/api/command",
                        "{\"verb\": \"move\", \"board\": \"SB0\", \"partition\": \"SMP2\"}"),
                    403); // bob's is SMP2, SB0 is in SMP1: the run says so
    CU_ASSERT_STRING_EQUAL(code(&bob), "NP0811");
    CU_ASSERT_EQUAL(logged("command", "NP0811"), 1);
    CU_ASSERT_EQUAL(ask(&olga, "POST", "/api/command", "{\"verb\": \"delete\", \"board\": \"SB0\"}"), 403);
    CU_ASSERT_EQUAL(ask(&olga, "POST", "/api/pace", "{\"pace\": \"stop\"}"), 403);
    CU_ASSERT_EQUAL(ask(&bob, "POST", "/api/type", "{\"partition\": \"SMP1\", \"text\": \"x\"}"), 403);
    CU_ASSERT_EQUAL(ask(&ann, "POST", "/api/command", "{\"verb\": \"delete\", \"board\": \"SB3\"}"), 409);
    CU_ASSERT_STRING_EQUAL(code(&ann), "NP0804");
    CU_ASSERT_EQUAL(logged("command", "NP0804"), 1);
    CU_ASSERT_EQUAL(ask(&ann, "POST", "/api/command", "{\"verb\": \"test\", \"board\": \"SB99\"}"), 404);
    CU_ASSERT_STRING_EQUAL(code(&ann), "NP0801");
}

static void test_malformed(void)
{
    static const char *const bodies[] = {"{}",
                                         "{\"verb\": \"explode\"}",
                                         "{\"verb\": 1}",
                                         "{\"verb\": \"test\", \"board\": 6}",
                                         "{\"verb\": \"test\", \"bored\": \"SB6\"}",
                                         "[]",
                                         "null",
                                         "{\"verb\": \"test\"",
                                         "{\"verb\": \"test\", \"board\": \"a\\nb\"}"};
    for (size_t i = 0; i < NP_ARRAY_LEN(bodies); i++) {
        CU_ASSERT_EQUAL(ask(&ann, "POST", "/api/command", bodies[i]), 400);
        CU_ASSERT_STRING_EQUAL(code(&ann), "NP0814");
        CU_ASSERT_EQUAL(ask(&ann, "POST", "/api/pace", bodies[i]), 400);
        CU_ASSERT_EQUAL(ask(&ann, "POST", "/api/type", bodies[i]), 400);
    }
    CU_ASSERT_EQUAL(ask(&ann, "GET", "/api/events?from=x", NULL), 400);
    CU_ASSERT_EQUAL(ask(&ann, "GET", "/api/events?from=-1", NULL), 400);
    CU_ASSERT_EQUAL(ask(&ann, "GET", "/api/audit?n=0", NULL), 400);
    CU_ASSERT_EQUAL(ask(&ann, "GET", "/api/audit?n=501", NULL), 400);
    CU_ASSERT_EQUAL(ask(&ann, "GET", "/api/audit?before=9999999999999999999", NULL), 400);
    CU_ASSERT_EQUAL(ask(&ann, "GET", "/api/console", NULL), 400);
}

static void test_console(void)
{
    CU_ASSERT_EQUAL(ask(&vic, "GET", "/api/console?partition=SMP1", NULL), 200);
    CU_ASSERT_STRING_EQUAL(web_browser_text(&vic, "text"), "hello\n");
    CU_ASSERT_EQUAL(ask(&olga, "POST", "/api/type", "{\"partition\": \"SMP1\", \"text\": \"secret word\"}"),
                    200);
    CU_ASSERT_EQUAL(ask(&vic, "GET", "/api/console?partition=SMP1&from=6", NULL), 200);
    CU_ASSERT_PTR_NOT_NULL(strstr(web_browser_text(&vic, "text"), "secret word"));
    CU_ASSERT_EQUAL(ask(&vic, "GET", "/api/console?partition=SMP9", NULL), 404);
    CU_ASSERT_EQUAL(ask(&ann, "GET", "/api/audit", NULL), 200);
    CU_ASSERT_PTR_NULL(strstr(ann.text, "secret"));
    CU_ASSERT_EQUAL(logged("type", "NP0000"), 1);
}

// One moves a board, the other watches it go, by events, samples and snapshots.
static void test_move(void)
{
    CU_ASSERT_EQUAL(ask(&vic, "GET", "/api/events?from=0", NULL), 200);
    CU_ASSERT_TRUE(wait_for(&vic, "event: sample"));
    CU_ASSERT_PTR_NOT_NULL(strstr(vic.text, "event: link\ndata: {\"link\":\"up\"}"));
    CU_ASSERT_EQUAL(ask(&ann, "POST", "/api/command",
                        "{\"verb\": \"move\", \"board\": \"SB6\", \"partition\": \"SMP2\"}"),
                    200);
    CU_ASSERT_TRUE(json_integer_value(json_object_get(ann.answer, "operation")) > 0);
    CU_ASSERT_TRUE(wait_for(&vic, "\"what\":\"ended\""));
    web_browser_cut(&vic, "\"what\":\"ended\"");
    CU_ASSERT_TRUE(wait_for(&vic, "event: snapshot")); // with what has changed
    CU_ASSERT_EQUAL(ask(&ann, "GET", "/api/snapshot", NULL), 200);
    const json_t *board = json_array_get(json_object_get(ann.answer, "boards"), 6);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(board, "partition")), "SMP2");
    CU_ASSERT_EQUAL(logged("command", "NP0000"), 1);
    web_browser_leave(&vic);
}

// An event stream goes on behind the last event that the browser has.
static void test_come_back(void)
{
    CU_ASSERT_EQUAL(ask(&vic, "GET", "/api/events?from=1", NULL), 200);
    CU_ASSERT_TRUE(wait_for(&vic, "id: 2\n"));
    CU_ASSERT_PTR_NULL(strstr(vic.text, "id: 1\n"));
    web_browser_leave(&vic);
    web_try_request(&try, &vic,
                    (struct web_request){.method = "GET",
                                         .path = "/api/events",
                                         .query = "from=1",
                                         .host = "h",
                                         .cookie = vic.cookie,
                                         .last_event_id = "2"});
    CU_ASSERT_TRUE(wait_for(&vic, "id: 3\n"));
    CU_ASSERT_PTR_NULL(strstr(vic.text, "id: 2\n"));
    web_browser_leave(&vic);
}

// The browser has gone before the run answers: what was done is in the log all the same.
static void test_gone(void)
{
    struct exchange *exchange = web_try_exchange(&try, &ann);
    struct run *here = NULL;
    struct err err;
    unsigned before = logged("pace", "NP0000");
    static const char body[] = "{\"pace\": \"pause\"}";
    CU_ASSERT_EQUAL_FATAL(runs_find(try.web.runs, "", &here, &err), ERR_OK);
    exchange->in = (struct web_request){.method = "POST",
                                        .path = "/api/pace",
                                        .host = "h",
                                        .cookie = ann.cookie,
                                        .csrf = ann.csrf,
                                        .content_type = "application/json",
                                        .body = body,
                                        .body_bytes = strlen(body)};
    web_try_give(exchange);
    exchange_gone(exchange);
    for (int i = 0; i < 2000 && logged("pace", "NP0000") == before; i++) {
        event_base_loop(try.base, EVLOOP_NONBLOCK);
        test_sleep_ms(5);
    }
    CU_ASSERT_EQUAL(logged("pace", "NP0000"), before + 1);
    CU_ASSERT_EQUAL(ann.status, 0);
}

static void test_end(void)
{
    CU_ASSERT_EQUAL(ask(&vic, "GET", "/api/events", NULL), 200);
    fake_run_close(run);
    CU_ASSERT_TRUE(wait_for(&vic, "{\"link\":\"ended\"}"));
    CU_ASSERT_EQUAL(ask(&ann, "POST", "/api/command", "{\"verb\": \"test\", \"board\": \"SB0\"}"),
                    503); // none goes on
    CU_ASSERT_EQUAL(ask(&ann, "POST", "/api/command?run=one", "{\"verb\": \"test\", \"board\": \"SB0\"}"),
                    410);
    CU_ASSERT_STRING_EQUAL(code(&ann), "NP0816");
    CU_ASSERT_EQUAL(ask(&ann, "GET", "/api/snapshot?run=one", NULL), 200);
    CU_ASSERT_STRING_EQUAL(web_browser_text(&ann, "link"), "ended");
}

// The page is told by itself when the run goes on, and begins anew.
static void test_again(void)
{
    web_browser_clear(&vic);
    start_run();
    CU_ASSERT_TRUE(wait_for(&vic, "event: reset"));
    CU_ASSERT_TRUE(wait_for(&vic, "{\"link\":\"up\"}"));
    CU_ASSERT_TRUE(wait_for(&vic, "event: sample"));
    CU_ASSERT_EQUAL(ask(&ann, "POST", "/api/command?run=one", "{\"verb\": \"test\", \"board\": \"SB0\"}"),
                    200);
    web_browser_leave(&vic);
}

// A run that nobody looks at is left alone.
static void test_idle(void)
{
    try.now_ms += WEB_LINK_IDLE_MS - 1;
    runs_tick(try.web.runs);
    CU_ASSERT_NOT_EQUAL(runs_open(try.web.runs), 0);
    try.now_ms += 1;
    runs_tick(try.web.runs);
    CU_ASSERT_EQUAL(runs_open(try.web.runs), 0);
    fake_run_close(run);
}

// A note of a socket where nobody answers, although the process is alive.
static void write_ghost(const char *file)
{
    FILE *out = fopen(file, "w");
    NP_ASSERT(out);
    fprintf(
        out,
        "{\"endpoint\": \"ipc://%s/ghost/none\", \"folder\": \"%s/ghost\", \"scenario\": \"g\", \"pid\": %d}",
        folder, folder, (int)getpid());
    fclose(out);
}

// A run that does not answer: the question ends in time, and the page is told when the run is no more.
static void test_ghost(void)
{
    char ghost[PATH_MAX_BYTES + 32];
    snprintf(ghost, sizeof ghost, "%s/ghost", folder);
    CU_ASSERT_EQUAL(mkdir(ghost, 0700), 0);
    strcat(ghost, "/control.json");
    write_ghost(ghost);
    struct exchange *exchange = web_try_exchange(&try, &ann);
    exchange->in = (struct web_request){
        .method = "GET", .path = "/api/snapshot", .query = "run=ghost", .host = "h", .cookie = ann.cookie};
    web_try_give(exchange);
    CU_ASSERT_EQUAL(ann.status, 0);
    try.now_ms += WEB_ANSWER_MS;
    runs_tick(try.web.runs);
    CU_ASSERT_EQUAL(ann.status, 504);
    CU_ASSERT_STRING_EQUAL(code(&ann), "NP0603");
    CU_ASSERT_EQUAL(ask(&vic, "GET", "/api/events?run=ghost", NULL), 200);
    unlink(ghost);
    CU_ASSERT_TRUE(wait_for(&vic, "{\"link\":\"ended\"}"));
    web_browser_leave(&vic);
}

static void make_folders(void)
{
    char ended[PATH_MAX_BYTES + 32];
    test_folder_make(ended);
    NP_ASSERT(strlen(ended) < sizeof folder);
    strcpy(folder, ended);
    snprintf(path, sizeof path, "%s/one", folder);
    snprintf(ended, sizeof ended, "%s/ended", folder);
    NP_ASSERT(mkdir(path, 0700) == 0 && mkdir(ended, 0700) == 0);
    strcat(ended, "/results.json");
    FILE *file = fopen(ended, "w");
    NP_ASSERT(file);
    fclose(file);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("the console and a run", NULL, NULL);
    make_folders();
    start_run();
    web_try_open(&try);
    web_try_user(&try, "ann", API_PLATFORM_ADMINISTRATOR, NULL);
    web_try_user(&try, "bob", API_DOMAIN_ADMINISTRATOR, (const char *const[]){"SMP2", NULL});
    web_try_user(&try, "olga", API_OPERATOR, NULL);
    web_try_user(&try, "vic", API_VIEWER, NULL);
    runs_new(&try.web, folder, NULL);
    CU_add_test(suite, "log in", test_log_in);
    CU_add_test(suite, "runs", test_runs);
    CU_add_test(suite, "snapshot", test_snapshot);
    CU_add_test(suite, "series", test_series);
    CU_add_test(suite, "plan", test_plan);
    CU_add_test(suite, "refusals", test_refusals);
    CU_add_test(suite, "malformed", test_malformed);
    CU_add_test(suite, "console", test_console);
    CU_add_test(suite, "move", test_move);
    CU_add_test(suite, "come back", test_come_back);
    CU_add_test(suite, "gone", test_gone);
    CU_add_test(suite, "end", test_end);
    CU_add_test(suite, "again", test_again);
    CU_add_test(suite, "ghost", test_ghost);
    CU_add_test(suite, "idle", test_idle);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    web_browser_free(&ann);
    web_browser_free(&bob);
    web_browser_free(&olga);
    web_browser_free(&vic);
    runs_free(try.web.runs);
    web_try_close(&try);
    test_folder_remove(folder);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
