// SPDX-License-Identifier: Apache-2.0
// Guests that take what they are offered and give it back as they like, while boards come and go by random
// commands, some of which fail on the way. The controller checks its invariants after every cut, the boards
// theirs: that no guest loses what it has.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

#include "tests/lib/fake_boards.h"

#define GUEST 1u // SMP2, on SB3 and SB4

static struct fake fake;

static uint16_t address(uint16_t board)
{
    return sc_partition(fake.sc, GUEST)->domain.cpu_addresses[board];
}

static void play(struct rng *rng)
{
    for (uint16_t b = 0; b < FAKE_BOARDS - 1; b++) {
        struct fake_board *board = &fake.board[b];
        bool theirs =
            board->domain.partition == GUEST && address(b) != CPU_ADDRESSES_NONE && !board->quiesced;
        uint64_t bytes = rng_below(rng, 2) ? rng_below(rng, 4) * PAGE_BYTES : 0;
        uint32_t cpus = rng_below(rng, 2) ? (uint32_t)rng_below(rng, 16) : 0;
        if (!theirs || sc_partition(fake.sc, GUEST)->state != SC_RUNNING)
            continue;
        board->guest_cpus = b == 3 ? 0xf : cpus;
        if (address(b) != CPU_ADDRESSES_DESCRIBED && board->guest_bytes <= 4 * (uint64_t)PAGE_BYTES)
            board->guest_bytes = bytes;
    }
}

static struct sc_command random_command(struct rng *rng)
{
    static const enum sc_verb verbs[] = {SC_ADD,  SC_ADD,  SC_DELETE, SC_DELETE,
                                         SC_MOVE, SC_MOVE, SC_REBOOT, SC_KEYSWITCH};
    struct sc_command c = {.verb = verbs[rng_below(rng, sizeof verbs / sizeof verbs[0])]};
    c.board = (uint16_t)rng_below(rng, FAKE_BOARDS - 1);
    c.partition = (uint32_t)rng_below(rng, FAKE_PARTITIONS);
    c.level = (enum sc_level)(rng_below(rng, 3) + (c.verb == SC_DELETE ? SC_UNCONFIGURE : SC_ASSIGN));
    c.position = rng_below(rng, 3) ? SC_KEY_ON : SC_KEY_OFF;
    c.on = true;
    return c;
}

static void maybe_fail(struct rng *rng)
{
    static const enum order_kind kinds[] = {ORDER_FLUSH, ORDER_COPY};
    fake.fail_kind = kinds[rng_below(rng, 2)];
    fake.fail_status = rng_below(rng, 6) == 0 ? REPORT_LOST : REPORT_DONE;
}

static uint64_t gamble(uint64_t seed, uint32_t outcomes[ERR_CODE_COUNT], uint32_t *copies)
{
    struct rng rng = rng_for(seed, 3);
    fake_init(&fake, FAMILY_ZSERIES, seed);
    fake_guest(&fake, GUEST);
    fake_restart(&fake);
    for (unsigned i = 0; i < 400; i++) {
        struct err err;
        struct sc_command command = random_command(&rng);
        play(&rng);
        maybe_fail(&rng);
        fake_begin(&fake, &command, &err);
        if (rng_below(&rng, 20) == 0)
            fake_reload(&fake);
        while (rng_below(&rng, 4) && fake_advance(&fake))
            ;
        if (rng_below(&rng, 2))
            fake_finish(&fake);
    }
    fake_finish(&fake);
    for (uint64_t id = 1; id <= sc_operations(fake.sc); id++)
        outcomes[sc_operation(fake.sc, id)->outcome.code]++;
    uint64_t history = fake.history;
    *copies += fake.orders[ORDER_COPY];
    fake_free(&fake);
    return history;
}

static void test_random(void)
{
    uint32_t outcomes[ERR_CODE_COUNT] = {0}, copies = 0;
    for (uint64_t seed = 1; seed <= 10; seed++)
        gamble(seed, outcomes, &copies);
    CU_ASSERT(outcomes[ERR_OK] > 500);
    CU_ASSERT(outcomes[ERR_CONSENT] > 40);
    CU_ASSERT(copies > 10);
    CU_ASSERT_EQUAL(outcomes[ERR_INTERNAL], 0);
    CU_ASSERT_EQUAL(gamble(3, outcomes, &copies), gamble(3, outcomes, &copies));
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("guests at random", NULL, NULL);
    CU_add_test(suite, "guests and commands at random", test_random);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
