// SPDX-License-Identifier: Apache-2.0
// Who a node is to the fabric's end of a link: its number, fresh per run and epoch, so that what an earlier
// process left behind is foreign.
#ifndef NP_FABRIC_LINK_LINK_ID_H
#define NP_FABRIC_LINK_LINK_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct link_id {
    uint8_t bytes[17]; // 'n' (ZeroMQ reserves ids that begin with 0), then number, epoch, run, each most
                       // significant byte first
};

struct link_id link_id_of(uint64_t run, uint32_t epoch, uint32_t peer);

// Whether the bytes are the id of one of the nodes 0 .. peers-1 of this run and epoch, and of which.
bool link_id_peer(const uint8_t *bytes, size_t size, uint64_t run, uint32_t epoch, uint32_t peers,
                  uint32_t *peer);

#endif
