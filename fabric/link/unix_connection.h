// SPDX-License-Identifier: Apache-2.0
// One connection of link_unix: frames as packets of a SOCK_SEQPACKET socket. The kernel keeps packets whole
// but bounds their size, so that a long frame is cut into pieces; each says how long the frame is and where
// it belongs. Nothing here waits.
#ifndef NP_FABRIC_LINK_UNIX_CONNECTION_H
#define NP_FABRIC_LINK_UNIX_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

#include "proto/base/err.h"

struct unix_piece {
    uint32_t total, offset; // of the frame, and of what follows in it, in bytes
};

#define UNIX_PIECE_MAX  65536u // bytes of a frame in one packet; well below any host's send buffer
#define UNIX_PACKET_MAX (sizeof(struct unix_piece) + UNIX_PIECE_MAX)

struct unix_connection {
    int fd;       // below 0: none
    uint8_t *out; // a frame of which only a part could be sent; NULL: none
    size_t out_size, out_sent;
    uint8_t *in; // a frame of which only a part has come; NULL: none
    size_t in_size, in_got;
};

enum unix_result {
    UNIX_DONE,    // sent; a frame was received
    UNIX_WAIT,    // the socket takes no more; nothing more has come
    UNIX_PARTIAL, // a piece has come, the frame is not complete yet
    UNIX_ENDED,   // the peer is gone: close the connection
    UNIX_REFUSED  // the peer says what no link says: close the connection
};

// The address of a link_unix endpoint. ERR_USAGE: it is not one.
enum err_code unix_address(struct sockaddr_un *address, const char *endpoint, struct err *err);

// A new socket, non-blocking; below 0 with errno when there is none.
int unix_socket(void);

// Sends a frame of at most WIRE_BYTES_MAX bytes, after what was kept. UNIX_WAIT: what is left is kept, to be
// flushed when the socket is writable; while something is kept, further frames are lost.
enum unix_result unix_connection_send(struct unix_connection *connection, const uint8_t *bytes, size_t size);
enum unix_result unix_connection_flush(struct unix_connection *connection);

// Takes one packet, through `packet` of UNIX_PACKET_MAX bytes. UNIX_DONE: *bytes is a frame of *size bytes,
// at most `max`, either in `packet` or in *owned, which is the caller's to free (NULL otherwise).
enum unix_result unix_connection_receive(struct unix_connection *connection, uint8_t *packet, size_t max,
                                         uint8_t **owned, const uint8_t **bytes, size_t *size);

// Closes it, with what it holds; leaves none.
void unix_connection_close(struct unix_connection *connection);

#endif
