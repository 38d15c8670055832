// SPDX-License-Identifier: Apache-2.0
// The fabric's side of link_unix: a listening socket and one connection per node, in one epoll set.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fabric/link/link_id.h"
#include "fabric/link/link_unix.h"
#include "fabric/link/unix_connection.h"
#include "fabric/link/wire.h"
#include "proto/base/assert.h"
#include "proto/base/limits.h"

#define STRANGERS_MAX 16u        // connections that have not said yet who they are; beyond it the oldest goes
#define READY_MAX     64u        // sockets that are looked at between two waits
#define NOBODY        UINT32_MAX // the peer of a stranger; in the epoll set: the listening socket

struct slot {
    struct unix_connection connection;
    uint32_t peer;    // NOBODY: has not said yet
    uint64_t arrival; // of the connection: its number
};

struct unix_hub {
    struct link link; // first: the interface
    struct sockaddr_un address;
    uint64_t run;
    uint32_t epoch, peers;
    size_t max_bytes;
    int listener, epoll;
    bool bound; // the path is ours to remove
    uint64_t arrivals;
    struct slot *slots; // peers + STRANGERS_MAX
    struct slot *slot_of[NODES_MAX];
    struct epoll_event ready[READY_MAX]; // found by the last wait; each is served once, then all are asked
    uint32_t n_ready, next_ready;        // again: nobody who talks much keeps the others waiting
    uint8_t *packet;                     // of UNIX_PACKET_MAX bytes
    uint8_t *given;                      // a long frame, given out last
};

static enum err_code socket_error(struct err *err, const struct unix_hub *hub, const char *what)
{
    return err_errno(err, ERR_SOCKET, LINK_UNIX_SCHEME "%s: cannot %s", hub->address.sun_path, what);
}

// Closing takes the socket out of the epoll set. Should an event for this slot be waiting still, whoever has
// the slot by then is looked at in vain once.
static void close_slot(struct unix_hub *hub, struct slot *slot)
{
    if (slot->peer != NOBODY)
        hub->slot_of[slot->peer] = NULL;
    slot->peer = NOBODY;
    unix_connection_close(&slot->connection);
}

static int watch(struct unix_hub *hub, int operation, int fd, uint32_t number, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.u32 = number};
    return epoll_ctl(hub->epoll, operation, fd, &event);
}

// While something is kept for a node, its socket is waited for until it takes more. `kept`: so it was before.
static void watch_output(struct unix_hub *hub, struct slot *slot, bool kept)
{
    bool wanted = slot->connection.out;
    if (wanted == kept)
        return;
    uint32_t events = EPOLLIN | (wanted ? (uint32_t)EPOLLOUT : 0);
    int failed = watch(hub, EPOLL_CTL_MOD, slot->connection.fd, (uint32_t)(slot - hub->slots), events);
    NP_ASSERT(!failed);
}

static enum err_code hub_send(struct link *link, uint32_t peer, const uint8_t *bytes, size_t size,
                              struct err *err)
{
    struct unix_hub *hub = (struct unix_hub *)link;
    struct slot *slot = peer < hub->peers ? hub->slot_of[peer] : NULL;
    if (size > WIRE_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "a frame of %zu bytes; a link carries %u at most", size,
                       WIRE_BYTES_MAX);
    if (!slot)
        return ERR_OK;
    bool kept = slot->connection.out;
    if (unix_connection_send(&slot->connection, bytes, size) == UNIX_ENDED)
        close_slot(hub, slot);
    else
        watch_output(hub, slot, kept);
    return ERR_OK;
}

// A slot for a new connection. Where all are taken, more than STRANGERS_MAX have not said who they are.
static struct slot *free_slot(struct unix_hub *hub)
{
    struct slot *oldest = NULL;
    for (struct slot *slot = hub->slots; slot < hub->slots + hub->peers + STRANGERS_MAX; slot++) {
        if (slot->connection.fd < 0)
            return slot;
        if (slot->peer == NOBODY && (!oldest || slot->arrival < oldest->arrival))
            oldest = slot;
    }
    NP_ASSERT(oldest);
    hub->link.foreign++;
    close_slot(hub, oldest);
    return oldest;
}

static enum err_code admit(struct unix_hub *hub, struct err *err)
{
    int fd = accept4(hub->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED
                   ? ERR_OK
                   : socket_error(err, hub, "accept a connection");
    struct slot *slot = free_slot(hub);
    slot->connection.fd = fd;
    slot->arrival = hub->arrivals++;
    if (watch(hub, EPOLL_CTL_ADD, fd, (uint32_t)(slot - hub->slots), EPOLLIN)) {
        enum err_code code = socket_error(err, hub, "watch a connection");
        close_slot(hub, slot);
        return code;
    }
    return ERR_OK;
}

// The first packet of a connection says who is there. Who comes again is a new process, or has lost the
// connection: the old one is of no use any more.
static void introduce(struct unix_hub *hub, struct slot *slot)
{
    uint32_t peer;
    ssize_t got = recv(slot->connection.fd, hub->packet, UNIX_PACKET_MAX, MSG_DONTWAIT | MSG_TRUNC);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0 || !link_id_peer(hub->packet, (size_t)got, hub->run, hub->epoch, hub->peers, &peer)) {
        hub->link.foreign++;
        close_slot(hub, slot);
        return;
    }
    if (hub->slot_of[peer])
        close_slot(hub, hub->slot_of[peer]);
    slot->peer = peer;
    hub->slot_of[peer] = slot;
}

// Serves one node whose socket is ready; *bytes is set when that completes a frame.
static void serve(struct unix_hub *hub, struct slot *slot, uint32_t events, const uint8_t **bytes,
                  size_t *size)
{
    struct unix_connection *c = &slot->connection;
    enum unix_result result = UNIX_WAIT;
    const uint8_t *frame = NULL;
    if (c->out) {
        result = unix_connection_flush(c);
        watch_output(hub, slot, true);
    }
    if (result != UNIX_ENDED && (events & ~(uint32_t)EPOLLOUT)) {
        result = unix_connection_receive(c, hub->packet, hub->max_bytes, &hub->given, &frame, size);
        if (result == UNIX_DONE)
            *bytes = frame;
    }
    hub->link.foreign += result == UNIX_REFUSED;
    if (result == UNIX_ENDED || result == UNIX_REFUSED)
        close_slot(hub, slot);
}

static enum err_code serve_next(struct unix_hub *hub, uint32_t *peer, const uint8_t **bytes, size_t *size,
                                struct err *err)
{
    struct epoll_event event = hub->ready[hub->next_ready++];
    if (event.data.u32 == NOBODY)
        return admit(hub, err);
    struct slot *slot = &hub->slots[event.data.u32];
    if (slot->connection.fd < 0)
        return ERR_OK;
    if (slot->peer == NOBODY) {
        introduce(hub, slot);
        return ERR_OK;
    }
    *peer = slot->peer;
    serve(hub, slot, event.events, bytes, size);
    return ERR_OK;
}

static enum err_code look(struct unix_hub *hub, int64_t timeout_us, struct err *err)
{
    uint64_t ns = wire_deadline(0, timeout_us);
    struct timespec timeout = {(time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S)};
    int n = epoll_pwait2(hub->epoll, hub->ready, READY_MAX, &timeout, NULL);
    hub->next_ready = 0;
    hub->n_ready = n > 0 ? (uint32_t)n : 0;
    return n < 0 && errno != EINTR ? socket_error(err, hub, "wait") : ERR_OK;
}

static enum err_code hub_receive(struct link *link, int64_t timeout_us, uint32_t *peer, const uint8_t **bytes,
                                 size_t *size, struct err *err)
{
    struct unix_hub *hub = (struct unix_hub *)link;
    enum err_code code = ERR_OK;
    free(hub->given);
    hub->given = NULL;
    *bytes = NULL;
    if (hub->next_ready == hub->n_ready)
        code = look(hub, timeout_us, err);
    while (!code && !*bytes && hub->next_ready < hub->n_ready)
        code = serve_next(hub, peer, bytes, size, err);
    return code;
}

static void hub_close(struct link *link)
{
    struct unix_hub *hub = (struct unix_hub *)link;
    if (hub->bound)
        unlink(hub->address.sun_path);
    for (uint32_t i = 0; i < hub->peers + STRANGERS_MAX; i++)
        close_slot(hub, &hub->slots[i]);
    if (hub->listener >= 0)
        close(hub->listener);
    if (hub->epoll >= 0)
        close(hub->epoll);
    free(hub->slots);
    free(hub->packet);
    free(hub->given);
    free(hub);
}

static const struct link_ops hub_ops = {hub_send, hub_receive, hub_close};

static enum err_code listen_at_path(struct unix_hub *hub, struct err *err)
{
    struct stat left;
    const char *path = hub->address.sun_path;
    if (lstat(path, &left) == 0 && S_ISSOCK(left.st_mode))
        unlink(path); // of a process that was killed
    hub->epoll = epoll_create1(EPOLL_CLOEXEC);
    hub->listener = unix_socket();
    if (hub->epoll < 0 || hub->listener < 0)
        return socket_error(err, hub, "open a socket");
    if (bind(hub->listener, (struct sockaddr *)&hub->address, sizeof hub->address))
        return socket_error(err, hub, "bind");
    hub->bound = true;
    if (listen(hub->listener, SOMAXCONN) || watch(hub, EPOLL_CTL_ADD, hub->listener, NOBODY, EPOLLIN))
        return socket_error(err, hub, "listen");
    return ERR_OK;
}

static struct unix_hub *new_hub(const struct link_config *config, uint32_t peers)
{
    struct unix_hub *hub = calloc(1, sizeof *hub);
    NP_ASSERT(hub);
    hub->link.ops = &hub_ops;
    hub->run = config->run;
    hub->epoch = config->epoch;
    hub->peers = peers;
    hub->max_bytes = config->max_bytes ? (size_t)config->max_bytes : WIRE_BYTES_MAX;
    hub->listener = hub->epoll = -1;
    hub->slots = calloc(peers + STRANGERS_MAX, sizeof *hub->slots);
    hub->packet = malloc(UNIX_PACKET_MAX);
    NP_ASSERT(hub->slots && hub->packet);
    for (uint32_t i = 0; i < peers + STRANGERS_MAX; i++)
        hub->slots[i] = (struct slot){.connection.fd = -1, .peer = NOBODY};
    return hub;
}

enum err_code link_unix_bind(struct link **link, const struct link_config *config, uint32_t peers,
                             struct err *err)
{
    NP_ASSERT(peers <= NODES_MAX);
    *link = NULL;
    struct sockaddr_un address;
    enum err_code code = unix_address(&address, config->endpoint, err);
    if (code)
        return code;
    struct unix_hub *hub = new_hub(config, peers);
    hub->address = address;
    code = listen_at_path(hub, err);
    if (code)
        hub_close(&hub->link);
    else
        *link = &hub->link;
    return code;
}
