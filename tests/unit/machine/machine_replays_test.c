// SPDX-License-Identifier: Apache-2.0
// Entries that replay a trace: what is read of the file when the scenario is, and the keys of waiting.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "coordinator/machine/scenario.h"
#include "proto/base/assert.h"
#include "tests/lib/thread_trace.h"

static char trace[64];
static struct scenario scenario;
static struct err err;

// Reads a machine of two boards of four CPUs whose entries replay the trace on `on`, with `keys`, and on
// `more` unless that is NULL. Frees what came before.
static int read_entries(const char *on, const char *keys, const char *more)
{
    char text[2048], first[512], second[512] = "";
    scenario_free(&scenario);
    snprintf(first, sizeof first, "          - {on: %s, trace: %s%s}\n", on, trace, keys);
    if (more)
        snprintf(second, sizeof second, "          - {on: %s, trace: %s}\n", more, trace);
    int n =
        snprintf(text, sizeof text,
                 "scenario: replays\nsystems:\n  - name: s\n    preset: teaching-board\n    boards: [A, B]\n"
                 "    board: {cpus: 4}\n    partitions:\n      - name: P\n        boards: all\n"
                 "        programs:\n%s%s",
                 first, second);
    return scenario_read_text(text, (size_t)n, "t.yaml", &scenario, &err);
}

static void test_members(void)
{
    write_program_trace(trace, 4, 1, 1);
    CU_ASSERT_EQUAL(read_entries("A", "", NULL), 0);
    CU_ASSERT_EQUAL(read_entries("all", "", NULL), 0);
    CU_ASSERT_EQUAL(read_entries("A", "", "B"), 0);
    for (unsigned i = 0; i < scenario.machine.n_cpus; i++)
        CU_ASSERT_EQUAL(scenario.machine.cpus[i].program, i / 4);
    CU_ASSERT_EQUAL(read_entries("[A, B/0]", "", NULL), ERR_IMPOSSIBLE_MACHINE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "t.yaml:11: systems[0].partitions[0].programs[0].on: "));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "need 8 CPUs, these are 5; name 8 CPUs"));
    CU_ASSERT_EQUAL(read_entries("[A/0-2]", "", NULL), ERR_IMPOSSIBLE_MACHINE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "need 4 CPUs, these are 3"));
}

// Threads that do not synchronise need nobody.
static void test_independent_streams(void)
{
    struct trace_writer *writer = thread_trace_begin(trace, 3);
    for (uint32_t s = 0; s < 3; s++)
        thread_trace_put(writer, s, TRACE_LOAD, 4096, 0);
    thread_trace_finish(writer);
    CU_ASSERT_EQUAL(read_entries("A/0", "", NULL), 0);
    thread_trace_finish(thread_trace_begin(trace, 0));
    CU_ASSERT_EQUAL(read_entries("A/0", "", NULL), ERR_BAD_VALUE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "programs[0].trace: the trace is empty"));
}

static void test_damaged(void)
{
    write_program_trace(trace, 4, 1, 1);
    NP_ASSERT(truncate(trace, 500) == 0);
    CU_ASSERT_EQUAL(read_entries("A", "", NULL), ERR_DAMAGED_TRACE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "t.yaml:11: systems[0].partitions[0].programs[0].trace: "));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, trace));
}

static void test_waiting(void)
{
    write_program_trace(trace, 4, 1, 1);
    CU_ASSERT_EQUAL(read_entries("A", "", NULL), 0);
    CU_ASSERT_EQUAL(scenario.machine.cpus[0].backoff, 200 * SIM_PS_PER_NS);
    CU_ASSERT_EQUAL(scenario.machine.cpus[0].give_up, SIM_PS_PER_S);
    CU_ASSERT_EQUAL(read_entries("A", ", backoff: 3us, give_up: 40us", NULL), 0);
    CU_ASSERT_EQUAL(scenario.machine.cpus[3].backoff, 3 * SIM_PS_PER_US);
    CU_ASSERT_EQUAL(scenario.machine.cpus[3].give_up, 40 * SIM_PS_PER_US);
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    CU_ASSERT_EQUAL(scenario_write_resolved(&scenario, out, &err), 0);
    fclose(out);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "backoff: 3us\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "give_up: 40us\n"));
    free(text);
    CU_ASSERT_EQUAL(read_entries("A", ", backoff: 0ns", NULL), ERR_BAD_VALUE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "programs[0].backoff"));
    CU_ASSERT_EQUAL(read_entries("A", ", give_up: 2000s", NULL), ERR_BAD_VALUE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "programs[0].give_up"));
}

int main(void)
{
    snprintf(trace, sizeof trace, "machine_replays_test.%d" TRACE_SUFFIX, (int)getpid());
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("machine replays", NULL, NULL);
    CU_add_test(suite, "members", test_members);
    CU_add_test(suite, "independent streams", test_independent_streams);
    CU_add_test(suite, "damaged", test_damaged);
    CU_add_test(suite, "waiting", test_waiting);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    scenario_free(&scenario);
    unlink(trace);
    return failed ? 1 : 0;
}
