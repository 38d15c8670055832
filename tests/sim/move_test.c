// SPDX-License-Identifier: Apache-2.0
// Boards change partitions while these run, with every value checked: the same whatever the run is cut and
// placed like, also where it is saved and gone on at every cut; groups that are not concerned do not notice.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/scenario.h"
#include "proto/base/digest.h"
#include "tests/lib/moving_run.h"
#include "tests/lib/whole_run.h"

static struct scenario scenario;
static const struct moving_options plain;

static int start(void)
{
    whole_read("tests/sim/moves/move.yaml", &scenario);
    return scenario.n_commands == 0;
}

static int end(void)
{
    scenario_free(&scenario);
    return 0;
}

static uint32_t scripted(struct agenda_command commands[64])
{
    uint32_t n = scenario.n_commands < 64 ? scenario.n_commands : 64;
    for (uint32_t i = 0; i < n; i++)
        commands[i] =
            (struct agenda_command){.at = scenario.commands[i].at, .command = scenario.commands[i].command};
    return n;
}

static void run(const struct moving_options *options, struct moving_result *result)
{
    struct agenda_command commands[64];
    uint32_t n = scripted(commands);
    moving_run(&scenario.machine, commands, n, options, result);
    CU_ASSERT_STRING_EQUAL(result->first_failure, "");
    CU_ASSERT(result->checks > 10000);
    CU_ASSERT_EQUAL(result->uneven, 0);
}

static void test_moves(void)
{
    struct moving_result r;
    static const enum err_code outcomes[] = {ERR_OK, ERR_BUSY, ERR_LAST, ERR_OK, ERR_OK};
    run(&plain, &r);
    CU_ASSERT_EQUAL(r.under_way, 0);
    for (unsigned i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(r.outcome[i], outcomes[i]);
    CU_ASSERT_EQUAL(r.members[0], 0x42); // SB1 and SB6
    CU_ASSERT_EQUAL(r.members[1], 0x1d); // SB0 SB2 SB3 SB4
}

static void expect_same(const struct moving_result *a, const struct moving_options *options, const char *how)
{
    struct moving_result b;
    run(options, &b);
    if (!digest_equal(a->digest, b.digest) || a->history != b.history)
        printf("\n  %s: another result\n", how);
    CU_ASSERT(digest_equal(a->digest, b.digest));
    CU_ASSERT_EQUAL(a->history, b.history);
    CU_ASSERT_EQUAL(a->accesses, b.accesses);
    CU_ASSERT(memcmp(a->accesses_of, b.accesses_of, sizeof b.accesses_of) == 0);
}

static void test_same_everywhere(void)
{
    struct moving_result r;
    run(&plain, &r);
    expect_same(&r, &(struct moving_options){.threads = 2}, "two threads");
    expect_same(&r, &(struct moving_options){.chop = 7}, "chopped grants");
    expect_same(&r, &(struct moving_options){.chop = 8, .threads = 2}, "chopped grants, two threads");
    expect_same(&r, &(struct moving_options){.reference = true}, "one access at a time");
    expect_same(&r, &(struct moving_options){.no_bounds = true}, "without bounds");
    expect_same(&r, &(struct moving_options){.reopen_every = 1}, "saved at every cut");
}

// SB5, alone in its partition, sees nothing of what the others do.
static void test_not_concerned(void)
{
    struct moving_result with, without;
    run(&plain, &with);
    moving_run(&scenario.machine, NULL, 0, &plain, &without);
    CU_ASSERT(digest_equal(with.board[5], without.board[5]));
    CU_ASSERT_FALSE(digest_equal(with.board[2], without.board[2]));
}

// Commands that come while groups stand at times of their own: each begins where the furthest stands, as live
// ones do. Given again at these times, to a run that is cut and placed otherwise, they do the same.
struct visitor {
    uint32_t n;
    struct agenda_command given[4];
};

static void move_at_cut(void *self, struct agenda *agenda, sim_time at)
{
    struct visitor *visitor = self;
    static const struct {
        uint16_t board;
        uint32_t to;
    } moves[] = {{2, 2}, {2, 0}, {1, 2}, {1, 0}};
    if (sc_busy(agenda_sc(agenda)) || visitor->n == 4 || agenda_stop(agenda) != SIM_NEVER)
        return;
    struct agenda_command *given = &visitor->given[visitor->n];
    given->at = at;
    given->command = (struct sc_command){.verb = SC_MOVE,
                                         .board = moves[visitor->n].board,
                                         .partition = moves[visitor->n].to,
                                         .level = SC_CONFIGURE};
    visitor->n++;
    agenda_add(agenda, at, &given->command, 0);
}

static void test_clocks_apart(void)
{
    struct visitor visitor = {0};
    struct moving_result live, again;
    const struct moving_options options = {
        .at_cut = move_at_cut, .self = &visitor, .grants_every = 1000, .skew = 100 * SIM_PS_PER_US};
    const struct moving_options otherwise = {.threads = 2, .chop = 3};
    moving_run(&scenario.machine, NULL, 0, &options, &live);
    CU_ASSERT_EQUAL(live.done, 4);
    CU_ASSERT_STRING_EQUAL(live.first_failure, "");
    CU_ASSERT_EQUAL(live.members[0], 7);
    moving_run(&scenario.machine, visitor.given, visitor.n, &otherwise, &again);
    CU_ASSERT(digest_equal(live.digest, again.digest));
    CU_ASSERT_EQUAL(live.history, again.history);
}

// One report of a kind is made to say that the order could not be done; what was under way ends in order, the
// partitions go on, and the same command again succeeds.
struct failure {
    enum order_kind kind;
    enum report_status status;
    bool failed, again;
};

static void spoil(void *self, struct report *report)
{
    struct failure *failure = self;
    if (failure->failed || report->kind != failure->kind)
        return;
    failure->failed = true;
    report->status = failure->status;
}

static void retry(void *self, struct agenda *agenda, sim_time at)
{
    struct failure *failure = self;
    struct sc *sc = agenda_sc(agenda);
    if (!failure->failed || failure->again || sc_busy(sc))
        return;
    failure->again = true;
    const struct sc_operation *op = sc_operation(sc, 1);
    struct sc_command again = op->command;
    if (failure->kind == ORDER_TEST) { // it has left already: it is given back, and added
        again = (struct sc_command){.verb = SC_DELETE, .board = op->command.board, .level = SC_UNASSIGN};
        agenda_add(agenda, at, &again, 0);
        again = op->command;
        again.verb = SC_ADD;
        at = sim_add(at, 100 * SIM_PS_PER_US);
    }
    agenda_add(agenda, at, &again, 0);
}

static void test_failures(void)
{
    static const struct failure failures[] = {{ORDER_DRAIN, REPORT_LOST, false, false},
                                              {ORDER_FLUSH, REPORT_LOST, false, false},
                                              {ORDER_TEST, REPORT_FAILED_TEST, false, false}};
    const struct agenda_command command = {
        .at = 200 * SIM_PS_PER_US,
        .command = {.verb = SC_MOVE, .board = 2, .partition = 1, .level = SC_CONFIGURE}};
    for (unsigned i = 0; i < 3; i++) {
        struct failure failure = failures[i];
        struct moving_result r;
        const struct moving_options options = {.at_cut = retry,
                                               .report = spoil,
                                               .self = &failure,
                                               .grants_every = 1000,
                                               .skew = 100 * SIM_PS_PER_US};
        moving_run(&scenario.machine, &command, 1, &options, &r);
        CU_ASSERT(failure.failed && failure.again);
        CU_ASSERT_EQUAL(r.failed, 1);
        CU_ASSERT_EQUAL(r.under_way, 0);
        CU_ASSERT_EQUAL(r.members[1], 0x1c);
        CU_ASSERT_STRING_EQUAL(r.first_failure, "");
    }
}

// Hundreds of moves at random, one after another and several at once, under full load.
struct gambler {
    struct rng rng;
};

static void gamble(void *self, struct agenda *agenda, sim_time at)
{
    struct gambler *gambler = self;
    bool busy = sc_busy(agenda_sc(agenda)) && rng_below(&gambler->rng, 8);
    if (busy || agenda_stop(agenda) != SIM_NEVER)
        return;
    struct sc_command c = {.verb = SC_MOVE, .level = SC_CONFIGURE};
    c.board = (uint16_t)rng_below(&gambler->rng, 7);
    c.partition = (uint32_t)rng_below(&gambler->rng, 3);
    if (sc_board(agenda_sc(agenda), c.board)->partition == NO_PARTITION)
        c.verb = SC_ADD;
    else if (rng_below(&gambler->rng, 8) == 0)
        c = (struct sc_command){.verb = SC_DELETE, .board = c.board, .level = SC_UNASSIGN};
    agenda_add(agenda, at, &c, 0);
}

static void test_random(void)
{
    struct moving_result r;
    struct gambler gambler = {.rng = rng_for(9, 1)};
    const struct moving_options options = {
        .at_cut = gamble, .self = &gambler, .grants_every = 1000, .skew = 20 * SIM_PS_PER_US};
    sim_time until = scenario.machine.until;
    scenario.machine.until = (NP_SANITIZED ? 10000 : 50000) * SIM_PS_PER_US;
    moving_run(&scenario.machine, NULL, 0, &options, &r);
    scenario.machine.until = until;
    CU_ASSERT(r.done > (NP_SANITIZED ? 20 : 100));
    CU_ASSERT_EQUAL(r.uneven, 0);
    CU_ASSERT_EQUAL(r.failed, 0);
    CU_ASSERT_STRING_EQUAL(r.first_failure, "");
}

static void test_keyswitch(void)
{
    struct scenario domains;
    struct moving_result r, again;
    struct agenda_command commands[16];
    const struct moving_options otherwise = {.chop = 4, .threads = 2, .reopen_every = 3};
    whole_read("tests/sim/moves/keyswitch.yaml", &domains);
    for (uint32_t i = 0; i < domains.n_commands; i++)
        commands[i] =
            (struct agenda_command){.at = domains.commands[i].at, .command = domains.commands[i].command};
    moving_run(&domains.machine, commands, domains.n_commands, &plain, &r);
    CU_ASSERT_EQUAL(r.done, domains.n_commands);
    CU_ASSERT_STRING_EQUAL(r.first_failure, "");
    CU_ASSERT_EQUAL(r.uneven, 0);
    CU_ASSERT_EQUAL(r.members[0], 0x14); // SB2 and SB4
    CU_ASSERT_EQUAL(r.members[1], 0x0a); // SB1 and SB3
    moving_run(&domains.machine, commands, domains.n_commands, &otherwise, &again);
    CU_ASSERT(digest_equal(r.digest, again.digest));
    CU_ASSERT_EQUAL(r.history, again.history);
    scenario_free(&domains);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("moves", start, end);
    CU_add_test(suite, "boards move under load", test_moves);
    CU_add_test(suite, "the same however it is run", test_same_everywhere);
    CU_add_test(suite, "partitions not concerned", test_not_concerned);
    CU_add_test(suite, "clocks far apart, both ways", test_clocks_apart);
    CU_add_test(suite, "failures on the way", test_failures);
    CU_add_test(suite, "moves at random", test_random);
    CU_add_test(suite, "keyswitches between moves", test_keyswitch);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
