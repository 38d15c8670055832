// SPDX-License-Identifier: Apache-2.0
// A machine as consoles see it: from a scenario, the real system controller and made-up views of boards.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/control/machine_view.h"
#include "coordinator/machine/scenario.h"
#include "proto/base/assert.h"

static const char text[] = "scenario: view\n"
                           "until: 1ms\n"
                           "systems:\n"
                           "  - name: sun\n"
                           "    preset: sun-fire-15k\n"
                           "    board: {memory: 16MiB}\n"
                           "    boards: [SB0, SB1, SB2, SB3]\n"
                           "    partitions:\n"
                           "      - {name: SMP1, boards: [SB0, SB1], programs: [{threads: 4, generator: "
                           "random, region: {size: 1MiB}, writes: "
                           "10%}]}\n"
                           "      - {name: SMP2, boards: [SB2], programs: [{threads: 4, generator: random, "
                           "region: {size: 1MiB}, writes: "
                           "10%}]}\n";

static struct scenario scenario;
static struct sc *sc;
static struct board_view views[BOARDS_MAX];
static bool seen[BOARDS_MAX];
static struct group_progress groups[2];
static struct throughput *work;
static struct machine_view view;
static struct api_event told[64];
static unsigned n_told;

static struct report reports[64]; // boards do at once what they are told
static uint32_t n_reports;

static void take_order(void *self, struct order *order)
{
    (void)self;
    reports[n_reports++ % NP_ARRAY_LEN(reports)] =
        (struct report){.id = order->id, .board = order->board, .kind = order->kind};
    order_free(order);
}

static void take_view(void *self, uint16_t board, struct board_view *to)
{
    (void)self;
    *to = views[board];
}

static void no_tables(void *self, uint16_t board, uint8_t **bytes, uint64_t *n)
{
    (void)self;
    (void)board;
    *bytes = NULL;
    *n = 0;
}

static void regroup(void *self, const uint32_t group[BOARDS_MAX])
{
    (void)self;
    (void)group;
}

static void take_event(void *self, const struct sc_event *event)
{
    (void)self;
    if (sc && n_told < NP_ARRAY_LEN(told))
        machine_view_event(&view, event, &told[n_told++]);
}

static int set_up(void)
{
    static const struct sc_machine io = {NULL, take_order, take_view, no_tables, regroup, take_event};
    struct err err;
    if (scenario_read_text(text, strlen(text), "view", &scenario, &err))
        np_panic("%s", err.text);
    for (uint16_t b = 0; b < 4; b++)
        views[b] = (struct board_view){.board = b,
                                       .partition = scenario.machine.boards[b].partition,
                                       .powered = true,
                                       .cpus = 4,
                                       .cpus_online = b < 3 ? 3 : 0,
                                       .threads = b + 1,
                                       .frames = 4096,
                                       .frames_used = 100,
                                       .accesses = 1000 + b,
                                       .sent_bytes = {[1] = 64}};
    work = throughput_new(&scenario.machine);
    view = (struct machine_view){&scenario.machine, NULL, views, seen, groups, work};
    groups[0] = (struct group_progress){.time = 5000, .accesses = 77, .running = 4};
    groups[1] = (struct group_progress){.time = 4000, .accesses = 33, .running = 4};
    sc = sc_new(&scenario.machine, &io);
    view.sc = sc;
    return 0;
}

static int tear_down(void)
{
    sc_free(sc);
    throughput_free(work);
    scenario_free(&scenario);
    return 0;
}

static enum err_code begin(enum api_verb verb, const char *board, const char *partition, const char *name)
{
    struct api_command command;
    struct sc_command inside;
    struct err err;
    api_command_init(&command, verb);
    strcpy(command.board, board);
    strcpy(command.partition, partition);
    strcpy(command.name, name);
    command.on = true;
    if (machine_view_command(&scenario.machine, &command, "ada", &inside, &err))
        return err.code;
    return sc_begin(sc, &inside, 5000, NULL, &err);
}

static void test_snapshot(void)
{
    struct api_snapshot now = {0};
    memset(seen, 0, sizeof seen);
    machine_view_fill(&view, &now);
    CU_ASSERT_STRING_EQUAL(now.systems[0].family, "sun");
    CU_ASSERT_STRING_EQUAL(now.partitions[0].state, "Running");
    CU_ASSERT_STRING_EQUAL(now.partitions[0].position, "on");
    CU_ASSERT_TRUE(now.partitions[0].time_ps == 5000 && now.partitions[0].running == 4);
    CU_ASSERT_STRING_EQUAL(now.boards[1].partition, "SMP1");
    CU_ASSERT_STRING_EQUAL(now.boards[1].assignment, "active");
    CU_ASSERT_STRING_EQUAL(now.boards[3].assignment, "available");
    CU_ASSERT_STRING_EQUAL(now.boards[3].partition, "");
    CU_ASSERT_TRUE(now.boards[0].core && !now.boards[1].core && now.boards[2].core);
    CU_ASSERT_EQUAL(now.boards[1].cpus_online, 4); // not looked at: what an active board has
    CU_ASSERT_TRUE(now.boards[0].permanent_bytes == 0 && now.boards[1].real_base == 16 << 20);
    CU_ASSERT_EQUAL(now.boards[2].real_base, 0);
    CU_ASSERT_EQUAL(now.boards[0].cache_bytes, scenario.machine.boards[0].params.l2.bytes);
    CU_ASSERT_STRING_EQUAL(now.boards[0].next_partition, "");
    api_snapshot_free(&now);
    seen[1] = seen[3] = true;
    machine_view_fill(&view, &now);
    CU_ASSERT_TRUE(now.boards[1].cpus_online == 3 && now.boards[1].threads == 2);
    CU_ASSERT_EQUAL(now.boards[1].used_bytes, 100 * PAGE_BYTES);
    CU_ASSERT_EQUAL(now.boards[3].cpus_online, 0);
    CU_ASSERT_EQUAL(now.partitions[0].threads, 2);
    api_snapshot_free(&now);
}

static void test_sample(void)
{
    struct api_sample sample = {0};
    memset(seen, true, 4);
    for (unsigned b = 0; b < 4; b++)
        throughput_view(work, &views[b]);
    machine_view_sample(&view, &sample);
    CU_ASSERT_EQUAL(sample.time_ps, 4000); // who is furthest behind
    CU_ASSERT_TRUE(sample.partition_accesses[0] == 2001 && sample.partition_time_ps[1] == 4000);
    CU_ASSERT_TRUE(sample.board_accesses[2] == 1002 && sample.sent_bytes[2 * 4 + 1] == 64);
    CU_ASSERT_TRUE(sample.board_time_ps[2] == 4000 && sample.board_time_ps[3] == 5000);
    api_sample_free(&sample);
}

static void test_commands(void)
{
    struct api_snapshot now = {0};
    CU_ASSERT_EQUAL(begin(API_TAG, "", "SMP2", "payroll"), ERR_OK);
    CU_ASSERT_EQUAL(begin(API_AVAILABLE, "SB3", "SMP2", ""), ERR_OK);
    CU_ASSERT_EQUAL(begin(API_BLACKLIST, "SB3", "", ""), ERR_OK);
    CU_ASSERT_EQUAL(begin(API_ADD, "SB3", "SMP2", ""), ERR_BLACKLISTED);
    CU_ASSERT_EQUAL(begin(API_DELETE, "SB2", "", ""), ERR_LAST);
    CU_ASSERT_EQUAL(begin(API_MOVE, "SB9", "SMP2", ""), ERR_UNKNOWN_NAME);
    CU_ASSERT_EQUAL(begin(API_MOVE, "SB1", "SMP9", ""), ERR_UNKNOWN_NAME);
    machine_view_fill(&view, &now);
    CU_ASSERT_STRING_EQUAL(now.partitions[1].tag, "payroll");
    CU_ASSERT_TRUE(now.partitions[1].available[0] >> 3 & 1);
    CU_ASSERT_TRUE(now.boards[3].blacklisted);
    CU_ASSERT_TRUE_FATAL(now.n_operations >= 2);
    const struct api_operation *last = &now.operations[now.n_operations - 1];
    CU_ASSERT_STRING_EQUAL(last->verb, "delete");
    CU_ASSERT_STRING_EQUAL(last->board, "SB2");
    CU_ASSERT_STRING_EQUAL(last->user, "ada");
    CU_ASSERT_TRUE(last->outcome.code == ERR_LAST && last->ended_ps > 0);
    CU_ASSERT_TRUE(n_told > 0);
    api_snapshot_free(&now);
}

static void test_levels(void)
{
    struct api_command command;
    struct sc_command inside;
    struct err err;
    api_command_init(&command, API_ADD);
    strcpy(command.board, "SB3");
    strcpy(command.partition, "SMP2");
    command.level = API_UNASSIGN;
    CU_ASSERT_EQUAL(machine_view_command(&scenario.machine, &command, "", &inside, &err), ERR_REQUEST);
    command.level = API_ASSIGN;
    CU_ASSERT_EQUAL(machine_view_command(&scenario.machine, &command, "", &inside, &err), ERR_OK);
    CU_ASSERT_TRUE(inside.board == 3 && inside.partition == 1 && inside.level == SC_ASSIGN);
}

static void offer_board(struct sc *to)
{
    const struct sc_command add = {.verb = SC_ADD, .board = 3, .partition = 1, .level = SC_CONFIGURE};
    struct err err;
    n_reports = 0;
    CU_ASSERT_EQUAL_FATAL(sc_begin(to, &add, 5000, NULL, &err), ERR_OK);
    while (sc_busy(to)) {
        struct report taken[NP_ARRAY_LEN(reports)];
        uint32_t n = n_reports;
        memcpy(taken, reports, sizeof taken);
        n_reports = 0;
        sc_step(to, 5000, taken, n);
    }
}

// Of a guest's boards consoles show what the guest has of them.
static void test_guest(void)
{
    static const struct sc_machine io = {NULL, take_order, take_view, no_tables, regroup, take_event};
    struct api_snapshot now = {0};
    strcpy(scenario.machine.partitions[1].guest.image, "guest.elf");
    struct sc *guests = sc_new(&scenario.machine, &io);
    view.sc = guests;
    memset(seen, 0, sizeof seen);
    offer_board(guests);
    machine_view_fill(&view, &now);
    CU_ASSERT_TRUE(now.boards[2].cpus_online == 4 && now.boards[2].used_bytes == 16 << 20); // as it began
    CU_ASSERT_TRUE(now.boards[3].cpus_online == 0 && now.boards[3].used_bytes == 0);
    CU_ASSERT_TRUE(now.boards[3].standby && !now.boards[2].standby && !now.boards[1].standby);
    api_snapshot_free(&now);
    memset(seen, true, 4);
    views[3].guest_cpus = 6;
    views[3].guest_bytes = 1 << 20;
    machine_view_fill(&view, &now);
    CU_ASSERT_TRUE(now.boards[3].cpus_online == 2 && now.boards[3].used_bytes == 1 << 20);
    CU_ASSERT_TRUE(now.boards[3].standby && now.boards[2].cpus_online == 0);
    api_snapshot_free(&now);
    scenario.machine.partitions[1].guest.image[0] = '\0';
    view.sc = sc;
    sc_free(guests);
}

// An operation under way: how far it is stands at its board too.
static void test_under_way(void)
{
    struct api_snapshot now = {0};
    CU_ASSERT_EQUAL(begin(API_MOVE, "SB1", "SMP2", ""), ERR_OK);
    groups[0].running = 11; // both partitions are one group now
    groups[1].running = 0;
    views[0].bound = 2;
    views[1].threads_running = 3;
    views[2].threads_running = 6;
    machine_view_fill(&view, &now);
    CU_ASSERT_TRUE(now.partitions[0].running == 5 && now.partitions[1].running == 6);
    CU_ASSERT_TRUE(now.partitions[1].time_ps == groups[0].time);
    const struct api_operation *last = &now.operations[now.n_operations - 1];
    CU_ASSERT_TRUE(last->ended_ps == 0 && strcmp(last->from, "SMP1") == 0 && strcmp(last->to, "SMP2") == 0);
    CU_ASSERT_EQUAL(now.boards[1].draining_bytes, (last->pages_total - last->pages_done) * PAGE_BYTES);
    CU_ASSERT_STRING_EQUAL(told[n_told - 1].user, "ada");
    CU_ASSERT_EQUAL(told[n_told - 1].operation, last->id);
    api_snapshot_free(&now);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("machine_view", set_up, tear_down);
    CU_add_test(suite, "snapshot", test_snapshot);
    CU_add_test(suite, "sample", test_sample);
    CU_add_test(suite, "commands", test_commands);
    CU_add_test(suite, "levels", test_levels);
    CU_add_test(suite, "guests", test_guest);
    CU_add_test(suite, "under way", test_under_way);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
