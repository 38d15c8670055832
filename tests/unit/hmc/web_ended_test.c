// SPDX-License-Identifier: Apache-2.0
// A run that has ended, looked at through the web console: its last state as the coordinator leaves it, its
// series, events, console and report; damaged and absent ones; and that nothing can be changed.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "coordinator/control/last_state.h"
#include "hmc/client/client.h"
#include "hmc/client/last.h"
#include "hmc/web/runs.h"
#include "proto/base/assert.h"
#include "proto/codec/api_last.h"
#include "tests/lib/fake_run.h"
#include "tests/lib/process.h"
#include "tests/lib/web_try.h"

#define EVENTS 600u // more than fit into one reply

static struct web_try try;
static char folder[PATH_MAX_BYTES], path[PATH_MAX_BYTES + 8];
static struct web_browser vic, ann;

static int ask(struct web_browser *browser, const char *method, const char *url, const char *body)
{
    web_try_ask(&try, browser, method, url, body);
    return browser->status;
}

static void write_file(const char *name, const char *text)
{
    char whole[2 * PATH_MAX_BYTES];
    snprintf(whole, sizeof whole, "%s/%s", path, name);
    FILE *file = fopen(whole, "w");
    NP_ASSERT(file);
    fputs(text, file);
    bool closed = fclose(file) == 0;
    NP_ASSERT(closed);
}

static void leave(const struct api_snapshot *snapshot)
{
    struct event_ring ring = {0};
    struct api_series series = {0};
    struct api_sample sample = {0};
    struct err err;
    struct last_state state = {snapshot, &series, &sample, &ring};
    for (uint32_t i = 0; i < EVENTS; i++)
        event_ring_add(&ring, &(struct api_event){.time_ps = i, .what = "state", .text = "SB6: connected"});
    api_series_init(&series, snapshot->n_partitions);
    series.lines[1] = (struct api_line){.n_points = 3, .time_ps = {0, 5, 9}, .accesses = {0, 50, 70}};
    api_sample_init(&sample, snapshot->n_partitions, snapshot->n_boards);
    sample.time_ps = 9;
    NP_ASSERT(last_state_write(path, &state, &err) == ERR_OK);
    event_ring_free(&ring);
    api_series_free(&series);
    api_sample_free(&sample);
}

// What a run without a machine has said of itself while it was there.
static void end_a_run(void)
{
    struct fake_run *run = fake_run_open(&(struct fake_run_options){.folder = path, .guest = true});
    struct api_request request = {.kind = API_SHOW};
    struct api_reply reply;
    struct client *client;
    struct err err;
    NP_ASSERT(client_open(&client, path, &err) == ERR_OK);
    NP_ASSERT(client_ask(client, &request, 0, &reply, &err) == ERR_OK);
    leave(&reply.snapshot);
    api_reply_free(&reply);
    client_close(client);
    fake_run_close(run);
    write_file("results.json", "{}");
    write_file("report.html", "<!DOCTYPE html><p>the report");
    write_file("console-SMP1.txt", "hello\nbye\n");
}

static void test_listed(void)
{
    CU_ASSERT_EQUAL(ask(&vic, "GET", "/api/runs", NULL), 200);
    const json_t *row = json_array_get(json_object_get(vic.answer, "runs"), 0);
    CU_ASSERT_TRUE(json_is_false(json_object_get(row, "live")));
    CU_ASSERT_TRUE(json_is_true(json_object_get(row, "state")));
    CU_ASSERT_TRUE(json_is_true(json_object_get(row, "report")));
    CU_ASSERT_PTR_NULL(json_object_get(row, "failure"));
}

static void test_looked_at(void)
{
    CU_ASSERT_EQUAL(ask(&vic, "GET", "/api/snapshot?run=one", NULL), 200);
    CU_ASSERT_STRING_EQUAL(web_browser_text(&vic, "state"), "ended");
    CU_ASSERT_STRING_EQUAL(web_browser_text(&vic, "link"), "ended");
    CU_ASSERT_EQUAL(json_array_size(json_object_get(vic.answer, "boards")), 8);
    CU_ASSERT_EQUAL(ask(&vic, "GET", "/api/series?run=one", NULL), 200);
    const json_t *line = json_array_get(json_object_get(vic.answer, "partitions"), 1);
    CU_ASSERT_EQUAL(json_integer_value(json_array_get(json_object_get(line, "accesses"), 2)), 70);
}

static void test_events(void)
{
    CU_ASSERT_EQUAL(ask(&vic, "GET", "/api/events?run=one&from=0", NULL), 200);
    CU_ASSERT_PTR_NOT_NULL(strstr(vic.text, "{\"link\":\"ended\"}"));
    CU_ASSERT_PTR_NOT_NULL(strstr(vic.text, "id: 1\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(vic.text, "id: 600\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(vic.text, "event: sample\ndata: {\"time_ps\":9,"));
    web_browser_leave(&vic);
    web_browser_clear(&vic);
    CU_ASSERT_EQUAL(ask(&vic, "GET", "/api/events?run=one&from=599", NULL), 200);
    CU_ASSERT_PTR_NULL(strstr(vic.text, "id: 599\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(vic.text, "id: 600\n"));
    for (int i = 0; i < 3; i++)
        runs_tick(try.web.runs);
    CU_ASSERT_FALSE(vic.ended);
    web_browser_leave(&vic);
}

static void test_console(void)
{
    CU_ASSERT_EQUAL(ask(&vic, "GET", "/api/console?run=one&partition=SMP1&from=6", NULL), 200);
    CU_ASSERT_STRING_EQUAL(web_browser_text(&vic, "text"), "bye\n");
    CU_ASSERT_EQUAL(ask(&vic, "GET", "/api/console?run=one&partition=SMP2&from=0", NULL), 409);
    CU_ASSERT_EQUAL(ask(&vic, "GET", "/api/console?run=one&partition=..%2Fx&from=0", NULL), 404);
}

static void test_report(void)
{
    CU_ASSERT_EQUAL(ask(&vic, "GET", "/api/report?run=one", NULL), 200);
    CU_ASSERT_STRING_EQUAL(vic.text, "<!DOCTYPE html><p>the report");
    CU_ASSERT_EQUAL(ask(&vic, "GET", "/api/report?run=..", NULL), 400);
    CU_ASSERT_EQUAL(ask(&vic, "GET", "/api/report?run=none", NULL), 410);
}

static void test_unchanged(void)
{
    CU_ASSERT_EQUAL(ask(&ann, "POST", "/api/command?run=one", "{\"verb\": \"test\", \"board\": \"SB0\"}"),
                    410);
    CU_ASSERT_STRING_EQUAL(web_browser_text(&ann, "code"), "NP0816");
    CU_ASSERT_EQUAL(ask(&ann, "POST", "/api/pace?run=one", "{\"pace\": \"continue\"}"), 410);
}

// Cut off anywhere, or with a byte that is another: refused or read, and never anything else.
static void test_damaged(void)
{
    struct client_last last;
    struct err err;
    char whole[2 * PATH_MAX_BYTES];
    snprintf(whole, sizeof whole, "%s/" API_LAST_NAME, path);
    FILE *file = fopen(whole, "r+");
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    for (long at = size - 1; at >= 0; at -= 1 + at / 16) {
        fseek(file, at, SEEK_SET);
        int byte = fgetc(file);
        fseek(file, at, SEEK_SET);
        fputc(byte ^ 0x55, file);
        fflush(file);
        if (client_last_read(path, &last, &err) == ERR_OK)
            client_last_free(&last);
        else
            CU_ASSERT_EQUAL(err.code, ERR_OVER);
        CU_ASSERT_EQUAL(ftruncate(fileno(file), at), 0);
    }
    fclose(file);
    CU_ASSERT_EQUAL(client_last_read(path, &last, &err), ERR_OVER);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "control.end"));
}

static void test_absent(void)
{
    struct client_last last;
    struct err err;
    char whole[2 * PATH_MAX_BYTES];
    snprintf(whole, sizeof whole, "%s/" API_LAST_NAME, path);
    CU_ASSERT_EQUAL(unlink(whole), 0);
    CU_ASSERT_EQUAL(client_last_read(path, &last, &err), ERR_OVER);
    write_file("failed.txt", "NP0601 a process of the run ended unexpectedly\nnode 3\n");
    CU_ASSERT_EQUAL(ask(&vic, "GET", "/api/runs", NULL), 200);
    const json_t *row = json_array_get(json_object_get(vic.answer, "runs"), 0);
    CU_ASSERT_TRUE(json_is_false(json_object_get(row, "state")));
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(row, "failure")), "NP0601");
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("the console and a run that has ended", NULL, NULL);
    test_folder_make(folder);
    snprintf(path, sizeof path, "%s/one", folder);
    NP_ASSERT(mkdir(path, 0700) == 0);
    end_a_run();
    web_try_open(&try);
    web_try_user(&try, "ann", API_PLATFORM_ADMINISTRATOR, NULL);
    web_try_user(&try, "vic", API_VIEWER, NULL);
    web_try_login(&try, &ann, "ann");
    web_try_login(&try, &vic, "vic");
    runs_new(&try.web, folder, NULL);
    CU_add_test(suite, "listed", test_listed);
    CU_add_test(suite, "looked at", test_looked_at);
    CU_add_test(suite, "events", test_events);
    CU_add_test(suite, "console", test_console);
    CU_add_test(suite, "report", test_report);
    CU_add_test(suite, "unchanged", test_unchanged);
    CU_add_test(suite, "damaged", test_damaged);
    CU_add_test(suite, "absent", test_absent);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    web_browser_free(&ann);
    web_browser_free(&vic);
    runs_free(try.web.runs);
    web_try_close(&try);
    test_folder_remove(folder);
    return failures ? 1 : 0;
}
