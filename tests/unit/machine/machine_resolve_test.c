// SPDX-License-Identifier: Apache-2.0
// The resolved form reads back to the same machine, for every scenario that is shipped and one that has
// everything.
#include <CUnit/Basic.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "coordinator/machine/scenario.h"
#include "proto/base/assert.h"
#include "proto/codec/machine.h"

static struct scenario read_file(const char *path)
{
    struct scenario scenario;
    struct err err = {0};
    if (scenario_read(path, &scenario, &err))
        printf("\n  %s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(err.code, ERR_OK);
    return scenario;
}

// The resolved text; the caller frees it.
static char *resolved(const struct scenario *scenario, size_t *size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, size);
    struct err err = {0};
    NP_ASSERT(out);
    CU_ASSERT_EQUAL(scenario_write_resolved(scenario, out, &err), 0);
    fclose(out);
    return text;
}

static bool same_machine(const struct machine *a, const struct machine *b)
{
    struct bytes x = {0}, y = {0};
    machine_encode(a, &x);
    machine_encode(b, &y);
    bool same = x.size == y.size && memcmp(x.data, y.data, x.size) == 0;
    bytes_free(&x);
    bytes_free(&y);
    return same;
}

static void check_round_trip(const char *path)
{
    struct scenario first = read_file(path), second;
    struct err err = {0};
    size_t size, size_again;
    char *text = resolved(&first, &size);
    if (scenario_read_text(text, size, "resolved.yaml", &second, &err))
        printf("\n  %s: %s\n", path, err.text);
    CU_ASSERT_EQUAL_FATAL(err.code, ERR_OK);
    char *again = resolved(&second, &size_again);
    CU_ASSERT_TRUE(same_machine(&first.machine, &second.machine));
    // Comments above name the parameters, which the second reading no longer has.
    CU_ASSERT_STRING_EQUAL(strstr(text, "\nscenario:"), strstr(again, "\nscenario:"));
    CU_ASSERT_EQUAL(first.n_recordings, second.n_recordings);
    free(text);
    free(again);
    scenario_free(&first);
    scenario_free(&second);
}

// Images of guests are built only where there is a compiler for them.
static bool lacks_guests(const char *path)
{
    char image[PATH_MAX_BYTES];
    const char *bin = getenv("NUMAPLEX_BIN");
    snprintf(image, sizeof image, "%s/guests/zarch/hello.elf", bin ? bin : ".");
    return strstr(path, "/guest-") && access(image, R_OK) != 0;
}

static unsigned check_all(const char *pattern)
{
    const char *source = getenv("NUMAPLEX_SOURCE");
    char path[PATH_MAX_BYTES];
    snprintf(path, sizeof path, "%s/%s", source ? source : ".", pattern);
    glob_t found;
    CU_ASSERT_EQUAL_FATAL(glob(path, 0, NULL, &found), 0);
    unsigned n = (unsigned)found.gl_pathc;
    for (unsigned i = 0; i < n; i++)
        if (!lacks_guests(found.gl_pathv[i]))
            check_round_trip(found.gl_pathv[i]);
    globfree(&found);
    return n;
}

static void test_shipped(void)
{
    CU_ASSERT_TRUE(check_all("deploy/scenarios/*.yaml") >= 8);
    CU_ASSERT_TRUE(check_all("tests/sim/scenarios/*.yaml") >= 8);
}

static void test_everything(void)
{
    CU_ASSERT_EQUAL(check_all("tests/unit/machine/data/full.yaml"), 1);
    CU_ASSERT_EQUAL(check_all("tests/unit/machine/data/guests.yaml"), 1);
    CU_ASSERT_EQUAL(check_all("tests/unit/machine/data/moves.yaml"), 1);
}

// A difference in the machine is a difference in what is compared above; else the comparison would prove
// nothing.
static void test_comparison_sees_differences(void)
{
    const char *source = getenv("NUMAPLEX_SOURCE");
    char path[PATH_MAX_BYTES];
    snprintf(path, sizeof path, "%s/deploy/scenarios/two-boards.yaml", source ? source : ".");
    struct scenario a = read_file(path), b = read_file(path);
    CU_ASSERT_TRUE(same_machine(&a.machine, &b.machine));
    b.machine.cpus[1].write_permille++;
    CU_ASSERT_FALSE(same_machine(&a.machine, &b.machine));
    b.machine.cpus[1].write_permille--;
    b.machine.partitions[0].segments[0].offset += PAGE_BYTES;
    CU_ASSERT_FALSE(same_machine(&a.machine, &b.machine));
    scenario_free(&a);
    scenario_free(&b);
}

// Texts that YAML would fold, trim or refuse if they were written as they are.
static void test_awkward_texts(void)
{
    static const char form[] =
        "scenario: s\nparameters: {p: \"3\\nscenario: t\"}\nuntil: 1us\n"
        "claims:\n  - {says: \"one\\ntwo \\u2028 \\\"\", value: P.counters.checks, equals: 0}\n"
        "systems:\n  - name: m\n    preset: teaching-board\n    boards: 1\n"
        "    board: {mshrs: {value: 3, source: \"a: b # c \\\\ \\\" \\u2028 \\u0085 \\U0001F600 \\t end "
        "\"}}\n"
        "    partitions:\n      - name: P\n        boards: all\n        programs:\n"
        "          - {on: B0/0, record: [\"bin/7 b\", \"\", \"- x\", \"'\", \"\\u00e4\\n\"]}\n"
        "          - {on: B0/1, script: \"  indented\\n\\n\\ttab # no comment\\n\\n\"}\n";
    struct scenario first, second;
    struct err err = {0};
    CU_ASSERT_EQUAL_FATAL(scenario_read_text(form, sizeof form - 1, "t.yaml", &first, &err), 0);
    size_t size;
    char *text = resolved(&first, &size);
    int code = scenario_read_text(text, size, "resolved.yaml", &second, &err);
    if (code)
        printf("\n  %s\n%s", err.text, text);
    CU_ASSERT_EQUAL_FATAL(code, 0);
    CU_ASSERT_TRUE(same_machine(&first.machine, &second.machine));
    CU_ASSERT_STRING_EQUAL(second.machine.cpus[1].script, "  indented\n\n\ttab # no comment\n\n");
    for (int i = 0; i < 5; i++)
        CU_ASSERT_STRING_EQUAL(first.recordings[0].argv[i], second.recordings[0].argv[i]);
    CU_ASSERT_STRING_EQUAL(first.recordings[0].name, "_7_b");
    CU_ASSERT_STRING_EQUAL(first.claims[0].says, second.claims[0].says);
    CU_ASSERT_STRING_EQUAL(first.sources[0][FIG_MSHRS].text, second.sources[0][FIG_MSHRS].text);
    free(text);
    scenario_free(&first);
    scenario_free(&second);
}

static void test_full_disk(void)
{
    const char *source = getenv("NUMAPLEX_SOURCE");
    char path[PATH_MAX_BYTES];
    snprintf(path, sizeof path, "%s/deploy/scenarios/two-boards.yaml", source ? source : ".");
    struct scenario scenario = read_file(path);
    struct err err = {0};
    FILE *full = fopen("/dev/full", "w");
    if (full) {
        CU_ASSERT_EQUAL(scenario_write_resolved(&scenario, full, &err), ERR_DISK_FULL);
        fclose(full);
    }
    scenario_free(&scenario);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("resolved form", NULL, NULL);
    CU_add_test(suite, "shipped scenarios read back", test_shipped);
    CU_add_test(suite, "a scenario with everything reads back", test_everything);
    CU_add_test(suite, "the comparison sees differences", test_comparison_sees_differences);
    CU_add_test(suite, "awkward texts", test_awkward_texts);
    CU_add_test(suite, "a full disk", test_full_disk);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures != 0;
}
