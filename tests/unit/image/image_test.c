// SPDX-License-Identifier: Apache-2.0
// Program images: what stands where, and every way in which a file is refused, with words that name it.
#include <CUnit/Basic.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/assert.h"
#include "proto/image/image.h"

#define HEADERS    (sizeof(Elf64_Ehdr) + 4 * sizeof(Elf64_Phdr))
#define FILE_BYTES 1024u

static uint8_t file[FILE_BYTES];

static void put(size_t at, size_t size, uint64_t value)
{
    for (size_t i = 0; i < size; i++)
        file[at + i] = (uint8_t)(value >> 8 * (size - 1 - i));
}

#define PUT(at, type, name, value) put((at) + offsetof(type, name), sizeof(((type *)NULL)->name), (value))
#define PUT_HEAD(name, value)      PUT(0, Elf64_Ehdr, name, value)
#define PUT_SEGMENT(i, name, value)                                                                          \
    PUT(sizeof(Elf64_Ehdr) + (i) * sizeof(Elf64_Phdr), Elf64_Phdr, name, value)

static void segment(unsigned i, uint64_t offset, uint64_t address, uint64_t size, uint64_t memory)
{
    PUT_SEGMENT(i, p_type, PT_LOAD);
    PUT_SEGMENT(i, p_offset, offset);
    PUT_SEGMENT(i, p_vaddr, address);
    PUT_SEGMENT(i, p_paddr, address);
    PUT_SEGMENT(i, p_filesz, size);
    PUT_SEGMENT(i, p_memsz, memory);
}

// Two segments, the higher one first in the file, and the entry at 0x10000.
static void good(void)
{
    memset(file, 0, sizeof file);
    memcpy(file, (const uint8_t[]){ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3}, SELFMAG);
    file[EI_CLASS] = ELFCLASS64;
    file[EI_DATA] = ELFDATA2MSB;
    PUT_HEAD(e_type, ET_EXEC);
    PUT_HEAD(e_machine, EM_S390);
    PUT_HEAD(e_entry, 0x10000);
    PUT_HEAD(e_phoff, sizeof(Elf64_Ehdr));
    PUT_HEAD(e_phentsize, sizeof(Elf64_Phdr));
    PUT_HEAD(e_phnum, 2);
    segment(0, 512, 0x20000, 256, 0x1000);
    segment(1, 768, 0x10000, 128, 128);
    for (size_t i = 512; i < sizeof file; i++)
        file[i] = (uint8_t)i;
}

static void test_elf(void)
{
    struct image image;
    struct err err;
    good();
    CU_ASSERT_EQUAL_FATAL(image_read(&image, file, sizeof file, "good", &err), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(image.n_parts, 2);
    CU_ASSERT_EQUAL(image.parts[0].address, 0x10000);
    CU_ASSERT_EQUAL(image.parts[0].size, 128);
    CU_ASSERT_EQUAL(image.parts[0].zeroes, 0);
    CU_ASSERT_PTR_EQUAL(image.parts[0].bytes, file + 768);
    CU_ASSERT_EQUAL(image.parts[1].address, 0x20000);
    CU_ASSERT_EQUAL(image.parts[1].zeroes, 0x1000 - 256);
    CU_ASSERT_EQUAL(image.end, 0x21000);
    CU_ASSERT_EQUAL(image.psw_mask, 0x0000000180000000);
    CU_ASSERT_EQUAL(image.psw_address, 0x10000);
    CU_ASSERT_TRUE(image.takes_arguments);
    PUT_SEGMENT(1, p_vaddr, UINT64_C(0xfff00000)); // linked for translation: loaded lower than it is named
    PUT_HEAD(e_entry, UINT64_C(0xfff00010));
    CU_ASSERT_EQUAL_FATAL(image_read(&image, file, sizeof file, "moved", &err), ERR_OK);
    CU_ASSERT_EQUAL(image.psw_address, 0x10010);
    CU_ASSERT_FALSE(image.takes_arguments);
}

static void test_flat(void)
{
    struct image image;
    struct err err;
    memset(file, 0, sizeof file);
    put(0, 8, UINT64_C(0x0008000180000200)); // 64-bit mode
    CU_ASSERT_EQUAL_FATAL(image_read(&image, file, sizeof file, "flat", &err), ERR_OK);
    CU_ASSERT_EQUAL(image.psw_mask, UINT64_C(0x0000000180000000));
    CU_ASSERT_EQUAL(image.psw_address, 0x200);
    CU_ASSERT_TRUE(image.n_parts == 1 && image.parts[0].address == 0 && image.end == sizeof file);
    put(0, 8, UINT64_C(0x0008000080000008)); // 31-bit mode
    CU_ASSERT_EQUAL_FATAL(image_read(&image, file, 16, "flat", &err), ERR_OK);
    CU_ASSERT_EQUAL(image.psw_mask, UINT64_C(0x0000000080000000));
    CU_ASSERT_EQUAL(image.psw_address, 8);
}

// X(what is done to the good file, its size then, the code, part of the message)
#define REFUSALS(X)                                                                                          \
    X((void)0, 0, ERR_DAMAGED_IMAGE, "empty")                                                                \
    X((void)0, 4, ERR_DAMAGED_IMAGE, "within its header")                                                    \
    X((void)0, 40, ERR_DAMAGED_IMAGE, "within its header")                                                   \
    X((void)0, 100, ERR_DAMAGED_IMAGE, "table of segments")                                                  \
    X((void)0, 800, ERR_DAMAGED_IMAGE, "truncated")                                                          \
    X(PUT_HEAD(e_phoff, UINT64_MAX), FILE_BYTES, ERR_DAMAGED_IMAGE, "table of segments")                     \
    X(PUT_HEAD(e_phentsize, 32), FILE_BYTES, ERR_DAMAGED_IMAGE, "table of segments")                         \
    X(PUT_HEAD(e_machine, EM_SPARCV9), FILE_BYTES, ERR_IMAGE, "for SPARC")                                   \
    X(PUT_HEAD(e_machine, 999), FILE_BYTES, ERR_IMAGE, "machine number 999")                                 \
    X((file[EI_DATA] = ELFDATA2LSB, file[18] = EM_X86_64, file[19] = 0), FILE_BYTES, ERR_IMAGE,              \
      "for x86-64")                                                                                          \
    X((file[EI_DATA] = ELFDATA2LSB, file[18] = EM_S390, file[19] = 0), FILE_BYTES, ERR_IMAGE,                \
      "little-endian")                                                                                       \
    X(file[EI_DATA] = ELFDATANONE, FILE_BYTES, ERR_IMAGE, "neither")                                         \
    X(file[EI_CLASS] = ELFCLASS32, FILE_BYTES, ERR_IMAGE, "31-bit s390")                                     \
    X(PUT_HEAD(e_type, ET_REL), FILE_BYTES, ERR_IMAGE, "object file")                                        \
    X(PUT_HEAD(e_type, ET_DYN), FILE_BYTES, ERR_IMAGE, "position-independent")                               \
    X(PUT_HEAD(e_type, ET_CORE), FILE_BYTES, ERR_IMAGE, "core dump")                                         \
    X(PUT_HEAD(e_type, ET_NONE), FILE_BYTES, ERR_IMAGE, "no program")                                        \
    X(PUT_SEGMENT(0, p_type, PT_INTERP), FILE_BYTES, ERR_IMAGE, "dynamically linked")                        \
    X(PUT_HEAD(e_phnum, 0), FILE_BYTES, ERR_IMAGE, "no segment to load")                                     \
    X(PUT_HEAD(e_entry, 0x20100), FILE_BYTES, ERR_DAMAGED_IMAGE, "in no segment")                            \
    X(PUT_HEAD(e_entry, 0x10001), FILE_BYTES, ERR_DAMAGED_IMAGE, "odd")                                      \
    X(PUT_SEGMENT(1, p_memsz, 64), FILE_BYTES, ERR_DAMAGED_IMAGE, "more bytes in the file")                  \
    X(PUT_SEGMENT(1, p_memsz, 0), FILE_BYTES, ERR_DAMAGED_IMAGE, "more bytes in the file")                   \
    X(PUT_SEGMENT(1, p_memsz, UINT64_MAX), FILE_BYTES, ERR_DAMAGED_IMAGE, "beyond the last address")         \
    X(PUT_SEGMENT(1, p_offset, UINT64_MAX), FILE_BYTES, ERR_DAMAGED_IMAGE, "truncated")                      \
    X(PUT_SEGMENT(0, p_paddr, 0x1007e), FILE_BYTES, ERR_DAMAGED_IMAGE, "0x10000 and 0x1007e overlap")        \
    X(PUT_SEGMENT(0, p_paddr, 0xf800), FILE_BYTES, ERR_DAMAGED_IMAGE, "0xf800 and 0x10000 overlap")          \
    X(put(0, 8, UINT64_C(0x0008000180000200)), 7, ERR_DAMAGED_IMAGE, "not even a PSW")                       \
    X(put(0, 8, UINT64_C(0x0008000180000200)), 0x200, ERR_DAMAGED_IMAGE, "beyond the end")                   \
    X(put(0, 8, UINT64_C(0x0000000180000200)), FILE_BYTES, ERR_IMAGE, "bit 12")                              \
    X(put(0, 8, UINT64_C(0x8008000180000200)), FILE_BYTES, ERR_IMAGE, "must be zero")                        \
    X(put(0, 8, UINT64_C(0x0008000380000200)), FILE_BYTES, ERR_IMAGE, "must be zero")                        \
    X(put(0, 8, UINT64_C(0x0008000100000200)), FILE_BYTES, ERR_IMAGE, "addressing mode")                     \
    X(put(0, 8, UINT64_C(0x0008000001000200)), FILE_BYTES, ERR_IMAGE, "24 bits")                             \
    X(put(0, 8, UINT64_C(0x0008000180000201)), FILE_BYTES, ERR_IMAGE, "odd")

#define X(damage, size, code, says)                                                                          \
    good();                                                                                                  \
    (void)(damage);                                                                                          \
    refused(#damage, size, code, says);

// The bytes are a copy of their own, so that reading beyond their end is seen.
static void refused(const char *damage, size_t size, enum err_code code, const char *says)
{
    struct image image;
    struct err err = {0};
    uint8_t *copy = malloc(size + 1);
    NP_ASSERT(copy);
    memcpy(copy, file, size);
    enum err_code found = image_read(&image, copy, size, "bad.elf", &err);
    if (found != code || !strstr(err.text, says))
        printf("\n  %s, %zu bytes: %s %s", damage, size, err_id(found), found ? err.text : "accepted");
    CU_ASSERT_TRUE(found == code && strstr(err.text, says) && strncmp(err.text, "bad.elf: ", 9) == 0);
    free(copy);
}

static void test_refusals(void)
{
    REFUSALS(X)
}

static void test_too_many_segments(void)
{
    static uint8_t many[sizeof(Elf64_Ehdr) + (IMAGE_PARTS_MAX + 1) * sizeof(Elf64_Phdr)];
    struct image image;
    struct err err;
    good();
    segment(0, 0, 0x10000, 16, 16);
    PUT_HEAD(e_phnum, IMAGE_PARTS_MAX + 1);
    memcpy(many, file, sizeof(Elf64_Ehdr));
    for (size_t i = 0; i <= IMAGE_PARTS_MAX; i++)
        memcpy(many + sizeof(Elf64_Ehdr) + i * sizeof(Elf64_Phdr), file + sizeof(Elf64_Ehdr),
               sizeof(Elf64_Phdr));
    CU_ASSERT_EQUAL(image_read(&image, many, sizeof many, "many", &err), ERR_LIMIT);
}

static void test_fits(void)
{
    struct image image;
    struct err err;
    good();
    CU_ASSERT_EQUAL_FATAL(image_read(&image, file, sizeof file, "good", &err), ERR_OK);
    CU_ASSERT_EQUAL(image_fits(&image, "cpus=4", 0x21000, &err), ERR_OK);
    CU_ASSERT_EQUAL(image_fits(&image, "", 0x20fff, &err), ERR_IMPOSSIBLE_MACHINE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "up to 0x20fff"));
    PUT_HEAD(e_entry, 0x10002);
    PUT_HEAD(e_phnum, 2);
    CU_ASSERT_EQUAL_FATAL(image_read(&image, file, sizeof file, "elsewhere", &err), ERR_OK);
    CU_ASSERT_EQUAL(image_fits(&image, "", 0x21000, &err), ERR_OK);
    CU_ASSERT_EQUAL(image_fits(&image, "cpus=4", 0x21000, &err), ERR_IMPOSSIBLE_MACHINE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "entry is 0x10002"));
    good(); // the place of the arguments counts too
    PUT_SEGMENT(0, p_paddr, 0x10100);
    PUT_SEGMENT(0, p_memsz, 0x100);
    CU_ASSERT_EQUAL_FATAL(image_read(&image, file, sizeof file, "low", &err), ERR_OK);
    CU_ASSERT_EQUAL(image_fits(&image, "", 0x10800, &err), ERR_OK);
    CU_ASSERT_EQUAL(image_fits(&image, "", 0x107ff, &err), ERR_IMPOSSIBLE_MACHINE);
}

static void test_files(void)
{
    char path[] = "/tmp/np-image-XXXXXX";
    struct image image;
    struct err err;
    int fd = mkstemp(path);
    good();
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(image_open(&image, path, &err), ERR_DAMAGED_IMAGE); // empty
    ssize_t written = write(fd, file, sizeof file);
    close(fd);
    CU_ASSERT_EQUAL_FATAL(written, (ssize_t)sizeof file);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, path, &err), ERR_OK);
    CU_ASSERT_EQUAL(memcmp(image.parts[1].bytes, file + 512, 256), 0);
    image_close(&image);
    CU_ASSERT_PTR_NULL(image.bytes);
    unlink(path);
    CU_ASSERT_EQUAL(image_open(&image, path, &err), ERR_FILE);
    CU_ASSERT_EQUAL(image_open(&image, "/tmp", &err), ERR_FILE);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("program images", NULL, NULL);
    CU_add_test(suite, "ELF", test_elf);
    CU_add_test(suite, "flat", test_flat);
    CU_add_test(suite, "refusals", test_refusals);
    CU_add_test(suite, "too many segments", test_too_many_segments);
    CU_add_test(suite, "fits a partition", test_fits);
    CU_add_test(suite, "files", test_files);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures != 0;
}
