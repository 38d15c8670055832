// SPDX-License-Identifier: Apache-2.0
// What the codecs of this folder share among themselves: the generated types, and how they are filled and
// read. Nothing outside this folder includes it.
//
// `x_to_wire` fills a generated message; whatever it needs lives in the arena. `x_from_wire` reads one into a
// plain struct that is all zero; it returns ERR_DAMAGED_MESSAGE with the reason when anything is not as
// limits.h and the header of the struct say, and then leaves behind nothing that needs freeing.
#ifndef NP_PROTO_CODEC_WIRE_H
#define NP_PROTO_CODEC_WIRE_H

#include "proto/base/err.h"
#include "proto/codec/arena.h"
#include "proto/codec/bytes.h"
#include "proto/codec/machine.h"
#include "proto/codec/results.h"
#include "proto/schema/control.pb-c.h"
#include "proto/schema/machine.pb-c.h"
#include "proto/schema/results.pb-c.h"

// What one control message may take unpacked. The largest one is a RESULTS or CONFIGURE of 256 boards: some
// 20 MiB.
#define UNPACKED_BYTES_MAX ((size_t)4 * CONTROL_BYTES_MAX)

// Sets the error of a message that is not as it must be.
#define REFUSE(err, ...) err_set((err), ERR_DAMAGED_MESSAGE, __VA_ARGS__)

// Packs into `bytes`, replacing what is there.
void wire_pack(const ProtobufCMessage *message, struct bytes *bytes);

// Unpacks; NULL with the reason in *err when the bytes are no such message or it is too large.
ProtobufCMessage *wire_unpack(const ProtobufCMessageDescriptor *descriptor, const uint8_t *data, size_t size,
                              struct arena *arena, struct err *err);

// Copies a text into an array of `size` bytes that is all zero; refuses one that does not fit.
enum err_code wire_text(char *to, size_t size, const char *from, const char *what, struct err *err);

// Board numbers travel as 32-bit values: both ways, refusing what 16 bits do not hold.
uint32_t *wire_from_u16(const uint16_t *from, size_t count, struct arena *arena);
enum err_code wire_to_u16(const uint32_t *from, size_t count, uint16_t *to, const char *what,
                          struct err *err);

// An array of `count` pointers to initialised messages of a generated type.
#define WIRE_ARRAY(arena, type, init, count)                                                                 \
    ((type **)wire_array((arena), (count), sizeof(type), (ProtobufCMessageInit)(void (*)(void))(init)))
void **wire_array(struct arena *arena, size_t count, size_t size, ProtobufCMessageInit init);

Np__Machine *machine_to_wire(const struct machine *machine, struct arena *arena);
enum err_code machine_from_wire(const Np__Machine *wire, struct machine *machine, struct err *err);

Np__Results *results_to_wire(const struct results *results, struct arena *arena);
enum err_code results_from_wire(const Np__Results *wire, struct results *results, struct err *err);

#endif
