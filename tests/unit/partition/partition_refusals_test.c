// SPDX-License-Identifier: Apache-2.0
// Every refusal of the system controller: its code, that it names what it is about, and that nothing has
// happened. Then every failure on the way: the state that is left, and the way out of it.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "coordinator/partition/states.h"
#include "tests/lib/fake_boards.h"

static struct fake fake;

static struct sc_command move(uint16_t board, uint32_t partition)
{
    return (struct sc_command){
        .verb = SC_MOVE, .board = board, .partition = partition, .level = SC_CONFIGURE};
}

static struct sc_command add(uint16_t board, uint32_t partition)
{
    return (struct sc_command){.verb = SC_ADD, .board = board, .partition = partition, .level = SC_CONFIGURE};
}

static struct sc_command remove_board(uint16_t board, enum sc_level level)
{
    return (struct sc_command){.verb = SC_DELETE, .board = board, .level = level};
}

static struct sc_command key(uint32_t partition, enum sc_position position)
{
    return (struct sc_command){.verb = SC_KEYSWITCH, .partition = partition, .position = position};
}

static struct sc_command flag(enum sc_verb verb, uint16_t board, bool on)
{
    return (struct sc_command){.verb = verb, .board = board, .on = on};
}

static void do_all(struct sc_command command)
{
    struct err err;
    CU_ASSERT_EQUAL_FATAL(fake_begin(&fake, &command, &err), ERR_OK);
    fake_finish(&fake);
    CU_ASSERT_EQUAL(sc_operation(fake.sc, sc_operations(fake.sc))->outcome.code, ERR_OK);
}

// Refused, with a text that names `about` and, after ";", what helps; and remembered as an operation.
static void refused(struct sc_command command, enum err_code code, const char *about)
{
    struct err err;
    uint32_t orders = 0, after = 0;
    for (unsigned i = 0; i < ORDER_KIND_COUNT; i++)
        orders += fake.orders[i];
    enum err_code have = fake_begin(&fake, &command, &err);
    if (have != code || !strstr(err.text, about) || !strchr(err.text, ';'))
        printf("\n  %s: %s\n", err_id(have), err.text);
    CU_ASSERT_EQUAL(have, code);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, about));
    CU_ASSERT_PTR_NOT_NULL(strchr(err.text, ';'));
    for (unsigned i = 0; i < ORDER_KIND_COUNT; i++)
        after += fake.orders[i];
    CU_ASSERT_EQUAL(orders, after);
    const struct sc_operation *op = sc_operation(fake.sc, sc_operations(fake.sc));
    CU_ASSERT_EQUAL(op->outcome.code, code);
    CU_ASSERT_STRING_EQUAL(op->step, "refused");
    CU_ASSERT_EQUAL(op->ended, fake.now);
}

static void begin(void)
{
    fake_init(&fake, FAMILY_SUN, 1);
}

static void end(void)
{
    fake_finish(&fake);
    fake_free(&fake);
}

static void test_names(void)
{
    begin();
    refused(move(FAKE_BOARDS, 0), ERR_UNKNOWN_NAME, "board");
    refused(move(0, FAKE_PARTITIONS), ERR_UNKNOWN_NAME, "partition");
    refused(move(FAKE_BOARDS - 1, 0), ERR_STATE, "X0 and SMP1");
    end();
}

static void test_no_controller(void)
{
    begin();
    fake.systems[0].controller_latency = 0;
    refused(move(2, 1), ERR_STATE, "system sun");
    end();
}

static void test_states(void)
{
    begin();
    refused(move(2, 0), ERR_STATE, "SB2 is in SMP1 already");
    refused(move(7, 0), ERR_STATE, "SB7 is in no partition");
    refused(add(3, 0), ERR_STATE, "SB3 belongs to SMP2");
    refused(add(2, 0), ERR_STATE, "active in SMP1");
    refused(remove_board(7, SC_UNASSIGN), ERR_STATE, "SB7");
    refused(flag(SC_POWER, 2, false), ERR_STATE, "connected to SMP1");
    refused(flag(SC_POWER, 7, false), ERR_STATE, "powered off already");
    refused(flag(SC_TEST, 2, true), ERR_STATE, "connected to SMP1");
    refused(flag(SC_TEST, 7, true), ERR_STATE, "no power");
    refused(flag(SC_CELL, 2, true), ERR_STATE, "no cell");
    refused(key(0, SC_KEY_ON), ERR_STATE, "SMP1 is on already");
    do_all(remove_board(2, SC_UNCONFIGURE));
    refused(remove_board(2, SC_UNCONFIGURE), ERR_STATE, "unconfigured already");
    do_all(remove_board(2, SC_DISCONNECT));
    refused(remove_board(2, SC_DISCONNECT), ERR_STATE, "disconnected already");
    struct sc_command assign = add(2, 0);
    assign.level = SC_ASSIGN;
    refused(assign, ERR_STATE, "assigned to SMP1 already");
    end();
}

static void test_off(void)
{
    begin();
    do_all(key(1, SC_KEY_OFF));
    refused(move(2, 1), ERR_STATE, "SMP2 does not run");
    refused((struct sc_command){.verb = SC_REBOOT, .partition = 1}, ERR_STATE, "does not run");
    do_all(key(0, SC_KEY_SECURE));
    refused((struct sc_command){.verb = SC_REBOOT, .partition = 0}, ERR_STATE, "secure");
    do_all(flag(SC_BLACKLIST, 3, true));
    do_all(flag(SC_BLACKLIST, 4, true));
    refused(key(1, SC_KEY_ON), ERR_STATE, "no board to run on");
    end();
}

static void test_busy(void)
{
    struct err err;
    begin();
    struct sc_command first = move(2, 1);
    CU_ASSERT_EQUAL(fake_begin(&fake, &first, &err), ERR_OK);
    refused(move(2, 2), ERR_BUSY, "operation 1");                     // the board
    refused(remove_board(3, SC_UNASSIGN), ERR_BUSY, "move SB2 SMP2"); // its new partition
    refused(key(0, SC_KEY_OFF), ERR_BUSY, "offline");                 // its old one
    struct sc_command third = key(2, SC_KEY_OFF);
    CU_ASSERT_EQUAL(fake_begin(&fake, &third, &err), ERR_OK); // nobody is in its way
    refused(flag(SC_POWER, 7, true), ERR_BUSY, "all partitions");
    struct sc_command list = flag(SC_BLACKLIST, 2, true); // a note on paper
    CU_ASSERT_EQUAL(fake_begin(&fake, &list, &err), ERR_OK);
    fake_finish(&fake);
    CU_ASSERT_EQUAL(sc_board(fake.sc, 2)->partition, 1);
    end();
}

static void test_company(void)
{
    struct err err;
    begin();
    struct sc_command power = flag(SC_POWER, 7, true);
    CU_ASSERT_EQUAL(fake_begin(&fake, &power, &err), ERR_OK);
    CU_ASSERT_EQUAL(fake.groups[7], 0); // in the company of SMP1
    refused(move(2, 1), ERR_BUSY, "power SB7");
    end();
}

static void test_last(void)
{
    begin();
    do_all(remove_board(2, SC_UNASSIGN));
    do_all(remove_board(1, SC_UNASSIGN));
    refused(remove_board(0, SC_UNASSIGN), ERR_LAST, "last CPUs of SMP1");
    end();
}

static void test_permanent(void)
{
    begin();
    fake.boards[0].params.memory_bytes += PAGE_BYTES; // more than the others have
    refused(remove_board(0, SC_UNASSIGN), ERR_PERMANENT, "permanent memory of SMP1");
    fake.boards[2].params.memory_bytes += PAGE_BYTES;
    fake.boards[2].floating = true;
    fake_reload(&fake);
    refused(remove_board(0, SC_UNASSIGN), ERR_PERMANENT, "force");
    struct sc_command force = remove_board(0, SC_UNASSIGN);
    force.force = true;
    do_all(force);
    CU_ASSERT_EQUAL(fake.board[2].permanent, PAGE_BYTES);
    end();
}

static void test_frames(void)
{
    begin();
    for (unsigned i = 0; i < FAKE_FRAMES; i++)
        fake.board[3].frame[i] = true;
    refused(remove_board(4, SC_UNASSIGN), ERR_NO_FRAMES, "40 pages in use");
    do_all(add(7, 1));
    do_all(remove_board(4, SC_UNASSIGN));
    end();
}

static void test_link(void)
{
    begin();
    struct link_desc link = {.name = "wire", .board = {2, 3}, .latency = 1};
    fake.machine.links = &link;
    fake.machine.n_links = 1;
    refused(remove_board(2, SC_UNASSIGN), ERR_BOUND, "wire ends at SB2");
    refused(move(3, 0), ERR_BOUND, "wire ends at SB3");
    refused(key(0, SC_KEY_OFF), ERR_BOUND, "wire");
    refused((struct sc_command){.verb = SC_REBOOT, .partition = 0}, ERR_BOUND, "wire");
    do_all(remove_board(1, SC_UNASSIGN));
    end();
}

static void test_bound(void)
{
    begin();
    fake.board[2].bound = 3;
    refused(remove_board(2, SC_UNASSIGN), ERR_BOUND, "3 of its CPUs");
    fake.board[2].bound = 0;
    fake.machine.n_cpus = 1;
    fake.cpus[0] = (struct cpu_desc){.board = 1,
                                     .kind = CPU_GENERATOR,
                                     .base = 2 * fake.boards[0].params.memory_bytes + PAGE_BYTES,
                                     .size = PAGE_BYTES};
    refused(remove_board(2, SC_UNASSIGN), ERR_BOUND, "SB1/0");
    fake.cpus[0].kind = CPU_SCRIPT;
    fake.cpus[0].base = 0;
    refused(remove_board(2, SC_UNASSIGN), ERR_BOUND, "SB1/0");
    fake.cpus[0].kind = CPU_GENERATOR; // in permanent memory, which is copied
    fake.cpus[0].size = 8;
    do_all(remove_board(0, SC_UNASSIGN));
    end();
}

static void test_interleaved(void)
{
    begin();
    fake.partitions[0].n_segments = 1;
    fake.partitions[0].segments[0].size *= 3;
    fake.partitions[0].segments[0].granule = PAGE_BYTES;
    fake.partitions[0].segments[0].n_boards = 3;
    memcpy(fake.partitions[0].segments[0].boards, fake.partitions[0].boards, 3 * sizeof(uint16_t));
    fake_restart(&fake);
    refused(remove_board(2, SC_UNASSIGN), ERR_STATE, "interleave: none");
    do_all(add(7, 0));
    do_all(remove_board(7, SC_UNASSIGN));
    end();
}

static void test_blacklist(void)
{
    begin();
    do_all(flag(SC_BLACKLIST, 7, true));
    refused(add(7, 0), ERR_BLACKLISTED, "SB7");
    do_all(flag(SC_BLACKLIST, 7, false));
    do_all(add(7, 0));
    end();
}

static void test_rights(void)
{
    begin();
    struct sc_command command = add(7, 0), out = remove_board(7, SC_UNASSIGN);
    command.restricted = out.restricted = true;
    refused(command, ERR_FORBIDDEN, "available component list of SMP1");
    do_all(add(7, 0));
    refused(out, ERR_FORBIDDEN, "SB7");
    do_all((struct sc_command){.verb = SC_AVAILABLE, .board = 7, .partition = 0, .on = true});
    do_all(out);
    do_all(command);
    end();
}

static void test_guests_boot(void)
{
    begin();
    strcpy(fake.partitions[1].guest.image, "guest.elf");
    do_all(key(1, SC_KEY_OFF));
    struct sc_command out = remove_board(4, SC_UNASSIGN);
    do_all(out);
    refused(key(1, SC_KEY_ON), ERR_BOUND, "its guest");
    end();
}

// Failures on the way.
static void fail(struct sc_command command, enum order_kind kind, enum report_status status,
                 enum err_code code)
{
    struct err err;
    fake.fail_kind = kind;
    fake.fail_board = NO_BOARD;
    fake.fail_status = status;
    CU_ASSERT_EQUAL_FATAL(fake_begin(&fake, &command, &err), ERR_OK);
    fake_finish(&fake);
    const struct sc_operation *op = sc_operation(fake.sc, sc_operations(fake.sc));
    CU_ASSERT_EQUAL(op->outcome.code, code);
    CU_ASSERT_PTR_NOT_NULL(strstr(op->outcome.text, "; ")); // the way out
    CU_ASSERT_EQUAL(fake.fail_status, REPORT_DONE);
    CU_ASSERT_EQUAL(fake_threads(&fake), 7 * 4);
    CU_ASSERT_EQUAL(fake_pages(&fake), 7 * 40);
}

static void expect(uint16_t board, enum board_state state, uint32_t partition)
{
    CU_ASSERT_EQUAL(board_state_of(sc_board(fake.sc, board)), state);
    CU_ASSERT_EQUAL(sc_board(fake.sc, board)->partition, partition);
}

static void test_failed_drain(void)
{
    static const enum report_status statuses[] = {REPORT_NO_FRAMES, REPORT_LOST};
    static const enum err_code codes[] = {ERR_NO_FRAMES, ERR_STATE};
    for (unsigned i = 0; i < 2; i++) {
        begin();
        fail(move(2, 1), ORDER_DRAIN, statuses[i], codes[i]);
        expect(2, BOARD_LEAVING, 0);
        do_all(move(2, 1)); // again
        expect(2, BOARD_ACTIVE, 1);
        fail(remove_board(4, SC_UNASSIGN), ORDER_DRAIN, statuses[i], codes[i]);
        do_all(add(4, 1)); // or back
        expect(4, BOARD_ACTIVE, 1);
        CU_ASSERT(fake.board[4].online && fake.board[4].threads > 0);
        end();
    }
}

static void test_failed_copy(void)
{
    begin();
    fail(move(0, 1), ORDER_COPY, REPORT_LOST, ERR_STATE);
    expect(0, BOARD_LEAVING, 0);
    CU_ASSERT_EQUAL(sc_partition(fake.sc, 0)->state, SC_RUNNING); // it goes on
    CU_ASSERT_EQUAL(fake.orders[ORDER_RESUME], 3);
    CU_ASSERT_EQUAL(fake.board[0].permanent, PAGE_BYTES);
    do_all(move(0, 1));
    CU_ASSERT_EQUAL(fake.board[1].permanent, PAGE_BYTES);
    end();
}

static void test_failed_flush(void)
{
    begin();
    fail(move(2, 1), ORDER_FLUSH, REPORT_LOST, ERR_STATE);
    expect(2, BOARD_LEAVING, 0);
    do_all(add(2, 0));
    expect(2, BOARD_ACTIVE, 0);
    end();
}

// Lines of the board in others' caches, after all: gates stay open, and it is told as our own mistake.
static void test_unclean(void)
{
    struct err err;
    begin();
    struct sc_command command = move(2, 1);
    CU_ASSERT_EQUAL(fake_begin(&fake, &command, &err), ERR_OK);
    while (strcmp(sc_operation(fake.sc, 1)->step, "flush") != 0)
        CU_ASSERT_FATAL(fake_advance(&fake));
    fake.board[2].lines = 1;
    fake_finish(&fake);
    CU_ASSERT_EQUAL(sc_operation(fake.sc, 1)->outcome.code, ERR_INTERNAL);
    expect(2, BOARD_CONNECTED, 0);
    fake.board[2].lines = 0;
    do_all(move(2, 1));
    end();
}

static void test_failed_test(void)
{
    begin();
    fail(move(2, 1), ORDER_TEST, REPORT_FAILED_TEST, ERR_SELF_TEST);
    expect(2, BOARD_ASSIGNED, 1);
    refused(add(2, 1), ERR_SELF_TEST, "SB2");
    do_all(flag(SC_TEST, 2, true));
    do_all(add(2, 1));
    fail(move(2, 0), ORDER_TEST, REPORT_FAILED_TEST, ERR_SELF_TEST);
    do_all(remove_board(2, SC_UNASSIGN));
    expect(2, BOARD_FREE, NO_PARTITION);
    end();
}

// A domain does without a board that fails, and halts when none is left.
static void test_failed_post(void)
{
    struct err err;
    begin();
    do_all(key(1, SC_KEY_OFF));
    fake.fail_kind = ORDER_TEST;
    fake.fail_board = 4;
    fake.fail_status = REPORT_FAILED_TEST;
    do_all(key(1, SC_KEY_ON));
    expect(4, BOARD_ASSIGNED, 1);
    CU_ASSERT_EQUAL(sc_partition(fake.sc, 1)->domain.members, 8);
    do_all(key(1, SC_KEY_OFF));
    do_all(remove_board(4, SC_UNASSIGN));
    fake.fail_board = 3;
    fake.fail_status = REPORT_FAILED_TEST;
    struct sc_command on = key(1, SC_KEY_ON);
    CU_ASSERT_EQUAL(fake_begin(&fake, &on, &err), ERR_OK);
    fake_finish(&fake);
    CU_ASSERT_EQUAL(sc_operation(fake.sc, sc_operations(fake.sc))->outcome.code, ERR_SELF_TEST);
    CU_ASSERT_EQUAL(sc_partition(fake.sc, 1)->state, SC_HALTED);
    do_all(key(1, SC_KEY_STANDBY));
    do_all(key(1, SC_KEY_ON));
    CU_ASSERT_EQUAL(sc_partition(fake.sc, 1)->state, SC_RUNNING);
    end();
}

// A domain begins anew only on boards with frames for its pages, and a CPU for its threads.
static void test_boot_too_small(void)
{
    struct err err;
    struct sc_command reboot = {.verb = SC_REBOOT, .partition = 1, .board = NO_BOARD, .on = true};
    begin();
    for (unsigned i = 0; i < 200; i++)
        fake.board[3].frame[i] = true;
    for (unsigned i = 0; i < FAKE_FRAMES - 199; i++) // one too many for one board
        fake.board[4].frame[i] = true;
    do_all(flag(SC_BLACKLIST, 4, true));
    refused(reboot, ERR_NO_FRAMES, "SMP2 has 257 pages");
    do_all(key(1, SC_KEY_OFF));
    refused(key(1, SC_KEY_ON), ERR_NO_FRAMES, "256 frames");
    do_all(flag(SC_BLACKLIST, 4, false));
    fake.fail_kind = ORDER_TEST;
    fake.fail_board = 4;
    fake.fail_status = REPORT_FAILED_TEST;
    struct sc_command on = key(1, SC_KEY_ON);
    CU_ASSERT_EQUAL(fake_begin(&fake, &on, &err), ERR_OK);
    fake_finish(&fake);
    CU_ASSERT_EQUAL(sc_operation(fake.sc, sc_operations(fake.sc))->outcome.code, ERR_NO_FRAMES);
    CU_ASSERT_EQUAL(sc_partition(fake.sc, 1)->state, SC_HALTED);
    end();
    begin();
    fake.machine.n_cpus = 4;
    for (uint16_t i = 0; i < 4; i++)
        fake.cpus[i] = (struct cpu_desc){.board = 3, .index = i, .kind = CPU_GENERATOR, .size = PAGE_BYTES};
    fake_restart(&fake);
    do_all(flag(SC_BLACKLIST, 4, true));
    refused(reboot, ERR_LAST, "SMP2");
    end();
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("refusals", NULL, NULL);
    CU_add_test(suite, "names", test_names);
    CU_add_test(suite, "a system without a controller", test_no_controller);
    CU_add_test(suite, "states", test_states);
    CU_add_test(suite, "partitions that are off", test_off);
    CU_add_test(suite, "one operation at a time", test_busy);
    CU_add_test(suite, "a free board in company", test_company);
    CU_add_test(suite, "the last CPUs", test_last);
    CU_add_test(suite, "permanent memory", test_permanent);
    CU_add_test(suite, "free frames", test_frames);
    CU_add_test(suite, "timed links", test_link);
    CU_add_test(suite, "bound programs", test_bound);
    CU_add_test(suite, "interleaved memory", test_interleaved);
    CU_add_test(suite, "blacklist", test_blacklist);
    CU_add_test(suite, "rights", test_rights);
    CU_add_test(suite, "guests boot where they were", test_guests_boot);
    CU_add_test(suite, "a drain fails", test_failed_drain);
    CU_add_test(suite, "a copy fails", test_failed_copy);
    CU_add_test(suite, "a flush fails", test_failed_flush);
    CU_add_test(suite, "a board that is not clean", test_unclean);
    CU_add_test(suite, "a self-test fails", test_failed_test);
    CU_add_test(suite, "self-tests of a domain fail", test_failed_post);
    CU_add_test(suite, "too little for a boot", test_boot_too_small);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
