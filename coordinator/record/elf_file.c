// SPDX-License-Identifier: Apache-2.0
#include "coordinator/record/elf_file.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/trace/trace_writer.h"

// A field of a structure of the file, whatever its size and byte order.
#define FIELD(elf, at, type, name) number((elf), (at) + offsetof(type, name), sizeof(((type *)NULL)->name))

// The caller has checked that it lies in the file.
static uint64_t number(const struct elf_file *elf, uint64_t at, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)elf->bytes[at + i] << 8 * (elf->swap ? size - 1 - i : i);
    return value;
}

// A table of `n` entries lies in the file.
static bool lies_in(const struct elf_file *elf, uint64_t at, uint64_t n, uint64_t entry)
{
    return at <= elf->size && n <= (elf->size - at) / entry;
}

static enum elf_machine machine_of(uint64_t number)
{
    return number == EM_X86_64 ? ELF_X86_64 : number == EM_S390 ? ELF_S390X : ELF_OTHER;
}

static void read_header(struct elf_file *elf)
{
    if (elf->size < SELFMAG || memcmp(elf->bytes, ELFMAG, SELFMAG) != 0)
        return;
    elf->machine = ELF_OTHER;
    if (elf->size < sizeof(Elf64_Ehdr) || elf->bytes[EI_CLASS] != ELFCLASS64)
        return;
    elf->swap = elf->bytes[EI_DATA] == ELFDATA2MSB;
    elf->machine = machine_of(FIELD(elf, 0, Elf64_Ehdr, e_machine));
    uint64_t at = FIELD(elf, 0, Elf64_Ehdr, e_phoff), n = FIELD(elf, 0, Elf64_Ehdr, e_phnum);
    if (!lies_in(elf, at, n, sizeof(Elf64_Phdr)))
        return;
    elf->start_code = UINT64_MAX;
    for (uint64_t i = 0; i < n; i++, at += sizeof(Elf64_Phdr)) {
        uint64_t type = FIELD(elf, at, Elf64_Phdr, p_type), start = FIELD(elf, at, Elf64_Phdr, p_vaddr);
        elf->dynamic = elf->dynamic || type == PT_INTERP;
        if (type == PT_LOAD && (FIELD(elf, at, Elf64_Phdr, p_flags) & PF_X) && start < elf->start_code)
            elf->start_code = start;
    }
}

enum err_code elf_open(struct elf_file *elf, const char *path, struct err *err)
{
    *elf = (struct elf_file){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    if (fd < 0 || fstat(fd, &status)) {
        err_errno(err, ERR_FILE, "%s: cannot be read", path);
        if (fd >= 0)
            close(fd);
        return err->code;
    }
    if (status.st_size > 0) {
        void *at = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (at == MAP_FAILED)
            err_errno(err, ERR_FILE, "%s: cannot be read", path);
        else
            elf->bytes = at;
    }
    close(fd);
    if (elf->bytes) {
        elf->size = (size_t)status.st_size;
        read_header(elf);
    }
    return err->code;
}

void elf_close(struct elf_file *elf)
{
    if (elf->bytes)
        munmap((void *)(uintptr_t)elf->bytes, elf->size);
    *elf = (struct elf_file){0};
}

struct section {
    uint64_t type, offset, size, link;
};

static bool read_section(const struct elf_file *elf, uint64_t index, struct section *section)
{
    uint64_t at = FIELD(elf, 0, Elf64_Ehdr, e_shoff), n = FIELD(elf, 0, Elf64_Ehdr, e_shnum);
    if (index >= n || !lies_in(elf, at, n, sizeof(Elf64_Shdr)))
        return false;
    at += index * sizeof(Elf64_Shdr);
    *section = (struct section){FIELD(elf, at, Elf64_Shdr, sh_type), FIELD(elf, at, Elf64_Shdr, sh_offset),
                                FIELD(elf, at, Elf64_Shdr, sh_size), FIELD(elf, at, Elf64_Shdr, sh_link)};
    return true;
}

// The full table of symbols, or, when the program is stripped, that of the dynamic loader.
static bool find_symbols(const struct elf_file *elf, struct section *symbols, struct section *names)
{
    for (uint64_t wanted = SHT_SYMTAB;; wanted = SHT_DYNSYM) {
        for (uint64_t i = 0; read_section(elf, i, symbols); i++)
            if (symbols->type == wanted && read_section(elf, symbols->link, names) &&
                lies_in(elf, symbols->offset, symbols->size, 1) &&
                lies_in(elf, names->offset, names->size, 1))
                return true;
        if (wanted == SHT_DYNSYM)
            return false;
    }
}

static bool read_symbol(const struct elf_file *elf, uint64_t at, const struct section *names, uint64_t bias,
                        struct trace_symbol *symbol)
{
    uint64_t type = ELF64_ST_TYPE(FIELD(elf, at, Elf64_Sym, st_info));
    uint64_t name = FIELD(elf, at, Elf64_Sym, st_name), size = FIELD(elf, at, Elf64_Sym, st_size);
    uint64_t value = FIELD(elf, at, Elf64_Sym, st_value);
    if ((type != STT_FUNC && type != STT_OBJECT) || size == 0 || name >= names->size ||
        FIELD(elf, at, Elf64_Sym, st_shndx) == SHN_UNDEF || value + bias > UINT64_MAX - size)
        return false;
    const char *text = (const char *)elf->bytes + names->offset + name;
    size_t length = strnlen(text, names->size - name);
    *symbol = (struct trace_symbol){.address = value + bias, .bytes = size};
    snprintf(symbol->name, sizeof symbol->name, "%.*s", (int)(length < 1000 ? length : 1000), text);
    return symbol->name[0] != '\0';
}

static int by_address(const void *a, const void *b)
{
    const struct trace_symbol *one = a, *other = b;
    if (one->address != other->address)
        return one->address < other->address ? -1 : 1;
    return strcmp(one->name, other->name);
}

void elf_symbols(const struct elf_file *elf, uint64_t bias, struct trace_symbol **list, size_t *n)
{
    *list = NULL;
    *n = 0;
    struct section symbols, names;
    if (elf->machine == ELF_NONE || elf->size < sizeof(Elf64_Ehdr) || !find_symbols(elf, &symbols, &names))
        return;
    uint64_t most = symbols.size / sizeof(Elf64_Sym);
    if (most > TRACE_SYMBOLS_MAX)
        most = TRACE_SYMBOLS_MAX;
    struct trace_symbol *made = calloc(most + 1, sizeof *made);
    if (!made)
        return; // names are for people; a recording does without them
    for (uint64_t i = 0; i < most; i++)
        *n += read_symbol(elf, symbols.offset + i * sizeof(Elf64_Sym), &names, bias, &made[*n]);
    qsort(made, *n, sizeof *made, by_address);
    *list = made;
}
