// SPDX-License-Identifier: Apache-2.0
// Heads of HTTP requests: what is let through to the library, and with which status the rest is refused.
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "hmc/web/head.h"
#include "proto/base/assert.h"

#define H "Host: h\r\n"

static const struct {
    int status;
    uint32_t body;
    const char *text;
} rows[] = {
    {0, 0, "GET / HTTP/1.1\r\n" H "\r\n"},
    {0, 0, "GET / HTTP/1.0\r\n\r\n"},
    {0, 0, "HEAD /a/b.c?x=%20y&z=+ HTTP/1.1\r\nhost:h\r\nAccept:\t*/* \r\n\r\n"},
    {0, 5, "POST /p HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\n"},
    {0, 0, "POST /p HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n"},
    {0, 3, "PUT /p HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"},
    {0, 65536, "POST /p HTTP/1.1\r\n" H "Content-Length: 65536\r\n\r\n"},
    {400, 0, "GET / HTTP/1.1\r\n\r\n"}, // no host
    {400, 0, "GET / HTTP/1.1\r\n" H H "\r\n"},
    {400, 0, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"},
    {400, 0, "GET  / HTTP/1.1\r\n" H "\r\n"},
    {400, 0, "GET /\r\n" H "\r\n"},
    {400, 0, "GET / HTTP/1.1 \r\n" H "\r\n"},
    {400, 0, "GET / http/1.1\r\n" H "\r\n"},
    {400, 0, "GET / HTTP/x.1\r\n\r\n"},
    {505, 0, "GET / HTTP/2.0\r\n" H "\r\n"},
    {505, 0, "GET / HTTP/1.2\r\n" H "\r\n"},
    {400, 0, "GET http://h/ HTTP/1.1\r\n" H "\r\n"},
    {400, 0, "GET //h/ HTTP/1.1\r\n" H "\r\n"},
    {400, 0, "GET /#x HTTP/1.1\r\n" H "\r\n"},
    {400, 0, "GET /\"x HTTP/1.1\r\n" H "\r\n"},
    {400, 0, "GET /\xc3\xa4 HTTP/1.1\r\n" H "\r\n"},
    {400, 0, "OPTIONS * HTTP/1.1\r\n" H "\r\n"},
    {501, 0, "get / HTTP/1.1\r\n" H "\r\n"},
    {501, 0, "TRACE / HTTP/1.1\r\n" H "\r\n"},
    {501, 0, "CONNECT h:1 HTTP/1.1\r\n" H "\r\n"},
    {400, 0, "G{T / HTTP/1.1\r\n" H "\r\n"},
    {400, 0, "\r\nGET / HTTP/1.1\r\n" H "\r\n"},
    {400, 0, "GET / HTTP/1.1\r\n" H "A : b\r\n\r\n"},
    {400, 0, "GET / HTTP/1.1\r\n" H "A: b\r\n c\r\n\r\n"}, // folded
    {400, 0, "GET / HTTP/1.1\r\n" H "A b\r\n\r\n"},
    {400, 0, "GET / HTTP/1.1\r\n" H ": b\r\n\r\n"},
    {400, 0, "GET / HTTP/1.1\r\n" H "A: b\rc\r\n\r\n"},
    {400, 0, "GET / HTTP/1.1\r\n" H "A: b\nC: d\r\n\r\n"}, // where the library would see another field
    {400, 0, "GET / HTTP/1.1\n" H "\r\n"},
    {400, 0, "GET / HTTP/1.1\r\n" H "Content-Length: 1\r\n\r\n"},
    {400, 0, "POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nContent-Length: 1\r\n\r\n"},
    {400, 0, "POST / HTTP/1.1\r\n" H "Content-Length: +1\r\n\r\n"},
    {400, 0, "POST / HTTP/1.1\r\n" H "Content-Length: 1, 1\r\n\r\n"},
    {400, 0, "POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n"},
    {400, 0, "POST / HTTP/1.1\r\n" H "Content-Length: 18446744073709551617\r\n\r\n"},
    {413, 0, "POST / HTTP/1.1\r\n" H "Content-Length: 65537\r\n\r\n"},
    {411, 0, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"},
    {411, 0, "POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nTransfer-encoding: x\r\n\r\n"},
    {417, 0, "POST / HTTP/1.1\r\n" H "Expect: more\r\n\r\n"},
    {400, 0, "GET / HTTP/1.1\r\n" H}, // no end
    {400, 0, ""},
};

static void test_rows(void)
{
    for (size_t i = 0; i < NP_ARRAY_LEN(rows); i++) {
        uint32_t body = 1;
        int status = head_check(rows[i].text, strlen(rows[i].text), &body);
        CU_ASSERT_EQUAL(status, rows[i].status);
        if (status != rows[i].status)
            printf("\n  %d, not %d: %s", status, rows[i].status, rows[i].text);
        if (!status)
            CU_ASSERT_EQUAL(body, rows[i].body);
    }
    uint32_t body;
    CU_ASSERT_EQUAL(head_check("GET / HTTP/1.1\r\n" H "A: \0\r\n\r\n", 32, &body), 400);
}

// A head of fields: too many of them.
static void test_many_fields(void)
{
    char text[4096];
    uint32_t body;
    for (unsigned n = WEB_HEADERS_MAX - 1; n <= WEB_HEADERS_MAX; n++) {
        strcpy(text, "GET / HTTP/1.1\r\n" H);
        for (unsigned i = 0; i < n; i++)
            strcat(text, "A: b\r\n");
        strcat(text, "\r\n");
        CU_ASSERT_EQUAL(head_check(text, strlen(text), &body), n < WEB_HEADERS_MAX ? 0 : 431);
    }
}

static int read_all(const char *text, size_t n, size_t piece, unsigned *requests)
{
    static struct head_reader reader;
    int status = 0;
    memset(&reader, 0, sizeof reader);
    *requests = 0;
    for (size_t at = 0; at < n && !status; at += piece) {
        unsigned complete;
        status = head_read(&reader, (const uint8_t *)text + at, n - at < piece ? n - at : piece, &complete);
        *requests += complete;
    }
    return status ? status : head_idle(&reader) ? 0 : -1;
}

// However the bytes of a connection are cut, the same requests are in them.
static void test_pieces(void)
{
    static const char text[] = "POST /p HTTP/1.1\r\n" H "Content-Length: 9\r\n\r\n\r\n\r\nGET /"
                               "GET / HTTP/1.1\r\n" H "\r\n"
                               "POST /p HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\n{}";
    unsigned requests;
    for (size_t piece = 1; piece < sizeof text; piece++) {
        CU_ASSERT_EQUAL(read_all(text, sizeof text - 1, piece, &requests), 0);
        CU_ASSERT_EQUAL(requests, 3);
        CU_ASSERT_EQUAL(read_all(text, sizeof text - 2, piece, &requests), -1); // not yet at its end
        CU_ASSERT_EQUAL(requests, 2);
    }
}

// Puts a text, without its end, at a place of another.
static void put(char *at, const char *text)
{
    while (*text)
        *at++ = *text++;
}

static void test_sizes(void)
{
    static char text[2 * WEB_HEAD_BYTES_MAX];
    unsigned requests;
    memset(text, 'a', sizeof text);
    put(text, "GET /");
    for (size_t piece = 1; piece < 5000; piece += 499) {
        CU_ASSERT_EQUAL(read_all(text, WEB_URL_BYTES_MAX, piece, &requests), -1);
        CU_ASSERT_EQUAL(read_all(text, WEB_URL_BYTES_MAX + 100, piece, &requests), 414);
    }
    put(text + 4 + WEB_URL_BYTES_MAX, " HTTP/1.1\r\nHost: h\r\n\r\n");
    CU_ASSERT_EQUAL(read_all(text, WEB_URL_BYTES_MAX + 26, 100, &requests), 0);
    put(text + 4 + WEB_URL_BYTES_MAX, "a HTTP/1.1\r\nHost: h\r\n\r\n");
    CU_ASSERT_EQUAL(read_all(text, WEB_URL_BYTES_MAX + 27, 100, &requests), 414);
    memset(text, 'a', sizeof text);
    put(text, "GET / HTTP/1.1\r\nA: ");
    CU_ASSERT_EQUAL(read_all(text, sizeof text, 1000, &requests), 431);
    CU_ASSERT_EQUAL(read_all(text, WEB_HEAD_BYTES_MAX - 1, 1000, &requests), -1);
}

// A long line is called so even when the end of the head has come with it, and whatever else is wrong.
static void test_long_line(void)
{
    static char text[3000];
    unsigned requests;
    memset(text, 'a', sizeof text);
    put(text + 2900, "\r\nHost: h\r\n\r\n");
    for (size_t piece = 1; piece <= sizeof text; piece = piece * 5 + 1)
        CU_ASSERT_EQUAL(read_all(text, 2916, piece, &requests), 414);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("heads of requests", NULL, NULL);
    CU_add_test(suite, "one by one", test_rows);
    CU_add_test(suite, "many fields", test_many_fields);
    CU_add_test(suite, "in pieces", test_pieces);
    CU_add_test(suite, "sizes", test_sizes);
    CU_add_test(suite, "long line", test_long_line);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures != 0;
}
