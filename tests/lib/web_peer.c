// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/web_peer.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hmc/web/runs.h"
#include "proto/base/assert.h"
#include "tests/lib/fake_run.h"
#include "tests/lib/process.h"

#define TURNS_MAX  20000 // a millisecond each, after the first
#define TURNS_FAST 100

void web_host_open(struct web_host *host)
{
    struct err err;
    bool made;
    memset(host, 0, sizeof *host);
    signal(SIGPIPE, SIG_IGN); // as the console does
    web_try_open(&host->try);
    web_try_user(&host->try, "ann", API_VIEWER, NULL);
    test_folder_make(host->runs);
    host->run = fake_run_open(&(struct fake_run_options){.folder = host->runs});
    runs_new(&host->try.web, "runs", host->runs);
    strcpy(host->address.host, "127.0.0.1");
    struct tls_files files = {.folder = host->try.folder};
    NP_ASSERT(tls_open(&files, &host->server_tls, host->fingerprint, &made, &err) == ERR_OK && made);
    NP_ASSERT(server_new(&host->server, &host->try.web, host->server_tls, &host->address, &err) == ERR_OK);
    host->client_tls = SSL_CTX_new(TLS_client_method());
    NP_ASSERT(host->address.port && host->client_tls);
}

void web_host_close(struct web_host *host)
{
    runs_free(host->try.web.runs);
    server_free(host->server);
    SSL_CTX_free(host->server_tls);
    SSL_CTX_free(host->client_tls);
    web_try_close(&host->try);
    fake_run_close(host->run);
    test_folder_remove(host->runs);
}

void web_host_turn(struct web_host *host)
{
    event_base_loop(host->try.base, EVLOOP_NONBLOCK);
}

static void on_read(struct bufferevent *connection, void *self)
{
    struct web_peer *peer = self;
    struct evbuffer *input = bufferevent_get_input(connection);
    size_t n = evbuffer_get_length(input);
    peer->text = realloc(peer->text, peer->n + n + 1);
    NP_ASSERT(peer->text);
    evbuffer_remove(input, peer->text + peer->n, n);
    peer->n += n;
    peer->text[peer->n] = '\0';
}

static void on_event(struct bufferevent *connection, short what, void *self)
{
    struct web_peer *peer = self;
    (void)connection;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        peer->closed = true;
}

void web_peer_open(struct web_peer *peer, struct web_host *host)
{
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons((uint16_t)host->address.port)};
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *peer = (struct web_peer){.host = host, .text = calloc(1, 1)};
    peer->connection = bufferevent_openssl_socket_new(host->try.base, -1, SSL_new(host->client_tls),
                                                      BUFFEREVENT_SSL_CONNECTING, BEV_OPT_CLOSE_ON_FREE);
    NP_ASSERT(peer->text && peer->connection);
    bufferevent_openssl_set_allow_dirty_shutdown(peer->connection, 1);
    bufferevent_setcb(peer->connection, on_read, NULL, on_event, peer);
    bufferevent_enable(peer->connection, EV_READ | EV_WRITE);
    NP_ASSERT(bufferevent_socket_connect(peer->connection, (struct sockaddr *)&place, sizeof place) == 0);
}

void web_peer_close(struct web_peer *peer)
{
    bufferevent_free(peer->connection);
    free(peer->text);
    for (int i = 0; i < 20; i++)
        web_host_turn(peer->host);
    *peer = (struct web_peer){0};
}

void web_peer_say_bytes(struct web_peer *peer, const void *bytes, size_t n)
{
    bufferevent_write(peer->connection, bytes, n);
}

void web_peer_say(struct web_peer *peer, const char *text)
{
    web_peer_say_bytes(peer, text, strlen(text));
}

static void wait_turn(struct web_peer *peer, int i)
{
    web_host_turn(peer->host);
    if (i > TURNS_FAST)
        usleep(1000);
}

bool web_peer_hears(struct web_peer *peer, const char *text)
{
    for (int i = 0; i < TURNS_MAX && !strstr(peer->text, text) && !peer->closed; i++)
        wait_turn(peer, i);
    return strstr(peer->text, text) != NULL;
}

bool web_peer_is_closed(struct web_peer *peer)
{
    for (int i = 0; i < TURNS_MAX && !peer->closed; i++)
        wait_turn(peer, i);
    return peer->closed;
}

unsigned web_peer_count(const struct web_peer *peer, const char *text)
{
    unsigned n = 0;
    for (const char *at = peer->text; (at = strstr(at, text)); at++)
        n++;
    return n;
}
