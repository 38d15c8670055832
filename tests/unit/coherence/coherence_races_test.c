// SPDX-License-Identifier: Apache-2.0
// The textbook's races as scripts: act, deliver by hand in the order that makes the race, compare what
// happened with the text that the Primer would print.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/coherence/receive.h"
#include "proto/base/assert.h"

#define BOARDS 3
#define HOME   BOARDS // the home stands on a board of its own

struct race {
    const struct protocol *protocol;
    struct cache_line cache[BOARDS];
    struct parking parking[BOARDS];
    uint8_t data[BOARDS];
    struct dir_line home;
    struct message network[32];
    unsigned n;
    char log[4096];
    size_t written;
};

static void start(struct race *race, const char *protocol)
{
    *race = (struct race){.protocol = protocol_by_name(protocol), .home = {.owner = NO_OWNER}};
    NP_ASSERT(race->protocol);
}

static void note(struct race *race, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void note(struct race *race, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(race->log + race->written, sizeof race->log - race->written, format, args);
    va_end(args);
    race->written += (size_t)n;
    NP_ASSERT(race->written < sizeof race->log);
}

static struct step_context context_of(unsigned board)
{
    return (struct step_context){.line = 0x40, .self = (uint16_t)board, .home = HOME, .txn = 1};
}

static void send_all(struct race *race, const struct step_out *out, component_id src)
{
    for (unsigned i = 0; i < out->n; i++) {
        struct message message = out->send[i];
        message.src = src;
        NP_ASSERT(race->n < NP_ARRAY_LEN(race->network));
        race->network[race->n++] = message;
        note(race, " %s>", message_name(message.type));
        if (component_unit(message.dst) == UNIT_HOME)
            note(race, "home");
        else
            note(race, "%u", component_board(message.dst));
        if (message.type == MSG_DATA && message.acks)
            note(race, "(acks %d)", message.acks);
    }
    note(race, "\n");
}

// A load, store or replacement of a board.
static void act(struct race *race, unsigned board, enum cache_event event)
{
    struct step_context context = context_of(board);
    struct step_out out;
    unsigned before = race->cache[board].state;
    cache_step(race->protocol, &race->cache[board], event, NULL, &context, &out);
    note(race, "%u %s %s -> %s%s", board, cache_event_name(event), cache_state_name(before),
         cache_state_name(race->cache[board].state), out.hit ? " hit" : "");
    send_all(race, &out, component(board, UNIT_AGENT));
}

static bool no_snoop(void *self, enum onboard_event event)
{
    (void)self;
    (void)event;
    return false;
}

static void at_board(struct race *race, const struct message *message)
{
    unsigned board = component_board(message->dst), before = race->cache[board].state;
    struct receive_view view = {.protocol = race->protocol,
                                .line = &race->cache[board],
                                .parking = &race->parking[board],
                                .context = context_of(board),
                                .data = &race->data[board],
                                .line_bytes = 1,
                                .snoop = no_snoop};
    struct step_out out = {0};
    uint8_t byte = 0;
    enum cache_event event = cache_event_of(view.line, message);
    if (receive(&view, message, message_carries_data(message->type) ? &byte : NULL, &out) == PARKED) {
        note(race, "%u %s %s parked\n", board, cache_event_name(event), cache_state_name(before));
        return;
    }
    note(race, "%u %s %s -> %s", board, cache_event_name(event), cache_state_name(before),
         cache_state_name(view.line->state));
    send_all(race, &out, message->dst);
    while (cache_state_is_stable(view.line->state) && receive_parked(&view, &out)) {
        note(race, "%u parked -> %s", board, cache_state_name(view.line->state));
        send_all(race, &out, message->dst);
    }
}

static void at_home(struct race *race, const struct message *message)
{
    struct step_context context = context_of(HOME);
    struct step_out out;
    unsigned before = race->home.state;
    enum dir_event event = dir_event_of(&race->home, message, 0);
    if (dir_cell(race->protocol, before, event)->kind == CELL_STALL) {
        note(race, "home %s %s stalled\n", dir_event_name(event), dir_state_name(before));
        return;
    }
    dir_step(race->protocol, &race->home, event, message, &context, &out);
    note(race, "home %s %s -> %s", dir_event_name(event), dir_state_name(before),
         dir_state_name(race->home.state));
    send_all(race, &out, component(HOME, UNIT_HOME));
}

// Delivers the oldest message of that type to `to` (a board, or HOME).
static void deliver(struct race *race, enum message_type type, unsigned to)
{
    for (unsigned i = 0; i < race->n; i++) {
        struct message message = race->network[i];
        if (message.type != type || component_board(message.dst) != to)
            continue;
        race->n--;
        memmove(race->network + i, race->network + i + 1, (race->n - i) * sizeof message);
        if (to == HOME)
            at_home(race, &message);
        else
            at_board(race, &message);
        return;
    }
    CU_FAIL("the message is not under way");
}

static void forget(struct race *race)
{
    CU_ASSERT_EQUAL(race->n, 0);
    race->written = 0;
    race->log[0] = 0;
}

static void expect(const struct race *race, const char *text)
{
    if (strcmp(race->log, text) != 0)
        printf("\nexpected:\n%sgot:\n%s", text, race->log);
    CU_ASSERT_STRING_EQUAL(race->log, text);
    CU_ASSERT_EQUAL(race->n, 0);
}

// Two sharers upgrade at once: the loser's copy goes, its request is then served by the winner.
static void test_two_upgrades(void)
{
    struct race race;
    start(&race, "msi");
    for (unsigned board = 0; board < 2; board++) {
        act(&race, board, CE_LOAD);
        deliver(&race, MSG_GETS, HOME);
        deliver(&race, MSG_DATA, board);
    }
    forget(&race);
    act(&race, 0, CE_STORE);
    act(&race, 1, CE_STORE);
    deliver(&race, MSG_GETM, HOME);
    deliver(&race, MSG_GETM, HOME);
    deliver(&race, MSG_DATA, 0);
    deliver(&race, MSG_FWD_GETM, 0);
    deliver(&race, MSG_INV, 1);
    deliver(&race, MSG_INV_ACK, 0);
    deliver(&race, MSG_DATA, 1);
    expect(&race, "0 store S -> SM_AD GetM>home\n"
                  "1 store S -> SM_AD GetM>home\n"
                  "home GetM S -> M Inv>1 Data>0(acks 1)\n"
                  "home GetM M -> M Fwd-GetM>0\n"
                  "0 Data ack>0 SM_AD -> SM_A\n"
                  "0 Fwd-GetM SM_A parked\n"
                  "1 Inv SM_AD -> IM_AD Inv-Ack>0\n"
                  "0 Last-Ack SM_A -> M\n"
                  "0 parked -> I Data>1\n"
                  "1 Data owner IM_AD -> M\n");
}

// A PutM meets a Fwd-GetM on its way: the owner answers from the eviction, the home takes the Put from a
// board that is no longer the owner.
static void test_put_overtaken(void)
{
    struct race race;
    start(&race, "mesi");
    act(&race, 0, CE_STORE);
    deliver(&race, MSG_GETM, HOME);
    deliver(&race, MSG_DATA, 0);
    forget(&race);
    act(&race, 0, CE_REPLACEMENT);
    act(&race, 1, CE_STORE);
    deliver(&race, MSG_GETM, HOME);
    deliver(&race, MSG_FWD_GETM, 0);
    deliver(&race, MSG_PUTM, HOME);
    deliver(&race, MSG_PUT_ACK, 0);
    deliver(&race, MSG_DATA, 1);
    expect(&race, "0 replace M -> MI_A PutM>home\n"
                  "1 store I -> IM_AD GetM>home\n"
                  "home GetM M -> M Fwd-GetM>0\n"
                  "0 Fwd-GetM MI_A -> II_A Data>1\n"
                  "home PutM other M -> M Put-Ack>0\n"
                  "0 Put-Ack II_A -> I\n"
                  "1 Data owner IM_AD -> M\n");
    CU_ASSERT_EQUAL(race.home.owner, 1);
}

// Board 0 has written, board 1 has read: MOESI's home has no copy.
static void start_owned(struct race *race)
{
    start(race, "moesi");
    act(race, 0, CE_STORE);
    deliver(race, MSG_GETM, HOME);
    deliver(race, MSG_DATA, 0);
    act(race, 1, CE_LOAD);
    deliver(race, MSG_GETS, HOME);
    deliver(race, MSG_FWD_GETS, 0);
    deliver(race, MSG_DATA, 1);
    CU_ASSERT_EQUAL(race->cache[0].state, C_O);
    CU_ASSERT_EQUAL(race->cache[1].state, C_S);
    CU_ASSERT_EQUAL(race->home.state, D_O);
    CU_ASSERT_EQUAL(race->n, 0);
    forget(race);
}

// The owner and a sharer want to write at once, and the sharer is first: the owner loses the line that it was
// about to write, and gets it back.
static void test_owner_is_beaten(void)
{
    struct race race;
    start_owned(&race);
    act(&race, 1, CE_STORE);
    act(&race, 0, CE_STORE);
    deliver(&race, MSG_GETM, HOME);
    deliver(&race, MSG_GETM, HOME);
    deliver(&race, MSG_FWD_GETM, 1);
    deliver(&race, MSG_FWD_GETM, 0);
    deliver(&race, MSG_DATA, 1);
    deliver(&race, MSG_DATA, 0);
    expect(&race, "1 store S -> SM_AD GetM>home\n"
                  "0 store O -> OM_AC GetM>home\n"
                  "home GetM O -> M Fwd-GetM>0\n"
                  "home GetM M -> M Fwd-GetM>1\n"
                  "1 Fwd-GetM SM_AD parked\n"
                  "0 Fwd-GetM OM_AC -> IM_AD Data>1\n"
                  "1 Data owner SM_AD -> M\n"
                  "1 parked -> I Data>0\n"
                  "0 Data owner IM_AD -> M\n");
    CU_ASSERT_EQUAL(race.home.owner, 0);
}

// A third board writes: the number of acks goes with the forward to the owner and with its data back. The
// owner's own upgrade needs no data, only the number.
static void test_acks_by_the_owner(void)
{
    struct race race;
    start_owned(&race);
    act(&race, 2, CE_STORE);
    deliver(&race, MSG_GETM, HOME);
    deliver(&race, MSG_FWD_GETM, 0);
    deliver(&race, MSG_DATA, 2);
    deliver(&race, MSG_INV, 1);
    deliver(&race, MSG_INV_ACK, 2);
    expect(&race, "2 store I -> IM_AD GetM>home\n"
                  "home GetM O -> M Inv>1 Fwd-GetM>0\n"
                  "0 Fwd-GetM O -> I Data>2(acks 1)\n"
                  "2 Owner ack>0 IM_AD -> IM_A\n"
                  "1 Inv S -> I Inv-Ack>2\n"
                  "2 Last-Ack IM_A -> M\n");
    start_owned(&race);
    act(&race, 0, CE_STORE);
    deliver(&race, MSG_GETM, HOME);
    deliver(&race, MSG_INV, 1);
    deliver(&race, MSG_INV_ACK, 0);
    deliver(&race, MSG_ACK_COUNT, 0);
    expect(&race, "0 store O -> OM_AC GetM>home\n"
                  "home GetM owner O -> M Inv>1 AckCount>0\n"
                  "1 Inv S -> I Inv-Ack>0\n"
                  "0 Inv-Ack OM_AC -> OM_AC\n"
                  "0 Count ack=0 OM_AC -> M\n");
}

// MESI only: the home names an owner when it sends Data-E, so that a forward may arrive before the data.
static void test_forward_overtakes_exclusive_data(void)
{
    struct race race;
    start(&race, "mesi");
    act(&race, 0, CE_LOAD);
    deliver(&race, MSG_GETS, HOME);
    act(&race, 1, CE_LOAD);
    deliver(&race, MSG_GETS, HOME);
    act(&race, 2, CE_STORE);
    struct message stalled = race.network[race.n - 1];
    deliver(&race, MSG_GETM, HOME);
    deliver(&race, MSG_FWD_GETS, 0);
    deliver(&race, MSG_DATA_E, 0);
    deliver(&race, MSG_DATA, HOME);
    deliver(&race, MSG_DATA, 1);
    race.network[race.n++] = stalled;
    deliver(&race, MSG_GETM, HOME);
    deliver(&race, MSG_INV, 0);
    deliver(&race, MSG_INV_ACK, 2);
    deliver(&race, MSG_INV, 1);
    deliver(&race, MSG_DATA, 2);
    deliver(&race, MSG_INV_ACK, 2);
    expect(&race, "0 load I -> IS_D GetS>home\n"
                  "home GetS I -> E Data-E>0\n"
                  "1 load I -> IS_D GetS>home\n"
                  "home GetS E -> S_D Fwd-GetS>0\n"
                  "2 store I -> IM_AD GetM>home\n"
                  "home GetM S_D stalled\n"
                  "0 Fwd-GetS IS_D parked\n"
                  "0 Data-E IS_D -> E\n"
                  "0 parked -> S Data>1 Data>home\n"
                  "home Data S_D -> S\n"
                  "1 Data owner IS_D -> S\n"
                  "home GetM S -> M Inv>0 Inv>1 Data>2(acks 2)\n"
                  "0 Inv S -> I Inv-Ack>2\n"
                  "2 Inv-Ack IM_AD -> IM_AD\n"
                  "1 Inv S -> I Inv-Ack>2\n"
                  "2 Data ack>0 IM_AD -> IM_A\n"
                  "2 Last-Ack IM_A -> M\n");
}

// An Inv that crosses a PutS: acknowledged from SI_A, and the Put-Ack comes behind it.
static void test_inv_meets_put(void)
{
    struct race race;
    start(&race, "msi");
    act(&race, 0, CE_LOAD);
    deliver(&race, MSG_GETS, HOME);
    deliver(&race, MSG_DATA, 0);
    forget(&race);
    act(&race, 0, CE_REPLACEMENT);
    act(&race, 1, CE_STORE);
    deliver(&race, MSG_GETM, HOME);
    deliver(&race, MSG_PUTS, HOME);
    deliver(&race, MSG_INV, 0);
    deliver(&race, MSG_PUT_ACK, 0);
    deliver(&race, MSG_INV_ACK, 1);
    deliver(&race, MSG_DATA, 1);
    expect(&race, "0 replace S -> SI_A PutS>home\n"
                  "1 store I -> IM_AD GetM>home\n"
                  "home GetM S -> M Inv>0 Data>1(acks 1)\n"
                  "home PutS-NotLast M -> M Put-Ack>0\n"
                  "0 Inv SI_A -> II_A Inv-Ack>1\n"
                  "0 Put-Ack II_A -> I\n"
                  "1 Inv-Ack IM_AD -> IM_AD\n"
                  "1 Data ack=0 IM_AD -> M\n");
    CU_ASSERT_EQUAL(race.cache[1].acks, 0);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("races between boards", NULL, NULL);
    CU_add_test(suite, "the owner is beaten to it", test_owner_is_beaten);
    CU_add_test(suite, "acks by the owner", test_acks_by_the_owner);
    CU_add_test(suite, "two upgrades", test_two_upgrades);
    CU_add_test(suite, "Put overtaken by Fwd-GetM", test_put_overtaken);
    CU_add_test(suite, "forward overtakes Data-E", test_forward_overtakes_exclusive_data);
    CU_add_test(suite, "Inv meets PutS", test_inv_meets_put);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
