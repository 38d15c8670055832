// SPDX-License-Identifier: Apache-2.0
// HTTP over TLS: accepts connections, hands requests to the router and its answers back. There is no way to
// serve without TLS.
#ifndef NP_HMC_WEB_SERVER_H
#define NP_HMC_WEB_SERVER_H

#include <event2/event.h>
#include <stdbool.h>

#include "hmc/web/openssl.h"
#include "hmc/web/web.h"

struct server;

// An address to listen at: "127.0.0.1:8443", "[::]:8443", "localhost:8443".
struct server_address {
    char host[256];
    unsigned port; // 0: any free one
};
enum err_code server_address_of(const char *text, struct server_address *address, struct err *err);

// Listens; the context must outlive the server. *address gets the port that was free. ERR_SOCKET.
enum err_code server_new(struct server **server, struct web *web, SSL_CTX *context,
                         struct server_address *address, struct err *err);

// Whether others than this host can reach it.
bool server_is_open(const struct server *server);

// Ends connections that are over their time or their number. It happens every WEB_SWEEP_MS by itself.
void server_sweep(struct server *server);

// Ends all connections. Streams must have been finished before.
void server_free(struct server *server);

#endif
