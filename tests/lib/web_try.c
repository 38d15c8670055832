// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/web_try.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hmc/web/router.h"
#include "proto/base/assert.h"
#include "tests/lib/process.h"

const struct password_cost web_try_cost = {16, 1, 1};

static int64_t now_ms(void *self)
{
    return ((struct web_try *)self)->now_ms;
}

void web_try_open(struct web_try *try)
{
    struct err err;
    memset(try, 0, sizeof *try);
    try->now_ms = WEB_TRY_START;
    try->clock = (struct web_clock){now_ms, try};
    test_folder_make(try->folder);
    try->base = event_base_new();
    NP_ASSERT(try->base);
    NP_ASSERT(web_open(&try->web, try->base, &try->clock, try->folder, &web_try_cost, &err) == ERR_OK);
    web_name_cookies(&try->web, 8443);
}

void web_try_close(struct web_try *try)
{
    web_close(&try->web);
    event_base_free(try->base);
    test_folder_remove(try->folder);
}

void web_try_user(struct web_try *try, const char *name, enum api_role role, const char *const *domains)
{
    struct user user = {.role = role};
    struct err err;
    strcpy(user.name, name);
    while (domains && domains[user.n_domains])
        user.n_domains++;
    user.domains = calloc(user.n_domains + 1, sizeof *user.domains);
    NP_ASSERT(user.domains);
    for (uint32_t i = 0; i < user.n_domains; i++)
        strcpy(user.domains[i], domains[i]);
    NP_ASSERT(password_make(WEB_TRY_PASSWORD, &web_try_cost, &user.password, &err) == ERR_OK);
    NP_ASSERT(users_add(&try->web.store, &user, try->now_ms, &err) == ERR_OK);
    user_free(&user);
}

// ---- the transport

static void add_text(struct web_browser *browser, const void *bytes, size_t n)
{
    browser->text = realloc(browser->text, browser->n_text + n + 1);
    NP_ASSERT(browser->text);
    memcpy(browser->text + browser->n_text, bytes, n);
    browser->n_text += n;
    browser->text[browser->n_text] = '\0';
}

// A browser keeps the cookies that it is given, one of each name; here the last one is enough.
static void take_cookie(struct web_browser *browser, const char *cookie)
{
    size_t n = strcspn(cookie, ";");
    NP_ASSERT(n < sizeof browser->cookie);
    NP_ASSERT(strstr(cookie, "; Path=/; Secure; HttpOnly; SameSite=Strict"));
    memcpy(browser->cookie, cookie, n);
    browser->cookie[n] = '\0';
}

static void reply(struct exchange *exchange, const struct web_answer *answer)
{
    struct web_browser *browser = exchange->peer;
    browser->status = answer->status;
    browser->allow[0] = '\0';
    for (size_t i = 0; i < NP_ARRAY_LEN(answer->headers) && answer->headers[i].name; i++) {
        if (strcmp(answer->headers[i].name, "Set-Cookie") == 0)
            take_cookie(browser, answer->headers[i].value);
        if (strcmp(answer->headers[i].name, "Allow") == 0)
            snprintf(browser->allow, sizeof browser->allow, "%s", answer->headers[i].value);
    }
    add_text(browser, answer->body, answer->body_bytes);
    browser->answer = json_loads(browser->text, 0, NULL);
    const char *csrf = web_browser_text(browser, "csrf");
    if (*csrf)
        snprintf(browser->csrf, sizeof browser->csrf, "%s", csrf);
    exchange_free(exchange);
}

static void stream(struct exchange *exchange)
{
    struct web_browser *browser = exchange->peer;
    browser->status = 200;
    browser->streaming = true;
    browser->exchange = exchange;
}

static size_t send_bytes(struct exchange *exchange, const void *bytes, size_t n)
{
    struct web_browser *browser = exchange->peer;
    add_text(browser, bytes, n);
    browser->queued = browser->deaf ? browser->queued + n : 0;
    return browser->queued;
}

static void finish(struct exchange *exchange, bool at_once)
{
    struct web_browser *browser = exchange->peer;
    (void)at_once;
    browser->streaming = false;
    browser->ended = true;
    browser->exchange = NULL;
    exchange_free(exchange);
}

static const struct transport transport = {reply, stream, send_bytes, finish};

// ---- browsers

void web_browser_clear(struct web_browser *browser)
{
    free(browser->text);
    browser->text = NULL;
    browser->n_text = 0;
    add_text(browser, "", 0);
}

void web_browser_cut(struct web_browser *browser, const char *text)
{
    char *at = strstr(browser->text, text);
    NP_ASSERT(at);
    browser->n_text = strlen(at);
    memmove(browser->text, at, browser->n_text + 1);
}

static void forget_answer(struct web_browser *browser)
{
    json_decref(browser->answer);
    browser->answer = NULL;
    browser->status = 0;
    browser->ended = false;
    web_browser_clear(browser);
}

void web_browser_free(struct web_browser *browser)
{
    web_browser_leave(browser);
    json_decref(browser->answer);
    free(browser->text);
    memset(browser, 0, sizeof *browser);
}

void web_browser_leave(struct web_browser *browser)
{
    if (browser->exchange)
        exchange_gone(browser->exchange);
    browser->exchange = NULL;
    browser->streaming = false;
}

struct exchange *web_try_exchange(struct web_try *try, struct web_browser *browser)
{
    struct exchange *exchange = exchange_new(&try->web, &transport);
    forget_answer(browser);
    exchange->peer = browser;
    snprintf(exchange->address, sizeof exchange->address, "192.0.2.1");
    return exchange;
}

void web_try_give(struct exchange *exchange)
{
    route_handle(exchange);
}

void web_try_request(struct web_try *try, struct web_browser *browser, struct web_request request)
{
    struct exchange *exchange = web_try_exchange(try, browser);
    exchange->in = request;
    route_handle(exchange);
    while (!browser->status)
        event_base_loop(try->base, EVLOOP_ONCE);
}

void web_try_ask(struct web_try *try, struct web_browser *browser, const char *method, const char *url,
                 const char *body)
{
    char path[WEB_URL_BYTES_MAX + 1];
    snprintf(path, sizeof path, "%s", url);
    char *query = strchr(path, '?');
    if (query)
        *query++ = '\0';
    web_try_request(try, browser,
                    (struct web_request){.method = method,
                                         .path = path,
                                         .query = query,
                                         .host = "console.example:8443",
                                         .cookie = browser->cookie[0] ? browser->cookie : NULL,
                                         .csrf = browser->csrf[0] ? browser->csrf : NULL,
                                         .content_type = body ? "application/json" : NULL,
                                         .body = body ? body : "",
                                         .body_bytes = body ? strlen(body) : 0});
}

void web_try_login(struct web_try *try, struct web_browser *browser, const char *user)
{
    char body[256];
    web_try_ask(try, browser, "GET", "/api/session", NULL);
    snprintf(body, sizeof body, "{\"user\": \"%s\", \"password\": \"%s\"}", user, WEB_TRY_PASSWORD);
    web_try_ask(try, browser, "POST", "/api/login", body);
    NP_ASSERT(browser->status == 200);
}

const char *web_browser_text(const struct web_browser *browser, const char *path)
{
    const json_t *at = browser->answer;
    while (at && *path) {
        char key[64];
        size_t n = strcspn(path, ".");
        snprintf(key, sizeof key, "%.*s", (int)n, path);
        at = json_object_get(at, key);
        path += n + (path[n] == '.');
    }
    const char *text = json_string_value(at);
    return text ? text : "";
}
