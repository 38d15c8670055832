// SPDX-License-Identifier: Apache-2.0
// Logins. The browser holds a token of 256 random bits in a cookie; the store holds its SHA-256 only, so that
// who reads the store cannot log in with it. A session ends by logout, after WEB_SESSION_IDLE_MS without a
// request, after WEB_SESSION_ABSOLUTE_MS in any case, and when its user is removed or gets a new password.
//
// Against requests that other pages make a browser send, every POST carries the session's CSRF token in a
// header: a hash of the cookie, which other pages can neither read nor compute. Before the login another
// cookie, random as well, takes the place of the session's.
#ifndef NP_HMC_WEB_SESSION_H
#define NP_HMC_WEB_SESSION_H

#include "hmc/web/clock.h"
#include "hmc/web/users.h"

#define SESSION_BYTES      32                      // a token, and what is kept of it
#define SESSION_TEXT_BYTES (2 * SESSION_BYTES + 1) // in hexadecimal, with its NUL

struct session {
    uint8_t id[SESSION_BYTES]; // SHA-256 of the token
    char csrf[SESSION_TEXT_BYTES];
    int64_t created_ms, used_ms;
    struct user user; // owned; as the store has it now
};

void session_free(struct session *session);

// A new token in hexadecimal.
void session_token(char token[SESSION_TEXT_BYTES]);

// The CSRF token that belongs to a cookie's token; false when the cookie is none of ours.
bool session_csrf(const char *token, char csrf[SESSION_TEXT_BYTES]);

// Begins a session and gives its token. Further ones than WEB_SESSIONS_USER_MAX end the user's oldest.
enum err_code session_begin(struct store *store, const char *user, const char *address, int64_t now_ms,
                            char token[SESSION_TEXT_BYTES], struct err *err);

// The session of a token: ERR_LOGIN when there is none (any more). Counts as its use. The caller frees.
enum err_code session_find(struct store *store, const char *token, int64_t now_ms, struct session *session,
                           struct err *err);

// Whether it still is; no use of it.
bool session_alive(struct store *store, const uint8_t id[SESSION_BYTES], int64_t now_ms);

enum err_code session_end(struct store *store, const uint8_t id[SESSION_BYTES], struct err *err);

// Forgets all that have expired.
enum err_code session_sweep(struct store *store, int64_t now_ms, struct err *err);

#endif
