// SPDX-License-Identifier: Apache-2.0
#include "fabric/link/control_socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "proto/base/assert.h"

// Why each of them is set: ZeroMQ's defaults let 9 bytes reserve 8 GB (MAXMSGSIZE), keep half-open
// connections (HANDSHAKE), hammer a coordinator that is not there yet (RECONNECT), drop without a word
// (MANDATORY), refuse a worker that reconnects (HANDOVER), or hang or lose the last message at the end
// (LINGER; the channel has made sure of it before).
#define HANDSHAKE_MS     2000
#define RECONNECT_MS     20
#define RECONNECT_MAX_MS 1000
#define LINGER_MS        200
#define DRAIN_MAX        4096 // parts of frames thrown away at closing
#define HIGH_WATER       16 // frames per peer that wait for a slow one; what does not fit is sent again later

struct control_routing_id control_routing_id(struct worker_id worker, uint64_t run_id)
{
    struct control_routing_id id = {{'c', (uint8_t)worker.role}};
    for (unsigned i = 0; i < 4; i++)
        id.bytes[2 + i] = (uint8_t)(worker.index >> 8 * i);
    for (unsigned i = 0; i < 8; i++)
        id.bytes[6 + i] = (uint8_t)(run_id >> 8 * i);
    return id;
}

bool control_routing_worker(const uint8_t *bytes, size_t size, uint64_t run_id, struct worker_id *worker)
{
    if (size != sizeof(struct control_routing_id) || bytes[1] >= ROLE_COUNT)
        return false;
    worker->role = (enum control_role)bytes[1];
    worker->index =
        (uint32_t)bytes[2] | (uint32_t)bytes[3] << 8 | (uint32_t)bytes[4] << 16 | (uint32_t)bytes[5] << 24;
    struct control_routing_id expected = control_routing_id(*worker, run_id);
    return memcmp(expected.bytes, bytes, size) == 0;
}

static void set_int(void *socket, int option, int value)
{
    int failed = zmq_setsockopt(socket, option, &value, sizeof value);
    NP_ASSERT(!failed);
}

static void set_all(void *socket)
{
    int64_t largest = CONTROL_BYTES_MAX;
    int failed = zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &largest, sizeof largest);
    NP_ASSERT(!failed);
    set_int(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS);
    set_int(socket, ZMQ_RECONNECT_IVL, RECONNECT_MS);
    set_int(socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS);
    set_int(socket, ZMQ_LINGER, LINGER_MS);
    set_int(socket, ZMQ_SNDHWM, HIGH_WATER);
    set_int(socket, ZMQ_RCVHWM, HIGH_WATER);
}

static enum err_code fail(struct control_socket *socket, const char *what, const char *endpoint,
                          struct err *err)
{
    err_set(err, ERR_SOCKET, "control plane: cannot %s %s: %s", what, endpoint, zmq_strerror(zmq_errno()));
    control_socket_close(socket);
    return ERR_SOCKET;
}

static enum err_code open_socket(struct control_socket *socket, int type, const char *endpoint,
                                 struct err *err)
{
    *socket = (struct control_socket){.context = zmq_ctx_new()};
    if (socket->context)
        socket->socket = zmq_socket(socket->context, type);
    if (!socket->socket)
        return fail(socket, "make a socket for", endpoint, err);
    set_all(socket->socket);
    size_t size = sizeof socket->fd;
    if (zmq_getsockopt(socket->socket, ZMQ_FD, &socket->fd, &size))
        return fail(socket, "watch", endpoint, err);
    return ERR_OK;
}

enum err_code control_socket_bind(struct control_socket *socket, const char *endpoint, struct err *err)
{
    if (open_socket(socket, ZMQ_ROUTER, endpoint, err))
        return ERR_SOCKET;
    set_int(socket->socket, ZMQ_ROUTER_MANDATORY, 1);
    set_int(socket->socket, ZMQ_ROUTER_HANDOVER, 1);
    size_t size = sizeof socket->endpoint;
    if (zmq_bind(socket->socket, endpoint) ||
        zmq_getsockopt(socket->socket, ZMQ_LAST_ENDPOINT, socket->endpoint, &size))
        return fail(socket, "bind", endpoint, err);
    socket->bound = true;
    return ERR_OK;
}

enum err_code control_socket_connect(struct control_socket *socket, const char *endpoint,
                                     const struct control_routing_id *id, struct err *err)
{
    if (open_socket(socket, ZMQ_DEALER, endpoint, err))
        return ERR_SOCKET;
    if (zmq_setsockopt(socket->socket, ZMQ_ROUTING_ID, id->bytes, sizeof id->bytes) ||
        zmq_connect(socket->socket, endpoint))
        return fail(socket, "connect to", endpoint, err);
    snprintf(socket->endpoint, sizeof socket->endpoint, "%s", endpoint);
    return ERR_OK;
}

// libzmq 4.3.4 can free a frame twice that is still queued for reading when its socket goes (issue 4806):
// nobody new comes in, and what is there is thrown away.
static void drain(struct control_socket *socket)
{
    zmq_msg_t part;
    if (socket->bound)
        zmq_unbind(socket->socket, socket->endpoint);
    zmq_msg_init(&part);
    for (int taken = 0; taken < DRAIN_MAX && zmq_msg_recv(&part, socket->socket, ZMQ_DONTWAIT) >= 0; taken++)
        ;
    zmq_msg_close(&part);
}

void control_socket_close(struct control_socket *socket)
{
    if (socket->socket) {
        drain(socket);
        zmq_close(socket->socket);
    }
    while (socket->context && zmq_ctx_term(socket->context) && zmq_errno() == EINTR)
        ;
    *socket = (struct control_socket){0};
}

int64_t control_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void control_socket_send(struct control_socket *socket, const struct control_routing_id *to,
                         const struct control_envelope *envelope, struct bytes *scratch)
{
    control_envelope_encode(envelope, scratch);
    if (to && zmq_send(socket->socket, to->bytes, sizeof to->bytes, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0)
        return;
    zmq_send(socket->socket, scratch->data, scratch->size, ZMQ_DONTWAIT);
}

bool control_socket_wait(struct control_socket *socket, int64_t timeout_us)
{
    const int64_t longest_ms = 3600 * 1000; // far below where the sum with 999 could overflow
    int64_t ms = timeout_us < longest_ms * 1000 ? (timeout_us + 999) / 1000 : longest_ms;
    zmq_pollitem_t item = {.socket = socket->socket, .events = ZMQ_POLLIN};
    return zmq_poll(&item, 1, (long)ms) >= 0;
}

static bool take_part(struct control_socket *socket, zmq_msg_t *part)
{
    int size;
    do
        size = zmq_msg_recv(part, socket->socket, ZMQ_DONTWAIT);
    while (size < 0 && zmq_errno() == EINTR);
    return size >= 0;
}

enum control_frame control_socket_take(struct control_socket *socket, zmq_msg_t *id, zmq_msg_t *frame)
{
    if (id) {
        if (!take_part(socket, id))
            return FRAME_NONE;
        if (!zmq_msg_more(id))
            return FRAME_MALFORMED;
    }
    if (!take_part(socket, frame))
        return FRAME_NONE;
    bool whole = !zmq_msg_more(frame);
    while (zmq_msg_more(frame) && take_part(socket, frame))
        ; // a frame is a single part: the others are thrown away
    return whole ? FRAME_TAKEN : FRAME_MALFORMED;
}
