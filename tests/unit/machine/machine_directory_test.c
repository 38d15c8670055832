// SPDX-License-Identifier: Apache-2.0
// Directories of homes in the machine description: what is read, refused, and said of them.
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/directory.h"
#include "coordinator/machine/scenario.h"
#include "node/coherence/protocol.h"
#include "proto/base/assert.h"

static enum err_code read_text(const char *system_keys, const char *figures, struct scenario *scenario,
                               struct err *err)
{
    char text[1024];
    snprintf(text, sizeof text,
             "scenario: d\nuntil: 1us\nsystems:\n  - name: s\n    preset: teaching-board\n    %s\n"
             "    boards: [A, B, C]\n    board: {%s}\n    partitions: [{name: P, boards: all}]\n",
             system_keys, figures);
    *err = (struct err){0};
    scenario_read_text(text, strlen(text), "deploy/scenarios/d.yaml", scenario, err);
    return err->code;
}

static void expect_refused(const char *system_keys, const char *figures, enum err_code code, const char *says)
{
    struct scenario scenario;
    struct err err;
    CU_ASSERT_EQUAL(read_text(system_keys, figures, &scenario, &err), code);
    if (!strstr(err.text, says))
        printf("\n  '%s' does not say '%s'\n", err.text, says);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, says));
}

// The coordinator does not see the tables of node/coherence; it says of them what they are.
static void test_protocols_agree(void)
{
    struct err err = {0};
    for (unsigned i = 0; protocol_at(i); i++) {
        CU_ASSERT_EQUAL(protocol_check(protocol_at(i)->name, (struct value){0}, &err), ERR_OK);
        CU_ASSERT_EQUAL(protocol_takes_any_directory(protocol_at(i)->name), protocol_at(i)->four_hop);
    }
}

static void test_is_read(void)
{
    struct scenario s;
    struct err err;
    CU_ASSERT_EQUAL_FATAL(read_text("protocol: sun\n    directory_miss: broadcast",
                                    "sharer_pointers: 3, directory_entries: 4096, directory_ways: 4", &s,
                                    &err),
                          ERR_OK);
    const struct board_params *p = &s.machine.boards[1].params;
    CU_ASSERT_EQUAL(p->sharer_pointers, 3);
    CU_ASSERT_EQUAL(p->sharer_coarse, 0);
    CU_ASSERT_EQUAL(p->directory_entries, 4096);
    CU_ASSERT_EQUAL(p->directory_ways, 4);
    CU_ASSERT_EQUAL(s.machine.systems[0].directory_miss, DIRECTORY_BROADCAST);
    scenario_free(&s);
}

static void test_is_refused(void)
{
    expect_refused("protocol: mesi", "sharer_pointers: 2", ERR_IMPOSSIBLE_MACHINE,
                   "protocol mesi needs a full map");
    expect_refused("protocol: msi", "sharer_coarse: 2", ERR_IMPOSSIBLE_MACHINE, "write protocol: sun");
    expect_refused("protocol: mesi\n    directory_miss: recall", "directory_entries: 64, directory_ways: 2",
                   ERR_IMPOSSIBLE_MACHINE, "directory_entries: 0");
    expect_refused("protocol: sun", "sharer_pointers: 2, sharer_coarse: 2", ERR_IMPOSSIBLE_MACHINE,
                   "not both");
    expect_refused("protocol: sun\n    directory_miss: recall", "directory_entries: 96, directory_ways: 2",
                   ERR_IMPOSSIBLE_MACHINE, "write directory_entries: 64");
    expect_refused("protocol: sun\n    directory_miss: recall", "directory_entries: 64", ERR_MISSING_KEY,
                   "'directory_ways' is missing");
    expect_refused("protocol: sun", "directory_entries: 64, directory_ways: 2", ERR_MISSING_KEY,
                   "key 'directory_miss' is missing");
    expect_refused("protocol: sun\n    directory_miss: recal", "cpus: 1", ERR_BAD_VALUE,
                   "did you mean recall?");
}

// facts: a full map of 18 board sets takes 20 bits, 3.9 % of a 64-byte line; three pointers 17; one bit for
// four of 72 CPUs 20.
static void test_bits(void)
{
    struct board_params p = {.line_bytes = 64};
    CU_ASSERT_EQUAL(directory_bits(&p, 18), 20);
    CU_ASSERT_EQUAL(directory_bits(&p, 72), 74);
    p.sharer_pointers = 3;
    CU_ASSERT_EQUAL(directory_bits(&p, 18), 17);
    p.sharer_pointers = 0;
    p.sharer_coarse = 4;
    CU_ASSERT_EQUAL(directory_bits(&p, 72), 20);
    CU_ASSERT_EQUAL(directory_bits(&p, 18), 7);
}

static void test_is_printed(void)
{
    const struct system_desc system = {.boards = 18, .directory_miss = DIRECTORY_BROADCAST};
    const struct board_params p = {.line_bytes = 64,
                                   .memory_bytes = UINT64_C(1) << 35,
                                   .directory_entries = 1 << 20,
                                   .directory_ways = 4};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    NP_ASSERT(out);
    directory_print(&p, &system, out);
    fclose(out);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "full map, per entry: 20 bits, 3.9 % of a line"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "1048576 entries, 4-way, each with 11 bits of tag; on a miss: broadcast"));
    free(text);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("directory", NULL, NULL);
    CU_add_test(suite, "the protocols agree", test_protocols_agree);
    CU_add_test(suite, "is read", test_is_read);
    CU_add_test(suite, "is refused", test_is_refused);
    CU_add_test(suite, "bits", test_bits);
    CU_add_test(suite, "is printed", test_is_printed);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
