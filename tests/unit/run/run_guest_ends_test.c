// SPDX-License-Identifier: Apache-2.0
// How guests ended, as it is told: summary, results.json, and the error that a failed guest is.
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/run/guest_ends.h"

static struct scenario scenario;
static struct run_command command;
static struct plan plan;
static struct outcome outcome;
static struct run_folder folder = {.shown = "runs/guests", .epoch = 1};
static struct watch_list watch;
static struct run_report report;

// Partition P of guests.yaml: CPU addresses 0, 1, 2 are the CPUs 0 of boards 0, 1, 2; Q: both of board 3.
static struct guest_cpu_results *cpu(uint16_t board, unsigned index)
{
    return &outcome.boards[board].guest[index];
}

static void end(uint16_t board, unsigned index, enum guest_end how, sim_time at)
{
    cpu(board, index)->end = (uint8_t)how;
    outcome.boards[board].cpu[index].done_at = at;
}

// P ended clean at 3 us, Q at 5 us; a run that ends at a time ends at 8 us.
static void setup(enum pause_reason reason)
{
    struct err err;
    outcome_free(&outcome);
    outcome_init(&outcome, &scenario.machine, &plan);
    outcome.reason = reason;
    scenario.machine.until = reason == PAUSE_UNTIL ? 8 * SIM_PS_PER_US : SIM_NEVER;
    for (uint16_t b = 0; b < 4; b++) {
        outcome.boards[b].board = b;
        outcome.boards[b].cpus = 2;
        outcome.present[b] = true;
        end(b, 0, GUEST_ENDED, (b == 3 ? 5 : 1 + b) * SIM_PS_PER_US);
        *cpu(b, 0) = (struct guest_cpu_results){GUEST_ENDED,     1000u * b, b * SIM_PS_PER_US,
                                                0x2000180000000, 0xfff,     {0}};
    }
    end(3, 1, GUEST_STOPPED, SIM_NEVER);
    CU_ASSERT_EQUAL(outcome_complete(&outcome, &scenario.machine, &err), ERR_OK);
    report = (struct run_report){&scenario, &command, &plan, &outcome, &folder, &watch};
}

static enum guest_verdict verdict(uint32_t partition)
{
    struct guest_sum sum;
    CU_ASSERT_TRUE_FATAL(guest_sum(&outcome, &scenario.machine, partition, &sum));
    return sum.verdict;
}

static void expect_summary(const char *what)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    struct err err;
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    outcome.n_stays = 0; // of boards that were changed since
    CU_ASSERT_EQUAL(outcome_complete(&outcome, &scenario.machine, &err), ERR_OK);
    summary_print(&report, out);
    fclose(out);
    if (!strstr(text, what))
        printf("\n  no '%s' in\n%s", what, text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, what));
    free(text);
}

static void test_clean(void)
{
    struct err err = {0};
    setup(PAUSE_DONE);
    CU_ASSERT_EQUAL(verdict(0), GUEST_CLEAN);
    CU_ASSERT_EQUAL(verdict(1), GUEST_CLEAN);
    CU_ASSERT_EQUAL(guest_ends_check(&report, &err), ERR_OK);
    expect_summary("  guest        guest.elf, zec12, functional timing: ended clean at 3000.0 ns\n"
                   "  instructions 3,000, 1000.0 M per simulated second over 3 CPUs\n");
    // 2000 instructions in 2 us at 1 GHz
    expect_summary(
        "    2    B2/0                 2,000      1.00  ended, PSW 0002000180000000 0000000000000fff\n");
    expect_summary("    1    B3/1                     0         -  stopped\n");
}

static void test_failed(void)
{
    struct err err = {0};
    setup(PAUSE_DONE);
    end(1, 0, GUEST_DISABLED_WAIT, 9 * SIM_PS_PER_US);
    cpu(1, 0)->psw_address = 0xdead;
    cpu(1, 0)->gr[5] = 0x1234;
    CU_ASSERT_EQUAL(verdict(0), GUEST_FAILED);
    CU_ASSERT_EQUAL(guest_ends_check(&report, &err), ERR_GUEST);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "partition P: the guest failed: disabled wait on CPU 1, PSW "
                                            "0x0002000180000000 0x000000000000dead; see"));
    expect_summary("FAILED; the last CPU ended at 9000.0 ns");
    expect_summary("        1  R4  0000000000000000 0000000000001234 ");
    end(1, 0, GUEST_PROGRAM_LOOP, SIM_PS_PER_US);
    CU_ASSERT_EQUAL(verdict(0), GUEST_FAILED);
    end(1, 0, GUEST_CHECK_STOP, SIM_PS_PER_US);
    CU_ASSERT_EQUAL(verdict(0), GUEST_FAILED);
    end(0, 0, GUEST_RUNNING, SIM_NEVER); // a failure counts, whatever the others do
    CU_ASSERT_EQUAL(verdict(0), GUEST_FAILED);
}

static void test_running_and_waiting(void)
{
    struct err err = {0};
    setup(PAUSE_UNTIL);
    end(2, 0, GUEST_RUNNING, SIM_NEVER);
    CU_ASSERT_EQUAL(verdict(0), GUEST_GOES_ON);
    CU_ASSERT_EQUAL(guest_ends_check(&report, &err), ERR_OK);
    expect_summary("still running at the end");
    expect_summary("simulated    8000.0 ns");
    scenario.machine.until = SIM_NEVER / 2; // in no time at all, as when all wait
    expect_summary("simulated per second");
    end(2, 0, GUEST_WAITING, 4 * SIM_PS_PER_US); // something might have come after the end
    CU_ASSERT_EQUAL(verdict(0), GUEST_GOES_ON);
    setup(PAUSE_DONE);
    end(2, 0, GUEST_WAITING, 4 * SIM_PS_PER_US);
    CU_ASSERT_EQUAL(verdict(0), GUEST_STUCK);
    CU_ASSERT_EQUAL(guest_ends_check(&report, &err), ERR_GUEST);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "waits for ever: enabled wait on CPU 2"));
    expect_summary("simulated    4000.0 ns, all programs done");
    expect_summary("STUCK at 4000.0 ns: it waits for an interruption that never comes");
}

static void test_json(void)
{
    setup(PAUSE_DONE);
    json_t *document = results_document(&report);
    const json_t *partitions = json_object_get(document, "partitions");
    const json_t *guest = json_object_get(json_array_get(partitions, 0), "guest");
    const json_t *last = json_array_get(json_object_get(guest, "cpus"), 2);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(guest, "end")), "clean");
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(guest, "image")), "guest.elf");
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(guest, "instructions")), 3000);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(guest, "instructions_per_s")), 1000000000);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(last, "name")), "2");
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(last, "board")), "B2");
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(last, "end")), "ended");
    CU_ASSERT_EQUAL(json_real_value(json_object_get(last, "cpi")), 1.0);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json_object_get(last, "psw"), "address")),
                           "0x0000000000000fff");
    CU_ASSERT_EQUAL(json_array_size(json_object_get(last, "registers")), 16);
    json_decref(document);
}

int main(void)
{
    struct err err = {0};
    char path[PATH_MAX_BYTES];
    const char *source = getenv("NUMAPLEX_SOURCE");
    snprintf(path, sizeof path, "%s/tests/unit/machine/data/guests.yaml", source ? source : ".");
    if (scenario_read(path, &scenario, &err) || plan_make(&plan, &scenario.machine, 0, 0, &err))
        return err_report(&err);
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("ends of guests", NULL, NULL);
    CU_add_test(suite, "clean", test_clean);
    CU_add_test(suite, "failed", test_failed);
    CU_add_test(suite, "running and waiting", test_running_and_waiting);
    CU_add_test(suite, "results.json", test_json);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    outcome_free(&outcome);
    scenario_free(&scenario);
    return failures != 0;
}
