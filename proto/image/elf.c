// SPDX-License-Identifier: Apache-2.0
// Static ELF files for s390x. Nothing of the file is believed before it was compared with the file's size.
#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/big_endian.h"
#include "proto/image/parts.h"

// A field of a structure of the file at offset `at`, which the caller has checked to lie in the file.
#define FIELD(image, at, type, name)                                                                         \
    get_number((image)->bytes + (at) + offsetof(type, name), sizeof(((type *)NULL)->name))

bool elf_is(const struct image *image)
{
    return image->size >= SELFMAG && memcmp(image->bytes, ELFMAG, SELFMAG) == 0;
}

static const char *machine_name(uint64_t machine, char number[32])
{
    static const struct {
        uint64_t machine;
        const char *name;
    } names[] = {{EM_X86_64, "x86-64"}, {EM_386, "32-bit x86"}, {EM_AARCH64, "64-bit ARM"},
                 {EM_ARM, "ARM"},       {EM_PPC64, "POWER"},    {EM_RISCV, "RISC-V"},
                 {EM_SPARCV9, "SPARC"}, {EM_IA_64, "Itanium"},  {EM_MIPS, "MIPS"},
                 {EM_PARISC, "PA-RISC"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].machine == machine)
            return names[i].name;
    snprintf(number, 32, "machine number %" PRIu64, machine);
    return number;
}

// For which machine it is stands at the same place in all kinds of ELF file.
static enum err_code check_machine(const struct image *image, struct err *err)
{
    char number[32];
    if (image->size < sizeof(Elf64_Ehdr))
        return err_set(err, ERR_DAMAGED_IMAGE, "the ELF file ends within its header; it is truncated");
    const uint8_t *machine = image->bytes + offsetof(Elf64_Ehdr, e_machine);
    bool little = image->bytes[EI_DATA] == ELFDATA2LSB;
    uint64_t of = little ? (uint64_t)machine[1] << 8 | machine[0] : get_number(machine, 2);
    if (of != EM_S390)
        return err_set(
            err, ERR_IMAGE,
            "the program is for %s, and guests are s390x programs; build it with s390x-linux-gnu-gcc",
            machine_name(of, number));
    if (little || image->bytes[EI_DATA] != ELFDATA2MSB)
        return err_set(err, ERR_IMAGE, "the program is %s-endian, and s390x is big-endian; build it again",
                       little ? "little" : "neither big- nor little");
    if (image->bytes[EI_CLASS] != ELFCLASS64)
        return err_set(err, ERR_IMAGE,
                       "the program is for 31-bit s390, and guests are 64-bit (s390x); build it with -m64");
    return ERR_OK;
}

static enum err_code check_type(const struct image *image, struct err *err)
{
    uint64_t type = FIELD(image, 0, Elf64_Ehdr, e_type);
    if (type == ET_EXEC)
        return ERR_OK;
    return err_set(err, ERR_IMAGE, "the file is %s; link a program with -static -no-pie",
                   type == ET_REL    ? "an object file, not a linked program"
                   : type == ET_DYN  ? "position-independent or a shared library"
                   : type == ET_CORE ? "a core dump"
                                     : "no program");
}

static enum err_code add_part(struct image *image, uint64_t at, struct err *err)
{
    uint64_t offset = FIELD(image, at, Elf64_Phdr, p_offset), size = FIELD(image, at, Elf64_Phdr, p_filesz);
    uint64_t memory = FIELD(image, at, Elf64_Phdr, p_memsz), address = FIELD(image, at, Elf64_Phdr, p_paddr);
    if (offset > image->size || size > image->size - offset)
        return err_set(err, ERR_DAMAGED_IMAGE,
                       "a segment's bytes 0x%" PRIx64 " to 0x%" PRIx64
                       " lie beyond the file's %zu; it is truncated",
                       offset, offset + size, image->size);
    if (size > memory || memory > UINT64_MAX - address)
        return err_set(err, ERR_DAMAGED_IMAGE,
                       "the segment at 0x%" PRIx64
                       " has more bytes in the file than in memory, or goes beyond "
                       "the last address",
                       address);
    if (memory == 0)
        return ERR_OK;
    if (image->n_parts == IMAGE_PARTS_MAX)
        return err_set(err, ERR_LIMIT, "the program has more than %u segments to load", IMAGE_PARTS_MAX);
    image->parts[image->n_parts++] = (struct image_part){address, size, memory - size, image->bytes + offset};
    return ERR_OK;
}

// The entry is a virtual address; without translation it counts where its segment is loaded.
static void find_entry(struct image *image, uint64_t at, uint64_t entry, bool *found)
{
    uint64_t start = FIELD(image, at, Elf64_Phdr, p_vaddr), size = FIELD(image, at, Elf64_Phdr, p_filesz);
    if (*found || entry < start || entry - start >= size)
        return;
    *found = true;
    image->psw_address = FIELD(image, at, Elf64_Phdr, p_paddr) + (entry - start);
}

static enum err_code read_segments(struct image *image, struct err *err)
{
    uint64_t at = FIELD(image, 0, Elf64_Ehdr, e_phoff), n = FIELD(image, 0, Elf64_Ehdr, e_phnum);
    uint64_t entry = FIELD(image, 0, Elf64_Ehdr, e_entry);
    bool found = false;
    if (FIELD(image, 0, Elf64_Ehdr, e_phentsize) != sizeof(Elf64_Phdr) || at > image->size ||
        n > (image->size - at) / sizeof(Elf64_Phdr))
        return err_set(err, ERR_DAMAGED_IMAGE,
                       "the table of segments does not lie in the file; it is truncated");
    for (uint64_t i = 0; i < n; i++, at += sizeof(Elf64_Phdr)) {
        uint64_t type = FIELD(image, at, Elf64_Phdr, p_type);
        if (type == PT_INTERP || type == PT_DYNAMIC)
            return err_set(err, ERR_IMAGE,
                           "the program is dynamically linked, and there is no loader; link it with -static");
        if (type != PT_LOAD)
            continue;
        if (add_part(image, at, err))
            return err->code;
        find_entry(image, at, entry, &found);
    }
    if (image->n_parts == 0)
        return err_set(err, ERR_IMAGE, "the program has no segment to load; link it again");
    if (!found || image->psw_address % 2)
        return err_set(err, ERR_DAMAGED_IMAGE, "the entry 0x%" PRIx64 " is %s", entry,
                       found ? "odd, and instructions are not" : "in no segment with bytes of the file");
    return ERR_OK;
}

static int by_address(const void *a, const void *b)
{
    const struct image_part *x = a, *y = b;
    return (x->address > y->address) - (x->address < y->address);
}

static enum err_code check_overlap(const struct image *image, struct err *err)
{
    for (uint32_t i = 1; i < image->n_parts; i++) {
        const struct image_part *a = &image->parts[i - 1], *b = &image->parts[i];
        if (a->size + a->zeroes > b->address - a->address)
            return err_set(err, ERR_DAMAGED_IMAGE,
                           "the segments at 0x%" PRIx64 " and 0x%" PRIx64 " overlap in memory; link it again",
                           a->address, b->address);
    }
    return ERR_OK;
}

enum err_code elf_read(struct image *image, struct err *err)
{
    if (check_machine(image, err) || check_type(image, err) || read_segments(image, err))
        return err->code;
    qsort(image->parts, image->n_parts, sizeof image->parts[0], by_address);
    const struct image_part *last = &image->parts[image->n_parts - 1];
    image->end = last->address + last->size + last->zeroes;
    image->psw_mask = IMAGE_ELF_PSW_MASK;
    image->takes_arguments = image->psw_address == IMAGE_ARGUMENTS_ENTRY;
    return check_overlap(image, err);
}
