// SPDX-License-Identifier: Apache-2.0
// A link over SOCK_SEQPACKET sockets, for processes of one host: no thread stands between a process and its
// peer, so that a frame costs two system calls and one wake-up. README.md has the measurement.
#ifndef NP_FABRIC_LINK_LINK_UNIX_H
#define NP_FABRIC_LINK_LINK_UNIX_H

#include <stdint.h>

#include "fabric/link/link.h"

#define LINK_UNIX_SCHEME "unix://" // an endpoint is this and the path of a socket, of 107 bytes at most

// The fabric's side, for nodes 0 .. peers-1 (at most NODES_MAX). A socket that is left at the path is
// replaced. Counts as foreign: a connection that begins with anything but the id of such a node, and one that
// says what no link says or sends more than max_bytes; both are closed. The newest connection of a node is
// the one that counts. ERR_USAGE when the endpoint is not one, ERR_SOCKET when the host refuses.
enum err_code link_unix_bind(struct link **link, const struct link_config *config, uint32_t peers,
                             struct err *err);

// The side of node number `peer`. The connection is made, and made again, whenever the link is used, at a
// bounded rate.
enum err_code link_unix_connect(struct link **link, const struct link_config *config, uint32_t peer,
                                struct err *err);

#endif
