// SPDX-License-Identifier: Apache-2.0
// The journal: what is written comes back, with its times; what is none of it is refused by its line.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/run/journal.h"
#include "proto/base/assert.h"
#include "tests/lib/process.h"

static char folder[PATH_MAX_BYTES];
static struct board_desc boards[1] = {{.name = "SB0"}};
static struct partition_desc partitions[2] = {{.name = "A"}, {.name = "B"}};
static const struct machine machine = {
    .n_boards = 1, .n_partitions = 2, .boards = boards, .partitions = partitions};

static void write_text(const char *text)
{
    char path[PATH_MAX_BYTES + 32];
    snprintf(path, sizeof path, "%s/" JOURNAL_NAME, folder);
    FILE *out = fopen(path, "w");
    NP_ASSERT(out);
    fputs(text, out);
    fclose(out);
}

static enum err_code read_text(const char *text, struct journal_content *content, struct err *err)
{
    write_text(text);
    return journal_read(folder, &machine, content, err);
}

static void test_there_and_back(void)
{
    const struct sc_command move = {.verb = SC_ADD, .partition = 1, .level = SC_CONNECT, .user = "anna"};
    const struct sc_line line = {.partition = 1, .text = "say \"hello\\world\" {}", .user = "bert"};
    struct journal journal;
    struct journal_content content;
    struct err err;
    bool even = false;
    write_text("");
    journal_open(&journal, folder);
    CU_ASSERT_EQUAL(journal_command(&journal, &machine, 5, &move, &err), ERR_OK);
    CU_ASSERT_EQUAL(journal_typed(&journal, &machine, 7, &line, &err), ERR_OK);
    CU_ASSERT_EQUAL(journal_stop(&journal, 9, true, &err), ERR_OK);
    CU_ASSERT_EQUAL(journal.n, 3);
    CU_ASSERT_FALSE(journal_full(&journal));
    journal.n = JOURNAL_LINES_MAX;
    CU_ASSERT(journal_full(&journal));
    journal_close(&journal);
    CU_ASSERT_EQUAL_FATAL(journal_read(folder, &machine, &content, &err), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(content.n, 2);
    CU_ASSERT(!content.commands[0].types && content.commands[0].at == 5);
    CU_ASSERT_EQUAL(content.commands[0].command.level, SC_CONNECT);
    CU_ASSERT(content.commands[1].types && content.commands[1].at == 7);
    CU_ASSERT_EQUAL(content.commands[1].line.partition, 1);
    CU_ASSERT_STRING_EQUAL(content.commands[1].line.text, line.text);
    CU_ASSERT_STRING_EQUAL(content.commands[1].line.user, "bert");
    CU_ASSERT(content.stop == 9 && content.even);
    CU_ASSERT_EQUAL(journal_stop_of(folder, &even), 9);
    CU_ASSERT(even);
    journal_content_free(&content);
}

#define TYPED(time, text)                                                                                    \
    "{\"time_ps\":" time ",\"command\":\"type\",\"partition\":\"A\",\"text\":" text ",\"user\":\"\"}\n"
#define STOP(time) "{\"time_ps\":" time ",\"command\":\"stop\",\"even\":false}\n"

// The last line that was being written when the run died is none.
static void test_torn(void)
{
    struct journal_content content;
    struct err err;
    bool even = true;
    CU_ASSERT_EQUAL_FATAL(read_text(TYPED("3", "\"x\"") "{\"time_ps\":4,\"comm", &content, &err), ERR_OK);
    CU_ASSERT_EQUAL(content.n, 1);
    CU_ASSERT_EQUAL(content.stop, SIM_NEVER);
    CU_ASSERT_EQUAL(journal_stop_of(folder, &even), SIM_NEVER);
    CU_ASSERT_FALSE(even);
    journal_content_free(&content);
    CU_ASSERT_EQUAL_FATAL(read_text(TYPED("3", "\"\"") STOP("3"), &content, &err), ERR_OK);
    CU_ASSERT(content.n == 1 && content.stop == 3 && !content.even);
    journal_content_free(&content);
}

static void test_refusals(void)
{
    static char long_line[600];
    static const struct {
        const char *text;
        unsigned line;
    } rows[] = {
        {"[]\n", 1},
        {"{\"time_ps\":-1,\"command\":\"stop\",\"even\":true}\n", 1},
        {"{\"time_ps\":1,\"command\":\"stop\"}\n", 1},
        {"{\"time_ps\":1,\"command\":\"shout\",\"user\":\"\"}\n", 1},
        {TYPED("1", "17"), 1},
        {TYPED("1", "\"x\"") "{\"time_ps\":1,\"command\":\"type\",\"partition\":\"C\",\"text\":\"\",\"user\":"
                             "\"\"}\n",
         2},
        {TYPED("1", "\"x\"") "{\"time_ps\":1,\"command\":\"type\",\"partition\":\"A\",\"text\":\"\"}\n", 2},
        {TYPED("2", "\"x\"") TYPED("1", "\"x\""), 2},
        {TYPED("2", "\"x\"") STOP("1"), 2},
        {STOP("1") TYPED("2", "\"x\""), 2},
        {STOP("1") STOP("2"), 2},
        {long_line, 1},
    };
    char text[GUEST_INPUT_BYTES_MAX + 8];
    memset(text, 'x', sizeof text);
    snprintf(long_line, sizeof long_line,
             "{\"time_ps\":1,\"command\":\"type\",\"partition\":\"A\",\"text\":\"%.255s\",\"user\":\"\"}\n",
             text);
    for (size_t i = 0; i < NP_ARRAY_LEN(rows); i++) {
        struct journal_content content;
        struct err err;
        char says[32];
        snprintf(says, sizeof says, JOURNAL_NAME ":%u:", rows[i].line);
        CU_ASSERT_EQUAL(read_text(rows[i].text, &content, &err), ERR_DAMAGED_STATE);
        if (!strstr(err.text, says))
            printf("\n  %zu: %s\n", i, err.text);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, says));
        CU_ASSERT_PTR_NULL(content.commands);
    }
}

int main(void)
{
    CU_initialize_registry();
    test_folder_make(folder);
    CU_pSuite suite = CU_add_suite("journal", NULL, NULL);
    CU_add_test(suite, "there and back", test_there_and_back);
    CU_add_test(suite, "torn", test_torn);
    CU_add_test(suite, "refusals", test_refusals);
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    test_folder_remove(folder);
    return failed != 0;
}
