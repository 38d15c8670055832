// SPDX-License-Identifier: Apache-2.0
// A growable run of bytes: what the codecs write to. Zero-initialise it; bytes_free() returns it to that
// state.
#ifndef NP_PROTO_CODEC_BYTES_H
#define NP_PROTO_CODEC_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "proto/base/assert.h"

struct bytes {
    uint8_t *data;
    size_t size, capacity;
};

// Makes the size `size` and returns the bytes, whose content is undefined. Keeps the memory of earlier uses.
static inline uint8_t *bytes_resize(struct bytes *bytes, size_t size)
{
    if (size > bytes->capacity) {
        free(bytes->data);
        bytes->data = malloc(size);
        NP_ASSERT(bytes->data);
        bytes->capacity = size;
    }
    bytes->size = size;
    return bytes->data;
}

static inline void bytes_free(struct bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct bytes){0};
}

#endif
