// SPDX-License-Identifier: Apache-2.0
// The receive side: parking of stalled forwards, bytes, poison, and the L1s that a message reaches first.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "fabric/crossbar/gate.h"
#include "node/coherence/receive.h"

#define HOME 7

struct board {
    struct cache_line line;
    struct parking parking;
    struct receive_view view;
    uint8_t data[4];
    unsigned snoops;
    enum onboard_event snooped;
    bool written; // an L1 had written silently
};

static bool snoop(void *self, enum onboard_event event)
{
    struct board *board = self;
    board->snoops++;
    board->snooped = event;
    return board->written;
}

static void start(struct board *board, enum cache_state state)
{
    memset(board, 0, sizeof *board);
    board->line.state = (uint8_t)state;
    board->view = (struct receive_view){.protocol = protocol_by_name("mesi"),
                                        .line = &board->line,
                                        .parking = &board->parking,
                                        .context = {.line = 0x40, .self = 1, .home = HOME},
                                        .data = board->data,
                                        .line_bytes = sizeof board->data,
                                        .snoop = snoop,
                                        .self = board};
}

static struct message message_of(enum message_type type, unsigned requestor)
{
    return (struct message){.src = component(HOME, UNIT_HOME),
                            .dst = component(1, UNIT_AGENT),
                            .line = 0x40,
                            .requestor = (uint16_t)requestor,
                            .type = (uint8_t)type,
                            .data = NO_DATA};
}

static const uint8_t bytes[4] = {1, 2, 3, 4};

// A stalled forward and a later one wait in order; the data passes both, and lets them go one after the
// other.
static void test_parking_keeps_order(void)
{
    struct board board;
    struct step_out out;
    start(&board, C_IS_D);
    struct message first = message_of(MSG_FWD_GETS, 2), second = message_of(MSG_INV, 3);
    struct message data = message_of(MSG_DATA_E, 1);
    CU_ASSERT_EQUAL(receive(&board.view, &first, NULL, &out), PARKED);
    CU_ASSERT_EQUAL(receive(&board.view, &second, NULL, &out), PARKED);
    CU_ASSERT_EQUAL(board.parking.n, 2);
    CU_ASSERT_FALSE(receive_parked(&board.view, &out));
    CU_ASSERT_EQUAL(receive(&board.view, &data, bytes, &out), RECEIVED);
    CU_ASSERT_EQUAL(board.line.state, C_E);
    CU_ASSERT_EQUAL(memcmp(board.data, bytes, sizeof bytes), 0);
    CU_ASSERT_TRUE(receive_parked(&board.view, &out));
    CU_ASSERT_EQUAL(board.line.state, C_S);
    CU_ASSERT_EQUAL(out.n, 2);
    CU_ASSERT_EQUAL(out.send[0].dst, component(2, UNIT_AGENT));
    CU_ASSERT_TRUE(receive_parked(&board.view, &out));
    CU_ASSERT_EQUAL(board.line.state, C_I);
    CU_ASSERT_EQUAL(out.send[0].type, MSG_INV_ACK);
    CU_ASSERT_FALSE(receive_parked(&board.view, &out));
}

// A forward whose own cell would be a step still waits behind one of the same line.
static void test_behind_a_parked_forward(void)
{
    struct board board;
    struct step_out out;
    start(&board, C_SM_AD);
    struct message first = message_of(MSG_FWD_GETM, 2), second = message_of(MSG_INV, 2);
    CU_ASSERT_EQUAL(receive(&board.view, &first, NULL, &out), PARKED);
    CU_ASSERT_EQUAL(receive(&board.view, &second, NULL, &out), PARKED);
    CU_ASSERT_EQUAL(board.line.state, C_SM_AD);
}

// An L1's silent store is found before the board answers: the board is M by then, and says so.
static void test_silent_store(void)
{
    struct board board;
    struct step_out out;
    start(&board, C_E);
    board.written = true;
    struct message forward = message_of(MSG_FWD_GETS, 2);
    CU_ASSERT_EQUAL(receive(&board.view, &forward, NULL, &out), RECEIVED);
    CU_ASSERT_EQUAL(board.snooped, L_DOWN);
    CU_ASSERT_EQUAL(board.line.state, C_S);
    CU_ASSERT_EQUAL(out.send[0].flags, MSGF_OWNER | MSGF_DIRTY);
}

// Lost data makes a poisoned line, and what such a line sends is poisoned.
static void test_poison(void)
{
    struct board board;
    struct step_out out;
    start(&board, C_IM_AD);
    struct message lost[GATE_ANSWERS_MAX], forward = message_of(MSG_FWD_GETM, 1);
    forward.dst = component(2, UNIT_AGENT);
    CU_ASSERT_EQUAL(gate_answer(&forward, component(HOME, UNIT_HOME), lost), 1);
    CU_ASSERT_EQUAL(lost[0].dst, component(1, UNIT_AGENT));
    CU_ASSERT_EQUAL(receive(&board.view, &lost[0], (const uint8_t[4]){0}, &out), RECEIVED);
    CU_ASSERT_EQUAL(board.line.state, C_M);
    CU_ASSERT_TRUE(board.line.poison);
    struct message next = message_of(MSG_FWD_GETM, 3);
    CU_ASSERT_EQUAL(receive(&board.view, &next, NULL, &out), RECEIVED);
    CU_ASSERT_TRUE(out.send[0].flags & MSGF_POISON);
}

// A gate answers every message that somebody waits for, and no other.
static void test_gate_answers(void)
{
    static const struct {
        enum message_type refused;
        int answer; // -1: none
        unsigned n;
    } expected[] = {{MSG_GETS, MSG_ERROR, 1},
                    {MSG_GETM, MSG_ERROR, 1},
                    {MSG_PUTS, MSG_PUT_ERROR, 1},
                    {MSG_PUTE, MSG_PUT_ERROR, 1},
                    {MSG_PUTM, MSG_PUT_ERROR, 1},
                    {MSG_FWD_GETS, MSG_DATA, 2},
                    {MSG_FWD_GETM, MSG_DATA, 1},
                    {MSG_INV, MSG_ACK_ERROR, 1},
                    {MSG_PUT_ACK, -1, 0},
                    {MSG_DATA, -1, 0},
                    {MSG_DATA_E, -1, 0},
                    {MSG_INV_ACK, -1, 0},
                    {MSG_ERROR, -1, 0},
                    {MSG_ACK_ERROR, -1, 0},
                    {MSG_PUT_ERROR, -1, 0},
                    {MSG_OWNER, -1, 0},
                    {MSG_RECALL, MSG_ACK_ERROR, 1},
                    {MSG_UNBLOCK, -1, 0},
                    {MSG_UNBLOCK_DATA, -1, 0},
                    {MSG_UNBLOCK_ERROR, -1, 0},
                    {MSG_ACK_COUNT, -1, 0},
                    {MSG_PUTO, MSG_PUT_ERROR, 1},
                    {MSG_SIGNAL, MSG_SIGNAL_ANSWER, 1},
                    {MSG_SIGNAL_ANSWER, -1, 0}};
    CU_ASSERT_EQUAL(sizeof expected / sizeof expected[0], MSG_TYPE_COUNT);
    for (unsigned i = 0; i < MSG_TYPE_COUNT; i++) {
        struct message refused = message_of(expected[i].refused, 5), out[GATE_ANSWERS_MAX];
        CU_ASSERT_EQUAL(gate_answer(&refused, component(HOME, UNIT_HOME), out), expected[i].n);
        if (expected[i].n == 0)
            continue;
        CU_ASSERT_EQUAL(out[0].type, expected[i].answer);
        bool to_home = expected[i].refused == MSG_RECALL || expected[i].refused == MSG_SIGNAL; // its sender
        CU_ASSERT_EQUAL(out[0].dst, to_home ? component(HOME, UNIT_HOME) : component(5, UNIT_AGENT));
        CU_ASSERT_EQUAL(out[0].src, refused.dst);
        if (expected[i].n == 2)
            CU_ASSERT_EQUAL(out[1].dst, component(HOME, UNIT_HOME));
    }
}

// With four hops a home waits for the requestor, who may be dead; and the requestor itself asks the owner.
static void test_gate_unblocks(void)
{
    const component_id home = component(HOME, UNIT_HOME), dead = component(5, UNIT_AGENT);
    struct message out[GATE_ANSWERS_MAX], refused = message_of(MSG_OWNER, 5);
    refused.dst = dead;
    refused.flags = MSGF_BLOCKS;
    CU_ASSERT_EQUAL(gate_answer(&refused, home, out), 1);
    CU_ASSERT_EQUAL(out[0].type, MSG_UNBLOCK_ERROR);
    CU_ASSERT_EQUAL(out[0].dst, home);
    refused = message_of(MSG_DATA, 5);
    refused.src = component(2, UNIT_AGENT);
    refused.flags = MSGF_BLOCKS | MSGF_OWNER;
    CU_ASSERT_EQUAL(gate_answer(&refused, home, out), 1);
    CU_ASSERT_EQUAL(out[0].type, MSG_UNBLOCK_DATA);
    CU_ASSERT_EQUAL(out[0].flags, MSGF_POISON);
    CU_ASSERT_EQUAL(out[0].dst, home);
    refused = message_of(MSG_FWD_GETS, 1);
    refused.src = component(1, UNIT_AGENT);
    refused.dst = dead;
    CU_ASSERT_EQUAL(gate_answer(&refused, home, out), 1);
    CU_ASSERT_EQUAL(out[0].dst, component(1, UNIT_AGENT));
    CU_ASSERT_EQUAL(out[0].flags, MSGF_BLOCKS | MSGF_OWNER | MSGF_POISON);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("receive side", NULL, NULL);
    CU_add_test(suite, "parking keeps order", test_parking_keeps_order);
    CU_add_test(suite, "behind a parked forward", test_behind_a_parked_forward);
    CU_add_test(suite, "silent store", test_silent_store);
    CU_add_test(suite, "poison", test_poison);
    CU_add_test(suite, "gate answers", test_gate_answers);
    CU_add_test(suite, "gate unblocks", test_gate_unblocks);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
