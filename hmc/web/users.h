// SPDX-License-Identifier: Apache-2.0
// Who may use the console: names, roles (those of proto/codec/api.h), the partitions of domain
// administrators, and passwords.
#ifndef NP_HMC_WEB_USERS_H
#define NP_HMC_WEB_USERS_H

#include "hmc/web/limits.h"
#include "hmc/web/password.h"
#include "hmc/web/store.h"
#include "proto/base/limits.h"
#include "proto/codec/api.h"

struct user {
    char name[WEB_USER_BYTES_MAX + 1];
    enum api_role role;
    uint32_t n_domains;
    char (*domains)[NAME_MAX_BYTES]; // owned
    struct password_record password;
    int64_t created_ms, changed_ms; // changed: the password
};

void user_free(struct user *user); // what it owns; zeroes it

// Whether it may be a user's name: lower-case letters, digits, '-', '_' and '.', a letter first.
enum err_code user_name_acceptable(const char *name, struct err *err);

// Adds a user. ERR_STATE when there is one of that name, ERR_REQUEST for a name or domains that cannot be.
enum err_code users_add(struct store *store, const struct user *user, int64_t now_ms, struct err *err);

// ERR_UNKNOWN_NAME when there is none such. The caller frees *user.
enum err_code users_find(struct store *store, const char *name, struct user *user, struct err *err);

// These end the user's sessions; ERR_UNKNOWN_NAME. ERR_LAST: nobody would be left to administer the console.
enum err_code users_remove(struct store *store, const char *name, struct err *err);
enum err_code users_set_password(struct store *store, const char *name, const struct password_record *record,
                                 int64_t now_ms, struct err *err);

// Role and domains; takes effect with the user's next request.
enum err_code users_set_role(struct store *store, const struct user *user, struct err *err);

// All of them by name; the caller frees each and the list.
enum err_code users_list(struct store *store, struct user **list, size_t *n, struct err *err);

#endif
