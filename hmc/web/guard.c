// SPDX-License-Identifier: Apache-2.0
#include "hmc/web/guard.h"

#include <event2/buffer.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "hmc/web/head.h"
#include "hmc/web/headers.h"
#include "proto/base/assert.h"

struct guard {
    struct guards *all;
    struct guard *next, **link; // link: what points to this
    struct bufferevent *connection;
    struct head_reader reader;
    int64_t until_ms; // ends then
    unsigned waiting; // whole requests that the library has not given us yet
    bool serving, streaming;
    bool refused; // has its last answer; the library is out of it
    bool broken;  // what it sends next is to be refused: ends with the answer that is being made
    bool known;   // address is
    struct in6_addr address;
    // The library's, for the end.
    bufferevent_event_cb on_event;
    void *self;
};

static void set_until(struct guard *guard, int64_t ms)
{
    guard->until_ms = clock_now(guard->all->clock) + ms;
}

// Makes the library end the connection, in its own time: it takes silence for an answer.
static void end_connection(struct guard *guard)
{
    if (guard->refused)
        bufferevent_setcb(guard->connection, NULL, NULL, guard->on_event, guard->self);
    bufferevent_trigger_event(guard->connection, BEV_EVENT_READING | BEV_EVENT_TIMEOUT,
                              BEV_TRIG_DEFER_CALLBACKS);
    guard->until_ms = INT64_MAX;
}

static void refused_read(struct bufferevent *connection, void *self)
{
    (void)self;
    struct evbuffer *input = bufferevent_get_input(connection);
    evbuffer_drain(input, evbuffer_get_length(input));
}

static void refused_written(struct bufferevent *connection, void *self)
{
    (void)connection;
    end_connection(self);
}

static void refused_event(struct bufferevent *connection, short what, void *self)
{
    (void)connection;
    if (!(what & BEV_EVENT_CONNECTED))
        end_connection(self);
}

static void write_refusal(struct evbuffer *out, int status)
{
    char body[160];
    const char *id = status == 413 || status == 414 || status == 431 ? "NP0306" : "NP0814";
    int n = snprintf(body, sizeof body, "{\"code\": \"%s\", \"text\": \"%s\"}\n", id, status_text(status));
    evbuffer_add_printf(out, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n",
                        status, status_text(status), n);
    for (size_t i = 0; i < n_security_headers; i++)
        evbuffer_add_printf(out, "%s: %s\r\n", security_headers[i].name, security_headers[i].value);
    evbuffer_add_printf(out, "Cache-Control: no-store\r\nConnection: close\r\n\r\n%s", body);
}

// Takes the connection away from the library: it sees nothing of a request like this.
static void refuse(struct guard *guard, int status)
{
    bufferevent_data_cb on_read, on_written;
    if (guard->serving || guard->waiting) { // its answer would come in the middle of another
        guard->broken = true;
        return;
    }
    guard->refused = true;
    bufferevent_getcb(guard->connection, &on_read, &on_written, &guard->on_event, &guard->self);
    bufferevent_setcb(guard->connection, refused_read, refused_written, refused_event, guard);
    write_refusal(bufferevent_get_output(guard->connection), status);
    bufferevent_enable(guard->connection,
                       EV_READ | EV_WRITE); // reads on: an unread byte would reset the answer
    set_until(guard, WEB_REQUEST_MS);
}

static void read_bytes(struct guard *guard, const uint8_t *bytes, size_t n)
{
    unsigned complete;
    bool idle = head_idle(&guard->reader);
    int status = head_read(&guard->reader, bytes, n, &complete);
    guard->waiting += complete;
    if (complete)
        set_until(guard, WEB_RESPONSE_MS);
    else if (idle)
        set_until(guard, WEB_REQUEST_MS);
    if (status)
        refuse(guard, status);
}

// Bytes have come out of TLS; the library will look at them next.
static void on_input(struct evbuffer *input, const struct evbuffer_cb_info *info, void *self)
{
    struct guard *guard = self;
    struct evbuffer_ptr at;
    uint8_t bytes[4096];
    size_t left = info->n_added;
    if (!left || guard->refused || guard->broken)
        return;
    NP_ASSERT(evbuffer_ptr_set(input, &at, evbuffer_get_length(input) - left, EVBUFFER_PTR_SET) == 0);
    while (left && !guard->refused && !guard->broken) {
        size_t n = left < sizeof bytes ? left : sizeof bytes;
        NP_ASSERT(evbuffer_copyout_from(input, &at, bytes, n) == (ev_ssize_t)n);
        read_bytes(guard, bytes, n);
        left -= n;
        if (left)
            evbuffer_ptr_set(input, &at, n, EVBUFFER_PTR_ADD);
    }
}

static void rest_or_listen(struct guards *guards)
{
    if (!guards->listener)
        return;
    if (guards->n >= WEB_CONNECTIONS_MAX)
        evconnlistener_disable(guards->listener);
    else
        evconnlistener_enable(guards->listener);
}

// Called when an SSL object is freed, which is the one end that every connection comes to.
static void on_free(void *parent, void *self, CRYPTO_EX_DATA *data, int index, long l, void *p)
{
    (void)parent, (void)data, (void)index, (void)l, (void)p;
    struct guard *guard = self;
    if (!guard)
        return;
    if ((*guard->link = guard->next))
        guard->next->link = guard->link;
    guard->all->n--;
    rest_or_listen(guard->all);
    free(guard);
}

static int ssl_index(void)
{
    static int index = -1;
    if (index < 0)
        index = SSL_get_ex_new_index(0, NULL, NULL, NULL, on_free);
    return index;
}

void guard_begin(struct guards *guards, struct bufferevent *connection, SSL *ssl)
{
    struct guard *guard = calloc(1, sizeof *guard);
    NP_ASSERT(guard && ssl_index() >= 0);
    guard->all = guards;
    guard->connection = connection;
    guard->link = &guards->first;
    if ((guard->next = guards->first))
        guard->next->link = &guard->next;
    guards->first = guard;
    guards->n++;
    set_until(guard, WEB_REQUEST_MS);
    NP_ASSERT(SSL_set_ex_data(ssl, ssl_index(), guard) == 1);
    NP_ASSERT(evbuffer_add_cb(bufferevent_get_input(connection), on_input, guard));
    rest_or_listen(guards);
}

static struct guard *find(struct guards *guards, const struct bufferevent *connection)
{
    struct guard *guard = guards->first;
    while (guard && guard->connection != connection)
        guard = guard->next;
    NP_ASSERT(guard);
    return guard;
}

void guard_serving(struct guards *guards, struct bufferevent *connection, bool streaming)
{
    struct guard *guard = find(guards, connection);
    guard->waiting -= guard->waiting > 0 && !guard->serving;
    guard->serving = true;
    guard->streaming = streaming;
    set_until(guard, WEB_RESPONSE_MS);
}

bool guard_is_last(struct guards *guards, const struct bufferevent *connection)
{
    return find(guards, connection)->broken;
}

void guard_served(struct guards *guards, struct bufferevent *connection)
{
    struct guard *guard = find(guards, connection);
    guard->serving = guard->streaming = false;
    set_until(guard, WEB_RESPONSE_MS);
}

// IPv4 addresses in their form of IPv6; of those, the network of a host counts.
static void learn_address(struct guard *guard)
{
    struct sockaddr_storage peer = {0};
    socklen_t size = sizeof peer;
    int file = bufferevent_getfd(guard->connection);
    if (guard->known || file < 0 || getpeername(file, (struct sockaddr *)&peer, &size) != 0)
        return;
    if (peer.ss_family == AF_INET6) {
        memcpy(&guard->address, &((struct sockaddr_in6 *)&peer)->sin6_addr, sizeof guard->address);
        if (!IN6_IS_ADDR_V4MAPPED(&guard->address))
            memset(&guard->address.s6_addr[8], 0, 8);
    } else if (peer.ss_family == AF_INET)
        memcpy(&guard->address.s6_addr[12], &((struct sockaddr_in *)&peer)->sin_addr, 4);
    guard->known = true;
}

// How many connections that began before this one have the same address; the list begins with the newest.
static unsigned older_of_address(const struct guard *guard)
{
    unsigned n = 0;
    for (const struct guard *other = guard->next; other; other = other->next)
        n += other->known && memcmp(&other->address, &guard->address, sizeof guard->address) == 0;
    return n;
}

void guards_sweep(struct guards *guards)
{
    int64_t now = clock_now(guards->clock);
    for (struct guard *guard = guards->first; guard; guard = guard->next)
        learn_address(guard);
    for (struct guard *guard = guards->first; guard; guard = guard->next) {
        bool over = now >= guard->until_ms && !guard->streaming;
        if (guard->until_ms != INT64_MAX && (over || older_of_address(guard) >= WEB_CONNECTIONS_ADDRESS_MAX))
            end_connection(guard);
    }
    rest_or_listen(guards);
}
