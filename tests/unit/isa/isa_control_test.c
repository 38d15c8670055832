// SPDX-License-Identifier: Apache-2.0
// Programs that use control instructions, on one and two boards: clocks and their interruptions, signals
// between CPUs, the service element. Each also gives the same digest in every way in which it can be run.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/cpu/cpu.h"
#include "node/isa/clock.h"
#include "proto/base/assert.h"
#include "proto/base/digest.h"
#include "proto/base/rng.h"
#include "tests/lib/guest_console.h"
#include "tests/lib/probe.h"
#include "tests/lib/tiny_machine.h"
#include "tests/unit/isa/isa_control_programs.h"

static char image[PATH_MAX_BYTES];

struct program {
    const uint8_t *text;
    size_t size;
    uint32_t boards; // a CPU each
    uint16_t other;  // where CPU 1 begins, beyond 0x10000; its prefix is 0x4000
    struct guest_input *inputs;
    uint32_t n_inputs;
    uint32_t blocks; // pages from 0x12000 on that are empty SCCBs
};

static void put(FILE *file, long at, const void *bytes, size_t size)
{
    NP_ASSERT(fseek(file, at, SEEK_SET) == 0 && fwrite(bytes, 1, size, file) == size);
}

// A flat image: short PSW at 0, the restart new PSW of CPU 1, the program, SCCBs of a page.
static void write_image(const struct program *program)
{
    static const uint8_t psw[8] = {0x00, 0x08, 0x00, 0x01, 0x80, 0x01, 0x00, 0x00}, page[2] = {0x10, 0x00};
    uint8_t restart[16] = {0x00, 0x00, 0x00, 0x01, 0x80};
    restart[13] = 1;
    restart[14] = (uint8_t)(program->other >> 8);
    restart[15] = (uint8_t)program->other;
    FILE *file = fopen(image, "w");
    NP_ASSERT(file);
    put(file, 0, psw, sizeof psw);
    put(file, 0x41a0, restart, sizeof restart);
    put(file, 0x10000, program->text, program->size);
    for (uint32_t i = 0; i < program->blocks; i++)
        put(file, 0x12000 + 0x1000 * (long)i, page, sizeof page);
    NP_ASSERT(fclose(file) == 0);
}

static void make(struct tiny_machine *tiny, const struct program *program)
{
    struct tiny_shape shape = {.protocol = "mesi",
                               .boards = program->boards,
                               .cpus = 1,
                               .partitions = 1,
                               .memory_bytes = 1 << 20,
                               .granule = 4096,
                               .frames_offset = 1 << 20,
                               .store_buffer = 4};
    tiny_machine_init(tiny, &shape);
    for (uint32_t i = 0; i < program->boards; i++) {
        struct cpu_desc *cpu = tiny_machine_add(tiny, i, 0, CPU_ZARCH);
        cpu->outstanding = 1;
        cpu->member = i;
        cpu->members = program->boards;
    }
    struct guest_desc *guest = &tiny->partitions[0].guest;
    guest->architecture = ARCH_Z196;
    guest->n_cpus = program->boards;
    guest->inputs = program->inputs;
    guest->n_inputs = program->n_inputs;
    snprintf(guest->image, sizeof guest->image, "%s", image);
    write_image(program);
}

struct outcome {
    struct guest_cpu_results cpus[2];
    char text[4096];
    uint8_t storage[0x16000];
};

// Bytes of storage, whichever board has them.
static void look(struct mini_complex *complex, struct outcome *outcome)
{
    for (uint32_t b = 0; b < complex->machine->n_boards; b++) {
        static uint8_t part[sizeof outcome->storage];
        board_peek(complex->boards[b], 0, part, sizeof part);
        for (size_t i = 0; i < sizeof part; i++)
            outcome->storage[i] |= part[i];
    }
}

#define CUT_NS (NP_SANITIZED ? 173 : 17)

// Runs it, and then in all other ways.
static void run(const struct program *program, struct outcome *outcome)
{
    static struct tiny_machine tiny;
    struct mini_complex complex;
    struct mini_options options = {0};
    struct probe probe;
    struct err err;
    memset(outcome, 0, sizeof *outcome);
    make(&tiny, program);
    CU_ASSERT_EQUAL_FATAL(mini_open(&complex, &tiny.machine, &options, &err), ERR_OK);
    CU_ASSERT_TRUE(mini_run(&complex, SIM_PS_PER_US * 1000));
    for (uint32_t i = 0; i < program->boards; i++) {
        const struct cpu *cpu = board_cpu(complex.boards[i], 0);
        cpu->ops->guest(cpu, &outcome->cpus[i]);
    }
    char *text = guest_console(complex.boards, &tiny.machine, 0);
    snprintf(outcome->text, sizeof outcome->text, "%s", text);
    free(text);
    look(&complex, outcome);
    mini_close(&complex);
    CU_ASSERT_TRUE(probe_run(&tiny.machine, &options, SIM_NEVER, &probe));
    CU_ASSERT_TRUE(probe_same_everywhere(&tiny.machine, SIM_NEVER, &probe));
    // Wherever a CPU waits, it can be saved there: at many moments of the first 5 us, where most happens.
    CU_ASSERT_TRUE(probe_same_saved(&tiny.machine, 1, 5 * SIM_PS_PER_US, CUT_NS * SIM_PS_PER_NS, &probe));
}

// The first unit in which so much time has passed begins exactly there.
static void test_units(void)
{
    struct rng rng = rng_for(1, 1);
    CU_ASSERT_EQUAL(clock_units(SIM_PS_PER_US), 4096);
    CU_ASSERT_EQUAL(clock_time(4096), SIM_PS_PER_US);
    CU_ASSERT_EQUAL(clock_time(UINT64_MAX), SIM_NEVER);
    for (unsigned i = 0; i < 10000; i++) {
        uint64_t units = 1 + (rng_next(&rng) >> (9 + rng_below(&rng, 50)));
        CU_ASSERT_EQUAL(clock_units(clock_time(units)), units);
        CU_ASSERT_EQUAL(clock_units(clock_time(units) - 1), units - 1);
    }
}

static void test_clocks(void)
{
    static struct outcome outcome;
    struct program program = {.text = clocks_text, .size = sizeof clocks_text, .boards = 1};
    run(&program, &outcome);
    const uint64_t *gr = outcome.cpus[0].gr;
    CU_ASSERT_EQUAL(outcome.cpus[0].end, GUEST_ENDED);
    CU_ASSERT_EQUAL(gr[0], gr[2]);  // the comparator, as set
    CU_ASSERT_EQUAL(gr[6], 0x1004); // and its interruption, out of the wait
    CU_ASSERT_EQUAL(gr[7], 0x77770);
    CU_ASSERT_TRUE(gr[3] > gr[2] && gr[3] - gr[2] < 4096);
    CU_ASSERT_EQUAL(gr[8], 0x1005); // the timer's, between two instructions of the loop
    CU_ASSERT_EQUAL(gr[9], CLOCKS_LOOP);
    CU_ASSERT_TRUE(gr[4] - gr[1] >= 12288 && gr[4] - gr[1] < 12288 + 4096);
    CU_ASSERT_TRUE((int64_t)gr[5] < 0 && (int64_t)gr[5] > -4096);
}

static void test_signals(void)
{
    static struct outcome outcome;
    struct program program = {
        .text = smp_text, .size = sizeof smp_text, .boards = 2, .other = SMP_OTHER & 0xffff};
    run(&program, &outcome);
    const uint64_t *gr = outcome.cpus[0].gr;
    CU_ASSERT_EQUAL(outcome.cpus[0].end, GUEST_ENDED);
    CU_ASSERT_EQUAL(outcome.cpus[1].end, GUEST_STOPPED);
    CU_ASSERT_EQUAL(gr[15], 0x40);                     // sense: stopped
    CU_ASSERT_EQUAL(gr[0], 0x02);                      // invalid order
    CU_ASSERT_EQUAL(gr[6] << 32 | gr[7], 0x100000100); // prefix where no storage is: invalid parameter
    CU_ASSERT_EQUAL(gr[9], 0x11202);                   // external call and emergency signal of CPU 1
    CU_ASSERT_EQUAL(gr[8], 0x11201);
    CU_ASSERT_EQUAL(gr[11] << 32 | gr[12], 0x100000200); // status of a CPU that runs: incorrect state
    CU_ASSERT_EQUAL(gr[10], 0x0000000180000000);         // status of CPU 1: PSW, prefix, a register
    CU_ASSERT_EQUAL(gr[5], outcome.cpus[1].psw_address);
    CU_ASSERT_EQUAL(gr[4], 0x4000);
    CU_ASSERT_EQUAL(gr[3], 0x1234);
    CU_ASSERT_EQUAL(gr[2] << 32 | (gr[1] & 0xffffffff), 0x100000400); // not running
    CU_ASSERT_EQUAL(outcome.storage[0x10000 + SMP_DATA + 39], 3);     // there is no CPU 9
    CU_ASSERT_EQUAL(outcome.storage[0x4201], 1);                      // STAP of CPU 1, behind its prefix
}

static void test_machine(void)
{
    static struct outcome outcome;
    struct program program = {
        .text = reset_text, .size = sizeof reset_text, .boards = 2, .other = RESET_OTHER & 0xffff};
    run(&program, &outcome);
    const uint64_t *gr = outcome.cpus[0].gr;
    CU_ASSERT_EQUAL(outcome.cpus[0].end, GUEST_ENDED);
    CU_ASSERT_EQUAL(outcome.cpus[1].end, GUEST_STOPPED);
    CU_ASSERT_EQUAL(gr[5] << 32 | gr[4], 0x100000040); // DIAGNOSE has stopped CPU 1
    CU_ASSERT_EQUAL(gr[6], 1);                         // a basic machine
    CU_ASSERT_EQUAL(gr[7], 0);
    CU_ASSERT_EQUAL(gr[8], 0x00020002);        // CPUs: two, both configured
    CU_ASSERT_EQUAL(gr[9], 0);                 // one doubleword of facilities
    CU_ASSERT_EQUAL(gr[10] >> 61, 7);          // z/Architecture, and active
    CU_ASSERT_EQUAL(gr[11] >> 16, 0x2817);     // CPU 0 of a z196
    CU_ASSERT_EQUAL(gr[12], 0x00020007);       // supervisor call: length and number
    CU_ASSERT_EQUAL(gr[13], RESET_SVC);        // and where it goes on
    CU_ASSERT_EQUAL(gr[2], PGM_SPECIFICATION); // recognised early: no length
    CU_ASSERT_EQUAL(gr[3], 0x76540);
    CU_ASSERT_EQUAL(gr[15], 64); // bytes of a line
}

// What is listed as absent, in order and with a reason, is in no table.
static void test_absent(void)
{
    static const struct {
        const char *mnemonic, *reason;
    } absent[] = {
#define ABSENT(mnemonic, reason) {mnemonic, reason},
#include "node/isa/absent.def"
#undef ABSENT
    };
    for (size_t i = 0; i < NP_ARRAY_LEN(absent); i++) {
        CU_ASSERT_TRUE(strlen(absent[i].reason) > 0);
        CU_ASSERT_TRUE(i == 0 || strcmp(absent[i - 1].mnemonic, absent[i].mnemonic) < 0);
        for (unsigned row = 0; row < isa_n_rows; row++)
            CU_ASSERT_STRING_NOT_EQUAL(isa_rows[row].mnemonic, absent[i].mnemonic);
    }
}

static unsigned response(const struct outcome *outcome, unsigned block)
{
    return (unsigned)outcome->storage[block + 6] << 8 | outcome->storage[block + 7];
}

static void test_service(void)
{
    static struct outcome outcome;
    static struct guest_input inputs[] = {{300 * SIM_PS_PER_US, "typed\n"}};
    struct program program = {.text = console_text,
                              .size = sizeof console_text,
                              .boards = 2,
                              .inputs = inputs,
                              .n_inputs = 1,
                              .blocks = 3};
    run(&program, &outcome);
    CU_ASSERT_EQUAL(outcome.cpus[0].end, GUEST_ENDED);
    CU_ASSERT_STRING_EQUAL(outcome.text, "Ab1\n. ]\ntwo\n");
    CU_ASSERT_EQUAL(response(&outcome, 0x12000), 0x0010);
    CU_ASSERT_EQUAL(outcome.storage[0x12009], 2); // MB
    CU_ASSERT_EQUAL(outcome.storage[0x12011], 2); // CPUs
    CU_ASSERT_EQUAL(response(&outcome, CONSOLE_MASK), 0x0020);
    CU_ASSERT_EQUAL(outcome.storage[CONSOLE_MASK + 23], 0x40); // ASCII is received
    CU_ASSERT_EQUAL(response(&outcome, CONSOLE_LINES), 0x0020);
    CU_ASSERT_EQUAL(outcome.storage[CONSOLE_LINES + 11], 0x80); // accepted
    CU_ASSERT_EQUAL(response(&outcome, CONSOLE_BAD), 0x01f0);
    CU_ASSERT_EQUAL(outcome.cpus[0].gr[8], 1); // an event waits
    CU_ASSERT_EQUAL(response(&outcome, 0x13000), 0x0020);
    CU_ASSERT_EQUAL(outcome.storage[0x1300a], 26);
    CU_ASSERT_EQUAL(memcmp(outcome.storage + 0x1300f, "typed\n", 6), 0);
    CU_ASSERT_EQUAL(outcome.cpus[0].gr[9], 0x13000); // no other waits
    CU_ASSERT_EQUAL(response(&outcome, 0x14000), 0x60f0);
}

int main(void)
{
    char folder[] = "/tmp/numaplex-control-XXXXXX";
    NP_ASSERT(mkdtemp(folder));
    snprintf(image, sizeof image, "%s/image", folder);
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("control", NULL, NULL);
    CU_add_test(suite, "TOD units", test_units);
    CU_add_test(suite, "clocks", test_clocks);
    CU_add_test(suite, "signals", test_signals);
    CU_add_test(suite, "machine", test_machine);
    CU_add_test(suite, "absent instructions", test_absent);
    CU_add_test(suite, "service element", test_service);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    unlink(image);
    rmdir(folder);
    return failures ? 1 : 0;
}
