// SPDX-License-Identifier: Apache-2.0
// Commands of the system controller from their first order to their last report, with boards that only keep
// count.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "coordinator/partition/states.h"
#include "coordinator/partition/words.h"
#include "tests/lib/fake_boards.h"

static struct fake fake;

static struct sc_command add(uint16_t board, uint32_t partition, enum sc_level level)
{
    return (struct sc_command){.verb = SC_ADD, .board = board, .partition = partition, .level = level};
}

static struct sc_command remove_board(uint16_t board, enum sc_level level)
{
    return (struct sc_command){.verb = SC_DELETE, .board = board, .level = level};
}

static struct sc_command move(uint16_t board, uint32_t partition)
{
    return (struct sc_command){
        .verb = SC_MOVE, .board = board, .partition = partition, .level = SC_CONFIGURE};
}

static struct sc_command key(uint32_t partition, enum sc_position position)
{
    return (struct sc_command){.verb = SC_KEYSWITCH, .partition = partition, .position = position};
}

static struct sc_command flag(enum sc_verb verb, uint16_t board, bool on)
{
    return (struct sc_command){.verb = verb, .board = board, .on = on};
}

static struct sc_command reboot(uint32_t partition, bool reconfigure)
{
    return (struct sc_command){.verb = SC_REBOOT, .partition = partition, .on = reconfigure};
}

// Does the command to its end.
static void do_all(struct sc_command command)
{
    struct err err;
    enum err_code code = fake_begin(&fake, &command, &err);
    if (code)
        printf("\n  %s: %s\n", err_id(code), err.text);
    CU_ASSERT_EQUAL_FATAL(code, ERR_OK);
    fake_finish(&fake);
    const struct sc_operation *op = sc_operation(fake.sc, sc_operations(fake.sc));
    if (op->outcome.code)
        printf("\n  %s: %s\n", err_id(op->outcome.code), op->outcome.text);
    CU_ASSERT_EQUAL_FATAL(op->outcome.code, ERR_OK);
    CU_ASSERT_EQUAL(strcmp(op->step, "done"), 0);
}

static void expect(uint16_t board, enum board_state state, uint32_t partition)
{
    CU_ASSERT_EQUAL(board_state_of(sc_board(fake.sc, board)), state);
    CU_ASSERT_EQUAL(sc_board(fake.sc, board)->partition, partition);
}

static void test_move(void)
{
    fake_init(&fake, FAMILY_SUN, 1);
    do_all(move(2, 1));
    expect(2, BOARD_ACTIVE, 1);
    CU_ASSERT_EQUAL(fake.board[0].threads, 6); // twelve threads on two boards
    CU_ASSERT_EQUAL(fake.board[1].threads, 6);
    CU_ASSERT_EQUAL(fake.board[2].threads, 3); // eight on three
    CU_ASSERT_EQUAL(fake_pages(&fake), 7 * 40);
    CU_ASSERT_EQUAL(fake_threads(&fake), 7 * 4);
    CU_ASSERT_EQUAL(sc_operation(fake.sc, 1)->pages_done, 40);
    CU_ASSERT_EQUAL(sc_operation(fake.sc, 1)->pages_total, 40);
    const struct domain *from = &sc_partition(fake.sc, 0)->domain, *to = &sc_partition(fake.sc, 1)->domain;
    CU_ASSERT_EQUAL(from->members, 3);
    CU_ASSERT_EQUAL(to->members, 0x1c);
    CU_ASSERT(from->map_version > 0 && to->map_version > 0);
    CU_ASSERT_EQUAL(fake.groups[2], 1);
    CU_ASSERT_EQUAL(fake.groups[0], 0);
    CU_ASSERT_EQUAL(fake.orders[ORDER_QUIESCE], 0); // no permanent memory: nobody stood still
    do_all(move(2, 0));
    CU_ASSERT_EQUAL(fake.board[2].threads, 4);
    CU_ASSERT_EQUAL(fake.board[3].threads, 4);
    fake_free(&fake);
}

static void test_permanent(void)
{
    fake_init(&fake, FAMILY_SUN, 2);
    do_all(move(0, 1));
    CU_ASSERT_EQUAL(fake.board[1].permanent, PAGE_BYTES); // the lowest other board
    CU_ASSERT_EQUAL(fake.board[0].permanent, 0);
    CU_ASSERT_EQUAL(fake.orders[ORDER_COPY], 1);
    CU_ASSERT_EQUAL(fake.orders[ORDER_RESUME], 3);
    const struct domain *d = &sc_partition(fake.sc, 0)->domain;
    CU_ASSERT_EQUAL(d->segments[0].boards[0], 1);
    CU_ASSERT_EQUAL(d->segments[0].base, 0);
    CU_ASSERT_EQUAL(d->segments[0].size, PAGE_BYTES);
    CU_ASSERT_EQUAL(sc_partition(fake.sc, 0)->core_board, 1);
    do_all(move(0, 0));
    do_all(remove_board(1, SC_UNASSIGN));
    CU_ASSERT_EQUAL(fake.board[0].permanent, PAGE_BYTES);
    fake_free(&fake);
}

static void test_levels(void)
{
    fake_init(&fake, FAMILY_SUN, 3);
    do_all(add(7, 0, SC_ASSIGN));
    expect(7, BOARD_ASSIGNED, 0);
    CU_ASSERT_FALSE(sc_board(fake.sc, 7)->powered);
    do_all(add(7, 0, SC_CONNECT));
    expect(7, BOARD_CONNECTED, 0);
    CU_ASSERT_FALSE(fake.board[7].online);
    do_all(add(7, 0, SC_CONFIGURE));
    expect(7, BOARD_ACTIVE, 0);
    CU_ASSERT_EQUAL(fake.board[7].threads, 3);
    do_all(remove_board(7, SC_UNCONFIGURE));
    expect(7, BOARD_CONNECTED, 0);
    CU_ASSERT_EQUAL(fake.board[7].threads, 0);
    do_all(remove_board(7, SC_DISCONNECT));
    expect(7, BOARD_ASSIGNED, 0);
    CU_ASSERT_FALSE(sc_board(fake.sc, 7)->powered);
    do_all(remove_board(7, SC_UNASSIGN));
    expect(7, BOARD_FREE, NO_PARTITION);
    do_all(add(7, 2, SC_CONFIGURE));
    do_all(remove_board(7, SC_UNASSIGN));
    expect(7, BOARD_FREE, NO_PARTITION);
    CU_ASSERT_EQUAL(fake.groups[7], NO_GROUP);
    fake_free(&fake);
}

static void test_move_assigned(void)
{
    fake_init(&fake, FAMILY_SUN, 3);
    do_all(add(7, 0, SC_ASSIGN));
    do_all((struct sc_command){.verb = SC_MOVE, .board = 7, .partition = 1, .level = SC_ASSIGN});
    expect(7, BOARD_ASSIGNED, 1);
    do_all(move(7, 2));
    expect(7, BOARD_ACTIVE, 2);
    do_all((struct sc_command){.verb = SC_MOVE, .board = 7, .partition = 1, .level = SC_ASSIGN});
    expect(7, BOARD_ASSIGNED, 1);
    CU_ASSERT_FALSE(sc_board(fake.sc, 7)->powered);
    fake_free(&fake);
}

static void test_holes(void)
{
    fake_init(&fake, FAMILY_SUN, 4);
    const struct domain *d = &sc_partition(fake.sc, 0)->domain;
    uint64_t size = fake.boards[0].params.memory_bytes;
    do_all(remove_board(1, SC_UNASSIGN));
    CU_ASSERT_EQUAL(d->n_segments, 2);
    CU_ASSERT_EQUAL(d->segments[1].base, 2 * size); // a hole is left
    uint16_t version = d->map_version;
    do_all(add(7, 0, SC_CONFIGURE));
    CU_ASSERT_EQUAL(d->segments[1].base, size); // and filled
    CU_ASSERT_EQUAL(d->segments[1].boards[0], 7);
    CU_ASSERT_EQUAL(d->map_version, version + 1);
    do_all(add(1, 0, SC_CONFIGURE));
    CU_ASSERT_EQUAL(d->segments[3].base, 3 * size);
    fake_free(&fake);
}

// Each board of the list has all its memory in one range, without a hole from 0 on.
static void expect_contiguous(uint32_t partition, const uint16_t *boards, uint32_t n)
{
    const struct domain *d = &sc_partition(fake.sc, partition)->domain;
    uint64_t base = 0;
    CU_ASSERT_EQUAL_FATAL(d->n_segments, n);
    for (uint32_t i = 0; i < n; i++) {
        CU_ASSERT_EQUAL(d->segments[i].boards[0], boards[i]);
        CU_ASSERT(d->segments[i].base == base && d->segments[i].offset == 0 && d->segments[i].n_boards == 1);
        base += d->segments[i].size;
        CU_ASSERT_EQUAL(d->segments[i].size, fake.boards[boards[i]].params.memory_bytes);
    }
}

// What addresses a board's memory has: a hole where one left, no hole after a boot with other boards than the
// description's, and the description's own map with its own boards, whatever was between (facts.md 1.5).
static void test_addresses_after_a_boot(void)
{
    fake_init(&fake, FAMILY_SUN, 11);
    const struct domain *d = &sc_partition(fake.sc, 0)->domain;
    do_all(move(1, 1));
    CU_ASSERT_EQUAL(d->segments[1].base, 2 * fake.boards[0].params.memory_bytes);
    do_all(reboot(0, false));
    expect_contiguous(0, (const uint16_t[]){0, 2}, 2);
    do_all(reboot(1, false)); // SMP2 has taken it in, at its lowest address where it fits
    expect_contiguous(1, (const uint16_t[]){1, 3, 4}, 3);
    do_all(move(1, 0));
    CU_ASSERT_EQUAL(d->segments[2].boards[0], 1); // added behind the others
    do_all(key(0, SC_KEY_OFF));
    do_all(key(0, SC_KEY_ON));
    expect_contiguous(0, (const uint16_t[]){0, 1, 2}, 3);
    CU_ASSERT_EQUAL(memcmp(d->segments, fake.partitions[0].segments, 3 * sizeof d->segments[0]), 0);
    fake_free(&fake);
}

// Interleaved memory is dealt out anew over the cells that boot; a floating one takes no part.
static void test_interleaved_after_a_boot(void)
{
    fake_init(&fake, FAMILY_SUPERDOME, 12);
    uint64_t size = fake.boards[0].params.memory_bytes;
    fake.boards[7].floating = true;
    fake.partitions[0].segments[0] =
        (struct segment_desc){.size = 3 * size, .granule = PAGE_BYTES, .n_boards = 3, .boards = {0, 1, 2}};
    fake.partitions[0].n_segments = 1;
    fake_restart(&fake);
    const struct domain *d = &sc_partition(fake.sc, 0)->domain;
    do_all(move(2, 1));
    do_all(add(7, 0, SC_CONFIGURE));
    CU_ASSERT_EQUAL(d->segments[0].n_boards, 3); // a base cell waits for the reboot
    do_all(reboot(0, true));
    CU_ASSERT_EQUAL_FATAL(d->n_segments, 2);
    CU_ASSERT(d->segments[0].n_boards == 2 && d->segments[0].granule == PAGE_BYTES);
    CU_ASSERT(d->segments[0].boards[0] == 0 && d->segments[0].boards[1] == 1);
    CU_ASSERT_EQUAL(d->segments[0].size, 2 * size);
    CU_ASSERT(d->segments[1].base == 2 * size && d->segments[1].boards[0] == 7);
    do_all(reboot(1, true)); // described without an interleave
    expect_contiguous(1, (const uint16_t[]){2, 3, 4}, 3);
    fake_free(&fake);
}

static void test_keyswitch(void)
{
    fake_init(&fake, FAMILY_SUN, 5);
    do_all(move(0, 1)); // the order of addresses is another one now
    do_all(move(0, 0));
    do_all(key(0, SC_KEY_SECURE));
    CU_ASSERT_EQUAL(fake.orders[ORDER_RESET], 0);
    do_all(key(0, SC_KEY_OFF));
    CU_ASSERT_EQUAL(sc_partition(fake.sc, 0)->state, SC_POWERED_OFF);
    expect(0, BOARD_ASSIGNED, 0);
    CU_ASSERT_FALSE(fake.board[0].powered);
    CU_ASSERT_EQUAL(fake.groups[0], NO_GROUP);
    do_all(key(0, SC_KEY_STANDBY));
    CU_ASSERT_EQUAL(sc_partition(fake.sc, 0)->state, SC_STANDBY);
    CU_ASSERT(fake.board[0].powered);
    do_all(key(0, SC_KEY_ON));
    CU_ASSERT_EQUAL(sc_partition(fake.sc, 0)->state, SC_RUNNING);
    CU_ASSERT_EQUAL(fake.orders[ORDER_RESET], 3);
    const struct domain *d = &sc_partition(fake.sc, 0)->domain;
    for (uint32_t i = 0; i < 3; i++) // the original address order
        CU_ASSERT_EQUAL(d->segments[i].boards[0], i);
    CU_ASSERT_EQUAL(d->segments[0].base, 0);
    CU_ASSERT_EQUAL(fake.board[0].permanent, PAGE_BYTES);
    do_all(key(0, SC_KEY_STANDBY));
    do_all(key(0, SC_KEY_OFF));
    do_all(key(0, SC_KEY_DIAG));
    CU_ASSERT_EQUAL(sc_partition(fake.sc, 0)->state, SC_RUNNING);
    do_all(reboot(0, false));
    CU_ASSERT_EQUAL(fake.orders[ORDER_RESET], 9);
    CU_ASSERT_EQUAL(fake_pages(&fake), 7 * 40);
    fake_free(&fake);
}

static void test_power_and_test(void)
{
    fake_init(&fake, FAMILY_SUN, 6);
    do_all(flag(SC_POWER, 7, true));
    do_all(flag(SC_TEST, 7, true));
    CU_ASSERT_EQUAL(sc_board(fake.sc, 7)->test, SC_TEST_PASSED);
    CU_ASSERT_EQUAL(fake.groups[7], NO_GROUP);
    do_all(add(7, 1, SC_CONFIGURE));
    CU_ASSERT_EQUAL(fake.orders[ORDER_TEST], 1); // tested already
    do_all(remove_board(7, SC_UNASSIGN));
    do_all(flag(SC_POWER, 7, true));
    CU_ASSERT_EQUAL(sc_board(fake.sc, 7)->test, SC_TEST_UNKNOWN);
    do_all(flag(SC_POWER, 7, false));
    do_all(flag(SC_BLACKLIST, 7, true));
    CU_ASSERT(sc_board(fake.sc, 7)->blacklisted);
    fake_free(&fake);
}

// facts.md 2: base cells change with a reboot for reconfiguration, floating ones at once.
static void test_cells(void)
{
    fake_init(&fake, FAMILY_SUPERDOME, 7);
    do_all(add(7, 0, SC_CONFIGURE));
    expect(7, BOARD_ASSIGNED, 0); // a base cell waits
    do_all(move(2, 1));
    expect(2, BOARD_ACTIVE, 0);
    CU_ASSERT_EQUAL(sc_board(fake.sc, 2)->next_partition, 1);
    do_all(reboot(0, true));
    expect(7, BOARD_ACTIVE, 0);
    expect(2, BOARD_ASSIGNED, 1);
    do_all(flag(SC_CELL, 2, false));
    do_all(reboot(1, true));
    expect(2, BOARD_ASSIGNED, 1);
    do_all(flag(SC_CELL, 2, true));
    do_all(reboot(1, true));
    expect(2, BOARD_ACTIVE, 1);
    do_all(remove_board(2, SC_UNASSIGN));
    expect(2, BOARD_ACTIVE, 1);
    do_all(reboot(1, true));
    expect(2, BOARD_FREE, NO_PARTITION);
    fake_free(&fake);
}

static void test_floating_cells(void)
{
    fake_init(&fake, FAMILY_SUPERDOME, 8);
    fake.boards[7].floating = true;
    fake_reload(&fake); // what floats is the machine's to say
    do_all(add(7, 0, SC_CONFIGURE));
    expect(7, BOARD_ACTIVE, 0);
    do_all(move(7, 1));
    expect(7, BOARD_ACTIVE, 1);
    fake_free(&fake);
}

static void test_labels(void)
{
    fake_init(&fake, FAMILY_SUN, 10);
    struct sc_command tag = {.verb = SC_TAG, .partition = 1, .name = "payroll"};
    do_all(tag);
    CU_ASSERT_STRING_EQUAL(sc_partition(fake.sc, 1)->tag, "payroll");
    do_all((struct sc_command){.verb = SC_AVAILABLE, .board = 7, .partition = 1, .on = true});
    CU_ASSERT(sc_partition(fake.sc, 1)->available[7]);
    fake_free(&fake);
}

static void test_plan(void)
{
    struct sc_plan plan;
    struct err err;
    fake_init(&fake, FAMILY_SUN, 11);
    struct sc_command command = move(0, 1);
    uint64_t history = fake.history, memory = fake.boards[0].params.memory_bytes;
    CU_ASSERT_EQUAL(sc_plan(fake.sc, &command, 0, &plan, &err), ERR_OK);
    CU_ASSERT_EQUAL(plan.cpus_from[0], 12);
    CU_ASSERT_EQUAL(plan.cpus_from[1], 8);
    CU_ASSERT_EQUAL(plan.cpus_to[0], 8);
    CU_ASSERT_EQUAL(plan.cpus_to[1], 12);
    CU_ASSERT_EQUAL(plan.memory_to[1], 3 * memory);
    CU_ASSERT_EQUAL(plan.drain_pages, 40);
    CU_ASSERT_EQUAL(plan.permanent_pages, 1);
    CU_ASSERT_EQUAL(plan.copy_target, 1);
    CU_ASSERT_EQUAL(plan.threads, 4);
    command = move(0, 0);
    CU_ASSERT_EQUAL(sc_plan(fake.sc, &command, 0, &plan, &err), ERR_STATE);
    CU_ASSERT_EQUAL(fake.history, history); // nothing has happened
    CU_ASSERT_EQUAL(sc_operations(fake.sc), 0);
    CU_ASSERT_TRUE(plan.cpus_from[1] == 12 && plan.cpus_to[1] == 12); // it stays where it is
    do_all((struct sc_command){.verb = SC_BLACKLIST, .board = 0, .on = true});
    command = move(0, 1);
    CU_ASSERT_EQUAL(sc_plan(fake.sc, &command, 0, &plan, &err), ERR_BLACKLISTED);
    CU_ASSERT_TRUE(plan.cpus_from[0] == 12 && plan.cpus_from[1] == 8 && plan.cpus_to[1] == 12);
    CU_ASSERT_EQUAL(plan.memory_to[1], 3 * memory);
    fake_free(&fake);
}

// Saved and loaded at every cut, everything goes on as if it had not been.
static void test_saved(void)
{
    uint64_t histories[2];
    for (unsigned k = 0; k < 2; k++) {
        fake_init(&fake, FAMILY_SUN, 12);
        struct err err;
        struct sc_command command = move(0, 1), other = key(2, SC_KEY_OFF);
        CU_ASSERT_EQUAL(fake_begin(&fake, &command, &err), ERR_OK);
        CU_ASSERT_EQUAL(fake_begin(&fake, &other, &err), ERR_OK);
        do {
            if (k)
                fake_reload(&fake);
        } while (fake_advance(&fake));
        histories[k] = fake.history;
        fake_free(&fake);
    }
    CU_ASSERT_EQUAL(histories[0], histories[1]);
}

// What is left of a damaged state is refused, never obeyed.
static void test_damaged(void)
{
    struct err err;
    struct archive out, in;
    struct rng rng = rng_for(4, 4);
    unsigned refused = 0;
    fake_init(&fake, FAMILY_SUN, 13);
    struct sc_command command = move(0, 1);
    CU_ASSERT_EQUAL(fake_begin(&fake, &command, &err), ERR_OK);
    ar_init_save(&out);
    sc_state(fake.sc, &out);
    for (unsigned i = 0; i < 40; i++) {
        const struct sc_machine none = {0};
        struct sc *sc = sc_new(&fake.machine, &none);
        ar_init_load(&in, out.bytes, rng_below(&rng, out.at));
        sc_state(sc, &in);
        refused += in.err.code == ERR_DAMAGED_STATE;
        ar_free(&in);
        sc_free(sc);
    }
    CU_ASSERT_EQUAL(refused, 40);
    ar_free(&out);
    fake_free(&fake);
}

static void test_words(void)
{
    enum sc_verb verb;
    enum sc_level level;
    enum sc_position position;
    for (unsigned i = 0; i < SC_VERB_COUNT; i++)
        CU_ASSERT(sc_verb_of(sc_verb_name((enum sc_verb)i), &verb) && verb == i);
    for (unsigned i = 0; i < SC_LEVEL_COUNT; i++)
        CU_ASSERT(sc_level_of(sc_level_name((enum sc_level)i), &level) && level == i);
    for (unsigned i = 0; i < SC_POSITION_COUNT; i++)
        CU_ASSERT(sc_position_of(sc_position_name((enum sc_position)i), &position) && position == i);
    CU_ASSERT_FALSE(sc_verb_of("moves", &verb));
    char text[SC_COMMAND_TEXT_SIZE];
    fake_init(&fake, FAMILY_SUN, 14);
    struct sc_command command = move(6, 1);
    CU_ASSERT_STRING_EQUAL(sc_command_text(&fake.machine, &command, text), "move SB6 SMP2 configure");
    fake_free(&fake);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("moves", NULL, NULL);
    CU_add_test(suite, "a move", test_move);
    CU_add_test(suite, "permanent memory", test_permanent);
    CU_add_test(suite, "levels", test_levels);
    CU_add_test(suite, "moves of boards that are assigned", test_move_assigned);
    CU_add_test(suite, "holes in the map", test_holes);
    CU_add_test(suite, "addresses after a boot", test_addresses_after_a_boot);
    CU_add_test(suite, "interleaved memory after a boot", test_interleaved_after_a_boot);
    CU_add_test(suite, "keyswitch", test_keyswitch);
    CU_add_test(suite, "power and test", test_power_and_test);
    CU_add_test(suite, "base cells", test_cells);
    CU_add_test(suite, "floating cells", test_floating_cells);
    CU_add_test(suite, "labels", test_labels);
    CU_add_test(suite, "plans", test_plan);
    CU_add_test(suite, "saved in the middle", test_saved);
    CU_add_test(suite, "a cut state is refused", test_damaged);
    CU_add_test(suite, "words", test_words);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
