// SPDX-License-Identifier: Apache-2.0
// Event streams: what a browser gets that comes, goes, comes back, reads slowly or not at all.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hmc/web/events.h"
#include "proto/base/assert.h"
#include "tests/lib/web_try.h"

static struct web_try try;
static struct hub *hub;
static uint64_t newest = UINT64_MAX; // that the run is said to have told
static struct web_browser one, two;

// What api_events() does, without a run.
static void join(struct web_browser *browser, uint64_t last)
{
    char token[SESSION_TEXT_BYTES];
    struct err err;
    struct exchange *exchange = web_try_exchange(&try, browser);
    const char *cookie = strchr(browser->cookie, '=') + 1;
    snprintf(token, sizeof token, "%s", cookie);
    NP_ASSERT(session_find(&try.web.store, token, try.now_ms, &exchange->session, &err) == ERR_OK);
    exchange->has_session = true;
    hub_join(hub, exchange, last, newest);
}

static void events(uint64_t first, uint64_t last)
{
    char json[64];
    for (uint64_t seq = first; seq <= last; seq++) {
        snprintf(json, sizeof json, "{\"seq\":%d}", (int)seq);
        hub_event(hub, seq, json);
    }
}

static unsigned count(const struct web_browser *browser, const char *what)
{
    unsigned n = 0;
    for (const char *at = browser->text; (at = strstr(at, what)); at++)
        n++;
    return n;
}

static void begin(void)
{
    hub = hub_new(&try.web);
    newest = UINT64_MAX;
    web_try_login(&try, &one, "ann");
    web_try_login(&try, &two, "ann");
}

static void end(void)
{
    web_browser_free(&one);
    web_browser_free(&two);
    hub_free(hub);
    CU_ASSERT_EQUAL(try.web.n_streams, 0);
}

static void test_stream(void)
{
    begin();
    hub_link(hub, "{\"link\":\"up\"}");
    join(&one, UINT64_MAX);
    CU_ASSERT_STRING_EQUAL(one.text, "event: link\ndata: {\"link\":\"up\"}\n\n");
    web_browser_clear(&one);
    events(1, 2);
    hub_sample(hub, "{\"time_ps\":5}");
    hub_snapshot(hub, "{\"boards\":[]}");
    CU_ASSERT_STRING_EQUAL(
        one.text, "id: 1\nevent: event\ndata: {\"seq\":1}\n\nid: 2\nevent: event\ndata: {\"seq\":2}\n\n"
                  "event: sample\ndata: {\"time_ps\":5}\n\nevent: snapshot\ndata: {\"boards\":[]}\n\n");
    end();
}

// Each event once and in order, wherever the browser was when it lost the connection.
static void test_resume(void)
{
    begin();
    events(1, 20);
    for (uint64_t last = 0; last <= 20; last++) {
        join(&one, last);
        CU_ASSERT_EQUAL(count(&one, "id: "), 20 - last);
        CU_ASSERT_EQUAL(count(&one, "event: reset"), 0);
        if (last < 20) {
            char first[16];
            snprintf(first, sizeof first, "id: %d\n", (int)last + 1);
            CU_ASSERT_EQUAL(strncmp(one.text, first, strlen(first)), 0);
        }
        web_browser_leave(&one);
        web_browser_clear(&one);
    }
    join(&one, UINT64_MAX);
    CU_ASSERT_STRING_EQUAL(one.text, "");
    events(19, 21); // 19 and 20 come again
    CU_ASSERT_EQUAL(count(&one, "id: "), 1);
    end();
}

static void test_forgotten(void)
{
    begin();
    events(1, WEB_EVENTS_KEPT + 10);
    join(&one, 10); // 11 is the first that is kept
    CU_ASSERT_EQUAL(count(&one, "event: reset"), 0);
    CU_ASSERT_EQUAL(count(&one, "id: "), WEB_EVENTS_KEPT);
    join(&two, 9);
    CU_ASSERT_STRING_EQUAL(two.text, "event: reset\ndata: {\"last_seq\":4106}\n\n");
    events(WEB_EVENTS_KEPT + 11, WEB_EVENTS_KEPT + 11);
    CU_ASSERT_EQUAL(count(&two, "id: 4107"), 1);
    end();
}

// A number beyond what the run has told is one of another run; while it has told nothing, nobody knows.
static void test_other_run(void)
{
    begin();
    join(&one, 30);
    CU_ASSERT_STRING_EQUAL(one.text, "");
    events(1, 31);
    CU_ASSERT_EQUAL(count(&one, "id: "), 1);
    newest = 31;
    join(&two, 32);
    CU_ASSERT_STRING_EQUAL(two.text, "event: reset\ndata: {\"last_seq\":31}\n\n");
    web_browser_clear(&one);
    hub_reset(hub, 0);
    CU_ASSERT_STRING_EQUAL(one.text, "event: reset\ndata: {\"last_seq\":0}\n\n");
    events(1, 1);
    CU_ASSERT_EQUAL(count(&one, "id: 1\n"), 1);
    end();
}

// Events that the console itself has missed.
static void test_gap(void)
{
    begin();
    events(1, 3);
    join(&one, 3);
    events(7, 8);
    CU_ASSERT_STRING_EQUAL(
        one.text, "event: reset\ndata: {\"last_seq\":6}\n\nid: 7\nevent: event\ndata: {\"seq\":7}\n\n"
                  "id: 8\nevent: event\ndata: {\"seq\":8}\n\n");
    join(&two, 3);
    CU_ASSERT_EQUAL(count(&two, "event: reset"), 1);
    end();
}

// The first event that a console hears of may be a later one.
static void test_late_console(void)
{
    begin();
    events(100, 110);
    join(&one, 99);
    CU_ASSERT_EQUAL(count(&one, "id: "), 11);
    join(&two, 98);
    CU_ASSERT_EQUAL(count(&two, "event: reset"), 1);
    end();
}

// Who reads slowly gets all events, fewer samples, and the last snapshot when there is room again.
static void test_slow(void)
{
    static char big[20000];
    begin();
    join(&one, UINT64_MAX);
    join(&two, UINT64_MAX);
    memset(big, 'x', sizeof big - 1);
    one.deaf = true;
    for (int i = 0; i < 10; i++)
        hub_sample(hub, big);
    hub_snapshot(hub, "{\"n\":1}");
    hub_snapshot(hub, "{\"n\":2}");
    events(1, 5);
    CU_ASSERT_EQUAL(count(&two, "event: sample"), 10);
    CU_ASSERT_EQUAL(count(&one, "event: sample"), WEB_SAMPLE_QUEUE_MAX / 20000 + 1);
    CU_ASSERT_EQUAL(count(&one, "event: snapshot"), 0);
    CU_ASSERT_EQUAL(count(&one, "id: "), 5);
    hub_sweep(hub);
    CU_ASSERT_EQUAL(count(&one, "event: snapshot"), 0);
    one.deaf = false;
    hub_sweep(hub);
    hub_sweep(hub);
    CU_ASSERT_EQUAL(count(&one, "event: snapshot"), 1);
    CU_ASSERT_EQUAL(count(&one, "{\"n\":2}"), 1);
    end();
}

// Who does not read at all is cut off, and may come back; the others notice nothing.
static void test_deaf(void)
{
    static char big[100000];
    begin();
    join(&one, 0);
    join(&two, 0);
    one.deaf = true;
    memset(big, 'x', sizeof big - 1);
    uint64_t seq = 0;
    while (!one.ended && seq < 1000)
        hub_event(hub, ++seq, big);
    CU_ASSERT_EQUAL(seq, WEB_STREAM_BYTES_MAX / 100000 + 1);
    CU_ASSERT_FALSE(two.ended);
    CU_ASSERT_EQUAL(count(&two, "id: "), seq);
    CU_ASSERT_EQUAL(hub_streams(hub), 1);
    one.deaf = false;
    web_browser_clear(&one);
    join(&one, 10);
    CU_ASSERT_EQUAL(count(&one, "id: "), seq - 10);
    end();
}

static void test_sessions(void)
{
    begin();
    join(&one, UINT64_MAX);
    join(&two, UINT64_MAX);
    struct web_browser out = {0};
    web_try_login(&try, &out, "ann");
    join(&out, UINT64_MAX);
    struct err err;
    CU_ASSERT_EQUAL(session_end(&try.web.store, out.exchange->session.id, &err), ERR_OK);
    hub_sweep(hub);
    CU_ASSERT_STRING_EQUAL(out.text, "event: logout\ndata: {}\n\n");
    CU_ASSERT_TRUE(out.ended);
    CU_ASSERT_FALSE(two.ended);
    try.now_ms += WEB_KEEPALIVE_MS;
    hub_sweep(hub);
    CU_ASSERT_STRING_EQUAL(two.text, "event: alive\ndata: {}\n\n");
    try.now_ms += WEB_SESSION_IDLE_MS;
    hub_sweep(hub);
    CU_ASSERT_TRUE(two.ended);
    CU_ASSERT_EQUAL(hub_streams(hub), 0);
    web_browser_free(&out);
    end();
}

static void test_too_many(void)
{
    struct web_browser browsers[WEB_STREAMS_SESSION_MAX + 1] = {0};
    begin();
    for (size_t i = 0; i < NP_ARRAY_LEN(browsers); i++) {
        strcpy(browsers[i].cookie, one.cookie);
        join(&browsers[i], UINT64_MAX);
        CU_ASSERT_EQUAL(browsers[i].status, i < WEB_STREAMS_SESSION_MAX ? 200 : 429);
    }
    join(&two, UINT64_MAX);
    CU_ASSERT_EQUAL(two.status, 200);
    web_browser_leave(&browsers[3]);
    web_browser_free(&browsers[WEB_STREAMS_SESSION_MAX]);
    strcpy(browsers[WEB_STREAMS_SESSION_MAX].cookie, one.cookie);
    join(&browsers[WEB_STREAMS_SESSION_MAX], UINT64_MAX);
    CU_ASSERT_EQUAL(browsers[WEB_STREAMS_SESSION_MAX].status, 200);
    for (size_t i = 0; i < NP_ARRAY_LEN(browsers); i++)
        web_browser_free(&browsers[i]);
    end();
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("event streams", NULL, NULL);
    web_try_open(&try);
    web_try_user(&try, "ann", API_VIEWER, NULL);
    CU_add_test(suite, "stream", test_stream);
    CU_add_test(suite, "resume", test_resume);
    CU_add_test(suite, "forgotten", test_forgotten);
    CU_add_test(suite, "other run", test_other_run);
    CU_add_test(suite, "gap", test_gap);
    CU_add_test(suite, "late console", test_late_console);
    CU_add_test(suite, "slow", test_slow);
    CU_add_test(suite, "deaf", test_deaf);
    CU_add_test(suite, "sessions", test_sessions);
    CU_add_test(suite, "too many", test_too_many);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    web_try_close(&try);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
