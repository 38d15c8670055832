// SPDX-License-Identifier: Apache-2.0
// What the files of this folder share; nothing outside includes it.
#ifndef NP_PROTO_IMAGE_PARTS_H
#define NP_PROTO_IMAGE_PARTS_H

#include "proto/image/image.h"

// A big-endian number of 1 .. 8 bytes.
static inline uint64_t big_endian(const uint8_t *bytes, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | bytes[i];
    return value;
}

// elf.c: whether the file begins like an ELF file, and reading one.
bool elf_is(const struct image *image);
enum err_code elf_read(struct image *image, struct err *err);

#endif
