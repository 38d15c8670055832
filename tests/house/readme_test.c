// SPDX-License-Identifier: Apache-2.0
// README.md lists every error code with its exit status and meaning, as proto/base/err.h has them, and no
// other. `unit-readme --print` prints the table for pasting.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/err.h"

#define README_BYTES_MAX (1 << 20)
#define ROW_START        "| NP"

static char readme[README_BYTES_MAX];

static int load_readme(void)
{
    const char *source = getenv("NUMAPLEX_SOURCE");
    char path[4096];
    snprintf(path, sizeof path, "%s/README.md", source ? source : ".");
    FILE *file = fopen(path, "r");
    if (!file)
        return 1;
    size_t n = fread(readme, 1, sizeof readme - 1, file);
    readme[n] = '\0';
    fclose(file);
    return n == 0;
}

static void row_of(enum err_code code, char row[256])
{
    snprintf(row, 256, "| %s | %d | %s |\n", err_id(code), err_exit_status(code), err_meaning(code));
}

static void test_every_code_is_listed(void)
{
    for (int code = ERR_OK + 1; code < ERR_CODE_COUNT; code++) {
        char row[256];
        row_of((enum err_code)code, row);
        CU_ASSERT_PTR_NOT_NULL(strstr(readme, row));
        if (!strstr(readme, row))
            fprintf(stderr, "README.md lacks: %s", row);
    }
}

static void test_no_other_code_is_listed(void)
{
    int rows = 0;
    for (const char *at = readme; (at = strstr(at, ROW_START)); at += strlen(ROW_START))
        rows++;
    CU_ASSERT_EQUAL(rows, ERR_CODE_COUNT - 1);
}

static int print_table(void)
{
    for (int code = ERR_OK + 1; code < ERR_CODE_COUNT; code++) {
        char row[256];
        row_of((enum err_code)code, row);
        fputs(row, stdout);
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--print") == 0)
        return print_table();
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("README", load_readme, NULL);
    CU_add_test(suite, "every error code is listed", test_every_code_is_listed);
    CU_add_test(suite, "no other error code is listed", test_no_other_code_is_listed);
    CU_basic_run_tests();
    unsigned bad = CU_get_number_of_failures() + CU_get_number_of_suites_failed();
    CU_cleanup_registry();
    return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}
