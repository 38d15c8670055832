// SPDX-License-Identifier: Apache-2.0
// What administrators do with users, what everybody does with the own password, and the audit log.
#include <stdlib.h>
#include <string.h>

#include "hmc/web/api.h"
#include "hmc/web/attempts.h"
#include "hmc/web/audit.h"
#include "hmc/web/user_json.h"
#include "hmc/web/web.h"
#include "hmc/web/worker.h"
#include "proto/base/assert.h"

void api_users(struct exchange *exchange)
{
    struct user *list = NULL;
    size_t n = 0;
    struct err err;
    enum err_code code = users_list(&exchange->web->store, &list, &n, &err);
    json_t *users = json_array();
    for (size_t i = 0; i < n; i++) {
        if (!code)
            json_array_append_new(users, user_json(&list[i]));
        user_free(&list[i]);
    }
    free(list);
    if (code) {
        json_decref(users);
        exchange_error(exchange, &err);
    } else
        exchange_json(exchange, 200, json_pack("{s:o}", "users", users));
}

// A change of users, with the password that it may need computed in between.
enum change_kind { ADD, SET, OWN };
struct change {
    struct exchange *exchange;
    enum change_kind kind;
    struct user user;
    char password[WEB_PASSWORD_BYTES_MAX + 1];
    bool generated;
};

static void end_change(struct change *change)
{
    user_free(&change->user);
    memset(change, 0, sizeof *change);
    free(change);
}

static const char *const said[] = {"added", "password set", "own password changed"};

// Audits what was done or refused, and answers.
static void answer(struct exchange *exchange, const char *what, const char *name, const struct err *outcome,
                   json_t *body)
{
    struct err err;
    if (exchange_audit(exchange, "user", "", outcome->code, &err, "%s: %s%s%s", name, what,
                       outcome->code ? ": " : "", outcome->code ? outcome->text : "")) {
        json_decref(body);
        exchange_error(exchange, &err);
    } else if (outcome->code) {
        json_decref(body);
        exchange_error(exchange, outcome);
    } else
        exchange_json(exchange, 200, body);
}

static void keep_password(void *self, bool good, const struct password_record *record)
{
    struct change *change = self;
    struct exchange *exchange = change->exchange;
    struct web *web = exchange->web;
    struct user *user = &change->user;
    int64_t now = clock_now(web->clock);
    struct err err;
    err_clear(&err);
    user->password = *record;
    if (!good)
        err_set(&err, ERR_MEMORY, "there is no memory to compute the password");
    else if (change->kind == ADD)
        users_add(&web->store, user, now, &err);
    else
        users_set_password(&web->store, user->name, record, now, &err);
    json_t *body = json_pack("{s:s}", "name", user->name);
    if (change->generated)
        json_object_set_new(body, "password", json_string(change->password));
    answer(exchange, said[change->kind], user->name, &err, body);
    end_change(change);
}

static void make_password(struct change *change)
{
    struct web *web = change->exchange->web;
    if (worker_make(web->worker, change->password, &web->cost, keep_password, change))
        return;
    exchange_status(change->exchange, 429, ERR_TOO_OFTEN, "many passwords are being computed; try again");
    end_change(change);
}

static enum err_code choose_password(struct change *change, const char *password, struct err *err)
{
    change->generated = password == NULL;
    if (!password)
        password_generate(change->password);
    else if (password_acceptable(password, err))
        return err->code;
    else
        strcpy(change->password, password);
    return ERR_OK;
}

static struct change *new_change(struct exchange *exchange, enum change_kind kind)
{
    struct change *change = calloc(1, sizeof *change);
    NP_ASSERT(change);
    change->exchange = exchange;
    change->kind = kind;
    return change;
}

void api_users_add(struct exchange *exchange)
{
    const char *name, *role, *password = NULL;
    json_t *domains = NULL;
    json_error_t error;
    struct err err;
    if (json_unpack_ex(exchange->json, &error, JSON_STRICT, "{s:s, s:s, s?o, s?s}", "name", &name, "role",
                       &role, "domains", &domains, "password", &password)) {
        exchange_status(exchange, 400, ERR_REQUEST, error.text);
        return;
    }
    struct change *change = new_change(exchange, ADD);
    if (user_of_words(name, role, domains, &change->user, &err) || choose_password(change, password, &err)) {
        end_change(change);
        exchange_error(exchange, &err);
    } else
        make_password(change);
}

void api_users_password(struct exchange *exchange)
{
    const char *name, *password = NULL;
    json_error_t error;
    struct err err;
    if (json_unpack_ex(exchange->json, &error, JSON_STRICT, "{s:s, s?s}", "name", &name, "password",
                       &password)) {
        exchange_status(exchange, 400, ERR_REQUEST, error.text);
        return;
    }
    struct change *change = new_change(exchange, SET);
    if (users_find(&exchange->web->store, name, &change->user, &err) ||
        choose_password(change, password, &err)) {
        end_change(change);
        exchange_error(exchange, &err);
    } else
        make_password(change);
}

// The old password was computed; the new one follows when it was right.
static void own_verified(void *self, bool good, const struct password_record *record)
{
    struct change *change = self;
    struct exchange *exchange = change->exchange;
    struct err err;
    (void)record;
    if (good &&
        attempts_forgive(&exchange->web->store, change->user.name, exchange->address, &err) == ERR_OK) {
        make_password(change);
        return;
    }
    err_set(&err, ERR_FORBIDDEN, "the old password is wrong");
    answer(exchange, said[OWN], change->user.name, &err, NULL);
    end_change(change);
}

// Ends all sessions of the user, this one too: the page asks for a login.
void api_own_password(struct exchange *exchange)
{
    struct web *web = exchange->web;
    const char *old, *new;
    json_error_t error;
    struct err err;
    if (json_unpack_ex(exchange->json, &error, JSON_STRICT, "{s:s, s:s}", "old", &old, "new", &new)) {
        exchange_status(exchange, 400, ERR_REQUEST, error.text);
        return;
    }
    struct change *change = new_change(exchange, OWN);
    if (strlen(old) > WEB_PASSWORD_BYTES_MAX)
        err_set(&err, ERR_REQUEST, "the old password is too long");
    else if (choose_password(change, new, &err) == ERR_OK &&
             attempts_take(&web->store, exchange->session.user.name, exchange->address, clock_now(web->clock),
                           NULL, &err) == ERR_OK &&
             users_find(&web->store, exchange->session.user.name, &change->user, &err) == ERR_OK) {
        if (worker_verify(web->worker, old, &change->user.password, own_verified, change))
            return;
        err_set(&err, ERR_TOO_OFTEN, "many passwords are being computed; try again");
    }
    end_change(change);
    exchange_error(exchange, &err);
}

void api_users_remove(struct exchange *exchange)
{
    const char *name;
    json_error_t error;
    struct err err;
    err_clear(&err);
    if (json_unpack_ex(exchange->json, &error, JSON_STRICT, "{s:s}", "name", &name)) {
        exchange_status(exchange, 400, ERR_REQUEST, error.text);
        return;
    }
    users_remove(&exchange->web->store, name, &err);
    answer(exchange, "removed", name, &err, json_pack("{s:s}", "name", name));
}

void api_users_role(struct exchange *exchange)
{
    const char *name, *role;
    json_t *domains = NULL;
    json_error_t error;
    struct user user;
    struct err err;
    if (json_unpack_ex(exchange->json, &error, JSON_STRICT, "{s:s, s:s, s?o}", "name", &name, "role", &role,
                       "domains", &domains)) {
        exchange_status(exchange, 400, ERR_REQUEST, error.text);
        return;
    }
    err_clear(&err);
    if (user_of_words(name, role, domains, &user, &err)) {
        exchange_error(exchange, &err);
        return;
    }
    users_set_role(&exchange->web->store, &user, &err);
    answer(exchange, role, name, &err, user_json(&user));
    user_free(&user);
}

// Texts of the log may have been cut within a character.
static json_t *text_json(const char *text)
{
    json_t *json = json_string(text);
    return json ? json : json_string("(no UTF-8)");
}

static void add_row(void *self, const struct audit_row *row)
{
    char at[CLOCK_TEXT_BYTES];
    clock_text(row->at_ms, at);
    json_t *json = json_pack("{s:I, s:s, s:s, s:s, s:o, s:s, s:s, s:o}", "id", (json_int_t)row->id, "at", at,
                             "user", row->user, "address", row->address, "run", text_json(row->run), "what",
                             row->what, "outcome", row->outcome, "text", text_json(row->text));
    NP_ASSERT(json);
    json_array_append_new(self, json);
}

void api_audit(struct exchange *exchange)
{
    uint64_t before, n;
    struct err err;
    if (!exchange_number(exchange, "before", 0, &before) || !exchange_number(exchange, "n", 100, &n) ||
        n < 1 || n > WEB_AUDIT_PAGE_MAX) {
        err_set(&err, ERR_REQUEST, "before is the id of a row, n a number from 1 to %u", WEB_AUDIT_PAGE_MAX);
        exchange_error(exchange, &err);
        return;
    }
    json_t *rows = json_array();
    if (audit_read(&exchange->web->store, (int64_t)before, (unsigned)n, add_row, rows, &err)) {
        json_decref(rows);
        exchange_error(exchange, &err);
    } else
        exchange_json(exchange, 200, json_pack("{s:o}", "rows", rows));
}
