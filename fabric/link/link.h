// SPDX-License-Identifier: Apache-2.0
// A link carries whole frames of bytes between the fabric and its members, and promises nothing: a frame may
// be lost, doubled, late, out of order or damaged. exchange_wire adds what is missing. Implementations:
// link_zmq (ROUTER and DEALER over ipc or tcp), link_unix (sockets of one host), link_queue (both ends in one
// process, virtual time, for tests), link_lossy (wraps any link and misbehaves by seed). link_open chooses
// between the first two.
#ifndef NP_FABRIC_LINK_LINK_H
#define NP_FABRIC_LINK_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/err.h"

struct link;

struct link_ops {
    // Sends a copy of the bytes to `peer` (a member's number; ignored on a member's own side, which has one
    // peer). A peer that is not there yet loses the frame: not an error.
    enum err_code (*send)(struct link *link, uint32_t peer, const uint8_t *bytes, size_t size,
                          struct err *err);

    // Waits up to timeout_us for a frame; 0 looks and returns. *bytes is NULL when none came; otherwise it is
    // valid until the next receive on this link. A frame of an unknown peer is refused here and counted.
    // May come back early with nothing (a signal, a refused frame): whoever must wait on looks at the clock.
    enum err_code (*receive)(struct link *link, int64_t timeout_us, uint32_t *peer, const uint8_t **bytes,
                             size_t *size, struct err *err);

    void (*close)(struct link *link);
};

// What links between processes are opened with.
struct link_config {
    const char *endpoint; // of a form that the link knows
    uint64_t run;         // with epoch and number: a node's id (link_id.h). Whoever has another is foreign
    uint32_t epoch;
    bool insecure;     // allows tcp beyond loopback, unencrypted
    int64_t max_bytes; // of one frame; 0: WIRE_BYTES_MAX
};

struct link {
    const struct link_ops *ops;
    uint64_t foreign; // frames of unknown peers refused so far
};

#endif
