// SPDX-License-Identifier: Apache-2.0
// What is said of a run whose figures are known: summary, results.json, counters.csv, failed checks.
#include <CUnit/Basic.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/run/report.h"
#include "proto/base/digest.h"

static const char scenario_text[] =
    "scenario: known\nseed: 7\nuntil: 100us\nsystems:\n"
    "  - name: m\n    preset: teaching-board\n    boards: [A0, A1, A2]\n"
    "    partitions:\n"
    "      - name: P\n        boards: [A0, A1]\n        programs:\n"
    "          - {on: [A0/0, A1/0], generator: random, region: {base: 0, size: 4KiB}, outstanding: 4}\n"
    "          - {on: [A0/1, A1/1], generator: ping-pong, region: {base: 8KiB, size: 4KiB}}\n"
    "      - name: Q\n        boards: [A2]\n        programs:\n"
    "          - {on: A2/0, generator: private, region: {base: 0, size: 4KiB}, count: 10}\n";

static struct scenario scenario;
static struct run_command command;
static struct plan plan;
static struct outcome outcome;
static struct run_folder folder = {.shown = "runs/known", .epoch = 1};
static struct watch_list watch;
static struct run_report report;

// Partition P: 2 boards of 1000 accesses each, 900 hits; Q is done at 40 us.
static void fill_board(uint16_t number)
{
    struct board_results *b = &outcome.boards[number];
    *b = (struct board_results){.board = number, .cpus = 2, .digest = {number, 1}};
    b->counters[CNT_LOADS] = 700u + number;
    b->counters[CNT_CHECKS] = 650;
    b->counters[CNT_HOME_BUSY_PS] = number == 1 ? 50000000 : 10000000;
    b->sent_to[1 - number % 2] = (struct traffic){30u + number, 1000};
    b->n_pages = 2;
    b->pages[0] = (struct page_results){0x4000, 50, 40u + number, 20, 2, number == 1, 0x7f000, 3, "lock ..."};
    b->pages[1] = (struct page_results){0x1000, 12, 10, 5, 1, false, 0, 0, ""};
    for (unsigned i = 0; i < 900; i++)
        latency_add(&b->latency[SERVED_L1], 1000);
    for (unsigned i = 0; i < 100; i++)
        latency_add(&b->latency[SERVED_OWNER], 200000);
    for (unsigned i = 0; i < 2; i++)
        b->cpu[i] =
            (struct cpu_results){.accesses = 500, .hits = 450, .done_at = number == 2 ? 40000000 : SIM_NEVER};
    outcome.present[number] = true;
}

static void setup(uint32_t nodes)
{
    struct err err;
    CU_ASSERT_EQUAL_FATAL(plan_make(&plan, &scenario.machine, nodes, 0, &err), ERR_OK);
    outcome_init(&outcome, &scenario.machine, &plan);
    outcome.reason = PAUSE_UNTIL;
    outcome.seconds = 2;
    for (uint16_t b = 0; b < 3; b++)
        fill_board(b);
    for (uint32_t i = 0; i < outcome.n_hosts; i++)
        outcome.hosts[i] = (struct host_stats){.simulating_ns = 1000000000, .exchanging_ns = 1000000000};
    CU_ASSERT_EQUAL(outcome_complete(&outcome, &scenario.machine, &err), ERR_OK);
    report = (struct run_report){&scenario, &command, &plan, &outcome, &folder, &watch};
}

static char *text_of(void (*write)(const struct run_report *, FILE *))
{
    char *text = NULL;
    size_t size;
    struct err err;
    FILE *out = open_memstream(&text, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    if (!outcome_has_moves(&outcome)) { // of boards that were changed since
        outcome.n_stays = 0;
        CU_ASSERT_EQUAL(outcome_complete(&outcome, &scenario.machine, &err), ERR_OK);
    }
    write(&report, out);
    fclose(out);
    return text;
}

static void expect_text(const char *text, const char *what)
{
    CU_ASSERT_PTR_NOT_NULL(strstr(text, what));
    if (!strstr(text, what))
        printf("\n  no '%s' in\n%s", what, text);
}

static void test_summary(void)
{
    setup(0);
    char *text = text_of(summary_print);
    expect_text(text, "Partition P: boards A0 A1; 4 CPUs, 4 with programs");
    expect_text(text, "Partition Q: boards A2; 2 CPUs, 1 with programs");
    expect_text(text, "simulated    100.0 us, the end time, with programs not done");
    expect_text(text, "simulated    40.0 us, all programs done");
    expect_text(text, "2,000, 20.0 M per simulated second, 90.0 % L1 hits");
    expect_text(text, "another board's cache (owner)              200   10.0 %     200.0 ns     200.0 ns");
    expect_text(text, "homes 30.0 % (A1 50.0 %)");
    expect_text(text, "weakly ordered (several accesses outstanding): random\n");
    expect_text(text, "1,300 loaded values compared, all as they must be");
    CU_ASSERT_PTR_NULL(strstr(text, "trouble"));
    CU_ASSERT_PTR_NULL(strstr(text, "synthetic"));
    for (const char *start = text, *end; (end = strchr(start, '\n')); start = end + 1)
        CU_ASSERT(end - start <= 100);
    free(text);
    outcome_free(&outcome);
}

static void test_troubles_are_shown(void)
{
    struct err err;
    setup(0);
    CU_ASSERT_EQUAL(report_checks(&report, &err), ERR_OK);
    outcome.boards[1].counters[CNT_CHECKS_FAILED] = 3;
    strcpy(outcome.boards[1].first_failure, "cpu 1: line 0x40: 7 in place of 9");
    outcome.boards[0].counters[CNT_GATE_REFUSALS] = 12;
    outcome.boards[2].counters[CNT_POISONED] = 1;
    char *text = text_of(summary_print);
    expect_text(text,
                "CHECKS       3 OF 1,300 FAILED. The first, on board A1:\n               cpu 1: line 0x40");
    expect_text(text, "trouble      12 messages refused by a gate");
    expect_text(text, "trouble      1 accesses that touched lost data");
    free(text);
    CU_ASSERT_EQUAL(report_checks(&report, &err), ERR_CHECK);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "board A1: cpu 1"));
    outcome_free(&outcome);
}

// Host time: what was measured, and advice only where simulating is the lesser part.
static void test_host_time(void)
{
    setup(0);
    char *text = text_of(host_time_print);
    expect_text(text, "50 % simulating, 50 % exchanging, 0 % waiting (of 6.0 s in 3)");
    CU_ASSERT_PTR_NULL(strstr(text, "to try"));
    free(text);
    outcome.hosts[0].waiting_ns = 3000000000;
    text = text_of(host_time_print);
    expect_text(text, "to try       --nodes 1");
    expect_text(text, "--nodes 2      keeps whole partitions in a process");
    expect_text(text, "--link unix    exchanges without ZeroMQ's threads");
    free(text);
    command.link = DATA_UNIX;
    text = text_of(host_time_print);
    CU_ASSERT_PTR_NULL(strstr(text, "--link unix"));
    free(text);
    command.link = DATA_IPC;
    outcome_free(&outcome);
    setup(1);
    outcome.hosts[0].waiting_ns = 3000000000;
    text = text_of(host_time_print);
    CU_ASSERT_PTR_NULL(strstr(text, "to try"));
    free(text);
    outcome_free(&outcome);
}

// Pages of all homes of the partition, the most asked for first; who sent to whom, by name.
static void expect_sharing(const json_t *partition)
{
    const char *home[2], *to, *symbol, *virtual_address;
    json_int_t remote[2], address[4], messages, process;
    CU_ASSERT_EQUAL(
        json_unpack((json_t *)(uintptr_t)partition,
                    "{s:[{s:s, s:I, s:I, s:s, s:I, s:s}, {s:s, s:I, s:I, s:n, s:n, s:n}, {s:I}, {s:I} !]}",
                    "pages", "home", &home[0], "address", &address[0], "remote", &remote[0], "virtual",
                    &virtual_address, "process", &process, "symbol", &symbol, "home", &home[1], "address",
                    &address[1], "remote", &remote[1], "virtual", "process", "symbol", "address", &address[2],
                    "address", &address[3]),
        0);
    CU_ASSERT_STRING_EQUAL(virtual_address, "0x7f000");
    CU_ASSERT_STRING_EQUAL(symbol, "lock ...");
    CU_ASSERT_EQUAL(process, 3);
    CU_ASSERT_STRING_EQUAL(home[0], "A1");
    CU_ASSERT_STRING_EQUAL(home[1], "A0");
    CU_ASSERT(remote[0] == 41 && remote[1] == 40 && address[0] == 0x4000 && address[3] == 0x1000);
    CU_ASSERT_EQUAL(json_unpack((json_t *)(uintptr_t)partition, "{s:[{s:[{s:s, s:I} !]}]}", "boards",
                                "sent_to", "board", &to, "messages", &messages),
                    0);
    CU_ASSERT_STRING_EQUAL(to, "A1");
    CU_ASSERT_EQUAL(messages, 30);
}

static void test_results_json(void)
{
    struct err err;
    char *text = NULL, digest[DIGEST_TEXT_SIZE];
    size_t size;
    json_error_t why;
    setup(0);
    FILE *out = open_memstream(&text, &size);
    CU_ASSERT_EQUAL(results_json_write(&report, out, &err), ERR_OK);
    fclose(out);
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(json);
    const char *run, *name, *third;
    json_int_t accesses, end, done, loads, processes;
    CU_ASSERT_EQUAL(json_unpack(json, "{s:s, s:[{s:s, s:I, s:I}, {s:I, s:[{s:[{s:I}], s:{s:I}}]}]}", "digest",
                                &run, "partitions", "name", &name, "accesses", &accesses, "end_ps", &end,
                                "end_ps", &done, "boards", "cpus", "done_at_ps", &done, "counters", "loads",
                                &loads),
                    0);
    digest_text(outcome.run, digest);
    CU_ASSERT_STRING_EQUAL(run, digest);
    CU_ASSERT_STRING_EQUAL(name, "P");
    CU_ASSERT_EQUAL(accesses, 2000);
    CU_ASSERT_EQUAL(end, 100000000);
    CU_ASSERT_EQUAL(done, 40000000);
    CU_ASSERT_EQUAL(loads, 702);
    expect_sharing(json_array_get(json_object_get(json, "partitions"), 0));
    const json_t *hosts = json_object_get(json_object_get(json, "host"), "processes");
    processes = (json_int_t)json_array_size(hosts);
    CU_ASSERT_EQUAL(processes, 4);
    third = json_string_value(json_object_get(json_array_get(hosts, 3), "process"));
    CU_ASSERT_STRING_EQUAL(third, "fabric");
    json_decref(json);
    free(text);
    outcome_free(&outcome);
}

static void test_counters_csv(void)
{
    setup(0);
    char *text = text_of(counters_csv_write);
    expect_text(text, "partition,board,counter,unit,value\nP,A0,loads,accesses,700\n");
    expect_text(text, "\nP,A1,home_busy_ps,ps,50000000\n");
    expect_text(text, "\nQ,A2,loads,accesses,702\n");
    free(text);
    outcome_free(&outcome);
}

// A process may report its own boards, once.
static void test_results_of_others(void)
{
    struct err err;
    setup(0);
    outcome.present[1] = false;
    CU_ASSERT_EQUAL(outcome_complete(&outcome, &scenario.machine, &err), ERR_INTERNAL);
    struct board_results *board = calloc(1, sizeof *board);
    CU_ASSERT_PTR_NOT_NULL_FATAL(board);
    const struct results results = {.n_boards = 1, .boards = board};
    board->board = 1;
    CU_ASSERT_EQUAL(outcome_add(&outcome, &scenario.machine, &plan, 0, &results, &err), ERR_DAMAGED_MESSAGE);
    CU_ASSERT_EQUAL(outcome_add(&outcome, &scenario.machine, &plan, 1, &results, &err), ERR_OK);
    CU_ASSERT_EQUAL(outcome_add(&outcome, &scenario.machine, &plan, 1, &results, &err), ERR_DAMAGED_MESSAGE);
    board->board = 200;
    CU_ASSERT_EQUAL(outcome_add(&outcome, &scenario.machine, &plan, 1, &results, &err), ERR_DAMAGED_MESSAGE);
    free(board);
    outcome_free(&outcome);
}

// CPUs without a program of their own run threads, and count as having programs.
static void test_threads(void)
{
    struct pool_desc pool = {.partition = 1, .n_threads = 6, .what = {.outstanding = 2, .kind = CPU_TRACE}};
    struct partition_sum sum;
    scenario.machine.pools = &pool;
    scenario.machine.n_pools = 1;
    setup(1);
    outcome.boards[2].cpu[1].done_at = SIM_NEVER;
    outcome_sum(&outcome, &scenario.machine, 1, &sum);
    CU_ASSERT_TRUE(sum.threads == 6 && sum.idle_cpus == 0 && sum.running_cpus == 1);
    CU_ASSERT_TRUE(sum.weak && sum.traces);
    CU_ASSERT_EQUAL(sum.end, scenario.machine.until);
    char *text = text_of(summary_print);
    expect_text(text, "2 CPUs, 2 with programs");
    expect_text(text, "threads      6, on whatever CPUs");
    expect_text(text, "weakly ordered (several accesses outstanding): replayed programs");
    free(text);
    outcome.boards[2].cpu[1].done_at = 50000000; // the last thread has ended
    outcome.stays[2].cpus.done_at = 50000000;
    outcome_sum(&outcome, &scenario.machine, 1, &sum);
    CU_ASSERT_TRUE(sum.running_cpus == 0 && sum.end == 50000000);
    outcome_sum(&outcome, &scenario.machine, 0, &sum);
    CU_ASSERT_TRUE(sum.threads == 0 && sum.idle_cpus == 0);
    outcome_free(&outcome);
    scenario.machine.pools = NULL;
    scenario.machine.n_pools = 0;
}

// Board A1 is in P until 20 us, in none until 30 us, then in Q: what it did counts for whoever had it.
static void move_a_board(void)
{
    static const struct stay before = {.board = 1,
                                       .partition = 0,
                                       .left = 20000000,
                                       .earlier_ps = 20000000,
                                       .counters = {[CNT_LOADS] = 100, [CNT_HOME_BUSY_PS] = 18000000},
                                       .cpus = {.accesses = 200, .hits = 150}};
    static const struct stay free_time = {.board = 1,
                                          .partition = NO_PARTITION,
                                          .joined = 20000000,
                                          .left = 30000000,
                                          .cpus = {.accesses = 50}};
    static const struct stay after = {.board = 1,
                                      .partition = 1,
                                      .joined = 30000000,
                                      .left = SIM_NEVER,
                                      .counters = {[CNT_LOADS] = 500, [CNT_HOME_BUSY_PS] = 7000000},
                                      .cpus = {.accesses = 700, .hits = 600, .done_at = 35000000}};
    struct stay stays[] = {after, free_time, before};
    struct results results = {.n_stays = 3, .stays = stays};
    struct err err;
    outcome.n_stays = 0;
    CU_ASSERT_EQUAL(outcome_add(&outcome, &scenario.machine, &plan, 0, &results, &err), ERR_OK);
    outcome.hosts[0] = (struct host_stats){.simulating_ns = 1};
    CU_ASSERT_EQUAL(outcome_complete(&outcome, &scenario.machine, &err), ERR_OK);
    stays[0].partition = 2;
    CU_ASSERT_EQUAL(outcome_add(&outcome, &scenario.machine, &plan, 0, &results, &err), ERR_DAMAGED_MESSAGE);
}

static void expect_members(const json_t *results)
{
    json_int_t accesses[2], stayed[3], left, loads;
    const char *names[3];
    size_t n[2];
    const json_t *p = json_array_get(json_object_get(results, "partitions"), 0);
    const json_t *q = json_array_get(json_object_get(results, "partitions"), 1);
    CU_ASSERT_EQUAL(json_unpack((json_t *)(uintptr_t)p,
                                "{s:I, s:[s!], s:[{s:s, s:I}, {s:s, s:I, s:I} !], s:{s:I}}", "accesses",
                                &accesses[0], "boards_at_end", &names[0], "members", "name", &names[1],
                                "stayed_ps", &stayed[0], "name", &names[2], "left_ps", &left, "stayed_ps",
                                &stayed[1], "counters", "loads", &loads),
                    0);
    CU_ASSERT_TRUE(accesses[0] == 1200 && left == 20000000 && loads == 800);
    CU_ASSERT_TRUE(stayed[0] == 100000000 && stayed[1] == 20000000);
    CU_ASSERT_STRING_EQUAL(names[0], "A0");
    CU_ASSERT_STRING_EQUAL(names[2], "A1");
    n[0] = json_array_size(json_object_get(q, "boards")); // what it began with, whole
    n[1] = json_array_size(json_object_get(q, "members"));
    CU_ASSERT_TRUE(n[0] == 1 && n[1] == 2);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(q, "accesses")), 1700);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(q, "cpus_at_end")), 4);
}

static void test_a_board_that_moved(void)
{
    setup(1);
    for (unsigned c = 0; c < 2; c++)
        outcome.boards[1].cpu[c].done_at = 35000000;
    move_a_board();
    char *text = text_of(summary_print);
    expect_text(text, "at the end   boards A0; 2 CPUs (below: each board while it was in this partition)");
    expect_text(text, "at the end   boards A2 A1; 4 CPUs");
    expect_text(text, "1,200, 12.0 M per simulated second, 87.5 % L1 hits");
    expect_text(text, "busy         homes 23.3 % (A1 90.0 %)"); // 10 of 100 us, 18 of 20 us
    expect_text(text, "simulated    40.0 us, all programs done");
    free(text);
    text = text_of(counters_csv_write);
    expect_text(text, "P,A1,loads,accesses,100\n");
    expect_text(text, "Q,A1,loads,accesses,500\n");
    CU_ASSERT_PTR_NULL(strstr(text, ",601\n"));
    free(text);
    json_t *results = results_document(&report);
    expect_members(results);
    json_decref(results);
    outcome_free(&outcome);
}

int main(void)
{
    struct err err;
    if (scenario_read_text(scenario_text, strlen(scenario_text), "text", &scenario, &err))
        return err_report(&err);
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("report", NULL, NULL);
    CU_ADD_TEST(suite, test_summary);
    CU_ADD_TEST(suite, test_troubles_are_shown);
    CU_ADD_TEST(suite, test_host_time);
    CU_ADD_TEST(suite, test_results_json);
    CU_ADD_TEST(suite, test_counters_csv);
    CU_ADD_TEST(suite, test_results_of_others);
    CU_ADD_TEST(suite, test_threads);
    CU_ADD_TEST(suite, test_a_board_that_moved);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    scenario_free(&scenario);
    return failures ? 1 : 0;
}
