// SPDX-License-Identifier: Apache-2.0
// Replaying threads that share an address space: versions of synchronisation words go up in their order
// whatever the placement, whoever must wait waits, and nobody waits for ever.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/board/internal.h"
#include "node/cpu/marks.h"
#include "node/cpu/placement.h"
#include "tests/lib/probe.h"
#include "tests/lib/thread_trace.h"
#include "tests/lib/tiny_machine.h"

#define LOCK THREAD_LOCK
#define DATA THREAD_DATA
#define OWN  THREAD_OWN

static struct tiny_machine tiny;
static struct probe probe;
static char path[64];

struct setup {
    uint32_t boards, threads, outstanding;
    enum placement placement;
    bool split;
    uint32_t store_buffer;
};

// Thread i on board i modulo the number of boards.
static void build(const struct setup *setup)
{
    struct tiny_shape shape = {.protocol = "mesi",
                               .boards = setup->boards,
                               .cpus = 4,
                               .partitions = 1,
                               .memory_bytes = 64 * PAGE_BYTES,
                               .frames_offset = 8 * PAGE_BYTES,
                               .l1_split = setup->split,
                               .store_buffer = setup->store_buffer};
    tiny_machine_init(&tiny, &shape);
    for (uint32_t b = 0; b < setup->boards; b++)
        for (uint32_t i = b, index = 0; i < setup->threads; i += setup->boards, index++) {
            struct cpu_desc *cpu = tiny_machine_add(&tiny, b, index, CPU_TRACE);
            snprintf(cpu->trace, sizeof cpu->trace, "%s", path);
            cpu->program = 0;
            cpu->member = i;
            cpu->members = setup->threads;
            cpu->placement = setup->placement;
            cpu->fixed_board = (uint16_t)(setup->boards - 1);
            cpu->outstanding = setup->outstanding;
            cpu->give_up = 100 * SIM_PS_PER_US;
        }
    CU_ASSERT_PTR_NULL_FATAL(machine_invalid(&tiny.machine));
}

static struct {
    uint32_t steps; // successful ones seen
    sim_time at;    // of the last one
    uint64_t wrong; // steps out of order
    uint64_t real;  // of the word
} order;

// Every step of the word that missed; the others' places follow from the versions.
static void watch_steps(struct cpu *cpu, struct access *access, sim_time at)
{
    if (access->kind == ACCESS_RMW)
        order.wrong += cpu->n_pending != 1; // it waits for all before it, and all after it for it
    if (access->kind != ACCESS_RMW || (order.steps && access->address != order.real))
        return;
    bool made = access->op == RMW_SWAP || access->value == access->expected;
    uint32_t made_version = access->op == RMW_SWAP ? 1 : (uint32_t)access->expected + 1;
    if (!made)
        return;
    order.wrong += made_version <= order.steps;
    order.steps = made_version;
    order.real = access->address;
    order.at = at;
}

// Runs with every CPU watched; returns the sum of waits.
static uint64_t run_watched(uint32_t threads)
{
    struct mini_complex complex;
    struct err err;
    uint64_t waits = 0, ps = 0;
    memset(&order, 0, sizeof order);
    CU_ASSERT_EQUAL_FATAL(mini_open(&complex, &tiny.machine, NULL, &err), ERR_OK);
    for (uint32_t b = 0; b < tiny.machine.n_boards; b++)
        for (uint32_t i = 0; i < complex.boards[b]->n_cpus; i++)
            complex.boards[b]->cpus[i].watch = watch_steps;
    CU_ASSERT_TRUE(mini_run(&complex, SIM_NEVER));
    for (uint32_t b = 0; b < tiny.machine.n_boards; b++)
        for (uint32_t i = 0; i < complex.boards[b]->n_cpus; i++) {
            waits += complex.boards[b]->cpus[i].results.sync_waits;
            ps += complex.boards[b]->cpus[i].results.sync_wait_ps;
        }
    CU_ASSERT_EQUAL(mini_counter(&complex, CNT_CHECKS_FAILED), 0);
    CU_ASSERT(ps > 0 || threads == 1 || !waits);
    mini_close(&complex);
    return waits;
}

// The lock goes round over boards: each handover is a transfer of the line, and comes in its turn.
static void test_lock_goes_round(void)
{
    uint32_t last = write_lock_trace(path, 4, 12, 0);
    for (unsigned placement = PLACE_FIRST_TOUCH; placement <= PLACE_FIXED; placement++) {
        build(&(struct setup){4, 4, 1, (enum placement)placement, false, 0});
        CU_ASSERT(run_watched(4) >= 12);
        CU_ASSERT_EQUAL(order.wrong, 0);
        CU_ASSERT(order.steps + 1 >= last); // releasing may have hit
        CU_ASSERT_TRUE_FATAL(probe_run(&tiny.machine, NULL, SIM_NEVER, &probe));
        CU_ASSERT(probe.counters[CNT_DIRTY_TRANSFERS] >= 40);
        CU_ASSERT_TRUE(probe_same_everywhere(&tiny.machine, SIM_NEVER, &probe));
    }
}

static void test_any_order(void)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        write_lock_trace(path, 6, 6, seed);
        build(&(struct setup){3, 6, 1, PLACE_ROUND_ROBIN, true, 0});
        run_watched(6);
        CU_ASSERT_EQUAL(order.wrong, 0);
        build(&(struct setup){2, 6, 8, PLACE_FIRST_TOUCH, true, 0});
        run_watched(6);
        CU_ASSERT_EQUAL(order.wrong, 0);
        build(&(struct setup){2, 6, 1, PLACE_FIRST_TOUCH, false, 4});
        run_watched(6);
        CU_ASSERT_EQUAL(order.wrong, 0);
        CU_ASSERT_TRUE_FATAL(probe_run(&tiny.machine, NULL, SIM_NEVER, &probe));
        CU_ASSERT_TRUE(probe_same_everywhere(&tiny.machine, SIM_NEVER, &probe));
    }
}

// One thread alone makes every version at once.
static void test_alone(void)
{
    write_lock_trace(path, 1, 5, 0);
    build(&(struct setup){1, 1, 1, PLACE_FIRST_TOUCH, false, 0});
    CU_ASSERT_EQUAL(run_watched(1), 0);
}

// A second round of members is a copy with a space of its own: the words do not meet.
static void test_copies(void)
{
    write_lock_trace(path, 2, 8, 0);
    build(&(struct setup){2, 4, 1, PLACE_FIXED, false, 0});
    CU_ASSERT_TRUE_FATAL(probe_run(&tiny.machine, NULL, SIM_NEVER, &probe));
    CU_ASSERT_TRUE(probe.ended);
    CU_ASSERT_EQUAL(probe.counters[CNT_CHECKS_FAILED], 0);
    struct address_spaces *spaces;
    struct err err;
    CU_ASSERT_EQUAL_FATAL(address_spaces_open(&tiny.machine, 0, &spaces, &err), ERR_OK);
    struct address_space *one = address_spaces_find(spaces, &tiny.cpus[0], 2, 0);
    struct address_space *two = address_spaces_find(spaces, &tiny.cpus[1], 2, 0);
    CU_ASSERT_PTR_NOT_EQUAL(one, two);
    uint32_t page = address_space_lookup(one, LOCK / PAGE_BYTES);
    CU_ASSERT_NOT_EQUAL(one->pages[page].real, two->pages[page].real);
    CU_ASSERT_NOT_EQUAL(one->salt, two->salt);
    address_spaces_free(spaces);
}

// Every board computes the same places, and the same words.
static void test_boards_agree(void)
{
    write_lock_trace(path, 4, 3, 0);
    for (unsigned placement = PLACE_FIRST_TOUCH; placement <= PLACE_FIXED; placement++) {
        build(&(struct setup){4, 4, 1, (enum placement)placement, false, 0});
        struct address_spaces *spaces[4];
        struct err err;
        for (uint16_t b = 0; b < 4; b++) {
            CU_ASSERT_EQUAL_FATAL(address_spaces_open(&tiny.machine, b, &spaces[b], &err), ERR_OK);
            struct address_space *first = address_spaces_find(spaces[0], &tiny.cpus[0], 4, 0);
            struct address_space *space = address_spaces_find(spaces[b], &tiny.cpus[b], 4, 0);
            CU_ASSERT_EQUAL_FATAL(space->n, 6);
            CU_ASSERT_EQUAL(space->n_words, 1);
            for (uint32_t i = 0; i < space->n; i++)
                CU_ASSERT(space->pages[i].real == first->pages[i].real &&
                          space->pages[i].number == first->pages[i].number);
        }
        for (uint16_t b = 0; b < 4; b++)
            address_spaces_free(spaces[b]);
    }
}

// A version that nobody makes is waited for until the word has been quiet for give_up.
static void test_give_up(void)
{
    struct trace_writer *writer = thread_trace_begin(path, 2);
    thread_trace_put(writer, 0, TRACE_SYNC, LOCK, 1);
    thread_trace_put(writer, 1, TRACE_SYNC, LOCK, 3);
    thread_trace_put(writer, 1, TRACE_LOAD, DATA, 0);
    thread_trace_put(writer, 0, TRACE_LOAD, DATA, 0);
    thread_trace_finish(writer);
    build(&(struct setup){2, 2, 1, PLACE_FIRST_TOUCH, false, 0});
    CU_ASSERT_TRUE_FATAL(probe_run(&tiny.machine, NULL, SIM_NEVER, &probe));
    CU_ASSERT_TRUE(probe.ended);
    CU_ASSERT_EQUAL(probe.counters[CNT_CHECKS_FAILED], 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(probe.failure, "word 0x601040 has version 1"));
    CU_ASSERT_PTR_NOT_NULL(strstr(probe.failure, "waits for version 2 to make 3"));
    CU_ASSERT(probe.done_at > 100 * SIM_PS_PER_US && probe.done_at < 110 * SIM_PS_PER_US);
    CU_ASSERT(probe.counters[CNT_LOADS] > 400 && probe.counters[CNT_LOADS] < 1000); // every 200 ns
    CU_ASSERT_TRUE(probe_same_everywhere(&tiny.machine, SIM_NEVER, &probe));
}

static void test_too_few_cpus(void)
{
    write_lock_trace(path, 4, 2, 0);
    static const uint32_t needed[] = {0, 4, 4, 4, 0, 8, 8, 8, 0};
    for (uint32_t cpus = 1; cpus <= 8; cpus++) {
        build(&(struct setup){2, cpus, 1, PLACE_FIRST_TOUCH, false, 0});
        CU_ASSERT_EQUAL(probe_run(&tiny.machine, NULL, SIM_NEVER, &probe), !needed[cpus]);
        char text[64];
        snprintf(text, sizeof text, "need %u CPUs, the entry has %u", needed[cpus], cpus);
        CU_ASSERT(!needed[cpus] || (strstr(probe.failure, "NP0305") && strstr(probe.failure, text)));
    }
}

// What was plain when it was recorded and a version when it is replayed: neither a false alarm nor a version
// that is lost.
static void test_words_before_their_time(void)
{
    struct trace_writer *writer = thread_trace_begin(path, 2);
    struct err err;
    struct trace_ref wide = {LOCK - 4, 8, TRACE_STORE, 0};
    thread_trace_put(writer, 0, TRACE_STORE, LOCK, 0);
    thread_trace_put(writer, 1, TRACE_LOAD, LOCK, 0);
    for (uint64_t i = 0; i < 300; i++)
        thread_trace_put(writer, 1, TRACE_LOAD, OWN + i * 8, 0);
    trace_put(writer, 1, &wide, &err);
    wide.kind = TRACE_LOAD;
    trace_put(writer, 1, &wide, &err);
    for (uint32_t version = 1; version <= 9; version++)
        thread_trace_put(writer, version % 3 ? 0 : 1, TRACE_SYNC, LOCK, version);
    thread_trace_finish(writer);
    build(&(struct setup){2, 2, 1, PLACE_FIRST_TOUCH, false, 0});
    CU_ASSERT_TRUE_FATAL(probe_run(&tiny.machine, NULL, SIM_NEVER, &probe));
    CU_ASSERT_TRUE(probe.ended);
    CU_ASSERT_EQUAL(probe.counters[CNT_CHECKS_FAILED], 0);
    if (probe.failure[0])
        printf("  %s\n", probe.failure);
}

static void test_marks(void)
{
    struct rng rng = rng_for(5, 5);
    for (int round = 0; round < 20000; round++) {
        uint64_t salt = rng_next(&rng), address = rng_next(&rng) >> rng_below(&rng, 60);
        unsigned size = 1 + (unsigned)rng_below(&rng, 8);
        uint64_t marks = marks_at(salt, address, size),
                 value = marked_value(salt, address, size, rng_next(&rng) | 1);
        bool good = marks_hold(value, marks) && marks_hold(0, marks);
        for (unsigned i = 0; i < size; i++) {
            uint64_t byte = marks >> 8 * i & 0xff;
            good = good && byte >= 0x10 && byte == marks_at(salt, address + i, 1);
            good = good && marks_hold(value & ~(UINT64_C(0xff) << 8 * i), marks);
            good = good && !marks_hold(value ^ UINT64_C(0x10) << 8 * i, marks);
            good = good && !marks_hold(UINT64_C(1) << 8 * i, marks);
        }
        if (!good)
            CU_FAIL_FATAL("marks of an address are wrong");
    }
}

// One board maps one shared page elsewhere: the checks must see it.
static void test_wrong_mapping_shows(void)
{
    write_lock_trace(path, 4, 12, 0);
    build(&(struct setup){4, 4, 1, PLACE_FIXED, false, 0});
    struct mini_complex complex;
    struct err err;
    CU_ASSERT_EQUAL_FATAL(mini_open(&complex, &tiny.machine, NULL, &err), ERR_OK);
    struct address_space *space = address_spaces_find(complex.boards[2]->spaces, &tiny.cpus[2], 4, 0);
    struct page *data = &space->pages[address_space_lookup(space, DATA / PAGE_BYTES)];
    data->real += 64;
    mini_run(&complex, SIM_NEVER);
    CU_ASSERT(mini_counter(&complex, CNT_CHECKS_FAILED) > 50);
    char text[256];
    mini_failure(&complex, text, sizeof text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "expected bytes marked"));
    mini_close(&complex);
}

// A whole program, two copies of it, on boards of two and four CPUs.
static void test_program(void)
{
    write_program_trace(path, 4, 6, 3);
    build(&(struct setup){2, 8, 1, PLACE_ROUND_ROBIN, true, 0});
    run_watched(8);
    build(&(struct setup){4, 4, 8, PLACE_FIRST_TOUCH, false, 0});
    run_watched(4);
    CU_ASSERT_TRUE_FATAL(probe_run(&tiny.machine, NULL, SIM_NEVER, &probe));
    CU_ASSERT_TRUE(probe_same_everywhere(&tiny.machine, SIM_NEVER, &probe));
}

// The trace of the digest tests is what would be written now.
static void test_kept_trace(void)
{
    const char *source = getenv("NUMAPLEX_SOURCE");
    char kept[PATH_MAX_BYTES];
    struct trace_info info, expected;
    struct err err;
    snprintf(kept, sizeof kept, "%.900s/tests/sim/scenarios/threads" TRACE_SUFFIX, source ? source : ".");
    write_program_trace(path, 6, 12, 1);
    CU_ASSERT_EQUAL_FATAL(trace_info_read(path, &expected, &err), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(trace_info_read(kept, &info, &err), ERR_OK);
    CU_ASSERT_EQUAL(trace_check(kept, &err), ERR_OK);
    CU_ASSERT_EQUAL(memcmp(info.refs, expected.refs, sizeof info.refs), 0);
    CU_ASSERT_EQUAL(info.footprint_lines, expected.footprint_lines);
    trace_info_free(&info);
    trace_info_free(&expected);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--write") == 0) {
        char name[PATH_MAX_BYTES];
        snprintf(name, sizeof name, "%.900s/threads" TRACE_SUFFIX, argv[2]);
        write_program_trace(name, 6, 12, 1);
        return 0;
    }
    snprintf(path, sizeof path, "trace_sync_test.%d.nptrace", (int)getpid());
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("trace sync", NULL, NULL);
    CU_add_test(suite, "a lock goes round", test_lock_goes_round);
    CU_add_test(suite, "any order", test_any_order);
    CU_add_test(suite, "alone", test_alone);
    CU_add_test(suite, "copies", test_copies);
    CU_add_test(suite, "boards agree", test_boards_agree);
    CU_add_test(suite, "give up", test_give_up);
    CU_add_test(suite, "too few CPUs", test_too_few_cpus);
    CU_add_test(suite, "words before their time", test_words_before_their_time);
    CU_add_test(suite, "a program", test_program);
    CU_add_test(suite, "the kept trace", test_kept_trace);
    CU_add_test(suite, "marks", test_marks);
    CU_add_test(suite, "a wrong mapping shows", test_wrong_mapping_shows);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    unlink(path);
    return failed ? 1 : 0;
}
