// SPDX-License-Identifier: Apache-2.0
// Parameters of a scenario, values set by their path, and CPUs named by their number.
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "coordinator/machine/scenario.h"
#include "proto/base/assert.h"

static char file[] = "/tmp/numaplex-settings-XXXXXX";

static const char text[] = "scenario: law\n"                                // 1
                           "parameters: {cpus: 3, mode: msi, size: 4KiB}\n" // 2
                           "until: 1us\n"                                   // 3
                           "systems:\n"                                     // 4
                           "  - name: sun\n"                                // 5
                           "    preset: teaching-board\n"                   // 6
                           "    protocol: $mode\n"                          // 7
                           "    boards: [A, B, C]\n"                        // 8
                           "    partitions:\n"                              // 9
                           "      - name: P\n"                              // 10
                           "        boards: all\n"                          // 11
                           "        programs:\n"                            // 12
                           "          - on: {spread: $cpus}\n"              // 13
                           "            generator: lock\n"                  // 14
                           "            region: {size: \"$size\"}\n"        // 15
                           "          - on: rest\n"                         // 16
                           "            script: |\n"                        // 17
                           "              # $cpus\n";                       // 18

static void write_file(const char *content)
{
    FILE *out = fopen(file, "w");
    NP_ASSERT(out);
    NP_ASSERT(fputs(content, out) >= 0);
    int closed = fclose(out);
    NP_ASSERT(closed == 0);
}

// Writes the text with one part in the place of another.
static void write_with(const char *find, const char *put)
{
    char other[2 * sizeof text];
    const char *at = strstr(text, find);
    NP_ASSERT(at);
    snprintf(other, sizeof other, "%.*s%s%s", (int)(at - text), text, put, at + strlen(find));
    write_file(other);
}

// Reads the file with settings, which end with NULL.
static enum err_code read_with(const char *const *list, struct scenario *scenario, struct err *err)
{
    struct settings settings = {0};
    *err = (struct err){0};
    for (; *list; list++)
        if (settings_add(&settings, *list, err))
            return err->code;
    scenario_read_set(file, &settings, scenario, err);
    return err->code;
}
#define READ(scenario, err, ...) read_with((const char *const[]){__VA_ARGS__, NULL}, scenario, err)

static void test_defaults(void)
{
    struct scenario s;
    struct err err;
    write_file(text);
    CU_ASSERT_EQUAL_FATAL(read_with((const char *const[]){NULL}, &s, &err), ERR_OK);
    CU_ASSERT_STRING_EQUAL(s.machine.systems[0].protocol, "msi");
    CU_ASSERT_EQUAL(s.machine.n_cpus, 6);
    CU_ASSERT_EQUAL(s.n_parameters, 3);
    CU_ASSERT_STRING_EQUAL(s.parameters[0].name, "cpus");
    CU_ASSERT_STRING_EQUAL(s.parameters[0].value, "3");
    for (unsigned i = 0; i < 3; i++) { // one CPU of each board
        CU_ASSERT_EQUAL(s.machine.cpus[2 * i].kind, CPU_GENERATOR);
        CU_ASSERT_EQUAL(s.machine.cpus[2 * i].member, i);
        CU_ASSERT_EQUAL(s.machine.cpus[2 * i].size, 4096);
    }
    CU_ASSERT_PTR_NOT_NULL(strstr(s.machine.cpus[1].script, "$cpus")); // a block is left alone
    scenario_free(&s);
}

static void test_set(void)
{
    struct scenario s;
    struct err err;
    write_file(text);
    CU_ASSERT_EQUAL_FATAL(READ(&s, &err, "cpus=5", "mode=mesi", "seed=77", "systems.sun.board.l2=16KiB",
                               "systems.0.crossbar.flight=90ns",
                               "systems.sun.partitions.P.programs.0.critical=3"),
                          ERR_OK);
    CU_ASSERT_STRING_EQUAL(s.machine.systems[0].protocol, "mesi");
    CU_ASSERT_EQUAL(s.machine.seed, 77);
    CU_ASSERT_EQUAL(s.machine.boards[2].params.l2.bytes, 16384);
    CU_ASSERT_EQUAL(s.machine.systems[0].flight, 90000);
    CU_ASSERT_EQUAL(s.machine.cpus[0].critical, 3);
    CU_ASSERT_EQUAL(s.machine.cpus[0].members, 5);
    CU_ASSERT_EQUAL(s.machine.cpus[1].member, 3); // the second round begins at the first board
    CU_ASSERT_STRING_EQUAL(s.parameters[0].value, "5");
    CU_ASSERT_PTR_NOT_NULL(strstr(s.system_figures[0].sources[SYS_FLIGHT].text, "--set"));
    scenario_free(&s);
    // A list gives way to a number.
    CU_ASSERT_EQUAL_FATAL(READ(&s, &err, "systems.sun.boards=4"), ERR_OK);
    CU_ASSERT_EQUAL(s.machine.n_boards, 4);
    scenario_free(&s);
}

static void test_first(void)
{
    struct scenario s;
    struct err err;
    write_with("{spread:", "{first:");
    CU_ASSERT_EQUAL_FATAL(READ(&s, &err, "cpus=3"), ERR_OK);
    CU_ASSERT_EQUAL(s.machine.cpus[2].kind, CPU_GENERATOR);
    CU_ASSERT_EQUAL(s.machine.cpus[2].board, 1); // two on the first board, one on the second
    CU_ASSERT_EQUAL(s.machine.cpus[4].kind, CPU_SCRIPT);
    scenario_free(&s);
}

static void test_escape(void)
{
    struct scenario s;
    struct err err;
    write_with("$mode", "$$mod");
    CU_ASSERT_EQUAL(read_with((const char *const[]){NULL}, &s, &err), ERR_BAD_VALUE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "name '$mod'"));
}

// $NAME after a word and "=": replaced there, kept as a text with $$, refused when nobody knows it; anything
// else with a '$' is a text.
static void test_behind_a_word(void)
{
    struct scenario s;
    struct err err;
    write_with("protocol: $mode", "protocol: protocol=$mode");
    CU_ASSERT_EQUAL(READ(&s, &err, "mode=mesi"), ERR_BAD_VALUE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "systems[0].protocol ($mode)"));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "'protocol=mesi'"));
    write_with("protocol: $mode", "protocol: protocol=$$mode");
    CU_ASSERT_EQUAL(READ(&s, &err, "mode=mesi"), ERR_BAD_VALUE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "'protocol=$mode'"));
    write_with("protocol: $mode", "protocol: protocol=$mood");
    CU_ASSERT_EQUAL(READ(&s, &err, "mode=mesi"), ERR_UNKNOWN_KEY);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "did you mean mode?"));
    write_with("protocol: $mode", "protocol: a b=$mode");
    CU_ASSERT_EQUAL(READ(&s, &err, "mode=mesi"), ERR_BAD_VALUE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "'a b=$mode'"));
}

static void test_refused(void)
{
    static const struct {
        const char *setting;
        enum err_code code;
        const char *says;
    } rows[] = {
        {"cpus", ERR_USAGE, "NAME=VALUE"},
        {"=3", ERR_USAGE, "NAME=VALUE"},
        {"cpu=3", ERR_USAGE, "did you mean cpus?"},
        {"sede=3", ERR_USAGE, "known are: cpus, mode, size, seed"},
        {"system.sun.protocol=msi", ERR_USAGE, "did you mean systems?"},
        {"systems.sum.protocol=msi", ERR_USAGE, "did you mean sun?"},
        {"systems.sun.boards.3=D", ERR_USAGE, "no entry of a list of 3"},
        {"until.x=1", ERR_USAGE, "below a single value"},
        {"systems.sun.board.l3=4KiB", ERR_UNKNOWN_KEY, "systems[0].board (--set): key 'l3'"},
        {"mode=moosi", ERR_BAD_VALUE, ":7: systems[0].protocol ($mode)"},
        {"cpus=0", ERR_BAD_VALUE, "on.spread ($cpus): '0' is out of range"},
        {"cpus=7", ERR_IMPOSSIBLE_MACHINE, "partition P has only 6 CPUs"},
    };
    write_file(text);
    for (size_t i = 0; i < NP_ARRAY_LEN(rows); i++) {
        struct scenario s;
        struct err err;
        CU_ASSERT_EQUAL(READ(&s, &err, rows[i].setting), rows[i].code);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, rows[i].says));
        if (!strstr(err.text, rows[i].says))
            printf("\n  %s: %s\n", rows[i].setting, err.text);
    }
    struct scenario s;
    struct err err;
    CU_ASSERT_EQUAL(READ(&s, &err, "cpus=3", "cpus=4"), ERR_USAGE);
}

static void test_bad_parameters(void)
{
    static const struct {
        const char *find, *put;
        enum err_code code;
        const char *says;
    } rows[] = {
        {"{cpus: 3,", "{cpu: 3,", ERR_UNKNOWN_KEY, ":13: systems[0].partitions[0].programs[0].on.spread"},
        {"{cpus: 3,", "{cpus: $m,", ERR_BAD_VALUE, ":2: parameters.cpus"},
        {"{cpus: 3,", "{cpus: {},", ERR_BAD_VALUE, "a single value of its own"},
        {"{cpus: 3,", "{3: 3,", ERR_BAD_VALUE, "must begin with a letter"},
        {"parameters: {cpus: 3, mode: msi, size: 4KiB}", "seed: 3", ERR_UNKNOWN_KEY,
         "there are no parameters"},
        {"parameters: {cpus: 3, mode: msi, size: 4KiB}", "parameters: 3", ERR_BAD_VALUE, "must be a mapping"},
    };
    for (size_t i = 0; i < NP_ARRAY_LEN(rows); i++) {
        write_with(rows[i].find, rows[i].put);
        struct scenario s;
        struct err err;
        CU_ASSERT_EQUAL(read_with((const char *const[]){NULL}, &s, &err), rows[i].code);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, rows[i].says));
        if (!strstr(err.text, rows[i].says))
            printf("\n  %s: %s\n", rows[i].put, err.text);
    }
}

static void test_unused_is_told(void)
{
    struct scenario s;
    struct err err;
    write_with("$mode", "mesi");
    CU_ASSERT_EQUAL_FATAL(read_with((const char *const[]){NULL}, &s, &err), ERR_OK);
    bool told = false;
    for (uint32_t i = 0; i < s.n_warnings; i++)
        told |= strstr(s.warnings[i].text, "parameter mode is used nowhere") != NULL;
    CU_ASSERT_TRUE(told);
    scenario_free(&s);
}

int main(void)
{
    int fd = mkstemp(file);
    NP_ASSERT(fd >= 0);
    close(fd);
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("settings", NULL, NULL);
    CU_add_test(suite, "parameters as the file has them", test_defaults);
    CU_add_test(suite, "parameters and paths set", test_set);
    CU_add_test(suite, "CPUs board after board", test_first);
    CU_add_test(suite, "a dollar that is meant", test_escape);
    CU_add_test(suite, "behind a word", test_behind_a_word);
    CU_add_test(suite, "settings that name nothing or something wrong", test_refused);
    CU_add_test(suite, "parameters that the file uses wrongly", test_bad_parameters);
    CU_add_test(suite, "a parameter that nothing uses", test_unused_is_told);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    unlink(file);
    return failures != 0;
}
