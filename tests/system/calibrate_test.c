// SPDX-License-Identifier: Apache-2.0
// numaplex calibrate: the shipped presets meet the values they were fitted to; a preset that does not is
// noticed.
#include <CUnit/Basic.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/err.h"
#include "tests/lib/process.h"

static const char *numaplex;
static char folder[PATH_MAX_BYTES];

// What is published and fitted (facts 2), in ns.
static const struct {
    const char *preset, *measure;
    int boards;
    double published;
} fitted[] = {
    {"superdome-hp9000", "own", 0, 212},     {"superdome-hp9000", "near", 0, 302},
    {"superdome-hp9000", "far", 0, 366},     {"superdome-integrity", "own", 0, 243},
    {"superdome-integrity", "near", 0, 423}, {"superdome-integrity", "far", 0, 479},
    {"rp8440", "interleaved", 1, 185},       {"rp8440", "interleaved", 2, 249},
    {"rp8440", "interleaved", 4, 334},
};

static double number(const json_t *row, const char *key)
{
    return json_number_value(json_object_get(row, key));
}

static const json_t *find_row(const json_t *rows, const char *preset, const char *measure, int boards)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        if (strcmp(json_string_value(json_object_get(row, "preset")), preset) == 0 &&
            strcmp(json_string_value(json_object_get(row, "measure")), measure) == 0 &&
            (int)number(row, "boards") == boards)
            return row;
    }
    return NULL;
}

static void check_held_out(const json_t *rows)
{
    static const char *const measures[] = {"bus", "memory", "crossbar", "dirty-hops"};
    for (size_t i = 0; i < sizeof measures / sizeof measures[0]; i++) {
        const json_t *row = find_row(rows, "superdome-integrity", measures[i], 0);
        CU_ASSERT_PTR_NOT_NULL_FATAL(row);
        CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(row, "use")), "held-out");
        CU_ASSERT(fabs(number(row, "error_percent")) < 60);
    }
}

static void test_shipped(void)
{
    struct test_process p = process_run(numaplex, "calibrate", "--json");
    json_t *json = json_loads(p.out, 0, NULL);
    CU_ASSERT_EQUAL(p.status, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(json);
    const json_t *rows = json_object_get(json, "rows");
    for (size_t i = 0; i < sizeof fitted / sizeof fitted[0]; i++) {
        const json_t *row = find_row(rows, fitted[i].preset, fitted[i].measure, fitted[i].boards);
        CU_ASSERT_PTR_NOT_NULL_FATAL(row);
        CU_ASSERT_EQUAL(number(row, "published_low"), fitted[i].published);
        CU_ASSERT(fabs(number(row, "simulated") / fitted[i].published - 1) < 0.01);
        CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(row, "use")), "fitted");
    }
    check_held_out(rows);
    const json_t *sun = find_row(rows, "sun-fire-15k", "near", 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(sun);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(sun, "use")), "unverified");
    json_decref(json);
    process_free(&p);
}

// A copy of a preset with one figure changed, in the test's folder.
static const char *changed_preset(const char *figure, const char *to)
{
    static char path[PATH_MAX_BYTES + 16];
    const char *source = getenv("NUMAPLEX_SOURCE");
    char *text, *at, from[PATH_MAX_BYTES];
    snprintf(from, sizeof from, "%s/deploy/presets", source ? source : ".");
    text = file_content(from, "superdome-hp9000.yaml");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    snprintf(path, sizeof path, "%s/mine.yaml", folder);
    FILE *out = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    at = strstr(text, figure);
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    fprintf(out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(figure));
    fclose(out);
    free(text);
    return path;
}

static void test_off(void)
{
    struct test_process p =
        process_run(numaplex, "calibrate", "--csv", changed_preset("value: 141ns", "value: 144ns"));
    CU_ASSERT_EQUAL(p.status, EXIT_CLASS_CHECK);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, "error NP0704: 1 fitted values are off by more than 1 %"));
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, "measure own, +1.4 %"));
    CU_ASSERT_PTR_NOT_NULL(strstr(p.out, "superdome-hp9000,own,0,ns,212,212,215,1.4151,fitted,1,"));
    process_free(&p);
}

static void expect(const char *words, int status, const char *option, const char *argument)
{
    struct test_process p = process_run(numaplex, "calibrate", option, argument);
    bool good = p.status == status && strstr(p.err, words);
    CU_ASSERT_TRUE(good);
    if (!good)
        printf("\n  status %d, expected %d and '%s': %s", p.status, status, words, p.err);
    process_free(&p);
}

static void test_refused(void)
{
    expect("there is no preset 'superdom'", EXIT_CLASS_HOST, "--json", "superdom");
    expect("has no published values; add them under published:", EXIT_CLASS_USAGE, "--json", "bench");
    expect("measure 'nera' is not known here; did you mean near?", EXIT_CLASS_INPUT, "--json",
           changed_preset("measure: near", "measure: nera"));
    expect("preset superdome-hp9000, measure far: all boards share one crossbar", EXIT_CLASS_INPUT, "--json",
           changed_preset("  boards: {value: 4,", "  # {value: 4,"));
    expect("--jobs 0", EXIT_CLASS_USAGE, "--jobs", "0");
    expect("--keep", EXIT_CLASS_HOST, "--keep", folder);
}

int main(void)
{
    numaplex = test_program("numaplex");
    test_folder_make(folder);
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("calibrate", NULL, NULL);
    CU_add_test(suite, "shipped presets", test_shipped);
    CU_add_test(suite, "a preset that is off", test_off);
    CU_add_test(suite, "refused", test_refused);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    test_folder_remove(folder);
    return failed != 0;
}
