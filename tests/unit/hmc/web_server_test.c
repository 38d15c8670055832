// SPDX-License-Identifier: Apache-2.0
// HTTP over TLS, byte by byte: what a peer may send and how slowly, and what it gets. Server and peers share
// one event loop; time is the test's.
#include <CUnit/Basic.h>
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hmc/web/events.h"
#include "hmc/web/openssl.h"
#include "hmc/web/runs.h"
#include "hmc/web/server.h"
#include "hmc/web/tls.h"
#include "proto/base/assert.h"
#include "tests/lib/fake_run.h"
#include "tests/lib/process.h"
#include "tests/lib/web_try.h"

static struct web_try try;
static struct server *server;
static SSL_CTX *server_tls, *client_tls;
static struct server_address address = {"127.0.0.1", 0};
static char fingerprint[TLS_FINGERPRINT_BYTES];
static struct err err;

// ---- peers

struct peer {
    struct bufferevent *connection;
    bool closed;
    char *text;
    size_t n;
};

static void on_read(struct bufferevent *connection, void *self)
{
    struct peer *peer = self;
    struct evbuffer *input = bufferevent_get_input(connection);
    size_t n = evbuffer_get_length(input);
    peer->text = realloc(peer->text, peer->n + n + 1);
    NP_ASSERT(peer->text);
    evbuffer_remove(input, peer->text + peer->n, n);
    peer->n += n;
    peer->text[peer->n] = '\0';
}

static void on_event(struct bufferevent *connection, short what, void *self)
{
    (void)connection;
    struct peer *peer = self;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        peer->closed = true;
}

static struct sockaddr_in server_place(void)
{
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons((uint16_t)address.port)};
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return place;
}

static void peer_open(struct peer *peer)
{
    struct sockaddr_in place = server_place();
    *peer = (struct peer){.text = calloc(1, 1)};
    peer->connection = bufferevent_openssl_socket_new(try.base, -1, SSL_new(client_tls),
                                                      BUFFEREVENT_SSL_CONNECTING, BEV_OPT_CLOSE_ON_FREE);
    NP_ASSERT(peer->text && peer->connection);
    bufferevent_openssl_set_allow_dirty_shutdown(peer->connection, 1);
    bufferevent_setcb(peer->connection, on_read, NULL, on_event, peer);
    bufferevent_enable(peer->connection, EV_READ | EV_WRITE);
    NP_ASSERT(bufferevent_socket_connect(peer->connection, (struct sockaddr *)&place, sizeof place) == 0);
}

static void turn(void)
{
    event_base_loop(try.base, EVLOOP_NONBLOCK);
}

static void peer_close(struct peer *peer)
{
    bufferevent_free(peer->connection);
    free(peer->text);
    *peer = (struct peer){0};
    for (int i = 0; i < 20; i++)
        turn();
}

static void say(struct peer *peer, const char *text)
{
    bufferevent_write(peer->connection, text, strlen(text));
}

// Until the peer has a text, or is closed. The loop works all the time: 20 s of it are a failure.
static bool hears(struct peer *peer, const char *text)
{
    for (int i = 0; i < 20000 && !strstr(peer->text, text) && !peer->closed; i++) {
        turn();
        if (i > 100)
            usleep(1000);
    }
    return strstr(peer->text, text) != NULL;
}

static bool is_closed(struct peer *peer)
{
    for (int i = 0; i < 20000 && !peer->closed; i++) {
        turn();
        if (i > 100)
            usleep(1000);
    }
    return peer->closed;
}

static unsigned count(const struct peer *peer, const char *what)
{
    unsigned n = 0;
    for (const char *at = peer->text; (at = strstr(at, what)); at++)
        n++;
    return n;
}

#define GET "GET /api/session HTTP/1.1\r\nHost: localhost\r\n\r\n"

// ---- requests

static void test_get(void)
{
    struct peer peer;
    peer_open(&peer);
    say(&peer, GET);
    CU_ASSERT_TRUE(hears(&peer, "\"user\":null}"));
    CU_ASSERT_PTR_NOT_NULL(strstr(peer.text, "HTTP/1.1 200 OK\r\n"));
    static const char *const headers[] = {"Content-Security-Policy: default-src 'none'",
                                          "Strict-Transport-Security: ",
                                          "X-Content-Type-Options: nosniff",
                                          "frame-ancestors 'none'",
                                          "Cache-Control: no-store",
                                          "Content-Type: application/json"};
    for (size_t i = 0; i < NP_ARRAY_LEN(headers); i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(peer.text, headers[i]));
    CU_ASSERT_PTR_NULL(strstr(peer.text, "unsafe-inline"));
    say(&peer, GET); // on the same connection
    while (count(&peer, "\"user\":null}") < 2 && hears(&peer, "user"))
        turn();
    CU_ASSERT_EQUAL(count(&peer, "HTTP/1.1 200 OK"), 2);
    peer_close(&peer);
}

static void test_head(void)
{
    struct peer peer;
    peer_open(&peer);
    say(&peer, "HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    CU_ASSERT_TRUE(is_closed(&peer));
    CU_ASSERT_PTR_NOT_NULL(strstr(peer.text, "Content-Length: "));
    CU_ASSERT_PTR_NULL(strstr(peer.text, "<html"));
    CU_ASSERT_STRING_EQUAL(peer.text + peer.n - 4, "\r\n\r\n");
    peer_close(&peer);
}

static void test_not_modified(void)
{
    struct peer peer;
    char again[300];
    peer_open(&peer);
    say(&peer, "GET /icon.svg HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CU_ASSERT_TRUE_FATAL(hears(&peer, "ETag: \""));
    snprintf(again, sizeof again,
             "GET /icon.svg HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: %.34s\r\nConnection: close\r\n\r\n",
             strstr(peer.text, "ETag: \"") + 6);
    say(&peer, again);
    CU_ASSERT_TRUE(is_closed(&peer));
    CU_ASSERT_EQUAL(count(&peer, "HTTP/1.1 304 Not Modified"), 1);
    CU_ASSERT_EQUAL(count(&peer, "viewBox"), 1);
    peer_close(&peer);
}

// However a request is cut, and whatever follows it at once.
static void test_pieces(void)
{
    static const char two[] = GET "POST /api/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
                                  "Connection: close\r\n\r\n{}";
    for (size_t piece = 1; piece <= sizeof two; piece = piece * 3 + 1) {
        struct peer peer;
        peer_open(&peer);
        for (size_t at = 0; at < sizeof two - 1; at += piece) {
            bufferevent_write(peer.connection, two + at,
                              sizeof two - 1 - at < piece ? sizeof two - 1 - at : piece);
            turn();
        }
        CU_ASSERT_TRUE(is_closed(&peer));
        CU_ASSERT_EQUAL(count(&peer, "HTTP/1.1 200 OK"), 1);
        CU_ASSERT_EQUAL(count(&peer, "HTTP/1.1 403 Forbidden"), 1);
        peer_close(&peer);
    }
}

static void test_refused(void)
{
    static char large[20000];
    memset(large, 'a', sizeof large - 1);
    static const struct {
        const char *begin, *end, *status;
        int fill;
    } rows[] = {
        {"GET /", " HTTP/1.1\r\nHost: h\r\n\r\n", "414 URI Too Long", 2100},
        {"GET / HTTP/1.1\r\nHost: h\r\nA: ", "\r\n\r\n", "431 Request Header Fields Too Large", 17000},
        {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 70000\r\n\r\n", "", "413 Content Too Large", 10000},
        {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", "", "411 Length Required", 0},
        {"BREW / HTTP/1.1\r\nHost: h\r\n\r\n", "", "501 Not Implemented", 0},
        {"GET / HTTP/1.1\r\n\r\n", "", "400 Bad Request", 0},
        {"GET / HTTP/3.0\r\nHost: h\r\n\r\n", "", "505 HTTP Version Not Supported", 0},
        {"nonsense\r\n\r\n", "", "501 Not Implemented", 0},
    };
    for (size_t i = 0; i < NP_ARRAY_LEN(rows); i++) {
        struct peer peer;
        char status[80];
        peer_open(&peer);
        say(&peer, rows[i].begin);
        bufferevent_write(peer.connection, large, (size_t)rows[i].fill);
        say(&peer, rows[i].end);
        CU_ASSERT_TRUE(is_closed(&peer));
        snprintf(status, sizeof status, "HTTP/1.1 %s\r\n", rows[i].status);
        CU_ASSERT_EQUAL(strncmp(peer.text, status, strlen(status)), 0);
        CU_ASSERT_PTR_NOT_NULL(strstr(peer.text, "{\"code\": \"NP0"));
        CU_ASSERT_PTR_NOT_NULL(strstr(peer.text, "Content-Security-Policy: "));
        CU_ASSERT_EQUAL(count(&peer, "HTTP/1.1"), 1);
        peer_close(&peer);
    }
}

// Its answer would come in the middle of another: the connection ends with that.
static void test_refused_behind(void)
{
    struct peer peer;
    peer_open(&peer);
    say(&peer, GET "NONSENSE\r\n\r\n");
    CU_ASSERT_TRUE(is_closed(&peer));
    CU_ASSERT_EQUAL(count(&peer, "HTTP/1.1 200 OK"), 1);
    CU_ASSERT_EQUAL(count(&peer, "HTTP/1.1"), 1);
    peer_close(&peer);
}

static void test_in_the_clear(void)
{
    struct sockaddr_in place = server_place();
    char answer[64];
    int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    NP_ASSERT(connect(file, (struct sockaddr *)&place, sizeof place) == 0);
    NP_ASSERT(write(file, GET, strlen(GET)) == (ssize_t)strlen(GET));
    for (int i = 0; i < 200; i++)
        turn();
    shutdown(file, SHUT_WR);
    for (int i = 0; i < 200; i++)
        turn();
    ssize_t n = recv(file, answer, sizeof answer - 1, MSG_DONTWAIT);
    answer[n > 0 ? n : 0] = '\0';
    CU_ASSERT_PTR_NULL(strstr(answer, "HTTP"));
    close(file);
    for (int i = 0; i < 20; i++)
        turn();
}

// ---- time

// A connection ends when its time is over, and not before.
static void expect_end(struct peer *peer, int64_t ms)
{
    try.now_ms += ms - 1;
    server_sweep(server);
    for (int i = 0; i < 50; i++)
        turn();
    CU_ASSERT_FALSE(peer->closed);
    try.now_ms += 1;
    server_sweep(server);
    CU_ASSERT_TRUE(is_closed(peer));
}

static void test_slow(void)
{
    struct peer peer;
    peer_open(&peer); // says nothing
    for (int i = 0; i < 100; i++)
        turn();
    expect_end(&peer, WEB_REQUEST_MS);
    peer_close(&peer);

    peer_open(&peer); // a byte now and then does not help
    say(&peer, "GET / HTTP/1.1\r\nHost: h\r\n");
    for (int i = 0; i < 19; i++) {
        say(&peer, "A: b\r\n");
        for (int j = 0; j < 20; j++)
            turn();
        try.now_ms += WEB_REQUEST_MS / 20;
        server_sweep(server);
        CU_ASSERT_FALSE(peer.closed);
    }
    expect_end(&peer, WEB_REQUEST_MS / 20);
    CU_ASSERT_STRING_EQUAL(peer.text, "");
    peer_close(&peer);
}

static void test_idle(void)
{
    struct peer peer;
    peer_open(&peer);
    say(&peer, GET);
    CU_ASSERT_TRUE(hears(&peer, "\"user\":null}"));
    for (int i = 0; i < 50; i++)
        turn();
    expect_end(&peer, WEB_RESPONSE_MS);
    peer_close(&peer);
}

// ---- number

static void test_one_address(void)
{
    static struct peer peers[WEB_CONNECTIONS_ADDRESS_MAX + 3];
    for (size_t i = 0; i < NP_ARRAY_LEN(peers); i++) {
        peer_open(&peers[i]);
        for (int j = 0; j < 20; j++)
            turn();
    }
    server_sweep(server);
    for (size_t i = WEB_CONNECTIONS_ADDRESS_MAX; i < NP_ARRAY_LEN(peers); i++)
        CU_ASSERT_TRUE(is_closed(&peers[i]));
    for (size_t i = 0; i < NP_ARRAY_LEN(peers); i++) {
        CU_ASSERT_EQUAL(peers[i].closed, i >= WEB_CONNECTIONS_ADDRESS_MAX);
        peer_close(&peers[i]);
    }
    struct peer peer;
    peer_open(&peer);
    say(&peer, GET);
    CU_ASSERT_TRUE(hears(&peer, "\"user\":null}"));
    peer_close(&peer);
}

// ---- logins and streams

static void begin_session(char cookie[SESSION_TEXT_BYTES])
{
    NP_ASSERT(session_begin(&try.web.store, "ann", "127.0.0.1", try.now_ms, cookie, &err) == ERR_OK);
}

static void say_get(struct peer *peer, const char *path, const char *cookie)
{
    char text[600];
    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: localhost\r\nCookie: %s=%s\r\n\r\n", path,
             try.web.cookie, cookie);
    say(peer, text);
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
             strlen(body), try.web.login_cookie, cookie, csrf, body);
    for (int wait = 0; wait < 40; wait++) {
        struct peer peer;
        peer_open(&peer);
        say(&peer, text);
        for (int i = 0; i < wait; i++)
            turn();
        peer_close(&peer);
    }
    for (int i = 0; i < 200; i++)
        turn();
    struct peer peer;
    peer_open(&peer);
    say(&peer, text);
    CU_ASSERT_TRUE(hears(&peer, "\"role\":\"viewer\""));
    peer_close(&peer);
}

static void test_stream(void)
{
    struct peer peer;
    char cookie[SESSION_TEXT_BYTES];
    begin_session(cookie);
    peer_open(&peer);
    say_get(&peer, "/api/events?from=0", cookie);
    CU_ASSERT_TRUE(hears(&peer, "event: sample"));
    CU_ASSERT_PTR_NOT_NULL(strstr(peer.text, "Content-Type: text/event-stream"));
    CU_ASSERT_PTR_NOT_NULL(strstr(peer.text, "{\"link\":\"up\"}"));
    try.now_ms += 10 * WEB_RESPONSE_MS; // a stream has no end
    server_sweep(server);
    for (int i = 0; i < 100; i++)
        turn();
    CU_ASSERT_FALSE(peer.closed);
    CU_ASSERT_EQUAL(try.web.n_streams, 1);
    peer_close(&peer);
    for (int i = 0; i < 3000 && try.web.n_streams; i++) { // until the next sample finds nobody
        turn();
        usleep(1000);
    }
    CU_ASSERT_EQUAL(try.web.n_streams, 0);
}

// One that does not read is cut off when its queue is full, while the other goes on.
static void test_deaf(void)
{
    static char big[200000];
    struct peer deaf, other;
    char cookie[SESSION_TEXT_BYTES];
    struct run *run = NULL;
    begin_session(cookie);
    peer_open(&deaf);
    peer_open(&other);
    say_get(&deaf, "/api/events", cookie);
    say_get(&other, "/api/events", cookie);
    CU_ASSERT_TRUE(hears(&deaf, "event: link"));
    CU_ASSERT_TRUE(hears(&other, "event: link"));
    bufferevent_disable(deaf.connection, EV_READ);
    CU_ASSERT_EQUAL_FATAL(runs_find(try.web.runs, "", &run, &err), ERR_OK);
    memset(big, 'x', sizeof big - 1);
    for (uint64_t seq = 1000; seq < 1200 && try.web.n_streams == 2; seq++) {
        hub_event(run_hub(run), seq, big);
        for (int i = 0; i < 40; i++)
            turn();
    }
    CU_ASSERT_EQUAL(try.web.n_streams, 1);
    hub_event(run_hub(run), 1200, "{\"last\":1}");
    CU_ASSERT_TRUE(hears(&other, "{\"last\":1}"));
    bufferevent_enable(deaf.connection, EV_READ);
    CU_ASSERT_TRUE(is_closed(&deaf));
    peer_close(&deaf);
    peer_close(&other);
}

static void test_addresses(void)
{
    static const struct {
        const char *text, *host;
        unsigned port;
    } rows[] = {{"127.0.0.1:8443", "127.0.0.1", 8443},
                {"[::1]:1", "::1", 1},
                {"localhost:0", "localhost", 0},
                {"0.0.0.0:65535", "0.0.0.0", 65535},
                {"8443", NULL, 0},
                {":8443", NULL, 0},
                {"h:", NULL, 0},
                {"h:65536", NULL, 0},
                {"h:1x", NULL, 0},
                {"::1:8443", NULL, 0},
                {"[::1]", NULL, 0},
                {"h:-1", NULL, 0}};
    for (size_t i = 0; i < NP_ARRAY_LEN(rows); i++) {
        struct server_address got = {0};
        enum err_code code = server_address_of(rows[i].text, &got, &err);
        CU_ASSERT_EQUAL(code, rows[i].host ? ERR_OK : ERR_USAGE);
        CU_ASSERT_STRING_EQUAL(code ? "" : got.host, rows[i].host ? rows[i].host : "");
        if (!code)
            CU_ASSERT_EQUAL(got.port, rows[i].port);
    }
    struct server *second;
    struct server_address same = address;
    CU_ASSERT_EQUAL(server_new(&second, &try.web, server_tls, &same, &err), ERR_SOCKET);
    try.web.server = server;
    CU_ASSERT_FALSE(server_is_open(server));
    struct server_address all = {"0.0.0.0", 0};
    CU_ASSERT_EQUAL_FATAL(server_new(&second, &try.web, server_tls, &all, &err), ERR_OK);
    CU_ASSERT_TRUE(server_is_open(second));
    server_free(second);
    try.web.server = server;
}

// The certificate is made once, kept for its owner only, and made anew when it is missing.
static void test_certificate(void)
{
    struct tls_files files = {.folder = try.folder, .host = "console.example"};
    char again[TLS_FINGERPRINT_BYTES], path[PATH_MAX_BYTES + 16];
    struct stat status;
    SSL_CTX *context;
    bool made;
    CU_ASSERT_EQUAL_FATAL(tls_open(&files, &context, again, &made, &err), ERR_OK);
    CU_ASSERT_FALSE(made);
    CU_ASSERT_STRING_EQUAL(again, fingerprint);
    CU_ASSERT_EQUAL(strlen(again), 95);
    SSL_CTX_free(context);
    snprintf(path, sizeof path, "%s/console.key", try.folder);
    CU_ASSERT_EQUAL(stat(path, &status), 0);
    CU_ASSERT_EQUAL(status.st_mode & 0777, 0600);
    CU_ASSERT_EQUAL(truncate(path, 20), 0);
    CU_ASSERT_EQUAL(tls_open(&files, &context, again, &made, &err), ERR_FILE);
    unlink(path);
    CU_ASSERT_EQUAL_FATAL(tls_open(&files, &context, again, &made, &err), ERR_OK);
    CU_ASSERT_TRUE(made);
    CU_ASSERT_STRING_NOT_EQUAL(again, fingerprint);
    SSL_CTX_free(context);
}

int main(void)
{
    char runs[PATH_MAX_BYTES];
    struct tls_files files = {.folder = try.folder};
    bool made;
    signal(SIGPIPE, SIG_IGN); // as the console does
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("HTTP over TLS", NULL, NULL);
    web_try_open(&try);
    web_try_user(&try, "ann", API_VIEWER, NULL);
    test_folder_make(runs);
    struct fake_run *run = fake_run_open(&(struct fake_run_options){.folder = runs});
    runs_new(&try.web, "runs", runs);
    NP_ASSERT(tls_open(&files, &server_tls, fingerprint, &made, &err) == ERR_OK && made);
    NP_ASSERT(server_new(&server, &try.web, server_tls, &address, &err) == ERR_OK && address.port);
    client_tls = SSL_CTX_new(TLS_client_method());
    CU_add_test(suite, "get", test_get);
    CU_add_test(suite, "head", test_head);
    CU_add_test(suite, "not modified", test_not_modified);
    CU_add_test(suite, "pieces", test_pieces);
    CU_add_test(suite, "refused", test_refused);
    CU_add_test(suite, "refused behind", test_refused_behind);
    CU_add_test(suite, "in the clear", test_in_the_clear);
    CU_add_test(suite, "slow", test_slow);
    CU_add_test(suite, "idle", test_idle);
    CU_add_test(suite, "one address", test_one_address);
    CU_add_test(suite, "leave in login", test_leave_in_login);
    CU_add_test(suite, "stream", test_stream);
    CU_add_test(suite, "deaf", test_deaf);
    CU_add_test(suite, "addresses", test_addresses);
    CU_add_test(suite, "certificate", test_certificate);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    runs_free(try.web.runs);
    server_free(server);
    SSL_CTX_free(server_tls);
    SSL_CTX_free(client_tls);
    web_try_close(&try);
    fake_run_close(run);
    test_folder_remove(runs);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
