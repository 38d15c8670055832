// SPDX-License-Identifier: Apache-2.0
// What changed during a run, put together from boards at cuts and events of the system controller: series,
// operations, events; in results.json and for people.
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/run/claims.h"
#include "coordinator/run/history_json.h"
#include "proto/base/assert.h"

#define BOARDS 4u // SB0 SB1 are A's, SB2 is B's, SB3 is C's
#define US     SIM_PS_PER_US

static struct machine machine;
static struct board_desc boards[BOARDS];
static struct partition_desc partitions[3];
static struct board_view now[BOARDS];
static struct history history;
static struct sc_operation move;
static uint64_t seq;

static void look(void *self, uint16_t board, struct board_view *view)
{
    (void)self;
    *view = now[board];
}

static void begin(sim_time until, sim_time interval)
{
    static const uint32_t of[BOARDS] = {0, 0, 1, 2};
    machine =
        (struct machine){.n_boards = BOARDS, .n_partitions = 3, .boards = boards, .partitions = partitions};
    machine.until = until;
    memset(partitions, 0, sizeof partitions);
    for (uint16_t b = 0; b < BOARDS; b++) {
        struct partition_desc *p = &partitions[of[b]];
        snprintf(boards[b].name, sizeof boards[b].name, "SB%u", b);
        snprintf(p->name, sizeof p->name, "%c", 'A' + (char)of[b]);
        boards[b].partition = of[b];
        boards[b].params.cpus = 4;
        p->boards[p->n_boards++] = b;
        now[b] = (struct board_view){.board = b, .partition = of[b], .cpus = 4, .cpus_online = 4};
    }
    history_init(&history, &machine, interval, NULL, look);
    seq = 0;
    move =
        (struct sc_operation){.id = 1,
                              .command = {.verb = SC_MOVE, .board = 1, .partition = 1, .level = SC_CONFIGURE},
                              .from = 0,
                              .to = 1,
                              .ended = SIM_NEVER,
                              .step = ""};
}

// Each board does as many accesses in a microsecond as it has CPUs online, and half of them hit.
static void run_for(unsigned us)
{
    for (unsigned b = 0; b < BOARDS; b++) {
        now[b].accesses += (uint64_t)us * now[b].cpus_online;
        now[b].hits += (uint64_t)us * now[b].cpus_online / 2;
        now[b].work += us;
        now[b].egress_busy_ps += us * US / 2;
        now[b].home_busy_ps += us * US / 4;
    }
}

static void tell(sim_time at, const char *what, const char *text)
{
    seq++;
    struct sc_event event = {.seq = seq, .at = at, .operation = 1, .what = what, .board = 1, .partition = 0};
    snprintf(event.text, sizeof event.text, "%s", text);
    history_event(&history, &event, &move);
}

// 100 us; at 45 SB1 leaves A, drains for 20 us, joins B and is online at 75.
static void move_story(void)
{
    for (unsigned us = 10; us <= 40; us += 10) {
        run_for(10);
        history_sample(&history, us * US, now);
    }
    run_for(5);
    move.began = 45 * US;
    tell(45 * US, "begun", "move SB1 B configure");
    tell(45 * US, "step", "offline");
    now[1].cpus_online = 0;
    run_for(3);
    tell(48 * US, "step", "drain");
    run_for(2);
    history_sample(&history, 50 * US, now);
    run_for(18);
    move.pages_done = move.pages_total = 100;
    tell(68 * US, "drained", "SB1: 100 of 100 pages have moved");
    tell(68 * US, "step", "connect");
    run_for(2);
    history_sample(&history, 70 * US, now);
    run_for(5);
    now[1].partition = 1;
    now[1].cpus_online = 4;
    move.ended = 75 * US;
    move.step = "done";
    tell(75 * US, "ended", "move SB1 B configure: done");
    run_for(5);
    history_sample(&history, 80 * US, now);
    run_for(20);
    history_sample(&history, 100 * US, now);
}

static void check_sum(uint32_t partition, unsigned from, unsigned to, unsigned span, uint64_t accesses,
                      uint32_t cpus)
{
    struct history_row sum;
    CU_ASSERT_EQUAL(history_between(&history, partition, from * US, to * US, &sum), span * US);
    CU_ASSERT_EQUAL(sum.accesses, accesses);
    CU_ASSERT_EQUAL(sum.cpus, cpus);
}

static void test_series(void)
{
    begin(100 * US, 10 * US);
    CU_ASSERT_EQUAL(history_next(&history), 10 * US);
    move_story();
    CU_ASSERT_EQUAL(history_next(&history), 110 * US);
    check_sum(0, 0, 45, 45, 45 * 8, 8);
    check_sum(1, 0, 45, 45, 45 * 4, 4);
    check_sum(2, 0, 45, 40, 40 * 4, 4); // no row of C ends at 45: its boards need not stand there
    check_sum(0, 45, 75, 30, 30 * 4, 4);
    check_sum(0, 75, 100, 25, 25 * 4, 4);
    check_sum(1, 75, 100, 25, 25 * 8, 8);
    check_sum(2, 0, 100, 100, 100 * 4, 4);
    history_free(&history);
}

// What a board does while it is in no partition is its self-test, and nobody's work.
static void test_self_test(void)
{
    begin(100 * US, 10 * US);
    move.command.verb = SC_REBOOT;
    move.command.board = NO_BOARD;
    move.from = move.to = move.command.partition = 0;
    run_for(10);
    move.began = 10 * US;
    tell(10 * US, "begun", "reboot A on");
    now[0].partition = now[1].partition = NO_PARTITION;
    tell(12 * US, "step", "self-tests");
    now[0].accesses += 1000000;
    now[1].accesses += 1000000;
    now[0].partition = now[1].partition = 0;
    tell(15 * US, "step", "boot");
    move.ended = 16 * US;
    tell(16 * US, "ended", "reboot A on: done");
    run_for(4);
    history_sample(&history, 20 * US, now);
    check_sum(0, 0, 16, 16, 80, 8);
    check_sum(0, 16, 20, 4, 32, 8);
    history_free(&history);
}

// An event and a sample at one time make one row, and a sample is not counted twice.
static void test_same_time(void)
{
    begin(100 * US, 10 * US);
    run_for(10);
    history_sample(&history, 10 * US, now);
    history_sample(&history, 10 * US, now);
    move.began = 10 * US;
    tell(10 * US, "begun", "move SB1 B configure");
    CU_ASSERT_EQUAL(history.series[0].n_rows, 1);
    CU_ASSERT_TRUE(history.series[0].rows[0].marked);
    CU_ASSERT_EQUAL(history.series[0].rows[0].accesses, 80);
    CU_ASSERT_EQUAL(history.series[0].rows[0].cpus, 8);
    history_free(&history);
}

static void test_intervals(void)
{
    static const struct {
        sim_time until, interval;
    } rows[] = {{SIM_NEVER, 10 * US}, {4000 * US, 100 * US}, {100 * US, 2 * US}, {39, 1}, {79 * US, US}};
    for (size_t i = 0; i < NP_ARRAY_LEN(rows); i++) {
        begin(rows[i].until, 0);
        CU_ASSERT_EQUAL(history.interval, rows[i].interval);
        history_free(&history);
    }
}

// Of a long run neighbours are added up; rows where an operation began or ended keep their ends.
static void test_thinning(void)
{
    begin(SIM_NEVER, US);
    sim_time at = 0;
    for (unsigned i = 1; i <= 3 * HISTORY_ROWS_MAX; i++) {
        at = history_next(&history);
        run_for(
            (unsigned)((at - (i == 1 ? 0 : history.series[2].rows[history.series[2].n_rows - 1].to)) / US));
        history_sample(&history, at, now);
        if (i == 11) {
            move.began = at;
            tell(at, "begun", "move SB1 B configure");
        }
    }
    struct history_row sum;
    CU_ASSERT_TRUE(history.series[0].n_rows <= HISTORY_ROWS_MAX && history.interval > US);
    CU_ASSERT_EQUAL(history_between(&history, 0, 0, SIM_NEVER, &sum), at);
    CU_ASSERT_EQUAL(sum.accesses, 8 * at / US);
    CU_ASSERT_EQUAL(history_between(&history, 0, 0, 11 * US, &sum), 11 * US);
    CU_ASSERT_EQUAL(history_between(&history, 2, 0, SIM_NEVER, &sum), at);
    history_free(&history);
}

static const json_t *named(const json_t *list, const char *name)
{
    size_t i;
    const json_t *item;
    json_array_foreach(list, i, item)
    {
        if (strcmp(json_string_value(json_object_get(item, "name")), name) == 0)
            return item;
    }
    CU_FAIL("no element of that name");
    return NULL;
}

static json_int_t figure(const json_t *object, const char *key)
{
    CU_ASSERT_TRUE(json_is_integer(json_object_get(object, key)));
    return json_integer_value(json_object_get(object, key));
}

static void test_json(void)
{
    begin(100 * US, 10 * US);
    move_story();
    json_t *results = json_object();
    history_put(results, &history);
    const json_t *operation = named(json_object_get(results, "operations"), "move-SB1");
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(operation, "outcome")), "done");
    CU_ASSERT_EQUAL(figure(operation, "began_ps"), 45 * US);
    CU_ASSERT_EQUAL(figure(operation, "duration_ps"), 30 * US);
    CU_ASSERT_EQUAL(figure(operation, "drain_ps"), 20 * US);
    CU_ASSERT_EQUAL(figure(operation, "drain_bytes"), 409600);
    CU_ASSERT_EQUAL(figure(operation, "drain_bytes_per_s"), 20480000000);
    CU_ASSERT_EQUAL(json_real_value(json_object_get(operation, "drain_port_share")), 0.5);
    CU_ASSERT_EQUAL(json_real_value(json_object_get(operation, "drain_home_share")), 0.25);
    const json_t *steps = json_object_get(operation, "steps");
    CU_ASSERT_EQUAL(json_array_size(steps), 3);
    CU_ASSERT_EQUAL(figure(named(steps, "connect"), "ended_ps"), 75 * US);
    CU_ASSERT_EQUAL(figure(named(steps, "drain"), "duration_ps"), 20 * US);
    const json_t *effects = json_object_get(operation, "partitions");
    const json_t *a = named(effects, "A"), *b = named(effects, "B"), *c = named(effects, "C");
    CU_ASSERT_TRUE(figure(a, "cpus_before") == 8 && figure(a, "cpus_after") == 4);
    CU_ASSERT_TRUE(figure(b, "cpus_before") == 4 && figure(b, "cpus_after") == 8);
    CU_ASSERT_TRUE(figure(c, "cpus_before") == 4 && figure(c, "cpus_after") == 4);
    CU_ASSERT_TRUE(figure(b, "accesses_per_s_before") == 4000000 &&
                   figure(b, "accesses_per_s_after") == 8000000);
    CU_ASSERT_EQUAL(figure(c, "accesses_per_s_before"), figure(c, "accesses_per_s_after"));
    const json_t *series = named(json_object_get(results, "series"), "B");
    CU_ASSERT_EQUAL(json_array_size(json_object_get(series, "to_ps")),
                    json_array_size(json_object_get(series, "accesses")));
    CU_ASSERT_EQUAL(json_array_size(json_object_get(results, "events")), 6);
    json_decref(results);
    history_free(&history);
}

static char *printed(void)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    NP_ASSERT(out);
    json_t *results = json_object();
    history_put(results, &history);
    history_print(results, out);
    json_decref(results);
    fclose(out);
    return text;
}

static void test_people(void)
{
    begin(100 * US, 10 * US);
    move_story();
    struct err err = {0};
    err_set(&err, ERR_LAST, "B would have no CPU");
    struct sc_operation refused = {.id = 2,
                                   .command = {.verb = SC_DELETE, .board = 1, .level = SC_UNASSIGN},
                                   .from = 1,
                                   .to = NO_PARTITION,
                                   .began = 90 * US,
                                   .ended = 90 * US,
                                   .step = "refused",
                                   .outcome = err};
    struct sc_event event = {
        .seq = 9, .at = 90 * US, .operation = 2, .what = "refused", .board = 1, .partition = 1};
    history_event(&history, &event, &refused);
    refused.id = 3; // once more: a second of this name
    event.operation = 3;
    history_event(&history, &event, &refused);
    char *text = printed();
    static const char *const lines[] = {
        "Operation 1 at 45.0 us: move SB1 B configure: done in 30.0 us",
        "drained      100 pages in 20.0 us: 20.48 GB/s, way out 50.0 % busy, home 25.0 %",
        "A            8 -> 4 CPUs, 8.0 -> 4.0 M accesses per simulated second",
        "Operation 2 at 90.0 us: delete SB1 unassign: refused",
        "NP0804 B would have no CPU",
    };
    for (size_t i = 0; i < NP_ARRAY_LEN(lines); i++) {
        if (!strstr(text, lines[i]))
            printf("\n  missing: %s\n%s", lines[i], text);
        CU_ASSERT_PTR_NOT_NULL(strstr(text, lines[i]));
    }
    free(text);
    json_t *results = json_object();
    history_put(results, &history);
    const json_t *operations = json_object_get(results, "operations");
    CU_ASSERT_EQUAL(figure(named(operations, "delete-SB1"), "id"), 2);
    CU_ASSERT_EQUAL(figure(named(operations, "delete-SB1-2"), "id"), 3);
    json_decref(results);
    history_free(&history);
}

static void tell_reboot(struct sc_operation *op, sim_time at, const char *what, const char *text)
{
    seq++;
    struct sc_event event = {
        .seq = seq, .at = at, .operation = 2, .what = what, .board = NO_BOARD, .partition = 2};
    snprintf(event.text, sizeof event.text, "%s", text);
    history_event(&history, &event, op);
}

// C boots while a board moves between A and B: rates are taken where nothing happens to the partition itself,
// and where no such time is left there is none, which is not 0.
static void test_two_at_once(void)
{
    struct sc_operation reboot = {.id = 2,
                                  .command = {.verb = SC_REBOOT, .board = NO_BOARD, .partition = 2},
                                  .from = 2,
                                  .to = 2,
                                  .began = 20 * US,
                                  .ended = SIM_NEVER,
                                  .step = ""};
    begin(100 * US, 10 * US);
    run_for(10);
    history_sample(&history, 10 * US, now);
    move.began = 10 * US;
    tell(10 * US, "begun", "move SB1 B configure");
    tell(10 * US, "step", "offline");
    run_for(10);
    tell_reboot(&reboot, 20 * US, "begun", "reboot C");
    tell_reboot(&reboot, 20 * US, "step", "reset");
    reboot.ended = 30 * US;
    reboot.step = "done";
    tell_reboot(&reboot, 30 * US, "ended", "reboot C: done");
    run_for(10);
    history_sample(&history, 40 * US, now);
    move.ended = 50 * US;
    tell(50 * US, "ended", "move SB1 B configure: done");
    run_for(50);
    history_sample(&history, 100 * US, now);
    char *text = printed();
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "  A            8 -> 8 CPUs, - -> - M accesses per simulated second\n"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "  C            4 -> 4 CPUs, 4.0 -> 3.4 M accesses per simulated second, begun anew\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "  A            8 -> 8 CPUs, 8.0 -> 8.0 M accesses"));
    free(text);
    history_free(&history);
}

// Saved in the middle and loaded, it goes on as if nothing had been; damage is refused, whatever it is.
static void test_state(void)
{
    begin(100 * US, 10 * US);
    move_story();
    char *before = printed();
    struct archive save, load;
    ar_init_save(&save);
    history_state(&history, &save);
    struct history again;
    history_init(&again, &machine, 10 * US, NULL, look);
    ar_init_load(&load, save.bytes, save.at);
    history_state(&again, &load);
    CU_ASSERT_FALSE(ar_failed(&load));
    CU_ASSERT_EQUAL(load.at, save.at);
    history_free(&history);
    history = again;
    char *after = printed();
    CU_ASSERT_STRING_EQUAL(before, after);
    run_for(10);
    history_sample(&history, 110 * US, now); // what was grown by hand grows on
    check_sum(2, 0, 110, 110, 440, 4);
    for (size_t size = 0; size < save.at; size += 7) {
        struct history cut;
        history_init(&cut, &machine, 10 * US, NULL, look);
        ar_init_load(&load, save.bytes, size);
        history_state(&cut, &load);
        CU_ASSERT_TRUE(ar_failed(&load));
        history_free(&cut);
    }
    ar_free(&save);
    history_free(&history);
    free(before);
    free(after);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("history of a run", NULL, NULL);
    CU_add_test(suite, "series", test_series);
    CU_add_test(suite, "self-tests are nobody's work", test_self_test);
    CU_add_test(suite, "event and sample at one time", test_same_time);
    CU_add_test(suite, "intervals", test_intervals);
    CU_add_test(suite, "long runs", test_thinning);
    CU_add_test(suite, "results", test_json);
    CU_add_test(suite, "for people", test_people);
    CU_add_test(suite, "two operations at once", test_two_at_once);
    CU_add_test(suite, "saved and loaded", test_state);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures != 0;
}
