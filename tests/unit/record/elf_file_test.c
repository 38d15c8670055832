// SPDX-License-Identifier: Apache-2.0
// Programs' files: our own as it is, cut at many lengths and with bytes changed. Damage may lose symbols; it
// must not be read beyond the file (the sanitizers see that) nor give an empty or unordered name.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "coordinator/record/elf_file.h"
#include "proto/base/assert.h"
#include "proto/base/rng.h"

#define OWN_MAX (16u << 20)

static uint8_t own[OWN_MAX];
static size_t own_bytes;
static char path[64];

static void write_file(const uint8_t *bytes, size_t n)
{
    FILE *file = fopen(path, "w");
    NP_ASSERT(file);
    fwrite(bytes, 1, n, file);
    fclose(file);
}

// Number of symbols; each is checked.
static size_t read_symbols(const char *name, uint64_t bias, const char *wanted, uint64_t *address)
{
    struct elf_file elf;
    struct err err;
    err_clear(&err);
    CU_ASSERT_EQUAL_FATAL(elf_open(&elf, name, &err), ERR_OK);
    struct trace_symbol *list;
    size_t n;
    elf_symbols(&elf, bias, &list, &n);
    for (size_t i = 0; i < n; i++) {
        CU_ASSERT_TRUE(list[i].name[0] && list[i].bytes > 0);
        CU_ASSERT_TRUE(i == 0 || list[i - 1].address <= list[i].address);
        if (wanted && strcmp(list[i].name, wanted) == 0)
            *address = list[i].address;
    }
    free(list);
    elf_close(&elf);
    return n;
}

static void test_own_program(void)
{
    uint64_t address = 0, moved = 0;
    CU_ASSERT_TRUE(read_symbols("/proc/self/exe", 0, "read_symbols", &address) > 10);
    CU_ASSERT_TRUE(read_symbols("/proc/self/exe", 0x1000, "read_symbols", &moved) > 10);
    CU_ASSERT_TRUE(address > 0 && moved == address + 0x1000);
    struct elf_file elf;
    struct err err;
    err_clear(&err);
    CU_ASSERT_EQUAL(elf_open(&elf, "/proc/self/exe", &err), ERR_OK);
    CU_ASSERT_EQUAL(elf.machine, ELF_X86_64);
    CU_ASSERT_TRUE(elf.dynamic);
    elf_close(&elf);
    CU_ASSERT_EQUAL(elf_open(&elf, "/nonexistent", &err), ERR_FILE);
}

static void test_other_files(void)
{
    struct elf_file elf;
    struct err err;
    static const uint8_t script[] = "#!/bin/sh\n";
    const uint8_t machine[2] = {own[18], own[19]};
    err_clear(&err);
    write_file(script, sizeof script - 1);
    CU_ASSERT_EQUAL(elf_open(&elf, path, &err), ERR_OK);
    CU_ASSERT_EQUAL(elf.machine, ELF_NONE);
    elf_close(&elf);
    write_file(script, 0);
    CU_ASSERT_EQUAL(elf_open(&elf, path, &err), ERR_OK);
    CU_ASSERT_EQUAL(elf.machine, ELF_NONE);
    elf_close(&elf);
    own[18] = 183, own[19] = 0; // an aarch64 program
    write_file(own, own_bytes);
    memcpy(own + 18, machine, 2);
    CU_ASSERT_EQUAL(elf_open(&elf, path, &err), ERR_OK);
    CU_ASSERT_EQUAL(elf.machine, ELF_OTHER);
    elf_close(&elf);
}

static void test_damage(void)
{
    struct rng rng = rng_for(1, 0);
    uint64_t section_table;
    memcpy(&section_table, own + 40, sizeof section_table);
    for (unsigned i = 0; i < 40; i++) {
        write_file(own, rng_below(&rng, own_bytes));
        read_symbols(path, 0, NULL, NULL);
    }
    for (unsigned i = 0; i < 60; i++) { // in the header, or in the table of sections
        uint64_t at =
            i % 2 ? rng_below(&rng, 64) : section_table + rng_below(&rng, own_bytes - section_table);
        uint8_t before = own[at];
        own[at] = (uint8_t)rng_below(&rng, 256);
        write_file(own, own_bytes);
        own[at] = before;
        read_symbols(path, 0, NULL, NULL);
    }
}

int main(void)
{
    FILE *file = fopen("/proc/self/exe", "r");
    NP_ASSERT(file);
    own_bytes = fread(own, 1, sizeof own, file);
    fclose(file);
    NP_ASSERT(own_bytes > 64 && own_bytes < sizeof own);
    snprintf(path, sizeof path, "elf_file_test.%d", (int)getpid());
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("ELF files", NULL, NULL);
    CU_add_test(suite, "own program", test_own_program);
    CU_add_test(suite, "other files", test_other_files);
    CU_add_test(suite, "damage", test_damage);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    unlink(path);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
