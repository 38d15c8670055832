// SPDX-License-Identifier: Apache-2.0
// The plugin's synchronisation words without qemu: two threads of a program by hand, the rings as the
// recorder sees them, and the recorder's order of them.
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "coordinator/record/plugin/qemu_plugin.h"
#include "coordinator/record/plugin/words.h"
#include "coordinator/record/sync_order.h"

#define WORD UINT64_C(0x10000)

static struct vcpu one, other;

// What qemu would answer.
uint64_t qemu_plugin_start_code(void)
{
    return 0x400000;
}

static int prepare(void)
{
    int fd = memfd_create("test", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, sizeof *exchange))
        return 1;
    struct exchange *view = mmap(NULL, sizeof *view, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    view->version = EXCHANGE_VERSION;
    munmap(view, sizeof *view);
    if (!stream_open(fd))
        return 1;
    stream_announce(&one, 0);
    stream_announce(&other, 0);
    stream_make_room(&one, 1);
    stream_make_room(&other, 1);
    return exchange->start_code != 0x400000;
}

static struct trace_ref last(const struct vcpu *vcpu, unsigned back)
{
    return vcpu->ring[(vcpu->written - 1 - back) % EXCHANGE_RING];
}

static bool is(struct trace_ref ref, enum trace_kind kind, uint64_t address, unsigned size, uint32_t version)
{
    return ref.kind == kind && ref.address == address && ref.size == size && ref.version == version;
}

static void test_stores_step_and_loads_peek(void)
{
    CU_ASSERT_FALSE(words_touched(WORD, 4));
    words_sync(&one, WORD, 4);
    CU_ASSERT_TRUE(is(last(&one, 0), TRACE_SYNC, WORD, TRACE_WORD, 1));
    CU_ASSERT_TRUE(words_touched(WORD - 2, 4) && words_touched(WORD + 3, 1));
    CU_ASSERT_FALSE(words_touched(WORD + 64, 8));
    words_load(&one, WORD, 4); // its own write
    CU_ASSERT_TRUE(is(last(&one, 0), TRACE_PEEK, WORD, 4, 0));
    words_load(&other, WORD, 4); // another thread's
    CU_ASSERT_TRUE(is(last(&other, 0), TRACE_SYNC, WORD, TRACE_WORD, 2));
    words_load(&other, WORD, 2); // seen by now
    CU_ASSERT_TRUE(is(last(&other, 0), TRACE_PEEK, WORD, 2, 0));
    words_load(&one, WORD, 4); // reading is no news
    CU_ASSERT_TRUE(is(last(&one, 0), TRACE_PEEK, WORD, 4, 0));
    words_store(&one, WORD + 1, 1); // one byte of it
    CU_ASSERT_TRUE(is(last(&one, 0), TRACE_SYNC, WORD, TRACE_WORD, 3));
}

static void test_wide_accesses_are_split(void)
{
    words_store(&one, WORD - 8, 16);
    CU_ASSERT_TRUE(is(last(&one, 2), TRACE_STORE, WORD - 8, 8, 0));
    CU_ASSERT_TRUE(is(last(&one, 1), TRACE_SYNC, WORD, TRACE_WORD, 4));
    CU_ASSERT_TRUE(is(last(&one, 0), TRACE_STORE, WORD + 4, 4, 0));
    words_sync(&one, WORD + 16, 8); // two words
    CU_ASSERT_TRUE(is(last(&one, 1), TRACE_SYNC, WORD + 16, TRACE_WORD, 1));
    CU_ASSERT_TRUE(is(last(&one, 0), TRACE_SYNC, WORD + 20, TRACE_WORD, 1));
    words_load(&one, WORD + 10, 8);
    CU_ASSERT_TRUE(is(last(&one, 1), TRACE_LOAD, WORD + 10, 6, 0));
    CU_ASSERT_TRUE(is(last(&one, 0), TRACE_PEEK, WORD + 16, 2, 0));
}

static void test_the_lock_is_given_up_not_waited_for(void)
{
    words_take(&one);
    words_take(&other);
    CU_ASSERT_TRUE(one.orders && !other.orders);
    words_give(&other); // gives nothing that it does not have
    words_take(&other);
    CU_ASSERT_FALSE(other.orders);
    words_give(&one);
    words_take(&other);
    CU_ASSERT_TRUE(other.orders);
    words_give(&other);
}

static void test_a_fork_begins_anew(void)
{
    stream_forked(&one);
    words_forget_versions();
    words_store(&one, WORD, 4);
    CU_ASSERT_TRUE(is(last(&one, 0), TRACE_SYNC, WORD, TRACE_WORD, 1));
    CU_ASSERT_EQUAL(one.slot->process, 1);
    CU_ASSERT_EQUAL(one.slot->thread, 1);
}

static enum sync_turn take(struct sync_order *order, uint32_t process, uint64_t word, uint32_t version,
                           bool skip, uint32_t *made)
{
    struct trace_ref ref = {.address = word, .size = TRACE_WORD, .kind = TRACE_SYNC, .version = version};
    enum sync_turn turn = sync_order_take(order, process, &ref, skip);
    *made = ref.version;
    return turn;
}

static void test_the_recorder_takes_versions_in_order(void)
{
    struct sync_order order = {0};
    uint32_t made;
    CU_ASSERT_EQUAL(take(&order, 0, WORD, 2, false, &made), SYNC_LATER);
    CU_ASSERT_EQUAL(take(&order, 0, WORD, 1, true, &made), SYNC_NOW);
    CU_ASSERT_EQUAL(take(&order, 0, WORD, 2, false, &made), SYNC_NOW);
    CU_ASSERT_EQUAL(made, 1); // the first one that is not skipped
    CU_ASSERT_EQUAL(take(&order, 0, WORD, 2, false, &made), SYNC_LATER);
    CU_ASSERT_EQUAL(take(&order, 1, WORD, 1, false, &made), SYNC_NOW); // another process
    for (uint64_t i = 1; i <= 5000; i++)                               // the table grows
        CU_ASSERT_EQUAL(take(&order, 0, WORD + 4 * i, 1, false, &made), SYNC_NOW);
    CU_ASSERT_EQUAL(take(&order, 0, WORD, 3, false, &made), SYNC_NOW);
    CU_ASSERT_EQUAL(made, 2);
    sync_order_free(&order);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("synchronisation words", prepare, NULL);
    CU_add_test(suite, "stores step and loads peek", test_stores_step_and_loads_peek);
    CU_add_test(suite, "wide accesses are split", test_wide_accesses_are_split);
    CU_add_test(suite, "the lock is given up", test_the_lock_is_given_up_not_waited_for);
    CU_add_test(suite, "a fork begins anew", test_a_fork_begins_anew);
    CU_add_test(suite, "versions in order", test_the_recorder_takes_versions_in_order);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures() + CU_get_number_of_suites_failed();
    CU_cleanup_registry();
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
