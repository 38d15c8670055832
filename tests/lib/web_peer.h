// SPDX-License-Identifier: Apache-2.0
// The web console with its server, and peers that speak TLS to it byte by byte. All share one event loop;
// time is the test's.
#ifndef NP_TESTS_LIB_WEB_PEER_H
#define NP_TESTS_LIB_WEB_PEER_H

#include <event2/bufferevent.h>

#include "hmc/web/server.h"
#include "hmc/web/tls.h"
#include "tests/lib/web_try.h"

struct web_host {
    struct web_try try;
    struct server *server;
    SSL_CTX *server_tls, *client_tls;
    struct server_address address;
    char fingerprint[TLS_FINGERPRINT_BYTES];
    char runs[PATH_MAX_BYTES]; // a run folder, of a run without a machine
    struct fake_run *run;
};

// With a user ann, a viewer.
void web_host_open(struct web_host *host);
void web_host_close(struct web_host *host);
void web_host_turn(struct web_host *host); // of the loop, without waiting

struct web_peer {
    struct web_host *host;
    struct bufferevent *connection;
    bool closed; // by the server
    char *text;  // what it has said
    size_t n;
};

void web_peer_open(struct web_peer *peer, struct web_host *host);
void web_peer_close(struct web_peer *peer);
void web_peer_say(struct web_peer *peer, const char *text);
void web_peer_say_bytes(struct web_peer *peer, const void *bytes, size_t n); // whatever they are

// Lets the loop work until the peer has heard a text, or is closed. False: neither, for 20 s.
bool web_peer_hears(struct web_peer *peer, const char *text);
bool web_peer_is_closed(struct web_peer *peer);

unsigned web_peer_count(const struct web_peer *peer, const char *text); // how often it has heard it

#endif
