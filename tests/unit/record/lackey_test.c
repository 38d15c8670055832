// SPDX-License-Identifier: Apache-2.0
// The text of valgrind's lackey, whole and in pieces, and text that is none.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/record/lackey.h"
#include "proto/base/assert.h"
#include "proto/base/rng.h"

static const char sample[] =
    "==812== Lackey, an example Valgrind tool\n"
    "==812== Command: sort in.txt\n"
    "==812== Parent PID: 811\n"
    "--812--   SCHED[1]:  acquired lock (thread_wrapper(starting new thread))\n"
    "I  04001090,3\n"
    " L 1ffeffe7e,8\n"
    " S ffFFffffffffff00,16\n"
    "--812--   SCHED[1]: releasing lock (VG_(client_syscall)[async]) -> VgTs_WaitSys\n"
    "--812--   SCHED[27]:  acquired lock (VG_(client_syscall)[async])\n"
    " M 0,512\n"
    "I  ,3\n I 12,3\nIL 12,3\n X 12,3\n L 12\n L 12,\n L 12,0\n L 12,4097\n L 12,3 \n L 12.3\n"
    " L ffffffffffffffff,1\n"
    "valgrind: cannot run it\n"
    "\n"
    "I  ffffffffffffff00,255\n";

// Appends what the events say as text.
static void drain(struct lackey *lackey, char *out, size_t size)
{
    for (enum lackey_event event; (event = lackey_next(lackey)) != LACKEY_NEEDS_TEXT;) {
        size_t used = strlen(out);
        if (event == LACKEY_COMMAND)
            snprintf(out + used, size - used, "command '%s'\n", lackey->command);
        else if (event == LACKEY_THREAD)
            snprintf(out + used, size - used, "thread %u\n", lackey->thread);
        else
            snprintf(out + used, size - used, "%s %llx %u\n", trace_kind_name(lackey->ref.kind),
                     (unsigned long long)lackey->ref.address, lackey->ref.size);
    }
}

static const char expected[] =
    "command 'sort in.txt'\nthread 1\nfetch 4001090 3\nload 1ffeffe7e 8\n"
    "store ffffffffffffff00 16\nthread 27\nmodify 0 512\nfetch ffffffffffffff00 255\n";

// Feeds text in pieces of the given size and compares what comes out.
static void feed(size_t piece)
{
    struct lackey *lackey = calloc(1, sizeof *lackey);
    NP_ASSERT(lackey);
    char out[1024] = "";
    for (size_t at = 0; at < sizeof sample - 1; at += piece) {
        size_t room, bytes = sizeof sample - 1 - at;
        char *to = lackey_room(lackey, &room);
        if (bytes > piece)
            bytes = piece;
        memcpy(to, sample + at, bytes);
        lackey_add(lackey, bytes);
        drain(lackey, out, sizeof out);
    }
    CU_ASSERT_STRING_EQUAL(out, expected);
    CU_ASSERT_STRING_EQUAL(lackey->remark, "valgrind: cannot run it");
    free(lackey);
}

static void test_pieces_of_every_size(void)
{
    for (size_t piece = 1; piece <= sizeof sample; piece++)
        feed(piece);
}

static void test_any_text_is_survived(void)
{
    struct lackey *lackey = calloc(1, sizeof *lackey);
    NP_ASSERT(lackey);
    static const char alphabet[] = "ILSM 0aF9,,\n\n=-\0[x";
    struct rng rng = rng_for(4, 0);
    for (int round = 0; round < 2000; round++) {
        size_t room;
        char *to = lackey_room(lackey, &room);
        size_t bytes = rng_below(&rng, 600) < room ? rng_below(&rng, 600) : room;
        for (size_t i = 0; i < bytes; i++)
            to[i] = alphabet[rng_below(&rng, sizeof alphabet)];
        lackey_add(lackey, bytes);
        for (enum lackey_event event; (event = lackey_next(lackey)) != LACKEY_NEEDS_TEXT;)
            if (event == LACKEY_REF)
                CU_ASSERT_FATAL(lackey->ref.size >= 1 && lackey->ref.size <= TRACE_SIZE_MAX);
    }
    free(lackey);
}

// A line longer than the buffer must neither stop the reader nor be taken for a reference.
static void test_endless_line(void)
{
    struct lackey *lackey = calloc(1, sizeof *lackey);
    NP_ASSERT(lackey);
    size_t room;
    for (int round = 0; round < 5; round++) {
        char *to = lackey_room(lackey, &room);
        CU_ASSERT_TRUE_FATAL(room > 0);
        memset(to, 'x', room);
        lackey_add(lackey, room);
        CU_ASSERT_EQUAL(lackey_next(lackey), LACKEY_NEEDS_TEXT);
    }
    char *to = lackey_room(lackey, &room);
    memcpy(to, "x\nI  10,4\n", 10);
    lackey_add(lackey, 10);
    CU_ASSERT_EQUAL(lackey_next(lackey), LACKEY_REF);
    CU_ASSERT_EQUAL(lackey->ref.address, 0x10);
    free(lackey);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("lackey's text", NULL, NULL);
    CU_add_test(suite, "pieces of every size", test_pieces_of_every_size);
    CU_add_test(suite, "any text is survived", test_any_text_is_survived);
    CU_add_test(suite, "endless line", test_endless_line);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
