// SPDX-License-Identifier: Apache-2.0
// Lines that are typed at guests while these run, and lines that stand in their scenario: each comes back
// from the guest that it was typed at, in order, and when depends on nothing but its time.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/scenario.h"
#include "proto/base/assert.h"
#include "proto/base/digest.h"
#include "tests/lib/guest_console.h"
#include "tests/lib/moving_run.h"

#define P       0u
#define Q       1u
#define TYPED   24u
#define TYPE_US 150u // all but a few at this time

static struct scenario scenario;
static const struct moving_options plain;

// Of 18 that are typed at once 16 can wait, and one of the scenario beside them; what is typed at a time is
// there before what happens at it.
static const char expected_p[] =
    "echo: listening\r\n1: first\r\n2: line 0\r\n3: line 1\r\n4: line 2\r\n5: line 3\r\n6: line 4\r\n7: line "
    "5\r\n8: line 6\r\n9: line 7\r\n10: line 8\r\n11: line 9\r\n12: line 10\r\n13: line 11\r\n14: line "
    "12\r\n15: line 13\r\n16: line 14\r\n17: line 15\r\n18: from the scenario\r\n19: quit\r\n";

static void read_machine(void)
{
    static const char text[] =
        "scenario: typing\nseed: 3\nuntil: 600us\nsystems:\n  - name: m\n    preset: teaching-board\n"
        "    boards: [A0, A1, B0]\n    partitions:\n"
        "      - name: P\n        boards: [A0, A1]\n        programs:\n"
        "          - {on: [A0/0, A1/0], load: guests/echo.elf, arguments: tick=5, "
        "input: [{at: 150us, text: from the scenario}]}\n"
        "      - name: Q\n        boards: [B0]\n        programs:\n"
        "          - {on: [B0/0], load: guests/echo.elf, arguments: tick=7 console=line}\n";
    struct err err;
    if (scenario_read_text(text, strlen(text), "typing", &scenario, &err))
        exit(err_report(&err));
}

static struct agenda_command line_at(sim_time at, uint32_t partition, const char *text)
{
    struct agenda_command command = {.at = at, .types = true, .line.partition = partition};
    snprintf(command.line.text, sizeof command.line.text, "%s", text);
    return command;
}

// The longest line that there is goes to Q, whose console is in line mode.
static void typed(struct agenda_command commands[TYPED])
{
    char longest[GUEST_INPUT_BYTES_MAX - 1] = "", text[16];
    unsigned n = 0;
    memset(longest, 'a', sizeof longest - 1);
    commands[n++] = line_at(80 * SIM_PS_PER_US, P, "first");
    commands[n++] = line_at(90 * SIM_PS_PER_US, Q, "no, first [here]");
    for (unsigned i = 0; i < 18; i++) {
        snprintf(text, sizeof text, "line %u", i);
        commands[n++] = line_at(TYPE_US * SIM_PS_PER_US, P, text);
    }
    commands[n++] = line_at(TYPE_US * SIM_PS_PER_US, Q, "");
    commands[n++] = line_at(300 * SIM_PS_PER_US, Q, longest);
    commands[n++] = line_at(500 * SIM_PS_PER_US, P, "quit");
    commands[n++] = line_at(560 * SIM_PS_PER_US, P, "nobody is there");
    CU_ASSERT_EQUAL(n, TYPED);
}

struct seen {
    char *console[2];
};

static void take_consoles(void *self, struct packed *packed)
{
    struct seen *seen = self;
    for (unsigned p = P; p <= Q; p++)
        seen->console[p] = guest_console(packed->crew.boards, &scenario.machine, p);
}

static void run(struct moving_options options, struct moving_result *result)
{
    struct agenda_command commands[TYPED];
    struct seen seen;
    typed(commands);
    options.at_end = take_consoles;
    options.self = &seen;
    moving_run(&scenario.machine, commands, TYPED, &options, result);
    CU_ASSERT_STRING_EQUAL(seen.console[P], expected_p);
    CU_ASSERT_EQUAL(strncmp(seen.console[Q], "echo: listening\n1: no, first [here]\n2: \n3: aaa", 46), 0);
    for (unsigned p = P; p <= Q; p++)
        free(seen.console[p]);
}

static void test_same_everywhere(void)
{
    static const struct {
        const char *how;
        struct moving_options options;
    } ways[] = {
        {"two threads", {.threads = 2}},
        {"chopped grants", {.chop = 7}},
        {"chopped grants, two threads", {.chop = 8, .threads = 2}},
        {"one access at a time", {.reference = true}},
        {"without bounds", {.no_bounds = true}},
        {"saved at every cut", {.reopen_every = 1}},
        {"saved at every cut, which are many", {.reopen_every = 1, .grants_every = 40}},
    };
    struct moving_result expected, other;
    run(plain, &expected);
    CU_ASSERT_EQUAL(expected.refused, 0); // refused lines are no operations
    for (size_t i = 0; i < NP_ARRAY_LEN(ways); i++) {
        run(ways[i].options, &other);
        if (!digest_equal(expected.digest, other.digest) || expected.history != other.history)
            printf("\n  %s: another result\n", ways[i].how);
        CU_ASSERT(digest_equal(expected.digest, other.digest));
        CU_ASSERT_EQUAL(expected.history, other.history);
    }
}

// Without any, nothing comes back; so the lines are in the digest.
static void test_matter(void)
{
    struct agenda_command commands[TYPED];
    struct moving_result with, changed;
    struct agenda_command *last = &commands[TYPED - 3];
    typed(commands);
    moving_run(&scenario.machine, commands, TYPED, &plain, &with);
    last->line.text[100] = 'b';
    moving_run(&scenario.machine, commands, TYPED, &plain, &changed);
    CU_ASSERT(digest_equal(with.board[0], changed.board[0]));
    CU_ASSERT_FALSE(digest_equal(with.board[2], changed.board[2]));
}

// Somebody types while partitions stand at times of their own: from then on where the furthest stands.
struct typist {
    uint32_t n;
    struct agenda_command given[8];
};

static void type_at_cut(void *self, struct agenda *agenda, sim_time at)
{
    struct typist *typist = self;
    char text[16];
    if (typist->n == 8 || at < 50 * SIM_PS_PER_US * (typist->n + 1) || agenda_stop(agenda) != SIM_NEVER)
        return;
    snprintf(text, sizeof text, "live %u", typist->n);
    typist->given[typist->n] = line_at(at, typist->n % 2 ? P : Q, text);
    agenda_type(agenda, at, &typist->given[typist->n].line, 0);
    typist->n++;
}

static void test_live(void)
{
    struct typist typist = {0};
    struct moving_result live, again;
    const struct moving_options options = {
        .at_cut = type_at_cut, .self = &typist, .grants_every = 6, .skew = 20 * SIM_PS_PER_US};
    const struct moving_options otherwise = {.threads = 2, .chop = 3};
    moving_run(&scenario.machine, NULL, 0, &options, &live);
    CU_ASSERT_EQUAL(typist.n, 8);
    moving_run(&scenario.machine, typist.given, typist.n, &otherwise, &again);
    CU_ASSERT(digest_equal(live.digest, again.digest));
    CU_ASSERT_EQUAL(live.history, again.history);
}

int main(void)
{
    CU_initialize_registry();
    read_machine();
    CU_pSuite suite = CU_add_suite("typing", NULL, NULL);
    CU_add_test(suite, "the same everywhere", test_same_everywhere);
    CU_add_test(suite, "what is typed matters", test_matter);
    CU_add_test(suite, "live", test_live);
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    scenario_free(&scenario);
    return failed != 0;
}
