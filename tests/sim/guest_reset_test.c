// SPDX-License-Identifier: Apache-2.0
// A guest's partition is reset while its CPUs clash on lines, and booted by its keyswitch when they have
// ended: the guest begins anew and says so, its own checks hold, partitions beside it do not notice, and all
// of it is the same however the run is cut and placed, also saved at every cut.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/scenario.h"
#include "proto/base/assert.h"
#include "proto/base/digest.h"
#include "tests/lib/moving_run.h"
#include "tests/lib/whole_run.h"

#define CONSOLE_SIZE 8192u
#define Q_BOARD      2u

static struct scenario scenario;
static struct agenda_command commands[8];

// What the guest left behind.
static struct {
    char console[CONSOLE_SIZE];
    unsigned ended, stopped;    // its CPUs
    uint64_t counted, executed; // instructions: of all boots, of the last one
} guest;

static int start(void)
{
    whole_read("tests/sim/moves/guest.yaml", &scenario);
    for (uint32_t i = 0; i < scenario.n_commands && i < 8; i++)
        commands[i] =
            (struct agenda_command){.at = scenario.commands[i].at, .command = scenario.commands[i].command};
    return scenario.n_commands != 3;
}

static int end(void)
{
    scenario_free(&scenario);
    return 0;
}

static int in_order(const void *one, const void *other)
{
    return text_before(one, other) ? -1 : text_before(other, one);
}

static void take_console(struct packed *packed)
{
    struct text_list all = {0};
    size_t at = 0;
    for (uint32_t b = 0; b < Q_BOARD; b++)
        board_take_texts(packed->crew.boards[b], true, &all);
    if (all.n)
        qsort(all.items, all.n, sizeof *all.items, in_order);
    for (uint32_t i = 0; i < all.n && at + all.items[i].size < CONSOLE_SIZE; i++) {
        memcpy(guest.console + at, all.items[i].bytes, all.items[i].size);
        at += all.items[i].size;
    }
    guest.console[at] = '\0';
    text_list_free(&all);
}

static void look(void *self, struct packed *packed)
{
    static struct board_results results;
    (void)self;
    memset(&guest, 0, sizeof guest);
    take_console(packed);
    for (uint32_t b = 0; b < Q_BOARD; b++) {
        board_results(packed->crew.boards[b], &results);
        guest.counted += results.counters[CNT_INSTRUCTIONS];
        for (uint32_t c = 0; c < results.cpus; c++) {
            guest.ended += results.guest[c].end == GUEST_ENDED;
            guest.stopped += results.guest[c].end == GUEST_STOPPED;
            guest.executed += results.guest[c].instructions;
        }
    }
}

static void run(uint32_t n, struct moving_options *options, struct moving_result *result)
{
    options->at_end = look;
    moving_run(&scenario.machine, commands, n, options, result);
    CU_ASSERT_STRING_EQUAL(result->first_failure, "");
    CU_ASSERT_EQUAL(result->uneven, 0);
    CU_ASSERT_EQUAL(result->done, n);
    CU_ASSERT_EQUAL(guest.ended, 1); // clean: all of its checks held
    CU_ASSERT_EQUAL(guest.stopped, 3);
}

static unsigned times_said(const char *what)
{
    unsigned n = 0;
    for (const char *at = guest.console; (at = strstr(at, what)); at++)
        n++;
    return n;
}

static void test_begins_anew(void)
{
    struct moving_result none, once, all;
    run(0, &(struct moving_options){0}, &none);
    CU_ASSERT_EQUAL(times_said("clash: ok"), 1);
    CU_ASSERT_EQUAL(guest.counted, guest.executed);
    uint64_t executed = guest.executed;
    run(1, &(struct moving_options){0}, &once); // reset before it has said anything
    CU_ASSERT_EQUAL(times_said("clash: ok"), 1);
    CU_ASSERT(guest.counted > guest.executed && guest.counted < guest.executed + executed);
    run(3, &(struct moving_options){0}, &all);
    CU_ASSERT_EQUAL(times_said("clash: ok"), 2);
    CU_ASSERT_EQUAL(times_said("2 rounds"), 2);
    CU_ASSERT(guest.counted > 2 * guest.executed);
    CU_ASSERT(digest_equal(none.board[Q_BOARD], all.board[Q_BOARD])); // others do not notice
    CU_ASSERT_FALSE(digest_equal(none.board[0], all.board[0]));
    CU_ASSERT(all.checks > 100000);
}

static void test_same_everywhere(void)
{
    static const struct {
        const char *name;
        struct moving_options how;
    } ways[] = {{"two threads", {.threads = 2}},
                {"chopped", {.threads = 2, .chop = 5}},
                {"one access at a time", {.reference = true}},
                {"without bounds", {.no_bounds = true}},
                {"saved at every cut", {.reopen_every = 1, .chop = 9}}};
    static char console[CONSOLE_SIZE];
    struct moving_result first, other;
    run(3, &(struct moving_options){0}, &first);
    memcpy(console, guest.console, sizeof console);
    for (size_t i = 0; i < NP_ARRAY_LEN(ways); i++) {
        struct moving_options how = ways[i].how;
        run(3, &how, &other);
        if (!digest_equal(first.digest, other.digest) || strcmp(console, guest.console) != 0)
            printf("\n  %s: another result\n", ways[i].name);
        CU_ASSERT(digest_equal(first.digest, other.digest));
        CU_ASSERT_EQUAL(first.history, other.history);
        CU_ASSERT_STRING_EQUAL(console, guest.console);
    }
}

// A guest that is cut at any moment begins anew: at its first instructions, inside updates, when it waits.
static void test_at_any_moment(void)
{
    struct moving_result result;
    for (sim_time at = SIM_PS_PER_US; at < 330 * SIM_PS_PER_US; at += 13700001) {
        commands[0].at = at;
        run(1, &(struct moving_options){.chop = at}, &result);
        CU_ASSERT(times_said("clash: ok") >= 1);
    }
    commands[0].at = scenario.commands[0].at;
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("guests that are reset", start, end);
    CU_add_test(suite, "it begins anew, others go on", test_begins_anew);
    CU_add_test(suite, "the same however it is run", test_same_everywhere);
    CU_add_test(suite, "at any moment", test_at_any_moment);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
