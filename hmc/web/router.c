// SPDX-License-Identifier: Apache-2.0
#include "hmc/web/router.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "hmc/web/api.h"
#include "hmc/web/assets.h"
#include "hmc/web/openssl.h"
#include "hmc/web/web.h"
#include "proto/base/assert.h"

#define ADMINISTRATOR ROLE_BIT(API_PLATFORM_ADMINISTRATOR)
#define OPERATORS     (ADMINISTRATOR | ROLE_BIT(API_OPERATOR))
#define ACTORS        (OPERATORS | ROLE_BIT(API_DOMAIN_ADMINISTRATOR))

// What a command needs beyond its route's roles, the run itself decides: it knows the domains' boards.
const struct route routes[] = {
    {"GET", "/api/session", ROLE_PUBLIC, false, NULL, api_session_get},
    {"POST", "/api/login", ROLE_PUBLIC, false, NULL, api_login},
    {"POST", "/api/logout", ROLE_ALL, false, NULL, api_logout},
    {"POST", "/api/password", ROLE_ALL, false, NULL, api_own_password},
    {"GET", "/api/runs", ROLE_ALL, false, NULL, api_runs},
    {"GET", "/api/snapshot", ROLE_ALL, false, NULL, api_snapshot},
    {"GET", "/api/series", ROLE_ALL, false, NULL, api_series},
    {"GET", "/api/report", ROLE_ALL, false, NULL, api_report},
    {"GET", "/api/events", ROLE_ALL, true, NULL, api_events},
    {"GET", "/api/console", ROLE_ALL, false, NULL, api_console},
    {"POST", "/api/plan", ROLE_ALL, false, "plan", api_plan},
    {"POST", "/api/command", ACTORS, false, "command", api_command},
    {"POST", "/api/pace", OPERATORS, false, "pace", api_pace},
    {"POST", "/api/type", ACTORS, false, "type", api_type},
    {"GET", "/api/audit", ADMINISTRATOR, false, NULL, api_audit},
    {"GET", "/api/users", ADMINISTRATOR, false, NULL, api_users},
    {"POST", "/api/users/add", ADMINISTRATOR, false, NULL, api_users_add},
    {"POST", "/api/users/remove", ADMINISTRATOR, false, NULL, api_users_remove},
    {"POST", "/api/users/role", ADMINISTRATOR, false, NULL, api_users_role},
    {"POST", "/api/users/password", ADMINISTRATOR, false, NULL, api_users_password},
};

const size_t n_routes = NP_ARRAY_LEN(routes);

static const struct route asset_route = {"GET", "", ROLE_PUBLIC, false, NULL, asset_handle};

const struct route *route_find(const char *method, const char *path, const char **allow)
{
    bool head = strcmp(method, "HEAD") == 0;
    *allow = "";
    for (size_t i = 0; i < n_routes; i++) {
        const struct route *route = &routes[i];
        if (strcmp(route->path, path) != 0)
            continue;
        if (strcmp(route->method, head && !route->stream ? "GET" : method) == 0 &&
            (!head || route->method[0] == 'G'))
            return route;
        *allow = route->method[0] == 'P' ? "POST" : route->stream ? "GET" : "GET, HEAD";
    }
    if (**allow || !asset_find(path))
        return NULL;
    *allow = "GET, HEAD";
    return head || strcmp(method, "GET") == 0 ? &asset_route : NULL;
}

static void refuse_route(struct exchange *exchange, const char *allow)
{
    char body[200];
    int status = *allow ? 405 : 404;
    int n = snprintf(body, sizeof body, "{\"code\": \"%s\", \"meaning\": \"%s\", \"text\": \"%s\"}",
                     err_id(ERR_REQUEST), err_meaning(ERR_REQUEST),
                     *allow ? "this path has another method" : "there is no such path");
    struct web_answer answer = {.status = status,
                                .type = "application/json",
                                .body = body,
                                .body_bytes = (size_t)n,
                                .headers = {{"Cache-Control", "no-store"}}};
    if (*allow)
        answer.headers[1] = (struct header){"Allow", allow};
    exchange_answer(exchange, &answer);
}

// A browser names the page that a request comes from; another host's page is refused before its token is.
static bool own_page(const struct exchange *exchange)
{
    const struct web_request *in = &exchange->in;
    char own[300];
    if (in->fetch_site && strcmp(in->fetch_site, "same-origin") != 0 && strcmp(in->fetch_site, "none") != 0)
        return false;
    if (!in->origin)
        return true;
    snprintf(own, sizeof own, "https://%s", in->host ? in->host : "");
    return strcasecmp(own, in->origin) == 0;
}

static bool token_fits(const struct exchange *exchange, const char *cookie_name)
{
    char cookie[SESSION_TEXT_BYTES], wanted[SESSION_TEXT_BYTES];
    const char *token = exchange->in.csrf;
    return token && exchange_cookie(exchange, cookie_name, cookie, sizeof cookie) &&
           session_csrf(cookie, wanted) && strlen(token) == strlen(wanted) &&
           CRYPTO_memcmp(token, wanted, strlen(wanted)) == 0;
}

static enum err_code check_page(const struct exchange *exchange, struct err *err)
{
    const struct web *web = exchange->web;
    const char *cookie = exchange->route->roles == ROLE_PUBLIC ? web->login_cookie : web->cookie;
    if (!own_page(exchange))
        return err_set(err, ERR_FORBIDDEN, "the request comes from a page of another host");
    if (!token_fits(exchange, cookie))
        return err_set(err, ERR_FORBIDDEN,
                       "the header X-CSRF-Token is missing or wrong; GET /api/session gives its value");
    return ERR_OK;
}

static enum err_code check_body(struct exchange *exchange, struct err *err)
{
    json_error_t error;
    exchange->json = json_loadb(exchange->in.body, exchange->in.body_bytes, JSON_REJECT_DUPLICATES, &error);
    if (!exchange->json)
        return err_set(err, ERR_REQUEST, "the body is no JSON: line %d, column %d: %s", error.line,
                       error.column, error.text);
    if (!json_is_object(exchange->json))
        return err_set(err, ERR_REQUEST, "the body is no JSON object");
    return ERR_OK;
}

static bool is_json(const char *type)
{
    return type && strncasecmp(type, "application/json", 16) == 0 &&
           (!type[16] || type[16] == ';' || type[16] == ' ');
}

// Who it is, when somebody is logged in. A public route works without.
static enum err_code check_session(struct exchange *exchange, struct err *err)
{
    struct web *web = exchange->web;
    char token[SESSION_TEXT_BYTES];
    enum err_code code = ERR_LOGIN;
    if (exchange_cookie(exchange, web->cookie, token, sizeof token))
        code = session_find(&web->store, token, clock_now(web->clock), &exchange->session, err);
    else
        err_set(err, ERR_LOGIN, "log in first");
    exchange->has_session = code == ERR_OK;
    return exchange->route->roles == ROLE_PUBLIC && (code == ERR_LOGIN || code == ERR_UNKNOWN_NAME) ? ERR_OK
                                                                                                    : code;
}

static enum err_code check_role(const struct exchange *exchange, struct err *err)
{
    enum api_role role = exchange->session.user.role;
    const struct route *route = exchange->route;
    if (route->roles == ROLE_PUBLIC || (route->roles & ROLE_BIT(role)))
        return ERR_OK;
    return err_set(err, ERR_FORBIDDEN, "a %s may not do this", api_role_word(role));
}

// Who is logged in and is refused stands in the log: it may be a foreign page that tries.
static void refuse(struct exchange *exchange, const struct err *why)
{
    const struct route *route = exchange->route;
    struct err err;
    if (exchange->has_session && why->code == ERR_FORBIDDEN &&
        exchange_audit(exchange, "refused", "", why->code, &err, "%s %s: %s", route->method, route->path,
                       why->text))
        exchange_error(exchange, &err);
    else
        exchange_error(exchange, why);
}

void route_handle(struct exchange *exchange)
{
    const char *allow;
    struct err err;
    bool post = strcmp(exchange->in.method, "POST") == 0;
    err_clear(&err);
    exchange->route = route_find(exchange->in.method, exchange->in.path, &allow);
    if (!exchange->route)
        refuse_route(exchange, allow);
    else if (check_session(exchange, &err) || (post && check_page(exchange, &err)) ||
             check_role(exchange, &err))
        refuse(exchange, &err);
    else if (post && !is_json(exchange->in.content_type))
        exchange_status(exchange, 415, ERR_REQUEST, "the body has to be of type application/json");
    else if (post && check_body(exchange, &err))
        exchange_error(exchange, &err);
    else
        exchange->route->handle(exchange);
}
