// SPDX-License-Identifier: Apache-2.0
// Every row of `numaplex bench` runs, with samples of tiny length, and its JSON says what it must. Figures
// are not looked at: a loaded host would change them.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "proto/base/assert.h"
#include "proto/base/limits.h"

static FILE *start(const char *arguments)
{
    char command[PATH_MAX_BYTES + 256];
    const char *bin = getenv("NUMAPLEX_BIN");
    NP_ASSERT(bin);
    snprintf(command, sizeof command, "exec '%s/numaplex' bench %s", bin, arguments);
    FILE *out = popen(command, "r");
    NP_ASSERT(out);
    return out;
}

// Exit status of what start() began.
static int finish(FILE *out)
{
    int status = pclose(out);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void check_row(const json_t *row)
{
    const char *const texts[] = {"name", "unit", "what", "against", "bound"};
    for (size_t i = 0; i < NP_ARRAY_LEN(texts); i++)
        CU_ASSERT_PTR_NOT_NULL(json_string_value(json_object_get(row, texts[i])));
    double value = json_number_value(json_object_get(row, "value"));
    CU_ASSERT(value > 0);
    CU_ASSERT(json_number_value(json_object_get(row, "min")) <= value);
    CU_ASSERT(json_number_value(json_object_get(row, "max")) >= value);
    CU_ASSERT(json_integer_value(json_object_get(row, "runs")) == 1);
}

// The rows that `names` asks for; their number.
static size_t measure(const char *names)
{
    char arguments[200];
    json_error_t why;
    snprintf(arguments, sizeof arguments, "--json --runs 1 --length 0.01 %s", names);
    FILE *out = start(arguments);
    json_t *document = json_loadf(out, 0, &why), *row;
    CU_ASSERT_EQUAL(finish(out), 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(document);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(document, "format")), "numaplex-bench");
    json_t *rows = json_object_get(document, "rows");
    size_t i, n = json_array_size(rows);
    json_array_foreach(rows, i, row) check_row(row);
    json_decref(document);
    return n;
}

// Names as --list prints them, main-job left out: it records programs first, and the tests of `run` run it.
static size_t list_names(char *names, size_t size)
{
    char line[256], name[64];
    size_t n = 0;
    FILE *out = start("--list");
    for (names[0] = '\0'; fgets(line, sizeof line, out);) {
        if (sscanf(line, "%63s", name) != 1 || strncmp(name, "main-job", 8) == 0)
            continue;
        NP_ASSERT(strlen(names) + strlen(name) + 2 < size);
        strcat(strcat(names, name), " ");
        n++;
    }
    CU_ASSERT_EQUAL(finish(out), 0);
    return n;
}

static void test_every_row(void)
{
    char names[4096];
    size_t listed = list_names(names, sizeof names), measured = 0;
    CU_ASSERT(listed > 20);
    for (char *name = names; *name; name = strchr(name, ' ') + 1) {
        char one[64];
        snprintf(one, sizeof one, "%.*s", (int)strcspn(name, " "), name);
        measured += measure(one) > 0;
    }
    CU_ASSERT_EQUAL(measured, listed);
}

static void test_several_names(void)
{
    CU_ASSERT_EQUAL(measure("idle/second scale/hit-growth"), 4); // a ratio brings its two rows along
}

static void test_wrong_commands(void)
{
    CU_ASSERT_EQUAL(finish(start("no-such-row 2>/dev/null")), 2);
    CU_ASSERT_EQUAL(finish(start("--runs 0 2>/dev/null")), 2);
    CU_ASSERT_EQUAL(finish(start("--length nothing 2>/dev/null")), 2);
    CU_ASSERT_EQUAL(finish(start("--no-such-option 2>/dev/null")), 2);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("bench", NULL, NULL);
    CU_add_test(suite, "every row", test_every_row);
    CU_add_test(suite, "several names", test_several_names);
    CU_add_test(suite, "wrong commands", test_wrong_commands);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
