// SPDX-License-Identifier: Apache-2.0
// What goes around every frame on a control socket: whose it is, and what makes delivery certain. A checksum
// covers all of it, so that a frame damaged on its way is dropped and sent again instead of being believed.
#ifndef NP_PROTO_CODEC_CONTROL_ENVELOPE_H
#define NP_PROTO_CODEC_CONTROL_ENVELOPE_H

#include <stddef.h>
#include <stdint.h>

#include "proto/base/err.h"
#include "proto/base/limits.h"
#include "proto/codec/bytes.h"

struct control_envelope {
    uint64_t run_id;
    uint32_t epoch;    // 0: from a worker that does not know it yet
    uint64_t session;  // never 0: made up by the worker when it opens its end; the coordinator repeats it
    uint64_t number;   // of the message, from 1 per direction and session; 0: no message, body is empty
    uint64_t received; // all messages up to this number have arrived at the sender
    const uint8_t *body;
    size_t size; // at most CONTROL_BODY_MAX
};

#define CONTROL_BODY_MAX ((size_t)CONTROL_BYTES_MAX - 128) // the other fields take less than 128 bytes

// Writes the envelope to `bytes`, replacing what is there.
void control_envelope_encode(const struct control_envelope *envelope, struct bytes *bytes);

// Reads an envelope; its body is copied to `body` and stays valid until that is used again.
// ERR_DAMAGED_MESSAGE: no envelope, or a damaged one. ERR_FOREIGN_PEER: of another protocol version.
enum err_code control_envelope_decode(const uint8_t *data, size_t size, struct control_envelope *envelope,
                                      struct bytes *body, struct err *err);

#endif
