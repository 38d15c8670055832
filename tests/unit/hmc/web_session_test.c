// SPDX-License-Identifier: Apache-2.0
// Logins and what stands before a handler: sessions that end in time, tokens against foreign pages, roles,
// refusals by the table of routes. Through the router, as requests come.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hmc/web/audit.h"
#include "hmc/web/router.h"
#include "proto/base/assert.h"
#include "tests/lib/web_try.h"

static struct web_try try;
static struct web_browser ann, bob, vic; // administrator, domain administrator, viewer

static int ask(struct web_browser *browser, const char *method, const char *url, const char *body)
{
    web_try_ask(&try, browser, method, url, body);
    return browser->status;
}

static const char *code(const struct web_browser *browser)
{
    return web_browser_text(browser, "code");
}

static unsigned logged(const char *what, const char *outcome)
{
    struct store_query query = store_query(
        &try.web.store, "SELECT count(*) FROM audit WHERE what = ? AND outcome = ?", "tt", what, outcome);
    unsigned n = store_row(&query) ? (unsigned)store_int(&query, 0) : 0;
    store_end(&query, NULL);
    return n;
}

// ---- login

static void test_login(void)
{
    struct web_browser browser = {0};
    CU_ASSERT_EQUAL(ask(&browser, "GET", "/api/users", NULL), 401);
    CU_ASSERT_STRING_EQUAL(code(&browser), "NP0812");
    CU_ASSERT_EQUAL(ask(&browser, "GET", "/api/session", NULL), 200);
    CU_ASSERT_TRUE(json_is_null(json_object_get(browser.answer, "user")));
    CU_ASSERT_PTR_NOT_NULL(strstr(browser.cookie, "__Host-numaplex-login-8443="));
    char before[sizeof browser.cookie];
    strcpy(before, browser.cookie);
    CU_ASSERT_EQUAL(ask(&browser, "GET", "/api/session", NULL), 200);
    CU_ASSERT_STRING_EQUAL(browser.cookie, before); // one cookie for all tabs
    CU_ASSERT_EQUAL(
        ask(&browser, "POST", "/api/login", "{\"user\": \"ann\", \"password\": \"wrong password\"}"), 401);
    CU_ASSERT_EQUAL(
        ask(&browser, "POST", "/api/login", "{\"user\": \"zoe\", \"password\": \"wrong password\"}"), 401);
    CU_ASSERT_STRING_EQUAL(web_browser_text(&browser, "text"), "user name or password is wrong");
    CU_ASSERT_EQUAL(logged("login", "NP0812"), 2);
    web_try_login(&try, &browser, "ann");
    CU_ASSERT_STRING_EQUAL(web_browser_text(&browser, "user.role"), "platform administrator");
    CU_ASSERT_PTR_NOT_NULL(strstr(browser.cookie, "__Host-numaplex-8443="));
    CU_ASSERT_EQUAL(logged("login", "NP0000"), 1);
    CU_ASSERT_EQUAL(ask(&browser, "GET", "/api/users", NULL), 200);
    CU_ASSERT_PTR_NULL(strstr(browser.text, "hash"));
    web_browser_free(&browser);
}

static void test_bad_logins(void)
{
    static const char *const bodies[] = {
        "{}",
        "{\"user\": \"ann\"}",
        "{\"user\": \"ann\", \"password\": 1}",
        "[]",
        "",
        "{",
        "{\"user\": \"ann\", \"password\": \"x\", \"more\": 1}",
        "{\"user\": \"ann\", \"user\": \"ann\", \"password\": \"x\"}",
        "{\"user\": \"a\\u0000b\", \"password\": \"x\"}",
        "{\"user\": \"\xff\", \"password\": \"x\"}",
        "{\"user\": \"abcdefghijklmnopqrstuvwxyz0123456\", \"password\": \"x\"}"};
    struct web_browser browser = {0};
    ask(&browser, "GET", "/api/session", NULL);
    for (size_t i = 0; i < NP_ARRAY_LEN(bodies); i++) {
        CU_ASSERT_EQUAL(ask(&browser, "POST", "/api/login", bodies[i]), 400);
        CU_ASSERT_STRING_EQUAL(code(&browser), "NP0814");
    }
    web_browser_free(&browser);
}

static void test_too_often(void)
{
    struct web_browser browser = {0};
    ask(&browser, "GET", "/api/session", NULL);
    for (int i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(
            ask(&browser, "POST", "/api/login", "{\"user\": \"dan\", \"password\": \"wrong password\"}"),
            401);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(
            ask(&browser, "POST", "/api/login", "{\"user\": \"dan\", \"password\": \"wrong password\"}"),
            429);
    CU_ASSERT_STRING_EQUAL(code(&browser), "NP0813");
    CU_ASSERT_EQUAL(logged("login", "NP0813"), 1);
    try.now_ms += 3600 * 1000;
    CU_ASSERT_EQUAL(
        ask(&browser, "POST", "/api/login", "{\"user\": \"dan\", \"password\": \"wrong password\"}"), 401);
    web_browser_free(&browser);
}

// ---- the end of sessions

static void test_idle(void)
{
    struct web_browser browser = {0};
    web_try_login(&try, &browser, "ann");
    for (int i = 0; i < 3; i++) {
        try.now_ms += WEB_SESSION_IDLE_MS - 1;
        CU_ASSERT_EQUAL(ask(&browser, "GET", "/api/users", NULL), 200);
    }
    try.now_ms += WEB_SESSION_IDLE_MS;
    CU_ASSERT_EQUAL(ask(&browser, "GET", "/api/users", NULL), 401);
    CU_ASSERT_STRING_EQUAL(code(&browser), "NP0812");
    web_browser_free(&browser);
}

static void test_absolute(void)
{
    struct web_browser browser = {0};
    web_try_login(&try, &browser, "ann");
    int64_t began = try.now_ms;
    while (try.now_ms - began < WEB_SESSION_ABSOLUTE_MS) {
        CU_ASSERT_EQUAL_FATAL(ask(&browser, "GET", "/api/users", NULL), 200);
        try.now_ms += WEB_SESSION_IDLE_MS / 2;
    }
    CU_ASSERT_EQUAL(ask(&browser, "GET", "/api/users", NULL), 401);
    struct err err;
    CU_ASSERT_EQUAL(session_sweep(&try.web.store, try.now_ms, &err), ERR_OK);
    struct store_query query =
        store_query(&try.web.store, "SELECT count(*) FROM sessions WHERE user = 'ann'", "");
    CU_ASSERT_TRUE(store_row(&query));
    CU_ASSERT_EQUAL(store_int(&query, 0), 0);
    store_end(&query, NULL);
    web_browser_free(&browser);
}

static void test_logout(void)
{
    struct web_browser browser = {0}, thief = {0};
    web_try_login(&try, &browser, "ann");
    strcpy(thief.cookie, browser.cookie);
    strcpy(thief.csrf, browser.csrf);
    CU_ASSERT_EQUAL(ask(&thief, "GET", "/api/users", NULL), 200);
    CU_ASSERT_EQUAL(ask(&browser, "POST", "/api/logout", "{}"), 200);
    CU_ASSERT_EQUAL(ask(&thief, "GET", "/api/users", NULL), 401);
    web_browser_free(&browser);
    web_browser_free(&thief);
}

// A login begins a session of its own, and ends the one that the browser had.
static void test_fixation(void)
{
    struct web_browser browser = {0}, old = {0};
    web_try_login(&try, &browser, "vic");
    strcpy(old.cookie, browser.cookie);
    struct web_browser again = {0};
    ask(&again, "GET", "/api/session", NULL);
    char both[sizeof again.cookie * 2 + 4];
    snprintf(both, sizeof both, "%s; %s", browser.cookie, again.cookie);
    static const char body[] = "{\"user\": \"ann\", \"password\": \"" WEB_TRY_PASSWORD "\"}";
    web_try_request(&try, &again,
                    (struct web_request){.method = "POST",
                                         .path = "/api/login",
                                         .host = "h",
                                         .cookie = both,
                                         .csrf = again.csrf,
                                         .content_type = "application/json",
                                         .body = body,
                                         .body_bytes = strlen(body)});
    CU_ASSERT_EQUAL(again.status, 200);
    CU_ASSERT_STRING_NOT_EQUAL(again.cookie, old.cookie);
    CU_ASSERT_EQUAL(ask(&old, "GET", "/api/runs", NULL), 401);
    CU_ASSERT_EQUAL(ask(&again, "GET", "/api/users", NULL), 200);
    web_browser_free(&browser);
    web_browser_free(&old);
    web_browser_free(&again);
}

static void test_many_sessions(void)
{
    struct web_browser browsers[WEB_SESSIONS_USER_MAX + 1] = {0};
    for (size_t i = 0; i < NP_ARRAY_LEN(browsers); i++) {
        web_try_login(&try, &browsers[i], "vic");
        try.now_ms += 1000;
    }
    for (size_t i = 0; i < NP_ARRAY_LEN(browsers); i++) {
        CU_ASSERT_EQUAL(ask(&browsers[i], "GET", "/api/session", NULL), 200);
        CU_ASSERT_EQUAL(json_is_null(json_object_get(browsers[i].answer, "user")), i == 0);
        web_browser_free(&browsers[i]);
    }
}

// What is kept is no token: a reader of the store cannot log in.
static void test_what_is_kept(void)
{
    uint8_t id[SESSION_BYTES], token[SESSION_BYTES];
    struct web_browser browser = {0};
    web_try_login(&try, &browser, "ann");
    const char *text = strchr(browser.cookie, '=') + 1;
    struct store_query query =
        store_query(&try.web.store, "SELECT id FROM sessions ORDER BY rowid DESC LIMIT 1", "");
    CU_ASSERT_TRUE(store_row(&query));
    CU_ASSERT_TRUE(store_blob(&query, 0, id, sizeof id));
    store_end(&query, NULL);
    for (int i = 0; i < SESSION_BYTES; i++)
        sscanf(text + 2 * i, "%2hhx", &token[i]);
    CU_ASSERT_NOT_EQUAL(memcmp(id, token, sizeof id), 0);
    CU_ASSERT_PTR_NULL(strstr(text, browser.csrf));
    web_browser_free(&browser);
}

// ---- foreign pages

static void test_some_log_in(void)
{
    web_try_login(&try, &ann, "ann");
    web_try_login(&try, &bob, "bob");
    web_try_login(&try, &vic, "vic");
    CU_ASSERT_STRING_EQUAL(web_browser_text(&vic, "user.role"), "viewer");
}

static int post(struct web_request request)
{
    struct web_browser browser = {0};
    request.method = "POST";
    request.path = "/api/users/remove";
    request.host = "console.example:8443";
    request.body = "{\"name\": \"nobody\"}";
    request.body_bytes = strlen(request.body);
    web_try_request(&try, &browser, request);
    int status = browser.status;
    web_browser_free(&browser);
    return status;
}

static void test_foreign_pages(void)
{
    char wrong[SESSION_TEXT_BYTES];
    strcpy(wrong, ann.csrf);
    wrong[0] = wrong[0] == '0' ? '1' : '0';
    const struct web_request good = {
        .cookie = ann.cookie, .csrf = ann.csrf, .content_type = "application/json"};
    struct web_request request = good;
    unsigned before = logged("refused", "NP0811");
    CU_ASSERT_EQUAL(post(request), 404); // gets as far as that there is no such user
    request.csrf = NULL;
    CU_ASSERT_EQUAL(post(request), 403);
    request.csrf = wrong;
    CU_ASSERT_EQUAL(post(request), 403);
    request.csrf = bob.csrf;
    CU_ASSERT_EQUAL(post(request), 403);
    request = good;
    request.origin = "https://evil.example";
    CU_ASSERT_EQUAL(post(request), 403);
    request.origin = "http://console.example:8443";
    CU_ASSERT_EQUAL(post(request), 403);
    request.origin = "null";
    CU_ASSERT_EQUAL(post(request), 403);
    request.origin = "https://console.example:8443";
    CU_ASSERT_EQUAL(post(request), 404);
    request.fetch_site = "same-origin";
    CU_ASSERT_EQUAL(post(request), 404);
    request.fetch_site = "same-site";
    CU_ASSERT_EQUAL(post(request), 403);
    request = good;
    request.content_type = "text/plain"; // what a form can send
    CU_ASSERT_EQUAL(post(request), 415);
    request.content_type = NULL;
    CU_ASSERT_EQUAL(post(request), 415);
    request.content_type = "application/json; charset=utf-8";
    CU_ASSERT_EQUAL(post(request), 404);
    request.cookie = NULL;
    CU_ASSERT_EQUAL(post(request), 401);
    CU_ASSERT_EQUAL(logged("refused", "NP0811"), before + 7);
}

static void test_cookies(void)
{
    static const char *const cookies[] = {"",
                                          "=",
                                          ";;;",
                                          "__Host-numaplex-8443",
                                          "__Host-numaplex-8443=",
                                          "__Host-numaplex-8443=zz",
                                          "x__Host-numaplex-8443=0"};
    struct web_browser browser = {0};
    for (size_t i = 0; i < NP_ARRAY_LEN(cookies); i++) {
        strcpy(browser.cookie, cookies[i]);
        CU_ASSERT_EQUAL(ask(&browser, "GET", "/api/runs", NULL), 401);
    }
    char among[800];
    snprintf(among, sizeof among, "a=b; c; __Host-numaplex-8444=00; %s ; d=e", ann.cookie);
    among[strlen(among)] = '\0';
    web_try_request(
        &try, &browser,
        (struct web_request){.method = "GET", .path = "/api/users", .host = "h", .cookie = among});
    CU_ASSERT_EQUAL(browser.status, 401); // a space belongs to the value
    snprintf(among, sizeof among, "a=b; c; __Host-numaplex-8444=00; %s; d=e", ann.cookie);
    web_try_request(
        &try, &browser,
        (struct web_request){.method = "GET", .path = "/api/users", .host = "h", .cookie = among});
    CU_ASSERT_EQUAL(browser.status, 200);
    web_browser_free(&browser);
}

// ---- routes and roles

static void test_routes(void)
{
    static const struct {
        const char *method, *url, *allow;
        int status;
    } tries[] = {{"GET", "/", "", 200},
                 {"HEAD", "/", "", 200},
                 {"GET", "/index.html", "", 200},
                 {"GET", "/nothing", "", 404},
                 {"GET", "/api", "", 404},
                 {"GET", "/api/session/", "", 404},
                 {"GET", "/../console.db", "", 404},
                 {"GET", "/api%2fsession", "", 404},
                 {"POST", "/", "GET, HEAD", 405},
                 {"POST", "/api/session", "GET, HEAD", 405},
                 {"GET", "/api/login", "POST", 405},
                 {"HEAD", "/api/login", "POST", 405},
                 {"HEAD", "/api/events", "GET", 405},
                 {"OTHER", "/api/users", "GET, HEAD", 405}};
    struct web_browser browser = {0};
    for (size_t i = 0; i < NP_ARRAY_LEN(tries); i++) {
        CU_ASSERT_EQUAL(ask(&browser, tries[i].method, tries[i].url, NULL), tries[i].status);
        CU_ASSERT_STRING_EQUAL(browser.allow, tries[i].allow);
        if (tries[i].status >= 400)
            CU_ASSERT_STRING_EQUAL(code(&browser), "NP0814");
    }
    web_browser_free(&browser);
}

// Every route refuses whoever has no login, and every role that its row does not name.
static void test_roles(void)
{
    static struct web_browser operator;
    struct web_browser *const browsers[API_ROLE_COUNT] = {[API_VIEWER] = &vic,
                                                          [API_DOMAIN_ADMINISTRATOR] = &bob,
                                                          [API_OPERATOR] = &operator,
                                                          [API_PLATFORM_ADMINISTRATOR] = & ann };
    web_try_login(&try, &operator, "olga");
    unsigned refused = logged("refused", "NP0811"), expected = refused;
    for (size_t i = 0; i < n_routes; i++) {
        const struct route *route = &routes[i];
        struct web_browser nobody = {0};
        if (route->roles == ROLE_PUBLIC)
            continue;
        CU_ASSERT_EQUAL(ask(&nobody, route->method, route->path, "{}"), 401);
        web_browser_free(&nobody);
        for (int role = 0; role < API_ROLE_COUNT; role++) {
            if (route->roles & ROLE_BIT(role))
                continue;
            CU_ASSERT_EQUAL(ask(browsers[role], route->method, route->path, "{}"), 403);
            CU_ASSERT_STRING_EQUAL(code(browsers[role]), "NP0811");
            expected++;
        }
    }
    CU_ASSERT_TRUE(expected > refused + 10);
    CU_ASSERT_EQUAL(logged("refused", "NP0811"), expected);
    web_browser_free(&operator);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("sessions and routes", NULL, NULL);
    web_try_open(&try);
    web_try_user(&try, "ann", API_PLATFORM_ADMINISTRATOR, NULL);
    web_try_user(&try, "bob", API_DOMAIN_ADMINISTRATOR, (const char *const[]){"SMP1", NULL});
    web_try_user(&try, "olga", API_OPERATOR, NULL);
    web_try_user(&try, "vic", API_VIEWER, NULL);
    CU_add_test(suite, "login", test_login);
    CU_add_test(suite, "bad logins", test_bad_logins);
    CU_add_test(suite, "too often", test_too_often);
    CU_add_test(suite, "idle", test_idle);
    CU_add_test(suite, "absolute", test_absolute);
    CU_add_test(suite, "logout", test_logout);
    CU_add_test(suite, "fixation", test_fixation);
    CU_add_test(suite, "many sessions", test_many_sessions);
    CU_add_test(suite, "what is kept", test_what_is_kept);
    CU_add_test(suite, "routes", test_routes);
    CU_add_test(suite, "some log in", test_some_log_in);
    CU_add_test(suite, "foreign pages", test_foreign_pages);
    CU_add_test(suite, "cookies", test_cookies);
    CU_add_test(suite, "roles", test_roles);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    web_browser_free(&ann);
    web_browser_free(&bob);
    web_browser_free(&vic);
    web_try_close(&try);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
