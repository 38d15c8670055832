// SPDX-License-Identifier: Apache-2.0
// --watch-line: what is refused and what the refusal says; how what boards recorded becomes one story.
#include <CUnit/Basic.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/scenario.h"
#include "coordinator/run/watch.h"

static const char scenario_text[] = "scenario: known\nseed: 7\nuntil: 100us\nsystems:\n"
                                    "  - name: m\n    preset: teaching-board\n    boards: [A0, A1, A2]\n"
                                    "    partitions:\n"
                                    "      - {name: P, boards: [A0, A1], programs: []}\n"
                                    "      - {name: Q, boards: [A2], programs: []}\n";

static struct scenario scenario;
static struct plan plan;
static struct outcome outcome;

static void expect_refused(const char *text, const char *says)
{
    struct run_command command = {.n_watch = 1, .watch = {text}};
    struct watch_list list;
    struct err err;
    CU_ASSERT_EQUAL(watch_resolve(&command, &scenario.machine, &list, &err), ERR_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, says));
    if (!strstr(err.text, says))
        printf("\n  %s: %s\n", text, err.text);
}

static void test_refusals(void)
{
    expect_refused("0x1000", "write P:0x1000, or another one's name");
    expect_refused("R:0x1000", "no partition 'R'");
    expect_refused("P:here", "'here' is not an address; write one such as 0x1000");
    expect_refused("P:0x1001", "not the address of a line of 64 bytes; it is in line 0x1000");
    expect_refused("P:1TiB", "has no memory there; its real addresses end at 0x");
    struct run_command command = {.n_watch = 2, .watch = {"P:0x1000", "P:4KiB"}};
    struct watch_list list;
    struct err err;
    CU_ASSERT_EQUAL(watch_resolve(&command, &scenario.machine, &list, &err), ERR_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "named twice"));
    command.watch[1] = "Q:0x1000";
    CU_ASSERT_EQUAL_FATAL(watch_resolve(&command, &scenario.machine, &list, &err), ERR_OK);
    CU_ASSERT(list.n == 2 && list.lines[1].partition == 1 && list.lines[1].line == 0x1000);
    char name[WATCH_NAME_SIZE];
    watch_chart_name(&scenario.machine, &list, 1, name);
    CU_ASSERT_STRING_EQUAL(name, "watch-Q-0x1000.txt"); // the other one has the same address
    list.n = 1;
    watch_chart_name(&scenario.machine, &list, 0, name);
    CU_ASSERT_STRING_EQUAL(name, "watch-0x1000.txt");
}

static void add(uint32_t board, uint64_t dropped, uint32_t n, const sim_time *times)
{
    static struct watch_event events[8];
    struct control_watched watched = {board, 0, dropped, n, events};
    struct err err;
    for (uint32_t i = 0; i < n; i++) {
        events[i] = (struct watch_event){.key = {times[i], component(board, UNIT_AGENT), 0, i}};
        events[i].kind = i % 2 ? WATCH_SEND : WATCH_STATE;
        events[i].peer = (uint16_t)(1 - board);
        snprintf(events[i].what, sizeof events[i].what, "%s", i % 2 ? "GetS" : "I -> IS_D");
    }
    CU_ASSERT_EQUAL(
        outcome_add_watched(&outcome, &scenario.machine, &plan, plan.node_of_board[board], &watched, &err),
        ERR_OK);
}

// Board 1 kept no more after 30 ns: the story ends there for board 0 as well.
static void test_story_ends_together(void)
{
    struct watch_story story;
    struct err err;
    CU_ASSERT_EQUAL_FATAL(plan_make(&plan, &scenario.machine, 0, 0, &err), ERR_OK);
    outcome_init(&outcome, &scenario.machine, &plan);
    add(0, 0, 4, (sim_time[]){10000, 20000, 40000, 50000});
    add(1, 0, 2, (sim_time[]){15000, 20000}); // in two messages
    add(1, 5, 1, (sim_time[]){30000});
    watch_story(&outcome, &scenario.machine, 0, &story);
    static const uint16_t boards[] = {0, 1, 0, 1, 1};
    CU_ASSERT_EQUAL_FATAL(story.n, 5);
    for (unsigned i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(story.moments[i].board, boards[i]);
    CU_ASSERT_EQUAL(story.dropped, 7);
    watch_story_free(&story);
    struct watch_event stray = {0};
    struct control_watched foreign = {1, 0, 0, 1, &stray};
    CU_ASSERT_EQUAL(outcome_add_watched(&outcome, &scenario.machine, &plan, 0, &foreign, &err),
                    ERR_DAMAGED_MESSAGE);
}

static void test_json_and_chart(void)
{
    const struct watch_list list = {.n = 1, .lines = {{0, 0x1000}}};
    json_t *json = watch_json(&outcome, &scenario.machine, &list);
    json_int_t time, line, dropped;
    const char *unit, *kind, *what, *peer;
    int data;
    CU_ASSERT_EQUAL(json_unpack(json, "[{s:I, s:I, s:[{s:n}, {}, {s:I, s:s, s:s, s:s, s:s, s:b}]}!]", "line",
                                &line, "dropped", &dropped, "events", "peer", "time_ps", &time, "unit", &unit,
                                "kind", &kind, "what", &what, "peer", &peer, "data", &data),
                    0);
    CU_ASSERT(line == 0x1000 && dropped == 7 && time == 20000 && !data);
    CU_ASSERT_STRING_EQUAL(unit, "cache");
    CU_ASSERT_STRING_EQUAL(kind, "send");
    CU_ASSERT_STRING_EQUAL(what, "GetS");
    CU_ASSERT_STRING_EQUAL(peer, "A1");
    json_decref(json);
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    watch_chart_write(&outcome, &scenario.machine, &list, 0, out);
    fclose(out);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n         10.000         I -> IS_D               |\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n         20.000          GetS ->                |\n"
                                        "                            |                <- GetS\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "7 later events are not shown"));
    free(text);
    outcome_free(&outcome);
}

int main(void)
{
    struct err err;
    if (scenario_read_text(scenario_text, strlen(scenario_text), "known.yaml", &scenario, &err))
        return err_report(&err);
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("watched lines", NULL, NULL);
    CU_add_test(suite, "refusals", test_refusals);
    CU_add_test(suite, "the story ends for all at once", test_story_ends_together);
    CU_add_test(suite, "JSON and chart", test_json_and_chart);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    scenario_free(&scenario);
    return failed != 0;
}
