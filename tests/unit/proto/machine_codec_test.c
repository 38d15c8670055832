// SPDX-License-Identifier: Apache-2.0
// The machine description to bytes and back: nothing is forgotten, nothing wrong is let in.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/codec/machine.h"
#include "tests/lib/random_control.h"
#include "tests/lib/random_machine.h"

#define SEEDS 150

static void test_round_trip(void)
{
    struct bytes first = {0}, again = {0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct rng rng = rng_for(seed, 1);
        struct machine in, out;
        struct err err;
        random_machine(&rng, &in);
        machine_encode(&in, &first);
        CU_ASSERT_EQUAL_FATAL(machine_decode(first.data, first.size, &out, &err), ERR_OK);
        CU_ASSERT_TRUE(machine_equal(&in, &out));
        machine_encode(&out, &again);
        CU_ASSERT_TRUE(first.size == again.size && memcmp(first.data, again.data, first.size) == 0);
        machine_free(&in);
        machine_free(&out);
    }
    bytes_free(&first);
    bytes_free(&again);
}

// A prefix may be a description that ends early; it must then still obey every rule, or be refused with a
// reason.
static void test_truncated_at_every_byte(void)
{
    struct rng rng = rng_for(7, 1);
    struct machine in, out;
    struct bytes bytes = {0};
    random_machine(&rng, &in);
    machine_encode(&in, &bytes);
    for (size_t size = 0; size < bytes.size; size++) {
        uint8_t *cut = malloc(size + 1); // of its own, so that reading beyond its end is seen
        memcpy(cut, bytes.data, size);
        struct err err;
        if (machine_decode(cut, size, &out, &err) == ERR_OK) {
            CU_ASSERT_PTR_NULL(machine_invalid(&out));
            machine_free(&out);
        } else {
            CU_ASSERT_EQUAL(err.code, ERR_DAMAGED_MESSAGE);
            CU_ASSERT_TRUE(strlen(err.text) > 10);
            CU_ASSERT_PTR_NULL(out.boards);
        }
        free(cut);
    }
    machine_free(&in);
    bytes_free(&bytes);
}

static void test_random_damage(void)
{
    struct bytes bytes = {0};
    uint32_t refused = 0, rounds = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct rng rng = rng_for(seed, 2);
        struct machine in, out;
        struct err err;
        random_machine(&rng, &in);
        for (int round = 0; round < 20; round++, rounds++) {
            machine_encode(&in, &bytes);
            for (uint64_t n = rng_below(&rng, 4) + 1; n > 0; n--)
                bytes.data[rng_below(&rng, bytes.size)] = (uint8_t)rng_next(&rng);
            if (machine_decode(bytes.data, bytes.size, &out, &err) == ERR_OK) {
                CU_ASSERT_PTR_NULL(machine_invalid(&out));
                machine_free(&out);
            } else {
                refused++;
            }
        }
        machine_free(&in);
    }
    CU_ASSERT_TRUE(refused > rounds / 4);
    bytes_free(&bytes);
}

// What makes a random machine wrong, and what the refusal must say.
struct wrong {
    void (*damage)(struct machine *machine);
    const char *says;
};

static void unknown_cpu_kind(struct machine *machine)
{
    machine->cpus[0].kind = (enum cpu_kind)99;
}

static void unknown_pattern(struct machine *machine)
{
    machine->cpus[0].pattern = PATTERN_COUNT;
}

static void unknown_fault(struct machine *machine)
{
    machine->faults[0].kind = (enum fault_kind)7;
}

static void unknown_family(struct machine *machine)
{
    machine->systems[0].family = FAMILY_COUNT;
}

static void unknown_thread(struct machine *machine)
{
    machine->pools[0].what.kind = CPU_POOL;
}

static void no_threads(struct machine *machine)
{
    machine->pools[0].n_threads = 0;
}

static void no_flight(struct machine *machine)
{
    machine->systems[0].flight = 0;
}

static void foreign_segment(struct machine *machine)
{
    machine->partitions[0].segments[0].boards[0] = 999;
}

static void no_partitions(struct machine *machine)
{
    machine->n_partitions = 0;
}

static void test_wrong_machines_are_refused(void)
{
    static const struct wrong wrongs[] = {
        {unknown_cpu_kind, "cpu 0: unknown kind 99"},
        {unknown_pattern, "cpu 0: unknown kind"},
        {unknown_fault, "fault 0: unknown kind 7"},
        {no_flight, "flight is 0"},
        {unknown_family, "system 0: unknown family 4"},
        {unknown_thread, "pool 0: unknown kind 5"},
        {no_threads, "a pool has no threads"},
        {foreign_segment, "outside its partition"},
        {no_partitions, "no partition"},
    };
    struct bytes bytes = {0};
    for (size_t i = 0; i < NP_ARRAY_LEN(wrongs); i++) {
        struct rng rng = rng_for(3, 5);
        struct machine in, out;
        struct err err;
        random_machine(&rng, &in);
        CU_ASSERT_TRUE_FATAL(in.n_cpus > 0 && in.n_faults > 0 && in.n_pools > 0);
        uint32_t n_partitions = in.n_partitions;
        wrongs[i].damage(&in);
        machine_encode(&in, &bytes);
        CU_ASSERT_EQUAL(machine_decode(bytes.data, bytes.size, &out, &err), ERR_DAMAGED_MESSAGE);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, wrongs[i].says));
        in.n_partitions = n_partitions; // all of them own something
        machine_free(&in);
    }
    bytes_free(&bytes);
}

// `count` empty elements of repeated field `field`: two bytes each on the wire, much more in memory.
static void test_absurd_counts(void)
{
    static const struct {
        uint8_t field;
        size_t count;
        const char *says;
    } rows[] = {{5, 17, "17 systems, where 16"},       {6, 257, "257 boards, where 256"},
                {7, 257, "257 partitions, where 256"}, {8, 8193, "8193 cpus, where 8192"},
                {9, 65, "65 links, where 64"},         {10, 65, "65 faults, where 64"},
                {11, 257, "257 pools, where 256"},     {8, 8000000, "unpacks to more than"}};
    for (size_t i = 0; i < NP_ARRAY_LEN(rows); i++) {
        uint8_t *data = calloc(rows[i].count, 2);
        for (size_t k = 0; k < rows[i].count; k++)
            data[2 * k] = (uint8_t)(rows[i].field << 3 | 2);
        struct machine out;
        struct err err;
        CU_ASSERT_EQUAL(machine_decode(data, 2 * rows[i].count, &out, &err), ERR_DAMAGED_MESSAGE);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, rows[i].says));
        free(data);
    }
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("machine codec", NULL, NULL);
    CU_add_test(suite, "round trip", test_round_trip);
    CU_add_test(suite, "truncated at every byte", test_truncated_at_every_byte);
    CU_add_test(suite, "random damage", test_random_damage);
    CU_add_test(suite, "wrong machines are refused", test_wrong_machines_are_refused);
    CU_add_test(suite, "absurd counts", test_absurd_counts);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
