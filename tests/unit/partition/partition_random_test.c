// SPDX-License-Identifier: Apache-2.0
// Hundreds of random commands, several at a time, some of which fail on the way. After every cut the
// controller checks its invariants, and the boards theirs; here: nothing is lost, every row of the table of
// transitions happens, and the same seed does the same.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "coordinator/partition/states.h"
#include "tests/lib/fake_boards.h"

#define COMMANDS 600u

static struct fake fake;
static bool seen[BOARD_IMPOSSIBLE][BOARD_IMPOSSIBLE];

static const struct {
    enum board_state from;
    enum board_state to;
} rows[] = {
#define BOARD_STATE(state, assignment, receptacle, occupant, powered, test, offline)
#define BOARD_MOVE(from, event, to) {from, to},
#include "coordinator/partition/board_states.def"
};

static struct sc_command random_command(struct rng *rng)
{
    static const enum sc_verb verbs[] = {SC_ADD,       SC_ADD,  SC_ADD,    SC_DELETE, SC_DELETE,
                                         SC_MOVE,      SC_MOVE, SC_MOVE,   SC_POWER,  SC_KEYSWITCH,
                                         SC_KEYSWITCH, SC_TEST, SC_REBOOT, SC_CELL};
    struct sc_command c = {.verb = verbs[rng_below(rng, sizeof verbs / sizeof verbs[0])]};
    c.board = (uint16_t)rng_below(rng, FAKE_BOARDS - 1);
    c.partition = (uint32_t)rng_below(rng, FAKE_PARTITIONS);
    c.level = (enum sc_level)(rng_below(rng, 3) + (c.verb == SC_DELETE ? SC_UNCONFIGURE : SC_ASSIGN));
    if (rng_below(rng, 2))
        c.level = c.verb == SC_DELETE ? SC_UNASSIGN : SC_CONFIGURE;
    c.position = (enum sc_position)rng_below(rng, SC_POSITION_COUNT);
    if (rng_below(rng, 2))
        c.position = SC_KEY_ON;
    c.on = rng_below(rng, 4) != 0;
    return c;
}

static void maybe_fail(struct rng *rng)
{
    static const enum order_kind kinds[] = {ORDER_TEST, ORDER_DRAIN, ORDER_COPY, ORDER_FLUSH};
    static const enum report_status statuses[] = {REPORT_FAILED_TEST, REPORT_NO_FRAMES, REPORT_LOST,
                                                  REPORT_LOST};
    unsigned i = (unsigned)rng_below(rng, 4);
    fake.fail_kind = kinds[i];
    fake.fail_status = rng_below(rng, 4) == 0 ? statuses[i] : REPORT_DONE;
}

// A domain that was turned off and on has its pages and threads as at its start; one that is off has none.
static void check_whole(void)
{
    uint64_t permanent = 0;
    unsigned running = 0;
    for (uint32_t p = 0; p < FAKE_PARTITIONS; p++)
        running += sc_partition(fake.sc, p)->state == SC_RUNNING;
    for (unsigned b = 0; b < FAKE_BOARDS; b++)
        permanent += fake.board[b].domain.partition != NO_PARTITION ? fake.board[b].permanent : 0;
    CU_ASSERT_EQUAL(permanent, running * PAGE_BYTES);
}

struct tally {
    uint32_t done, refused, failed;
};

static uint64_t run(enum family family, uint64_t seed, struct tally *tally)
{
    struct rng rng = rng_for(seed, 2);
    fake_init(&fake, family, seed);
    for (unsigned i = 0; i < COMMANDS; i++) {
        struct err err;
        struct sc_command command = random_command(&rng);
        if (sc_busy(fake.sc) && rng_below(&rng, 3))
            fake_advance(&fake);
        maybe_fail(&rng);
        fake_begin(&fake, &command, &err);
        if (rng_below(&rng, 20) == 0)
            fake_reload(&fake);
        if (rng_below(&rng, 3) == 0)
            fake_finish(&fake);
    }
    fake_finish(&fake);
    check_whole();
    for (uint64_t id = 1; id <= sc_operations(fake.sc); id++) {
        const struct sc_operation *op = sc_operation(fake.sc, id);
        CU_ASSERT(op->ended != SIM_NEVER && op->ended >= op->began);
        tally->refused += strcmp(op->step, "refused") == 0;
        tally->done += op->outcome.code == ERR_OK;
        tally->failed += op->outcome.code != ERR_OK && strcmp(op->step, "refused") != 0;
    }
    for (unsigned from = 0; from < BOARD_IMPOSSIBLE; from++)
        for (unsigned to = 0; to < BOARD_IMPOSSIBLE; to++)
            seen[from][to] |= fake.seen[from][to];
    uint64_t history = fake.history;
    fake_free(&fake);
    return history;
}

static void test_random(void)
{
    struct tally tally = {0};
    for (uint64_t seed = 1; seed <= 10; seed++)
        run(FAMILY_SUN, seed, &tally);
    CU_ASSERT(tally.done > 1000 && tally.refused > 1000 && tally.failed > 50);
}

static void test_random_cells(void)
{
    struct tally tally = {0};
    for (uint64_t seed = 1; seed <= 5; seed++)
        run(FAMILY_SUPERDOME, seed, &tally);
    CU_ASSERT(tally.done > 300 && tally.refused > 300);
}

static void test_repeats(void)
{
    struct tally tally = {0};
    CU_ASSERT_EQUAL(run(FAMILY_SUN, 77, &tally), run(FAMILY_SUN, 77, &tally));
}

// A row that no command takes would be a dead word.
static void test_rows(void)
{
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!seen[rows[i].from][rows[i].to])
            printf("\n  row %u of board_states.def never happened\n", i);
        CU_ASSERT(seen[rows[i].from][rows[i].to]);
    }
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("random commands", NULL, NULL);
    CU_add_test(suite, "boards that come and go at once", test_random);
    CU_add_test(suite, "base cells", test_random_cells);
    CU_add_test(suite, "the same seed does the same", test_repeats);
    CU_add_test(suite, "every row of the table happens", test_rows);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
