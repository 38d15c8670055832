// SPDX-License-Identifier: Apache-2.0
#include "fabric/link/link_open.h"

#include <string.h>

#include "fabric/link/link_unix.h"
#include "fabric/link/link_zmq.h"

static bool is_unix(const struct link_config *config)
{
    return strncmp(config->endpoint, LINK_UNIX_SCHEME, strlen(LINK_UNIX_SCHEME)) == 0;
}

enum err_code link_open_bind(struct link **link, const struct link_config *config, uint32_t peers,
                             struct err *err)
{
    return (is_unix(config) ? link_unix_bind : link_zmq_bind)(link, config, peers, err);
}

enum err_code link_open_connect(struct link **link, const struct link_config *config, uint32_t peer,
                                struct err *err)
{
    return (is_unix(config) ? link_unix_connect : link_zmq_connect)(link, config, peer, err);
}
