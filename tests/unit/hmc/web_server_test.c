// SPDX-License-Identifier: Apache-2.0
// HTTP over TLS, byte by byte: what a peer may send, and what it gets.
#include <CUnit/Basic.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/assert.h"
#include "tests/lib/web_peer.h"

static struct web_host host;
static struct err err;

#define GET "GET /api/session HTTP/1.1\r\nHost: localhost\r\n\r\n"

// ---- requests

static void test_get(void)
{
    struct web_peer peer;
    web_peer_open(&peer, &host);
    web_peer_say(&peer, GET);
    CU_ASSERT_TRUE(web_peer_hears(&peer, "\"user\":null}"));
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
    web_peer_say(&peer, GET); // on the same connection
    while (web_peer_count(&peer, "\"user\":null}") < 2 && web_peer_hears(&peer, "user"))
        web_host_turn(&host);
    CU_ASSERT_EQUAL(web_peer_count(&peer, "HTTP/1.1 200 OK"), 2);
    web_peer_close(&peer);
}

static void test_head(void)
{
    struct web_peer peer;
    web_peer_open(&peer, &host);
    web_peer_say(&peer, "HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    CU_ASSERT_TRUE(web_peer_is_closed(&peer));
    CU_ASSERT_PTR_NOT_NULL(strstr(peer.text, "Content-Length: "));
    CU_ASSERT_PTR_NULL(strstr(peer.text, "<html"));
    CU_ASSERT_STRING_EQUAL(peer.text + peer.n - 4, "\r\n\r\n");
    web_peer_close(&peer);
}

static void test_not_modified(void)
{
    struct web_peer peer;
    char again[300];
    web_peer_open(&peer, &host);
    web_peer_say(&peer, "GET /icon.svg HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CU_ASSERT_TRUE_FATAL(web_peer_hears(&peer, "ETag: \""));
    snprintf(again, sizeof again,
             "GET /icon.svg HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: %.34s\r\nConnection: close\r\n\r\n",
             strstr(peer.text, "ETag: \"") + 6);
    web_peer_say(&peer, again);
    CU_ASSERT_TRUE(web_peer_is_closed(&peer));
    CU_ASSERT_EQUAL(web_peer_count(&peer, "HTTP/1.1 304 Not Modified"), 1);
    CU_ASSERT_EQUAL(web_peer_count(&peer, "viewBox"), 1);
    web_peer_close(&peer);
}

// However a request is cut, and whatever follows it at once.
static void test_pieces(void)
{
    static const char two[] = GET "POST /api/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
                                  "Connection: close\r\n\r\n{}";
    for (size_t piece = 1; piece <= sizeof two; piece = piece * 3 + 1) {
        struct web_peer peer;
        web_peer_open(&peer, &host);
        for (size_t at = 0; at < sizeof two - 1; at += piece) {
            web_peer_say_bytes(&peer, two + at, sizeof two - 1 - at < piece ? sizeof two - 1 - at : piece);
            web_host_turn(&host);
        }
        CU_ASSERT_TRUE(web_peer_is_closed(&peer));
        CU_ASSERT_EQUAL(web_peer_count(&peer, "HTTP/1.1 200 OK"), 1);
        CU_ASSERT_EQUAL(web_peer_count(&peer, "HTTP/1.1 403 Forbidden"), 1);
        web_peer_close(&peer);
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
        struct web_peer peer;
        char status[80];
        web_peer_open(&peer, &host);
        web_peer_say(&peer, rows[i].begin);
        web_peer_say_bytes(&peer, large, (size_t)rows[i].fill);
        web_peer_say(&peer, rows[i].end);
        CU_ASSERT_TRUE(web_peer_is_closed(&peer));
        snprintf(status, sizeof status, "HTTP/1.1 %s\r\n", rows[i].status);
        CU_ASSERT_EQUAL(strncmp(peer.text, status, strlen(status)), 0);
        CU_ASSERT_PTR_NOT_NULL(strstr(peer.text, "{\"code\": \"NP0"));
        CU_ASSERT_PTR_NOT_NULL(strstr(peer.text, "Content-Security-Policy: "));
        CU_ASSERT_EQUAL(web_peer_count(&peer, "HTTP/1.1"), 1);
        web_peer_close(&peer);
    }
}

// Its answer would come in the middle of another: the connection ends with that.
static void test_refused_behind(void)
{
    struct web_peer peer;
    web_peer_open(&peer, &host);
    web_peer_say(&peer, GET "NONSENSE\r\n\r\n");
    CU_ASSERT_TRUE(web_peer_is_closed(&peer));
    CU_ASSERT_EQUAL(web_peer_count(&peer, "HTTP/1.1 200 OK"), 1);
    CU_ASSERT_EQUAL(web_peer_count(&peer, "HTTP/1.1"), 1);
    web_peer_close(&peer);
}

static void test_in_the_clear(void)
{
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons((uint16_t)host.address.port)};
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    char answer[64];
    int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    NP_ASSERT(connect(file, (struct sockaddr *)&place, sizeof place) == 0);
    NP_ASSERT(write(file, GET, strlen(GET)) == (ssize_t)strlen(GET));
    for (int i = 0; i < 200; i++)
        web_host_turn(&host);
    shutdown(file, SHUT_WR);
    for (int i = 0; i < 200; i++)
        web_host_turn(&host);
    ssize_t n = recv(file, answer, sizeof answer - 1, MSG_DONTWAIT);
    answer[n > 0 ? n : 0] = '\0';
    CU_ASSERT_PTR_NULL(strstr(answer, "HTTP"));
    close(file);
    for (int i = 0; i < 20; i++)
        web_host_turn(&host);
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
    struct server_address same = host.address;
    CU_ASSERT_EQUAL(server_new(&second, &host.try.web, host.server_tls, &same, &err), ERR_SOCKET);
    host.try.web.server = host.server;
    CU_ASSERT_FALSE(server_is_open(host.server));
    struct server_address all = {"0.0.0.0", 0};
    CU_ASSERT_EQUAL_FATAL(server_new(&second, &host.try.web, host.server_tls, &all, &err), ERR_OK);
    CU_ASSERT_TRUE(server_is_open(second));
    server_free(second);
    host.try.web.server = host.server;
}

// The certificate is made once, kept for its owner only, and made anew when it is missing.
static void test_certificate(void)
{
    struct tls_files files = {.folder = host.try.folder, .host = "console.example"};
    char again[TLS_FINGERPRINT_BYTES], path[PATH_MAX_BYTES + 16];
    struct stat status;
    SSL_CTX *context;
    bool made;
    CU_ASSERT_EQUAL_FATAL(tls_open(&files, &context, again, &made, &err), ERR_OK);
    CU_ASSERT_FALSE(made);
    CU_ASSERT_STRING_EQUAL(again, host.fingerprint);
    CU_ASSERT_EQUAL(strlen(again), 95);
    SSL_CTX_free(context);
    snprintf(path, sizeof path, "%s/console.key", host.try.folder);
    CU_ASSERT_EQUAL(stat(path, &status), 0);
    CU_ASSERT_EQUAL(status.st_mode & 0777, 0600);
    CU_ASSERT_EQUAL(truncate(path, 20), 0);
    CU_ASSERT_EQUAL(tls_open(&files, &context, again, &made, &err), ERR_FILE);
    unlink(path);
    CU_ASSERT_EQUAL_FATAL(tls_open(&files, &context, again, &made, &err), ERR_OK);
    CU_ASSERT_TRUE(made);
    CU_ASSERT_STRING_NOT_EQUAL(again, host.fingerprint);
    SSL_CTX_free(context);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("HTTP over TLS", NULL, NULL);
    web_host_open(&host);
    CU_add_test(suite, "get", test_get);
    CU_add_test(suite, "head", test_head);
    CU_add_test(suite, "not modified", test_not_modified);
    CU_add_test(suite, "pieces", test_pieces);
    CU_add_test(suite, "refused", test_refused);
    CU_add_test(suite, "refused behind", test_refused_behind);
    CU_add_test(suite, "in the clear", test_in_the_clear);
    CU_add_test(suite, "addresses", test_addresses);
    CU_add_test(suite, "certificate", test_certificate);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    web_host_close(&host);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
