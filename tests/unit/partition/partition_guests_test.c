// SPDX-License-Identifier: Apache-2.0
// Boards of guests: what a guest is offered of them, that it keeps what it has, and what it gives back.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "coordinator/partition/states.h"
#include "tests/lib/fake_boards.h"

#define GUEST 1u // SMP2, on SB3 and SB4

static struct fake fake;

static struct sc_command command_of(enum sc_verb verb, uint16_t board, uint32_t partition,
                                    enum sc_level level)
{
    return (struct sc_command){.verb = verb, .board = board, .partition = partition, .level = level};
}

static struct sc_command add(uint16_t board)
{
    return command_of(SC_ADD, board, GUEST, SC_CONFIGURE);
}

static struct sc_command move(uint16_t board, uint32_t partition)
{
    return command_of(SC_MOVE, board, partition, SC_CONFIGURE);
}

static struct sc_command remove_board(uint16_t board, enum sc_level level)
{
    return command_of(SC_DELETE, board, NO_PARTITION, level);
}

static struct sc_command key(enum sc_position position)
{
    return (struct sc_command){.verb = SC_KEYSWITCH, .partition = GUEST, .position = position};
}

static const struct sc_operation *last(void)
{
    return sc_operation(fake.sc, sc_operations(fake.sc));
}

static void do_all(struct sc_command command)
{
    struct err err;
    enum err_code code = fake_begin(&fake, &command, &err);
    if (code)
        printf("\n  %s: %s\n", err_id(code), err.text);
    CU_ASSERT_EQUAL_FATAL(code, ERR_OK);
    fake_finish(&fake);
    if (last()->outcome.code)
        printf("\n  %s\n", last()->outcome.text);
    CU_ASSERT_EQUAL_FATAL(last()->outcome.code, ERR_OK);
}

static void refused(struct sc_command command, enum err_code code, const char *text)
{
    struct err err;
    CU_ASSERT_EQUAL(fake_begin(&fake, &command, &err), code);
    if (strcmp(err.text, text) != 0)
        printf("\n  %s: %s\n", err_id(err.code), err.text);
    CU_ASSERT_STRING_EQUAL(err.text, text);
    CU_ASSERT_STRING_EQUAL(last()->step, "refused");
}

static uint16_t address(uint16_t board)
{
    return sc_partition(fake.sc, GUEST)->domain.cpu_addresses[board];
}

static void expect(uint16_t board, enum board_state state, uint32_t partition)
{
    CU_ASSERT_EQUAL(board_state_of(sc_board(fake.sc, board)), state);
    CU_ASSERT_EQUAL(sc_board(fake.sc, board)->partition, partition);
}

static void begin(void)
{
    fake_init(&fake, FAMILY_ZSERIES, 9);
    fake_guest(&fake, GUEST);
    fake_restart(&fake);
}

static void end(void)
{
    fake_finish(&fake);
    fake_free(&fake);
}

static void test_comes_and_goes(void)
{
    begin();
    do_all(add(7));
    expect(7, BOARD_ACTIVE, GUEST);
    CU_ASSERT_EQUAL(address(3), CPU_ADDRESSES_DESCRIBED);
    CU_ASSERT_EQUAL(address(7), 8); // after those of SB3 and SB4
    CU_ASSERT_EQUAL(fake.board[3].domain.cpu_addresses[7], 8);
    CU_ASSERT_EQUAL(fake.board[7].domain.cpu_addresses[7], 8);
    do_all(remove_board(7, SC_UNASSIGN)); // nothing of it was used
    expect(7, BOARD_FREE, NO_PARTITION);
    CU_ASSERT_EQUAL(address(7), CPU_ADDRESSES_DESCRIBED);
    CU_ASSERT_EQUAL(fake.orders[ORDER_FLUSH], 1);
    CU_ASSERT_EQUAL(fake.orders[ORDER_QUIESCE], 0); // nobody stood still
    do_all(move(2, GUEST));
    CU_ASSERT_EQUAL(address(2), 8);
    fake.board[2].guest_cpus = 0xf;
    fake.board[2].guest_bytes = PAGE_BYTES;
    do_all(add(7));
    CU_ASSERT_EQUAL(address(7), 12);
    fake.board[2].guest_cpus = 0;
    fake.board[2].guest_bytes = 0;
    do_all(move(2, 0)); // to the threads from which it came
    expect(2, BOARD_ACTIVE, 0);
    CU_ASSERT_EQUAL(fake.board[2].threads, 4);
    CU_ASSERT_EQUAL(sc_partition(fake.sc, 0)->domain.cpu_addresses[2], CPU_ADDRESSES_DESCRIBED);
    do_all(move(6, GUEST));
    CU_ASSERT_EQUAL(address(6), 8); // the lowest that is free
    end();
}

static void test_levels(void)
{
    begin();
    do_all(command_of(SC_ADD, 7, GUEST, SC_CONNECT));
    expect(7, BOARD_CONNECTED, GUEST);
    CU_ASSERT_EQUAL(address(7), CPU_ADDRESSES_NONE); // its memory has real addresses; nothing is offered
    do_all(add(7));
    CU_ASSERT_EQUAL(address(7), 8);
    do_all(remove_board(7, SC_UNCONFIGURE));
    expect(7, BOARD_CONNECTED, GUEST);
    CU_ASSERT_EQUAL(address(7), CPU_ADDRESSES_NONE);
    CU_ASSERT_EQUAL(fake.board[3].domain.cpu_addresses[7], CPU_ADDRESSES_NONE);
    do_all(add(7));
    CU_ASSERT_EQUAL(address(7), 8);
    do_all(remove_board(7, SC_DISCONNECT));
    expect(7, BOARD_ASSIGNED, GUEST);
    end();
}

// Boards with other numbers of CPUs: their blocks begin at multiples of it, and use what is free in between.
static void test_blocks(void)
{
    begin();
    fake.boards[5].params.cpus = 3;
    fake.boards[6].params.cpus = 1;
    fake.boards[7].params.cpus = 16;
    do_all(move(5, GUEST));
    do_all(move(2, GUEST));
    do_all(add(7));
    CU_ASSERT_EQUAL(address(5), 9);
    CU_ASSERT_EQUAL(address(2), 12);
    CU_ASSERT_EQUAL(address(7), 16);
    fake.boards[1].params.cpus = 1;
    do_all(move(1, GUEST));
    CU_ASSERT_EQUAL(address(1), 8);
    end();
}

// The addresses of the CPUs that were described: one in each block of so many, with room for a board's below
// it.
static void scatter(uint32_t apart)
{
    for (uint16_t i = 1; i < GUEST_CPUS_MAX / CPUS_PER_BOARD_MAX; i++)
        fake.cpus[i].member = (uint16_t)(i * apart + (apart > 1 ? 13 : 0));
}

static void test_no_block(void)
{
    begin();
    scatter(CPUS_PER_BOARD_MAX);
    fake.boards[7].params.cpus = CPUS_PER_BOARD_MAX;
    refused(add(7), ERR_STATE,
            "SMP2 has no 32 CPU addresses in a row left of 256; delete another board first");
    fake.cpus[fake.machine.n_cpus++] = (struct cpu_desc){.board = 6, .index = 2, .kind = CPU_GENERATOR};
    refused(move(6, GUEST), ERR_BOUND,
            "SB6: CPU 2 has a program of its own, and cannot run the guest of SMP2; use a board without such "
            "programs");
    end();
}

// What the guest has is named, and what it could be asked.
static void test_consent(void)
{
    begin();
    do_all(add(7));
    fake.board[7].guest_cpus = 0xd;
    fake.board[7].guest_bytes = 64 * (uint64_t)PAGE_BYTES;
    refused(remove_board(7, SC_UNASSIGN), ERR_CONSENT,
            "SB7: the guest of SMP2 has CPUs 8,10-11 and 256 KiB of storage element 8 and does not give that "
            "back; ask it, if it understands that: numaplex type SMP2 'CF CPU(8,10-11),OFFLINE' and numaplex "
            "type SMP2 'CF STOR(E=8),OFFLINE'; or add a board with at least as much memory first, which can "
            "take the place of this memory");
    fake.board[7].guest_bytes = 0;
    fake.board[7].guest_cpus = 4;
    refused(move(7, 0), ERR_CONSENT,
            "SB7: the guest of SMP2 has CPU 10 and does not give that back; ask it, if it understands that: "
            "numaplex type SMP2 'CF CPU(10),OFFLINE'");
    fake.board[7].guest_bytes = UINT64_C(3) << 20;
    fake.board[7].guest_cpus = 0;
    refused(
        remove_board(7, SC_DISCONNECT), ERR_CONSENT,
        "SB7: the guest of SMP2 has 3 MiB of storage element 8 and does not give that back; ask it, if it "
        "understands that: numaplex type SMP2 'CF STOR(E=8),OFFLINE'; or add a board with at least as much "
        "memory first, which can take the place of this memory");
    fake.board[7].guest_bytes = 0;
    refused(remove_board(4, SC_UNASSIGN), ERR_CONSENT,
            "SB4: the guest of SMP2 has CPUs 4-7 and 1088 KiB of memory and does not give that back; ask it, "
            "if it "
            "understands that: numaplex type SMP2 'CF CPU(4-7),OFFLINE'; SB7 can then take the place of its "
            "memory");
    refused(
        remove_board(3, SC_UNASSIGN), ERR_BOUND,
        "SB3 has the service element of the guest of SMP2; move another board, or turn the keyswitch off");
    fake.board[7].guest_bytes = PAGE_BYTES;
    fake.board[4].guest_cpus = 0;
    refused(remove_board(4, SC_UNASSIGN), ERR_CONSENT,
            "SB4: the guest of SMP2 has 1088 KiB of memory and does not give that back; add a board with at "
            "least as much memory first, which can take the place of this memory");
    CU_ASSERT_EQUAL(fake.orders[ORDER_QUIESCE] + fake.orders[ORDER_FLUSH], 0);
    end();
}

static void test_copy(void)
{
    begin();
    do_all(add(7));
    fake.board[7].guest_cpus = 3; // its CPUs do not matter to its memory
    fake.board[4].guest_cpus = 0;
    uint64_t bytes = fake.board[4].guest_bytes;
    do_all(move(4, 0));
    expect(4, BOARD_ACTIVE, 0);
    CU_ASSERT_EQUAL(fake.board[7].guest_bytes, bytes);
    CU_ASSERT_EQUAL(address(7), 8);
    CU_ASSERT_EQUAL(address(4), CPU_ADDRESSES_DESCRIBED);
    CU_ASSERT_EQUAL(sc_partition(fake.sc, GUEST)->domain.segments[1].boards[0], 7);
    CU_ASSERT_EQUAL(sc_partition(fake.sc, GUEST)->domain.n_segments, 2);
    do_all(move(2, GUEST));
    CU_ASSERT_EQUAL(address(2), 4); // addresses that SB4's CPUs had
    end();
}

// A guest that has ended needs no CPU; its memory stays what it is.
static void test_over(void)
{
    begin();
    do_all(add(7));
    fake.board[7].guest_cpus = 0xf;
    fake.guests_over = true;
    do_all(remove_board(4, SC_UNASSIGN));
    CU_ASSERT(fake.board[7].guest_bytes > 0);
    refused(
        remove_board(7, SC_UNASSIGN), ERR_CONSENT,
        "SB7: the guest of SMP2 has 1088 KiB of storage element 8 and does not give that back; ask it, if "
        "it understands that: numaplex type SMP2 'CF STOR(E=8),OFFLINE'; or add a board with at least as "
        "much memory first, which can take the place of this memory");
    fake.board[7].guest_bytes = 0;
    do_all(remove_board(7, SC_UNASSIGN));
    end();
}

// A guest that takes something at the last moment keeps it: when nothing can be taken any more, it is looked
// at again.
static void test_late(void)
{
    struct err err;
    begin();
    do_all(add(7));
    fake.board[4].guest_cpus = 0;
    struct sc_command out = remove_board(4, SC_UNASSIGN);
    CU_ASSERT_EQUAL(fake_begin(&fake, &out, &err), ERR_OK);
    fake.board[7].guest_bytes = PAGE_BYTES;
    fake_finish(&fake);
    CU_ASSERT_EQUAL(last()->outcome.code, ERR_CONSENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(last()->outcome.text, "SB4: at step quiesce: it stays as it was"));
    expect(4, BOARD_ACTIVE, GUEST);
    CU_ASSERT_EQUAL(sc_partition(fake.sc, GUEST)->state, SC_RUNNING);
    CU_ASSERT_FALSE(fake.board[3].quiesced || fake.board[4].quiesced || fake.board[7].quiesced);
    CU_ASSERT_EQUAL(fake.orders[ORDER_COPY], 0);
    fake.board[7].guest_bytes = 0;
    CU_ASSERT_EQUAL(fake_begin(&fake, &out, &err), ERR_OK);
    fake.board[4].guest_cpus = 2;
    fake_finish(&fake);
    CU_ASSERT_PTR_NOT_NULL(strstr(last()->outcome.text, "has CPU 5 and 1088 KiB of memory"));
    CU_ASSERT_EQUAL(fake.orders[ORDER_COPY], 0);
    end();
}

static void fail(struct sc_command command, enum order_kind kind, const char *says)
{
    struct err err;
    fake.fail_kind = kind;
    fake.fail_status = REPORT_LOST;
    CU_ASSERT_EQUAL_FATAL(fake_begin(&fake, &command, &err), ERR_OK);
    fake_finish(&fake);
    CU_ASSERT_EQUAL(last()->outcome.code, ERR_STATE);
    CU_ASSERT_PTR_NOT_NULL(strstr(last()->outcome.text, says));
    CU_ASSERT_EQUAL(sc_partition(fake.sc, GUEST)->state, SC_RUNNING);
}

static void test_failures(void)
{
    begin();
    do_all(add(7));
    fail(remove_board(7, SC_UNASSIGN), ORDER_FLUSH, "delete it again, or add it");
    expect(7, BOARD_LEAVING, GUEST);
    do_all(add(7));
    expect(7, BOARD_ACTIVE, GUEST);
    fail(remove_board(7, SC_UNASSIGN), ORDER_FLUSH, "delete it again, or add it");
    do_all(remove_board(7, SC_UNASSIGN));
    do_all(add(7));
    fake.board[4].guest_cpus = 0;
    fail(remove_board(4, SC_UNASSIGN), ORDER_COPY, "it stays as it was");
    expect(4, BOARD_ACTIVE, GUEST);
    do_all(remove_board(4, SC_UNASSIGN));
    CU_ASSERT(fake.board[7].guest_bytes > 0);
    end();
}

static void test_boots(void)
{
    begin();
    do_all(add(7));
    do_all(move(2, GUEST));
    fake.board[7].guest_cpus = 1;
    fake.board[7].guest_bytes = PAGE_BYTES;
    CU_ASSERT_EQUAL(address(7), 8);
    CU_ASSERT_EQUAL(address(2), 12);
    do_all((struct sc_command){.verb = SC_REBOOT, .partition = GUEST});
    CU_ASSERT_EQUAL(address(2), 8); // in the order of boards
    CU_ASSERT_EQUAL(address(7), 12);
    CU_ASSERT_EQUAL(address(4), CPU_ADDRESSES_DESCRIBED);
    CU_ASSERT(fake.board[4].guest_cpus == 0xf && fake.board[7].guest_cpus == 0);
    CU_ASSERT_EQUAL(fake.board[7].guest_bytes, 0);
    const struct domain *d = &sc_partition(fake.sc, GUEST)->domain;
    CU_ASSERT_EQUAL(d->n_segments, 4); // the guest's own memory first
    CU_ASSERT(d->segments[0].boards[0] == 3 && d->segments[2].boards[0] == 2);
    do_all(key(SC_KEY_OFF));
    do_all(key(SC_KEY_ON));
    CU_ASSERT_EQUAL(address(7), 12);
    do_all(remove_board(7, SC_UNASSIGN));
    fake.board[4].guest_cpus = 0;
    do_all(remove_board(4, SC_UNASSIGN));
    refused((struct sc_command){.verb = SC_REBOOT, .partition = GUEST}, ERR_BOUND,
            "SMP2: its guest is bound to the boards that the partition was described with; give it these "
            "boards first");
    do_all(add(4));
    CU_ASSERT_EQUAL(address(4), 4); // standby now, under the addresses that it had
    do_all((struct sc_command){.verb = SC_REBOOT, .partition = GUEST});
    CU_ASSERT_EQUAL(address(4), CPU_ADDRESSES_DESCRIBED);
    CU_ASSERT_EQUAL(address(2), 8);
    scatter(CPUS_PER_BOARD_MAX);
    fake.boards[2].params.cpus = CPUS_PER_BOARD_MAX;
    refused((struct sc_command){.verb = SC_REBOOT, .partition = GUEST}, ERR_STATE,
            "SMP2: no CPU addresses are left of 256 for the CPUs of SB2; delete it");
    scatter(1);
    fake.boards[2].params.cpus = 4;
    end();
}

static void test_plan(void)
{
    struct sc_plan plan;
    struct err err;
    uint64_t memory;
    begin();
    memory = fake.boards[7].params.memory_bytes;
    struct sc_command c = add(7);
    CU_ASSERT_EQUAL(sc_plan(fake.sc, &c, 0, &plan, &err), ERR_OK);
    CU_ASSERT(plan.cpus_to[0] == 8 && plan.cpus_to[1] == 8); // the guest takes them, or not
    CU_ASSERT(plan.memory_to[0] == 2 * memory && plan.memory_to[1] == 2 * memory);
    CU_ASSERT(plan.standby_cpus == 4 && plan.standby_bytes == memory);
    c.level = SC_CONNECT;
    CU_ASSERT_EQUAL(sc_plan(fake.sc, &c, 0, &plan, &err), ERR_OK);
    CU_ASSERT(plan.standby_cpus == 0 && plan.standby_bytes == 0);
    do_all(add(7));
    fake.board[7].guest_cpus = 5;
    c = move(7, 0);
    CU_ASSERT_EQUAL(sc_plan(fake.sc, &c, 0, &plan, &err), ERR_CONSENT);
    CU_ASSERT(plan.cpus_from[0] == 10 && plan.cpus_from[1] == 8);
    CU_ASSERT(plan.cpus_to[0] == 12 && plan.cpus_to[1] == 16 && plan.standby_cpus == 0);
    fake.board[7].guest_cpus = 0;
    CU_ASSERT_EQUAL(sc_plan(fake.sc, &c, 0, &plan, &err), ERR_OK);
    CU_ASSERT(plan.cpus_from[0] == 8 && plan.cpus_from[1] == 8 && plan.memory_from[1] == 2 * memory);
    CU_ASSERT(plan.permanent_pages == 0 && plan.copy_target == NO_BOARD);
    fake.board[4].guest_cpus = 0;
    c = move(4, 0);
    CU_ASSERT_EQUAL(sc_plan(fake.sc, &c, 0, &plan, &err), ERR_OK);
    CU_ASSERT(plan.copy_target == 7 && plan.permanent_pages == memory / PAGE_BYTES);
    CU_ASSERT(plan.cpus_from[0] == 4 && plan.cpus_from[1] == 4);
    CU_ASSERT(plan.memory_from[0] == 2 * memory && plan.memory_from[1] == 2 * memory); // SB7 has it then
    end();
}

// Saved and loaded at every cut, everything goes on as if it had not been.
static void test_saved(void)
{
    uint64_t histories[2];
    for (unsigned k = 0; k < 2; k++) {
        struct err err;
        const struct sc_command commands[] = {add(7), remove_board(4, SC_UNASSIGN), move(2, GUEST)};
        begin();
        fake.board[4].guest_cpus = 0;
        for (unsigned i = 0; i < 3; i++) {
            CU_ASSERT_EQUAL(fake_begin(&fake, &commands[i], &err), ERR_OK);
            do {
                if (k)
                    fake_reload(&fake);
            } while (fake_advance(&fake));
        }
        CU_ASSERT(address(7) == 8 && address(2) == 4);
        histories[k] = fake.history;
        end();
    }
    CU_ASSERT_EQUAL(histories[0], histories[1]);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("guests", NULL, NULL);
    CU_add_test(suite, "a board comes and goes", test_comes_and_goes);
    CU_add_test(suite, "levels", test_levels);
    CU_add_test(suite, "blocks of CPU addresses", test_blocks);
    CU_add_test(suite, "what cannot run a guest", test_no_block);
    CU_add_test(suite, "a guest keeps what it has", test_consent);
    CU_add_test(suite, "copy-rename to a standby board", test_copy);
    CU_add_test(suite, "a guest that has ended", test_over);
    CU_add_test(suite, "taken at the last moment", test_late);
    CU_add_test(suite, "failures", test_failures);
    CU_add_test(suite, "boots", test_boots);
    CU_add_test(suite, "plans", test_plan);
    CU_add_test(suite, "saved in the middle", test_saved);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
