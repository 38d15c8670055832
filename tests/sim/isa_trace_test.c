// SPDX-License-Identifier: Apache-2.0
// An instruction trace says what each instruction did, is the same in every way in which a run can be run,
// and changes nothing: neither time nor any counter.
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"
#include "tests/lib/process.h"
#include "tests/lib/tiny_guest.h"
#include "tests/lib/whole_run.h"

static char root[PATH_MAX_BYTES];
static struct scenario scenario;

static void read_guest(void)
{
    char path[2 * PATH_MAX_BYTES];
    struct err err;
    tiny_guest_write(root);
    snprintf(path, sizeof path, "%s/guest.yaml", root);
    if (scenario_read(path, &scenario, &err))
        exit(err_report(&err));
}

struct way {
    struct whole_options how;
    sim_time save_at;
    struct instruction_trace trace;
};

static void open_way(struct packed *packed, const struct way *way)
{
    struct err err;
    struct packed_options options = {.threads = way->how.threads ? way->how.threads : 1,
                                     .board = {.reference = way->how.reference, .trace = way->trace},
                                     .conductor = {.horizon = {.no_bounds = way->how.no_bounds,
                                                               .stride = 100 * SIM_PS_PER_US,
                                                               .chop = way->how.chop},
                                                   .epoch = 1}};
    CU_ASSERT_EQUAL_FATAL(packed_open(packed, &scenario.machine, &options, &err), ERR_OK);
}

static void run_until(struct packed *packed, sim_time stop)
{
    enum pause_reason reason;
    struct err err;
    CU_ASSERT_EQUAL_FATAL(packed_run(packed, &(struct conductor_stop){.time = stop}, &reason, &err), ERR_OK);
}

static int in_order(const void *one, const void *other)
{
    return text_before(one, other) ? -1 : 1;
}

// All that the boards have written, in order; the caller frees.
static char *text_of(struct packed *packed)
{
    struct text_list all = {0};
    size_t size = 0;
    for (uint32_t b = 0; b < scenario.machine.n_boards; b++)
        board_take_texts(packed->crew.boards[b], true, &all);
    for (uint32_t i = 0; i < all.n; i++)
        size += all.items[i].size;
    char *text = calloc(size + 1, 1), *at = text;
    if (all.n)
        qsort(all.items, all.n, sizeof *all.items, in_order);
    for (uint32_t i = 0; i < all.n; i++, at += all.items[i - 1].size)
        memcpy(at, all.items[i].bytes, all.items[i].size);
    text_list_free(&all);
    return text;
}

static char *run_way(const struct way *way, struct digest *digest)
{
    struct packed packed;
    struct archive saved, loaded;
    open_way(&packed, way);
    if (way->save_at) {
        run_until(&packed, way->save_at);
        ar_init_save(&saved);
        packed_state(&packed, &saved);
        packed_close(&packed);
        open_way(&packed, way);
        ar_init_load(&loaded, saved.bytes, saved.at);
        packed_state(&packed, &loaded);
        CU_ASSERT_FALSE(ar_failed(&loaded));
        ar_free(&saved);
    }
    run_until(&packed, SIM_NEVER);
    *digest = packed_digest(&packed, NULL);
    char *text = text_of(&packed);
    packed_close(&packed);
    return text;
}

#define TRACED                                                                                               \
    {                                                                                                        \
        .on = true, .cpu = TRACE_ALL_CPUS                                                                    \
    }

static bool same(struct digest a, struct digest b)
{
    return a.low == b.low && a.high == b.high;
}

static void test_what_it_says(void)
{
    static const char *const lines[] = {
        "A0 CPU 0    0000000000010000  c04000000028  larl    %r4,0x10050              r4=0000000000010050 "
        "fetch "
        "0x10000 (home_local 110000)\n",
        "A0 CPU 0    0000000000010006  a75900c8      lghi    %r5,200                  r5=00000000000000c8\n",
        "A0 CPU 0    000000000001000a  e31040000004  lg      %r1,0(%r4)               load "
        "0x10050=0000000000000000 (home_local 110000)\n",
        "A0 CPU 0    0000000000010010  b9080015      agr     %r1,%r5                  r1=00000000000000c8 "
        "cc=2\n",
        "A0 CPU 0    0000000000010014  e31040000024  stg     %r1,0(%r4)               store "
        "0x10050=00000000000000c8\n",
        "(home_remote 220000)",
        "A0 CPU 0    000000000001002c  a757ffef      brctg   %r5,0x1000a              r5=0000000000000000\n",
        "lpswe   0(%r6)                   cc=0 mask=0002000180000000 load 0x10040=0002000180000000",
    };
    struct digest digest;
    char *text = run_way(&(struct way){.trace = TRACED}, &digest), *at = text;
    for (size_t i = 0; i < NP_ARRAY_LEN(lines); i++) {
        char *found = strstr(at, lines[i]);
        CU_ASSERT_PTR_NOT_NULL(found);
        at = found ? found : at;
    }
    uint32_t n = 0;
    for (at = text; *at; at++)
        n += *at == '\n';
    CU_ASSERT_EQUAL(n, TINY_GUEST_INSTRUCTIONS); // a line each
    free(text);
}

static void test_the_same_in_every_way(void)
{
    static const struct way ways[] = {
        {.how = {.threads = 2}},
        {.how = {.chop = 3}},
        {.how = {.no_bounds = true, .chop = 8}},
        {.how = {.reference = true}},
    };
    struct digest plain, digest;
    char *none = run_way(&(struct way){0}, &plain), *all = run_way(&(struct way){.trace = TRACED}, &digest);
    CU_ASSERT_STRING_EQUAL(none, "");
    CU_ASSERT_TRUE(same(plain, digest));
    for (size_t i = 0; i < NP_ARRAY_LEN(ways); i++) {
        struct way way = ways[i];
        way.trace = (struct instruction_trace)TRACED;
        char *text = run_way(&way, &digest);
        CU_ASSERT_STRING_EQUAL(text, all);
        CU_ASSERT_TRUE(same(plain, digest));
        free(text);
    }
    free(none);
    free(all);
}

// Traced in one part only, or in both, or not at all: the same machine goes on.
static void test_saved(void)
{
    struct digest plain, digest;
    free(run_way(&(struct way){0}, &plain));
    for (sim_time at = 20 * SIM_PS_PER_US; at < 21 * SIM_PS_PER_US; at += 90 * SIM_PS_PER_NS)
        for (unsigned traced = 0; traced < 2; traced++) {
            struct way way = {.save_at = at, .how = {.chop = traced}};
            way.trace = (struct instruction_trace){.on = traced, .cpu = TRACE_ALL_CPUS};
            free(run_way(&way, &digest));
            CU_ASSERT_TRUE(same(plain, digest));
        }
}

// Another CPU, another partition: nothing.
static void test_others(void)
{
    struct digest digest;
    char *one = run_way(&(struct way){.trace = {.on = true, .cpu = 1}}, &digest);
    CU_ASSERT_STRING_EQUAL(one, "");
    char *other =
        run_way(&(struct way){.trace = {.on = true, .partition = 1, .cpu = TRACE_ALL_CPUS}}, &digest);
    CU_ASSERT_STRING_EQUAL(other, "");
    free(one);
    free(other);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("instruction trace", NULL, NULL);
    CU_add_test(suite, "what it says", test_what_it_says);
    CU_add_test(suite, "the same in every way", test_the_same_in_every_way);
    CU_add_test(suite, "saved", test_saved);
    CU_add_test(suite, "others", test_others);
    test_folder_make(root);
    read_guest();
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    scenario_free(&scenario);
    test_folder_remove(root);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
