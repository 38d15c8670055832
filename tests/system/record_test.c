// SPDX-License-Identifier: Apache-2.0
// Records real programs with the installed valgrind and qemu-user, each as far as it is there; says so and
// passes when there is none.
#include <CUnit/Basic.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "coordinator/record/cache.h"
#include "coordinator/record/record.h"
#include "proto/base/assert.h"
#include "proto/trace/trace_reader.h"
#include "tests/lib/random_trace.h"

#define NAME_BYTES (PATH_MAX_BYTES + 64)

static char folder[PATH_MAX_BYTES], trace[NAME_BYTES], input[NAME_BYTES], family[NAME_BYTES],
    stubborn[NAME_BYTES];

static enum recording_tool tool;

static struct recording_request request_of(char **argv)
{
    return (struct recording_request){.argv = argv, .tool = tool, .quiet = true};
}

// Names in a folder, without . and ..
static int entries(const char *path)
{
    DIR *list = opendir(path);
    NP_ASSERT(list);
    int n = -2;
    while (readdir(list))
        n++;
    closedir(list);
    return n;
}

static bool is_running(const char *pid, const char *program)
{
    char name[300], text[4096] = "", state = 'Z';
    snprintf(name, sizeof name, "/proc/%s/cmdline", pid);
    FILE *file = fopen(name, "r");
    size_t bytes = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    snprintf(name, sizeof name, "/proc/%s/stat", pid);
    file = fopen(name, "r");
    if (file && fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = 'Z';
    if (file)
        fclose(file);
    // A zombie has ended; it waits for its new parent to look.
    return memmem(text, bytes, program, strlen(program)) && state != 'Z';
}

// Running processes with this program in their command line, valgrind's included.
static int running(const char *program)
{
    DIR *all = opendir("/proc");
    NP_ASSERT(all);
    int n = 0;
    for (const struct dirent *entry; (entry = readdir(all));)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
            n += is_running(entry->d_name, program);
    closedir(all);
    return n;
}

static void write_input(unsigned seed)
{
    FILE *file = fopen(input, "w");
    NP_ASSERT(file);
    struct rng rng = rng_for(seed, 0);
    for (int i = 0; i < 500; i++)
        fprintf(file, "%llu\n", (unsigned long long)rng_below(&rng, 100000));
    fclose(file);
}

static void test_true(void)
{
    char *argv[] = {(char[]){"true"}, NULL};
    struct recording_request request = request_of(argv);
    struct recording_result result;
    struct err err;
    CU_ASSERT_EQUAL_FATAL(record_program(&request, trace, &result, &err), ERR_OK);
    const struct trace_info *info = &result.info;
    CU_ASSERT_EQUAL(result.exit_status, 0);
    CU_ASSERT_TRUE(info->origin.complete && !result.stopped);
    CU_ASSERT_STRING_EQUAL(info->origin.argv, "true");
    CU_ASSERT_EQUAL(info->n_streams, 1);
    // The dynamic loader alone fetches tens of thousands of instructions.
    CU_ASSERT_TRUE(info->refs[TRACE_FETCH] > 20000 && info->refs[TRACE_FETCH] < 5000000);
    CU_ASSERT_TRUE(info->refs[TRACE_LOAD] > info->refs[TRACE_FETCH] / 20);
    CU_ASSERT_TRUE(info->refs[TRACE_STORE] > info->refs[TRACE_FETCH] / 50);
    CU_ASSERT_TRUE(info->refs[TRACE_LOAD] < info->refs[TRACE_FETCH]);
    CU_ASSERT_TRUE(info->footprint_pages > 20 && info->footprint_lines > info->footprint_pages);
    CU_ASSERT_EQUAL(trace_check(trace, &err), ERR_OK);
    trace_info_free(&result.info);
}

static uint64_t refs_of_sort(uint64_t skip, uint64_t max_refs)
{
    char *argv[] = {(char[]){"sort"}, input, NULL};
    struct recording_request request = request_of(argv);
    request.skip = skip;
    request.max_refs = max_refs;
    struct recording_result result = {0};
    struct err err;
    CU_ASSERT_EQUAL_FATAL(record_program(&request, trace, &result, &err), ERR_OK);
    uint64_t refs = trace_refs_total(result.info.refs);
    CU_ASSERT_EQUAL(result.stopped, max_refs > 0);
    trace_info_free(&result.info);
    return refs;
}

static void test_sort_is_repeatable_and_limits_count(void)
{
    write_input(1);
    uint64_t whole = refs_of_sort(0, 0), again = refs_of_sort(0, 0);
    CU_ASSERT_TRUE(whole > 100000);
    // Equal on a quiet host; a program may still see the time or its process id.
    CU_ASSERT_TRUE(again > whole - whole / 100 && again < whole + whole / 100);
    CU_ASSERT_TRUE(refs_of_sort(100000, 0) < whole - 100000 + whole / 100);
    CU_ASSERT_EQUAL(refs_of_sort(0, 12345), 12345);
    CU_ASSERT_EQUAL(refs_of_sort(50000, 12345), 12345);
}

static void test_family(void)
{
    char *argv[] = {family, (char[]){"/bin/true"}, NULL};
    struct recording_request request = request_of(argv);
    struct recording_result result = {0};
    struct err err;
    CU_ASSERT_EQUAL_FATAL(record_program(&request, trace, &result, &err), ERR_OK);
    CU_ASSERT_EQUAL(result.exit_status, 7);
    unsigned programs = 0, threads = 0, processes = 0;
    for (uint32_t i = 0; i < result.info.n_streams; i++) {
        const struct trace_stream *stream = &result.info.streams[i];
        bool is_true = strstr(stream->command, "/bin/true") && !strstr(stream->command, "family");
        programs += is_true && stream->refs[TRACE_FETCH] > 20000;
        threads += stream->process == 0 && stream->thread == 2 &&
                   stream->refs[TRACE_MODIFY] + stream->refs[TRACE_STORE] > 4096;
        processes = stream->process + 1 > processes ? stream->process + 1 : processes;
    }
    CU_ASSERT_EQUAL(programs, 1);
    CU_ASSERT_EQUAL(threads, 1);
    CU_ASSERT_EQUAL(processes, 4); // itself, its child, the grandchild before and after its exec
    CU_ASSERT_EQUAL(trace_check(trace, &err), ERR_OK);
    trace_info_free(&result.info);
}

static void test_stopping_leaves_no_orphan(void)
{
    char *argv[] = {stubborn, NULL};
    struct recording_request request = request_of(argv);
    request.max_refs = 2000000;
    struct recording_result result = {0};
    struct err err;
    CU_ASSERT_EQUAL_FATAL(record_program(&request, trace, &result, &err), ERR_OK);
    CU_ASSERT_TRUE(result.stopped && !result.info.origin.complete);
    CU_ASSERT_EQUAL(trace_refs_total(result.info.refs), request.max_refs);
    CU_ASSERT_TRUE(result.info.n_streams >= 2);
    CU_ASSERT_EQUAL(running(stubborn), 0);
    CU_ASSERT_EQUAL(entries(folder), 2); // the input and the trace: no pipes, no parts
    trace_info_free(&result.info);
}

static void test_cancelling(void)
{
    char *argv[] = {stubborn, NULL};
    struct recording_request request = request_of(argv);
    volatile sig_atomic_t cancel = 1;
    request.cancel = &cancel;
    struct err err;
    unlink(trace);
    CU_ASSERT_EQUAL(record_program(&request, trace, NULL, &err), ERR_INTERRUPTED);
    CU_ASSERT_NOT_EQUAL(access(trace, F_OK), 0);
    request.keep_partial = true;
    CU_ASSERT_EQUAL(record_program(&request, trace, NULL, &err), ERR_INTERRUPTED);
    CU_ASSERT_EQUAL(trace_check(trace, &err), ERR_OK);
    CU_ASSERT_EQUAL(running(stubborn), 0);
}

static void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

// The recorder itself is killed: its guardian ends the program and removes what is half written.
static void test_killed_recorder(void)
{
    unlink(trace);
    pid_t pid = fork();
    if (pid == 0) {
        char *argv[] = {stubborn, NULL};
        struct recording_request request = request_of(argv);
        struct err err;
        _exit((int)record_program(&request, trace, NULL, &err));
    }
    for (int i = 0; i < 6000 && running(stubborn) < 2; i++)
        sleep_ms(10);
    CU_ASSERT_TRUE(running(stubborn) >= 2);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    for (int i = 0; i < 6000 && (running(stubborn) > 0 || entries(folder) > 1); i++)
        sleep_ms(10);
    CU_ASSERT_EQUAL(running(stubborn), 0);
    CU_ASSERT_EQUAL(entries(folder), 1); // the input
}

static void test_refusals(void)
{
    struct err err;
    char *missing[] = {(char[]){"no-such-program-anywhere"}, NULL}, *data[] = {input, NULL};
    struct recording_request request = request_of(missing);
    CU_ASSERT_EQUAL(record_program(&request, trace, NULL, &err), ERR_PROCESS);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "no-such-program-anywhere"));
    request = request_of(data);
    CU_ASSERT_EQUAL(record_program(&request, trace, NULL, &err), ERR_PROCESS);
    char path[8192];
    snprintf(path, sizeof path, "%s", getenv("PATH"));
    char *present[] = {(char[]){"/bin/true"}, NULL};
    request = request_of(present);
    setenv("PATH", "/nonexistent", 1);
    CU_ASSERT_EQUAL(record_program(&request, trace, NULL, &err), ERR_MISSING_TOOL);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(err.text, tool == TOOL_QEMU ? "apt install qemu-user" : "apt install valgrind"));
    setenv("PATH", path, 1);
    CU_ASSERT_NOT_EQUAL(access(trace, F_OK), 0);
    CU_ASSERT_EQUAL(entries(folder), 1);
}

// The program's own output comes through, and nothing else does.
static void test_output_stays_apart(void)
{
    int ends[2];
    NP_ASSERT(pipe(ends) == 0);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        int null = open("/dev/null", O_WRONLY);
        dup2(null, 2);
        char with[16];
        snprintf(with, sizeof with, "%s", recording_tool_names[tool]);
        char *argv[] = {(char[]){"record"}, (char[]){"-t"},   with,           (char[]){"-o"},    trace,
                        (char[]){"--"},     (char[]){"echo"}, (char[]){"-m"}, (char[]){"hello"}, NULL};
        _exit(record_main(9, argv));
    }
    close(ends[1]);
    char text[256] = "";
    size_t used = 0;
    for (ssize_t got;
         used < sizeof text - 1 && (got = read(ends[0], text + used, sizeof text - 1 - used)) > 0;)
        used += (size_t)got;
    close(ends[0]);
    int status = -1;
    waitpid(pid, &status, 0);
    CU_ASSERT_EQUAL(status, 0);
    CU_ASSERT_STRING_EQUAL(text, "-m hello\n");
    struct err err;
    CU_ASSERT_EQUAL(trace_check(trace, &err), ERR_OK);
    unlink(trace);
}

static ino_t inode(const char *path)
{
    struct stat status;
    return stat(path, &status) ? 0 : status.st_ino;
}

static void test_cache(void)
{
    char cache[NAME_BYTES], first[PATH_MAX_BYTES], second[PATH_MAX_BYTES];
    snprintf(cache, sizeof cache, "%s/deep/cache", folder);
    setenv("NUMAPLEX_CACHE", cache, 1);
    write_input(2);
    char *argv[] = {(char[]){"sort"}, input, NULL};
    struct recording_request request = request_of(argv);
    request.max_refs = 100000;
    struct err err;
    CU_ASSERT_EQUAL_FATAL(cache_recording(&request, first, &err), ERR_OK);
    ino_t made = inode(first);
    CU_ASSERT_EQUAL(cache_recording(&request, second, &err), ERR_OK);
    CU_ASSERT_STRING_EQUAL(first, second);
    CU_ASSERT_EQUAL(inode(second), made);
    NP_ASSERT(truncate(first, 1000) == 0); // a damaged one is made anew
    CU_ASSERT_EQUAL(cache_recording(&request, second, &err), ERR_OK);
    CU_ASSERT_EQUAL(trace_check(second, &err), ERR_OK);
    write_input(3); // another input, another recording
    CU_ASSERT_EQUAL(cache_recording(&request, second, &err), ERR_OK);
    CU_ASSERT_STRING_NOT_EQUAL(first, second);
    request.max_refs = 90000;
    CU_ASSERT_EQUAL(cache_recording(&request, second, &err), ERR_OK);
    CU_ASSERT_EQUAL(entries(cache), 4); // three recordings and the lock
    cache_evict(cache, 0, strrchr(second, '/') + 1);
    CU_ASSERT_EQUAL(entries(cache), 2);
    CU_ASSERT_EQUAL(trace_check(second, &err), ERR_OK);
}

static void test_two_at_once_record_once(void)
{
    char *argv[] = {(char[]){"sort"}, input, NULL};
    struct recording_request request = request_of(argv);
    request.max_refs = 80000;
    char path[PATH_MAX_BYTES];
    struct err err;
    pid_t pids[3];
    for (int i = 0; i < 3; i++)
        if ((pids[i] = fork()) == 0)
            _exit(cache_recording(&request, path, &err) ? 1 : 0);
    for (int i = 0; i < 3; i++) {
        int status = -1;
        waitpid(pids[i], &status, 0);
        CU_ASSERT_EQUAL(status, 0);
    }
    CU_ASSERT_EQUAL(cache_recording(&request, path, &err), ERR_OK);
    CU_ASSERT_EQUAL(trace_check(path, &err), ERR_OK);
    cache_evict(getenv("NUMAPLEX_CACHE"), 0, "");
    CU_ASSERT_EQUAL(entries(getenv("NUMAPLEX_CACHE")), 1); // the lock: no parts, no second recording
}

static void prepare(void)
{
    test_folder(folder);
    setenv("TMPDIR", folder, 1);
    snprintf(trace, sizeof trace, "%s/test" TRACE_SUFFIX, folder);
    snprintf(input, sizeof input, "%s/input", folder);
    snprintf(family, sizeof family, "%s/guests/family", getenv("NUMAPLEX_BIN"));
    snprintf(stubborn, sizeof stubborn, "%s/guests/stubborn", getenv("NUMAPLEX_BIN"));
    write_input(1);
}

static void clean_up(void)
{
    char command[2 * NAME_BYTES];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    NP_ASSERT(strstr(folder, "numaplex-test-") && system(command) == 0);
    unsetenv("TMPDIR");
}

static void add_tests(const char *name)
{
    CU_pSuite suite = CU_add_suite(name, NULL, NULL);
    CU_add_test(suite, "true", test_true);
    CU_add_test(suite, "sort is repeatable and limits count", test_sort_is_repeatable_and_limits_count);
    if (tool == TOOL_LACKEY)
        CU_add_test(suite, "family", test_family);
    CU_add_test(suite, "stopping leaves no orphan", test_stopping_leaves_no_orphan);
    CU_add_test(suite, "cancelling", test_cancelling);
    CU_add_test(suite, "killed recorder", test_killed_recorder);
    CU_add_test(suite, "refusals", test_refusals);
    CU_add_test(suite, "output stays apart", test_output_stays_apart);
    CU_add_test(suite, "cache", test_cache);
    CU_add_test(suite, "two at once record once", test_two_at_once_record_once);
}

// Returns the number of failures; none when the tool is not there.
static unsigned run_with(enum recording_tool with, const char *needs)
{
    char path[PATH_MAX_BYTES];
    struct err err;
    tool = with;
    if (record_find_program(needs, path, &err)) {
        printf("skipped: %s is not installed\n", needs);
        return 0;
    }
    prepare();
    CU_initialize_registry();
    add_tests(recording_tool_names[with]);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    clean_up();
    return failures;
}

int main(void)
{
    if (!getenv("NUMAPLEX_BIN")) {
        puts("skipped: NUMAPLEX_BIN is not set");
        return EXIT_SUCCESS;
    }
    unsigned failures = run_with(TOOL_LACKEY, "valgrind") + run_with(TOOL_QEMU, "qemu-x86_64");
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
