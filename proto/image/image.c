// SPDX-License-Identifier: Apache-2.0
#include "proto/image/image.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/big_endian.h"
#include "proto/image/parts.h"

#define MIB (UINT64_C(1) << 20)

// Short PSW, bits numbered from the left (z/Architecture Principles of Operation, "Program-Status Word"): 12
// is one, 31 and 32 are the addressing mode, 33 to 63 the address; 0, 2 to 4 and 24 to 30 are zero.
#define SHORT_BIT(number)     (UINT64_C(1) << (63 - (number)))
#define SHORT_ADDRESS         UINT64_C(0x7fffffff)
#define SHORT_ZEROES          UINT64_C(0xb80000fe00000000)
#define SHORT_FORMAT          SHORT_BIT(12)
#define SHORT_EXTENDED        SHORT_BIT(31)
#define SHORT_BASIC           SHORT_BIT(32)
#define ADDRESS_24_BIT_BEYOND (UINT64_C(1) << 24)

// NULL, or what is wrong with it.
static const char *short_psw_invalid(uint64_t psw)
{
    uint64_t address = psw & SHORT_ADDRESS;
    if (!(psw & SHORT_FORMAT))
        return "bit 12 is not one";
    if (psw & SHORT_ZEROES)
        return "bits that must be zero are not";
    if ((psw & SHORT_EXTENDED) && !(psw & SHORT_BASIC))
        return "its addressing mode does not exist";
    if (!(psw & SHORT_BASIC) && address >= ADDRESS_24_BIT_BEYOND)
        return "its address needs more than 24 bits";
    return address % 2 ? "its address is odd" : NULL;
}

static enum err_code flat_read(struct image *image, struct err *err)
{
    if (image->size < sizeof(uint64_t))
        return err_set(err, ERR_DAMAGED_IMAGE,
                       "the file has %zu bytes, which is not even a PSW; is it truncated?", image->size);
    uint64_t psw = get_number(image->bytes, sizeof psw);
    const char *wrong = short_psw_invalid(psw);
    if (wrong)
        return err_set(
            err, ERR_IMAGE,
            "the file is no ELF file, and as a flat image it must begin with a short PSW: 0x%016" PRIx64
            " is none, because %s; name a static program for s390x",
            psw, wrong);
    image->psw_mask = (psw & ~SHORT_ADDRESS) ^ SHORT_FORMAT;
    image->psw_address = psw & SHORT_ADDRESS;
    image->n_parts = 1;
    image->parts[0] = (struct image_part){.size = image->size, .bytes = image->bytes};
    image->end = image->size;
    if (image->psw_address >= image->size)
        return err_set(err, ERR_DAMAGED_IMAGE,
                       "the PSW at the start of the flat image leads to 0x%" PRIx64
                       ", beyond the end of the file at 0x%zx; is it truncated?",
                       image->psw_address, image->size);
    return ERR_OK;
}

static enum err_code read_any(struct image *image, struct err *err)
{
    if (image->size == 0)
        return err_set(err, ERR_DAMAGED_IMAGE, "the file is empty; build the program again");
    if (image->size > GUEST_IMAGE_MAX)
        return err_set(err, ERR_LIMIT, "the file has %zu MiB, and images are at most %" PRIu64 " MiB",
                       image->size / MIB, GUEST_IMAGE_MAX / MIB);
    return elf_is(image) ? elf_read(image, err) : flat_read(image, err);
}

enum err_code image_read(struct image *image, const uint8_t *bytes, size_t size, const char *name,
                         struct err *err)
{
    *image = (struct image){.bytes = bytes, .size = size};
    return read_any(image, err) ? err_wrap(err, "%s", name) : ERR_OK;
}

static enum err_code map(struct image *image, int fd, const char *path, struct err *err)
{
    struct stat status;
    if (fstat(fd, &status))
        return err_errno(err, ERR_FILE, "%s: cannot be read", path);
    if (!S_ISREG(status.st_mode))
        return err_set(err, ERR_FILE, "%s: is no file with a program in it", path);
    image->size = (size_t)status.st_size;
    if (image->size == 0)
        return ERR_OK;
    void *at = mmap(NULL, image->size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED)
        return err_errno(err, ERR_FILE, "%s: cannot be read", path);
    image->bytes = at;
    image->mapped = true;
    return ERR_OK;
}

enum err_code image_open(struct image *image, const char *path, struct err *err)
{
    *image = (struct image){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return err_errno(err, ERR_FILE, "%s: cannot be read", path);
    enum err_code code = map(image, fd, path, err);
    close(fd);
    if (!code && read_any(image, err))
        code = err_wrap(err, "%s", path);
    if (code)
        image_close(image);
    return code;
}

void image_close(struct image *image)
{
    if (image->mapped)
        munmap((void *)(uintptr_t)image->bytes, image->size);
    *image = (struct image){0};
}

enum err_code image_fits(const struct image *image, const char *arguments, uint64_t memory, struct err *err)
{
    if (arguments[0] && !image->takes_arguments)
        return err_set(err, ERR_IMPOSSIBLE_MACHINE,
                       "the program cannot take arguments: its entry is 0x%" PRIx64
                       ", and only one at 0x%" PRIx64 " looks for them; link it there, or remove arguments:",
                       image->psw_address, IMAGE_ARGUMENTS_ENTRY);
    uint64_t end = image->end, place = IMAGE_ARGUMENTS_ADDRESS + GUEST_ARGUMENTS_MAX;
    if (image->takes_arguments && end < place)
        end = place;
    if (end > memory)
        return err_set(err, ERR_IMPOSSIBLE_MACHINE,
                       "the program needs real addresses up to 0x%" PRIx64
                       ", and its partition's memory ends at 0x%" PRIx64
                       "; give the partition more memory, or link the program lower",
                       end - 1, memory - 1);
    return ERR_OK;
}
