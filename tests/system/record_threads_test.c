// SPDX-License-Identifier: Apache-2.0
// Records programs with threads under the installed qemu-user, for x86-64 and, where the cross compiler made
// them, for s390x; replays them. Says so and passes when there is no qemu-user.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "coordinator/record/record.h"
#include "proto/base/assert.h"
#include "proto/trace/trace_reader.h"
#include "tests/lib/process.h"

#define NAME_BYTES (2 * PATH_MAX_BYTES)
#define WORDS      4096u // synchronisation words of a small recording, hashed

static char folder[PATH_MAX_BYTES], trace[NAME_BYTES];
static const char *arch; // "" or "s390x/": the folder of guests

static char *guest(const char *name)
{
    static char path[NAME_BYTES];
    snprintf(path, sizeof path, "%s/guests/%s%s", getenv("NUMAPLEX_BIN"), arch, name);
    return path;
}

static enum err_code record(const char *name, const char *first, const char *second,
                            struct recording_result *result, struct err *err)
{
    char one[32], two[32];
    snprintf(one, sizeof one, "%s", first);
    snprintf(two, sizeof two, "%s", second ? second : "");
    char *argv[] = {guest(name), one, second ? two : NULL, NULL};
    struct recording_request request = {.argv = argv, .tool = TOOL_QEMU, .quiet = true};
    *result = (struct recording_result){0};
    return record_program(&request, trace, result, err);
}

// The versions of every word over all streams: each once, none left out, ascending within a stream. Sums
// suffice: n different numbers that ascend in each stream, of which the largest is n and whose sum is
// n (n + 1) / 2 and the sum of squares what it then is.
struct versions {
    uint64_t word, last, n, largest, sum, squares;
    uint32_t stream, process;
};

static struct versions *versions_of(struct versions *table, uint32_t process, uint64_t word)
{
    for (uint64_t at = word / TRACE_WORD;; at++) {
        struct versions *found = &table[at % WORDS];
        if (found->word == 0 || (found->word == word && found->process == process)) {
            found->word = word;
            found->process = process;
            return found;
        }
    }
}

static void add_stream(struct versions *table, uint32_t stream, uint32_t process)
{
    struct trace_reader *reader;
    struct err err;
    CU_ASSERT_EQUAL_FATAL(trace_open(trace, stream, &reader, &err), ERR_OK);
    struct trace_ref ref;
    while (trace_next(reader, &ref, &err) == TRACE_STEP_REF) {
        if (ref.kind != TRACE_SYNC)
            continue;
        struct versions *word = versions_of(table, process, ref.address);
        if (word->n > 0 && word->stream == stream)
            CU_ASSERT_TRUE(ref.version > word->last);
        word->stream = stream;
        word->last = ref.version;
        word->n++;
        word->sum += ref.version;
        word->squares += (uint64_t)ref.version * ref.version;
        word->largest = ref.version > word->largest ? ref.version : word->largest;
    }
    trace_close(reader);
}

static void check_versions(const struct trace_info *info)
{
    static struct versions table[WORDS];
    memset(table, 0, sizeof table);
    for (uint32_t i = 0; i < info->n_streams; i++)
        add_stream(table, i, info->streams[i].process);
    for (unsigned i = 0; i < WORDS; i++) {
        uint64_t n = table[i].n;
        CU_ASSERT_EQUAL(table[i].largest, n);
        CU_ASSERT_EQUAL(table[i].sum, n * (n + 1) / 2);
        CU_ASSERT_EQUAL(table[i].squares, n * (n + 1) * (2 * n + 1) / 6);
    }
}

// Fetches that lie in a function of the program.
static uint64_t fetches_in(const char *function, uint32_t stream)
{
    struct trace_symbol *list;
    struct trace_reader *reader;
    uint32_t n;
    struct err err;
    CU_ASSERT_EQUAL_FATAL(trace_symbols_read(trace, &list, &n, &err), ERR_OK);
    uint64_t from = 0, to = 0, found = 0;
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(list[i].name, function) == 0)
            from = list[i].address, to = from + list[i].bytes;
    free(list);
    CU_ASSERT_EQUAL_FATAL(trace_open(trace, stream, &reader, &err), ERR_OK);
    struct trace_ref ref;
    while (trace_next(reader, &ref, &err) == TRACE_STEP_REF)
        found += ref.kind == TRACE_FETCH && ref.address >= from && ref.address < to;
    trace_close(reader);
    return found;
}

// s390x's MVC copies up to 256 bytes at once; qemu does not tell of it.
static void check_long_operands(uint32_t stream)
{
    struct trace_reader *reader;
    struct trace_ref ref;
    struct err err;
    uint64_t loads = 0, stores = 0;
    CU_ASSERT_EQUAL_FATAL(trace_open(trace, stream, &reader, &err), ERR_OK);
    while (trace_next(reader, &ref, &err) == TRACE_STEP_REF) {
        loads += ref.kind == TRACE_LOAD && ref.size > 200;
        stores += ref.kind == TRACE_STORE && ref.size > 200;
    }
    trace_close(reader);
    CU_ASSERT_TRUE(loads > 10 && stores == loads); // memcpy in both rounds: 9000 bytes
}

// On five CPUs of two boards, in one process: a thread that waits in the recording waits here.
static void replay(unsigned cpus)
{
    char scenario[NAME_BYTES + 32], out[NAME_BYTES + 32];
    snprintf(scenario, sizeof scenario, "%s/threads.yaml", folder);
    snprintf(out, sizeof out, "%s/out", folder);
    FILE *file = fopen(scenario, "w");
    NP_ASSERT(file);
    fprintf(file,
            "scenario: threads\nseed: 1\nuntil: 10s\nsystems:\n"
            "  - name: pair\n    preset: teaching-board\n    boards: [SB0, SB1]\n    board: {cpus: 4}\n"
            "    partitions:\n      - name: P\n        boards: all\n        frames: 16MiB\n"
            "        programs:\n          - {on: {spread: %u}, trace: %s}\n",
            cpus, trace);
    fclose(file);
    struct test_process p =
        process_run(test_program("numaplex"), "run", scenario, "--nodes", "1", "--force", "--out", out);
    CU_ASSERT_EQUAL(p.status, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.out, "all programs are done"));
    CU_ASSERT_PTR_NOT_NULL(strstr(p.out, "all as they must be"));
    if (p.status)
        printf("\n%s%s", p.out, p.err);
    process_free(&p);
}

// Streams come in the order in which their threads had something to record.
static uint32_t stream_of_thread(const struct trace_info *info, uint32_t thread)
{
    for (uint32_t i = 0; i < info->n_streams; i++)
        if (info->streams[i].thread == thread)
            return i;
    CU_FAIL("no stream of that thread");
    return 0;
}

static void test_parallel_sort(void)
{
    struct recording_result result;
    struct err err;
    CU_ASSERT_EQUAL_FATAL(record("parallel_sort", "4", "1500", &result, &err), ERR_OK);
    const struct trace_info *info = &result.info;
    CU_ASSERT_EQUAL(result.exit_status, 0); // it was sorted
    CU_ASSERT_EQUAL(info->n_streams, 5);
    for (uint32_t i = 0; i < info->n_streams; i++) {
        CU_ASSERT_EQUAL(info->streams[i].process, 0);
        CU_ASSERT_TRUE(stream_of_thread(info, i + 1) < 5);
        CU_ASSERT_TRUE(info->streams[i].refs[TRACE_SYNC] > 2);
        CU_ASSERT_TRUE(info->streams[i].refs[TRACE_LOAD] > 5000);
    }
    uint32_t merging = stream_of_thread(info, 2); // the first one that it makes, in all rounds
    CU_ASSERT_STRING_EQUAL(info->origin.arch, arch[0] ? "s390x" : "x86_64");
    CU_ASSERT_TRUE(strncmp(info->origin.tool, "qemu-", 5) == 0);
    CU_ASSERT_EQUAL(trace_check(trace, &err), ERR_OK);
    CU_ASSERT_TRUE(fetches_in("work", merging) > 3000); // with what is inlined into it
    CU_ASSERT_EQUAL(fetches_in("main", merging), 0);
    CU_ASSERT_FALSE(result.unseen_operands);
    if (arch[0])
        check_long_operands(merging);
    check_versions(info);
    replay(info->n_streams);
    trace_info_free(&result.info);
}

static void test_others(const char *name, const char *second)
{
    struct recording_result result;
    struct err err;
    CU_ASSERT_EQUAL_FATAL(record(name, "4", second, &result, &err), ERR_OK);
    CU_ASSERT_EQUAL(result.exit_status, 0);
    check_versions(&result.info);
    replay(result.info.n_streams);
    trace_info_free(&result.info);
}

static void test_matrix_and_key_value(void)
{
    test_others("matrix_product", "16");
    test_others("key_value", "200");
}

// Cut in the middle, at any reference: still no version without those before it.
static void test_cut(void)
{
    char *argv[] = {guest("key_value"), (char[]){"4"}, (char[]){"500"}, NULL};
    for (uint64_t skip = 0; skip < 300000; skip += 150000) {
        struct recording_request request = {
            .argv = argv, .tool = TOOL_QEMU, .quiet = true, .skip = skip, .max_refs = 200000};
        struct recording_result result = {0};
        struct err err;
        CU_ASSERT_EQUAL_FATAL(record_program(&request, trace, &result, &err), ERR_OK);
        CU_ASSERT_TRUE(result.stopped);
        CU_ASSERT_EQUAL(trace_refs_total(result.info.refs), request.max_refs);
        check_versions(&result.info);
        trace_info_free(&result.info);
    }
}

static size_t read_trace(uint8_t *bytes, size_t room)
{
    FILE *file = fopen(trace, "r");
    NP_ASSERT(file);
    size_t n = fread(bytes, 1, room, file);
    fclose(file);
    return n;
}

static void test_one_thread_is_repeatable(void)
{
    static uint8_t bytes[2][1 << 20];
    size_t n[2];
    struct recording_result result;
    struct err err;
    for (unsigned i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL_FATAL(record("matrix_product", "1", "20", &result, &err), ERR_OK);
        trace_info_free(&result.info);
        n[i] = read_trace(bytes[i], sizeof bytes[i]);
    }
    CU_ASSERT_TRUE(n[0] > 5000 && n[0] < sizeof bytes[0]);
    CU_ASSERT_TRUE(n[0] == n[1] && memcmp(bytes[0], bytes[1], n[0]) == 0);
}

static void test_trouble(void)
{
    struct recording_result result;
    struct err err;
    CU_ASSERT_EQUAL_FATAL(record("trouble", "crash", NULL, &result, &err), ERR_OK);
    CU_ASSERT_EQUAL(result.exit_status, 128 + 11);
    CU_ASSERT_EQUAL(result.info.n_streams, 2);
    CU_ASSERT_TRUE(fetches_in("main", 0) > 1000); // what it did there before the crash
    trace_info_free(&result.info);
    CU_ASSERT_EQUAL_FATAL(record("trouble", "fault", NULL, &result, &err), ERR_OK);
    CU_ASSERT_EQUAL(result.exit_status, 5);
    check_versions(&result.info);
    trace_info_free(&result.info);
    CU_ASSERT_EQUAL_FATAL(record("trouble", "threads", NULL, &result, &err), ERR_OK);
    CU_ASSERT_TRUE(result.too_many_streams && !result.info.origin.complete);
    CU_ASSERT_EQUAL(result.info.n_streams, TRACE_STREAMS_MAX);
    CU_ASSERT_EQUAL(trace_check(trace, &err), ERR_OK);
    trace_info_free(&result.info);
}

static void test_forks_and_execs(void)
{
    struct recording_result result;
    struct err err;
    CU_ASSERT_EQUAL_FATAL(record("family", "/bin/true", NULL, &result, &err), ERR_OK);
    CU_ASSERT_EQUAL(result.exit_status, 7);
    CU_ASSERT_EQUAL(result.unrecorded, 1);
    unsigned processes = 0;
    for (uint32_t i = 0; i < result.info.n_streams; i++)
        processes =
            result.info.streams[i].process + 1 > processes ? result.info.streams[i].process + 1 : processes;
    CU_ASSERT_EQUAL(processes, 3);             // itself, its child and the grandchild until it execs
    CU_ASSERT_EQUAL(result.info.n_streams, 4); // and a thread
    check_versions(&result.info);
    trace_info_free(&result.info);
}

static void write_program(const char *name, const void *bytes, size_t n, char path[NAME_BYTES])
{
    snprintf(path, NAME_BYTES, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    NP_ASSERT(file && fwrite(bytes, 1, n, file) == n);
    fclose(file);
    NP_ASSERT(chmod(path, 0700) == 0);
}

static void test_which_tool(void)
{
    static const char script[] = "#!/bin/sh\nexit 3\n";
    uint8_t foreign[64] = {0x7f, 'E', 'L', 'F', 2, 1, 1, [16] = 2, [18] = 183};
    char path[NAME_BYTES], valgrind[PATH_MAX_BYTES];
    struct recording_result result = {0};
    struct err err;
    write_program("script", script, sizeof script - 1, path);
    char *argv[] = {path, NULL};
    struct recording_request request = {.argv = argv, .tool = TOOL_QEMU, .quiet = true};
    CU_ASSERT_EQUAL(record_program(&request, trace, NULL, &err), ERR_PROCESS);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "--tool lackey"));
    request.tool = TOOL_AUTO;
    if (record_find_program("valgrind", valgrind, &err) == ERR_OK) {
        CU_ASSERT_EQUAL(record_program(&request, trace, &result, &err), ERR_OK);
        CU_ASSERT_EQUAL(result.exit_status, 3);
        CU_ASSERT_PTR_NOT_NULL(strstr(result.note, "script"));
        trace_info_free(&result.info);
    }
    write_program("foreign", foreign, sizeof foreign, path);
    CU_ASSERT_EQUAL(record_program(&request, trace, NULL, &err), ERR_PROCESS);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "another machine"));
    foreign[18] = 62; // says that it is for x86-64, but holds nothing: no tool can start it
    write_program("empty", foreign, sizeof foreign, path);
    request.tool = TOOL_QEMU;
    CU_ASSERT_EQUAL(record_program(&request, trace, NULL, &err), ERR_PROCESS);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "cannot run it"));
}

static void add_tests(const char *name)
{
    CU_pSuite suite = CU_add_suite(name, NULL, NULL);
    CU_add_test(suite, "parallel sort", test_parallel_sort);
    CU_add_test(suite, "matrix product and key value", test_matrix_and_key_value);
    CU_add_test(suite, "cut", test_cut);
    CU_add_test(suite, "one thread is repeatable", test_one_thread_is_repeatable);
    CU_add_test(suite, "trouble", test_trouble);
    CU_add_test(suite, "forks and execs", test_forks_and_execs);
    CU_add_test(suite, "which tool", test_which_tool);
}

// Returns the number of failures; none when something is missing.
static unsigned run_for(const char *guests, const char *needs)
{
    char path[PATH_MAX_BYTES];
    struct err err;
    arch = guests;
    if (record_find_program(needs, path, &err) || access(guest("parallel_sort"), X_OK)) {
        printf("skipped: %s or its guests are not there\n", needs);
        return 0;
    }
    CU_initialize_registry();
    add_tests(needs);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures;
}

int main(void)
{
    if (!getenv("NUMAPLEX_BIN")) {
        puts("skipped: NUMAPLEX_BIN is not set");
        return EXIT_SUCCESS;
    }
    test_folder_make(folder);
    snprintf(trace, sizeof trace, "%s/threads" TRACE_SUFFIX, folder);
    unsigned failures = run_for("", "qemu-x86_64") + run_for("s390x/", "qemu-s390x");
    test_folder_remove(folder);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
