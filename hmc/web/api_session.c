// SPDX-License-Identifier: Apache-2.0
// Login, logout, and who one is.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hmc/web/api.h"
#include "hmc/web/attempts.h"
#include "hmc/web/openssl.h"
#include "hmc/web/user_json.h"
#include "hmc/web/web.h"
#include "hmc/web/worker.h"
#include "proto/base/assert.h"

// Path, Secure and no Domain are what the prefix of the cookies' names asks for.
static void set_cookie(struct exchange *exchange, const char *name, const char *value)
{
    snprintf(exchange->cookie, sizeof exchange->cookie, "%s=%s; Path=/; Secure; HttpOnly; SameSite=Strict%s",
             name, value, *value ? "" : "; Max-Age=0");
}

static json_t *session_json(const struct user *user, const char *csrf)
{
    json_t *json = json_pack("{s:s, s:i, s:i}", "csrf", csrf, "idle_s", (int)(WEB_SESSION_IDLE_MS / 1000),
                             "absolute_s", (int)(WEB_SESSION_ABSOLUTE_MS / 1000));
    NP_ASSERT(json);
    json_object_set_new(json, "user", user ? user_json(user) : json_null());
    return json;
}

// Who is not logged in gets a cookie that the CSRF token of the login belongs to.
void api_session_get(struct exchange *exchange)
{
    char token[SESSION_TEXT_BYTES], csrf[SESSION_TEXT_BYTES];
    const char *name = exchange->web->login_cookie;
    if (exchange->has_session) {
        exchange_json(exchange, 200, session_json(&exchange->session.user, exchange->session.csrf));
        return;
    }
    if (!exchange_cookie(exchange, name, token, sizeof token) || !session_csrf(token, csrf)) {
        session_token(token);
        NP_ASSERT(session_csrf(token, csrf));
        set_cookie(exchange, name, token);
    }
    exchange_json(exchange, 200, session_json(NULL, csrf));
}

// A login between its two halves: before and after its password has been computed.
struct login {
    struct exchange *exchange;
    char name[WEB_USER_BYTES_MAX + 1];
    bool known; // there is such a user
};

static void fail(struct exchange *exchange, const char *name, const struct err *why)
{
    struct err err;
    if (exchange_audit(exchange, "login", "", why->code, &err, "%s: %s", name, why->text))
        exchange_error(exchange, &err);
    else
        exchange_error(exchange, why);
}

static enum err_code begin_session(struct exchange *exchange, const char *name, struct err *err)
{
    struct web *web = exchange->web;
    char token[SESSION_TEXT_BYTES];
    int64_t now = clock_now(web->clock);
    if (exchange->has_session && session_end(&web->store, exchange->session.id, err))
        return err->code;
    session_free(&exchange->session);
    exchange->has_session = false;
    if (session_begin(&web->store, name, exchange->address, now, token, err) ||
        session_find(&web->store, token, now, &exchange->session, err))
        return err->code;
    exchange->has_session = true;
    set_cookie(exchange, web->cookie, token);
    return ERR_OK;
}

// The user may have been removed, or have got another password, while this one was computed.
static bool still_valid(struct web *web, const char *name, const struct password_record *record)
{
    struct user user;
    struct err err;
    if (users_find(&web->store, name, &user, &err))
        return false;
    bool same = CRYPTO_memcmp(user.password.hash, record->hash, sizeof record->hash) == 0;
    user_free(&user);
    return same;
}

static void login_done(void *self, bool good, const struct password_record *record)
{
    struct login *login = self;
    struct exchange *exchange = login->exchange;
    struct web *web = exchange->web;
    struct err err;
    if (!good || !login->known || !still_valid(web, login->name, record)) {
        err_set(&err, ERR_LOGIN, "user name or password is wrong");
        fail(exchange, login->known ? login->name : "(unknown user)", &err);
    } else if (begin_session(exchange, login->name, &err) ||
               attempts_forgive(&web->store, login->name, exchange->address, &err) ||
               exchange_audit(exchange, "login", "", ERR_OK, &err, "logged in"))
        exchange_error(exchange, &err);
    else
        exchange_json(exchange, 200, session_json(&exchange->session.user, exchange->session.csrf));
    free(login);
}

// Names of users that there are not stay out of the log: people type passwords into the wrong field.
static void verify(struct exchange *exchange, const char *name, const char *password)
{
    struct web *web = exchange->web;
    struct login *login = calloc(1, sizeof *login);
    NP_ASSERT(login);
    login->exchange = exchange;
    struct user user;
    struct err err;
    login->known = users_find(&web->store, name, &user, &err) == ERR_OK;
    if (login->known)
        strcpy(login->name, user.name);
    if (worker_verify(web->worker, password, login->known ? &user.password : &web->nobody, login_done,
                      login)) {
        if (login->known)
            user_free(&user);
        return;
    }
    if (login->known)
        user_free(&user);
    free(login);
    err_set(&err, ERR_TOO_OFTEN, "many people are logging in; try again in a few seconds");
    exchange_error(exchange, &err);
}

void api_login(struct exchange *exchange)
{
    struct web *web = exchange->web;
    const char *name, *password;
    json_error_t error;
    struct err err;
    bool first = false;
    if (json_unpack_ex(exchange->json, &error, JSON_STRICT, "{s:s, s:s}", "user", &name, "password",
                       &password)) {
        exchange_status(exchange, 400, ERR_REQUEST, error.text);
        return;
    }
    if (strlen(name) > WEB_USER_BYTES_MAX || strlen(password) > WEB_PASSWORD_BYTES_MAX) {
        exchange_status(exchange, 400, ERR_REQUEST, "user name or password is too long");
        return;
    }
    enum err_code code =
        attempts_take(&web->store, name, exchange->address, clock_now(web->clock), &first, &err);
    if (code == ERR_TOO_OFTEN && first)
        fail(exchange, "(login)", &err);
    else if (code)
        exchange_error(exchange, &err);
    else
        verify(exchange, name, password);
}

void api_logout(struct exchange *exchange)
{
    struct web *web = exchange->web;
    struct err err;
    if (session_end(&web->store, exchange->session.id, &err) ||
        exchange_audit(exchange, "logout", "", ERR_OK, &err, "logged out")) {
        exchange_error(exchange, &err);
        return;
    }
    set_cookie(exchange, web->cookie, "");
    exchange_json(exchange, 200, json_pack("{s:n}", "user"));
}
