// SPDX-License-Identifier: Apache-2.0
// What is advised of partitions and address tables: each warning has its cause, and a scenario without cause
// has none. Ranges written as figures print them.
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/placement.h"
#include "coordinator/machine/provenance.h"
#include "coordinator/machine/scenario.h"

#define GIB (UINT64_C(1) << 30)

static const char *source_path(const char *below)
{
    static char path[PATH_MAX_BYTES];
    const char *source = getenv("NUMAPLEX_SOURCE");
    snprintf(path, sizeof path, "%s/%s", source ? source : ".", below);
    return path;
}

static struct scenario read_file(const char *below)
{
    struct scenario scenario;
    struct err err = {0};
    if (scenario_read(source_path(below), &scenario, &err))
        printf("\n  %s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(err.code, ERR_OK);
    return scenario;
}

#define PROGRAM "programs: [{on: %s/0, generator: random, region: {size: 64KiB}, count: 1}]"

// A system of a preset with one partition.
static int read_one(const char *preset, unsigned boards, const char *members, const char *first,
                    const char *memory, struct scenario *scenario, struct err *err)
{
    char text[1024];
    err_clear(err);
    int n =
        snprintf(text, sizeof text,
                 "scenario: s\nsystems:\n  - name: m\n    preset: %.40s\n    boards: %u\n    partitions:\n"
                 "      - name: P\n        boards: %.100s\n        " PROGRAM "\n%.300s",
                 preset, boards, members, first, memory);
    return scenario_read_text(text, (size_t)n, "t.yaml", scenario, err);
}

static bool warns(const struct scenario *s, const char *text)
{
    for (uint32_t i = 0; i < s->n_warnings; i++)
        if (strstr(s->warnings[i].text, text))
            return true;
    return false;
}

// Reads, compares the number of warnings, and looks for one (NULL: none).
static void expect(const char *preset, unsigned boards, const char *members, unsigned n, const char *text)
{
    struct scenario s;
    struct err err;
    char first[8] = "";
    sscanf(members, "[%6[^],]", first);
    if (read_one(preset, boards, members, first, "", &s, &err))
        printf("\n  %s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(err.code, ERR_OK);
    bool good = s.n_warnings == n && (!text || warns(&s, text));
    CU_ASSERT_TRUE(good);
    for (uint32_t i = 0; !good && i < s.n_warnings; i++)
        printf("\n  %s %s: %s", preset, members, s.warnings[i].text);
    scenario_free(&s);
}

static void test_without_cause(void)
{
    expect("superdome-hp9000", 8, "[B0, B1]", 0, NULL);
    expect("sun-fire-15k", 8, "[B0, B1, B6]", 0, NULL);
    expect("zec12", 4, "[B0]", 0, NULL);
}

static void test_cpus(void)
{
    expect("sun-fire-15k", 8, "[B0, B1, B2, B3]", 1,
           "t.yaml:7: partition P has 4 boards with 16 CPUs; for Unix transactions hardly more than 3 boards "
           "(12");
    expect("sun-fire-25k", 8, "[B0, B1, B2]", 1, "partition P has 24 CPUs; up to 16 are advised for one SMP");
    expect(
        "zec12", 4, "[B0, B1]", 1,
        "partition P has 52 CPUs; up to 32 are advised for one SMP of this machine ([T 12.1.1] z/OS: 24-32");
}

static void test_crossbars(void)
{
    expect("superdome-hp9000", 8, "[B3, B4]", 1,
           "partition P has 2 boards, which one crossbar of 4 could hold, and is spread over several");
    expect("superdome-hp9000", 8, "[B0, B1, B2]", 1, "interleaves over 3 boards, not a power of two");
    expect("sun-fire-15k", 8, "[B0, B1, B2]", 0, NULL); // no cells
}

static void test_link_load(void)
{
    struct scenario s;
    struct err err;
    CU_ASSERT_EQUAL_FATAL(
        read_one("superdome-hp9000", 8, "all", "B0", "    crossbar: {links: 1}\n", &s, &err), 0);
    CU_ASSERT_TRUE(warns(&s, "load 2.00 of the links between crossbars 0 and 1 (4 x 4 boards of 8 over 1"));
    CU_ASSERT_EQUAL(placement_link_load(&s.machine, 0, 0, 1, 1), 2000);
    CU_ASSERT_EQUAL(placement_link_load(&s.machine, 0, 0, 1, 2), 1000);
    scenario_free(&s);
    CU_ASSERT_EQUAL_FATAL(read_one("superdome-hp9000", 8, "all", "B0", "", &s, &err), 0);
    CU_ASSERT_FALSE(warns(&s, "links between crossbars"));
    CU_ASSERT_EQUAL(placement_crossbars(s.machine.systems), 2);
    CU_ASSERT_EQUAL(placement_boards_on(&s.machine, 0, 1), 4);
    scenario_free(&s);
}

// Warnings about cell-local memory, of two cells with `memory` each, of which `local` is B0's own.
static bool local_memory_warns(const char *memory, const char *local, const char *rest, const char *text)
{
    struct scenario s;
    struct err err;
    char more[300];
    snprintf(
        more, sizeof more,
        "        memory: [{size: %s, boards: [B0, B1]}, {size: %s, boards: [B0]}]\n    board: {memory: %s}\n",
        rest, local, memory);
    if (read_one("superdome-hp9000", 2, "[B0, B1]", "B0", more, &s, &err))
        printf("\n  %s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(err.code, ERR_OK);
    bool warned = warns(&s, text);
    CU_ASSERT_EQUAL(warned, warns(&s, "of local memory"));
    scenario_free(&s);
    return warned;
}

// facts 2, [S:HP-WIN116]: steps of 12.5 %, of 25 % in cells of less than 4 GB.
static void test_local_memory(void)
{
    CU_ASSERT_FALSE(local_memory_warns("8GiB", "1GiB", "8GiB", "cell B0"));
    CU_ASSERT_TRUE(
        local_memory_warns("8GiB", "1536MiB", "8GiB",
                           "cell B0 has 1536MiB of local memory; the machine gives it in steps of 1GiB "
                           "and would make it 2GiB"));
    CU_ASSERT_TRUE(
        local_memory_warns("2GiB", "256MiB", "1GiB", "in steps of 512MiB and would make it 512MiB"));
    CU_ASSERT_FALSE(local_memory_warns("2GiB", "512MiB", "1GiB", "cell B0"));
}

// Abb. 12.1.3 (facts 11.1, X1-X3).
static void test_address_tables(void)
{
    struct scenario s = read_file("deploy/scenarios/numa-address-table-as-printed.yaml");
    CU_ASSERT_EQUAL(s.n_warnings, 5);
    CU_ASSERT_EQUAL(s.machine.partitions[0].segments[1].size, GIB);
    CU_ASSERT_EQUAL(s.machine.partitions[1].segments[1].size, 3 * GIB);
    CU_ASSERT_TRUE(warns(&s, "board B1 has 4GiB of memory and ranges for 1GiB: 3GiB have no address"));
    CU_ASSERT_TRUE(warns(&s, "board B4 has 4GiB of memory and ranges for 3GiB: 1GiB have no address"));
    CU_ASSERT_TRUE(warns(&s,
                         "the range of board B4 ends at 0xFFFFFFFF and has 3GiB, those of the other boards "
                         "1GiB, as in partition SMP1: probably a misprint"));
    CU_ASSERT_TRUE(warns(&s, "write range: 0x40000000-0x7FFFFFFF"));
    scenario_free(&s);
    s = read_file("deploy/scenarios/numa-address-table-repaired-1gib.yaml");
    CU_ASSERT_EQUAL(s.n_warnings, 0);
    CU_ASSERT_EQUAL(s.machine.partitions[1].segments[1].size, GIB);
    scenario_free(&s);
    s = read_file("deploy/scenarios/numa-address-table-repaired-4gib.yaml");
    CU_ASSERT_EQUAL(s.n_warnings, 0);
    CU_ASSERT_EQUAL(s.machine.partitions[0].segments[1].base, 4 * GIB);
    scenario_free(&s);
}

static void test_wrong_ranges(void)
{
    static const struct {
        const char *memory;
        int code;
        const char *text;
    } wrong[] = {
        {"{range: 0-0xFFF, size: 4KiB}", ERR_IMPOSSIBLE_MACHINE, "memory[0].size: range: says where"},
        {"{range: 0x1000-0x1FFF}", ERR_IMPOSSIBLE_MACHINE, "the first range begins at 4KiB"},
        {"{range: 0-0xFFE}", ERR_BAD_VALUE, "no whole number of 4096-byte pages; end it at 0xFFF"},
        {"{range: 0x2000-0x1000}", ERR_BAD_VALUE, "'0x2000-0x1000' is no range of addresses"},
        {"{range: 0x2000}", ERR_BAD_VALUE, "write first and last, as 0x40000000-0x7FFFFFFF"},
        {"{range: 0-0xFFFFFFFFFFFFFFFF}", ERR_BAD_VALUE, "larger than any memory"},
        {"{boards: [B0]}", ERR_MISSING_KEY, "memory[0]: key 'size' is missing; add it, or range:"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char memory[128];
        struct scenario s;
        struct err err;
        snprintf(memory, sizeof memory, "        memory: [%s]\n", wrong[i].memory);
        CU_ASSERT_EQUAL(read_one("teaching-board", 1, "all", "B0", memory, &s, &err), wrong[i].code);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, wrong[i].text));
        if (!strstr(err.text, wrong[i].text))
            printf("\n  %s", err.text);
    }
}

static void test_provenance(void)
{
    static const struct {
        const char *preset, *flag;
    } flags[] = {{"superdome-hp9000", "fitted"},
                 {"sun-fire-15k", "unverified defaults"},
                 {"sun-fire-25k", "unverified defaults"},
                 {"teaching-board", "own figures"}};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        struct scenario s;
        struct err err;
        CU_ASSERT_EQUAL_FATAL(read_one(flags[i].preset, 1, "all", "B0", "", &s, &err), 0);
        struct provenances found = scenario_provenances(&s, 0);
        CU_ASSERT_STRING_EQUAL(provenances_flag(&found), flags[i].flag);
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        scenario_print(&s, out);
        fclose(out);
        CU_ASSERT_PTR_NOT_NULL(strstr(text, flags[i].flag));
        free(text);
        scenario_free(&s);
    }
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("advice", NULL, NULL);
    CU_add_test(suite, "cell-local memory", test_local_memory);
    CU_add_test(suite, "none without cause", test_without_cause);
    CU_add_test(suite, "CPUs of an SMP", test_cpus);
    CU_add_test(suite, "boards and crossbars", test_crossbars);
    CU_add_test(suite, "load of links", test_link_load);
    CU_add_test(suite, "the address tables of Abb. 12.1.3", test_address_tables);
    CU_add_test(suite, "ranges that are wrong", test_wrong_ranges);
    CU_add_test(suite, "how far figures can be trusted", test_provenance);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures() + (CU_get_error() != CUE_SUCCESS);
    CU_cleanup_registry();
    return failures != 0;
}
