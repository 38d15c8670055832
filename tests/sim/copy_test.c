// SPDX-License-Identifier: Apache-2.0
// Permanent memory changes boards under a running load: all stand still, the memory is copied, all go on with
// a new map. Every value is checked by the programs that use it; the digest is the same however time is cut.
// Afterwards the board that gave its memory away leaves, loses power, comes back and is used again.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "node/board/internal.h"
#include "proto/base/digest.h"
#include "tests/lib/mini_orders.h"
#include "tests/lib/mini_story.h"
#include "tests/lib/tiny_machine.h"

#define BOARDS  4u
#define MEMORY  0x20000u // of each board
#define LATENCY (2 * SIM_PS_PER_US)

static struct tiny_machine tiny;

static void add_generator(unsigned board, unsigned index, enum pattern pattern, uint64_t base, uint64_t size,
                          uint32_t member)
{
    struct cpu_desc *cpu = tiny_machine_add(&tiny, board, index, CPU_GENERATOR);
    bool lock = pattern == PATTERN_LOCK;
    cpu->pattern = pattern;
    cpu->base = base;
    cpu->size = size;
    cpu->member = member;
    cpu->members = 3;
    cpu->program = pattern;
    cpu->write_permille = 400;
    cpu->stride = 8;
    cpu->count = lock ? 150 : 6000;
    cpu->critical = lock ? 4 : 0;
    cpu->parallel = lock ? 100 : 0;
    cpu->outstanding = pattern == PATTERN_RANDOM ? 4 : 1;
}

// Board 0 has the memory that all use and runs nothing; board 3's memory is in no segment yet.
static void build(const char *protocol, uint32_t store_buffer)
{
    struct tiny_shape shape = {.protocol = protocol,
                               .boards = BOARDS,
                               .cpus = 3,
                               .partitions = 1,
                               .memory_bytes = MEMORY,
                               .frames_offset = MEMORY,
                               .store_buffer = store_buffer};
    tiny_machine_init(&tiny, &shape);
    tiny.partitions[0].n_segments = 3;
    for (unsigned board = 1; board < BOARDS; board++) {
        add_generator(board, 0, PATTERN_PRIVATE, 0x0, 0x6000, board - 1);
        add_generator(board, 1, PATTERN_RANDOM, 0x8000, 0x8000, board - 1);
        add_generator(board, 2, PATTERN_LOCK, 0x10000, 0x400, board - 1);
    }
}

static void with_sun_directory(enum directory_miss miss, uint32_t coarse)
{
    tiny.system.directory_miss = miss;
    for (unsigned i = 0; i < BOARDS; i++) {
        tiny.boards[i].params.directory_entries = 64;
        tiny.boards[i].params.directory_ways = 4;
        tiny.boards[i].params.sharer_coarse = coarse;
    }
}

static bool reloading;

static void give(struct mini_complex *complex, uint32_t boards, const struct order *order)
{
    struct mini_orders orders = {.complex = complex, .latency = LATENCY, .reload = reloading};
    CU_ASSERT_EQUAL(mini_give(&orders, boards, order).status, REPORT_DONE);
}

static void expect_nothing_held(struct mini_complex *complex, unsigned board, bool own_cache)
{
    struct board_view view;
    board_view(complex->boards[board], true, &view);
    CU_ASSERT_EQUAL(view.cached_elsewhere, 0);
    CU_ASSERT_EQUAL(view.under_way, 0);
    CU_ASSERT(!own_cache || view.lines_cached == 0);
}

// What a line holds, wherever that is: in some board's cache, or at its home.
static void peek(const struct mini_complex *complex, uint64_t address, unsigned home, uint8_t *bytes)
{
    uint32_t line_bytes = complex->machine->boards[0].params.line_bytes;
    board_peek(complex->boards[home], address, bytes, line_bytes);
    for (unsigned i = 0; i < BOARDS; i++)
        if (cache_find(&complex->boards[i]->cache, address) != NO_SLOT)
            board_peek(complex->boards[i], address, bytes, line_bytes);
}

static void snapshot(const struct mini_complex *complex, unsigned home, uint8_t bytes[MEMORY])
{
    for (uint64_t at = 0; at < MEMORY; at += complex->machine->boards[0].params.line_bytes)
        peek(complex, at, home, bytes + at);
}

static struct order domain_order(uint64_t members, uint16_t version, const uint16_t homes[4])
{
    struct order order = mini_order_of(0, ORDER_DOMAIN);
    order.domain = mini_domain(members, version, homes, 4, MEMORY);
    return order;
}

// Memory of board 0 goes to board 3: no byte of it is another afterwards, not even where board 0 was never
// used and board 3 was.
#define STALE 0x18000u
static void copy_and_rename(struct mini_complex *complex)
{
    static uint8_t before[MEMORY], after[MEMORY];
    struct order order = mini_order_of(0, ORDER_QUIESCE);
    give(complex, 0xf, &order);
    uint64_t accesses = board_accesses(complex->boards[1]);
    for (unsigned i = 0; i < BOARDS; i++) {
        struct board_view view;
        board_view(complex->boards[i], true, &view);
        CU_ASSERT_TRUE(view.quiesced);
        CU_ASSERT_EQUAL(view.under_way, 0);
    }
    snapshot(complex, 0, before);
    memset(memory_line(&complex->boards[3]->home.memory, STALE).bytes, 0xaa, 64);
    order = mini_order_of(0, ORDER_COPY);
    order.size = MEMORY;
    order.target = 3;
    give(complex, 0x1, &order);
    CU_ASSERT_EQUAL(board_accesses(complex->boards[1]), accesses);
    expect_nothing_held(complex, 0, false);
    static const uint16_t homes[4] = {3, 1, 2, NO_BOARD_HERE};
    order = domain_order(0xf, 1, homes);
    give(complex, 0xf, &order);
    snapshot(complex, 3, after);
    CU_ASSERT_EQUAL(memcmp(before, after, MEMORY), 0);
    order = mini_order_of(0, ORDER_RESUME);
    give(complex, 0xf, &order);
}

// Board 0 leaves: nothing is left in its cache, its gates close, its power goes. Then it comes back with its
// memory at a new place behind all others.
static void leave_and_return(struct mini_complex *complex)
{
    static const uint16_t without[4] = {3, 1, 2, NO_BOARD_HERE}, with[4] = {3, 1, 2, 0};
    struct order order = mini_order_of(0, ORDER_FLUSH);
    give(complex, 0x1, &order);
    expect_nothing_held(complex, 0, true);
    order = domain_order(0xe, 2, without);
    give(complex, 0xe, &order);
    order.domain = (struct domain){.partition = NO_PARTITION};
    give(complex, 0x1, &order);
    order = mini_order_of(0, ORDER_POWER);
    give(complex, 0x1, &order);
    order.number = 1;
    give(complex, 0x1, &order);
    struct board_view view;
    board_view(complex->boards[0], true, &view);
    CU_ASSERT(view.powered && view.partition == NO_PARTITION);
    CU_ASSERT_PTR_NULL(memory_peek(&complex->boards[0]->home.memory, 0x8000));
    order = domain_order(0xf, 3, with);
    give(complex, 0xf, &order);
}

static void story(const struct mini_options *options, bool reload, struct digest *digest)
{
    reloading = reload;
    struct mini_complex complex;
    struct err err;
    CU_ASSERT_EQUAL_FATAL(mini_open(&complex, &tiny.machine, options, &err), ERR_OK);
    mini_run(&complex, 20 * SIM_PS_PER_US);
    copy_and_rename(&complex);
    mini_run(&complex, complex.reached + 10 * SIM_PS_PER_US);
    leave_and_return(&complex);
    mini_story_end(&complex, 20000, digest);
}

static void test_protocols(void)
{
    static const char *const protocols[] = {PROTOCOL_NAMES};
    for (unsigned i = 0; i < NP_ARRAY_LEN(protocols); i++) {
        build(protocols[i], i % 2 ? 4 : 0);
        mini_story_same(story, i == 0);
    }
}

static void test_directories(void)
{
    build("sun", 4);
    with_sun_directory(DIRECTORY_RECALL, 0);
    mini_story_same(story, false);
    with_sun_directory(DIRECTORY_BROADCAST, 2);
    mini_story_same(story, false);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("copy", NULL, NULL);
    CU_add_test(suite, "all protocols, with and without store buffers", test_protocols);
    CU_add_test(suite, "directories that recall, forget, and name too many", test_directories);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures != 0;
}
