// SPDX-License-Identifier: Apache-2.0
// Lock contention: under each of five kinds of locks, all CPUs together make size= entries (600) into a
// critical section that advances a few numbers of one line. Right if none was lost and the numbers always
// agreed.
#include "tests/guests/zarch/runtime/arguments.h"
#include "tests/guests/zarch/runtime/clock.h"
#include "tests/guests/zarch/runtime/cpu.h"
#include "tests/guests/zarch/runtime/end.h"
#include "tests/guests/zarch/runtime/lock.h"
#include "tests/guests/zarch/runtime/memory.h"
#include "tests/guests/zarch/runtime/parallel.h"
#include "tests/guests/zarch/runtime/place.h"
#include "tests/guests/zarch/runtime/print.h"

enum { NUMBERS = 4, BACKOFF_MAX = 1024 };

// A CPU in the queue of the MCS lock (Mellor-Crummey, Scott 1991): it waits on a line of its own.
struct waiter {
    struct waiter *next;
    bool waits;
} __attribute__((aligned(LINE_BYTES)));

// One set of words for each kind, and apart from them what the lock protects.
struct shared {
    uint8_t test_and_set;
    struct spin_lock spin __attribute__((aligned(LINE_BYTES)));
    struct spin_lock backoff __attribute__((aligned(LINE_BYTES)));
    struct ticket_lock ticket __attribute__((aligned(LINE_BYTES)));
    struct waiter *last __attribute__((aligned(LINE_BYTES)));
    uint64_t numbers[NUMBERS] __attribute__((aligned(LINE_BYTES)));
};

static uint64_t entries;
static struct shared *shared;
static struct waiter *waiters[CPUS_MAX];

// TEST AND SET: returns whether it was set.
static bool test_and_set(uint8_t *byte)
{
    unsigned before = 0;
    __asm__ volatile("ts %1\n\t"
                     "ipm %0\n\t"
                     "srl %0,28"
                     : "=d"(before), "+Q"(*byte)::"cc", "memory");
    return before;
}

// Every try takes the line.
static void enter_test_and_set(void)
{
    while (test_and_set(&shared->test_and_set))
        continue;
}

static void leave_test_and_set(void)
{
    __atomic_store_n(&shared->test_and_set, 0, __ATOMIC_RELEASE);
}

static void enter_spin(void)
{
    spin_lock(&shared->spin);
}

static void leave_spin(void)
{
    spin_unlock(&shared->spin);
}

// After each try in vain, twice the pause.
static void enter_backoff(void)
{
    for (unsigned pause = 4; !spin_try(&shared->backoff); pause = pause < BACKOFF_MAX ? pause * 2 : pause)
        for (unsigned i = 0; i < pause; i++)
            relax();
}

static void leave_backoff(void)
{
    spin_unlock(&shared->backoff);
}

static void enter_ticket(void)
{
    ticket_lock(&shared->ticket);
}

static void leave_ticket(void)
{
    ticket_unlock(&shared->ticket);
}

static void enter_queue(void)
{
    struct waiter *me = waiters[team_member()];
    me->next = NULL;
    me->waits = true;
    struct waiter *before = __atomic_exchange_n(&shared->last, me, __ATOMIC_ACQ_REL);
    if (!before)
        return;
    __atomic_store_n(&before->next, me, __ATOMIC_RELEASE);
    while (__atomic_load_n(&me->waits, __ATOMIC_ACQUIRE))
        continue;
}

static void leave_queue(void)
{
    struct waiter *me = waiters[team_member()], *expected = me,
                  *next = __atomic_load_n(&me->next, __ATOMIC_ACQUIRE);
    if (!next && __atomic_compare_exchange_n(&shared->last, &expected, NULL, false, __ATOMIC_ACQ_REL,
                                             __ATOMIC_RELAXED))
        return;
    while (!next) // somebody is between its two stores
        next = __atomic_load_n(&me->next, __ATOMIC_ACQUIRE);
    __atomic_store_n(&next->waits, false, __ATOMIC_RELEASE);
}

static const struct kind {
    const char *name;
    void (*enter)(void), (*leave)(void);
} kinds[] = {
    {"test-and-set", enter_test_and_set, leave_test_and_set},
    {"spin", enter_spin, leave_spin},
    {"backoff", enter_backoff, leave_backoff},
    {"ticket", enter_ticket, leave_ticket},
    {"queue", enter_queue, leave_queue},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static uint64_t times[KINDS];

static void prepare(unsigned n_cpus)
{
    shared = place_for(0, sizeof *shared);
    memset(shared, 0, sizeof *shared);
    for (unsigned i = 0; i < n_cpus; i++)
        waiters[i] = place_for(i, sizeof *waiters[i]);
}

static void contend(void *nothing)
{
    (void)nothing;
    struct range mine = my_part(entries);
    for (unsigned kind = 0; kind < KINDS; kind++) {
        uint64_t start = clock_now();
        for (uint64_t i = mine.begin; i < mine.end; i++) {
            kinds[kind].enter();
            for (unsigned k = 1; k < NUMBERS; k++)
                CHECK(shared->numbers[k] == shared->numbers[0]);
            for (unsigned k = 0; k < NUMBERS; k++)
                shared->numbers[k]++;
            kinds[kind].leave();
        }
        team_barrier();
        if (team_member() == 0)
            times[kind] = clock_now() - start;
    }
}

static void verify(unsigned n_cpus)
{
    for (unsigned i = 0; i < NUMBERS; i++)
        CHECK(shared->numbers[i] == entries * KINDS);
    for (unsigned kind = 0; kind < KINDS; kind++)
        print("time: %s lock, %u CPUs: %lu ns an entry\n", kinds[kind].name, n_cpus,
              clock_to_ns(times[kind]) / entries);
}

int main(void)
{
    entries = options.size ? options.size : 600;
    static const struct kernel kernel = {"locks", prepare, contend, verify};
    measure(&kernel);
    print("%u kinds, %lu entries each\n", KINDS, entries);
    return 0;
}
