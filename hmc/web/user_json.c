// SPDX-License-Identifier: Apache-2.0
#include "hmc/web/user_json.h"

#include <stdlib.h>
#include <string.h>

#include "hmc/web/clock.h"
#include "proto/base/assert.h"

json_t *user_json(const struct user *user)
{
    char created[CLOCK_TEXT_BYTES], changed[CLOCK_TEXT_BYTES];
    json_t *domains = json_array();
    for (uint32_t i = 0; i < user->n_domains; i++)
        json_array_append_new(domains, json_string(user->domains[i]));
    clock_text(user->created_ms, created);
    clock_text(user->changed_ms, changed);
    json_t *json =
        json_pack("{s:s, s:s, s:o, s:s, s:s}", "name", user->name, "role", api_role_word(user->role),
                  "domains", domains, "created", created, "password_changed", changed);
    NP_ASSERT(json);
    return json;
}

static enum err_code read_domains(const json_t *list, struct user *user, struct err *err)
{
    size_t n = json_array_size(list);
    if (!json_is_array(list) || n > PARTITIONS_MAX)
        return err_set(err, ERR_REQUEST, "domains is a list of at most %u names of partitions",
                       PARTITIONS_MAX);
    user->domains = n ? calloc(n, sizeof *user->domains) : NULL;
    NP_ASSERT(user->domains || !n);
    for (size_t i = 0; i < n; i++) {
        const char *name = json_string_value(json_array_get(list, i));
        if (!name || !name[0] || strlen(name) >= NAME_MAX_BYTES)
            return err_set(err, ERR_REQUEST, "domains holds something that is no name of a partition");
        strcpy(user->domains[i], name);
    }
    user->n_domains = (uint32_t)n;
    return ERR_OK;
}

enum err_code user_of_words(const char *name, const char *role, const json_t *domains, struct user *user,
                            struct err *err)
{
    *user = (struct user){0};
    if (user_name_acceptable(name, err))
        return err->code;
    strcpy(user->name, name);
    if (!api_role_of(role, &user->role))
        return err_set(
            err, ERR_REQUEST,
            "the role '%.40s' is none of: viewer, domain administrator, operator, platform administrator",
            role);
    if (domains && read_domains(domains, user, err)) {
        user_free(user);
        return err->code;
    }
    return ERR_OK;
}
