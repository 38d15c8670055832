// SPDX-License-Identifier: Apache-2.0
// Which request goes where, and what has to be true before it does: the table, and the checks that no handler
// has to make again (method, login, CSRF token, role, form of the body).
#ifndef NP_HMC_WEB_ROUTER_H
#define NP_HMC_WEB_ROUTER_H

#include "hmc/web/exchange.h"

#define ROLE_BIT(role) (1u << (role))
#define ROLE_PUBLIC    0u // no login needed
#define ROLE_ALL       (ROLE_BIT(API_ROLE_COUNT) - 1)

struct route {
    const char *method; // GET (HEAD with it), or POST
    const char *path;
    unsigned roles;   // who may: ROLE_BIT()s
    bool stream;      // an event stream, without HEAD
    const char *what; // what the audit log calls it; NULL: it says itself
    void (*handle)(struct exchange *exchange);
};

extern const struct route routes[];
extern const size_t n_routes;

// The route of a request. NULL: none; then *allow says which methods the path has, "" when there is no such
// path.
const struct route *route_find(const char *method, const char *path, const char **allow);

// Checks a request whose exchange->in is set, and has it answered.
void route_handle(struct exchange *exchange);

#endif
