// SPDX-License-Identifier: Apache-2.0
#include "hmc/web/exchange.h"

#include <event2/http.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hmc/web/audit.h"
#include "hmc/web/web.h"
#include "proto/base/assert.h"

struct exchange *exchange_new(struct web *web, const struct transport *transport)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    NP_ASSERT(exchange);
    exchange->web = web;
    exchange->transport = transport;
    return exchange;
}

void exchange_free(struct exchange *exchange)
{
    session_free(&exchange->session);
    json_decref(exchange->json);
    free(exchange);
}

void exchange_gone(struct exchange *exchange)
{
    exchange->gone = true;
    exchange->peer = NULL;
    if (exchange->on_gone)
        exchange->on_gone(exchange, exchange->self);
}

void exchange_answer(struct exchange *exchange, const struct web_answer *answer)
{
    if (exchange->gone)
        exchange_free(exchange);
    else
        exchange->transport->reply(exchange, answer);
}

// Whatever a user has typed comes back as text only: jansson refuses what is no UTF-8, and so do our readers.
void exchange_json(struct exchange *exchange, int status, json_t *body)
{
    char *text = json_dumps(body, JSON_COMPACT);
    NP_ASSERT(text);
    struct web_answer answer = {.status = status,
                                .type = "application/json",
                                .body = text,
                                .body_bytes = strlen(text),
                                .headers = {{"Cache-Control", "no-store"}}};
    if (exchange->cookie[0])
        answer.headers[1] = (struct header){"Set-Cookie", exchange->cookie};
    json_decref(body);
    exchange_answer(exchange, &answer);
    free(text);
}

int exchange_status_of(enum err_code code)
{
    switch (code) {
    case ERR_OK:
        return 200;
    case ERR_REQUEST:
        return 400;
    case ERR_LOGIN:
        return 401;
    case ERR_FORBIDDEN:
        return 403;
    case ERR_UNKNOWN_NAME:
        return 404;
    case ERR_OVER:
        return 410;
    case ERR_LIMIT:
        return 413;
    case ERR_TOO_OFTEN:
        return 429;
    case ERR_NO_RUN:
        return 503;
    case ERR_TIMEOUT:
        return 504;
    default: // the other refusals of class 8 are about the state of the machine
        return err_exit_status(code) == EXIT_CLASS_REFUSED ? 409 : 500;
    }
}

void exchange_status(struct exchange *exchange, int status, enum err_code code, const char *text)
{
    json_t *body = json_pack("{s:s, s:s}", "code", err_id(code), "meaning", err_meaning(code));
    NP_ASSERT(body);
    json_t *said = json_string(text);
    json_object_set_new(body, "text", said ? said : json_string("(the text of this error is no UTF-8)"));
    exchange_json(exchange, status, body);
}

void exchange_error(struct exchange *exchange, const struct err *err)
{
    exchange_status(exchange, exchange_status_of(err->code), err->code, err->text);
}

bool exchange_parameter(const struct exchange *exchange, const char *name, char *value, size_t size)
{
    const char *at = exchange->in.query ? exchange->in.query : "";
    size_t n_name = strlen(name);
    for (; *at; at += strcspn(at, "&"), at += *at == '&') {
        if (strncmp(at, name, n_name) != 0 || at[n_name] != '=')
            continue;
        char *raw = strndup(at + n_name + 1, strcspn(at + n_name + 1, "&"));
        size_t n = 0;
        char *text = raw ? evhttp_uridecode(raw, 1, &n) : NULL;
        bool fits = text && n < size && strlen(text) == n;
        if (fits)
            memcpy(value, text, n + 1);
        free(text);
        free(raw);
        return fits;
    }
    return false;
}

bool exchange_number(const struct exchange *exchange, const char *name, uint64_t otherwise, uint64_t *value)
{
    char text[24] = "", *end;
    *value = otherwise;
    if (!exchange_parameter(exchange, name, text, sizeof text))
        return true;
    size_t n = strlen(text);
    if (n < 1 || n > 19 || strspn(text, "0123456789") != n)
        return false;
    *value = strtoull(text, &end, 10);
    return *end == '\0' && *value <= INT64_MAX;
}

bool exchange_cookie(const struct exchange *exchange, const char *name, char *value, size_t size)
{
    const char *at = exchange->in.cookie ? exchange->in.cookie : "";
    size_t n_name = strlen(name);
    while (*at) {
        at += strspn(at, " ;");
        size_t n = strcspn(at, ";");
        if (n > n_name && strncmp(at, name, n_name) == 0 && at[n_name] == '=') {
            if (n - n_name - 1 >= size)
                return false;
            memcpy(value, at + n_name + 1, n - n_name - 1);
            value[n - n_name - 1] = '\0';
            return true;
        }
        at += n;
    }
    return false;
}

enum err_code exchange_audit(struct exchange *exchange, const char *what, const char *run,
                             enum err_code outcome, struct err *err, const char *fmt, ...)
{
    char text[1024];
    va_list values;
    va_start(values, fmt);
    vsnprintf(text, sizeof text, fmt, values);
    va_end(values);
    struct audit_row row = {.user = exchange->has_session ? exchange->session.user.name : "",
                            .address = exchange->address,
                            .run = run,
                            .what = what,
                            .outcome = err_id(outcome),
                            .text = text};
    if (audit_add(&exchange->web->store, &row, clock_now(exchange->web->clock), err) == ERR_OK)
        return ERR_OK;
    err_wrap(err, "the audit log cannot be written, and so nothing is done");
    fprintf(stderr, "numaplex-hmc: error %s: %s\n", err_id(err->code), err->text);
    return err->code;
}
