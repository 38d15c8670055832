// SPDX-License-Identifier: Apache-2.0
// A node's side of link_unix: one connection, made again when it is lost.
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "fabric/link/link_id.h"
#include "fabric/link/link_unix.h"
#include "fabric/link/unix_connection.h"
#include "fabric/link/wire.h"
#include "proto/base/assert.h"
#include "proto/base/limits.h"

#define RETRY_NS (20 * NS_PER_MS) // between two attempts to connect. Host time, not visible in a result

struct unix_node {
    struct link link; // first: the interface
    struct sockaddr_un address;
    struct link_id id;
    size_t max_bytes;
    struct unix_connection connection;
    uint64_t retry_at;
    uint8_t *packet; // of UNIX_PACKET_MAX bytes
    uint8_t *given;  // a long frame, given out last
};

// Connects and says who this is, unless that was tried just now. False: there is no connection.
static bool ensure_connected(struct unix_node *node)
{
    struct unix_connection *c = &node->connection;
    if (c->fd >= 0)
        return true;
    uint64_t now = wire_host_now_ns(NULL);
    if (now < node->retry_at)
        return false;
    node->retry_at = now + RETRY_NS;
    c->fd = unix_socket();
    if (c->fd >= 0 && connect(c->fd, (struct sockaddr *)&node->address, sizeof node->address) == 0 &&
        send(c->fd, node->id.bytes, sizeof node->id.bytes, MSG_NOSIGNAL) == (ssize_t)sizeof node->id.bytes)
        return true;
    unix_connection_close(c);
    return false;
}

static enum err_code node_send(struct link *link, uint32_t peer, const uint8_t *bytes, size_t size,
                               struct err *err)
{
    struct unix_node *node = (struct unix_node *)link;
    (void)peer;
    if (size > WIRE_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "a frame of %zu bytes; a link carries %u at most", size,
                       WIRE_BYTES_MAX);
    if (ensure_connected(node) && unix_connection_send(&node->connection, bytes, size) == UNIX_ENDED)
        unix_connection_close(&node->connection);
    return ERR_OK;
}

static struct timespec timespec_of(uint64_t ns)
{
    return (struct timespec){(time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S)};
}

// Waits for something to come, and sends meanwhile what was kept. Coming back early, as for a signal or
// because the connection can be tried again, is allowed.
static void wait_for_peer(struct unix_node *node, uint64_t wait_ns)
{
    struct unix_connection *c = &node->connection;
    if (c->fd < 0) {
        struct timespec pause = timespec_of(wait_ns < RETRY_NS ? wait_ns : RETRY_NS);
        nanosleep(&pause, NULL);
        return;
    }
    if (!wait_ns && !c->out)
        return;
    struct timespec timeout = timespec_of(wait_ns);
    short events = (short)(POLLIN | (c->out ? POLLOUT : 0));
    ppoll(&(struct pollfd){c->fd, events, 0}, 1, &timeout, NULL);
    if (c->out && unix_connection_flush(c) == UNIX_ENDED)
        unix_connection_close(c);
}

static enum err_code node_receive(struct link *link, int64_t timeout_us, uint32_t *peer,
                                  const uint8_t **bytes, size_t *size, struct err *err)
{
    struct unix_node *node = (struct unix_node *)link;
    struct unix_connection *c = &node->connection;
    enum unix_result result;
    (void)err;
    free(node->given);
    node->given = NULL;
    *bytes = NULL;
    *peer = 0;
    ensure_connected(node);
    wait_for_peer(node, wire_deadline(0, timeout_us));
    if (!ensure_connected(node))
        return ERR_OK;
    do
        result = unix_connection_receive(c, node->packet, node->max_bytes, &node->given, bytes, size);
    while (result == UNIX_PARTIAL);
    if (result != UNIX_DONE)
        *bytes = NULL;
    link->foreign += result == UNIX_REFUSED;
    if (result == UNIX_ENDED || result == UNIX_REFUSED)
        unix_connection_close(c);
    return ERR_OK;
}

static void node_close(struct link *link)
{
    struct unix_node *node = (struct unix_node *)link;
    unix_connection_close(&node->connection);
    free(node->packet);
    free(node->given);
    free(node);
}

static const struct link_ops node_ops = {node_send, node_receive, node_close};

enum err_code link_unix_connect(struct link **link, const struct link_config *config, uint32_t peer,
                                struct err *err)
{
    NP_ASSERT(peer < NODES_MAX);
    *link = NULL;
    struct sockaddr_un address;
    enum err_code code = unix_address(&address, config->endpoint, err);
    if (code)
        return code;
    struct unix_node *node = calloc(1, sizeof *node);
    NP_ASSERT(node);
    node->link.ops = &node_ops;
    node->address = address;
    node->id = link_id_of(config->run, config->epoch, peer);
    node->max_bytes = config->max_bytes ? (size_t)config->max_bytes : WIRE_BYTES_MAX;
    node->connection.fd = -1;
    node->packet = malloc(UNIX_PACKET_MAX);
    NP_ASSERT(node->packet);
    ensure_connected(node);
    *link = &node->link;
    return ERR_OK;
}
