// SPDX-License-Identifier: Apache-2.0
// Connections that are slow, idle, too many, or gone; event streams that nobody reads.
#include <CUnit/Basic.h>
#include <event2/bufferevent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hmc/web/events.h"
#include "hmc/web/runs.h"
#include "proto/base/assert.h"
#include "tests/lib/web_peer.h"

static struct web_host host;
static struct err err;

#define GET "GET /api/session HTTP/1.1\r\nHost: localhost\r\n\r\n"

// ---- time

// A connection ends when its time is over, and not before.
static void expect_end(struct web_peer *peer, int64_t ms)
{
    host.try.now_ms += ms - 1;
    server_sweep(host.server);
    for (int i = 0; i < 50; i++)
        web_host_turn(&host);
    CU_ASSERT_FALSE(peer->closed);
    host.try.now_ms += 1;
    server_sweep(host.server);
    CU_ASSERT_TRUE(web_peer_is_closed(peer));
}

static void test_slow(void)
{
    struct web_peer peer;
    web_peer_open(&peer, &host); // says nothing
    for (int i = 0; i < 100; i++)
        web_host_turn(&host);
    expect_end(&peer, WEB_REQUEST_MS);
    web_peer_close(&peer);

    web_peer_open(&peer, &host); // a byte now and then does not help
    web_peer_say(&peer, "GET / HTTP/1.1\r\nHost: h\r\n");
    for (int i = 0; i < 19; i++) {
        web_peer_say(&peer, "A: b\r\n");
        for (int j = 0; j < 20; j++)
            web_host_turn(&host);
        host.try.now_ms += WEB_REQUEST_MS / 20;
        server_sweep(host.server);
        CU_ASSERT_FALSE(peer.closed);
    }
    expect_end(&peer, WEB_REQUEST_MS / 20);
    CU_ASSERT_STRING_EQUAL(peer.text, "");
    web_peer_close(&peer);
}

static void test_idle(void)
{
    struct web_peer peer;
    web_peer_open(&peer, &host);
    web_peer_say(&peer, GET);
    CU_ASSERT_TRUE(web_peer_hears(&peer, "\"user\":null}"));
    for (int i = 0; i < 50; i++)
        web_host_turn(&host);
    expect_end(&peer, WEB_RESPONSE_MS);
    web_peer_close(&peer);
}

// ---- number

static void test_one_address(void)
{
    static struct web_peer peers[WEB_CONNECTIONS_ADDRESS_MAX + 3];
    for (size_t i = 0; i < NP_ARRAY_LEN(peers); i++) {
        web_peer_open(&peers[i], &host);
        for (int j = 0; j < 20; j++)
            web_host_turn(&host);
    }
    server_sweep(host.server);
    for (size_t i = WEB_CONNECTIONS_ADDRESS_MAX; i < NP_ARRAY_LEN(peers); i++)
        CU_ASSERT_TRUE(web_peer_is_closed(&peers[i]));
    for (size_t i = 0; i < NP_ARRAY_LEN(peers); i++) {
        CU_ASSERT_EQUAL(peers[i].closed, i >= WEB_CONNECTIONS_ADDRESS_MAX);
        web_peer_close(&peers[i]);
    }
    struct web_peer peer;
    web_peer_open(&peer, &host);
    web_peer_say(&peer, GET);
    CU_ASSERT_TRUE(web_peer_hears(&peer, "\"user\":null}"));
    web_peer_close(&peer);
}

// ---- logins and streams

static void begin_session(char cookie[SESSION_TEXT_BYTES])
{
    NP_ASSERT(session_begin(&host.try.web.store, "ann", "127.0.0.1", host.try.now_ms, cookie, &err) ==
              ERR_OK);
}

static void say_get(struct web_peer *peer, const char *path, const char *cookie)
{
    char text[600];
    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: localhost\r\nCookie: %s=%s\r\n\r\n", path,
             host.try.web.cookie, cookie);
    web_peer_say(peer, text);
}

// The peer leaves while its password is computed.
static void test_leave_in_login(void)
{
    char text[800], cookie[SESSION_TEXT_BYTES], csrf[SESSION_TEXT_BYTES];
    static const char body[] = "{\"user\": \"ann\", \"password\": \"" WEB_TRY_PASSWORD "\"}";
    session_token(cookie);
    session_csrf(cookie, csrf);
    snprintf(text, sizeof text,
             "POST /api/login HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: "
             "%zu\r\nCookie: %s=%s\r\n"
             "X-CSRF-Token: %s\r\n\r\n%s",
             strlen(body), host.try.web.login_cookie, cookie, csrf, body);
    for (int wait = 0; wait < 40; wait++) {
        struct web_peer peer;
        web_peer_open(&peer, &host);
        web_peer_say(&peer, text);
        for (int i = 0; i < wait; i++)
            web_host_turn(&host);
        web_peer_close(&peer);
    }
    for (int i = 0; i < 200; i++)
        web_host_turn(&host);
    struct web_peer peer;
    web_peer_open(&peer, &host);
    web_peer_say(&peer, text);
    CU_ASSERT_TRUE(web_peer_hears(&peer, "\"role\":\"viewer\""));
    web_peer_close(&peer);
}

static void test_stream(void)
{
    struct web_peer peer;
    char cookie[SESSION_TEXT_BYTES];
    begin_session(cookie);
    web_peer_open(&peer, &host);
    say_get(&peer, "/api/events?from=0", cookie);
    CU_ASSERT_TRUE(web_peer_hears(&peer, "event: sample"));
    CU_ASSERT_PTR_NOT_NULL(strstr(peer.text, "Content-Type: text/event-stream"));
    CU_ASSERT_PTR_NOT_NULL(strstr(peer.text, "{\"link\":\"up\"}"));
    host.try.now_ms += 10 * WEB_RESPONSE_MS; // a stream has no end
    server_sweep(host.server);
    for (int i = 0; i < 100; i++)
        web_host_turn(&host);
    CU_ASSERT_FALSE(peer.closed);
    CU_ASSERT_EQUAL(host.try.web.n_streams, 1);
    web_peer_close(&peer);
    for (int i = 0; i < 3000 && host.try.web.n_streams; i++) { // until the next sample finds nobody
        web_host_turn(&host);
        usleep(1000);
    }
    CU_ASSERT_EQUAL(host.try.web.n_streams, 0);
}

// One that does not read is cut off when its queue is full, while the other goes on.
static void test_deaf(void)
{
    static char big[200000];
    struct web_peer deaf, other;
    char cookie[SESSION_TEXT_BYTES];
    struct run *run = NULL;
    begin_session(cookie);
    web_peer_open(&deaf, &host);
    web_peer_open(&other, &host);
    say_get(&deaf, "/api/events", cookie);
    say_get(&other, "/api/events", cookie);
    CU_ASSERT_TRUE(web_peer_hears(&deaf, "event: link"));
    CU_ASSERT_TRUE(web_peer_hears(&other, "event: link"));
    bufferevent_disable(deaf.connection, EV_READ);
    CU_ASSERT_EQUAL_FATAL(runs_find(host.try.web.runs, "", &run, &err), ERR_OK);
    memset(big, 'x', sizeof big - 1);
    for (uint64_t seq = 1000; seq < 1200 && host.try.web.n_streams == 2; seq++) {
        hub_event(run_hub(run), seq, big);
        for (int i = 0; i < 40; i++)
            web_host_turn(&host);
    }
    CU_ASSERT_EQUAL(host.try.web.n_streams, 1);
    hub_event(run_hub(run), 1200, "{\"last\":1}");
    CU_ASSERT_TRUE(web_peer_hears(&other, "{\"last\":1}"));
    bufferevent_enable(deaf.connection, EV_READ);
    CU_ASSERT_TRUE(web_peer_is_closed(&deaf));
    web_peer_close(&deaf);
    web_peer_close(&other);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("slow peers", NULL, NULL);
    web_host_open(&host);
    CU_add_test(suite, "slow", test_slow);
    CU_add_test(suite, "idle", test_idle);
    CU_add_test(suite, "one address", test_one_address);
    CU_add_test(suite, "leave in login", test_leave_in_login);
    CU_add_test(suite, "stream", test_stream);
    CU_add_test(suite, "deaf", test_deaf);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    web_host_close(&host);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
