// SPDX-License-Identifier: Apache-2.0
// What the files of this folder share; nothing outside includes it.
#ifndef NP_PROTO_IMAGE_PARTS_H
#define NP_PROTO_IMAGE_PARTS_H

#include "proto/image/image.h"

// elf.c: whether the file begins like an ELF file, and reading one.
bool elf_is(const struct image *image);
enum err_code elf_read(struct image *image, struct err *err);

#endif
