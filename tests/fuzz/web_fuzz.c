// SPDX-License-Identifier: Apache-2.0
// Any bytes, as what a browser sends the web console: the checker of heads, whole and in pieces; and what it
// lets through, as a request to the router, by somebody who is logged in when the head says "Cookie: me".
// Each request has one answer, with a status that we know, and JSON in it when it is a refusal.
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "hmc/web/exchange.h"
#include "hmc/web/head.h"
#include "hmc/web/router.h"
#include "hmc/web/runs.h"
#include "hmc/web/utf8.h"
#include "hmc/web/web.h"
#include "proto/base/assert.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct web web;
static char folder[] = "/tmp/numaplex-fuzz-XXXXXX";
static char cookie[256], csrf[SESSION_TEXT_BYTES];
static const char *anonymous;
static int64_t now = INT64_C(1735732800000);
static unsigned answers;

static int64_t now_ms(void *self)
{
    (void)self;
    return now;
}
static const struct web_clock fuzz_clock = {now_ms, NULL};

// ---- answers

static void reply(struct exchange *exchange, const struct web_answer *answer)
{
    answers++;
    NP_ASSERT(strcmp(status_text(answer->status), "Error") != 0);
    if (answer->status >= 400) {
        json_t *json = json_loadb(answer->body, answer->body_bytes, 0, NULL);
        const char *code = json_string_value(json_object_get(json, "code"));
        NP_ASSERT(code && err_code_of_id(code) > ERR_INTERNAL && answer->status != 500);
        json_decref(json);
    }
    exchange_free(exchange);
}

static void stream(struct exchange *exchange)
{
    (void)exchange;
    np_panic("there is no run, and so no stream");
}

static size_t send_bytes(struct exchange *exchange, const void *bytes, size_t n)
{
    (void)exchange, (void)bytes, (void)n;
    return 0;
}

static void finish(struct exchange *exchange, bool at_once)
{
    (void)exchange, (void)at_once;
}

static const struct transport transport = {reply, stream, send_bytes, finish};

// ---- set up

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info, (void)kind, (void)where;
    return remove(path);
}

static void clean_up(void)
{
    runs_free(web.runs);
    struct event_base *base = web.base;
    web_close(&web);
    event_base_free(base);
    nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static void add_user(void)
{
    struct user user = {.name = "me", .role = API_PLATFORM_ADMINISTRATOR};
    struct err err;
    NP_ASSERT(password_make("a password of me", &web.cost, &user.password, &err) == ERR_OK);
    NP_ASSERT(users_add(&web.store, &user, now, &err) == ERR_OK);
}

static void log_in(void)
{
    char token[SESSION_TEXT_BYTES];
    struct err err;
    NP_ASSERT(session_begin(&web.store, "me", "", now, token, &err) == ERR_OK && session_csrf(token, csrf));
    snprintf(cookie, sizeof cookie, "%s=%s; %s=%s", web.cookie, token, web.login_cookie, token);
    anonymous = strstr(cookie, web.login_cookie);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const struct password_cost cost = {2, 1, 1};
    struct err err;
    (void)argc, (void)argv;
    NP_ASSERT(mkdtemp(folder));
    NP_ASSERT(web_open(&web, event_base_new(), &fuzz_clock, folder, &cost, &err) == ERR_OK);
    NP_ASSERT(store_run(&web.store, NULL, &err, "PRAGMA synchronous = OFF", "") == ERR_OK); // for speed
    runs_new(&web, folder, NULL);
    add_user();
    log_in();
    atexit(clean_up);
    return 0;
}

// ---- requests

// The value of a field as the HTTP library finds it, copied; NULL when there is none.
static char *field(const char *head, size_t n, const char *name)
{
    const char *at = memchr(head, '\n', n), *end = head + n;
    for (at = at ? at + 1 : end; at < end; at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1) {
        size_t line = (size_t)((const char *)memchr(at, '\r', (size_t)(end - at)) - at);
        size_t n_name = strlen(name);
        if (line <= n_name || strncasecmp(at, name, n_name) != 0 || at[n_name] != ':')
            continue;
        const char *value = at + n_name + 1;
        size_t left = line - n_name - 1;
        while (left && (*value == ' ' || *value == '\t'))
            value++, left--;
        return strndup(value, left);
    }
    return NULL;
}

// Who is meant; else what the head says itself.
static const char *cookie_of(const char *said)
{
    return !said ? NULL : strcmp(said, "me") == 0 ? cookie : strcmp(said, "login") == 0 ? anonymous : said;
}

static void route(const char *head, size_t n_head, const char *body, size_t n_body)
{
    static const char *const names[] = {"Host",         "Origin",        "Cookie",        "X-CSRF-Token",
                                        "Content-Type", "Last-Event-ID", "If-None-Match", "Sec-Fetch-Site"};
    char *values[NP_ARRAY_LEN(names)];
    for (size_t i = 0; i < NP_ARRAY_LEN(names); i++)
        values[i] = field(head, n_head, names[i]);
    char *line = strndup(head, strcspn(head, "\r"));
    NP_ASSERT(line);
    char *path = strchr(line, ' ');
    *path++ = '\0';
    *strchr(path, ' ') = '\0';
    char *query = strchr(path, '?');
    if (query)
        *query++ = '\0';
    struct exchange *exchange = exchange_new(&web, &transport);
    strcpy(exchange->address, "192.0.2.1");
    bool me = values[3] && strcmp(values[3], "me") == 0;
    exchange->in = (struct web_request){line,
                                        path,
                                        query,
                                        values[0],
                                        values[1],
                                        cookie_of(values[2]),
                                        me ? csrf : values[3],
                                        values[4],
                                        values[5],
                                        values[6],
                                        values[7],
                                        body,
                                        n_body};
    now += 61000; // attempts are forgiven
    answers = 0;
    route_handle(exchange);
    while (!answers)
        event_base_loop(web.base, EVLOOP_ONCE);
    NP_ASSERT(answers == 1);
    free(line);
    for (size_t i = 0; i < NP_ARRAY_LEN(names); i++)
        free(values[i]);
}

// The session must not end by time; after a logout, or another password, there is a new one.
static void stay_logged_in(void)
{
    int changed = 0;
    struct err err;
    NP_ASSERT(store_run(&web.store, &changed, &err, "UPDATE sessions SET used = ?1, created = ?1", "i",
                        now) == ERR_OK);
    if (!changed)
        log_in();
}

static int read_pieces(const uint8_t *data, size_t size, size_t piece, unsigned *requests)
{
    static struct head_reader reader;
    int status = 0;
    reader.n = reader.body_left = 0;
    *requests = 0;
    for (size_t at = 0; at < size && !status; at += piece) {
        unsigned complete;
        status = head_read(&reader, data + at, size - at < piece ? size - at : piece, &complete);
        *requests += complete;
    }
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned whole, pieces;
    uint32_t n_body;
    int status = read_pieces(data, size, size + 1, &whole);
    NP_ASSERT(read_pieces(data, size, 7, &pieces) == status && (status || whole == pieces));
    char *text = utf8_clean(data, size);
    json_t *json = json_string(text);
    NP_ASSERT(json);
    json_decref(json);
    free(text);
    const char *head = (const char *)data, *end = size ? memmem(data, size, "\r\n\r\n", 4) : NULL;
    size_t n_head = end ? (size_t)(end - head) + 4 : 0;
    if (!end || n_head > WEB_HEAD_BYTES_MAX || head_check(head, n_head, &n_body))
        return 0;
    stay_logged_in();
    route(head, n_head, head + n_head,
          size - n_head < WEB_BODY_BYTES_MAX ? size - n_head : WEB_BODY_BYTES_MAX);
    return 0;
}
