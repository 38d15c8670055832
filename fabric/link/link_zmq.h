// SPDX-License-Identifier: Apache-2.0
// A link over ZeroMQ: one ROUTER on the fabric's side, a DEALER per node. The settings follow from what
// libzmq was measured to lose (README.md); delivery is never left to it.
#ifndef NP_FABRIC_LINK_LINK_ZMQ_H
#define NP_FABRIC_LINK_LINK_ZMQ_H

#include <stdint.h>

#include "fabric/link/link.h"

// Endpoints: "ipc://PATH" or "tcp://ADDRESS:PORT"; to bind, PORT may be *: any free one.

// The fabric's side, for nodes 0 .. peers-1 (at most NODES_MAX). ERR_USAGE when the endpoint is not allowed
// or not an endpoint, ERR_SOCKET when the host refuses.
enum err_code link_zmq_bind(struct link **link, const struct link_config *config, uint32_t peers,
                            struct err *err);

// The side of node number `peer`. Succeeds at once; the connection is made, and made again, in the
// background.
enum err_code link_zmq_connect(struct link **link, const struct link_config *config, uint32_t peer,
                               struct err *err);

// The endpoint as bound or connected, with the port that was chosen. Belongs to the link.
const char *link_zmq_endpoint(const struct link *link);

#endif
