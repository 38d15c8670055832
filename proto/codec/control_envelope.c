// SPDX-License-Identifier: Apache-2.0
#include "proto/codec/control_envelope.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "proto/codec/control.h"
#include "proto/codec/wire.h"

static uint64_t checksum(const struct control_envelope *envelope)
{
    const uint64_t fields[] = {CONTROL_VERSION,   envelope->run_id, envelope->epoch,
                               envelope->session, envelope->number, envelope->received};
    uint64_t seed = XXH3_64bits(fields, sizeof fields);
    return XXH3_64bits_withSeed(envelope->body, envelope->size, seed);
}

void control_envelope_encode(const struct control_envelope *envelope, struct bytes *bytes)
{
    NP_ASSERT(envelope->session && envelope->size <= CONTROL_BODY_MAX);
    NP_ASSERT((envelope->number != 0) == (envelope->size != 0));
    Np__Envelope wire = NP__ENVELOPE__INIT;
    wire.version = CONTROL_VERSION;
    wire.run_id = envelope->run_id;
    wire.epoch = envelope->epoch;
    wire.session = envelope->session;
    wire.number = envelope->number;
    wire.received = envelope->received;
    wire.checksum = checksum(envelope);
    // Packing only reads the body; the generated type has no const.
    wire.body = (ProtobufCBinaryData){.len = envelope->size, .data = (uint8_t *)(uintptr_t)envelope->body};
    wire_pack(&wire.base, bytes);
}

static enum err_code from_wire(const Np__Envelope *wire, struct control_envelope *envelope,
                               struct bytes *body, struct err *err)
{
    if (wire->version != CONTROL_VERSION)
        return err_set(err, ERR_FOREIGN_PEER, "protocol version %u, where this program speaks %u",
                       wire->version, CONTROL_VERSION);
    if (wire->session == 0 || wire->body.len > CONTROL_BODY_MAX ||
        (wire->number != 0) != (wire->body.len != 0))
        return REFUSE(err, "session %016llx and number %llu do not fit a body of %zu bytes",
                      (unsigned long long)wire->session, (unsigned long long)wire->number, wire->body.len);
    bytes_resize(body, wire->body.len);
    if (wire->body.len)
        memcpy(body->data, wire->body.data, wire->body.len);
    *envelope = (struct control_envelope){
        .run_id = wire->run_id,
        .epoch = wire->epoch,
        .session = wire->session,
        .number = wire->number,
        .received = wire->received,
        .body = body->data,
        .size = body->size,
    };
    return wire->checksum == checksum(envelope) ? ERR_OK : REFUSE(err, "the checksum is wrong");
}

enum err_code control_envelope_decode(const uint8_t *data, size_t size, struct control_envelope *envelope,
                                      struct bytes *body, struct err *err)
{
    struct arena arena;
    arena_init(&arena, UNPACKED_BYTES_MAX);
    err_clear(err);
    *envelope = (struct control_envelope){0};
    ProtobufCMessage *wire = wire_unpack(&np__envelope__descriptor, data, size, &arena, err);
    if (wire)
        from_wire((const Np__Envelope *)wire, envelope, body, err);
    arena_free(&arena);
    if (err->code)
        err_wrap(err, "control frame");
    return err->code;
}
