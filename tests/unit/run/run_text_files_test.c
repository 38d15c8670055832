// SPDX-License-Identifier: Apache-2.0
// The files of consoles and traces: pieces that reach the coordinator in any order from several processes,
// what is refused, and how consoles are shown.
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/scenario.h"
#include "coordinator/run/guest_names.h"
#include "coordinator/run/text_files.h"
#include "proto/base/rng.h"
#include "tests/lib/process.h"

static const char scenario_text[] = "scenario: texts\nseed: 7\nuntil: 100us\nsystems:\n"
                                    "  - name: m\n    preset: teaching-board\n    boards: [A0, A1, A2, A3]\n"
                                    "    partitions:\n"
                                    "      - {name: SMP1, boards: [A0, A1, A2], programs: []}\n"
                                    "      - {name: SMP2, boards: [A3], programs: []}\n";

enum { HOSTS = 2, PIECES = 400, LIMIT = 1 << 20 };

static char root[PATH_MAX_BYTES];
static struct scenario scenario;
static struct plan plan; // A0 and A1 in process 0, A2 and A3 in process 1
static struct run_folder folder;
static struct text_files files;

static void open_files(uint64_t limit, bool traced)
{
    struct err err;
    struct instruction_trace trace = {.on = traced, .partition = 0, .cpu = TRACE_ALL_CPUS};
    CU_ASSERT_EQUAL_FATAL(text_files_open(&files, &folder, &scenario.machine, &plan, &trace, limit, &err),
                          ERR_OK);
}

static char *close_files(enum text_stream stream)
{
    struct err err;
    char name[TEXT_NAME_SIZE];
    CU_ASSERT_EQUAL(text_files_finish(&files, &err), ERR_OK);
    text_files_close(&files);
    text_file_name("SMP1", stream, name);
    return file_content(folder.path, name);
}

static enum err_code add(uint32_t host, sim_time reached, struct text_piece piece, const char *text,
                         struct err *err)
{
    struct control_text chunk = {.partition = 0, .reached = reached};
    piece.size = (uint32_t)strlen(text);
    piece.bytes = (uint8_t *)(uintptr_t)text;
    if (piece.size)
        text_list_add(&chunk.pieces, &piece);
    enum err_code code = text_files_add(&files, host, &chunk, err);
    text_list_free(&chunk.pieces);
    return code;
}

static void add_at(uint32_t host, sim_time reached, unsigned board, uint64_t seq, sim_time time,
                   const char *text)
{
    struct err err;
    struct text_piece piece = {.time = time, .source = component(board, UNIT_CPU0), .seq = seq};
    CU_ASSERT_EQUAL(add(host, reached, piece, text, &err), ERR_OK);
}

static void expect_so_far(const char *expected)
{
    char *text = file_content(folder.path, "console-SMP1.txt");
    CU_ASSERT_STRING_EQUAL(text, expected);
    free(text);
}

// A piece is in the file when all processes have passed its time, not before; at one time by source and
// number.
static void test_order(void)
{
    open_files(LIMIT, false);
    add_at(0, 100, 0, 0, 50, "a");
    expect_so_far("");
    add_at(1, 40, 2, 0, 30, "b");
    expect_so_far("b");
    add_at(1, 50, 2, 0, 30, "");
    expect_so_far("b"); // 50 itself may still come
    add_at(1, 51, 2, 1, 50, "c");
    expect_so_far("bac");
    add_at(1, 300, 2, 3, 200, "f");
    add_at(1, 300, 2, 2, 300, "g"); // numbers do not matter where times differ
    add_at(0, 200, 1, 1, 200, "e");
    add_at(0, 200, 1, 0, 200, "d");
    expect_so_far("bac");
    char *text = close_files(TEXT_CONSOLE);
    CU_ASSERT_STRING_EQUAL(text, "bacdefg");
    free(text);
}

static int by_order(const void *one, const void *other)
{
    return text_before(one, other) ? -1 : 1;
}

// Many pieces, cut into chunks at random; what a process has reached grows with what it has sent.
static void send_at_random(struct rng *rng, const struct text_piece *pieces)
{
    sim_time reached[HOSTS] = {0};
    while (reached[0] != SIM_NEVER || reached[1] != SIM_NEVER) {
        uint32_t host = (uint32_t)rng_below(rng, HOSTS);
        if (reached[host] == SIM_NEVER)
            continue;
        sim_time next = rng_below(rng, 4) ? reached[host] + rng_below(rng, 90) : reached[host];
        struct control_text chunk = {.reached = next > 1000 ? SIM_NEVER : next};
        for (uint32_t i = PIECES; i-- > 0;) // backwards: no order is promised
            if (plan.node_of_board[component_board(pieces[i].source)] == host &&
                pieces[i].time >= reached[host] && pieces[i].time < chunk.reached)
                text_list_add(&chunk.pieces, &pieces[i]);
        struct err err;
        CU_ASSERT_EQUAL(text_files_add(&files, host, &chunk, &err), ERR_OK);
        text_list_free(&chunk.pieces);
        reached[host] = chunk.reached;
    }
}

static void test_any_chunks(void)
{
    struct text_piece pieces[PIECES], sorted[PIECES];
    uint8_t letters[PIECES];
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct rng rng = rng_for(seed, 1);
        for (uint32_t i = 0; i < PIECES; i++) {
            letters[i] = (uint8_t)('!' + rng_below(&rng, 90));
            pieces[i] = (struct text_piece){.seq = i, .size = 1, .bytes = &letters[i]};
            pieces[i].time = rng_below(&rng, 1000);
            pieces[i].source = component((unsigned)rng_below(&rng, 3), UNIT_CPU0);
            pieces[i].source += (component_id)rng_below(&rng, 2);
        }
        memcpy(sorted, pieces, sizeof sorted);
        qsort(sorted, PIECES, sizeof sorted[0], by_order);
        open_files(LIMIT, false);
        send_at_random(&rng, pieces);
        char *text = close_files(TEXT_CONSOLE);
        CU_ASSERT_EQUAL_FATAL(strlen(text), PIECES);
        for (uint32_t i = 0; i < PIECES; i++)
            CU_ASSERT_EQUAL(text[i], sorted[i].bytes[0]);
        free(text);
    }
}

// At the byte, whatever the pieces were; the trace has a limit of its own.
static void test_limit(void)
{
    static const struct {
        uint64_t limit;
        const char *text;
    } rows[] = {
        {3, "one\n[numaplex: the text is cut here, after 3 bytes; --text-limit keeps more]\n"},
        {4, "one\n[numaplex: the text is cut here, after 4 bytes; --text-limit keeps more]\n"},
        {6, "one\ntw\n[numaplex: the text is cut here, after 6 bytes; --text-limit keeps more]\n"},
        {8, "one\ntwo\n"},
    };
    for (size_t i = 0; i < NP_ARRAY_LEN(rows); i++) {
        open_files(rows[i].limit, true);
        add_at(0, 10, 0, 0, 5, "one\n");
        add_at(0, 20, 0, 1, 15, "two\n");
        struct text_piece traced = {
            .time = 20, .source = component(0, UNIT_CPU0), .stream = TEXT_INSTRUCTIONS};
        struct err err;
        CU_ASSERT_EQUAL(add(0, SIM_NEVER, traced, "LR", &err), ERR_OK);
        char *text = close_files(TEXT_CONSOLE), *trace = file_content(folder.path, "trace-SMP1.txt");
        CU_ASSERT_STRING_EQUAL(text, rows[i].text);
        CU_ASSERT_STRING_EQUAL(trace, "LR");
        free(text);
        free(trace);
    }
}

static void test_refused(void)
{
    struct err err;
    struct control_text other = {.partition = 1};
    struct text_piece piece = {.time = 60, .source = component(0, UNIT_CPU0)};
    open_files(LIMIT, false);
    add_at(0, 50, 0, 0, 50, "");
    CU_ASSERT_EQUAL(add(1, 50, piece, "x", &err), ERR_DAMAGED_MESSAGE); // A0 is in process 0
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "a board that is not its own"));
    piece.source = component(0, UNIT_CPU0);
    piece.stream = TEXT_INSTRUCTIONS;
    CU_ASSERT_EQUAL(add(0, 50, piece, "x", &err), ERR_DAMAGED_MESSAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "a trace that nobody asked for"));
    piece.stream = TEXT_CONSOLE;
    piece.time = 49;
    CU_ASSERT_EQUAL(add(0, 50, piece, "x", &err), ERR_DAMAGED_MESSAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "a time that it had passed"));
    CU_ASSERT_EQUAL(add(0, 49, piece, "", &err), ERR_DAMAGED_MESSAGE);
    CU_ASSERT_EQUAL(add(2, 60, piece, "", &err), ERR_DAMAGED_MESSAGE); // no such process
    CU_ASSERT_EQUAL(text_files_add(&files, 1, &other, &err), ERR_DAMAGED_MESSAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "a partition without a console"));
    char *text = close_files(TEXT_CONSOLE);
    CU_ASSERT_STRING_EQUAL(text, "");
    free(text);
}

// A partition that is reset: no board is in it for a while, so nothing will come, and then they are back.
// What was written in between stays before what comes.
static void test_reset(void)
{
    struct err err;
    struct text_piece piece = {.time = 90, .source = component(0, UNIT_CPU0), .seq = 0};
    open_files(LIMIT, false);
    add_at(0, 100, 0, 0, 80, "before\n");
    add_at(0, SIM_NEVER, 0, 1, 120, "last\n");
    expect_so_far("");
    add_at(1, SIM_NEVER, 2, 0, 110, "words\n");
    expect_so_far("before\nwords\nlast\n");
    add_at(0, 130, 0, 0, 0, ""); // both are back, before anybody has gone on
    CU_ASSERT_EQUAL(add(1, 119, piece, "", &err), ERR_DAMAGED_MESSAGE);
    add_at(1, 130, 2, 0, 0, "");
    CU_ASSERT_EQUAL(add(0, 140, piece, "x", &err), ERR_DAMAGED_MESSAGE); // of before
    add_at(0, 150, 0, 0, 140, "anew\n");
    expect_so_far("before\nwords\nlast\n");
    add_at(1, 150, 2, 0, 135, "both ");
    char *text = close_files(TEXT_CONSOLE);
    CU_ASSERT_STRING_EQUAL(text, "before\nwords\nlast\nboth anew\n");
    free(text);
}

static void expect_shown(bool terminal, const char *bytes, size_t size, const char *expected)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    console_write(out, (const uint8_t *)bytes, size, terminal);
    fclose(out);
    CU_ASSERT_EQUAL(length, strlen(expected));
    CU_ASSERT_STRING_EQUAL(text, expected);
    free(text);
}

#define SHOWN(terminal, bytes, expected) expect_shown(terminal, bytes, sizeof(bytes) - 1, expected)

static void test_harmless(void)
{
    SHOWN(true, "plain\ttext\n", "plain\ttext\n");
    SHOWN(true, "line\r\nnext\rover\n", "line\nnext^Mover\n");
    SHOWN(true, "\033[2Jgone\x07\x7f", "^[[2Jgone^G^?");
    SHOWN(true,
          "\x9b"
          "2J\xc3\xa4",
          "\\x9b2J\\xc3\\xa4"); // a C1 control sequence; letters beyond ASCII
    SHOWN(false, "\033[2Jgone\r\n", "\033[2Jgone\r\n");
}

static char *view_text(const char *const *names, uint32_t n, const char *const (*pieces)[2], size_t n_pieces)
{
    char *text = NULL;
    size_t length;
    struct console_view view;
    struct progress progress = {0};
    struct err err;
    struct run_command command = {.n_consoles = n};
    memcpy(command.consoles, names, n * sizeof *names);
    CU_ASSERT_EQUAL_FATAL(console_view_open(&view, &command, &scenario.machine, &progress, &err), ERR_OK);
    view.out = open_memstream(&text, &length);
    for (size_t i = 0; i < n_pieces; i++)
        console_view_put(&view, pieces[i][0][0] == '2', (const uint8_t *)pieces[i][1], strlen(pieces[i][1]));
    console_view_end(&view);
    console_view_free(&view);
    fclose(view.out);
    return text;
}

static void test_view(void)
{
    static const char *const pieces[][2] = {{"1", "one"}, {"2", "two\nthr"}, {"1", "\nfour"}, {"2", "ee\n"}};
    strcpy(scenario.machine.partitions[1].guest.image, "guest");
    char *one = view_text((const char *const[]){"SMP1"}, 1, pieces, 4);
    char *all = view_text((const char *const[]){"all"}, 1, pieces, 4);
    char *both = view_text((const char *const[]){"SMP2", "SMP1"}, 2, pieces, 4);
    CU_ASSERT_STRING_EQUAL(one, "one\nfour\n");
    CU_ASSERT_STRING_EQUAL(all, "SMP2| two\nSMP1| one\nSMP2| three\nSMP1| four\n");
    CU_ASSERT_STRING_EQUAL(both, all);
    free(one);
    free(all);
    free(both);
    scenario.machine.partitions[1].guest.image[0] = '\0';
}

static void expect_no_console(const char *first, const char *second, const char *says)
{
    struct console_view view;
    struct err err;
    struct run_command command = {.n_consoles = second ? 2 : 1, .consoles = {first, second}};
    CU_ASSERT_EQUAL(console_view_open(&view, &command, &scenario.machine, NULL, &err), ERR_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, says));
    console_view_free(&view);
}

static void expect_trace(const char *text, uint32_t cpu, const char *says)
{
    struct instruction_trace trace;
    struct err err = {0};
    struct run_command command = {.trace_insn = text};
    CU_ASSERT_EQUAL(trace_resolve(&command, &scenario.machine, &trace, &err), says ? ERR_USAGE : ERR_OK);
    if (says) {
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, says));
    } else {
        CU_ASSERT(trace.on == (text != NULL) && trace.partition == 0 && trace.cpu == cpu);
    }
}

static void test_names(void)
{
    expect_no_console("SMP3", NULL, "no partition 'SMP3'; did you mean SMP1? there are: SMP1, SMP2");
    expect_no_console("x", NULL, "no partition 'x'; there are: SMP1, SMP2");
    expect_no_console("SMP2", NULL, "partition SMP2 runs no guest");
    expect_no_console("SMP2", NULL, "guests run in: SMP1");
    expect_no_console("SMP1", "SMP1", "named twice");
    expect_trace(NULL, TRACE_ALL_CPUS, NULL);
    expect_trace("SMP1", TRACE_ALL_CPUS, NULL);
    expect_trace("SMP1:3", 3, NULL);
    expect_trace("SMP1:4", 0, "CPU addresses 0 to 3");
    expect_trace("SMP1:x", 0, "'x' is no CPU");
    expect_trace("SMP1:", 0, "'' is no CPU");
    expect_trace("SMP2", 0, "runs no guest");
    expect_trace("SMP", 0, "did you mean SMP1?");
    scenario.machine.partitions[0].guest.image[0] = '\0';
    expect_no_console("all", NULL, "no partition runs a guest");
    expect_no_console("SMP1", NULL, "no partition of it does");
    strcpy(scenario.machine.partitions[0].guest.image, "guest");
}

int main(void)
{
    struct err err;
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("text files", NULL, NULL);
    CU_add_test(suite, "order", test_order);
    CU_add_test(suite, "any chunks", test_any_chunks);
    CU_add_test(suite, "limit", test_limit);
    CU_add_test(suite, "refused", test_refused);
    CU_add_test(suite, "a partition that is reset", test_reset);
    CU_add_test(suite, "harmless", test_harmless);
    CU_add_test(suite, "view", test_view);
    CU_add_test(suite, "names", test_names);
    test_folder_make(root);
    if (scenario_read_text(scenario_text, strlen(scenario_text), "text", &scenario, &err) ||
        plan_make(&plan, &scenario.machine, 4, 1, &err))
        return err_report(&err);
    for (uint32_t b = 0; b < scenario.machine.n_boards; b++)
        plan.node_of_board[b] = (uint16_t)(b / 2);
    plan.nodes = HOSTS;
    strcpy(scenario.machine.partitions[0].guest.image, "guest");
    scenario.machine.partitions[0].guest.n_cpus = 4;
    snprintf(folder.path, sizeof folder.path, "%s", root);
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    scenario_free(&scenario);
    test_folder_remove(root);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
