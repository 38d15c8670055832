// SPDX-License-Identifier: Apache-2.0
// Results to bytes and back: nothing is forgotten, nothing wrong is let in, zeros cost nothing.
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "proto/codec/results.h"
#include "tests/lib/random_control.h"

static void check_round_trip(struct rng *rng, uint32_t boards, bool full)
{
    struct results in, out;
    struct bytes first = {0}, again = {0};
    struct err err;
    random_results(rng, boards, full, &in);
    results_encode(&in, &first);
    CU_ASSERT_EQUAL_FATAL(results_decode(first.data, first.size, &out, &err), ERR_OK);
    CU_ASSERT_TRUE(results_equal(&in, &out));
    results_encode(&out, &again);
    CU_ASSERT_TRUE(first.size == again.size && memcmp(first.data, again.data, first.size) == 0);
    results_free(&in);
    results_free(&out);
    bytes_free(&first);
    bytes_free(&again);
}

static void test_round_trip(void)
{
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct rng rng = rng_for(seed, 1);
        check_round_trip(&rng, (uint32_t)rng_below(&rng, 6), false);
    }
}

// Results whose figures are all as long as can be, of boards that all moved, are far from the limit of a
// control message.
static void test_largest(void)
{
    struct rng rng = rng_for(1, 1);
    check_round_trip(&rng, BOARDS_MAX, true);
    struct results results;
    struct bytes bytes = {0};
    random_results(&rng, BOARDS_MAX, true, &results);
    results_encode(&results, &bytes);
    CU_ASSERT_TRUE(bytes.size < CONTROL_BYTES_MAX / 4 * 3);
    results_free(&results);
    bytes_free(&bytes);
}

static void test_zeros_cost_nothing(void)
{
    struct results results = {.n_boards = 1, .boards = calloc(1, sizeof *results.boards)};
    struct bytes bytes = {0};
    results_encode(&results, &bytes);
    CU_ASSERT_TRUE(bytes.size < 100);
    results_free(&results);
    bytes_free(&bytes);
}

static void test_truncated_at_every_byte(void)
{
    struct rng rng = rng_for(5, 1);
    struct results in, out;
    struct bytes bytes = {0};
    random_results(&rng, 2, false, &in);
    results_encode(&in, &bytes);
    size_t refused = 0;
    for (size_t size = 0; size < bytes.size; size++) {
        uint8_t *cut = malloc(size + 1);
        memcpy(cut, bytes.data, size);
        struct err err;
        if (results_decode(cut, size, &out, &err)) {
            CU_ASSERT_TRUE(strlen(err.text) > 10);
            CU_ASSERT_PTR_NULL(out.boards);
            refused++;
        }
        results_free(&out);
        free(cut);
    }
    CU_ASSERT_EQUAL(refused,
                    bytes.size); // the host's figures come last: a message without them is incomplete
    results_free(&in);
    bytes_free(&bytes);
}

static void expect_refused(const uint8_t *data, size_t size, const char *says)
{
    struct results out;
    struct err err;
    CU_ASSERT_EQUAL(results_decode(data, size, &out, &err), ERR_DAMAGED_MESSAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, says));
    CU_ASSERT_PTR_NULL(out.boards);
}

static void test_absurd_counts(void)
{
    uint8_t *many = calloc(8000000, 2); // empty boards: two bytes each on the wire, hundreds in memory
    for (size_t i = 0; i < 8000000; i++)
        many[2 * i] = 1 << 3 | 2;
    expect_refused(many, 16000000, "unpacks to more than");
    many[514] = 2 << 3 | 2; // after 257 boards, the host's figures
    expect_refused(many, 516, "257 boards");
    free(many);
    static const uint8_t empty_board[] = {0x0a, 0, 0x12, 0};
    expect_refused(empty_board, sizeof empty_board, "0 counters, where there are");
    static const uint8_t no_host[] = {0x0a, 0};
    expect_refused(no_host, sizeof no_host, "no host figures");
    static const uint8_t no_message[] = {0xff, 0xff, 0xff};
    expect_refused(no_message, sizeof no_message, "no Results message");
}

// One change at a time to results that were right.
static void test_wrong_numbers(void)
{
    struct rng rng = rng_for(9, 1);
    struct results in;
    struct bytes bytes = {0};
    random_results(&rng, 1, false, &in);
    in.boards[0].board = BOARDS_MAX;
    results_encode(&in, &bytes);
    expect_refused(bytes.data, bytes.size, "number 256");
    results_free(&in);
    random_results(&rng, 1, true, &in);
    struct stay good = in.stays[0];
    in.stays[0].partition = PARTITIONS_MAX;
    results_encode(&in, &bytes);
    expect_refused(bytes.data, bytes.size, "board 0, stay 0: partition 256");
    in.stays[0] = good;
    in.stays[0].left = in.stays[0].joined - 1;
    results_encode(&in, &bytes);
    expect_refused(bytes.data, bytes.size, "board 0, stay 0: partition");
    results_free(&in);
    bytes_free(&bytes);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("results codec", NULL, NULL);
    CU_add_test(suite, "round trip", test_round_trip);
    CU_add_test(suite, "largest", test_largest);
    CU_add_test(suite, "zeros cost nothing", test_zeros_cost_nothing);
    CU_add_test(suite, "truncated at every byte", test_truncated_at_every_byte);
    CU_add_test(suite, "absurd counts", test_absurd_counts);
    CU_add_test(suite, "wrong numbers", test_wrong_numbers);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
