// SPDX-License-Identifier: Apache-2.0
// Bad input: every row damages one place of a good scenario and states the code, the place and the remedy it
// expects.
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/scenario.h"
#include "proto/base/assert.h"

static const char base[] =
    "scenario: base\n"                                                               // 1
    "until: 1us\n"                                                                   // 2
    "systems:\n"                                                                     // 3
    "  - name: m\n"                                                                  // 4
    "    preset: teaching-board\n"                                                   // 5
    "    boards: [A0, A1, A2]\n"                                                     // 6
    "    board: {cpus: 4}\n"                                                         // 7
    "    partitions:\n"                                                              // 8
    "      - name: P\n"                                                              // 9
    "        boards: [A0, A1]\n"                                                     // 10
    "        memory:\n"                                                              // 11
    "          - {base: 0, size: 64MiB}\n"                                           // 12
    "          - {base: 64MiB, size: 32MiB, boards: [A0]}\n"                         // 13
    "        programs:\n"                                                            // 14
    "          - {on: A0/0, generator: random, region: {size: 4KiB}}\n"              // 15
    "          - {on: rest, generator: private, region: {base: 1MiB, size: 4KiB}}\n" // 16
    "      - name: Q\n"                                                              // 17
    "        boards: [A2]\n"                                                         // 18
    "links:\n"                                                                       // 19
    "  - {name: w, between: [[P, A0], A2], latency: 2us, bandwidth: 1GB/s}\n"        // 20
    "faults:\n"                                                                      // 21
    "  - {at: 1us, board: A1, segment: 1, home: A2}\n";                              // 22

struct row {
    const char *find, *put;
    enum err_code code;
    const char *says; // must stand in the message
    const char *also;
};

static const struct row rows[] = {
    // The text itself.
    {"until: 1us", "until: [1us", ERR_SYNTAX, "t.yaml:3: not well-formed", ""},
    {"until: 1us", "until: \t 1us\n\t:", ERR_SYNTAX, "t.yaml:", "not well-formed"},
    {"until: 1us", "until: &a 1us", ERR_SYNTAX, "t.yaml:2: anchors", ""},
    {"until: 1us", "until: *a", ERR_SYNTAX, "t.yaml:2: anchors", ""},
    {"until: 1us", "until: 1us\nuntil: 2us", ERR_UNKNOWN_KEY, "t.yaml:3: key 'until' is given twice",
     "line 2"},
    {"until: 1us", "? [a, b]\n: 1us", ERR_SYNTAX, "t.yaml:2: a key must be plain text", ""},
    {"until: 1us", "until: \"1us\\x07\"", ERR_SYNTAX, "t.yaml:2: until: contains a control", ""},
    {"until: 1us", "until: \"1us\\0\"", ERR_SYNTAX, "t.yaml:2: until: contains a control", ""},
    {"until: 1us", "until: [[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", ERR_LIMIT, "t.yaml:2: nested deeper", ""},
    {"faults:", "...\n---\nfaults:", ERR_SYNTAX, "a second document", ""},
    // Keys.
    {"until:", "untill:", ERR_UNKNOWN_KEY, "t.yaml:2: key 'untill'", "did you mean until?"},
    {"boards: [A0, A1, A2]", "bords: [A0, A1, A2]", ERR_UNKNOWN_KEY, "t.yaml:6: systems[0]: key 'bords'",
     "did you mean boards?"},
    {"board: {cpus: 4}", "board: {cpu: 4}", ERR_UNKNOWN_KEY, "t.yaml:7: systems[0].board: key 'cpu'",
     "did you mean cpus?"},
    {"region: {size: 4KiB}", "region: {size: 4KiB}, stride: 8", ERR_UNKNOWN_KEY, "programs[0]: key 'stride'",
     "writes"},
    {"scenario: base\n", "", ERR_MISSING_KEY, "t.yaml:1: key 'scenario' is missing", ""},
    {"      - name: Q\n        boards: [A2]", "      - name: Q", ERR_MISSING_KEY,
     "t.yaml:17: systems[0].partitions[1]: key 'boards' is missing", ""},
    {", region: {size: 4KiB}", "", ERR_MISSING_KEY,
     "t.yaml:15: systems[0].partitions[0].programs[0]: key 'region'", ""},
    {"generator: random, region: {size: 4KiB}", "outstanding: 2", ERR_MISSING_KEY,
     "t.yaml:15:", "generator:, record:"},
    {"preset: teaching-board", "protocol: mesi", ERR_MISSING_KEY, "board A0: figure 'clock' is missing",
     "name a preset"},
    // Values.
    {"until: 1us", "until: 1", ERR_BAD_VALUE, "t.yaml:2: until: '1' is not a time", "1.5us"},
    {"until: 1us", "until: 0", ERR_BAD_VALUE, "t.yaml:2: until: '0' is out of range", "1ps"},
    {"until: 1us", "until: [1us]", ERR_BAD_VALUE, "t.yaml:2: until: must be a single value", ""},
    {"until: 1us", "seed: -1", ERR_BAD_VALUE, "t.yaml:2: seed:", "whole number"},
    {"scenario: base", "scenario: a b", ERR_BAD_VALUE, "t.yaml:1: scenario: name 'a b'", "letter"},
    {"scenario: base", "scenario: 0123456789012345678901234567890123456789012345678901234567890123456789",
     ERR_LIMIT, "t.yaml:1: scenario: name", "63"},
    {"cpus: 4", "cpus: 33", ERR_BAD_VALUE, "systems[0].board.cpus: '33' is out of range", "1 to 32"},
    {"cpus: 4", "memory: 64MB", ERR_BAD_VALUE, "systems[0].board.memory: '64MB'", "MiB"},
    {"cpus: 4", "cpus: {value: 4}", ERR_MISSING_KEY, "systems[0].board.cpus: key 'source' is missing", ""},
    {"cpus: 4", "port_bandwidth: 1kB/s", ERR_BAD_VALUE, "systems[0].board.port_bandwidth: below 1MB/s", ""},
    {"cpus: 4", "bus_order: 0", ERR_BAD_VALUE, "board.bus_order: '0' is out of range", ""},
    {"teaching-board", "teaching-bord", ERR_FILE,
     "t.yaml:5: systems[0].preset: there is no preset 'teaching-bord'", ""},
    {"teaching-board", "./none.yaml", ERR_FILE, "t.yaml:5: systems[0].preset: the file cannot be read", ""},
    {"preset: teaching-board", "preset: teaching-board\n    protocol: moosi", ERR_BAD_VALUE,
     "systems[0].protocol: protocol 'moosi'", "known are: mesi, moesi, msi, sun"},
    {"preset: teaching-board", "preset: teaching-board\n    crossbar: {flight: 0}", ERR_BAD_VALUE,
     "systems[0].crossbar.flight: '0' is out of range", ""},
    {"preset: teaching-board", "preset: teaching-board\n    crossbar: {boards: 2}", ERR_MISSING_KEY,
     "figure 'far_flight' is missing: 3 boards do not fit on one crossbar of 2", "far_flight: 200ns"},
    {"preset: teaching-board", "preset: teaching-board\n    crossbar: {fligt: 1ns}", ERR_UNKNOWN_KEY,
     "systems[0].crossbar: key 'fligt'", "did you mean flight?"},
    {"generator: random", "generator: randm", ERR_BAD_VALUE, "programs[0].generator: pattern 'randm'",
     "did you mean random?"},
    {"on: A0/0", "on: A0/x", ERR_BAD_VALUE, "t.yaml:15: systems[0].partitions[0].programs[0].on: 'A0/x'",
     "A0/0-3"},
    {"on: A0/0", "on: []", ERR_BAD_VALUE, "programs[0].on: the list is empty", ""},
    {"region: {size: 4KiB}", "region: {size: 4KiB}, writes: 120%", ERR_BAD_VALUE,
     "programs[0].writes: '120%'", "100%"},
    {"region: {size: 4KiB}", "region: {base: 4, size: 4KiB}", ERR_BAD_VALUE,
     "region.base: '4' is not a multiple of 8", ""},
    {"region: {size: 4KiB}", "region: {size: 4KiB}, outstanding: 17", ERR_BAD_VALUE, "outstanding: '17'",
     "1 to 16"},
    {"generator: random", "outstanding: 2, generator: lock", ERR_BAD_VALUE, "outstanding: in 'lock'",
     "outstanding: 1"},
    // Machines that cannot be.
    {"base: 64MiB", "base: 63MiB", ERR_IMPOSSIBLE_MACHINE, "memory[1].base: the range begins at 63MiB",
     "an overlap of 1MiB"},
    {"base: 64MiB", "base: 65MiB", ERR_IMPOSSIBLE_MACHINE,
     "t.yaml:13: systems[0].partitions[0].memory[1].base:", "a gap of 1MiB"},
    {"base: 0, size", "base: 4KiB, size", ERR_IMPOSSIBLE_MACHINE,
     "memory[0].base: the first range begins at 4KiB", "at 0"},
    {"size: 32MiB, boards: [A0]", "size: 48MiB, boards: [A0]", ERR_IMPOSSIBLE_MACHINE,
     "memory[1]: the range needs 48MiB", "board A0 has 64MiB"},
    {"boards: [A0]}", "boards: [A2]}", ERR_IMPOSSIBLE_MACHINE,
     "memory[1].boards[0]: board A2 is not in partition P", ""},
    {"boards: [A0]}", "boards: [A0, A0]}", ERR_IMPOSSIBLE_MACHINE, "boards[1]: board A0 is listed twice", ""},
    {"boards: [A0]}", "interleave: 96, boards: [A0, A1]}", ERR_BAD_VALUE,
     "memory[1].interleave: '96' is not a power", ""},
    {"boards: [A0]}", "interleave: none, boards: [A0, A1]}", ERR_IMPOSSIBLE_MACHINE,
     "memory[1].interleave: a contiguous", ""},
    {"boards: [A0]}", "offset: 0, boards: [A0]}", ERR_IMPOSSIBLE_MACHINE,
     "memory[1].offset: this memory is used", ""},
    {"size: 64MiB}", "size: 4100KiB}", ERR_IMPOSSIBLE_MACHINE,
     "memory[0]: 4100KiB cannot be dealt evenly to 2", "write size: 4MiB"},
    {"boards: [A2]\n", "boards: [A1, A2]\n", ERR_IMPOSSIBLE_MACHINE,
     "boards[0]: board A1 is in partition P already", "line 10"},
    {"boards: [A2]\n", "boards: [A3]\n", ERR_BAD_VALUE, "partitions[1].boards[0]: board 'A3'",
     "known are: A0, A1, A2"},
    {"boards: [A2]\n", "boards: []\n", ERR_IMPOSSIBLE_MACHINE,
     "partitions[1].boards: a partition has at least one", ""},
    {"name: Q", "name: P", ERR_IMPOSSIBLE_MACHINE, "partitions[1]: there are two partitions 'P'", ""},
    {"[A0, A1, A2]", "[A0, A1, A1]", ERR_IMPOSSIBLE_MACHINE, "boards[2]: there are two boards 'A1'", ""},
    {"[A0, A1, A2]", "65", ERR_BAD_VALUE, "systems[0].boards: '65' is out of range", "64"},
    {"cpus: 4", "l1: 3KiB", ERR_IMPOSSIBLE_MACHINE, "board A0: l1 of 3KiB with 2 ways", "write l1: 2KiB"},
    {"cpus: 4", "l1: 16KiB", ERR_IMPOSSIBLE_MACHINE, "the board cache of 8KiB is smaller than an L1 of 16KiB",
     "l2: 16KiB"},
    {"cpus: 4", "l1i: 1KiB", ERR_MISSING_KEY, "figure 'l1i_ways' is missing", ""},
    {"cpus: 4", "line: 48", ERR_IMPOSSIBLE_MACHINE, "a line of 48 bytes is not a power of two", ""},
    {"board: {cpus: 4}", "board_overrides: {A1: {line: 32}}", ERR_IMPOSSIBLE_MACHINE,
     "boards A0 and A1 differ in line size", ""},
    {"board: {cpus: 4}", "board_overrides: {A9: {line: 32}}", ERR_BAD_VALUE, "board_overrides: board 'A9'",
     ""},
    {"on: A0/0", "on: A0/4", ERR_IMPOSSIBLE_MACHINE, "on: board A0 has CPUs 0 to 3", ""},
    {"on: A0/0", "on: A2/0", ERR_IMPOSSIBLE_MACHINE, "on: 'A2/0' is not a CPU of partition P", ""},
    {"on: rest", "on: [A1, A0/0]", ERR_IMPOSSIBLE_MACHINE,
     "on[1]: CPU A0/0 runs the program of line 15 already", ""},
    {"on: A0/0", "on: all", ERR_IMPOSSIBLE_MACHINE, "on: no CPU is left for 'rest'", ""},
    {"{size: 4KiB}", "{size: 97MiB}", ERR_IMPOSSIBLE_MACHINE, "programs[0].region: ends beyond", "96MiB"},
    {"{base: 1MiB, size: 4KiB}", "{base: 1MiB, size: 256}", ERR_IMPOSSIBLE_MACHINE,
     "programs[1].region: too small", "448"},
    {"generator: random", "generator: ping-pong", ERR_IMPOSSIBLE_MACHINE, "programs[0].on: 'ping-pong' needs",
     "2 CPUs"},
    {"generator: random", "locks: 33, generator: kernel", ERR_IMPOSSIBLE_MACHINE,
     "region: too small for 'kernel' with 1 CPUs", "4224"},
    {"generator: random", "locks: 0, generator: kernel", ERR_BAD_VALUE, "locks: '0' is out of range", ""},
    {"generator: random", "parallel: 0, generator: kernel", ERR_BAD_VALUE, "parallel: '0' is out of range",
     ""},
    {"on: A0/0,", "on: {first: 9},", ERR_IMPOSSIBLE_MACHINE, "programs[0].on: partition P has only 8 CPUs",
     ""},
    {"on: A0/0,", "on: {first: 1, spread: 1},", ERR_BAD_VALUE, "give one of first: and spread:", ""},
    {"on: A0/0,", "on: {},", ERR_BAD_VALUE, "give one of first: and spread:", ""},
    {"generator: random", "generator: frames", ERR_MISSING_KEY, "programs[0]: key 'link' is missing", ""},
    {"generator: random", "link: v, generator: frames", ERR_BAD_VALUE, "programs[0].link: link 'v'",
     "known are: w"},
    {"on: A0/0, generator: random", "on: A1/0, link: w, generator: frames", ERR_IMPOSSIBLE_MACHINE,
     "link w does not end at board A1", ""},
    {"boards: [A2]\n", "boards: [A2]\n        programs: [{on: A2/0, trace: none.trace}]\n", ERR_FILE,
     "t.yaml:19: systems[0].partitions[1].programs[0].trace: there is no such", ""},
    {"boards: [A2]\n", "boards: [A2]\n        frames: 0\n        programs: [{on: A2/0, record: [ls]}]\n",
     ERR_IMPOSSIBLE_MACHINE, "needs frames for its pages and partition Q has none", "frames: 64MiB"},
    {"boards: [A2]\n", "boards: [A2]\n        programs: [{on: A2/0, record: []}]\n", ERR_BAD_VALUE,
     "programs[0].record: must be a program", ""},
    {"boards: [A2]\n", "boards: [A2]\n        programs: [{on: A2/0, record: [ls], tool: gdb}]\n",
     ERR_BAD_VALUE, "programs[0].tool: must be auto, qemu or lackey", ""},
    {"boards: [A2]\n", "boards: [A2]\n        programs: [{on: A2/0, record: [ls], placement: A0}]\n",
     ERR_BAD_VALUE, "programs[0].placement: must be first-touch, round-robin or a board of partition Q", ""},
    {"boards: [A2]\n",
     "boards: [A2]\n        frames: 32MiB\n        programs: [{on: A2, generator: random, region: {size: "
     "33MiB}}]\n",
     ERR_IMPOSSIBLE_MACHINE, "region: reaches into the frames", ""},
    {"generator: random, region: {size: 4KiB}", "record: []", ERR_IMPOSSIBLE_MACHINE,
     "the frames for virtual pages begin at 48MiB", "board A1"},
    {"on: A0/0, generator: random", "on: A0/0-1, link: w, generator: frames", ERR_IMPOSSIBLE_MACHINE,
     "'frames' takes 1 of an entry's CPUs at most, not 2", ""},
    {"boards: [A2]\n",
     "boards: [A2]\n        programs:\n          - {on: A2/0, link: w, generator: frames, region: {size: "
     "4KiB}}\n"
     "          - {on: A2/1, link: w, generator: frames, region: {base: 4KiB, size: 4KiB}}\n",
     ERR_IMPOSSIBLE_MACHINE, "t.yaml:21: systems[0].partitions[1].programs[1].on: the program of line 20",
     ""},
    {"on: A0/0, generator: random, region: {size: 4KiB}}\n          - {on: rest, generator: private, region: "
     "{base: 1MiB, "
     "size: 4KiB}}\n      - name: Q\n        boards: [A2]\n",
     "on: A0/0, generator: frames, link: w, frame: 3KiB, region: {size: 6KiB}}\n      - name: Q\n        "
     "boards: [A2]\n"
     "        programs: [{on: A2/0, link: w, generator: frames, region: {size: 3KiB}}]\n",
     ERR_IMPOSSIBLE_MACHINE, "programs[0].region: the regions of this program and the one of line 15", ""},
    {"region: {size: 4KiB}", "region: {size: 4KiB, base: 3}", ERR_BAD_VALUE, "region.base: '3'", ""},
    {"generator: random, region: {size: 4KiB}", "script: none.script", ERR_FILE,
     "programs[0].script:", "none.script"},
    {"generator: random, region: {size: 4KiB}", "script: \"a\\n\\u00e4\\n\"", ERR_SCRIPT,
     "programs[0].script:", "ASCII"},
    {"[[P, A0], A2]", "[A0, A1]", ERR_IMPOSSIBLE_MACHINE, "links[0].between: both ends are in partition P",
     ""},
    {"[[P, A0], A2]", "[[Q, A0], A2]", ERR_IMPOSSIBLE_MACHINE, "between[0][0]: board A0 is in partition P",
     ""},
    {"[[P, A0], A2]", "[A0]", ERR_BAD_VALUE, "links[0].between: must be two ends", ""},
    {"latency: 2us", "latency: 0", ERR_BAD_VALUE, "links[0].latency: '0' is out of range", ""},
    {"segment: 1", "segment: 2", ERR_IMPOSSIBLE_MACHINE, "faults[0].segment: partition P has segments 0 to 1",
     ""},
    {"home: A2", "home: B2", ERR_BAD_VALUE, "t.yaml:22: faults[0].home: board 'B2'", ""},
};

// The base with one replacement, or NULL when `find` is not in it.
static char *damaged(const struct row *row)
{
    const char *at = strstr(base, row->find);
    if (!at)
        return NULL;
    size_t size = sizeof base + strlen(row->put);
    char *text = malloc(size);
    NP_ASSERT(text);
    snprintf(text, size, "%.*s%s%s", (int)(at - base), base, row->put, at + strlen(row->find));
    return text;
}

static void test_rows(void)
{
    for (size_t i = 0; i < NP_ARRAY_LEN(rows); i++) {
        struct scenario scenario;
        struct err err = {0};
        char *text = damaged(&rows[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(text);
        int code = scenario_read_text(text, strlen(text), "t.yaml", &scenario, &err);
        bool good =
            code == (int)rows[i].code && strstr(err.text, rows[i].says) && strstr(err.text, rows[i].also);
        if (!good)
            printf("\n  row %zu (%s): %s %s", i, rows[i].put, err_id(err.code), err.text);
        CU_ASSERT_TRUE(good);
        if (code == 0)
            scenario_free(&scenario);
        free(text);
    }
}

static void test_base_is_good(void)
{
    struct scenario scenario;
    struct err err = {0};
    CU_ASSERT_EQUAL_FATAL(scenario_read_text(base, sizeof base - 1, "t.yaml", &scenario, &err), 0);
    CU_ASSERT_PTR_NULL(machine_invalid(&scenario.machine));
    scenario_free(&scenario);
}

// Whatever is cut off the end: an error or a scenario, never a crash.
static void test_cut_anywhere(void)
{
    for (size_t n = 0; n < sizeof base; n++) {
        struct scenario scenario;
        struct err err = {0};
        if (scenario_read_text(base, n, "t.yaml", &scenario, &err) == 0)
            scenario_free(&scenario);
        else
            CU_ASSERT_TRUE(strncmp(err.text, "t.yaml:", 7) == 0);
    }
}

static void test_files(void)
{
    struct scenario scenario;
    struct err err = {0};
    CU_ASSERT_EQUAL(scenario_read("no/such/file.yaml", &scenario, &err), ERR_FILE);
    CU_ASSERT_EQUAL(scenario_read("/dev/null", &scenario, &err), ERR_FILE);
    CU_ASSERT_EQUAL(scenario_read("/", &scenario, &err), ERR_FILE);
    CU_ASSERT_EQUAL(scenario_read_text("", 0, "t.yaml", &scenario, &err), ERR_SYNTAX);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "the file is empty"));
    CU_ASSERT_EQUAL(scenario_read_text("a", 1, "t.yaml", &scenario, &err), ERR_BAD_VALUE);
}

static void test_too_large(void)
{
    size_t size = SCENARIO_BYTES_MAX + 1;
    char *text = malloc(size);
    NP_ASSERT(text);
    memset(text, '#', size);
    struct scenario scenario;
    struct err err = {0};
    CU_ASSERT_EQUAL(scenario_read_text(text, size, "t.yaml", &scenario, &err), ERR_LIMIT);
    memset(text, ' ', size); // many values: "[0,0,0,..."
    for (size_t i = 0; i + 2 < SCENARIO_BYTES_MAX; i += 2)
        text[i] = i ? ',' : '[', text[i + 1] = '0';
    CU_ASSERT_EQUAL(scenario_read_text(text, SCENARIO_BYTES_MAX, "t.yaml", &scenario, &err), ERR_LIMIT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "more than"));
    free(text);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("scenario errors", NULL, NULL);
    CU_add_test(suite, "the undamaged scenario is read", test_base_is_good);
    CU_add_test(suite, "each damage is named with file, line, field and remedy", test_rows);
    CU_add_test(suite, "a file cut anywhere", test_cut_anywhere);
    CU_add_test(suite, "files that cannot be scenarios", test_files);
    CU_add_test(suite, "too large a file, too many values", test_too_large);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures != 0;
}
