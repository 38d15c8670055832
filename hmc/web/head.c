// SPDX-License-Identifier: Apache-2.0
#include "hmc/web/head.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "proto/base/assert.h"

struct span {
    const char *text;
    size_t n;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool only(struct span span, const char *others)
{
    for (size_t i = 0; i < span.n; i++) {
        char c = span.text[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c);
        if (!letter && (!c || !strchr(others, c)))
            return false;
    }
    return span.n > 0;
}

static bool same(struct span span, const char *word)
{
    return span.n == strlen(word) && strncasecmp(span.text, word, span.n) == 0;
}

// What stands before the separator; *rest begins behind it. All of it, and an empty rest, without one.
static struct span before(struct span *rest, const char *separator)
{
    struct span first = *rest;
    const char *found = memmem(rest->text, rest->n, separator, strlen(separator));
    first.n = found ? (size_t)(found - rest->text) : rest->n;
    size_t skip = found ? first.n + strlen(separator) : rest->n;
    rest->text += skip;
    rest->n -= skip;
    return first;
}

enum method { WITHOUT_BODY, WITH_BODY, NO_METHOD };

// Those that the library knows, but for CONNECT and TRACE, which ask for what a console never does.
static enum method method_of(struct span method)
{
    static const char *const with[] = {"POST", "PUT", "PATCH", "DELETE"};
    static const char *const without[] = {"GET", "HEAD", "OPTIONS"};
    for (size_t i = 0; i < NP_ARRAY_LEN(with); i++)
        if (method.n == strlen(with[i]) && memcmp(method.text, with[i], method.n) == 0)
            return WITH_BODY;
    for (size_t i = 0; i < NP_ARRAY_LEN(without); i++)
        if (method.n == strlen(without[i]) && memcmp(method.text, without[i], method.n) == 0)
            return WITHOUT_BODY;
    return NO_METHOD;
}

// A path and a query of ours, percent-encoded where need be.
static int check_target(struct span target)
{
    if (target.n > WEB_URL_BYTES_MAX)
        return 414;
    bool path = target.n > 0 && target.text[0] == '/' && !(target.n > 1 && target.text[1] == '/');
    return path && only(target, "/-_.~%?&=+,:@") ? 0 : 400;
}

static int check_line(struct span line, enum method *method, bool *old)
{
    struct span word = before(&line, " "), target = before(&line, " ");
    *method = method_of(word);
    *old = same(line, "HTTP/1.0");
    if (!only(word, "-"))
        return 400;
    if (*method == NO_METHOD)
        return 501;
    int status = check_target(target);
    if (status)
        return status;
    if (line.n != 8 || memcmp(line.text, "HTTP/", 5) != 0 || !is_digit(line.text[5]) || line.text[6] != '.' ||
        !is_digit(line.text[7]))
        return 400;
    return *old || memcmp(line.text, "HTTP/1.1", 8) == 0 ? 0 : 505;
}

static int check_length(struct span value, enum method method, uint32_t *body_bytes)
{
    uint64_t bytes = 0;
    if (value.n < 1 || value.n > 18)
        return 400;
    for (size_t i = 0; i < value.n; i++) {
        if (!is_digit(value.text[i]))
            return 400;
        bytes = 10 * bytes + (uint64_t)(value.text[i] - '0');
    }
    if (bytes > WEB_BODY_BYTES_MAX)
        return 413;
    *body_bytes = (uint32_t)bytes;
    return bytes && method != WITH_BODY ? 400 : 0;
}

struct seen {
    unsigned fields, hosts, lengths;
};

static int check_field(struct span line, enum method method, struct seen *seen, uint32_t *body_bytes)
{
    if (!memchr(line.text, ':', line.n))
        return 400;
    struct span name = before(&line, ":");
    while (line.n && (line.text[0] == ' ' || line.text[0] == '\t'))
        line.text++, line.n--;
    while (line.n && (line.text[line.n - 1] == ' ' || line.text[line.n - 1] == '\t'))
        line.n--;
    for (size_t i = 0; i < line.n; i++)
        if (((unsigned char)line.text[i] < ' ' && line.text[i] != '\t') || line.text[i] == 0x7f)
            return 400;
    if (!only(name, "!#$%&'*+-.^_`|~")) // a token: no space before the colon, no folded line
        return 400;
    if (++seen->fields > WEB_HEADERS_MAX)
        return 431;
    if (same(name, "Transfer-Encoding"))
        return 411;
    if (same(name, "Expect") && !same(line, "100-continue"))
        return 417;
    if (same(name, "Host") && (++seen->hosts > 1 || line.n > 255 || !only(line, "-._:[]")))
        return 400;
    if (!same(name, "Content-Length"))
        return 0;
    return ++seen->lengths > 1 ? 400 : check_length(line, method, body_bytes);
}

int head_check(const char *text, size_t n, uint32_t *body_bytes)
{
    struct span rest = {text, n};
    struct seen seen = {0};
    enum method method;
    bool old;
    *body_bytes = 0;
    int status = check_line(before(&rest, "\r\n"), &method, &old);
    while (!status && rest.n) {
        struct span line = before(&rest, "\r\n");
        if (!line.n)
            return rest.n ? 400 : seen.hosts || old ? 0 : 400;
        status = check_field(line, method, &seen, body_bytes);
    }
    return status ? status : 400; // there is no empty line at its end
}

// The head's end is looked for in what is new and the three bytes before it.
static int take_head(struct head_reader *reader, const uint8_t *bytes, size_t n, size_t *used, bool *whole)
{
    size_t old = reader->n, room = sizeof reader->text - old, take = n < room ? n : room;
    size_t from = old > 3 ? old - 3 : 0, line = WEB_URL_BYTES_MAX + sizeof "OPTIONS  HTTP/1.1";
    memcpy(reader->text + old, bytes, take);
    const char *end = memmem(reader->text + from, old + take - from, "\r\n\r\n", 4);
    *whole = end != NULL;
    if (end)
        take = (size_t)(end - reader->text) + 4 - old;
    reader->n = (uint32_t)(old + take);
    *used = take;
    if (reader->n > line && !memmem(reader->text, line + 1, "\r\n", 2))
        return 414; // said first, so that it does not matter how the bytes are cut
    if (end)
        return head_check(reader->text, reader->n, &reader->body_left);
    return reader->n == sizeof reader->text ? 431 : 0;
}

int head_read(struct head_reader *reader, const uint8_t *bytes, size_t n, unsigned *complete)
{
    *complete = 0;
    while (n) {
        size_t used = n < reader->body_left ? n : reader->body_left;
        bool whole = reader->body_left > 0;
        if (whole)
            reader->body_left -= (uint32_t)used;
        else {
            int status = take_head(reader, bytes, n, &used, &whole);
            if (status)
                return status;
            if (whole)
                reader->n = 0;
        }
        if (whole && reader->body_left == 0)
            ++*complete;
        bytes += used;
        n -= used;
    }
    return 0;
}

int head_idle(const struct head_reader *reader)
{
    return reader->n == 0 && reader->body_left == 0;
}

const char *status_text(int status)
{
    static const struct {
        int status;
        const char *text;
    } rows[] = {{200, "OK"},
                {304, "Not Modified"},
                {400, "Bad Request"},
                {401, "Unauthorized"},
                {403, "Forbidden"},
                {404, "Not Found"},
                {405, "Method Not Allowed"},
                {409, "Conflict"},
                {410, "Gone"},
                {411, "Length Required"},
                {413, "Content Too Large"},
                {414, "URI Too Long"},
                {415, "Unsupported Media Type"},
                {417, "Expectation Failed"},
                {429, "Too Many Requests"},
                {431, "Request Header Fields Too Large"},
                {500, "Internal Server Error"},
                {501, "Not Implemented"},
                {503, "Service Unavailable"},
                {504, "Gateway Timeout"},
                {505, "HTTP Version Not Supported"}};
    for (size_t i = 0; i < NP_ARRAY_LEN(rows); i++)
        if (rows[i].status == status)
            return rows[i].text;
    return "Error";
}
