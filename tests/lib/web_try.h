// SPDX-License-Identifier: Apache-2.0
// The web console without a network: requests are given to its router as a test writes them, time is the
// test's, and passwords are cheap to compute.
#ifndef NP_TESTS_LIB_WEB_TRY_H
#define NP_TESTS_LIB_WEB_TRY_H

#include "hmc/web/exchange.h"
#include "hmc/web/web.h"
#include "proto/base/limits.h"

struct web_try {
    struct web web;
    struct event_base *base;
    struct web_clock clock;
    int64_t now_ms;
    char folder[PATH_MAX_BYTES]; // of the state; removed at the end
};

#define WEB_TRY_START    INT64_C(1735732800000) // 2025-01-01T12:00:00Z
#define WEB_TRY_PASSWORD "correct horse battery"

extern const struct password_cost web_try_cost;

void web_try_open(struct web_try *try);
void web_try_close(struct web_try *try);

// Adds a user with WEB_TRY_PASSWORD. Domains end with NULL; NULL for none.
void web_try_user(struct web_try *try, const char *name, enum api_role role, const char *const *domains);

// What a browser holds, and what it got.
struct web_browser {
    char cookie[256], csrf[SESSION_TEXT_BYTES];
    int status;     // of the last answer; 0: none yet
    json_t *answer; // its body; NULL: no JSON
    char allow[32];
    char *text; // of the last answer, or what a stream has sent
    size_t n_text;
    bool streaming, ended; // it has been ended by the console
    bool deaf;             // does not read: what is sent stays queued
    size_t queued;
    struct exchange *exchange; // of the stream
};

void web_browser_free(struct web_browser *browser);

// A request with the browser's cookie and token, and its answer, waiting for passwords to be computed. `body`
// NULL: none.
void web_try_ask(struct web_try *try, struct web_browser *browser, const char *method, const char *url,
                 const char *body);

// The same with a request of which the test has written some fields; the others are set as above.
void web_try_request(struct web_try *try, struct web_browser *browser, struct web_request request);

// An exchange of the browser for the test to give to whom it likes.
struct exchange *web_try_exchange(struct web_try *try, struct web_browser *browser);

void web_try_give(struct exchange *exchange); // to the router, which answers now or later

void web_try_login(struct web_try *try, struct web_browser *browser, const char *user);

// A text of the last answer: "user.name", "code". "" when there is none such.
const char *web_browser_text(const struct web_browser *browser, const char *path);

// The browser goes away in the middle of a stream.
void web_browser_leave(struct web_browser *browser);

// Forgets what a stream has sent; or all of it before a text.
void web_browser_cut(struct web_browser *browser, const char *text);
void web_browser_clear(struct web_browser *browser);

#endif
