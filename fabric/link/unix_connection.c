// SPDX-License-Identifier: Apache-2.0
#include "fabric/link/unix_connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fabric/link/link_unix.h"
#include "proto/base/assert.h"

enum err_code unix_address(struct sockaddr_un *address, const char *endpoint, struct err *err)
{
    const size_t scheme = strlen(LINK_UNIX_SCHEME);
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strncmp(endpoint, LINK_UNIX_SCHEME, scheme) != 0 || !endpoint[scheme])
        return err_set(err, ERR_USAGE, "%s: not an endpoint of this host; use unix://PATH", endpoint);
    size_t size = strlen(endpoint + scheme) + 1;
    if (size > sizeof address->sun_path)
        return err_set(err, ERR_USAGE, "%s: a socket's path may have %zu characters; use a shorter folder",
                       endpoint, sizeof address->sun_path - 1);
    memcpy(address->sun_path, endpoint + scheme, size);
    return ERR_OK;
}

int unix_socket(void)
{
    return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static ssize_t send_piece(int fd, struct unix_piece piece, const uint8_t *bytes, size_t size)
{
    struct iovec parts[] = {{&piece, sizeof piece}, {(void *)(uintptr_t)bytes, size}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = size ? 2 : 1};
    ssize_t sent;
    do
        sent = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent;
}

static size_t piece_size(size_t total, size_t offset)
{
    return total - offset < UNIX_PIECE_MAX ? total - offset : UNIX_PIECE_MAX;
}

// Sends pieces from *sent on, until the frame is out or the socket takes no more.
static enum unix_result push(int fd, const uint8_t *bytes, size_t total, size_t *sent)
{
    do {
        struct unix_piece piece = {(uint32_t)total, (uint32_t)*sent};
        size_t size = piece_size(total, *sent);
        if (send_piece(fd, piece, size ? bytes + *sent : NULL, size) < 0)
            return errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM ? UNIX_WAIT : UNIX_ENDED;
        *sent += size;
    } while (*sent < total);
    return UNIX_DONE;
}

enum unix_result unix_connection_flush(struct unix_connection *c)
{
    if (!c->out)
        return UNIX_DONE;
    enum unix_result result = push(c->fd, c->out, c->out_size, &c->out_sent);
    if (result == UNIX_DONE) {
        free(c->out);
        c->out = NULL;
    }
    return result;
}

enum unix_result unix_connection_send(struct unix_connection *c, const uint8_t *bytes, size_t size)
{
    size_t sent = 0;
    enum unix_result result = unix_connection_flush(c);
    if (result == UNIX_DONE)
        result = push(c->fd, bytes, size, &sent);
    if (c->out)
        return result;
    if (result != UNIX_WAIT)
        return result;
    c->out = malloc(size ? size : 1);
    NP_ASSERT(c->out);
    if (size)
        memcpy(c->out, bytes, size);
    c->out_size = size;
    c->out_sent = sent;
    return UNIX_WAIT;
}

// Whether this is the piece that must come next. The sender cuts in one way only.
static bool piece_is_next(const struct unix_connection *c, struct unix_piece piece, size_t size, size_t max)
{
    if (piece.total > max || piece.offset != (c->in ? c->in_got : 0))
        return false;
    if (c->in && piece.total != c->in_size)
        return false;
    return size == piece_size(piece.total, piece.offset);
}

static enum unix_result add_piece(struct unix_connection *c, struct unix_piece piece, const uint8_t *bytes,
                                  size_t size)
{
    if (!c->in) {
        c->in = malloc(piece.total);
        NP_ASSERT(c->in);
        c->in_size = piece.total;
        c->in_got = 0;
    }
    memcpy(c->in + c->in_got, bytes, size);
    c->in_got += size;
    return c->in_got < c->in_size ? UNIX_PARTIAL : UNIX_DONE;
}

// What one packet means.
static enum unix_result judge(struct unix_connection *c, const uint8_t *packet, size_t size, size_t max,
                              uint8_t **owned, const uint8_t **bytes, size_t *frame_size)
{
    struct unix_piece piece;
    if (size < sizeof piece || size > UNIX_PACKET_MAX)
        return UNIX_REFUSED;
    memcpy(&piece, packet, sizeof piece);
    size -= sizeof piece;
    if (!piece_is_next(c, piece, size, max))
        return UNIX_REFUSED;
    *bytes = packet + sizeof piece;
    *frame_size = piece.total;
    if (size == piece.total)
        return UNIX_DONE;
    enum unix_result result = add_piece(c, piece, *bytes, size);
    if (result == UNIX_DONE) {
        *bytes = *owned = c->in;
        c->in = NULL;
    }
    return result;
}

enum unix_result unix_connection_receive(struct unix_connection *c, uint8_t *packet, size_t max,
                                         uint8_t **owned, const uint8_t **bytes, size_t *size)
{
    *owned = NULL;
    // MSG_TRUNC tells the length of a packet that is longer than there is room for.
    ssize_t got = recv(c->fd, packet, UNIX_PACKET_MAX, MSG_DONTWAIT | MSG_TRUNC);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? UNIX_WAIT : UNIX_ENDED;
    if (got == 0)
        return UNIX_ENDED; // or an empty packet, which no link sends
    return judge(c, packet, (size_t)got, max, owned, bytes, size);
}

void unix_connection_close(struct unix_connection *c)
{
    if (c->fd >= 0)
        close(c->fd);
    free(c->out);
    free(c->in);
    *c = (struct unix_connection){.fd = -1};
}
