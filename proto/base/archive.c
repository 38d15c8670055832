// SPDX-License-Identifier: Apache-2.0
#include "proto/base/archive.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "proto/base/assert.h"

void ar_init_save(struct archive *ar)
{
    *ar = (struct archive){.mode = AR_SAVE};
}

void ar_init_load(struct archive *ar, const void *bytes, size_t size)
{
    // The bytes are only read in this mode; the member is shared with save mode, which owns and writes them.
    *ar = (struct archive){.mode = AR_LOAD, .bytes = (uint8_t *)(uintptr_t)bytes, .size = size};
}

void ar_init_hash(struct archive *ar)
{
    *ar = (struct archive){.mode = AR_HASH};
    XXH3_state_t *state = XXH3_createState();
    NP_ASSERT(state);
    XXH3_128bits_reset(state);
    ar->hash = state;
}

void ar_free(struct archive *ar)
{
    if (ar->mode == AR_SAVE)
        free(ar->bytes);
    if (ar->mode == AR_HASH)
        XXH3_freeState(ar->hash);
    *ar = (struct archive){0};
}

struct digest ar_digest(const struct archive *ar)
{
    NP_ASSERT(ar->mode == AR_HASH);
    XXH128_hash_t h = XXH3_128bits_digest(ar->hash);
    return (struct digest){h.low64, h.high64};
}

static void grow(struct archive *ar, size_t more)
{
    if (ar->at + more <= ar->size)
        return;
    size_t size = ar->size ? 2 * ar->size : 4096;
    while (size < ar->at + more)
        size *= 2;
    ar->bytes = realloc(ar->bytes, size);
    NP_ASSERT(ar->bytes);
    ar->size = size;
}

static void load(struct archive *ar, void *bytes, size_t size)
{
    if (!ar_failed(ar) && size > ar->size - ar->at)
        ar_fail(ar, "truncated at byte %zu of %zu", ar->at, ar->size);
    if (ar_failed(ar)) {
        memset(bytes, 0, size);
        return;
    }
    memcpy(bytes, ar->bytes + ar->at, size);
    ar->at += size;
}

void ar_bytes(struct archive *ar, void *bytes, size_t size)
{
    switch (ar->mode) {
    case AR_SAVE:
        grow(ar, size);
        memcpy(ar->bytes + ar->at, bytes, size);
        ar->at += size;
        break;
    case AR_LOAD:
        load(ar, bytes, size);
        break;
    case AR_HASH:
        XXH3_128bits_update(ar->hash, bytes, size);
        break;
    }
}

// Byte order: all hosts numaplex supports are little-endian; the build refuses others.
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "archives are written in host order: little-endian only");

#define AR_SCALAR(name, type)                                                                                \
    void name(struct archive *ar, type *v)                                                                   \
    {                                                                                                        \
        ar_bytes(ar, v, sizeof *v);                                                                          \
    }
AR_SCALAR(ar_u8, uint8_t)
AR_SCALAR(ar_u16, uint16_t)
AR_SCALAR(ar_u32, uint32_t)
AR_SCALAR(ar_u64, uint64_t)
AR_SCALAR(ar_i16, int16_t)

void ar_bool(struct archive *ar, bool *v)
{
    uint8_t byte = *v;
    ar_u8(ar, &byte);
    if (byte > 1)
        ar_fail(ar, "a truth value of %u at byte %zu", byte, ar->at);
    *v = byte == 1;
}

void ar_count(struct archive *ar, uint32_t *v, uint32_t max)
{
    ar_u32(ar, v);
    if (ar_loading(ar) && *v > max) {
        ar_fail(ar, "a count of %u where %u is the most, at byte %zu", *v, max, ar->at);
        *v = 0;
    }
}

void ar_mark(struct archive *ar, const char mark[4])
{
    char found[4];
    memcpy(found, mark, 4);
    ar_bytes(ar, found, 4);
    if (ar_loading(ar) && !ar_failed(ar) && memcmp(found, mark, 4) != 0)
        ar_fail(ar, "section '%.4s' expected at byte %zu", mark, ar->at - 4);
}

void ar_fail(struct archive *ar, const char *fmt, ...)
{
    if (ar_failed(ar))
        return;
    char text[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    err_set(&ar->err, ERR_DAMAGED_STATE, "saved state: %s", text);
}
