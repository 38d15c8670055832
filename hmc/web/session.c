// SPDX-License-Identifier: Apache-2.0
#include "hmc/web/session.h"

#include <string.h>

#include "hmc/web/openssl.h"
#include "hmc/web/random.h"

void session_free(struct session *session)
{
    user_free(&session->user);
    memset(session, 0, sizeof *session);
}

void session_token(char token[SESSION_TEXT_BYTES])
{
    uint8_t bytes[SESSION_BYTES];
    random_bytes(bytes, sizeof bytes);
    hex_text(bytes, sizeof bytes, token);
    OPENSSL_cleanse(bytes, sizeof bytes);
}

static bool hash_token(const char *purpose, const char *token, uint8_t hash[SESSION_BYTES])
{
    uint8_t input[16 + SESSION_BYTES] = {0};
    strncpy((char *)input, purpose, 16);
    if (!hex_bytes(token, input + 16, SESSION_BYTES))
        return false;
    SHA256(input, sizeof input, hash);
    OPENSSL_cleanse(input, sizeof input);
    return true;
}

bool session_csrf(const char *token, char csrf[SESSION_TEXT_BYTES])
{
    uint8_t hash[SESSION_BYTES];
    if (!hash_token("csrf", token, hash))
        return false;
    hex_text(hash, sizeof hash, csrf);
    return true;
}

static enum err_code insert(struct store *store, const uint8_t id[SESSION_BYTES], const char *user,
                            const char *address, int64_t now_ms, struct err *err)
{
    if (store_run(store, NULL, err, "INSERT INTO sessions VALUES(?,?,?,?,?)", "bttii", (const void *)id,
                  (size_t)SESSION_BYTES, user, address, now_ms, now_ms))
        return err->code;
    return store_run(store, NULL, err,
                     "DELETE FROM sessions WHERE user = ?1 AND id NOT IN"
                     " (SELECT id FROM sessions WHERE user = ?1 ORDER BY created DESC, rowid DESC LIMIT ?2)",
                     "ti", user, (int64_t)WEB_SESSIONS_USER_MAX);
}

enum err_code session_begin(struct store *store, const char *user, const char *address, int64_t now_ms,
                            char token[SESSION_TEXT_BYTES], struct err *err)
{
    uint8_t id[SESSION_BYTES];
    session_token(token);
    hash_token("session", token, id);
    enum err_code code = store_begin(store, err);
    return code ? code : store_commit(store, insert(store, id, user, address, now_ms, err), err);
}

static bool expired(int64_t created_ms, int64_t used_ms, int64_t now_ms)
{
    return now_ms - used_ms >= WEB_SESSION_IDLE_MS || now_ms - created_ms >= WEB_SESSION_ABSOLUTE_MS;
}

// Reads who it is and when; ERR_LOGIN when there is none.
static enum err_code read_session(struct store *store, const uint8_t id[SESSION_BYTES], int64_t now_ms,
                                  struct session *session, struct err *err)
{
    struct store_query query = store_query(store, "SELECT user, created, used FROM sessions WHERE id = ?",
                                           "b", (const void *)id, (size_t)SESSION_BYTES);
    bool found = store_row(&query);
    if (found) {
        session->created_ms = store_int(&query, 1);
        session->used_ms = store_int(&query, 2);
        strncpy(session->user.name, store_text(&query, 0), WEB_USER_BYTES_MAX);
    }
    if (store_end(&query, err))
        return err->code;
    if (!found || expired(session->created_ms, session->used_ms, now_ms))
        return err_set(err, ERR_LOGIN, "log in: there is no session, or it has expired");
    return ERR_OK;
}

// Its use is written down once in a while only: each writing waits for the disk.
static enum err_code touch(struct store *store, struct session *session, int64_t now_ms, struct err *err)
{
    if (now_ms - session->used_ms < WEB_TOUCH_MS)
        return ERR_OK;
    session->used_ms = now_ms;
    return store_run(store, NULL, err, "UPDATE sessions SET used = ? WHERE id = ?", "ib", now_ms,
                     (const void *)session->id, sizeof session->id);
}

enum err_code session_find(struct store *store, const char *token, int64_t now_ms, struct session *session,
                           struct err *err)
{
    char name[WEB_USER_BYTES_MAX + 1];
    *session = (struct session){0};
    if (!hash_token("session", token, session->id) || !session_csrf(token, session->csrf))
        return err_set(err, ERR_LOGIN, "log in: the session's cookie is none of this console");
    if (read_session(store, session->id, now_ms, session, err) || touch(store, session, now_ms, err))
        return err->code;
    memcpy(name, session->user.name, sizeof name);
    return users_find(store, name, &session->user, err);
}

bool session_alive(struct store *store, const uint8_t id[SESSION_BYTES], int64_t now_ms)
{
    struct session session = {0};
    struct err err;
    return read_session(store, id, now_ms, &session, &err) == ERR_OK;
}

enum err_code session_end(struct store *store, const uint8_t id[SESSION_BYTES], struct err *err)
{
    return store_run(store, NULL, err, "DELETE FROM sessions WHERE id = ?", "b", (const void *)id,
                     (size_t)SESSION_BYTES);
}

enum err_code session_sweep(struct store *store, int64_t now_ms, struct err *err)
{
    return store_run(store, NULL, err, "DELETE FROM sessions WHERE used <= ? OR created <= ?", "ii",
                     now_ms - WEB_SESSION_IDLE_MS, now_ms - WEB_SESSION_ABSOLUTE_MS);
}
