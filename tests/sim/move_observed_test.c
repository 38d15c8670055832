// SPDX-License-Identifier: Apache-2.0
// A board that begins in no partition is observed from when it joins one, and one that moves on in the next:
// watched lines and the timeline. The record is the same however the run is cut and placed, and observing
// changes nothing.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/scenario.h"
#include "proto/base/digest.h"
#include "tests/lib/moving_run.h"
#include "tests/lib/whole_run.h"

#define LINE     UINT64_C(0x10000) // a hot one of SMP2: the first of its frames
#define INTERVAL (10 * SIM_PS_PER_US)
#define SMP2     1u
#define JOINER   6u // SB6, free at first
#define MOVER    2u // SB2, of SMP1 at first

static struct scenario scenario;

static const struct agenda_command commands[] = {
    {.at = 100 * SIM_PS_PER_US,
     .command = {.verb = SC_ADD, .board = JOINER, .partition = SMP2, .level = SC_CONFIGURE}},
    {.at = 600 * SIM_PS_PER_US,
     .command = {.verb = SC_MOVE, .board = MOVER, .partition = SMP2, .level = SC_CONFIGURE}},
};

// What one board recorded.
struct seen {
    uint32_t events, misses, misses_before, shares; // before: it joined
    sim_time first_event, joined;
    uint64_t hash; // of all that
};

static struct seen seen[2];

static int start(void)
{
    whole_read("tests/sim/moves/move.yaml", &scenario);
    scenario.machine.until = 1500 * SIM_PS_PER_US;
    return 0;
}

static int end(void)
{
    scenario_free(&scenario);
    return 0;
}

static void hash_of(uint64_t *hash, const void *bytes, size_t size)
{
    struct archive ar;
    ar_init_hash(&ar);
    ar_u64(&ar, hash);
    ar_bytes(&ar, (void *)(uintptr_t)bytes, size); // only read
    *hash = ar_digest(&ar).low;
    ar_free(&ar);
}

static void see_events(const struct board *board, struct seen *s)
{
    uint64_t dropped;
    const struct watch_event *events = board_watched(board, 0, &s->events, &dropped);
    s->first_event = s->events ? events[0].key.time : SIM_NEVER;
    for (uint32_t i = 0; i < s->events; i++) {
        hash_of(&s->hash, &events[i].key.time, sizeof events[i].key.time);
        hash_of(&s->hash, events[i].what, strlen(events[i].what));
    }
}

static void see_timeline(struct board *board, struct seen *s)
{
    static struct timeline_record records[TIMELINE_CHUNK_MAX];
    uint64_t dropped;
    board_timeline_end(board);
    while (board_timeline_waits(board, 1)) {
        uint32_t n = board_timeline(board, records, &dropped);
        for (uint32_t i = 0; i < n; i++) {
            bool miss = records[i].kind == TIMELINE_MISS;
            uint64_t words[] = {records[i].start, records[i].end, records[i].value, records[i].what};
            hash_of(&s->hash, words, sizeof words);
            s->misses += miss;
            s->shares += !miss;
            s->misses_before += miss && records[i].start < s->joined;
        }
    }
}

static void see(void *self, struct packed *packed)
{
    static const uint16_t boards[2] = {JOINER, MOVER};
    (void)self;
    for (unsigned i = 0; i < 2; i++) {
        struct board *board = packed->crew.boards[boards[i]];
        static struct stay stay;
        board_stay(board, board_stays(board) - 1, &stay);
        CU_ASSERT_EQUAL(stay.partition, SMP2);
        seen[i] = (struct seen){.joined = stay.joined};
        see_events(board, &seen[i]);
        see_timeline(board, &seen[i]);
    }
}

static void run(struct moving_options *options, struct moving_result *result)
{
    options->watch = (struct watch_list){.n = 1, .lines = {{.partition = SMP2, .line = LINE}}};
    options->timeline = (struct timeline_range){0, SIM_NEVER, INTERVAL};
    options->at_end = see;
    moving_run(&scenario.machine, commands, 2, options, result);
    CU_ASSERT_EQUAL(result->done, 2);
}

static void test_from_joining(void)
{
    struct moving_result plain, result;
    moving_run(&scenario.machine, commands, 2, &(struct moving_options){0}, &plain);
    run(&(struct moving_options){0}, &result);
    CU_ASSERT(digest_equal(plain.digest, result.digest));
    for (unsigned i = 0; i < 2; i++) {
        CU_ASSERT(seen[i].events > 10 && seen[i].first_event >= seen[i].joined);
        CU_ASSERT(seen[i].misses - seen[i].misses_before > 100 && seen[i].shares > 10);
    }
    CU_ASSERT_EQUAL(seen[0].misses_before, 0); // nothing of the self-test
    CU_ASSERT(seen[1].misses_before > 100);    // in SMP1
}

static void test_same_everywhere(void)
{
    struct moving_result result;
    struct seen first[2];
    run(&(struct moving_options){0}, &result);
    memcpy(first, seen, sizeof first);
    run(&(struct moving_options){.threads = 2, .chop = 3}, &result);
    CU_ASSERT(first[0].hash == seen[0].hash && first[1].hash == seen[1].hash);
    run(&(struct moving_options){.reference = true}, &result);
    CU_ASSERT(first[0].hash == seen[0].hash && first[1].hash == seen[1].hash);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("boards that move, observed", start, end);
    CU_add_test(suite, "from joining on", test_from_joining);
    CU_add_test(suite, "the same everywhere", test_same_everywhere);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
