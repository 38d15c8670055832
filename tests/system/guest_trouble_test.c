// SPDX-License-Identifier: Apache-2.0
// Guests that do what they should not, each with a partition beside it that must not notice: its digest is
// that of a run beside a guest that ends at once.
#include <CUnit/Basic.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"
#include "proto/base/err.h"
#include "tests/lib/process.h"

#define IMAGE_BYTES 0x2200                       // SCLP takes no block below 0x2000
#define MASK        UINT64_C(0x0000000180000000) // 64 bits, nothing enabled
#define LINE        "time: a: 8000 ns on 4 CPUs.\n"
#define LIMIT       505

static char root[PATH_MAX_BYTES], alone[64];
static const char *numaplex;

static const char *below(const char *name)
{
    static char paths[4][2 * PATH_MAX_BYTES];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", root, name);
    return path;
}

static void put(uint8_t *image, size_t at, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        image[at + i] = (uint8_t)(value >> 8 * (size - 1 - i));
}

static void put_psw(uint8_t *image, size_t at, uint64_t mask, uint64_t address)
{
    put(image, at, mask, 8);
    put(image, at + 8, address, 8);
}

static void put_hex(uint8_t *image, size_t at, const char *hex)
{
    unsigned byte;
    for (; sscanf(hex, "%2x", &byte) == 1; hex += hex[2] ? 3 : 2)
        image[at++] = (uint8_t)byte;
}

static void write_file(const char *name, const void *bytes, size_t size)
{
    FILE *out = fopen(below(name), "w");
    NP_ASSERT(out);
    bool written = fwrite(bytes, 1, size, out) == size;
    int failed = fclose(out);
    NP_ASSERT(written && !failed);
}

// Code at 0x200 where the guest starts, a handler at 0x280 (of program and external interruptions, if there
// is one), and what both may load: PSWs of a clean end at 0x300, of another one at 0x310, of a wait for
// external interruptions at 0x320.
static void write_image(const char *code, const char *handler, uint64_t handler_mask)
{
    uint8_t image[IMAGE_BYTES] = {0};
    put(image, 0, UINT64_C(0x0008000180000200), 8);
    put_hex(image, 0x200, code);
    put_hex(image, 0x280, handler);
    put_psw(image, 0x1a0, MASK, 0x240); // restart
    put_hex(image, 0x240, "a7 f4 00 00");
    put_psw(image, 0x1b0, MASK, 0x280);
    put_psw(image, 0x1d0, handler_mask, handler[0] ? 0x280 : 0);
    put_psw(image, 0x300, MASK | UINT64_C(0x0002000000000000), 0xfff);
    put_psw(image, 0x310, MASK | UINT64_C(0x0002000000000000), 0xbad);
    put_psw(image, 0x320, MASK | UINT64_C(0x0102000000000000), 0);
    put(image, 0x340, 0x200, 8); // control register 0: service signals
    // What SCLP is asked: the event mask, then a line for the ASCII console.
    put_hex(image, 0x2000, "00 1c 00 00 00 00 00 00 00 00 00 04 00 00 00 40 00 00 00 40");
    put_hex(image, 0x2100, "00 2a 00 00 00 00 00 00 00 22 1a 00 00 00");
    memcpy(image + 0x210e, LINE, sizeof LINE - 1);
    write_file("guest.img", image, sizeof image);
}

static void write_scenario(const char *programs)
{
    FILE *out = fopen(below("guest.yaml"), "w");
    NP_ASSERT(out);
    fprintf(out,
            "scenario: trouble\nsystems:\n  - name: s\n    preset: teaching-board\n    boards: [A, B, C]\n"
            "    board: {memory: 64MiB}\n    partitions:\n      - name: P\n        boards: [A, B]\n"
            "        memory: [{size: 128MiB, interleave: 64MiB}]\n        programs:\n%s"
            "      - name: Q\n        boards: [C]\n        programs:\n"
            "          - {on: C/0, generator: random, region: {base: 0, size: 4KiB}, count: 3000}\n",
            programs);
    int failed = fclose(out);
    NP_ASSERT(!failed);
}

static void digest_of_neighbour(const char *name, char digest[64])
{
    char *text = file_content(below(name), "results.json");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    json_t *json = json_loads(text, 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(json);
    const json_t *partition = json_array_get(json_object_get(json, "partitions"), 1);
    snprintf(digest, 64, "%s", json_string_value(json_object_get(partition, "digest")));
    json_decref(json);
    free(text);
}

static const char *until = "200us"; // of the runs that follow

// Runs the scenario; `says` is in what it prints, and with it the status.
static void expect(const char *name, int status, const char *says, const char *option, const char *value)
{
    const char *argv[] = {numaplex, "run", below("guest.yaml"), "-o", below(name), "--until", until, option,
                          value,    NULL};
    char beside[64];
    struct test_process p = process_run_list(numaplex, argv);
    bool said = strstr(p.out, says) || strstr(p.err, says);
    CU_ASSERT_EQUAL(p.status, status);
    CU_ASSERT_TRUE(said);
    if (p.status != status || !said)
        printf("\n  %s: status %d, expected %d '%s'\n%s%s", name, p.status, status, says, p.out, p.err);
    process_free(&p);
    digest_of_neighbour(name, beside);
    if (!alone[0])
        strcpy(alone, beside);
    CU_ASSERT_STRING_EQUAL(alone, beside);
}

#define GUEST_ON(cpus) "          - {on: " cpus ", load: guest.img}\n"

// First, because the others are compared with it.
static void test_nothing_wrong(void)
{
    write_scenario(GUEST_ON("[A/0, B/0]"));
    write_image("b2 b2 03 00", "", 0);
    expect("good", 0, "ended clean at ", NULL, NULL);
}

// stg %r1,0(%r1) at 4 GiB. The guest's own handler finds code 5 and length 6, and an old PSW behind the
// instruction.
static void test_addressing_exception(void)
{
    static const char store[] = "a5 1d 00 01 e3 10 10 00 00 24";
    write_image(
        store,
        "e5 55 00 8e 00 05 a7 74 00 0e 95 06 00 8d a7 74 00 0a e5 5d 01 5c 02 0a a7 74 00 05 b2 b2 03 00 "
        "00 00 b2 b2 03 10",
        MASK);
    expect("handled", 0, "ended clean at ", NULL, NULL);
    // New PSWs of zeros lead to 0, where there is no instruction.
    write_image(store, "", 0);
    expect("unhandled", EXIT_CLASS_CHECK, "the guest failed: program interruption loop on CPU 0, PSW 0x0",
           NULL, NULL);
}

static void test_recursive(void)
{
    write_image("00 00", "00 00", MASK); // the handler itself begins with no instruction
    expect("recursive", EXIT_CLASS_CHECK,
           "program interruption loop on CPU 0, PSW 0x0000000180000000 0x0000000000000282", NULL, NULL);
    write_image("00 00", "b2 b2 03 00", UINT64_C(0x0008000180000000)); // bit 12 makes an invalid PSW
    expect("invalid-psw", EXIT_CLASS_CHECK, "program interruption loop on CPU 0", NULL, NULL);
}

// lghi %r3,CPU; sigp %r2,%r3,stop; jo: condition code 3.
static void test_no_such_cpu(void)
{
    write_image("a7 39 00 33 ae 23 00 05 a7 14 00 04 b2 b2 03 10 b2 b2 03 00", "", 0);
    expect("sigp", 0, "ended clean at ", NULL, NULL);
    write_image("a7 39 ff ff ae 23 00 06 a7 14 00 04 b2 b2 03 10 b2 b2 03 00", "", 0);
    expect("sigp-far", 0, "ended clean at ", NULL, NULL);
}

// Both CPUs loop with all disabled, each elsewhere.
static void test_loops(void)
{
    write_image("a7 39 00 01 ae 23 00 06 a7 f4 00 00", "", 0);
    expect("loops", 0, "running, PSW 0000000180000000 0000000000000208", NULL, NULL);
    char *text = file_content(below("loops"), "results.json");
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"0x0000000000000208\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"0x0000000000000240\""));
    free(text);
}

// Asks SCLP again at each service signal. The console is cut at its limit, with a word, and the run goes on.
static void test_endless_console(void)
{
    static const char cut[] =
        "\n[numaplex: the text is cut here, after 505 bytes; --text-limit keeps more]\n";
    write_image("eb 00 03 40 00 2f c0 1f 00 78 00 05 a5 2f 20 00 b2 20 00 12 b2 b2 03 20",
                "c0 1f 00 76 00 05 a5 2f 21 00 b2 20 00 12 b2 b2 03 20", MASK);
    expect("endless", 0, "still running at the end", "--text-limit", "505B");
    char *text = file_content(below("endless"), "console-P.txt");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_EQUAL(strlen(text), LIMIT + strlen(cut));
    CU_ASSERT_EQUAL(strncmp(text, LINE LINE, 2 * sizeof LINE - 2), 0);
    CU_ASSERT_STRING_EQUAL(strlen(text) > LIMIT ? text + LIMIT : "", cut);
    free(text);
    text = file_content(below("endless"), "results.json");
    json_t *json = text ? json_loads(text, 0, NULL) : NULL, *times = NULL;
    CU_ASSERT_EQUAL(json_unpack(json, "{s:[{s:{s:o}}, *]}", "partitions", "guest", "times", &times), 0);
    CU_ASSERT_EQUAL(json_array_size(times), 1);
    json_t *region = json_array_get(times, 0);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(region, "name")), "a");
    CU_ASSERT_EQUAL(json_number_value(json_object_get(region, "us")), 8);
    CU_ASSERT_EQUAL(json_array_size(json_object_get(region, "on")), 1);
    json_decref(json);
    free(text);
}

// Arguments that do not fit the machine: the guest says so itself.
static void test_arguments(void)
{
    static const struct {
        const char *name, *arguments, *says;
    } cases[] = {
        {"boards", "boards=4 place=far spread",
         "FAILED: board 2 has no storage at 8000000: slice= and boards= do"},
        {"slice", "boards=2 slice=4G place=far", "FAILED: board 1 has no storage at 100000000"},
        {"cpus", "cpus=5", "FAILED: "},
        {"word", "board=2", "FAILED: "},
    };
    if (!file_exists(test_program("guests"), "zarch/chase.elf")) {
        printf("(skipped: guests are not built) ");
        return;
    }
    until = "20ms"; // a word that nothing asks for shows at the end of the guest
    for (size_t i = 0; i < NP_ARRAY_LEN(cases); i++) {
        char programs[256];
        snprintf(programs, sizeof programs,
                 "          - {on: {spread: 4}, load: guests/chase.elf, arguments: \"size=64 %s\"}\n",
                 cases[i].arguments);
        write_scenario(programs);
        expect(cases[i].name, EXIT_CLASS_CHECK, "  console      ends: FAILED: ", "--nodes", "1");
        char *text = file_content(below(cases[i].name), "console-P.txt");
        CU_ASSERT_TRUE(text && strstr(text, cases[i].says));
        if (text && !strstr(text, cases[i].says))
            printf("\n  %s: expected '%s', console\n%s", cases[i].name, cases[i].says, text);
        free(text);
    }
}

// An ELF image for s390x of one or two pieces of a page, with `bytes` in storage each.
static void write_elf(unsigned machine, uint64_t second, uint64_t bytes)
{
    uint8_t image[0x3000] = {0};
    put_hex(image, 0, "7f 45 4c 46 02 02 01");
    put(image, 16, 2, 2);
    put(image, 18, machine, 2);
    put(image, 20, 1, 4);
    put(image, 24, 0x10000, 8);
    put(image, 32, 64, 8);
    put(image, 52, 64, 2);
    put(image, 54, 56, 2);
    put(image, 56, second ? 2 : 1, 2);
    for (unsigned i = 0; i < 2; i++) {
        size_t at = 64 + 56 * i;
        uint64_t where = i ? second : 0x10000;
        put(image, at, 1, 4);
        put(image, at + 4, 7, 4);
        put(image, at + 8, 0x1000 + 0x1000 * i, 8);
        put(image, at + 16, where, 8);
        put(image, at + 24, where, 8);
        put(image, at + 32, 0x1000, 8);
        put(image, at + 40, bytes, 8);
        put(image, at + 48, 0x1000, 8);
    }
    write_file("guest.img", image, sizeof image);
}

// Refused before anything is made, with file, line and field.
static void refuse(enum err_code code, const char *says)
{
    struct test_process p = process_run(numaplex, "run", below("guest.yaml"), "-o", below("refused"));
    bool good = p.status == err_exit_status(code) && strstr(p.err, err_id(code)) && strstr(p.err, says) &&
                strstr(p.err, "guest.yaml:1") && strstr(p.err, "systems[0].partitions[0].programs[");
    CU_ASSERT_TRUE(good);
    if (!good)
        printf("\n  expected %s '%s': %d %s", err_id(code), says, p.status, p.err);
    CU_ASSERT_FALSE(file_exists(root, "refused"));
    process_free(&p);
}

static void test_refused(void)
{
    enum { S390 = 22, X86_64 = 62 };
    write_scenario(GUEST_ON("A/0"));
    write_elf(X86_64, 0, 0x1000);
    refuse(ERR_IMAGE, "s390x");
    write_elf(S390, 0x10800, 0x1000);
    refuse(ERR_DAMAGED_IMAGE, "overlap");
    write_elf(S390, 0, UINT64_C(1) << 40);
    refuse(ERR_IMPOSSIBLE_MACHINE, "0x7ffffff; give the partition more memory");
    write_elf(S390, 0x20000, 0x1000);
    write_scenario(GUEST_ON("A/0") GUEST_ON("B/0"));
    refuse(ERR_IMPOSSIBLE_MACHINE, "partition P has a guest already; name all its CPUs in one entry");
    write_scenario(GUEST_ON("{first: 5}"));
    refuse(ERR_IMPOSSIBLE_MACHINE, "partition P has only 4 CPUs; ask for fewer");
}

int main(void)
{
    test_folder_make(root);
    numaplex = test_program("numaplex");
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("guests in trouble", NULL, NULL);
    CU_ADD_TEST(suite, test_nothing_wrong);
    CU_ADD_TEST(suite, test_addressing_exception);
    CU_ADD_TEST(suite, test_recursive);
    CU_ADD_TEST(suite, test_no_such_cpu);
    CU_ADD_TEST(suite, test_loops);
    CU_ADD_TEST(suite, test_endless_console);
    CU_ADD_TEST(suite, test_arguments);
    CU_ADD_TEST(suite, test_refused);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    test_folder_remove(root);
    return failures != 0;
}
