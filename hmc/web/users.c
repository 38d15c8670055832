// SPDX-License-Identifier: Apache-2.0
#include "hmc/web/users.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"

void user_free(struct user *user)
{
    free(user->domains);
    memset(user, 0, sizeof *user);
}

enum err_code user_name_acceptable(const char *name, struct err *err)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyz",
                      others[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
    size_t n = strlen(name);
    if (n < 1 || n > WEB_USER_BYTES_MAX || !strchr(first, name[0]) || strspn(name, others) != n)
        return err_set(
            err, ERR_REQUEST,
            "a user's name has 1 to %u lower-case letters, digits, '-', '_' and '.', a letter first",
            WEB_USER_BYTES_MAX);
    return ERR_OK;
}

// Domains stand in the table as a JSON list of names.
static enum err_code domains_text(const struct user *user, char **text, struct err *err)
{
    if (user->role == API_DOMAIN_ADMINISTRATOR ? user->n_domains == 0 : user->n_domains > 0)
        return err_set(err, ERR_REQUEST,
                       "a domain administrator has one partition or more, and nobody else has any");
    if (user->n_domains > PARTITIONS_MAX)
        return err_set(err, ERR_REQUEST, "more than %u partitions", PARTITIONS_MAX);
    json_t *list = json_array();
    for (uint32_t i = 0; i < user->n_domains; i++) {
        json_t *name = user->domains[i][0] ? json_string(user->domains[i]) : NULL;
        if (!name) {
            json_decref(list);
            return err_set(err, ERR_REQUEST, "the name of a partition is empty or no UTF-8");
        }
        json_array_append_new(list, name);
    }
    *text = json_dumps(list, JSON_COMPACT);
    json_decref(list);
    NP_ASSERT(*text);
    return ERR_OK;
}

static enum err_code domains_of_text(const char *text, struct user *user, struct err *err)
{
    json_t *list = json_loads(text, 0, NULL);
    size_t n = json_array_size(list);
    bool well = json_is_array(list) && n <= PARTITIONS_MAX;
    user->domains = n ? calloc(n, sizeof *user->domains) : NULL;
    NP_ASSERT(user->domains || !n);
    for (size_t i = 0; well && i < n; i++) {
        const char *name = json_string_value(json_array_get(list, i));
        well = name && strlen(name) < NAME_MAX_BYTES;
        if (well)
            strcpy(user->domains[i], name);
    }
    user->n_domains = well ? (uint32_t)n : 0;
    json_decref(list);
    return well ? ERR_OK
                : err_set(err, ERR_DAMAGED_STATE, "user %s: the list of partitions is damaged", user->name);
}

static int64_t count_administrators(struct store *store, const char *without)
{
    struct store_query query = store_query(store, "SELECT count(*) FROM users WHERE role = ? AND name <> ?",
                                           "it", (int64_t)API_PLATFORM_ADMINISTRATOR, without);
    int64_t n = store_row(&query) ? store_int(&query, 0) : 0;
    store_end(&query, NULL);
    return n;
}

static int64_t count_users(struct store *store, const char *name)
{
    struct store_query query = store_query(
        store, "SELECT count(*), count(*) FILTER (WHERE name = ?) FROM users", "t", name ? name : "");
    int64_t n = store_row(&query) ? store_int(&query, name ? 1 : 0) : 0;
    store_end(&query, NULL);
    return n;
}

static enum err_code insert(struct store *store, const struct user *user, const char *domains, int64_t now_ms,
                            struct err *err)
{
    const struct password_record *password = &user->password;
    if (count_users(store, user->name))
        return err_set(err, ERR_STATE, "there is a user %s", user->name);
    if (count_users(store, NULL) >= (int64_t)WEB_USERS_MAX)
        return err_set(err, ERR_STATE, "there are %u users, which is the most", WEB_USERS_MAX);
    return store_run(store, NULL, err, "INSERT INTO users VALUES(?,?,?,?,?,?,?,?,?,?)", "titbbiiiii",
                     user->name, (int64_t)user->role, domains, (const void *)password->salt,
                     sizeof password->salt, (const void *)password->hash, sizeof password->hash,
                     (int64_t)password->cost.n, (int64_t)password->cost.r, (int64_t)password->cost.p, now_ms,
                     now_ms);
}

enum err_code users_add(struct store *store, const struct user *user, int64_t now_ms, struct err *err)
{
    char *domains = NULL;
    if (user_name_acceptable(user->name, err) || domains_text(user, &domains, err))
        return err->code;
    enum err_code code = store_begin(store, err);
    if (!code)
        code = store_commit(store, insert(store, user, domains, now_ms, err), err);
    free(domains);
    return code;
}

#define USER_COLUMNS "name, role, domains, salt, hash, n, r, p, created, changed"

static enum err_code read_user(struct store_query *query, struct user *user, struct err *err)
{
    struct password_record *password = &user->password;
    int64_t role = store_int(query, 1);
    const char *name = store_text(query, 0);
    *user = (struct user){
        .role = (enum api_role)role, .created_ms = store_int(query, 8), .changed_ms = store_int(query, 9)};
    password->cost = (struct password_cost){(uint64_t)store_int(query, 5), (uint64_t)store_int(query, 6),
                                            (uint64_t)store_int(query, 7)};
    if (strlen(name) > WEB_USER_BYTES_MAX || role < 0 || role >= API_ROLE_COUNT ||
        !store_blob(query, 3, password->salt, sizeof password->salt) ||
        !store_blob(query, 4, password->hash, sizeof password->hash))
        return err_set(err, ERR_DAMAGED_STATE, "user %.40s: what is kept is damaged", name);
    strcpy(user->name, name);
    return domains_of_text(store_text(query, 2), user, err);
}

enum err_code users_find(struct store *store, const char *name, struct user *user, struct err *err)
{
    *user = (struct user){0};
    struct store_query query =
        store_query(store, "SELECT " USER_COLUMNS " FROM users WHERE name = ?", "t", name);
    bool found = store_row(&query);
    enum err_code code = found ? read_user(&query, user, err) : ERR_OK;
    enum err_code ended = store_end(&query, code ? NULL : err);
    if (code || ended) {
        user_free(user);
        return code ? code : ended;
    }
    return found ? ERR_OK : err_set(err, ERR_UNKNOWN_NAME, "there is no user %.40s", name);
}

static enum err_code unknown(struct err *err, const char *name)
{
    return err_set(err, ERR_UNKNOWN_NAME, "there is no user %.40s", name);
}

static enum err_code keep_an_administrator(struct store *store, const char *name, struct err *err)
{
    if (count_administrators(store, name) > 0)
        return ERR_OK;
    return err_set(err, ERR_LAST,
                   "%.40s is the last platform administrator; give that role to somebody else first", name);
}

static enum err_code remove_user(struct store *store, const char *name, struct err *err)
{
    int changed = 0;
    if (!count_users(store, name))
        return unknown(err, name);
    if (keep_an_administrator(store, name, err))
        return err->code;
    return store_run(store, &changed, err, "DELETE FROM users WHERE name = ?", "t", name);
}

enum err_code users_remove(struct store *store, const char *name, struct err *err)
{
    enum err_code code = store_begin(store, err);
    return code ? code : store_commit(store, remove_user(store, name, err), err);
}

static enum err_code replace_password(struct store *store, const char *name,
                                      const struct password_record *record, int64_t now_ms, struct err *err)
{
    int changed = 0;
    if (store_run(store, &changed, err,
                  "UPDATE users SET salt = ?, hash = ?, n = ?, r = ?, p = ?, changed = ? WHERE name = ?",
                  "bbiiiit", (const void *)record->salt, sizeof record->salt, (const void *)record->hash,
                  sizeof record->hash, (int64_t)record->cost.n, (int64_t)record->cost.r,
                  (int64_t)record->cost.p, now_ms, name))
        return err->code;
    if (!changed)
        return unknown(err, name);
    return store_run(store, NULL, err, "DELETE FROM sessions WHERE user = ?", "t", name);
}

enum err_code users_set_password(struct store *store, const char *name, const struct password_record *record,
                                 int64_t now_ms, struct err *err)
{
    enum err_code code = store_begin(store, err);
    return code ? code : store_commit(store, replace_password(store, name, record, now_ms, err), err);
}

static enum err_code replace_role(struct store *store, const struct user *user, const char *domains,
                                  struct err *err)
{
    int changed = 0;
    if (count_users(store, user->name) && user->role != API_PLATFORM_ADMINISTRATOR &&
        keep_an_administrator(store, user->name, err))
        return err->code;
    if (store_run(store, &changed, err, "UPDATE users SET role = ?, domains = ? WHERE name = ?", "itt",
                  (int64_t)user->role, domains, user->name))
        return err->code;
    return changed ? ERR_OK : unknown(err, user->name);
}

enum err_code users_set_role(struct store *store, const struct user *user, struct err *err)
{
    char *domains = NULL;
    if (domains_text(user, &domains, err))
        return err->code;
    enum err_code code = store_begin(store, err);
    if (!code)
        code = store_commit(store, replace_role(store, user, domains, err), err);
    free(domains);
    return code;
}

enum err_code users_list(struct store *store, struct user **list, size_t *n, struct err *err)
{
    enum err_code code = ERR_OK;
    *n = 0;
    *list = calloc(WEB_USERS_MAX, sizeof **list);
    NP_ASSERT(*list);
    struct store_query query = store_query(store, "SELECT " USER_COLUMNS " FROM users ORDER BY name LIMIT ?",
                                           "i", (int64_t)WEB_USERS_MAX);
    while (!code && store_row(&query))
        code = read_user(&query, &(*list)[(*n)++], err);
    enum err_code ended = store_end(&query, code ? NULL : err);
    return code ? code : ended;
}
