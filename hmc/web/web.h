// SPDX-License-Identifier: Apache-2.0
// The console as a whole: what its handlers share. One thread, one event loop; only the computing of
// passwords is elsewhere (worker.h).
#ifndef NP_HMC_WEB_WEB_H
#define NP_HMC_WEB_WEB_H

#include <event2/event.h>

#include "hmc/web/clock.h"
#include "hmc/web/password.h"
#include "hmc/web/store.h"

struct runs;
struct server;
struct worker;

struct web {
    struct event_base *base;
    const struct web_clock *clock;
    struct store store;
    struct worker *worker;
    struct runs *runs;
    struct server *server;             // NULL in tests without one
    struct password_cost cost;         // of new passwords
    struct password_record nobody;     // verified for users that there are not
    char cookie[40], login_cookie[40]; // names: of sessions, and before the login
    unsigned n_streams;
};

// Sets up what handlers need but server and runs. The caller ends with web_close().
enum err_code web_open(struct web *web, struct event_base *base, const struct web_clock *clock,
                       const char *state_folder, const struct password_cost *cost, struct err *err);
// The port makes the cookies' names those of this console: a host's cookies go to all of its ports, and two
// consoles would end each other's sessions.
void web_name_cookies(struct web *web, unsigned port);

void web_close(struct web *web);

#endif
