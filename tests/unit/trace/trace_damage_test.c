// SPDX-License-Identifier: Apache-2.0
// A damaged trace is refused and never read wrongly: cut at every byte, each byte changed, random bytes as
// code.
#include <CUnit/Basic.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/trace/trace_code.h"
#include "proto/trace/trace_file.h"
#include "proto/trace/trace_reader.h"
#include "tests/lib/random_trace.h"

#define SEED 9
static const uint64_t refs[] = {400, 300, 0};
#define STREAMS (uint32_t) NP_ARRAY_LEN(refs)

static char folder[PATH_MAX_BYTES], good_path[PATH_MAX_BYTES + 32], bad_path[PATH_MAX_BYTES + 32];
static uint8_t *good;
static size_t good_bytes;

static void store(const char *path, const uint8_t *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    NP_ASSERT(file && fwrite(bytes, 1, size, file) == size);
    fclose(file);
}

static void make_good(void)
{
    write_random_trace(good_path, SEED, STREAMS, refs);
    FILE *file = fopen(good_path, "rb");
    good = malloc(1 << 20);
    NP_ASSERT(file && good);
    good_bytes = fread(good, 1, 1 << 20, file);
    fclose(file);
    NP_ASSERT(good_bytes < 1 << 20);
}

static bool pages_equal(const struct trace_touched *a, const struct trace_touched *b, uint32_t n)
{
    bool equal = true;
    for (uint32_t i = 0; i < n; i++)
        equal = equal && a[i].page == b[i].page && a[i].process == b[i].process &&
                a[i].first_stream == b[i].first_stream && a[i].shared == b[i].shared;
    return equal;
}

static bool symbols_equal(const struct trace_symbol *a, const struct trace_symbol *b, uint32_t n)
{
    bool equal = true;
    for (uint32_t i = 0; i < n; i++)
        equal = equal && a[i].address == b[i].address && a[i].bytes == b[i].bytes &&
                a[i].process == b[i].process && strcmp(a[i].name, b[i].name) == 0;
    return equal;
}

static bool words_equal(const struct trace_word *a, const struct trace_word *b, uint32_t n)
{
    bool equal = true;
    for (uint32_t i = 0; i < n; i++)
        equal = equal && a[i].address == b[i].address && a[i].process == b[i].process;
    return equal;
}

// The lists against those of the good file, which are kept from the first call on.
static bool lists_right(bool *failed)
{
    static struct trace_touched *good_pages;
    static struct trace_word *good_words;
    static struct trace_symbol *good_symbols;
    static uint32_t n_pages, n_words, n_symbols;
    struct trace_touched *pages;
    struct trace_word *words;
    struct trace_symbol *symbols;
    struct err err;
    uint32_t n;
    if (!good_pages)
        NP_ASSERT(!trace_pages_read(good_path, &good_pages, &n_pages, &err) &&
                  !trace_words_read(good_path, &good_words, &n_words, &err) &&
                  !trace_symbols_read(good_path, &good_symbols, &n_symbols, &err));
    bool right = true;
    if (trace_pages_read(bad_path, &pages, &n, &err))
        *failed = true;
    else
        right = n == n_pages && pages_equal(pages, good_pages, n);
    free(pages);
    right = right && (!err.code || (err.code == ERR_DAMAGED_TRACE && strstr(err.text, "byte")));
    if (trace_words_read(bad_path, &words, &n, &err))
        *failed = true;
    else
        right = right && n == n_words && words_equal(words, good_words, n);
    free(words);
    if (trace_symbols_read(bad_path, &symbols, &n, &err))
        *failed = true;
    else
        right = right && n == n_symbols && symbols_equal(symbols, good_symbols, n);
    free(symbols);
    return right && (!err.code || err.code == ERR_DAMAGED_TRACE);
}

// Reads all streams of the bad file. Returns whether everything that was read is right; *failed when any
// error came.
static bool reads_right(bool *failed)
{
    *failed = false;
    bool right = true;
    for (uint32_t i = 0; i < STREAMS; i++) {
        struct err err;
        struct trace_reader *reader;
        if (trace_open(bad_path, i, &reader, &err)) {
            *failed = true;
            right = right && err.code == ERR_DAMAGED_TRACE && strstr(err.text, bad_path) &&
                    strstr(err.text, "byte");
            continue;
        }
        struct random_trace source = random_trace(SEED + i);
        struct trace_ref ref;
        enum trace_step step;
        uint64_t count = 0;
        for (; (step = trace_next(reader, &ref, &err)) == TRACE_STEP_REF; count++) {
            struct trace_ref expected = random_trace_next(&source);
            right = right && trace_refs_equal(&ref, &expected);
        }
        *failed = *failed || step == TRACE_STEP_FAILED;
        right = right && (step == TRACE_STEP_FAILED ? err.code == ERR_DAMAGED_TRACE : count == refs[i]);
        right = right && trace_next(reader, &ref, &err) == step;
        trace_close(reader);
    }
    return lists_right(failed) && right;
}

static void test_cut_at_every_byte(void)
{
    store(bad_path, good, good_bytes);
    bool failed;
    CU_ASSERT_TRUE(reads_right(&failed) && !failed);
    for (size_t size = good_bytes; size-- > 0;) {
        NP_ASSERT(truncate(bad_path, (off_t)size) == 0);
        bool right = reads_right(&failed);
        if (!right || !failed)
            CU_FAIL_FATAL("a cut trace was read");
    }
}

static void test_each_byte_changed(void)
{
    struct rng rng = rng_for(SEED, 100);
    store(bad_path, good, good_bytes);
    int fd = open(bad_path, O_WRONLY);
    for (size_t i = 0; i < good_bytes; i++) {
        uint8_t changed = good[i] ^ (uint8_t)(1 + rng_below(&rng, 255));
        NP_ASSERT(pwrite(fd, &changed, 1, (off_t)i) == 1);
        bool failed;
        struct err err;
        if (!reads_right(&failed) || !failed || trace_check(bad_path, &err) != ERR_DAMAGED_TRACE) {
            fprintf(stderr, "byte %zu\n", i);
            CU_FAIL_FATAL("a changed byte went unnoticed");
        }
        NP_ASSERT(pwrite(fd, &good[i], 1, (off_t)i) == 1);
    }
    close(fd);
}

static void test_bytes_added(void)
{
    uint8_t *longer = calloc(1, good_bytes + 1);
    memcpy(longer, good, good_bytes);
    store(bad_path, longer, good_bytes + 1);
    free(longer);
    struct err err;
    CU_ASSERT_EQUAL(trace_check(bad_path, &err), ERR_DAMAGED_TRACE);
}

static void expect_in_range(const struct trace_decoder *decoder)
{
    const struct trace_run *run = decoder->run;
    uint64_t fetched = 0, data = 0;
    for (uint32_t i = 0; i < run->n_items; i++) {
        uint32_t size = decoder->items[i].size ? decoder->items[i].size : decoder->loose_size;
        bool fetch = decoder->items[i].kind == TRACE_FETCH;
        uint64_t address = fetch ? run->start + fetched : decoder->address[data];
        fetched += fetch ? size : 0;
        data += !fetch;
        if (decoder->items[i].kind >= TRACE_KIND_COUNT || size < 1 || size > TRACE_SIZE_MAX ||
            address > UINT64_MAX - size)
            CU_FAIL_FATAL("a reference out of range");
    }
    CU_ASSERT_FATAL(data == run->n_data);
}

// A block whose checksum is right but whose contents are not ours: the decoder must not trust it.
static void test_random_bytes_as_code(void)
{
    struct rng rng = rng_for(SEED, 101);
    static struct trace_decoder decoder;
    uint64_t runs = 0;
    for (int round = 0; round < 20000; round++) {
        uint8_t bytes[64 + TRACE_CODE_BYTES_MAX] = {0};
        size_t size = 1 + rng_below(&rng, 64);
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)rng_next(&rng);
        const uint8_t *at = bytes;
        trace_decoder_init(&decoder);
        for (; trace_decode(&decoder, &at, bytes + size); runs++)
            expect_in_range(&decoder);
    }
    CU_ASSERT(runs > 100); // some of it makes sense
}

static void test_no_trace_at_all(void)
{
    struct err err;
    struct trace_info info;
    CU_ASSERT_EQUAL(trace_info_read("/nonexistent.nptrace", &info, &err), ERR_FILE);
    CU_ASSERT_EQUAL(trace_info_read(folder, &info, &err), ERR_FILE);
    store(bad_path, (const uint8_t *)"", 0);
    CU_ASSERT_EQUAL(trace_info_read(bad_path, &info, &err), ERR_DAMAGED_TRACE);
    store(bad_path, (const uint8_t *)"# a scenario\nname: x\n", 21);
    CU_ASSERT_EQUAL(trace_info_read(bad_path, &info, &err), ERR_DAMAGED_TRACE);
    uint8_t newer[1024] = {0};
    memcpy(newer, good, sizeof(struct trace_head));
    for (uint8_t version = 1; version <= TRACE_VERSION + 1; version += TRACE_VERSION) {
        newer[8] = version;
        store(bad_path, newer, sizeof newer);
        CU_ASSERT_EQUAL(trace_info_read(bad_path, &info, &err), ERR_DAMAGED_TRACE);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, version == 1 ? "version 1" : "version 3"));
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "numaplex record"));
    }
}

int main(void)
{
    test_folder(folder);
    snprintf(good_path, sizeof good_path, "%s/good" TRACE_SUFFIX, folder);
    snprintf(bad_path, sizeof bad_path, "%s/bad" TRACE_SUFFIX, folder);
    make_good();
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("trace damage", NULL, NULL);
    CU_add_test(suite, "cut at every byte", test_cut_at_every_byte);
    CU_add_test(suite, "each byte changed", test_each_byte_changed);
    CU_add_test(suite, "bytes added", test_bytes_added);
    CU_add_test(suite, "random bytes as code", test_random_bytes_as_code);
    CU_add_test(suite, "no trace at all", test_no_trace_at_all);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    free(good);
    unlink(good_path);
    unlink(bad_path);
    rmdir(folder);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
