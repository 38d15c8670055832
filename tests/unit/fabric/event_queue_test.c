// SPDX-License-Identifier: Apache-2.0
// The event queue against the plainest there is: an unordered list that is searched for its least entry.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <string.h>

#include "fabric/time/event_queue.h"
#include "proto/base/assert.h"
#include "proto/base/rng.h"

enum { KINDS = 8, EVENTS_MAX = 1024, STEPS = 20000 };

struct list {
    uint32_t n;
    struct event items[EVENTS_MAX];
};

static uint32_t least(const struct list *list)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < list->n; i++)
        if (key_before(&list->items[i].key, &list->items[best].key))
            best = i;
    return best;
}

// spread: how far ahead of `now` events may lie; small ones tie often, large ones come far out of order.
static void push_both(struct event_queue *queue, struct list *list, struct rng *rng, sim_time now,
                      uint64_t spread)
{
    static uint64_t sequence; // no two keys are equal
    struct event event = {.key = {now + rng_below(rng, spread), (uint32_t)rng_below(rng, 3),
                                  (uint32_t)rng_below(rng, 3), sequence++},
                          .payload = (uint32_t)rng_below(rng, 1000),
                          .type = (uint32_t)rng_below(rng, KINDS)};
    event_queue_push(queue, &event);
    list->items[list->n++] = event;
}

static sim_time pop_both(struct event_queue *queue, struct list *list)
{
    uint32_t i = least(list);
    struct event expected = list->items[i];
    list->items[i] = list->items[--list->n];
    CU_ASSERT_EQUAL(event_queue_time(queue), expected.key.time);
    struct event event = event_queue_pop(queue);
    CU_ASSERT_EQUAL(memcmp(&event, &expected, sizeof event), 0);
    return event.key.time;
}

static void run(uint64_t seed, uint64_t spread, uint32_t fill)
{
    static struct list list;
    struct event_queue queue;
    struct rng rng = rng_for(seed, spread);
    sim_time now = 0;
    event_queue_init(&queue);
    list.n = 0;
    for (uint32_t step = 0; step < STEPS; step++) {
        bool push = list.n == 0 || (list.n < fill && rng_below(&rng, 3));
        if (push)
            push_both(&queue, &list, &rng, now, spread);
        else
            now = pop_both(&queue, &list);
        if (rng_below(&rng, 2000) == 0)
            event_queue_sort(&queue);
    }
    while (list.n)
        pop_both(&queue, &list);
    CU_ASSERT_EQUAL(event_queue_time(&queue), SIM_NEVER);
    event_queue_free(&queue);
}

static void test_few_with_ties(void)
{
    run(1, 4, 12);
}

static void test_many_nearly_in_order(void)
{
    run(2, 100, 300);
}

static void test_many_far_out_of_order(void)
{
    run(3, 1000000, EVENTS_MAX);
}

static void test_sorted_is_in_order(void)
{
    static struct list list;
    struct event_queue queue;
    struct rng rng = rng_for(4, 4);
    event_queue_init(&queue);
    list.n = 0;
    while (list.n < 500)
        push_both(&queue, &list, &rng, 0, 200);
    event_queue_sort(&queue);
    CU_ASSERT_EQUAL(queue.n, 500);
    for (uint32_t i = 1; i < queue.n; i++)
        CU_ASSERT(key_before(&queue.heap[i - 1].key, &queue.heap[i].key));
    event_queue_free(&queue);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("event queue", NULL, NULL);
    CU_add_test(suite, "few events, many ties", test_few_with_ties);
    CU_add_test(suite, "many events, nearly in order", test_many_nearly_in_order);
    CU_add_test(suite, "many events, far out of order", test_many_far_out_of_order);
    CU_add_test(suite, "sorted for saving", test_sorted_is_in_order);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
