// SPDX-License-Identifier: Apache-2.0
// Users as the page sees them.
#ifndef NP_HMC_WEB_USER_JSON_H
#define NP_HMC_WEB_USER_JSON_H

#include <jansson.h>

#include "hmc/web/users.h"

// {"name", "role", "domains", "created", "password_changed"}
json_t *user_json(const struct user *user);

// Reads name, role and domains ("domains" only of a domain administrator): ERR_REQUEST. Domains may be NULL.
// The caller frees *user.
enum err_code user_of_words(const char *name, const char *role, const json_t *domains, struct user *user,
                            struct err *err);

#endif
