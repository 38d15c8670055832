// SPDX-License-Identifier: Apache-2.0
// Program images of z/Architecture guests: which bytes stand where in real memory when CPU 0 starts, and with
// which PSW. Two forms are read: static ELF files for s390x, whose segments go to their physical addresses,
// and flat files, which go to address 0 and begin with a short PSW, as after an IPL.
#ifndef NP_PROTO_IMAGE_IMAGE_H
#define NP_PROTO_IMAGE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/err.h"
#include "proto/base/limits.h"

#define IMAGE_PARTS_MAX 64u // loadable segments; a linked program has a handful

// Where QEMU, and Linux on s390x, have them: a program whose entry is here finds its command line there.
#define IMAGE_ARGUMENTS_ENTRY   UINT64_C(0x10000)
#define IMAGE_ARGUMENTS_ADDRESS UINT64_C(0x10480)

// PSW of an ELF image: 64-bit addressing, translation off, all interruptions disabled.
#define IMAGE_ELF_PSW_MASK UINT64_C(0x0000000180000000)

// `size` bytes at `address`, then `zeroes` bytes that are zero, as all memory is that nobody has written.
struct image_part {
    uint64_t address, size, zeroes;
    const uint8_t *bytes; // of the file
};

struct image {
    const uint8_t *bytes; // of the file; mapped when image_open was used
    size_t size;
    bool mapped;
    uint32_t n_parts;
    struct image_part parts[IMAGE_PARTS_MAX]; // ascending, disjoint
    uint64_t end;                             // beyond the last of them
    uint64_t psw_mask, psw_address;           // 128-bit form
    bool takes_arguments;                     // its entry is IMAGE_ARGUMENTS_ENTRY
};

// Opens and checks a file. On success the caller owns the image (image_close). Errors, with the file's name:
// ERR_FILE; ERR_LIMIT (above GUEST_IMAGE_MAX, too many segments); ERR_IMAGE, which says what the file is
// instead; ERR_DAMAGED_IMAGE (truncated, segments that overlap, an entry outside of them, an invalid PSW).
enum err_code image_open(struct image *image, const char *path, struct err *err);

// The same for bytes that are in memory, which must outlive the image; messages call it `name`.
enum err_code image_read(struct image *image, const uint8_t *bytes, size_t size, const char *name,
                         struct err *err);
void image_close(struct image *image);

// Whether an image that was read fits into real addresses 0 .. memory - 1, together with its arguments, and
// can take them. ERR_IMPOSSIBLE_MACHINE says why not, without the file's name.
enum err_code image_fits(const struct image *image, const char *arguments, uint64_t memory, struct err *err);

#endif
