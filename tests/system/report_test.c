// SPDX-License-Identifier: Apache-2.0
// report.html as a run leaves it, and as `numaplex report` writes it again.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/err.h"
#include "tests/lib/html_check.h"
#include "tests/lib/process.h"

#define PAGE_BYTES_MAX (2u << 20) // of any report
#define HOST_SECTION   "<section id=\"host\">"

static char root[PATH_MAX_BYTES];
static const char *numaplex;

static const char *below(const char *name)
{
    static char paths[4][2 * PATH_MAX_BYTES];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", root, name);
    return path;
}

static void expect(int status, const char *said, const char *const *argv)
{
    struct test_process p = process_run_list(numaplex, argv);
    CU_ASSERT_EQUAL(p.status, status);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, said));
    if (p.status != status || !strstr(p.err, said))
        printf("\n  %s %s: status %d, expected %d and '%s'\n%s", argv[1], argv[2], p.status, status, said,
               p.err);
    process_free(&p);
}

#define EXPECT(status, said, ...) expect(status, said, (const char *const[]){numaplex, __VA_ARGS__, NULL})

static void expect_sound(const char *page)
{
    char reason[HTML_REASON_SIZE];
    CU_ASSERT_PTR_NOT_NULL_FATAL(page);
    bool sound = html_check(page, reason);
    CU_ASSERT_TRUE(sound);
    if (!sound)
        printf("\n  %s\n", reason);
    CU_ASSERT_TRUE(strlen(page) < PAGE_BYTES_MAX);
}

// What the other tests look at.
static void test_runs(void)
{
    EXPECT(0, "", "run", "two-boards", "--quiet", "--nodes", "1", "--watch-line", "0x0", "--out",
           below("one"));
    EXPECT(0, "", "run", "two-boards", "--quiet", "--nodes", "2", "--watch-line", "0x0", "--out",
           below("two"));
}

// The page of the run, and the same again.
static void test_again(void)
{
    char *first = file_content(below("one"), "report.html");
    expect_sound(first);
    CU_ASSERT_TRUE(html_charts(first) >= 8);
    static const char *const sections[] = {"throughput", "latency", "crossbar", "sharing",
                                           "watch",      "figures", "host"};
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        char id[64];
        snprintf(id, sizeof id, "<section id=\"%s\">", sections[i]);
        CU_ASSERT_PTR_NOT_NULL(strstr(first, id));
    }
    EXPECT(0, "", "report", below("one"), "-o", below("again.html"));
    char *again = file_content(root, "again.html");
    CU_ASSERT_PTR_NOT_NULL_FATAL(again);
    CU_ASSERT_STRING_EQUAL(first, again);
    free(first);
    free(again);
}

static void test_german(void)
{
    EXPECT(0, "", "report", below("one"), "--lang", "de");
    char *page = file_content(below("one"), "report-de.html");
    expect_sound(page);
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "<html lang=\"de\">"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "<h2>Durchsatz</h2>"));
    CU_ASSERT_PTR_NULL(strstr(page, "Throughput"));
    CU_ASSERT_TRUE(file_exists(below("one"), "report.html")); // still there
    free(page);
}

// Another placement of the same run: the same bytes up to the section of host time.
static void test_placement(void)
{
    char *one = file_content(below("one"), "report.html"), *two = file_content(below("two"), "report.html");
    CU_ASSERT_PTR_NOT_NULL_FATAL(one);
    CU_ASSERT_PTR_NOT_NULL_FATAL(two);
    size_t same = (size_t)(strstr(one, HOST_SECTION) - one);
    CU_ASSERT_EQUAL((size_t)(strstr(two, HOST_SECTION) - two), same);
    CU_ASSERT_EQUAL(memcmp(one, two, same), 0);
    free(one);
    free(two);
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(below(name), "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
}

static void test_refused(void)
{
    EXPECT(EXIT_CLASS_HOST, "the results of a run are missing", "report", below("nowhere"));
    EXPECT(EXIT_CLASS_USAGE, "must be en or de", "report", below("one"), "--lang", "fr");
    EXPECT(EXIT_CLASS_USAGE, "RUN_FOLDER only", "report", below("one"), below("two"));
    write_file("results.json", "{\"format\":");
    EXPECT(EXIT_CLASS_INPUT, "results.json:1: not JSON", "report", root);
    write_file("results.json", "{\"format\":\"numaplex-results\",\"version\":77}");
    EXPECT(EXIT_CLASS_INPUT, "of version 77", "report", root);
    CU_ASSERT_FALSE(file_exists(root, "report.html")); // what is refused leaves nothing
}

int main(void)
{
    numaplex = test_program("numaplex");
    test_folder_make(root);
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("report", NULL, NULL);
    CU_add_test(suite, "runs", test_runs);
    CU_add_test(suite, "the page of a run, again", test_again);
    CU_add_test(suite, "in German", test_german);
    CU_add_test(suite, "the same from another placement", test_placement);
    CU_add_test(suite, "what is refused", test_refused);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    test_folder_remove(root);
    return failures != 0;
}
