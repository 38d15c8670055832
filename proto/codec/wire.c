// SPDX-License-Identifier: Apache-2.0
#include "proto/codec/wire.h"

#include <string.h>

void wire_pack(const ProtobufCMessage *message, struct bytes *bytes)
{
    bytes_resize(bytes, protobuf_c_message_get_packed_size(message));
    protobuf_c_message_pack(message, bytes->data);
}

ProtobufCMessage *wire_unpack(const ProtobufCMessageDescriptor *descriptor, const uint8_t *data, size_t size,
                              struct arena *arena, struct err *err)
{
    if (size > CONTROL_BYTES_MAX) {
        REFUSE(err, "%zu bytes, where %u is the most", size, CONTROL_BYTES_MAX);
        return NULL;
    }
    ProtobufCMessage *message = protobuf_c_message_unpack(descriptor, &arena->allocator, size, data);
    if (!message)
        REFUSE(err, "no %s message (%zu bytes), or one that unpacks to more than %zu bytes",
               descriptor->short_name, size, arena->limit);
    return message;
}

enum err_code wire_text(char *to, size_t size, const char *from, const char *what, struct err *err)
{
    size_t length = strlen(from);
    if (length >= size)
        return REFUSE(err, "%s of %zu characters, where %zu is the most", what, length, size - 1);
    memcpy(to, from, length + 1);
    return ERR_OK;
}

uint32_t *wire_from_u16(const uint16_t *from, size_t count, struct arena *arena)
{
    uint32_t *to = arena_new(arena, count, sizeof *to);
    for (size_t i = 0; i < count; i++)
        to[i] = from[i];
    return to;
}

enum err_code wire_to_u16(const uint32_t *from, size_t count, uint16_t *to, const char *what, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (from[i] > UINT16_MAX)
            return REFUSE(err, "%s %u does not fit 16 bits", what, from[i]);
        to[i] = (uint16_t)from[i];
    }
    return ERR_OK;
}

void **wire_array(struct arena *arena, size_t count, size_t size, ProtobufCMessageInit init)
{
    void **array = arena_new(arena, count, sizeof *array);
    for (size_t i = 0; i < count; i++) {
        array[i] = arena_new(arena, 1, size);
        init(array[i]);
    }
    return array;
}
