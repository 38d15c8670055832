// SPDX-License-Identifier: Apache-2.0
// Stands between TLS and the HTTP library, once per connection: sees every byte before the library does,
// answers malformed and oversized requests itself and ends the connection, and ends those that are slow, idle
// or too many. The library has none of these limits of its own.
#ifndef NP_HMC_WEB_GUARD_H
#define NP_HMC_WEB_GUARD_H

#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdbool.h>

#include "hmc/web/clock.h"
#include "hmc/web/openssl.h"

struct guard;

// All connections of a server.
struct guards {
    const struct web_clock *clock;
    struct evconnlistener *listener; // rests while there are too many connections; NULL: none
    struct guard *first;
    unsigned n;
};

// Begins to watch a connection that has been accepted. It lives until the SSL object is freed.
void guard_begin(struct guards *guards, struct bufferevent *connection, SSL *ssl);

// The library has given a request of this connection to us; or has sent its answer.
void guard_serving(struct guards *guards, struct bufferevent *connection, bool streaming);
void guard_served(struct guards *guards, struct bufferevent *connection);

// Whether the answer that is being made has to be the connection's last: what follows is malformed.
bool guard_is_last(struct guards *guards, const struct bufferevent *connection);

// Ends what is over its time or its number; to be called every WEB_SWEEP_MS.
void guards_sweep(struct guards *guards);

#endif
