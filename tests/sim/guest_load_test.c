// SPDX-License-Identifier: Apache-2.0
// A guest's image lies in the memory of its homes before time 0, wherever addresses are interleaved, and CPU
// address 0 starts with its PSW. CPUs with scripts, on all boards, look at every word of it.
#include <CUnit/Basic.h>
#include <elf.h>
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "coordinator/machine/scenario.h"
#include "proto/base/assert.h"
#include "tests/lib/mini_complex.h"
#include "tests/lib/whole_run.h"

enum { FIRST_BYTES = 328, SECOND_BYTES = 200, SECOND = 0x10c18, HEADERS = 256 };

static char path[64] = "/tmp/np-guest-XXXXXX";
static uint8_t file[HEADERS + FIRST_BYTES + SECOND_BYTES];
static struct scenario scenario;

static void segment(Elf64_Phdr *h, uint64_t offset, uint64_t address, uint64_t size, uint64_t memory)
{
    *h = (Elf64_Phdr){.p_type = htobe32(PT_LOAD),
                      .p_offset = htobe64(offset),
                      .p_vaddr = htobe64(address),
                      .p_paddr = htobe64(address),
                      .p_filesz = htobe64(size),
                      .p_memsz = htobe64(memory)};
}

// Begins with LPSWE of a disabled wait at 0xfff, which a third segment holds; else random bytes. The second
// segment begins within a line.
static void write_image(void)
{
    static const uint8_t code[] = {0xb2, 0xb2, 0x02, 0x00}; // LPSWE 0x200
    static const uint8_t psw[] = {0, 2, 0, 1, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0f, 0xff};
    struct rng rng = rng_for(1, 1);
    Elf64_Ehdr head = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2MSB, EV_CURRENT},
                       .e_type = htobe16(ET_EXEC),
                       .e_machine = htobe16(EM_S390),
                       .e_entry = htobe64(0x10000),
                       .e_phoff = htobe64(sizeof head),
                       .e_phentsize = htobe16(sizeof(Elf64_Phdr)),
                       .e_phnum = htobe16(3)};
    Elf64_Phdr segments[3];
    segment(&segments[0], HEADERS, 0x10000, FIRST_BYTES, FIRST_BYTES);
    segment(&segments[1], HEADERS + FIRST_BYTES, SECOND, SECOND_BYTES, 0x1000);
    segment(&segments[2], HEADERS + 16, 0x200, sizeof psw, sizeof psw);
    for (size_t i = 0; i < sizeof file; i++)
        file[i] = (uint8_t)rng_next(&rng);
    memcpy(file, &head, sizeof head);
    memcpy(file + sizeof head, segments, sizeof segments);
    memcpy(file + HEADERS, code, sizeof code);
    memcpy(file + HEADERS + 16, psw, sizeof psw);
    FILE *out = fopen(path, "w");
    NP_ASSERT(out);
    NP_ASSERT(fwrite(file, 1, sizeof file, out) == sizeof file && fclose(out) == 0);
}

static void check_words(FILE *out, uint64_t address, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i += 8) {
        uint64_t word; // as a CPU of our byte order sees it
        memcpy(&word, (const char *)bytes + i, sizeof word);
        fprintf(out, "              load r0, 0x%llx\n              check r0 == 0x%llx\n",
                (unsigned long long)(address + i), (unsigned long long)word);
    }
}

static void put_script(FILE *out, const char *cpu, const char *arguments)
{
    char line[64] = "";
    snprintf(line, sizeof line, "%s", arguments);
    fprintf(out, "          - on: %s\n            script: |\n", cpu);
    check_words(out, 0x10000, file + HEADERS, FIRST_BYTES);
    check_words(out, SECOND, file + HEADERS + FIRST_BYTES, SECOND_BYTES);
    check_words(out, 0x10480, line, sizeof line);
    check_words(out, SECOND + SECOND_BYTES, (uint64_t[4]){0}, 32); // zero beyond the file's bytes
    check_words(out, 0, (uint64_t[4]){0}, 32);
}

static void read_scenario(const char *granule)
{
    char *text = NULL;
    size_t size;
    struct err err;
    FILE *out = open_memstream(&text, &size);
    NP_ASSERT(out);
    fprintf(out,
            "scenario: load\nsystems:\n  - name: s\n    preset: teaching-board\n    boards: [A, B, C, D]\n"
            "    partitions:\n      - name: P\n        boards: all\n"
            "        memory: [{size: 1MiB, interleave: %s}]\n        programs:\n"
            "          - {on: [C/0, A/0], load: %s, arguments: cpus=2 of \"three\"}\n",
            granule, path);
    put_script(out, "A/1", "cpus=2 of \"three\"");
    put_script(out, "[C/1, D/1]", "cpus=2 of \"three\"");
    fclose(out);
    scenario_free(&scenario);
    if (scenario_read_text(text, size, "load", &scenario, &err))
        np_panic("%s", err.text);
    free(text);
}

static void test_words(void)
{
    static const char *const granules[] = {"line", "page", "1KiB"};
    struct board_results *results = calloc(1, sizeof *results);
    NP_ASSERT(results);
    for (size_t i = 0; i < NP_ARRAY_LEN(granules); i++) {
        struct mini_complex complex;
        struct err err;
        char why[256];
        read_scenario(granules[i]);
        CU_ASSERT_EQUAL_FATAL(mini_open(&complex, &scenario.machine, NULL, &err), ERR_OK);
        CU_ASSERT_TRUE(mini_run(&complex, SIM_NEVER));
        mini_failure(&complex, why, sizeof why);
        CU_ASSERT_STRING_EQUAL(why, "");
        CU_ASSERT_EQUAL(mini_counter(&complex, CNT_CHECKS), 3 * (FIRST_BYTES + SECOND_BYTES + 128) / 8);
        board_results(complex.boards[2], results);
        CU_ASSERT_EQUAL(results->guest[0].end, GUEST_ENDED);
        CU_ASSERT_EQUAL(results->guest[0].psw_address, 0xfff);
        CU_ASSERT_EQUAL(results->guest[0].instructions, 1);
        CU_ASSERT_EQUAL(results->guest[1].end, GUEST_NONE);
        board_results(complex.boards[0], results);
        CU_ASSERT_EQUAL(results->guest[0].end, GUEST_STOPPED);
        CU_ASSERT_EQUAL(results->guest[0].instructions, 0);
        mini_close(&complex);
    }
    free(results);
}

// Saved at the first grant, and continued in boards that have loaded the image again.
static void test_saved(void)
{
    struct whole_result whole, continued;
    read_scenario("line");
    whole_run(&scenario.machine, &(struct whole_options){.threads = 1}, &whole);
    whole_run(&scenario.machine, &(struct whole_options){.threads = 2, .save_at = 1, .threads_after_save = 1},
              &continued);
    CU_ASSERT_TRUE(memcmp(&whole.digest, &continued.digest, sizeof whole.digest) == 0);
    CU_ASSERT_STRING_EQUAL(continued.first_failure, "");
}

static void test_refused(void)
{
    struct mini_complex complex;
    struct err err;
    read_scenario("page");
    scenario.machine.partitions[0].segments[0].size = 0x10000;
    CU_ASSERT_EQUAL(mini_open(&complex, &scenario.machine, NULL, &err), ERR_IMPOSSIBLE_MACHINE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "board A: /tmp/np-guest-"));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "needs real addresses up to"));
    unlink(path);
    CU_ASSERT_EQUAL(mini_open(&complex, &scenario.machine, NULL, &err), ERR_FILE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "board A: /tmp/np-guest-"));
}

int main(void)
{
    int fd = mkstemp(path);
    NP_ASSERT(fd >= 0);
    close(fd);
    write_image();
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("loading of guests", NULL, NULL);
    CU_add_test(suite, "every word", test_words);
    CU_add_test(suite, "saved and continued", test_saved);
    CU_add_test(suite, "refused", test_refused);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    scenario_free(&scenario);
    unlink(path);
    return failures != 0;
}
