// SPDX-License-Identifier: Apache-2.0
#include "hmc/web/first_start.h"

#include <stdlib.h>
#include <string.h>

#include "hmc/web/audit.h"
#include "hmc/web/users.h"

static enum err_code add_administrator(struct web *web, const char *password, struct err *err)
{
    struct user user = {.name = FIRST_USER, .role = API_PLATFORM_ADMINISTRATOR};
    struct audit_row row = {.user = "",
                            .address = "",
                            .run = "",
                            .what = "user",
                            .outcome = err_id(ERR_OK),
                            .text = FIRST_USER ": added at the first start"};
    int64_t now = clock_now(web->clock);
    if (password_make(password, &web->cost, &user.password, err) || users_add(&web->store, &user, now, err))
        return err->code;
    return audit_add(&web->store, &row, now, err);
}

enum err_code first_start(struct web *web, char password[PASSWORD_MADE_BYTES], struct err *err)
{
    struct user *list;
    size_t n;
    password[0] = '\0';
    enum err_code code = users_list(&web->store, &list, &n, err);
    for (size_t i = 0; i < n; i++)
        user_free(&list[i]);
    free(list);
    if (code || n)
        return code;
    password_generate(password);
    return add_administrator(web, password, err);
}
