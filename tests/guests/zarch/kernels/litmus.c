// SPDX-License-Identifier: Apache-2.0
// Memory order, by litmus tests of size= rounds (200) each between CPUs 0 and 1 (IRIW: 0 to 3). Allowed is
// what the architecture allows: only that a store may be seen by others after loads that follow it in its
// program. How often that was seen is a line `time:`; with too few CPUs nothing can be. What is forbidden
// must never be seen:
//
//   SB      x = 1; a = y    ||  y = 1; b = x              a == 0 and b == 0, if both serialise in between
//   MP      x = 1; y = 1    ||  a = y; b = x              a == 1 and b == 0
//   LB      a = x; y = 1    ||  b = y; x = 1              a == 1 and b == 1
//   CoRR    x = 1           ||  a = x; b = x              a == 1 and b == 0
//   2+2W    x = 1; y = 2    ||  y = 1; x = 2              x == 1 and y == 1 at the end
//   IRIW    x = 1  ||  y = 1  ||  a = x; b = y  ||  c = y; d = x      a == 1, b == 0, c == 1, d == 0
#include "tests/guests/zarch/runtime/arguments.h"
#include "tests/guests/zarch/runtime/cpu.h"
#include "tests/guests/zarch/runtime/end.h"
#include "tests/guests/zarch/runtime/memory.h"
#include "tests/guests/zarch/runtime/parallel.h"
#include "tests/guests/zarch/runtime/place.h"
#include "tests/guests/zarch/runtime/print.h"
#include "tests/guests/zarch/runtime/random.h"

enum { THREADS_MAX = 4 };

// The words of one round, on lines of their own; what each CPU loaded is stored on its own line.
struct round {
    uint64_t x __attribute__((aligned(LINE_BYTES)));
    uint64_t y __attribute__((aligned(LINE_BYTES)));
    struct {
        uint64_t a, b;
    } __attribute__((aligned(LINE_BYTES))) loaded[THREADS_MAX];
};

#define LOAD(word)         __atomic_load_n(&(word), __ATOMIC_RELAXED)
#define STORE(word, value) __atomic_store_n(&(word), value, __ATOMIC_RELAXED)

static inline void serialise_fast(void)
{
#if __ARCH__ >= 9
    __asm__ volatile("bcr 14,0" ::: "memory"); // fast-BCR-serialization facility
#else
    serialise();
#endif
}

static void store_buffering(struct round *round, unsigned thread, void (*between)(void))
{
    if (thread == 0) {
        STORE(round->x, 1);
        between();
        round->loaded[0].a = LOAD(round->y);
    } else {
        STORE(round->y, 1);
        between();
        round->loaded[1].a = LOAD(round->x);
    }
}

static void sb(struct round *round, unsigned thread)
{
    store_buffering(round, thread, relax);
}

static void sb_15(struct round *round, unsigned thread)
{
    store_buffering(round, thread, serialise);
}

static void sb_14(struct round *round, unsigned thread)
{
    store_buffering(round, thread, serialise_fast);
}

static bool sb_seen(const struct round *round)
{
    return round->loaded[0].a == 0 && round->loaded[1].a == 0;
}

static void read_in_order(const uint64_t *first, const uint64_t *second, uint64_t *a, uint64_t *b)
{
    uint64_t value = LOAD(*first);
    relax();
    *b = LOAD(*second);
    *a = value;
}

static void mp(struct round *round, unsigned thread)
{
    if (thread == 0) {
        STORE(round->x, 1);
        relax();
        STORE(round->y, 1);
    } else {
        read_in_order(&round->y, &round->x, &round->loaded[1].a, &round->loaded[1].b);
    }
}

static void corr(struct round *round, unsigned thread)
{
    if (thread == 0) {
        STORE(round->x, 1);
    } else {
        read_in_order(&round->x, &round->x, &round->loaded[1].a, &round->loaded[1].b);
    }
}

static bool second_saw_new_then_old(const struct round *round)
{
    return round->loaded[1].a == 1 && round->loaded[1].b == 0;
}

static void lb(struct round *round, unsigned thread)
{
    uint64_t a = LOAD(*(thread == 0 ? &round->x : &round->y));
    relax();
    STORE(*(thread == 0 ? &round->y : &round->x), 1);
    round->loaded[thread].a = a;
}

static bool lb_seen(const struct round *round)
{
    return round->loaded[0].a == 1 && round->loaded[1].a == 1;
}

static void two_stores(struct round *round, unsigned thread)
{
    STORE(*(thread == 0 ? &round->x : &round->y), 1);
    relax();
    STORE(*(thread == 0 ? &round->y : &round->x), 2);
}

static bool both_first_stores_last(const struct round *round)
{
    return round->x == 1 && round->y == 1;
}

static void iriw(struct round *round, unsigned thread)
{
    if (thread == 0)
        STORE(round->x, 1);
    else if (thread == 1)
        STORE(round->y, 1);
    else if (thread == 2)
        read_in_order(&round->x, &round->y, &round->loaded[2].a, &round->loaded[2].b);
    else
        read_in_order(&round->y, &round->x, &round->loaded[3].a, &round->loaded[3].b);
}

static bool readers_disagree(const struct round *round)
{
    return round->loaded[2].a == 1 && round->loaded[2].b == 0 && round->loaded[3].a == 1 &&
           round->loaded[3].b == 0;
}

static const struct test {
    const char *name;
    unsigned threads;
    bool allowed;
    void (*run)(struct round *, unsigned thread);
    bool (*seen)(const struct round *);
} tests[] = {
    {"SB", 2, true, sb, sb_seen},
    {"SB with BCR 15,0", 2, false, sb_15, sb_seen},
    {"SB with BCR 14,0", 2, false, sb_14, sb_seen},
    {"MP", 2, false, mp, second_saw_new_then_old},
    {"CoRR", 2, false, corr, second_saw_new_then_old},
    {"LB", 2, false, lb, lb_seen},
    {"2+2W", 2, false, two_stores, both_first_stores_last},
    {"IRIW", 4, false, iriw, readers_disagree},
};

static uint64_t n_rounds;
static struct round *rounds;

// Between barriers each round begins on all CPUs at nearly the same time, give or take a random pause.
static void run_test(void *argument)
{
    const struct test *test = argument;
    unsigned me = team_member();
    for (uint64_t i = 0; i < n_rounds; i++) {
        team_barrier();
        for (uint64_t pause = random_at(options.seed + me, i) % 8; pause > 0; pause--)
            relax();
        test->run(&rounds[i], me);
    }
}

static uint64_t count_seen(const struct test *test)
{
    uint64_t seen = 0;
    memset(rounds, 0, n_rounds * sizeof *rounds);
    team_run(test->threads, run_test, (void *)test);
    for (uint64_t i = 0; i < n_rounds; i++)
        seen += test->seen(&rounds[i]);
    return seen;
}

int main(void)
{
    n_rounds = options.size ? options.size : 200;
    rounds = place_for(0, n_rounds * sizeof *rounds);
    for (unsigned i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        const struct test *test = &tests[i];
        uint64_t seen = options.cpus >= test->threads ? count_seen(test) : 0;
        if (test->allowed)
            print("time: %s: seen %lu times in %lu rounds\n", test->name, seen, n_rounds);
        else if (seen > 0)
            fail("%s: seen %lu times in %lu rounds", test->name, seen, n_rounds);
        else
            print("%s: never seen\n", test->name);
    }
    print("litmus: ok\n");
    return 0;
}
