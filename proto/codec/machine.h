// SPDX-License-Identifier: Apache-2.0
// The machine description as bytes: how it travels to the processes of a run (inside CONFIGURE) and how its
// hash can be taken. Every field travels; equal descriptions give equal bytes.
#ifndef NP_PROTO_CODEC_MACHINE_H
#define NP_PROTO_CODEC_MACHINE_H

#include "proto/base/err.h"
#include "proto/base/machine.h"
#include "proto/codec/bytes.h"

// Writes the description to `bytes`, replacing what is there. The description must be valid.
void machine_encode(const struct machine *machine, struct bytes *bytes);

// Reads a description. On success (ERR_OK) every limit of limits.h and every rule of machine_invalid() holds,
// and the caller owns it: machine_free(). On failure ERR_DAMAGED_MESSAGE says why, and there is nothing to
// free.
enum err_code machine_decode(const uint8_t *data, size_t size, struct machine *machine, struct err *err);

#endif
