// SPDX-License-Identifier: Apache-2.0
#include "fabric/link/link_zmq.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "fabric/link/link_id.h"
#include "fabric/link/wire.h"
#include "proto/base/assert.h"
#include "proto/base/limits.h"

// Host times and depths; none is visible in a result.
#define HANDSHAKE_MS     3000 // a connection that does not finish its handshake is cut
#define RECONNECT_MS     20   // first; doubles up to
#define RECONNECT_MAX_MS 1000
#define LINGER_MS                                                                                            \
    200 // what BYE and its acknowledgement may still need; everything before has arrived by then
#define HIGH_WATER 1024 // frames queued for one peer. Beyond it frames are lost, which the protocol survives
#define DRAIN_MAX  4096 // frames thrown away at closing

#define ENDPOINT_MAX 256

struct link_zmq {
    struct link link; // first: the interface
    void *context, *socket;
    int fd;
    bool is_hub;
    uint64_t run;
    uint32_t epoch, peers;
    zmq_msg_t frame; // the frame given out last
    char endpoint[ENDPOINT_MAX];
};

static struct link_zmq *zmq_of(struct link *link)
{
    return (struct link_zmq *)link;
}

static enum err_code socket_error(struct err *err, const struct link_zmq *zmq, const char *what)
{
    return err_set(err, ERR_SOCKET, "%s: cannot %s: %s", zmq->endpoint, what, zmq_strerror(zmq_errno()));
}

// A peer that is not there, or does not take what it is sent, loses the frame; that is not an error.
static bool frame_lost(void)
{
    int e = zmq_errno();
    return e == EAGAIN || e == EHOSTUNREACH;
}

static int send_part(void *socket, const void *bytes, size_t size, int flags)
{
    int sent;
    do
        sent = zmq_send(socket, bytes, size, flags | ZMQ_DONTWAIT);
    while (sent < 0 && zmq_errno() == EINTR);
    return sent;
}

static enum err_code zmq_link_send(struct link *link, uint32_t peer, const uint8_t *bytes, size_t size,
                                   struct err *err)
{
    struct link_zmq *zmq = zmq_of(link);
    if (zmq->is_hub) {
        struct link_id id = link_id_of(zmq->run, zmq->epoch, peer);
        if (send_part(zmq->socket, id.bytes, sizeof id.bytes, ZMQ_SNDMORE) < 0)
            return frame_lost() ? ERR_OK : socket_error(err, zmq, "send");
    }
    if (send_part(zmq->socket, bytes, size, 0) < 0 && !frame_lost())
        return socket_error(err, zmq, "send");
    return ERR_OK;
}

static int set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value);
}

static int receive_part(struct link_zmq *zmq, int flags)
{
    return zmq_msg_recv(&zmq->frame, zmq->socket, flags);
}

// Throws away what is left of a message; returns whether there was anything.
static bool skip_rest(struct link_zmq *zmq)
{
    bool any = false;
    while (zmq_msg_more(&zmq->frame) && receive_part(zmq, ZMQ_DONTWAIT) >= 0)
        any = true;
    return any;
}

enum received { NOTHING, FRAME, REFUSED, BROKEN };

// Takes one message off the socket: for the hub a routing id and a frame, for a node a frame. All parts of a
// message come at once, so that only the first can be waited for.
static enum received take(struct link_zmq *zmq, int flags, uint32_t *peer)
{
    if (receive_part(zmq, flags) < 0)
        return zmq_errno() == EAGAIN || zmq_errno() == EINTR ? NOTHING : BROKEN;
    bool known = true;
    *peer = 0;
    if (zmq->is_hub) {
        known = link_id_peer(zmq_msg_data(&zmq->frame), zmq_msg_size(&zmq->frame), zmq->run, zmq->epoch,
                             zmq->peers, peer);
        if (!zmq_msg_more(&zmq->frame))
            return REFUSED;
        if (receive_part(zmq, ZMQ_DONTWAIT) < 0)
            return BROKEN;
    }
    return skip_rest(zmq) || !known ? REFUSED : FRAME;
}

// Waits for a message and takes it. ZeroMQ's own wait is the cheapest but counts in milliseconds; a shorter
// one sleeps on ZMQ_FD. That is edge-triggered: it may be waited for only after a receive has found nothing,
// and says only that another look is worth while. Coming back early, for that or for a signal, is allowed.
static enum received wait_and_take(struct link_zmq *zmq, int64_t timeout_us, uint32_t *peer)
{
    if (timeout_us >= 1000) {
        int64_t ms = timeout_us / 1000;
        if (set_int(zmq->socket, ZMQ_RCVTIMEO, ms < INT_MAX ? (int)ms : INT_MAX))
            return BROKEN;
        return take(zmq, 0, peer);
    }
    enum received received = take(zmq, ZMQ_DONTWAIT, peer);
    if (received != NOTHING || timeout_us <= 0)
        return received;
    struct timespec timeout = {0, (long)timeout_us * 1000};
    ppoll(&(struct pollfd){zmq->fd, POLLIN, 0}, 1, &timeout, NULL);
    return take(zmq, ZMQ_DONTWAIT, peer);
}

static enum err_code zmq_link_receive(struct link *link, int64_t timeout_us, uint32_t *peer,
                                      const uint8_t **bytes, size_t *size, struct err *err)
{
    struct link_zmq *zmq = zmq_of(link);
    *bytes = NULL;
    switch (wait_and_take(zmq, timeout_us, peer)) {
    case FRAME:
        *bytes = zmq_msg_data(&zmq->frame);
        *size = zmq_msg_size(&zmq->frame);
        return ERR_OK;
    case BROKEN:
        return socket_error(err, zmq, "receive");
    case REFUSED:
        link->foreign++;
        return ERR_OK; // the caller's timers must run however many strangers knock
    case NOTHING:
        break;
    }
    return ERR_OK;
}

// libzmq 4.3.4 has been seen to free a queued frame twice when a socket is closed under traffic (issue 4806):
// first let nobody send any more, then empty the queue, then close.
static void zmq_link_close(struct link *link)
{
    struct link_zmq *zmq = zmq_of(link);
    if (zmq->socket) {
        if (zmq->is_hub && zmq->endpoint[0])
            zmq_unbind(zmq->socket, zmq->endpoint);
        for (unsigned i = 0; i < DRAIN_MAX && receive_part(zmq, ZMQ_DONTWAIT) >= 0; i++)
            ;
        zmq_msg_close(&zmq->frame);
        zmq_close(zmq->socket);
    }
    if (zmq->context)
        while (zmq_ctx_term(zmq->context) < 0 && zmq_errno() == EINTR)
            ;
    free(zmq);
}

static const struct link_ops zmq_ops = {zmq_link_send, zmq_link_receive, zmq_link_close};

static bool is_loopback(const char *address)
{
    size_t digits = strspn(address, "0123456789."); // a host's name could begin with 127 too
    return (strncmp(address, "127.", 4) == 0 && address[digits] == ':') || strncmp(address, "[::1]:", 6) == 0;
}

static enum err_code check_endpoint(const struct link_config *config, struct err *err)
{
    const char *endpoint = config->endpoint;
    if (strlen(endpoint) >= ENDPOINT_MAX)
        return err_set(err, ERR_USAGE, "endpoint: more than %d characters", ENDPOINT_MAX - 1);
    if (strncmp(endpoint, "ipc://", 6) == 0 && endpoint[6]) {
        if (strlen(endpoint + 6) > 107) // sun_path of unix(7), less its NUL
            return err_set(err, ERR_USAGE,
                           "%s: a socket's path may have 107 characters; use a shorter folder", endpoint);
        return ERR_OK;
    }
    if (strncmp(endpoint, "tcp://", 6) != 0 || !strchr(endpoint + 6, ':'))
        return err_set(err, ERR_USAGE, "%s: not an endpoint; use ipc://PATH or tcp://ADDRESS:PORT", endpoint);
    if (!config->insecure && !is_loopback(endpoint + 6))
        return err_set(
            err, ERR_USAGE,
            "%s: tcp beyond this host is not encrypted; use ipc:// or tcp://127.0.0.1:PORT, or allow it "
            "with --insecure on a network that you trust",
            endpoint);
    return ERR_OK;
}

// Everything here follows from README.md, "What ZeroMQ loses". Set before the socket is bound or connected.
static int set_options(struct link_zmq *zmq, const struct link_config *config)
{
    void *s = zmq->socket;
    int64_t max_bytes = config->max_bytes ? config->max_bytes : WIRE_BYTES_MAX;
    int failed = zmq_setsockopt(s, ZMQ_MAXMSGSIZE, &max_bytes, sizeof max_bytes);
    failed |= set_int(s, ZMQ_LINGER, LINGER_MS);
    failed |= set_int(s, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS);
    failed |= set_int(s, ZMQ_RECONNECT_IVL, RECONNECT_MS);
    failed |= set_int(s, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS);
    failed |= set_int(s, ZMQ_HEARTBEAT_IVL, 0);
    failed |= set_int(s, ZMQ_IMMEDIATE, 0);
    failed |= set_int(s, ZMQ_SNDHWM, HIGH_WATER);
    failed |= set_int(s, ZMQ_RCVHWM, HIGH_WATER);
    failed |= set_int(s, ZMQ_IPV6, strncmp(zmq->endpoint, "tcp://[", 7) == 0);
    if (zmq->is_hub) {
        failed |= set_int(s, ZMQ_ROUTER_MANDATORY, 1);
        failed |= set_int(s, ZMQ_ROUTER_HANDOVER, 1);
    }
    return failed;
}

static enum err_code open_socket(struct link_zmq *zmq, const struct link_config *config, struct err *err)
{
    zmq->context = zmq_ctx_new();
    zmq->socket = zmq->context ? zmq_socket(zmq->context, zmq->is_hub ? ZMQ_ROUTER : ZMQ_DEALER) : NULL;
    if (!zmq->socket)
        return socket_error(err, zmq, "open a socket");
    zmq_msg_init(&zmq->frame);
    size_t size = sizeof zmq->fd;
    if (set_options(zmq, config) || zmq_getsockopt(zmq->socket, ZMQ_FD, &zmq->fd, &size))
        return socket_error(err, zmq, "set up the socket");
    return ERR_OK;
}

static enum err_code start(struct link_zmq *zmq, const struct link_config *config, uint32_t peer,
                           struct err *err)
{
    if (open_socket(zmq, config, err))
        return err->code;
    if (!zmq->is_hub) {
        struct link_id id = link_id_of(zmq->run, zmq->epoch, peer);
        if (zmq_setsockopt(zmq->socket, ZMQ_ROUTING_ID, id.bytes, sizeof id.bytes) ||
            zmq_connect(zmq->socket, config->endpoint))
            return socket_error(err, zmq, "connect");
        return ERR_OK;
    }
    if (zmq_bind(zmq->socket, config->endpoint)) {
        enum err_code code = socket_error(err, zmq, "bind");
        zmq->endpoint[0] = '\0';
        return code;
    }
    size_t size = sizeof zmq->endpoint; // with the port that was chosen
    if (zmq_getsockopt(zmq->socket, ZMQ_LAST_ENDPOINT, zmq->endpoint, &size))
        return socket_error(err, zmq, "name the endpoint");
    return ERR_OK;
}

static enum err_code open_link(struct link **link, const struct link_config *config, bool is_hub,
                               uint32_t number, struct err *err)
{
    struct err unwanted;
    if (!err)
        err = &unwanted;
    *link = NULL;
    if (check_endpoint(config, err))
        return err->code;
    struct link_zmq *zmq = calloc(1, sizeof *zmq);
    NP_ASSERT(zmq);
    zmq->link.ops = &zmq_ops;
    zmq->is_hub = is_hub;
    zmq->run = config->run;
    zmq->epoch = config->epoch;
    zmq->peers = is_hub ? number : 0;
    memcpy(zmq->endpoint, config->endpoint, strlen(config->endpoint) + 1);
    if (start(zmq, config, number, err)) {
        zmq_link_close(&zmq->link);
        return err->code;
    }
    *link = &zmq->link;
    return ERR_OK;
}

enum err_code link_zmq_bind(struct link **link, const struct link_config *config, uint32_t peers,
                            struct err *err)
{
    NP_ASSERT(peers <= NODES_MAX);
    return open_link(link, config, true, peers, err);
}

enum err_code link_zmq_connect(struct link **link, const struct link_config *config, uint32_t peer,
                               struct err *err)
{
    NP_ASSERT(peer < NODES_MAX);
    return open_link(link, config, false, peer, err);
}

const char *link_zmq_endpoint(const struct link *link)
{
    return ((const struct link_zmq *)link)->endpoint;
}
