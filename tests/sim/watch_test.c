// SPDX-License-Identifier: Apache-2.0
// Watching a line: a known exchange between two boards is recorded as the textbook draws it, the record is
// the same however the run is cut and placed, and watching changes nothing.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/tiny_machine.h"
#include "tests/lib/whole_run.h"

#define LINE UINT64_C(0x1000)

static struct packed packed;

static void open_packed(const struct machine *machine, const struct packed_options *options)
{
    struct err err;
    CU_ASSERT_EQUAL_FATAL(packed_open(&packed, machine, options, &err), ERR_OK);
}

static enum pause_reason run_until(sim_time stop)
{
    enum pause_reason reason = PAUSE_DONE;
    struct err err;
    CU_ASSERT_EQUAL_FATAL(packed_run(&packed, &(struct conductor_stop){.time = stop}, &reason, &err), ERR_OK);
    return reason;
}

static const struct watch_event *watched(unsigned board, uint32_t line, uint32_t *n)
{
    uint64_t dropped;
    return board_watched(packed.crew.boards[board], line, n, &dropped);
}

// What a board did, as one text: "cache GetM> home:I -> M l1:..." in its order.
static void tell(unsigned board, char *text, size_t size)
{
    static const char *const marks[WATCH_KIND_COUNT] = {"", ">", "<"};
    uint32_t n;
    const struct watch_event *events = watched(board, 0, &n);
    text[0] = '\0';
    for (uint32_t i = 0; i < n; i++) {
        size_t at = strlen(text);
        snprintf(text + at, size - at, "%s%s %s%s", i ? "; " : "",
                 watch_unit_name((enum watch_unit)events[i].unit), marks[events[i].kind], events[i].what);
    }
}

// Board 0 writes a line of its own memory, board 1 reads and then writes it.
static void build(struct tiny_machine *tiny, const char *first, const char *second)
{
    tiny_machine_init(
        tiny,
        &(struct tiny_shape){
            .protocol = "mesi", .boards = 2, .cpus = 1, .partitions = 1, .memory_bytes = UINT64_C(1) << 20});
    tiny_machine_add(tiny, 0, 0, CPU_SCRIPT)->script = (char *)(uintptr_t)first;
    tiny_machine_add(tiny, 1, 0, CPU_SCRIPT)->script = (char *)(uintptr_t)second;
}

static const struct packed_options watching = {
    .threads = 1, .board = {.watch = {.n = 1, .lines = {{.partition = 0, .line = LINE}}}}};

static void expect_story(unsigned board, const char *wanted)
{
    char text[4096];
    tell(board, text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, wanted);
    if (strcmp(text, wanted) != 0)
        printf("\n  board %u: %s\n", board, text);
}

// The textbook's MESI: a load of what another wrote is forwarded to the owner, who answers requestor and
// home; a store then invalidates the other sharer, whose acknowledgement goes to the requestor
// (here it overtakes the data, which comes from memory).
static void test_textbook_exchange(void)
{
    static struct tiny_machine tiny;
    build(&tiny, "store 0x1000, 7\n", "compute 5us\nload r0, 0x1000\ncompute 5us\nstore 0x1000, 8\n");
    open_packed(&tiny.machine, &watching);
    CU_ASSERT_EQUAL(run_until(SIM_NEVER), PAUSE_DONE);
    expect_story(0, "cache I -> IM_AD; cache >GetM; home <GetM; home I -> M; home >Data; cache <Data; "
                    "cache IM_AD -> M; l1 I -> M; "
                    "home <GetS; home M -> S_D; home >Fwd-GetS; cache <Fwd-GetS; cache M -> S; l1 M -> S; "
                    "cache >Data; cache >Data; home <Data; home S_D -> S; "
                    "home <GetM; home S -> M; home >Inv; home >Data; cache <Inv; cache S -> I; l1 S -> I; "
                    "cache >Inv-Ack");
    expect_story(1, "cache I -> IS_D; cache >GetS; cache <Data; cache IS_D -> S; l1 I -> S; "
                    "cache S -> SM_AD; cache >GetM; cache <Inv-Ack; cache <Data; cache SM_AD -> M; "
                    "l1 S -> M");
    packed_close(&packed);
}

// A store that hits a line held alone tells nobody: it shows at the board's next event.
static void test_silent_store(void)
{
    static struct tiny_machine tiny;
    build(&tiny, "load r0, 0x1000\nstore 0x1000, 1\nload r0, 0x2000\n", "compute 1us\n");
    open_packed(&tiny.machine, &watching);
    run_until(SIM_NEVER);
    expect_story(0, "cache I -> IS_D; cache >GetS; home <GetS; home I -> E; home >Data-E; cache <Data-E; "
                    "cache IS_D -> E; l1 I -> E; l1 E -> M");
    packed_close(&packed);
}

// Every message that was received was sent by whom it names, before, with the same sequence.
static void test_both_ends(void)
{
    struct scenario scenario;
    whole_read("tests/sim/scenarios/handover-msi.yaml", &scenario);
    struct packed_options options = watching;
    options.board.watch.lines[0].line = 0;
    open_packed(&scenario.machine, &options);
    run_until(20 * SIM_PS_PER_US);
    unsigned received = 0;
    for (unsigned b = 0; b < scenario.machine.n_boards; b++) {
        uint32_t n, m;
        const struct watch_event *events = watched(b, 0, &n);
        for (uint32_t i = 0; i < n; i++) {
            if (events[i].kind != WATCH_RECEIVE)
                continue;
            const struct watch_event *far = watched(events[i].peer, 0, &m);
            uint32_t j = 0;
            while (j < m && !(far[j].kind == WATCH_SEND && far[j].peer == b && far[j].seq == events[i].seq &&
                              far[j].unit == events[i].peer_unit && !strcmp(far[j].what, events[i].what)))
                j++;
            CU_ASSERT(j < m && far[j].key.time <= events[i].key.time);
            received++;
        }
    }
    CU_ASSERT(received > 50);
    packed_close(&packed);
    scenario_free(&scenario);
}

struct record {
    uint32_t n[BOARDS_MAX][WATCH_LINES_MAX];
    struct watch_event *events[BOARDS_MAX][WATCH_LINES_MAX];
    struct digest digest;
};

static void keep(struct record *record, const struct machine *machine, uint32_t lines)
{
    record->digest = packed_digest(&packed, NULL);
    for (uint32_t b = 0; b < machine->n_boards; b++)
        for (uint32_t i = 0; i < lines; i++) {
            const struct watch_event *events = watched(b, i, &record->n[b][i]);
            record->events[b][i] = calloc(record->n[b][i] + 1, sizeof *events);
            if (record->n[b][i])
                memcpy(record->events[b][i], events, record->n[b][i] * sizeof *events);
        }
}

static bool same(const struct record *a, const struct record *b)
{
    bool equal = digest_equal(a->digest, b->digest);
    for (uint32_t i = 0; i < BOARDS_MAX; i++)
        for (uint32_t l = 0; l < WATCH_LINES_MAX; l++)
            equal = equal && a->n[i][l] == b->n[i][l] &&
                    (a->n[i][l] == 0 ||
                     memcmp(a->events[i][l], b->events[i][l], a->n[i][l] * sizeof *a->events[i][l]) == 0);
    return equal;
}

static void drop(struct record *record)
{
    for (uint32_t b = 0; b < BOARDS_MAX; b++)
        for (uint32_t i = 0; i < WATCH_LINES_MAX; i++)
            free(record->events[b][i]);
}

static void record_run(const struct machine *machine, const struct packed_options *options,
                       struct record *record)
{
    memset(record, 0, sizeof *record);
    open_packed(machine, options);
    run_until(SIM_NEVER);
    keep(record, machine, options->board.watch.n);
    packed_close(&packed);
}

static void check_scenario(const char *name)
{
    static struct record plain, first, other;
    struct scenario scenario;
    char path[PATH_MAX_BYTES];
    snprintf(path, sizeof path, "tests/sim/scenarios/%s.yaml", name);
    whole_read(path, &scenario);
    struct packed_options options = {.threads = 1};
    record_run(&scenario.machine, &options, &plain);
    options.board.watch = (struct watch_list){.n = 3, .lines = {{0, 0}, {0, 0x40}, {0, 0x2000}}};
    record_run(&scenario.machine, &options, &first);
    CU_ASSERT(digest_equal(plain.digest, first.digest));
    CU_ASSERT(first.n[0][0] > 20);
    for (unsigned i = 0; i < 3; i++) {
        options.threads = i == 1 ? 2 : 1;
        options.conductor.horizon.chop = i;
        options.board.reference = i == 2;
        record_run(&scenario.machine, &options, &other);
        CU_ASSERT(same(&first, &other));
        drop(&other);
    }
    drop(&plain);
    drop(&first);
    scenario_free(&scenario);
}

static void test_same_everywhere(void)
{
    check_scenario("handover-msi");
    check_scenario("split-l1-mesi");
    check_scenario("three-partitions-mesi");
}

// A run that is interrupted has recorded the beginning of what it would have.
static void test_interrupted(void)
{
    static struct record whole, part;
    struct scenario scenario;
    whole_read("tests/sim/scenarios/handover-msi.yaml", &scenario);
    struct packed_options options = watching;
    options.board.watch.lines[0].line = 0;
    record_run(&scenario.machine, &options, &whole);
    memset(&part, 0, sizeof part);
    open_packed(&scenario.machine, &options);
    CU_ASSERT_EQUAL(run_until(5 * SIM_PS_PER_US), PAUSE_SAVE_POINT);
    keep(&part, &scenario.machine, 1);
    packed_close(&packed);
    for (uint32_t b = 0; b < scenario.machine.n_boards; b++) {
        CU_ASSERT_FATAL(part.n[b][0] < whole.n[b][0] || whole.n[b][0] == 0);
        CU_ASSERT(memcmp(part.events[b][0], whole.events[b][0], part.n[b][0] * sizeof *part.events[b][0]) ==
                  0);
    }
    CU_ASSERT(part.n[0][0] > 5);
    drop(&whole);
    drop(&part);
    scenario_free(&scenario);
}

// A board keeps the beginning; what follows is counted.
static void test_limit(void)
{
    struct scenario scenario;
    uint64_t dropped, later;
    uint32_t n;
    whole_read("deploy/scenarios/two-boards.yaml", &scenario);
    struct packed_options options = watching;
    options.board.watch.lines[0].line = 0;
    open_packed(&scenario.machine, &options);
    run_until(100 * SIM_PS_PER_US);
    board_watched(packed.crew.boards[0], 0, &n, &dropped);
    CU_ASSERT(n < WATCH_EVENTS_MAX && n > WATCH_EVENTS_MAX / 2 && dropped == 0);
    run_until(190 * SIM_PS_PER_US);
    board_watched(packed.crew.boards[0], 0, &n, &dropped);
    CU_ASSERT(n == WATCH_EVENTS_MAX && dropped > 0);
    run_until(195 * SIM_PS_PER_US);
    board_watched(packed.crew.boards[0], 0, &n, &later);
    CU_ASSERT(n == WATCH_EVENTS_MAX && later > dropped);
    packed_close(&packed);
    scenario_free(&scenario);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("watch", NULL, NULL);
    CU_add_test(suite, "an exchange of the textbook", test_textbook_exchange);
    CU_add_test(suite, "a silent store", test_silent_store);
    CU_add_test(suite, "both ends of a message", test_both_ends);
    CU_add_test(suite, "the same everywhere", test_same_everywhere);
    CU_add_test(suite, "interrupted", test_interrupted);
    CU_add_test(suite, "limit", test_limit);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
