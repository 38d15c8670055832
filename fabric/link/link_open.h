// SPDX-License-Identifier: Apache-2.0
// Opens the link that an endpoint's scheme names: unix:// is link_unix, ipc:// and tcp:// are link_zmq.
#ifndef NP_FABRIC_LINK_LINK_OPEN_H
#define NP_FABRIC_LINK_LINK_OPEN_H

#include <stdint.h>

#include "fabric/link/link.h"

// The fabric's side, for nodes 0 .. peers-1, and the side of node number `peer`; errors as of the link.
enum err_code link_open_bind(struct link **link, const struct link_config *config, uint32_t peers,
                             struct err *err);
enum err_code link_open_connect(struct link **link, const struct link_config *config, uint32_t peer,
                                struct err *err);

#endif
