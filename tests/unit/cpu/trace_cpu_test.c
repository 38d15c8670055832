// SPDX-License-Identifier: Apache-2.0
// Replaying traces: every value is right whatever the references look like, pages lie where they should, and
// the ends that a replay can come to.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/cpu/placement.h"
#include "node/memory/segment_map.h"
#include "proto/trace/trace_writer.h"
#include "tests/lib/probe.h"
#include "tests/lib/tiny_machine.h"

static struct tiny_machine tiny;
static struct probe probe;
static char path[64];

// References of a made-up program with `streams` threads: code in a loop, a stack, a heap of `pages` pages,
// sizes up to a cache state's, and some that cross lines and pages.
static void put_random(struct trace_writer *writer, uint32_t stream, uint64_t pages, uint64_t n)
{
    struct rng rng = rng_for(n, stream);
    struct err err;
    for (uint64_t i = 0; i < n; i++) {
        struct trace_ref ref = {.address = 0x400000 + i * 5 % 700, .size = 5, .kind = TRACE_FETCH};
        if (i % 2) {
            ref.kind = (uint8_t)(TRACE_LOAD + rng_below(&rng, 3));
            ref.size = (uint16_t)(1 + rng_below(&rng, i % 50 == 1 ? 600 : 16));
            ref.address = UINT64_C(0x7fff00000000) + rng_below(&rng, pages * PAGE_BYTES - ref.size + 1);
        }
        if (i % 31 < 4) { // code that is written, run, written again and run again
            ref = (struct trace_ref){.address = 0x400000 + i / 31 * 64 % 3072, .size = 8};
            ref.kind = i % 2 ? TRACE_FETCH : TRACE_STORE;
        }
        CU_ASSERT_EQUAL_FATAL(trace_put(writer, stream, &ref, &err), ERR_OK);
    }
}

static void write_trace(uint32_t streams, uint64_t pages, uint64_t n)
{
    struct trace_writer *writer;
    struct trace_origin origin = {.page_bytes = PAGE_BYTES, .complete = true};
    struct err err;
    CU_ASSERT_EQUAL_FATAL(trace_create(path, &writer, &err), ERR_OK);
    for (uint32_t s = 0; s < streams; s++) {
        uint32_t stream;
        CU_ASSERT_EQUAL_FATAL(trace_add_stream(writer, s, 1, "made-up", &stream, &err), ERR_OK);
        put_random(writer, stream, pages, n >> s);
    }
    CU_ASSERT_EQUAL_FATAL(trace_finish(writer, &origin, NULL, &err), ERR_OK);
}

struct setup {
    uint32_t boards, outstanding;
    uint64_t granule;
    enum placement placement;
    bool split;
};

enum { MEMORY = 64 * PAGE_BYTES };

// Two CPUs on each board replay; all memory but the first 8 pages of each board are frames.
static void build(const struct setup *setup)
{
    struct tiny_shape shape = {.protocol = "mesi",
                               .boards = setup->boards,
                               .cpus = 3,
                               .partitions = 1,
                               .memory_bytes = MEMORY,
                               .granule = setup->granule,
                               .frames_offset = 8 * PAGE_BYTES,
                               .l1_split = setup->split};
    tiny_machine_init(&tiny, &shape);
    for (unsigned i = 0; i < 2 * setup->boards; i++) {
        struct cpu_desc *cpu = tiny_machine_add(&tiny, i / 2, 1 + i % 2, CPU_TRACE);
        snprintf(cpu->trace, sizeof cpu->trace, "%s", path);
        cpu->placement = setup->placement;
        cpu->fixed_board = (uint16_t)(setup->boards - 1);
        cpu->outstanding = setup->outstanding;
    }
    CU_ASSERT_PTR_NULL_FATAL(machine_invalid(&tiny.machine));
}

static void replay(const struct setup *setup)
{
    build(setup);
    CU_ASSERT_TRUE_FATAL(probe_run(&tiny.machine, NULL, SIM_NEVER, &probe));
    if (probe.failure[0])
        printf("  %s\n", probe.failure);
    CU_ASSERT_TRUE(probe.ended);
    CU_ASSERT_EQUAL(probe.counters[CNT_CHECKS_FAILED], 0);
    CU_ASSERT_EQUAL(probe.counters[CNT_CHECKS], probe.counters[CNT_LOADS] + probe.counters[CNT_FETCHES]);
    CU_ASSERT(probe.counters[CNT_FETCHES] > 0 && probe.counters[CNT_STORES] > 0);
    CU_ASSERT(probe.counters[CNT_EVICTIONS_DIRTY] > 0);
    CU_ASSERT_TRUE(probe_same_everywhere(&tiny.machine, SIM_NEVER, &probe));
}

// A loop that fits the L1s, so that whole runs hit: 15 instructions, loads, stores and modifications of one
// line of data, some of more than 8 bytes, one in 32 across lines, one in 64 to a page never used before.
static void write_loop(uint64_t rounds)
{
    struct trace_writer *writer;
    struct err err;
    uint32_t stream;
    uint64_t data = 0x7fff0000;
    CU_ASSERT_EQUAL_FATAL(trace_create(path, &writer, &err), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(trace_add_stream(writer, 0, 1, "loop", &stream, &err), ERR_OK);
    for (uint64_t i = 0; i < 15 * rounds; i++) {
        static const struct trace_ref refs[5] = {{8, 8, TRACE_LOAD, 0},
                                                 {16, 8, TRACE_STORE, 0},
                                                 {24, 4, TRACE_MODIFY, 0},
                                                 {32, 16, TRACE_STORE, 0},
                                                 {32, 16, TRACE_LOAD, 0}};
        trace_put(writer, 0, &(struct trace_ref){0x400010 + i % 15 * 7, 7, TRACE_FETCH, 0}, &err);
        struct trace_ref ref = refs[i % 5];
        ref.address += data + (i / 15 % 32 == 31 ? 28 : 0);
        if (i % (64 * 15) == 0)
            ref.address = data + (1 + i / (64 * 15) % 5) * PAGE_BYTES;
        if (i % 3 == 0)
            CU_ASSERT_EQUAL_FATAL(trace_put(writer, 0, &ref, &err), ERR_OK);
    }
    CU_ASSERT_EQUAL_FATAL(trace_finish(writer, &(struct trace_origin){0}, NULL, &err), ERR_OK);
}

// Run by run or access by access: the same state, counters and digest (probe_same_everywhere).
static void test_whole_runs(void)
{
    write_loop(1000);
    for (unsigned split = 0; split < 2; split++) {
        build(&(struct setup){1, 1, 0, PLACE_FIRST_TOUCH, split});
        CU_ASSERT_TRUE_FATAL(probe_run(&tiny.machine, NULL, SIM_NEVER, &probe));
        CU_ASSERT_EQUAL(probe.counters[CNT_CHECKS_FAILED], 0);
        CU_ASSERT(probe.counters[CNT_L1_HITS] * 10 > probe.counters[CNT_FETCHES] * 9);
        CU_ASSERT_TRUE(probe_same_everywhere(&tiny.machine, SIM_NEVER, &probe));
        tiny.machine.n_cpus = 1; // alone it runs far ahead
        CU_ASSERT_TRUE_FATAL(probe_run(&tiny.machine, NULL, SIM_NEVER, &probe));
        CU_ASSERT_TRUE(probe_same_everywhere(&tiny.machine, SIM_NEVER, &probe));
    }
}

static void test_placements(void)
{
    write_trace(1, 6, 1500);
    for (unsigned placement = PLACE_FIRST_TOUCH; placement <= PLACE_FIXED; placement++) {
        replay(&(struct setup){2, 1, 0, (enum placement)placement, false});
        replay(&(struct setup){3, 1, PAGE_BYTES, (enum placement)placement, false});
    }
}

static void test_split_and_overlapped(void)
{
    write_trace(1, 6, 1500);
    replay(&(struct setup){1, 1, 0, PLACE_FIRST_TOUCH, true});
    replay(&(struct setup){2, 8, 0, PLACE_ROUND_ROBIN, true});
    replay(&(struct setup){2, 8, 0, PLACE_ROUND_ROBIN, false});
}

// Frames that lie in lines or small stretches all over the boards.
static void test_fine_interleave(void)
{
    write_trace(1, 6, 1500);
    replay(&(struct setup){2, 1, 64, PLACE_FIRST_TOUCH, false});
    replay(&(struct setup){4, 4, 1024, PLACE_FIXED, true});
}

// One load in each of `pages` pages, 7 pages apart.
static void write_pages(uint64_t pages)
{
    struct trace_writer *writer;
    struct err err;
    uint32_t stream;
    CU_ASSERT_EQUAL_FATAL(trace_create(path, &writer, &err), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(trace_add_stream(writer, 0, 1, "pages", &stream, &err), ERR_OK);
    for (uint64_t i = 0; i < pages; i++)
        trace_put(writer, 0, &(struct trace_ref){i * 7 * PAGE_BYTES + 123, 4, TRACE_LOAD, 0}, &err);
    CU_ASSERT_EQUAL_FATAL(trace_finish(writer, &(struct trace_origin){0}, NULL, &err), ERR_OK);
}

// The space of a CPU, from its board's.
static struct address_space *space_of(uint32_t cpu, struct address_spaces **spaces)
{
    struct err err;
    CU_ASSERT_EQUAL_FATAL(address_spaces_open(&tiny.machine, tiny.cpus[cpu].board, spaces, &err), ERR_OK);
    return address_spaces_find(*spaces, &tiny.cpus[cpu], 1, 0);
}

// First touch keeps pages at home, a fixed board takes them all, round-robin spreads them evenly.
static void test_where_pages_lie(void)
{
    write_pages(4);
    for (unsigned placement = PLACE_FIRST_TOUCH; placement <= PLACE_FIXED; placement++) {
        build(&(struct setup){4, 1, 0, (enum placement)placement, false});
        const struct partition_desc *partition = &tiny.partitions[0];
        struct segment_map map;
        struct address_spaces *spaces;
        uint64_t seen[TINY_BOARDS] = {0};
        segment_map_init(&map, partition);
        struct address_space *space = space_of(2, &spaces); // on board 1
        CU_ASSERT_EQUAL(space->n, 4);
        CU_ASSERT_EQUAL(address_space_lookup(space, 1), NO_PAGE);
        for (uint64_t i = 0; i < 4; i++) {
            uint32_t page = address_space_lookup(space, i * 7);
            struct location where;
            CU_ASSERT_EQUAL_FATAL(page, i);
            CU_ASSERT_TRUE(segment_map_find(&map, page_real(&space->pages[page], 123), &where));
            CU_ASSERT(where.offset >= partition->frames_offset && where.offset % PAGE_BYTES == 123);
            seen[where.board]++;
        }
        static const uint64_t expected[][4] = {{0, 4, 0, 0}, {1, 1, 1, 1}, {0, 0, 0, 4}};
        for (unsigned b = 0; b < 4; b++)
            CU_ASSERT_EQUAL(seen[b], expected[placement][b]);
        address_spaces_free(spaces);
    }
}

// No frame belongs to two address spaces, and every byte of a frame has an address of its own. Each board
// knows its own spaces only; together they fill all memory to the last frame.
static void test_frames_are_apart(void)
{
    static uint8_t taken[4 * MEMORY];
    static const uint64_t granules[] = {0, 64, 2048, PAGE_BYTES};
    write_pages(28); // 8 programs of 28 pages on 4 boards of 56 frames
    for (unsigned g = 0; g < 4; g++) {
        memset(taken, 0, sizeof taken);
        build(&(struct setup){4, 1, granules[g], PLACE_ROUND_ROBIN, false});
        uint64_t frames = 0, twice = 0;
        for (uint32_t c = 0; c < tiny.machine.n_cpus; c++) {
            struct address_spaces *spaces;
            struct address_space *space = space_of(c, &spaces);
            for (uint32_t i = 0; i < space->n; i++, frames++)
                for (uint64_t at = 0; at < PAGE_BYTES; at++)
                    twice += taken[page_real(&space->pages[i], at)]++ != 0;
            address_spaces_free(spaces);
        }
        CU_ASSERT_EQUAL(twice, 0);
        CU_ASSERT_EQUAL(frames, 4 * 56);
    }
}

static void test_out_of_frames(void)
{
    write_pages(29);
    build(&(struct setup){4, 1, 0, PLACE_ROUND_ROBIN, false});
    CU_ASSERT_FALSE(probe_run(&tiny.machine, NULL, SIM_NEVER, &probe));
    CU_ASSERT_PTR_NOT_NULL(strstr(probe.failure, "NP0305"));
    CU_ASSERT_PTR_NOT_NULL(strstr(probe.failure, "needs 58 frames for them and has 56"));
    CU_ASSERT_PTR_NOT_NULL(strstr(probe.failure, "first to miss one:"));
    CU_ASSERT_PTR_NOT_NULL(strstr(probe.failure, "on CPU SB3/2"));
    CU_ASSERT_PTR_NOT_NULL(strstr(probe.failure, "frames: 232KiB"));
    printf("  %s\n", probe.failure);
}

static void test_streams_of_members(void)
{
    write_trace(2, 6, 800); // 800 and 400 references
    build(&(struct setup){1, 1, 0, PLACE_FIRST_TOUCH, false});
    tiny.cpus[0].members = tiny.cpus[1].members = 2;
    CU_ASSERT_TRUE_FATAL(probe_run(&tiny.machine, NULL, SIM_NEVER, &probe));
    uint64_t same = probe.counters[CNT_FETCHES];
    tiny.cpus[1].member = 1;
    tiny.cpus[1].program = tiny.cpus[0].program;
    CU_ASSERT_TRUE_FATAL(probe_run(&tiny.machine, NULL, SIM_NEVER, &probe));
    CU_ASSERT_EQUAL(probe.counters[CNT_CHECKS_FAILED], 0);
    CU_ASSERT(probe.counters[CNT_FETCHES] < same);
}

// Lost pages are not held against the program: a damaged map gives bus errors, and no false alarm.
static void test_fault(void)
{
    write_trace(1, 6, 1500);
    build(&(struct setup){2, 1, 0, PLACE_ROUND_ROBIN, false});
    // From then on board 0 looks for its own memory on board 1, which refuses.
    struct fault_desc fault = {.at = 30 * SIM_PS_PER_US, .board = 0, .segment = 0, .home = 1};
    tiny.machine.n_faults = 1;
    tiny.machine.faults = &fault;
    CU_ASSERT_PTR_NULL(machine_invalid(&tiny.machine));
    CU_ASSERT_TRUE_FATAL(probe_run(&tiny.machine, NULL, SIM_NEVER, &probe));
    CU_ASSERT_TRUE(probe.ended);
    CU_ASSERT(probe.counters[CNT_BUS_ERRORS] > 0);
    CU_ASSERT_EQUAL(probe.counters[CNT_CHECKS_FAILED], 0);
    if (probe.failure[0])
        printf("  %s\n", probe.failure);
}

static void test_no_such_trace(void)
{
    build(&(struct setup){1, 1, 0, PLACE_FIRST_TOUCH, false});
    strcpy(tiny.cpus[0].trace, "/nonexistent.nptrace");
    CU_ASSERT_FALSE(probe_run(&tiny.machine, NULL, SIM_NEVER, &probe));
    CU_ASSERT_PTR_NOT_NULL(strstr(probe.failure, "NP0501"));
    CU_ASSERT_PTR_NOT_NULL(strstr(probe.failure, "board SB0 CPU 1"));
}

// A saved state that is cut anywhere is refused.
static void test_truncated_state(void)
{
    write_trace(1, 6, 300);
    build(&(struct setup){2, 2, 0, PLACE_ROUND_ROBIN, true});
    struct mini_complex first;
    struct err err;
    struct archive saved;
    CU_ASSERT_EQUAL_FATAL(mini_open(&first, &tiny.machine, NULL, &err), ERR_OK);
    mini_run(&first, 5 * SIM_PS_PER_US);
    ar_init_save(&saved);
    mini_state(&first, &saved);
    mini_close(&first);
    struct rng rng = rng_for(3, 3);
    unsigned refused = 0;
    for (unsigned i = 0; i < 40; i++) {
        struct mini_complex second;
        struct archive loaded;
        CU_ASSERT_EQUAL_FATAL(mini_open(&second, &tiny.machine, NULL, &err), ERR_OK);
        ar_init_load(&loaded, saved.bytes, rng_below(&rng, saved.at));
        mini_state(&second, &loaded);
        refused += ar_failed(&loaded);
        mini_close(&second);
    }
    CU_ASSERT_EQUAL(refused, 40);
    ar_free(&saved);
}

int main(void)
{
    snprintf(path, sizeof path, "trace_cpu_test.%d.nptrace", (int)getpid());
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("trace CPU", NULL, NULL);
    CU_add_test(suite, "placements", test_placements);
    CU_add_test(suite, "whole runs", test_whole_runs);
    CU_add_test(suite, "split L1s, overlapped accesses", test_split_and_overlapped);
    CU_add_test(suite, "interleaves below a page", test_fine_interleave);
    CU_add_test(suite, "where pages lie", test_where_pages_lie);
    CU_add_test(suite, "frames are apart", test_frames_are_apart);
    CU_add_test(suite, "out of frames", test_out_of_frames);
    CU_add_test(suite, "streams of members", test_streams_of_members);
    CU_add_test(suite, "a machine fault", test_fault);
    CU_add_test(suite, "no such trace", test_no_such_trace);
    CU_add_test(suite, "a truncated state", test_truncated_state);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    unlink(path);
    return failed ? 1 : 0;
}
