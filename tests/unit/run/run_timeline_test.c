// SPDX-License-Identifier: Apache-2.0
// --timeline: ranges that are refused, and the file that is written from what processes report.
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "coordinator/machine/scenario.h"
#include "coordinator/run/timeline.h"
#include "tests/lib/process.h"
#include "tests/lib/timeline_check.h"

static const char scenario_text[] = "scenario: known\nseed: 7\nuntil: 100us\nsystems:\n"
                                    "  - name: m\n    preset: teaching-board\n    boards: [A0, A1]\n"
                                    "    partitions:\n"
                                    "      - {name: P, boards: [A0, A1], programs: []}\n";

static struct scenario scenario;
static struct plan plan;
static struct run_folder folder = {.shown = "known"};
static struct timeline_file file;

static enum err_code resolve(const char *text, struct timeline_range *range, struct err *err)
{
    struct run_command command = {.timeline = true, .timeline_range = text};
    return timeline_resolve(&command, &scenario.machine, range, err);
}

static void expect_refused(const char *text, const char *says)
{
    struct timeline_range range;
    struct err err;
    CU_ASSERT_EQUAL(resolve(text, &range, &err), ERR_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, says));
}

static void expect_range(const char *text, sim_time from, sim_time until, sim_time interval)
{
    struct timeline_range range;
    struct err err;
    CU_ASSERT_EQUAL(resolve(text, &range, &err), ERR_OK);
    CU_ASSERT(range.from == from && range.until == until && range.interval == interval);
}

static void test_ranges(void)
{
    expect_range(NULL, 0, 100 * SIM_PS_PER_US, 100 * SIM_PS_PER_NS);
    expect_range("10us..", 10 * SIM_PS_PER_US, 100 * SIM_PS_PER_US, 100 * SIM_PS_PER_NS); // 90 ns rounded up
    expect_range("..20us", 0, 20 * SIM_PS_PER_US, 20 * SIM_PS_PER_NS);
    expect_range("10us..40us", 10 * SIM_PS_PER_US, 40 * SIM_PS_PER_US, 50 * SIM_PS_PER_NS);
    expect_range("10ns..20ns", 10 * SIM_PS_PER_NS, 20 * SIM_PS_PER_NS, SIM_PS_PER_NS);
    expect_refused("10us", "write FROM..UNTIL, such as 100us..120us");
    expect_refused("20us..20us", "ends where it begins");
    expect_refused("20us..10us", "ends where it begins");
    expect_refused("20..30us", "'20'");
    expect_refused("100us..200us", "the run ends before the range begins");
    struct timeline_range range;
    struct err err;
    sim_time until = scenario.machine.until;
    scenario.machine.until = SIM_NEVER;
    CU_ASSERT_EQUAL(resolve(NULL, &range, &err), ERR_OK);
    CU_ASSERT(range.interval == SIM_PS_PER_US && range.until == SIM_NEVER);
    scenario.machine.until = until;
    struct run_command none = {0};
    CU_ASSERT_EQUAL(timeline_resolve(&none, &scenario.machine, &range, &err), ERR_OK);
    CU_ASSERT_EQUAL(range.interval, 0);
}

static enum err_code add(uint32_t host, bool grants, uint32_t source, uint64_t dropped, uint32_t n,
                         struct timeline_record *records)
{
    struct err err;
    struct control_timeline chunk = {grants, source, dropped, n, records};
    return timeline_add(&file, host, &chunk, &err);
}

// A slice that follows another to the picosecond must not begin inside it when both are rounded.
static void test_file(void)
{
    struct timeline_record misses[] = {
        {100700, 200600, 0x1040, TIMELINE_MISS, SERVED_OWNER, 2, 1, 0},
        {200600, 200900, 0x80, TIMELINE_MISS, SERVED_BOARD, 1, 1, 0},
        {150000, 400000, 0x80, TIMELINE_MISS, SERVED_HOME_REMOTE, 3, 1, 15},
        {0, 0, 1000, TIMELINE_SHARE, RESOURCE_PORT_IN, 0, 0, 0},
        {100000, 100000, 5, TIMELINE_SHARE, RESOURCE_PORT_IN, 0, 0, 0},
    };
    struct timeline_record grants[] = {{0, 60000, 1234567, TIMELINE_GRANT, 0, 0, 0, 0},
                                       {60000, 90000, 1, TIMELINE_GRANT, 0, 0, 0, 0},
                                       {0, 60000, 1, TIMELINE_GRANT, 0, 0, 1, 1}};
    struct timeline_counts counts;
    struct err err;
    CU_ASSERT_EQUAL_FATAL(plan_make(&plan, &scenario.machine, 0, 0, &err), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(timeline_open(&file, &folder, &scenario.machine, &plan, &err), ERR_OK);
    CU_ASSERT_FALSE(file_exists(folder.path, "timeline.json"));
    CU_ASSERT_EQUAL(add(1, false, 1, 0, 5, misses), ERR_OK);
    CU_ASSERT_EQUAL(add(0, false, 0, 17, 0, NULL), ERR_OK);
    CU_ASSERT_EQUAL(add(1, true, 0, 0, 3, grants), ERR_OK);
    CU_ASSERT_EQUAL(add(0, false, 1, 0, 5, misses), ERR_DAMAGED_MESSAGE); // not its board
    CU_ASSERT_EQUAL(add(0, true, 1, 0, 3, grants), ERR_DAMAGED_MESSAGE);  // no such group
    CU_ASSERT_EQUAL(timeline_finish(&file, &err), ERR_OK);
    json_t *json = timeline_check(file.path, &counts);
    CU_ASSERT_PTR_NOT_NULL_FATAL(json);
    CU_ASSERT(counts.slices == 3 && counts.grants == 3 && counts.counters == 2);
    CU_ASSERT(counts.processes == 4 && counts.tracks == 4);
    json_int_t dropped;
    CU_ASSERT_EQUAL(json_unpack(json, "{s:{s:{s:I}}}", "otherData", "left out", "A0", &dropped), 0);
    CU_ASSERT_EQUAL(dropped, 17);
    json_decref(json);
    char *text = file_content(folder.path, "timeline.json");
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "\"name\":\"owner\",\"pid\":2,\"tid\":17,\"ts\":0.100,\"dur\":0.100,\"args\":{"
                     "\"address\":\"0x1040\",\"access\":\"store\",\"ps\":99900}"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"host_us\":1234.567"));
    free(text);
}

static void test_warning(void)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    timeline_warn(&file, out);
    fclose(out);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "leaves out 17 later records of 1 boards"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "--timeline=FROM..UNTIL"));
    free(text);
}

static void test_dropped(void)
{
    struct err err;
    CU_ASSERT_EQUAL_FATAL(timeline_open(&file, &folder, &scenario.machine, &plan, &err), ERR_OK);
    CU_ASSERT_TRUE(file_exists(folder.path, "timeline.json.partial"));
    timeline_drop(&file, false);
    CU_ASSERT_FALSE(file_exists(folder.path, "timeline.json.partial"));
    CU_ASSERT_EQUAL(add(0, false, 0, 1, 0, NULL), ERR_DAMAGED_MESSAGE); // nobody asked
    CU_ASSERT_EQUAL(timeline_finish(&file, &err), ERR_OK);
}

int main(void)
{
    struct err err;
    if (scenario_read_text(scenario_text, strlen(scenario_text), "known.yaml", &scenario, &err))
        return err_report(&err);
    test_folder_make(folder.path);
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("timeline", NULL, NULL);
    CU_add_test(suite, "ranges", test_ranges);
    CU_add_test(suite, "file", test_file);
    CU_add_test(suite, "warning", test_warning);
    CU_add_test(suite, "dropped", test_dropped);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    scenario_free(&scenario);
    test_folder_remove(folder.path);
    return failed != 0;
}
