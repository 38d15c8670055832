// SPDX-License-Identifier: Apache-2.0
#include "tests/isa/batch.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "proto/base/assert.h"
#include "proto/base/big_endian.h"

static enum err_code read_harness(uint8_t *memory, const char *path, struct err *err)
{
    FILE *file = fopen(path, "rbe");
    if (!file)
        return err_errno(err, ERR_FILE, "%s", path);
    size_t n = fread(memory + ENTRY, 1, SLOTS_AT - ENTRY, file);
    fclose(file);
    if (n <= HEADER_CRS_AT - ENTRY)
        return err_set(err, ERR_FILE, "%s: too short to be the harness; build it again", path);
    return ERR_OK;
}

enum err_code batch_open(struct isa_batch *batch, const char *harness, struct err *err)
{
    *batch = (struct isa_batch){0};
    void *memory =
        mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return err_errno(err, ERR_MEMORY, "memory of a batch");
    batch->memory = memory;
    batch->cases = calloc(CASES_MAX, sizeof *batch->cases);
    if (!batch->cases) {
        batch_close(batch);
        return err_set(err, ERR_MEMORY, "cases of a batch");
    }
    enum err_code code = read_harness(batch->memory, harness, err);
    if (code)
        batch_close(batch);
    return code;
}

void batch_close(struct isa_batch *batch)
{
    if (batch->memory)
        munmap(batch->memory, MEMORY_BYTES);
    free(batch->cases);
    *batch = (struct isa_batch){0};
}

void batch_clear(struct isa_batch *batch)
{
    int failed = madvise(batch->memory + SLOTS_AT, MEMORY_BYTES - SLOTS_AT, MADV_DONTNEED);
    NP_ASSERT(!failed);
    batch->n_cases = batch->n_slots = 0;
}

void batch_set_work(struct isa_batch *batch, const uint8_t work[WORK_BYTES], const uint8_t guard[GUARD_BYTES])
{
    memcpy(batch->memory + WORK_AT, work, WORK_BYTES);
    memcpy(batch->memory + PRISTINE_AT, work, WORK_BYTES);
    memcpy(batch->memory + GUARD_AT, guard, GUARD_BYTES);
    memcpy(batch->memory + PRISTINE_AT + WORK_BYTES, guard, GUARD_BYTES);
}

uint32_t batch_add_slot(struct isa_batch *batch, const uint8_t *insn, unsigned length,
                        const uint8_t target[6])
{
    NP_ASSERT(batch->n_slots < CASES_MAX);
    uint8_t *slot = batch->memory + SLOTS_AT + (size_t)batch->n_slots * SLOT_BYTES;
    for (unsigned i = 0; i < SLOT_BYTES; i += 2)
        put16(slot + i, 0x0a00 | CATCHER);
    memcpy(slot + SLOT_INSN, insn, length);
    memcpy(slot + SLOT_TARGET, target, 6);
    return batch->n_slots++;
}

static void put_case(uint8_t *at, const struct isa_case *test)
{
    put64(at + CASE_PSW, test->psw_mask);
    put64(at + CASE_PSW + 8, test->psw_address);
    put32(at + CASE_FLAGS, test->flags);
    put32(at + CASE_FPC, test->fpc);
    put64(at + CASE_CR0, test->cr0);
    for (unsigned i = 0; i < 16; i++) {
        put32(at + CASE_AR + 4 * (size_t)i, test->ar[i]);
        put64(at + CASE_GR + 8 * (size_t)i, test->gr[i]);
        put64(at + CASE_FPR + 8 * (size_t)i, test->fpr[i]);
    }
    put32(at + CASE_SLOT, test->slot);
}

void batch_add(struct isa_batch *batch, const struct isa_case *test)
{
    NP_ASSERT(batch->n_cases < CASES_MAX && test->slot < batch->n_slots);
    put_case(batch->memory + CASES_AT + (size_t)batch->n_cases * CASE_BYTES, test);
    batch->cases[batch->n_cases++] = *test;
    put64(batch->memory + HEADER_AT, batch->n_cases);
}

uint64_t batch_done(const uint8_t *memory)
{
    return get64(memory + HEADER_AT + 8);
}

struct segment {
    uint64_t at, bytes;
};

static Elf64_Ehdr elf_header(unsigned segments)
{
    Elf64_Ehdr header = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2MSB, EV_CURRENT}};
    header.e_type = __builtin_bswap16(ET_EXEC);
    header.e_machine = __builtin_bswap16(EM_S390);
    header.e_version = __builtin_bswap32(EV_CURRENT);
    header.e_entry = __builtin_bswap64(ENTRY);
    header.e_phoff = __builtin_bswap64(sizeof header);
    header.e_ehsize = __builtin_bswap16(sizeof header);
    header.e_phentsize = __builtin_bswap16(sizeof(Elf64_Phdr));
    header.e_phnum = __builtin_bswap16((uint16_t)segments);
    return header;
}

static Elf64_Phdr program_header(const struct segment *segment, uint64_t offset)
{
    Elf64_Phdr header = {.p_type = __builtin_bswap32(PT_LOAD),
                         .p_flags = __builtin_bswap32(PF_R | PF_W | PF_X)};
    header.p_offset = __builtin_bswap64(offset);
    header.p_vaddr = header.p_paddr = __builtin_bswap64(segment->at);
    header.p_filesz = header.p_memsz = __builtin_bswap64(segment->bytes);
    header.p_align = __builtin_bswap64(16);
    return header;
}

enum err_code batch_write_elf(const struct isa_batch *batch, const char *path, struct err *err)
{
    const struct segment segments[] = {
        {ENTRY, HEADER_CRS_AT + 128 - ENTRY},
        {SLOTS_AT, (uint64_t)batch->n_slots * SLOT_BYTES},
        {WORK_AT, WORK_BYTES},
        {PRISTINE_AT, WORK_BYTES + GUARD_BYTES},
        {CASES_AT, (uint64_t)batch->n_cases * CASE_BYTES},
        {GUARD_AT, GUARD_BYTES},
    };
    const unsigned n = sizeof segments / sizeof segments[0];
    FILE *file = fopen(path, "wbe");
    if (!file)
        return err_errno(err, ERR_FILE, "%s", path);
    Elf64_Ehdr header = elf_header(n);
    fwrite(&header, sizeof header, 1, file);
    uint64_t offset = sizeof header + n * sizeof(Elf64_Phdr);
    for (unsigned i = 0; i < n; i++) {
        Elf64_Phdr program = program_header(&segments[i], offset);
        fwrite(&program, sizeof program, 1, file);
        offset += segments[i].bytes;
    }
    for (unsigned i = 0; i < n; i++)
        fwrite(batch->memory + segments[i].at, 1, segments[i].bytes, file);
    bool failed = ferror(file);
    if (fclose(file) || failed)
        return err_errno(err, ERR_FILE, "%s", path);
    return ERR_OK;
}
