// SPDX-License-Identifier: Apache-2.0
// Scripts: what each instruction does, which mistakes are found and how they are named.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cpu/script.h"
#include "tests/lib/probe.h"
#include "tests/lib/tiny_machine.h"

static struct tiny_machine tiny;
static struct probe probe;

static void build(uint32_t boards, uint32_t n, char *const *scripts)
{
    struct tiny_shape shape = {.protocol = "mesi",
                               .boards = boards,
                               .cpus = n / boards,
                               .partitions = 1,
                               .memory_bytes = 65536,
                               .granule = boards > 1 ? 64 : 0,
                               .frames_offset = 65536};
    tiny_machine_init(&tiny, &shape);
    for (unsigned i = 0; i < n; i++)
        tiny_machine_add(&tiny, i / shape.cpus, i % shape.cpus, CPU_SCRIPT)->script = scripts[i];
    CU_ASSERT_PTR_NULL(machine_invalid(&tiny.machine));
}

// Runs one script alone and gives its registers.
static void run_one(const char *source, uint64_t registers[SCRIPT_REGISTERS], uint64_t *failed)
{
    struct mini_complex complex;
    struct err err;
    char *script = strdup(source);
    build(1, 1, &script);
    enum err_code code = mini_open(&complex, &tiny.machine, NULL, &err);
    if (code)
        printf("  %s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(code, ERR_OK);
    CU_ASSERT_TRUE(mini_run(&complex, SIM_NEVER));
    memcpy(registers, script_registers(board_cpu(complex.boards[0], 0)),
           SCRIPT_REGISTERS * sizeof registers[0]);
    *failed = mini_counter(&complex, CNT_CHECKS_FAILED);
    mini_failure(&complex, probe.failure, sizeof probe.failure);
    mini_close(&complex);
    free(script);
}

static void test_instructions(void)
{
    uint64_t r[SCRIPT_REGISTERS], failed;
    run_one("# every instruction once\n"
            "let x = 0x1000\n"
            "let y=0x1040\n"
            "store x, 7\n"
            "load r0, x\n"
            "add r1, x, 5\n"
            "swap r2, x, 0xff\n"
            "cas r3, x, 1, 2     # fails: x is 255\n"
            "cas r4, x, 255, 2\n"
            "fence\n"
            "load r5, 0x1000\n"
            "set r6, r5\n"
            "plus r6, 40\n"
            "store y, r6\n"
            "wait y == 42\n"
            "wait y != r5\n"
            "check r6 == 42\n"
            "check r6 != 41\n"
            "compute 100ns\n"
            "random-delay 1ns..2ns\n",
            r, &failed);
    static const uint64_t expected[] = {7, 7, 12, 255, 255, 2, 42};
    for (unsigned i = 0; i < NP_ARRAY_LEN(expected); i++)
        CU_ASSERT_EQUAL(r[i], expected[i]);
    CU_ASSERT_EQUAL(failed, 0);
}

static void test_loops(void)
{
    uint64_t r[SCRIPT_REGISTERS], failed;
    run_one("loop 3\n"
            "  plus r0, 1\n"
            "  loop 5\n"
            "    plus r1, 1\n"
            "    add r2, 0x40, 2\n"
            "  end\n"
            "end\n"
            "loop 1\n"
            "end\n",
            r, &failed);
    CU_ASSERT_EQUAL(r[0], 3);
    CU_ASSERT_EQUAL(r[1], 15);
    CU_ASSERT_EQUAL(r[2], 28);
}

static void test_failed_check(void)
{
    uint64_t r[SCRIPT_REGISTERS], failed;
    run_one("set r3, 5\ncheck r3 == 6\ncheck r3 != 5\ncheck r3 == 5", r, &failed);
    CU_ASSERT_EQUAL(failed, 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(probe.failure, "script line 2: r3 holds 0x5, expected 0x6"));
}

// Addresses that nobody has are answered with an error: registers stay, waits end.
static void test_bus_error(void)
{
    uint64_t r[SCRIPT_REGISTERS], failed;
    run_one("set r0, 9\nload r0, 0x10000000\nwait 0x10000000 == 1\nstore 0x10000000, 1\nset r1, 1", r,
            &failed);
    CU_ASSERT_EQUAL(r[0], 9);
    CU_ASSERT_EQUAL(r[1], 1);
}

static void test_same_everywhere(void)
{
    char *scripts[] = {(char *)(uintptr_t) "loop 30\nadd r1, 0x80, 1\nrandom-delay 0ns..90ns\nend\n"
                                           "add r2, 0xc0, 1\nwait 0xc0 == 4\nload r3, 0x80\ncheck r3 == 120",
                       NULL, NULL, NULL};
    for (unsigned i = 1; i < 4; i++)
        scripts[i] = scripts[0];
    for (uint32_t boards = 1; boards <= 4; boards *= 2) {
        build(boards, 4, scripts);
        CU_ASSERT_TRUE_FATAL(probe_run(&tiny.machine, NULL, SIM_NEVER, &probe));
        CU_ASSERT_TRUE(probe.ended);
        CU_ASSERT_EQUAL(probe.counters[CNT_CHECKS], 4);
        CU_ASSERT_STRING_EQUAL(probe.failure, "");
        CU_ASSERT_TRUE(probe_same_everywhere(&tiny.machine, SIM_NEVER, &probe));
    }
}

static void test_mistakes(void)
{
    static const struct {
        const char *source, *line, *what;
    } rows[] = {
        {"load r0, x", "line 1:", "let x ="},
        {"\nlaod r0, 8", "line 2:", "'laod' is no instruction"},
        {"load r16, 8", "line 1:", "'r16' is no register"},
        {"load 8, r0", "line 1:", "no register"},
        {"store 4, 1", "line 1:", "multiple of 8"},
        {"store 0x10000000000000, 1", "line 1:", "2^52"},
        {"store 8", "line 1:", "neither a register nor a number"},
        {"store 8, 1, 2", "line 1:", "remove it"},
        {"wait 8 = 1", "line 1:", "=="},
        {"wait 8 ! 1", "line 1:", "stands alone"},
        {"check 8 == 1", "line 1:", "no register"},
        {"compute 10", "line 1:", "100ns"},
        {"compute 2000ms", "line 1:", "a second"},
        {"random-delay 5ns", "line 1:", "0ns..50ns"},
        {"random-delay 9ns..5ns", "line 1:", "exchange"},
        {"loop 0\nend", "line 1:", "rounds"},
        {"loop 2", "line 1:", "no end"},
        {"end", "line 1:", "no loop"},
        {"loop 2\nloop 2\nloop 2\nloop 2\nloop 2\nloop 2\nloop 2\nloop 2\nloop 2", "line 9:", "nested"},
        {"let r1 = 8", "line 1:", "cannot be the name"},
        {"let x = 8\nlet x = 16", "line 2:", "already"},
        {"let x 8", "line 1:", "let x = 0x1000"},
        {"store 8, 99999999999999999999", "line 1:", "number"},
        {"load r0 8 9 10 11 12 13 14 15", "line 1:", "one on a line"},
    };
    for (unsigned i = 0; i < NP_ARRAY_LEN(rows); i++) {
        struct script_text text = {0};
        struct err err = {0};
        enum err_code code = script_parse(rows[i].source, 1, &text, &err);
        bool good = code == ERR_SCRIPT && strstr(err.text, rows[i].line) && strstr(err.text, rows[i].what);
        if (!good)
            printf("  '%s': %s\n", rows[i].source, err.text);
        CU_ASSERT_TRUE(good);
        if (!code)
            script_text_free(&text);
    }
}

static void test_limits(void)
{
    struct script_text text = {0};
    struct err err = {0};
    char *source = malloc(SCRIPT_BYTES_MAX + 16);
    source[0] = '\0';
    for (unsigned i = 0; i <= SCRIPT_INSTRUCTIONS_MAX; i++)
        memcpy(source + i * 6, "fence\n", 7);
    CU_ASSERT_EQUAL(script_parse(source, 1, &text, &err), ERR_SCRIPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "line 4097: more than 4096 instructions"));
    memset(source, ' ', SCRIPT_BYTES_MAX);
    source[SCRIPT_BYTES_MAX] = '\0';
    CU_ASSERT_EQUAL(script_parse(source, 1, &text, &err), ERR_SCRIPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "longer than"));
    free(source);
}

// Random lines of words of the language: every text is read or refused, never more.
static void test_random_texts(void)
{
    static const char *const words[] = {
        "load ", "store ",   "add ",  "cas ", "wait ", "check ", "loop ",         "end ",
        "let ",  "r1 ",      "r15, ", "x ",   "= ",    "== ",    "!= ",           "8, ",
        "0x40 ", "\n",       "\n",    "1ns",  "..",    "2us ",   "random-delay ", "#",
        "-1 ",   "compute ", ", ",    "!",    ".",     "fence "};
    struct rng rng = rng_for(7, 7);
    for (unsigned round = 0; round < 20000; round++) {
        char source[512] = "";
        uint64_t n = rng_below(&rng, 24);
        for (uint64_t i = 0; i < n; i++)
            strcat(source, words[rng_below(&rng, NP_ARRAY_LEN(words))]);
        struct script_text text = {0};
        struct err err = {0};
        enum err_code code = script_parse(source, 1, &text, &err);
        CU_ASSERT_TRUE_FATAL(code == ERR_OK || (code == ERR_SCRIPT && strstr(err.text, "script line ")));
        if (!code)
            script_text_free(&text);
    }
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("scripts", NULL, NULL);
    CU_add_test(suite, "instructions", test_instructions);
    CU_add_test(suite, "loops", test_loops);
    CU_add_test(suite, "a check that fails", test_failed_check);
    CU_add_test(suite, "bus errors", test_bus_error);
    CU_add_test(suite, "same everywhere", test_same_everywhere);
    CU_add_test(suite, "mistakes are named", test_mistakes);
    CU_add_test(suite, "limits", test_limits);
    CU_add_test(suite, "random texts", test_random_texts);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed ? 1 : 0;
}
