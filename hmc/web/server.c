// SPDX-License-Identifier: Apache-2.0
#include "hmc/web/server.h"

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hmc/web/guard.h"
#include "hmc/web/head.h"
#include "hmc/web/router.h"
#include "proto/base/assert.h"

struct server {
    struct web *web;
    SSL_CTX *context;
    struct evhttp *http;
    struct event *sweep;
    struct guards guards;
    bool open;
};

// The guard refuses what is larger; the library's own limits only have to be beyond.
#define LIBRARY_HEAD_MAX (2 * WEB_HEAD_BYTES_MAX)

static struct bufferevent *connection_of(struct evhttp_request *request)
{
    struct evhttp_connection *connection = evhttp_request_get_connection(request);
    return connection ? evhttp_connection_get_bufferevent(connection) : NULL;
}

static struct server *server_of(const struct exchange *exchange);

// ---- answers

static void on_sent(struct evhttp_request *request, void *self)
{
    struct server *server = self;
    guard_served(&server->guards, connection_of(request));
}

static void add_headers(struct evhttp_request *request, const char *policy)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    for (size_t i = 0; i < n_security_headers; i++)
        evhttp_add_header(headers, security_headers[i].name,
                          i == POLICY_HEADER && policy ? policy : security_headers[i].value);
}

static void forget_close(struct evhttp_request *request)
{
    struct evhttp_connection *connection = evhttp_request_get_connection(request);
    if (connection)
        evhttp_connection_set_closecb(connection, NULL, NULL);
}

// To HEAD the same fields, but no body. The library adds a body's type and length by itself only.
static void reply(struct exchange *exchange, const struct web_answer *answer)
{
    struct evhttp_request *request = exchange->peer;
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    struct evbuffer *body = evbuffer_new();
    char length[24];
    NP_ASSERT(body);
    add_headers(request, answer->policy);
    for (size_t i = 0; i < NP_ARRAY_LEN(answer->headers) && answer->headers[i].name; i++)
        evhttp_add_header(headers, answer->headers[i].name, answer->headers[i].value);
    if (answer->type) {
        snprintf(length, sizeof length, "%zu", answer->body_bytes);
        evhttp_add_header(headers, "Content-Type", answer->type);
        evhttp_add_header(headers, "Content-Length", length);
    }
    if (answer->type && evhttp_request_get_command(request) != EVHTTP_REQ_HEAD)
        evbuffer_add(body, answer->body, answer->body_bytes);
    if (guard_is_last(&server_of(exchange)->guards, connection_of(request)))
        evhttp_add_header(headers, "Connection", "close");
    forget_close(request);
    evhttp_request_set_on_complete_cb(request, on_sent, server_of(exchange));
    evhttp_send_reply(request, answer->status, status_text(answer->status), body);
    evbuffer_free(body);
    exchange_free(exchange);
}

static void stream(struct exchange *exchange)
{
    struct evhttp_request *request = exchange->peer;
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    add_headers(request, NULL);
    evhttp_add_header(headers, "Content-Type", "text/event-stream");
    evhttp_add_header(headers, "Cache-Control", "no-store");
    evhttp_add_header(headers, "X-Accel-Buffering", "no"); // proxies pass it on at once
    guard_serving(&server_of(exchange)->guards, connection_of(request), true);
    evhttp_send_reply_start(request, 200, status_text(200));
}

static size_t send_bytes(struct exchange *exchange, const void *bytes, size_t n)
{
    struct evhttp_request *request = exchange->peer;
    struct bufferevent *connection = connection_of(request);
    struct evbuffer *piece = evbuffer_new();
    NP_ASSERT(piece && connection);
    evbuffer_add(piece, bytes, n);
    if (n)
        evhttp_send_reply_chunk(request, piece);
    evbuffer_free(piece);
    return evbuffer_get_length(bufferevent_get_output(connection));
}

// At once, without the rest that is queued: who does not read would keep it for ever.
static void finish(struct exchange *exchange, bool at_once)
{
    struct evhttp_request *request = exchange->peer;
    struct server *server = server_of(exchange);
    forget_close(request);
    if (at_once)
        evhttp_connection_free(evhttp_request_get_connection(request)); // and with it the request
    else {
        guard_serving(&server->guards, connection_of(request), false);
        evhttp_request_set_on_complete_cb(request, on_sent, server);
        evhttp_send_reply_end(request);
    }
    exchange_free(exchange);
}

static const struct transport transport = {reply, stream, send_bytes, finish};

// ---- requests

// A connection ends while its request is being served. The library has let go of the request, or will free
// it.
static void on_close(struct evhttp_connection *connection, void *self)
{
    struct exchange *exchange = self;
    struct evhttp_request *request = exchange->peer;
    (void)connection;
    bool ours = evhttp_request_get_connection(request) == NULL;
    exchange_gone(exchange);
    if (ours)
        evhttp_request_free(request);
}

static const char *method_text(enum evhttp_cmd_type type)
{
    switch (type) {
    case EVHTTP_REQ_GET:
        return "GET";
    case EVHTTP_REQ_HEAD:
        return "HEAD";
    case EVHTTP_REQ_POST:
        return "POST";
    default: // all others are refused alike
        return "OTHER";
    }
}

static void read_request(struct evhttp_request *request, struct exchange *exchange,
                         char path[WEB_URL_BYTES_MAX + 1])
{
    struct evkeyvalq *headers = evhttp_request_get_input_headers(request);
    struct evbuffer *body = evhttp_request_get_input_buffer(request);
    char *address;
    unsigned short port;
    snprintf(path, WEB_URL_BYTES_MAX + 1, "%s", evhttp_request_get_uri(request));
    char *query = strchr(path, '?');
    if (query)
        *query++ = '\0';
    size_t n = evbuffer_get_length(body);
    exchange->in = (struct web_request){
        .method = method_text(evhttp_request_get_command(request)),
        .path = path,
        .query = query,
        .host = evhttp_find_header(headers, "Host"),
        .origin = evhttp_find_header(headers, "Origin"),
        .cookie = evhttp_find_header(headers, "Cookie"),
        .csrf = evhttp_find_header(headers, "X-CSRF-Token"),
        .content_type = evhttp_find_header(headers, "Content-Type"),
        .last_event_id = evhttp_find_header(headers, "Last-Event-ID"),
        .if_none_match = evhttp_find_header(headers, "If-None-Match"),
        .fetch_site = evhttp_find_header(headers, "Sec-Fetch-Site"),
        .body = n ? (const char *)evbuffer_pullup(body, -1) : "",
        .body_bytes = n,
    };
    evhttp_connection_get_peer(evhttp_request_get_connection(request), &address, &port);
    snprintf(exchange->address, sizeof exchange->address, "%s", address);
}

static void on_request(struct evhttp_request *request, void *self)
{
    struct server *server = self;
    char path[WEB_URL_BYTES_MAX + 1];
    struct exchange *exchange = exchange_new(server->web, &transport);
    exchange->peer = request;
    guard_serving(&server->guards, connection_of(request), false);
    evhttp_connection_set_closecb(evhttp_request_get_connection(request), on_close, exchange);
    read_request(request, exchange, path);
    route_handle(exchange);
}

// ---- connections

// Never without TLS: NULL here would make the library serve in the clear.
static struct bufferevent *new_connection(struct event_base *base, void *self)
{
    struct server *server = self;
    SSL *ssl = SSL_new(server->context);
    NP_ASSERT(ssl);
    struct bufferevent *connection =
        bufferevent_openssl_socket_new(base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
    NP_ASSERT(connection);
    bufferevent_openssl_set_allow_dirty_shutdown(connection, 1);
    guard_begin(&server->guards, connection, ssl);
    return connection;
}

static void on_sweep(int file, short what, void *self)
{
    (void)file, (void)what;
    server_sweep(self);
}

// No file for a connection: rests until the next sweep instead of asking again at once.
static void on_accept_error(struct evconnlistener *listener, void *self)
{
    (void)self;
    evconnlistener_disable(listener);
}

enum err_code server_address_of(const char *text, struct server_address *address, struct err *err)
{
    const char *colon = strrchr(text, ':');
    size_t n = colon ? (size_t)(colon - text) : 0;
    size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;
    bool bracket = n > 2 && text[0] == '[' && text[n - 1] == ']';
    if (!colon || n < 1 || n >= sizeof address->host || digits < 1 || digits > 5 || colon[1 + digits] ||
        (memchr(text, ':', n) && !bracket))
        return err_set(err, ERR_USAGE,
                       "--listen %.80s: write an address and a port, such as 127.0.0.1:8443 or [::1]:8443",
                       text);
    snprintf(address->host, sizeof address->host, "%.*s", (int)(bracket ? n - 2 : n), text + bracket);
    address->port = (unsigned)strtoul(colon + 1, NULL, 10);
    if (address->port > 65535)
        return err_set(err, ERR_USAGE, "--listen %.80s: ports end at 65535", text);
    return ERR_OK;
}

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 24 == 127;
    return address->sa_family == AF_INET6 &&
           IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

static unsigned port_of(struct evconnlistener *listener)
{
    struct sockaddr_storage own = {0};
    socklen_t size = sizeof own;
    getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&own, &size);
    return ntohs(own.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&own)->sin6_port
                                           : ((struct sockaddr_in *)&own)->sin_port);
}

static enum err_code listen_at(struct server *server, struct server_address *address, struct err *err)
{
    struct addrinfo *found = NULL, hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    char port[8];
    snprintf(port, sizeof port, "%u", address->port);
    int status = getaddrinfo(address->host, port, &hints, &found);
    if (status)
        return err_set(err, ERR_SOCKET, "--listen %s: %s", address->host, gai_strerror(status));
    server->open = !is_loopback(found->ai_addr);
    struct evconnlistener *listener = evconnlistener_new_bind(
        server->web->base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, 128,
        found->ai_addr, (int)found->ai_addrlen);
    freeaddrinfo(found);
    if (!listener)
        return err_errno(err, ERR_SOCKET, "cannot listen at %s:%u; is another console there?", address->host,
                         address->port);
    NP_ASSERT(evhttp_bind_listener(server->http, listener));
    evconnlistener_set_error_cb(listener, on_accept_error);
    server->guards.listener = listener;
    address->port = port_of(listener);
    return ERR_OK;
}

static struct server *server_of(const struct exchange *exchange)
{
    return exchange->web->server;
}

static void set_up(struct server *server)
{
    const struct timeval slow = {WEB_RESPONSE_MS / 1000, 0}, sweep = {WEB_SWEEP_MS / 1000, 0};
    evhttp_set_allowed_methods(server->http, UINT16_MAX); // the router refuses what it does not have
    evhttp_set_max_headers_size(server->http, LIBRARY_HEAD_MAX);
    evhttp_set_max_body_size(server->http, WEB_BODY_BYTES_MAX);
    evhttp_set_timeout_tv(server->http, &slow); // a browser that takes nothing for so long is gone
    evhttp_set_bevcb(server->http, new_connection, server);
    evhttp_set_gencb(server->http, on_request, server);
    server->sweep = event_new(server->web->base, -1, EV_PERSIST, on_sweep, server);
    NP_ASSERT(server->sweep && event_add(server->sweep, &sweep) == 0);
}

enum err_code server_new(struct server **made, struct web *web, SSL_CTX *context,
                         struct server_address *address, struct err *err)
{
    struct server *server = calloc(1, sizeof *server);
    NP_ASSERT(server);
    server->web = web;
    server->context = context;
    server->guards.clock = web->clock;
    server->http = evhttp_new(web->base);
    NP_ASSERT(server->http);
    set_up(server);
    if (listen_at(server, address, err)) {
        server_free(server);
        return err->code;
    }
    web->server = server;
    *made = server;
    return ERR_OK;
}

bool server_is_open(const struct server *server)
{
    return server->open;
}

void server_sweep(struct server *server)
{
    guards_sweep(&server->guards);
}

void server_free(struct server *server)
{
    server->guards.listener = NULL; // goes with the library's server
    event_free(server->sweep);
    evhttp_free(server->http);
    event_base_loop(server->web->base, EVLOOP_NONBLOCK); // connections are freed by the loop
    free(server);
}
