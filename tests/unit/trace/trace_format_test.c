// SPDX-License-Identifier: Apache-2.0
// Traces to disk and back: every reference, every position, every stream, in bounded memory.
#include <CUnit/Basic.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/trace/trace_file.h"
#include "proto/trace/trace_reader.h"
#include "proto/trace/trace_writer.h"
#include "tests/lib/random_trace.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static char folder[PATH_MAX_BYTES], path[PATH_MAX_BYTES + 32];

// Reads a stream from the reader's position to its end against its source; returns how many were equal.
static uint64_t compare(struct trace_reader *reader, struct random_trace *source)
{
    struct err err;
    struct trace_ref ref;
    uint64_t equal = 0;
    while (trace_next(reader, &ref, &err) == TRACE_STEP_REF) {
        struct trace_ref expected = random_trace_next(source);
        equal += trace_refs_equal(&ref, &expected);
    }
    return equal;
}

static void test_round_trip(void)
{
    // Lengths around the decoder's chunk of 1024, around a block (some 70,000 of these references), and none.
    static const uint64_t lengths[] = {0, 1, 2, 1023, 1024, 1025, 69000, 300000};
    for (size_t i = 0; i < NP_ARRAY_LEN(lengths); i++) {
        struct err err;
        struct trace_reader *reader;
        struct random_trace source = random_trace(i + 1);
        write_random_trace(path, i + 1, 1, &lengths[i]);
        CU_ASSERT_EQUAL(trace_check(path, &err), ERR_OK);
        CU_ASSERT_EQUAL_FATAL(trace_open(path, 0, &reader, &err), ERR_OK);
        CU_ASSERT_EQUAL(trace_length(reader), lengths[i]);
        CU_ASSERT_EQUAL(compare(reader, &source), lengths[i]);
        CU_ASSERT_EQUAL(trace_position(reader), lengths[i]);
        struct trace_ref ref;
        CU_ASSERT_EQUAL(trace_next(reader, &ref, &err), TRACE_STEP_END);
        trace_close(reader);
    }
}

static void test_streams(void)
{
    // More than the writer keeps open at once, so that blocks are closed early and interleaved.
    uint64_t refs[TRACE_WRITER_OPEN_STREAMS + 8];
    for (uint32_t i = 0; i < NP_ARRAY_LEN(refs); i++)
        refs[i] = 700 * i;
    write_random_trace(path, 77, NP_ARRAY_LEN(refs), refs);
    struct err err;
    struct trace_info info;
    CU_ASSERT_EQUAL(trace_check(path, &err), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(trace_info_read(path, &info, &err), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(info.n_streams, NP_ARRAY_LEN(refs));
    for (uint32_t i = 0; i < NP_ARRAY_LEN(refs); i++) {
        struct trace_reader *reader;
        struct random_trace source = random_trace(77 + i);
        CU_ASSERT_EQUAL_FATAL(trace_open(path, i, &reader, &err), ERR_OK);
        CU_ASSERT_EQUAL(compare(reader, &source), refs[i]);
        trace_close(reader);
        CU_ASSERT_EQUAL(trace_refs_total(info.streams[i].refs), refs[i]);
        CU_ASSERT_EQUAL(info.streams[i].process, i / 2);
        CU_ASSERT_EQUAL(info.streams[i].thread, 1 + i % 2);
    }
    trace_info_free(&info);
    struct trace_reader *none;
    CU_ASSERT_EQUAL(trace_open(path, NP_ARRAY_LEN(refs), &none, &err), ERR_BAD_VALUE);
    CU_ASSERT_PTR_NULL(none);
}

static void test_seek(void)
{
    const uint64_t refs = 200000;
    write_random_trace(path, 5, 1, &refs);
    struct trace_ref *all = malloc(refs * sizeof *all);
    struct random_trace source = random_trace(5);
    for (uint64_t i = 0; i < refs; i++)
        all[i] = random_trace_next(&source);
    struct err err;
    struct trace_reader *reader;
    CU_ASSERT_EQUAL_FATAL(trace_open(path, 0, &reader, &err), ERR_OK);
    struct rng rng = rng_for(5, 1);
    for (int round = 0; round < 200; round++) {
        uint64_t at = round == 0 ? refs - 1 : round == 1 ? 0 : rng_below(&rng, refs);
        CU_ASSERT_EQUAL(trace_seek(reader, at, &err), ERR_OK);
        for (uint64_t i = at; i < refs && i < at + 3000; i++) {
            struct trace_ref ref = {0};
            if (trace_position(reader) != i || trace_next(reader, &ref, &err) != TRACE_STEP_REF ||
                !trace_refs_equal(&ref, &all[i])) {
                CU_FAIL("another reference after a seek");
                break;
            }
        }
    }
    struct trace_ref ref;
    CU_ASSERT_EQUAL(trace_seek(reader, refs, &err), ERR_OK);
    CU_ASSERT_EQUAL(trace_next(reader, &ref, &err), TRACE_STEP_END);
    CU_ASSERT_EQUAL(trace_seek(reader, refs + 1, &err), ERR_BAD_VALUE);
    CU_ASSERT_EQUAL(trace_seek(reader, 7, &err), ERR_OK);
    CU_ASSERT_EQUAL(trace_position(reader), 7);
    trace_close(reader);
    free(all);
}

// The first reference of each block, and its neighbours.
static void test_seek_to_block_borders(void)
{
    const uint64_t refs = 300000;
    write_random_trace(path, 8, 1, &refs);
    struct err err;
    struct trace_contents contents;
    struct trace_reader *reader;
    uint64_t *offsets;
    int fd;
    CU_ASSERT_EQUAL_FATAL(trace_open_file(path, &fd, &contents, &err), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(trace_read_index(fd, path, &contents, 0, &offsets, &err), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(trace_open(path, 0, &reader, &err), ERR_OK);
    CU_ASSERT_TRUE(contents.indexes[0].blocks > 3);
    for (uint32_t i = 0; i < contents.indexes[0].blocks; i++) {
        struct trace_block block;
        CU_ASSERT_EQUAL(trace_read_at(fd, path, offsets[i], &block, sizeof block, &err), ERR_OK);
        for (uint64_t at = block.first - (i > 0); at < block.first + 2; at++) {
            struct random_trace source = random_trace(8);
            for (uint64_t skip = 0; skip < at; skip++)
                random_trace_next(&source);
            CU_ASSERT_EQUAL(trace_seek(reader, at, &err), ERR_OK);
            CU_ASSERT_EQUAL(compare(reader, &source), refs - at);
        }
    }
    trace_close(reader);
    free(offsets);
    close(fd);
    trace_contents_free(&contents);
}

static size_t heap_bytes(void)
{
    struct mallinfo2 heap = mallinfo2();
    return heap.uordblks + heap.hblkhd;
}

static void test_reader_stays_under_a_mebibyte(void)
{
    const uint64_t refs = 1000000;
    write_random_trace(path, 6, 1, &refs);
    struct err err;
    struct trace_reader *reader;
    size_t before = heap_bytes();
    CU_ASSERT_EQUAL_FATAL(trace_open(path, 0, &reader, &err), ERR_OK);
    struct random_trace source = random_trace(6);
    CU_ASSERT_EQUAL(compare(reader, &source), refs);
    size_t used = heap_bytes() - before;
    if (!SANITIZED) // whose allocator does not tell
        CU_ASSERT_TRUE(used > 100000 && used < 1 << 20);
    trace_close(reader);
}

static void test_counts_and_footprint(void)
{
    struct err err;
    struct trace_writer *writer;
    uint32_t stream;
    CU_ASSERT_EQUAL_FATAL(trace_create(path, &writer, &err), ERR_OK);
    trace_add_stream(writer, 0, 1, NULL, &stream, &err);
    const struct trace_ref some[] = {{4096, 4, TRACE_FETCH, 0},
                                     {4160 - 4, 8, TRACE_LOAD, 0},
                                     {8191, 2, TRACE_STORE, 0},
                                     {4096, 64, TRACE_MODIFY, 0},
                                     {1 << 20, 1, TRACE_LOAD, 0}};
    for (size_t i = 0; i < NP_ARRAY_LEN(some); i++)
        trace_put(writer, stream, &some[i], &err);
    struct trace_origin origin = {.skip = 3, .max_refs = 5};
    struct trace_info info;
    CU_ASSERT_EQUAL_FATAL(trace_finish(writer, &origin, &info, &err), ERR_OK);
    CU_ASSERT_EQUAL(info.refs[TRACE_FETCH], 1);
    CU_ASSERT_EQUAL(info.refs[TRACE_LOAD], 2);
    CU_ASSERT_EQUAL(info.refs[TRACE_STORE], 1);
    CU_ASSERT_EQUAL(info.refs[TRACE_MODIFY], 1);
    CU_ASSERT_EQUAL(info.footprint_pages, 3); // 1, 2 and 256
    CU_ASSERT_EQUAL(info.footprint_lines,
                    5); // 64 and 65 of page 1, its last, the first of page 2, one of 256
    CU_ASSERT_EQUAL(info.origin.skip, 3);
    CU_ASSERT_EQUAL(info.origin.max_refs, 5);
    CU_ASSERT_FALSE(info.origin.complete);
    trace_info_free(&info);
}

static void test_sequential_code_is_nearly_free(void)
{
    struct err err;
    struct trace_writer *writer;
    uint32_t stream;
    CU_ASSERT_EQUAL_FATAL(trace_create(path, &writer, &err), ERR_OK);
    trace_add_stream(writer, 0, 1, NULL, &stream, &err);
    for (uint64_t i = 0; i < 1000000; i++)
        trace_put(writer, stream, &(struct trace_ref){0x400000 + 4 * i, 4, TRACE_FETCH, 0}, &err);
    struct trace_info info;
    CU_ASSERT_EQUAL_FATAL(trace_finish(writer, &(struct trace_origin){0}, &info, &err), ERR_OK);
    CU_ASSERT_TRUE(info.file_bytes < 2000);
    trace_info_free(&info);
}

// Traces that an earlier build wrote stay readable: a change of the code that breaks this needs a new
// TRACE_VERSION, and then: unit-trace-format --write tests/fuzz/corpus/trace
static void test_golden(void)
{
    static const uint64_t refs[] = {30, 0, 900};
    char golden[PATH_MAX_BYTES];
    const char *source_folder = getenv("NUMAPLEX_SOURCE");
    snprintf(golden, sizeof golden, "%.900s/tests/fuzz/corpus/trace/three",
             source_folder ? source_folder : ".");
    for (uint32_t i = 0; i < NP_ARRAY_LEN(refs); i++) {
        struct err err;
        struct trace_reader *reader;
        struct random_trace source = random_trace(2 + i);
        CU_ASSERT_EQUAL_FATAL(trace_open(golden, i, &reader, &err), ERR_OK);
        CU_ASSERT_EQUAL(trace_length(reader), refs[i]);
        CU_ASSERT_EQUAL(compare(reader, &source), refs[i]);
        trace_close(reader);
    }
}

// What the trace fuzzer begins with; "three" is the golden trace.
static int write_corpus(const char *to)
{
    static const uint64_t none[] = {0}, few[] = {30}, three[] = {30, 0, 900};
    char name[PATH_MAX_BYTES];
    snprintf(name, sizeof name, "%.900s/empty", to);
    write_random_trace(name, 1, 1, none);
    snprintf(name, sizeof name, "%.900s/one", to);
    write_random_trace(name, 1, 1, few);
    snprintf(name, sizeof name, "%.900s/three", to);
    write_random_trace(name, 2, 3, three);
    return EXIT_SUCCESS;
}

static bool exists(const char *name)
{
    struct stat status;
    return stat(name, &status) == 0;
}

// Until it is finished a trace has no name, and one that had the name before is whole.
static void test_nothing_half_written(void)
{
    struct err err;
    struct trace_writer *writer;
    const uint64_t refs = 10;
    write_random_trace(path, 1, 1, &refs);
    CU_ASSERT_EQUAL_FATAL(trace_create(path, &writer, &err), ERR_OK);
    char part[PATH_MAX_BYTES];
    snprintf(part, sizeof part, "%s", trace_part_name(writer));
    CU_ASSERT_TRUE(exists(part));
    CU_ASSERT_EQUAL(trace_check(part, &err), ERR_DAMAGED_TRACE);
    CU_ASSERT_EQUAL(trace_check(path, &err), ERR_OK);
    trace_abandon(writer);
    CU_ASSERT_FALSE(exists(part));
    CU_ASSERT_EQUAL(trace_check(path, &err), ERR_OK);
    CU_ASSERT_EQUAL(trace_create("/nonexistent/folder/x", &writer, &err), ERR_FILE);
    CU_ASSERT_PTR_NULL(writer);
}

// A disk that takes no more: the limit of a file's size stands for it.
static void test_full_disk(void)
{
    struct rlimit before, small = {4096, 4096};
    getrlimit(RLIMIT_FSIZE, &before);
    small.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    struct err err;
    struct trace_writer *writer;
    uint32_t stream;
    unlink(path);
    CU_ASSERT_EQUAL_FATAL(trace_create(path, &writer, &err), ERR_OK);
    char part[PATH_MAX_BYTES];
    snprintf(part, sizeof part, "%s", trace_part_name(writer));
    trace_add_stream(writer, 0, 1, NULL, &stream, &err);
    struct random_trace source = random_trace(3);
    setrlimit(RLIMIT_FSIZE, &small);
    enum err_code code = ERR_OK;
    for (int i = 0; i < 200000 && !code; i++) {
        struct trace_ref ref = random_trace_next(&source);
        code = trace_put(writer, stream, &ref, &err);
    }
    CU_ASSERT_EQUAL(code, ERR_FILE);
    CU_ASSERT_NOT_EQUAL(trace_finish(writer, &(struct trace_origin){0}, NULL, &err), ERR_OK);
    setrlimit(RLIMIT_FSIZE, &before);
    CU_ASSERT_FALSE(exists(path));
    CU_ASSERT_FALSE(exists(part));
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--write") == 0)
        return write_corpus(argv[2]);
    test_folder(folder);
    snprintf(path, sizeof path, "%s/test" TRACE_SUFFIX, folder);
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("trace format", NULL, NULL);
    CU_add_test(suite, "round trip", test_round_trip);
    CU_add_test(suite, "streams", test_streams);
    CU_add_test(suite, "seek", test_seek);
    CU_add_test(suite, "seek to block borders", test_seek_to_block_borders);
    CU_add_test(suite, "reader stays under a mebibyte", test_reader_stays_under_a_mebibyte);
    CU_add_test(suite, "counts and footprint", test_counts_and_footprint);
    CU_add_test(suite, "sequential code is nearly free", test_sequential_code_is_nearly_free);
    CU_add_test(suite, "golden", test_golden);
    CU_add_test(suite, "nothing half written", test_nothing_half_written);
    CU_add_test(suite, "full disk", test_full_disk);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    unlink(path);
    rmdir(folder);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
