// SPDX-License-Identifier: Apache-2.0
// The run folder: who may use it, and files that are whole or absent; and the text of the progress line.
#include <CUnit/Basic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "coordinator/run/folder.h"
#include "coordinator/run/progress.h"
#include "coordinator/run/whole.h"
#include "tests/lib/process.h"

static char root[PATH_MAX_BYTES];

static const char *below(const char *name)
{
    static char path[2 * PATH_MAX_BYTES];
    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

static void test_epochs(void)
{
    struct run_folder first, second;
    struct err err;
    CU_ASSERT_EQUAL_FATAL(folder_open(&first, below("deep/er/run"), "x", false, &err), ERR_OK);
    CU_ASSERT_EQUAL(first.epoch, 1);
    CU_ASSERT_EQUAL(folder_is_ours(&first, &err), ERR_OK);
    CU_ASSERT_EQUAL(folder_open(&second, below("deep/er/run"), "x", false, &err), ERR_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "--force"));
    CU_ASSERT_EQUAL_FATAL(folder_open(&second, below("deep/er/run"), "x", true, &err), ERR_OK);
    CU_ASSERT_EQUAL(second.epoch, 2);
    CU_ASSERT_EQUAL(folder_is_ours(&first, &err), ERR_EPOCH);
    CU_ASSERT_EQUAL(folder_is_ours(&second, &err), ERR_OK);
    folder_close(&first);
    folder_close(&second);
}

static void write_empty(const char *folder, const char *name)
{
    char path[3 * PATH_MAX_BYTES];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fclose(file);
}

static void test_force_removes_results(void)
{
    struct run_folder folder;
    struct err err;
    CU_ASSERT_EQUAL_FATAL(folder_open(&folder, below("forced"), "x", false, &err), ERR_OK);
    folder_close(&folder);
    write_empty(folder.path, "results.json");
    write_empty(folder.path, "digest");
    write_empty(folder.path, "notes-of-mine");
    CU_ASSERT_EQUAL_FATAL(folder_open(&folder, below("forced"), "x", true, &err), ERR_OK);
    folder_close(&folder);
    CU_ASSERT_FALSE(file_exists(folder.path, "results.json"));
    CU_ASSERT_FALSE(file_exists(folder.path, "digest"));
    CU_ASSERT_TRUE(file_exists(folder.path, "notes-of-mine"));
}

static void test_default_names_differ(void)
{
    struct run_folder a, b;
    struct err err;
    CU_ASSERT_EQUAL_FATAL(chdir(root), 0);
    CU_ASSERT_EQUAL_FATAL(folder_open(&a, NULL, "name", false, &err), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(folder_open(&b, NULL, "name", false, &err), ERR_OK);
    CU_ASSERT_STRING_NOT_EQUAL(a.path, b.path);
    CU_ASSERT_EQUAL(strncmp(a.shown, "runs/name-", 10), 0);
    folder_close(&a);
    folder_close(&b);
}

static void test_whole_file(void)
{
    struct whole_file file;
    struct err err;
    CU_ASSERT_EQUAL_FATAL(whole_open(&file, root, "whole", &err), ERR_OK);
    fprintf(file.out, "content");
    CU_ASSERT_EQUAL(whole_finish(&file, &err), ERR_OK);
    CU_ASSERT_FALSE(file_exists(root, "whole"));
    CU_ASSERT_EQUAL(whole_commit(&file, &err), ERR_OK);
    char *content = file_content(root, "whole");
    CU_ASSERT_STRING_EQUAL(content, "content");
    free(content);
    CU_ASSERT_FALSE(file_exists(root, "whole" WHOLE_SUFFIX));
}

// A file that the host refuses to grow leaves nothing behind, and says why.
static void test_file_that_cannot_grow(void)
{
    struct whole_file file;
    struct err err = {0};
    struct rlimit before, small;
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = 1000;
    signal(SIGXFSZ, SIG_IGN);
    CU_ASSERT_EQUAL_FATAL(whole_open(&file, root, "large", &err), ERR_OK);
    for (unsigned i = 0; i < 1000; i++)
        fprintf(file.out, "ten bytes\n");
    setrlimit(RLIMIT_FSIZE, &small);
    enum err_code code = whole_finish(&file, &err);
    setrlimit(RLIMIT_FSIZE, &before);
    CU_ASSERT_EQUAL(code, ERR_FILE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "/large cannot be written"));
    CU_ASSERT_FALSE(file_exists(root, "large"));
    CU_ASSERT_FALSE(file_exists(root, "large" WHOLE_SUFFIX));
}

static void test_failure_leaves_only_the_reason(void)
{
    struct run_folder folder;
    struct err err;
    CU_ASSERT_EQUAL_FATAL(folder_open(&folder, below("failing"), "x", false, &err), ERR_OK);
    write_empty(folder.path, "results.json" WHOLE_SUFFIX);
    CU_ASSERT_EQUAL_FATAL(mkdir(below("failing/saved" WHOLE_SUFFIX), 0700), 0);
    write_empty(folder.path, "saved" WHOLE_SUFFIX "/board-0.npstate");
    err_set(&err, ERR_NODE_DIED, "node 3 was killed");
    folder_fail(&folder, &err, NULL, true);
    CU_ASSERT_TRUE(file_exists(folder.path, "saved" WHOLE_SUFFIX));
    folder_fail(&folder, &err, "SB6 was on its way\n", false);
    CU_ASSERT_FALSE(file_exists(folder.path, "saved" WHOLE_SUFFIX));
    CU_ASSERT_FALSE(file_exists(folder.path, "results.json" WHOLE_SUFFIX));
    char *reason = file_content(folder.path, "failed.txt");
    CU_ASSERT_PTR_NOT_NULL_FATAL(reason);
    CU_ASSERT_PTR_NOT_NULL(strstr(reason, "NP0601"));
    CU_ASSERT_PTR_NOT_NULL(strstr(reason, "node 3 was killed\nSB6 was on its way\n"));
    free(reason);
    folder_close(&folder);
}

static void test_progress_line(void)
{
    struct progress progress = {.until = 100 * SIM_PS_PER_US};
    const struct group_progress groups[] = {{.time = 50 * SIM_PS_PER_US, .accesses = 3000000, .running = 4},
                                            {.time = 20 * SIM_PS_PER_US, .accesses = 1000000, .running = 1},
                                            {.time = 5 * SIM_PS_PER_US, .running = 0}};
    char text[200];
    progress_text(&progress, groups, 3, 2.0, text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "20.0 us of 100.0 us (20.0 %), 10.0 us/s, 2.00 M accesses/s, 0:08 left");
    progress.until = SIM_NEVER;
    progress_text(&progress, groups, 3, 2.0, text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "20.0 us, 10.0 us/s, 2.00 M accesses/s");
    progress_text(&progress, groups, 3, 0.0, text, sizeof text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "20.0 us"));
    progress_text(&progress, groups, 3, 2.0, text, 10);
    CU_ASSERT_EQUAL(strlen(text), 9);
}

int main(void)
{
    test_folder_make(root);
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("folder", NULL, NULL);
    CU_ADD_TEST(suite, test_epochs);
    CU_ADD_TEST(suite, test_force_removes_results);
    CU_ADD_TEST(suite, test_default_names_differ);
    CU_ADD_TEST(suite, test_whole_file);
    CU_ADD_TEST(suite, test_file_that_cannot_grow);
    CU_ADD_TEST(suite, test_failure_leaves_only_the_reason);
    CU_ADD_TEST(suite, test_progress_line);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    test_folder_remove(root);
    return failures ? 1 : 0;
}
