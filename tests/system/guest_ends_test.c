// SPDX-License-Identifier: Apache-2.0
// Guests that end well, badly or not at all, in real processes: exit status, words and results; and the
// partition beside them, which goes on as if nothing were.
#include <CUnit/Basic.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"
#include "proto/base/err.h"
#include "tests/lib/process.h"

#define IMAGE_BYTES 1024
#define LPSWE_0X300 0xb2b20300u
#define JUMP_SELF   0xa7f40000u
#define NOTHING     0x00000000u // no instruction

static char root[PATH_MAX_BYTES];
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

// A flat image that begins at 0x200 with `code`, has a PSW at 0x300, and program interruptions that lead to
// the beginning again.
static void write_image(uint32_t code, uint64_t psw_mask, uint64_t psw_address)
{
    uint8_t image[IMAGE_BYTES] = {0};
    put(image, 0, UINT64_C(0x0008000180000200), 8);
    put(image, 0x1d0, UINT64_C(0x0000000180000000), 8);
    put(image, 0x1d8, 0x200, 8);
    put(image, 0x200, code, 4);
    put(image, 0x300, psw_mask, 8);
    put(image, 0x308, psw_address, 8);
    FILE *out = fopen(below("guest.img"), "w");
    NP_ASSERT(out);
    bool written = fwrite(image, 1, sizeof image, out) == sizeof image;
    bool closed = fclose(out) == 0;
    NP_ASSERT(written && closed);
}

// Two boards with the guest, one with a generator.
static void write_scenario(void)
{
    FILE *out = fopen(below("guests.yaml"), "w");
    NP_ASSERT(out);
    fputs("scenario: guests\nsystems:\n  - name: s\n    preset: teaching-board\n    boards: [A, B, C]\n"
          "    partitions:\n      - name: P\n        boards: [A, B]\n        programs:\n"
          "          - {on: [B/1, A/0], load: guest.img}\n"
          "      - name: Q\n        boards: [C]\n        programs:\n"
          "          - {on: C/0, generator: random, region: {base: 0, size: 4KiB}, count: 3000}\n",
          out);
    bool closed = fclose(out) == 0;
    NP_ASSERT(closed);
}

static struct test_process run(const char *name, const char *option, const char *value)
{
    const char *argv[] = {numaplex, "run", below("guests.yaml"), "-o", below(name), option, value, NULL};
    return process_run_list(numaplex, argv);
}

static json_t *load_results(const char *name)
{
    char *text = file_content(below(name), "results.json");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    json_t *json = json_loads(text, 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(json);
    free(text);
    return json;
}

// How P's guest ended, and the PSW of its CPU address 0 (NULL: whatever it is).
static void expect_guest(const char *name, const char *end, const char *psw_address)
{
    json_t *json = load_results(name);
    const json_t *partition = json_array_get(json_object_get(json, "partitions"), 0);
    const json_t *guest = json_object_get(partition, "guest");
    const json_t *cpu = json_array_get(json_object_get(guest, "cpus"), 0);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(guest, "end")), end);
    // An interrupted run may have been interrupted at its beginning.
    CU_ASSERT_TRUE(strcmp(end, "running") == 0 ||
                   json_integer_value(json_object_get(partition, "end_ps")) > 0);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(cpu, "board")), "B");
    const char *address = json_string_value(json_object_get(json_object_get(cpu, "psw"), "address"));
    CU_ASSERT_TRUE(!psw_address || strcmp(address, psw_address) == 0);
    json_decref(json);
}

static void copy_digest(const char *name, char digest[64])
{
    json_t *json = load_results(name);
    const json_t *partition = json_array_get(json_object_get(json, "partitions"), 1);
    snprintf(digest, 64, "%s", json_string_value(json_object_get(partition, "digest")));
    json_decref(json);
}

// In several processes and in one; the same digest.
static void test_clean(void)
{
    write_image(LPSWE_0X300, UINT64_C(0x0002000180000000), 0xfff);
    struct test_process p = run("clean", NULL, NULL);
    CU_ASSERT_EQUAL(p.status, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.out, "guest.img, z196, full timing: ended clean at "));
    process_free(&p);
    expect_guest("clean", "clean", "0x0000000000000fff");
    p = run("packed", "--nodes", "1");
    CU_ASSERT_EQUAL(p.status, 0);
    process_free(&p);
    p = process_run(numaplex, "digest", "--diff", below("clean"), below("packed"));
    CU_ASSERT_EQUAL(p.status, 0);
    process_free(&p);
}

static void test_failures(void)
{
    static const struct {
        const char *name;
        uint32_t code;
        uint64_t mask, address;
        const char *end, *psw, *says, *shows;
    } cases[] = {
        {"dead", LPSWE_0X300, UINT64_C(0x0002000180000000), 0xdead, "failed", "0x000000000000dead",
         "partition P: the guest failed: disabled wait on CPU 0, PSW 0x0002000180000000 0x000000000000dead",
         "FAILED; the last CPU ended at"},
        {"wait", LPSWE_0X300, UINT64_C(0x0102000180000000), 0xfff, "stuck", "0x0000000000000fff",
         "partition P: the guest waits for ever: enabled wait on CPU 0", "STUCK at"},
        {"recursive", NOTHING, 0, 0, "failed", NULL,
         "partition P: the guest failed: program interruption loop on CPU 0", "program interruption loop"},
    };
    char alone[64], beside[64];
    copy_digest("clean", alone);
    for (size_t i = 0; i < NP_ARRAY_LEN(cases); i++) {
        write_image(cases[i].code, cases[i].mask, cases[i].address);
        struct test_process p = run(cases[i].name, NULL, NULL);
        CU_ASSERT_EQUAL(p.status, EXIT_CLASS_CHECK);
        CU_ASSERT_PTR_NOT_NULL(strstr(p.err, "NP0705"));
        CU_ASSERT_PTR_NOT_NULL(strstr(p.err, cases[i].says));
        CU_ASSERT_PTR_NOT_NULL(strstr(p.out, cases[i].shows));
        if (!strstr(p.err, cases[i].says))
            printf("\n  %s: %s%s", cases[i].name, p.out, p.err);
        process_free(&p);
        expect_guest(cases[i].name, cases[i].end, cases[i].psw);
        CU_ASSERT_TRUE(file_exists(below(cases[i].name), "digest"));
        copy_digest(cases[i].name, beside);
        CU_ASSERT_STRING_EQUAL(alone, beside);
    }
}

static void test_end_of_time(void)
{
    write_image(JUMP_SELF, 0, 0);
    struct test_process p = run("until", "--until", "200us");
    CU_ASSERT_EQUAL(p.status, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.out, "still running at the end, at 200.0 us"));
    CU_ASSERT_PTR_NOT_NULL(strstr(p.out, "running, PSW 0000000180000000 0000000000000200"));
    process_free(&p);
    expect_guest("until", "running", "0x0000000000000200");
}

static bool has_begun(const char *name)
{
    char *log = file_content(below(name), "log");
    bool begun = log && strstr(log, "all processes are ready");
    free(log);
    return begun;
}

// A guest that loops with interruptions disabled, and no end time: Ctrl-C.
static void test_interrupted(void)
{
    write_image(JUMP_SELF, 0, 0);
    const char *argv[] = {numaplex, "run", below("guests.yaml"), "-o", below("interrupted"), NULL};
    struct test_process p = process_start_test(numaplex, argv, NULL);
    for (unsigned ms = 0; !has_begun("interrupted") && ms < 120000; ms += 10)
        test_sleep_ms(10);
    test_sleep_ms(100); // into the simulation
    kill(p.pid, SIGINT);
    process_wait(&p, HANG_S);
    CU_ASSERT_EQUAL(p.status, EXIT_CLASS_INTERRUPTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.out, "running, PSW 0000000180000000 0000000000000200"));
    process_free(&p);
    expect_guest("interrupted", "running", "0x0000000000000200");
}

static void test_bad_image(void)
{
    FILE *out = fopen(below("guest.img"), "w");
    NP_ASSERT(out);
    NP_ASSERT(fputs("#!/bin/sh\nexit 0\n", out) >= 0 && fclose(out) == 0);
    struct test_process p = process_run(numaplex, "check", below("guests.yaml"));
    CU_ASSERT_EQUAL(p.status, EXIT_CLASS_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, "NP0308"));
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, "guests.yaml:10: systems[0].partitions[0].programs[0].load: "));
    process_free(&p);
}

int main(void)
{
    test_folder_make(root);
    numaplex = test_program("numaplex");
    write_scenario();
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("ends of guests", NULL, NULL);
    CU_add_test(suite, "clean", test_clean);
    CU_add_test(suite, "failures", test_failures);
    CU_add_test(suite, "end of time", test_end_of_time);
    CU_add_test(suite, "interrupted", test_interrupted);
    CU_add_test(suite, "no image", test_bad_image);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    test_folder_remove(root);
    return failures != 0;
}
