// SPDX-License-Identifier: Apache-2.0
// The lists behind the references: pages in order of first use with their users, symbols in order of address.
#include <CUnit/Basic.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "proto/base/assert.h"
#include "proto/trace/trace_file.h"
#include "proto/trace/trace_writer.h"
#include "tests/lib/random_trace.h"

static char folder[PATH_MAX_BYTES], path[PATH_MAX_BYTES + 32];

static struct trace_writer *begin(const uint32_t *processes, uint32_t n)
{
    struct err err;
    struct trace_writer *writer;
    uint32_t stream;
    NP_ASSERT(trace_create(path, &writer, &err) == ERR_OK);
    for (uint32_t i = 0; i < n; i++)
        NP_ASSERT(trace_add_stream(writer, processes[i], 1 + i, "x", &stream, &err) == ERR_OK);
    return writer;
}

static void put(struct trace_writer *writer, uint32_t stream, uint64_t address, unsigned kind)
{
    struct err err;
    struct trace_ref ref = {address, 4, (uint8_t)kind, kind == TRACE_SYNC};
    NP_ASSERT(trace_put(writer, stream, &ref, &err) == ERR_OK);
}

static void finish(struct trace_writer *writer)
{
    struct err err;
    NP_ASSERT(trace_finish(writer, &(struct trace_origin){0}, NULL, &err) == ERR_OK);
    CU_ASSERT_EQUAL(trace_check(path, &err), ERR_OK);
}

static bool is_page(const struct trace_touched *page, uint64_t number, uint32_t process, uint32_t stream,
                    bool shared)
{
    return page->page == number && page->process == process && page->first_stream == stream &&
           page->shared == shared;
}

static void test_pages(void)
{
    struct trace_writer *writer = begin((const uint32_t[]){0, 0, 1}, 3);
    put(writer, 1, 9 * PAGE_BYTES, TRACE_LOAD);
    put(writer, 0, 10 * PAGE_BYTES - 2, TRACE_STORE); // into pages 9 and 10
    put(writer, 2, 9 * PAGE_BYTES, TRACE_FETCH);      // another process, so not shared
    put(writer, 0, UINT64_MAX - 4, TRACE_PEEK);
    put(writer, 0, 0, TRACE_SYNC);
    put(writer, 1, 4, TRACE_LOAD);
    put(writer, 0, 11 * PAGE_BYTES, TRACE_LOAD);
    finish(writer);
    struct trace_touched *pages;
    struct err err;
    uint32_t n;
    CU_ASSERT_EQUAL_FATAL(trace_pages_read(path, &pages, &n, &err), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(n, 6);
    CU_ASSERT_TRUE(is_page(&pages[0], 9, 0, 1, true));
    CU_ASSERT_TRUE(is_page(&pages[1], 10, 0, 0, false));
    CU_ASSERT_TRUE(is_page(&pages[2], 9, 1, 2, false));
    CU_ASSERT_TRUE(is_page(&pages[3], UINT64_MAX / PAGE_BYTES, 0, 0, false));
    CU_ASSERT_TRUE(is_page(&pages[4], 0, 0, 0, true));
    CU_ASSERT_TRUE(is_page(&pages[5], 11, 0, 0, false));
    free(pages);
}

static void test_words(void)
{
    struct trace_writer *writer = begin((const uint32_t[]){1, 0}, 2);
    for (uint64_t i = 1000; i-- > 0;)
        put(writer, i % 2, i * 12, TRACE_SYNC);
    put(writer, 1, UINT64_MAX - 7, TRACE_SYNC);
    put(writer, 1, 0, TRACE_SYNC);
    put(writer, 1, 4, TRACE_PEEK);
    finish(writer);
    struct trace_word *words;
    struct err err;
    uint32_t n;
    CU_ASSERT_EQUAL_FATAL(trace_words_read(path, &words, &n, &err), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(n, 1002);
    CU_ASSERT(words[0].process == 0 && words[0].address == 0);
    for (uint64_t i = 0; i < 500; i++) {
        CU_ASSERT(words[1 + i].process == 0 && words[1 + i].address == (2 * i + 1) * 12);
        CU_ASSERT(words[502 + i].process == 1 && words[502 + i].address == 2 * i * 12);
    }
    CU_ASSERT(words[501].process == 0 && words[501].address == UINT64_MAX - 7);
    free(words);
}

static void test_symbols(void)
{
    static const struct trace_symbol in[] = {{0x500, 8, 1, "late"},
                                             {UINT64_MAX - 8, 8, 0, "end"},
                                             {0x400, 0, 0, "main"},
                                             {0x400, 16, 0, ""},
                                             {0x300, 1, 1, "n"}};
    static const uint32_t order[] = {2, 3, 1, 4, 0};
    struct trace_writer *writer = begin((const uint32_t[]){1, 0}, 2);
    struct err err;
    for (size_t i = 0; i < NP_ARRAY_LEN(in); i++)
        CU_ASSERT_EQUAL(trace_put_symbol(writer, &in[i], &err), ERR_OK);
    finish(writer);
    struct trace_symbol *symbols;
    struct trace_touched *pages;
    uint32_t n;
    CU_ASSERT_EQUAL_FATAL(trace_symbols_read(path, &symbols, &n, &err), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(n, NP_ARRAY_LEN(in));
    for (uint32_t i = 0; i < n; i++) {
        const struct trace_symbol *expected = &in[order[i]];
        CU_ASSERT_EQUAL(symbols[i].address, expected->address);
        CU_ASSERT_EQUAL(symbols[i].bytes, expected->bytes);
        CU_ASSERT_EQUAL(symbols[i].process, expected->process);
        CU_ASSERT_STRING_EQUAL(symbols[i].name, expected->name);
    }
    free(symbols);
    CU_ASSERT_EQUAL(trace_pages_read(path, &pages, &n, &err), ERR_OK);
    CU_ASSERT_EQUAL(n, 0);
    CU_ASSERT_PTR_NULL(pages);
}

static void test_limits(void)
{
    struct trace_writer *writer = begin((const uint32_t[]){0}, 1);
    struct trace_symbol symbol = {0x1000, 4, 0, "again"};
    struct err err;
    enum err_code code = ERR_OK;
    uint32_t taken = 0;
    for (; !code && taken <= TRACE_SYMBOLS_MAX; taken += !code)
        code = trace_put_symbol(writer, &symbol, &err);
    CU_ASSERT_EQUAL(code, ERR_LIMIT);
    CU_ASSERT_EQUAL(taken, TRACE_SYMBOLS_MAX);
    trace_abandon(writer);
}

// Changes the information part of the trace in place, with checksums put right: what trace_check must see
// although no checksum does. `at` counts from the part's end.
static void change(size_t at, uint8_t to)
{
    uint8_t bytes[4096];
    struct trace_tail tail;
    int fd = open(path, O_RDWR);
    ssize_t size = pread(fd, bytes, sizeof bytes, 0);
    NP_ASSERT(fd >= 0 && size > (ssize_t)sizeof tail && size < (ssize_t)sizeof bytes);
    size_t end = (size_t)size - sizeof tail;
    memcpy(&tail, bytes + end, sizeof tail);
    bytes[end - at] = to;
    tail.info_checksum = XXH3_64bits(bytes + tail.info_offset, tail.info_bytes);
    tail.checksum = trace_tail_checksum(&tail);
    memcpy(bytes + end, &tail, sizeof tail);
    NP_ASSERT(pwrite(fd, bytes, (size_t)size, 0) == size);
    close(fd);
}

// The last fields of the information part: count, raw bytes, packed bytes and checksum of pages, then of
// words, of symbols: 28 bytes each.
static void test_lists_that_contradict(void)
{
    static const size_t counts[] = {84, 56, 28, 80, 52, 24, 72, 44, 16, 64, 36, 8};
    for (size_t i = 0; i < NP_ARRAY_LEN(counts); i++) {
        struct trace_writer *writer = begin((const uint32_t[]){0}, 1);
        struct err err;
        put(writer, 0, 0x1000, TRACE_LOAD);
        put(writer, 0, 0x5000, TRACE_SYNC);
        CU_ASSERT_EQUAL(trace_put_symbol(writer, &(struct trace_symbol){1, 2, 0, "a"}, &err), ERR_OK);
        finish(writer);
        change(counts[i], 100);
        CU_ASSERT_EQUAL(trace_check(path, &err), ERR_DAMAGED_TRACE);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "list"));
    }
}

int main(void)
{
    test_folder(folder);
    snprintf(path, sizeof path, "%s/test" TRACE_SUFFIX, folder);
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("trace lists", NULL, NULL);
    CU_add_test(suite, "pages", test_pages);
    CU_add_test(suite, "words", test_words);
    CU_add_test(suite, "symbols", test_symbols);
    CU_add_test(suite, "limits", test_limits);
    CU_add_test(suite, "lists that contradict", test_lists_that_contradict);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    unlink(path);
    rmdir(folder);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
