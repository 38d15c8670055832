// SPDX-License-Identifier: Apache-2.0
// Boards leave while what holds up a drain is at work: recorded threads whose pages go from under them, and
// homes whose directory is a small cache of entries, at full load. Every value is checked, and nothing
// depends on how the run is cut and placed.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "coordinator/machine/scenario.h"
#include "proto/base/assert.h"
#include "proto/base/digest.h"
#include "tests/lib/moving_run.h"
#include "tests/lib/random_trace.h"
#include "tests/lib/thread_trace.h"

#define TRACED 6u // threads of the recording

static char folder[PATH_MAX_BYTES], trace[PATH_MAX_BYTES];
static struct scenario scenario;
static struct agenda_command commands[8];
static uint64_t counters[COUNTER_COUNT]; // of all boards
static uint32_t running;                 // threads of SMP1 at the end

// Each thread works on pages of its own, many of them, and all under a lock on one; so long that boards come
// and go meanwhile.
static void write_trace(void)
{
    struct trace_writer *writer = thread_trace_begin(trace, TRACED);
    struct rng rng = rng_for(3, 1);
    uint32_t version = 0;
    for (unsigned turn = 0; turn < TRACED * 400; turn++) {
        uint32_t stream = turn % TRACED;
        uint64_t own = THREAD_OWN + stream * UINT64_C(64) * PAGE_BYTES;
        for (unsigned i = 0; i < 60; i++) {
            uint64_t word = own + PAGE_BYTES + rng_below(&rng, 24) * PAGE_BYTES + rng_below(&rng, 64) * 64;
            thread_trace_put(writer, stream, TRACE_FETCH, own + i % 6 * TRACE_WORD, 0);
            thread_trace_put(writer, stream, i % 3 ? TRACE_LOAD : TRACE_STORE, word, 0);
        }
        thread_trace_put(writer, stream, TRACE_SYNC, THREAD_LOCK, ++version);
        for (unsigned i = 0; i < 8; i++)
            thread_trace_put(writer, stream, i % 2 ? TRACE_LOAD : TRACE_MODIFY,
                             THREAD_DATA + rng_below(&rng, 32) * 64, 0);
        thread_trace_put(writer, stream, TRACE_SYNC, THREAD_LOCK, ++version);
    }
    thread_trace_finish(writer);
}

static int start(void)
{
    test_folder(folder);
    snprintf(trace, sizeof trace, "%.900s/t.nptrace", folder);
    write_trace();
    return 0;
}

static int end(void)
{
    remove(trace);
    rmdir(folder);
    return 0;
}

// Four boards of two partitions; SB1 leaves the first and comes back. `board`: further figures of a board.
static void read_scenario(const char *more, const char *board, const char *programs)
{
    char *text;
    size_t size;
    struct err err;
    FILE *out = open_memstream(&text, &size);
    NP_ASSERT(out);
    fprintf(out,
            "scenario: drains\nseed: 11\nuntil: 2500us\nsystems:\n  - name: sun\n    preset: sun-fire-15k\n"
            "    boards: [SB0, SB1, SB2, SB3]\n%s"
            "    board: {cpus: 2, memory: 2MiB, l2: 64KiB, l1: 4KiB, l1i: 4KiB%s}\n    partitions:\n"
            "      - {name: SMP1, boards: [SB0, SB1, SB2], memory: contiguous, permanent: 64KiB, programs: "
            "[%s]}\n"
            "      - {name: SMP2, boards: [SB3], memory: contiguous, programs: "
            "[{generator: random, threads: 2, region: {size: 64KiB}}]}\n"
            "commands:\n  - {at: 150us, move: SB1, to: SMP2}\n  - {at: 1300us, move: SB1, to: SMP1}\n",
            more, board, programs);
    fclose(out);
    if (scenario_read_text(text, size, "drains", &scenario, &err)) {
        fputs(text, stderr);
        exit(err_report(&err));
    }
    free(text);
    for (uint32_t i = 0; i < scenario.n_commands && i < 8; i++)
        commands[i] =
            (struct agenda_command){.at = scenario.commands[i].at, .command = scenario.commands[i].command};
}

static void add_counters(void *self, struct packed *packed)
{
    static struct board_results results;
    (void)self;
    running = 0;
    for (unsigned c = 0; c < COUNTER_COUNT; c++)
        counters[c] = 0;
    for (uint32_t b = 0; b < scenario.machine.n_boards; b++) {
        struct board_view view;
        board_view(packed->crew.boards[b], false, &view);
        running += view.partition == 0 ? view.threads_running : 0;
        board_results(packed->crew.boards[b], &results);
        for (unsigned c = 0; c < COUNTER_COUNT; c++)
            counters[c] += results.counters[c];
    }
}

static void run(const struct moving_options *options, struct moving_result *result)
{
    struct moving_options how = *options;
    how.at_end = add_counters;
    moving_run(&scenario.machine, commands, scenario.n_commands, &how, result);
    CU_ASSERT_STRING_EQUAL(result->first_failure, "");
    CU_ASSERT_EQUAL(counters[CNT_CHECKS_FAILED] + counters[CNT_POISONED] + counters[CNT_BUS_ERRORS], 0);
    CU_ASSERT_EQUAL(result->done, 2);
    CU_ASSERT_EQUAL(result->uneven, 0);
    CU_ASSERT_EQUAL(result->members[0], 7);
}

// Returns what the plain run came to.
static struct moving_result run_everywhere(void)
{
    static const struct {
        const char *name;
        struct moving_options how;
    } ways[] = {{"two threads, chopped", {.threads = 2, .chop = 5}},
                {"one access at a time", {.reference = true}},
                {"without bounds", {.no_bounds = true, .chop = 2}},
                {"saved at every cut", {.reopen_every = 1}}};
    struct moving_result first, other;
    run(&(struct moving_options){0}, &first);
    for (size_t i = 0; i < NP_ARRAY_LEN(ways); i++) {
        run(&ways[i].how, &other);
        if (!digest_equal(first.digest, other.digest))
            printf("\n  %s: another result\n", ways[i].name);
        CU_ASSERT(digest_equal(first.digest, other.digest));
        CU_ASSERT_EQUAL(first.history, other.history);
    }
    return first;
}

static void test_traces(void)
{
    char programs[PATH_MAX_BYTES + 200];
    snprintf(programs, sizeof programs, "{trace: %s, threads: %u, placement: round-robin}", trace, TRACED);
    read_scenario("", "", programs);
    struct moving_result result = run_everywhere();
    CU_ASSERT(result.checks > 100000);
    CU_ASSERT(result.pages > 20);
    CU_ASSERT_EQUAL(running, TRACED); // to the end: so while pages moved, too
    scenario_free(&scenario);
}

static void test_directory_caches(void)
{
    static const char *const misses[] = {"    directory_miss: recall\n", "    directory_miss: broadcast\n"};
    for (size_t i = 0; i < NP_ARRAY_LEN(misses); i++) {
        read_scenario(misses[i],
                      ", directory_entries: 128, directory_ways: 2, sharer_pointers: 1, store_buffer: 4",
                      "{generator: random, threads: 8, region: {size: 384KiB}, writes: 40%}, "
                      "{generator: hot-lines, threads: 2, region: {size: 64KiB}, writes: 30%}");
        struct moving_result result = run_everywhere();
        CU_ASSERT(result.checks > 30000);
        CU_ASSERT(result.pages > 20);
        CU_ASSERT(counters[CNT_DIRECTORY_EVICTIONS] > 1000);
        scenario_free(&scenario);
    }
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("drains at work", start, end);
    CU_add_test(suite, "recorded threads", test_traces);
    CU_add_test(suite, "directories that are caches", test_directory_caches);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
