// SPDX-License-Identifier: Apache-2.0
#include "hmc/web/web.h"

#include <stdio.h>
#include <string.h>

#include "hmc/web/worker.h"

// The prefix makes browsers take the cookie by TLS only, for this host only.
void web_name_cookies(struct web *web, unsigned port)
{
    snprintf(web->cookie, sizeof web->cookie, "__Host-numaplex-%u", port);
    snprintf(web->login_cookie, sizeof web->login_cookie, "__Host-numaplex-login-%u", port);
}

enum err_code web_open(struct web *web, struct event_base *base, const struct web_clock *clock,
                       const char *state_folder, const struct password_cost *cost, struct err *err)
{
    memset(web, 0, sizeof *web);
    web->base = base;
    web->clock = clock;
    web->cost = *cost;
    web->nobody = password_nobody(cost);
    web_name_cookies(web, 0);
    if (store_open(&web->store, state_folder, err))
        return err->code;
    enum err_code code = worker_new(&web->worker, base, err);
    if (code)
        store_close(&web->store);
    return code;
}

void web_close(struct web *web)
{
    worker_free(web->worker);
    store_close(&web->store);
}
