// SPDX-License-Identifier: Apache-2.0
// CPUs clash on lines, size= rounds (100) each. Interlocked updates of words, doublewords and quadwords that
// all CPUs make to the same few lines must lose nothing; a quadword must never be seen in parts; strings of
// storage-and-storage instructions that cross lines, in slices beside each other on the same lines, must keep
// to their own slice; an instruction that crosses two lines, and that its neighbour changes while it executes
// it, must be the old or the new one and never go back. With `strict` also what QEMU 7.2 does not promise: a
// doubleword that MVC moves is seen as a whole.
#include "tests/guests/zarch/runtime/arguments.h"
#include "tests/guests/zarch/runtime/cpu.h"
#include "tests/guests/zarch/runtime/end.h"
#include "tests/guests/zarch/runtime/memory.h"
#include "tests/guests/zarch/runtime/parallel.h"
#include "tests/guests/zarch/runtime/place.h"
#include "tests/guests/zarch/runtime/print.h"

enum { SLICE = 100, STRING = 40, MOVED = 36, CODE_LEAD = LINE_BYTES - 2 };

typedef unsigned __int128 quad;

// What all CPUs update: neighbours on as few lines as there can be.
struct shared {
    quad pair __attribute__((aligned(LINE_BYTES))); // n << 64 | ~n
    uint64_t swapped, added, bits;
    uint32_t swapped_word, added_word;
    uint64_t text[MOVED + 1] __attribute__((aligned(LINE_BYTES)));
    uint8_t slices[CPUS_MAX][SLICE] __attribute__((aligned(LINE_BYTES)));
};

// LGHI %r2,VALUE lies in two lines; BR %r14 follows.
struct code {
    uint8_t lead[CODE_LEAD];
    uint16_t load, value, branch;
} __attribute__((aligned(LINE_BYTES)));

static uint64_t rounds;
static bool strict;
static struct shared *shared;
static struct code *codes[CPUS_MAX];
static uint64_t total;

static quad swap_pair(quad *expected, quad with)
{
    __asm__ volatile("cdsg %0,%2,%1" : "+d"(*expected), "+S"(shared->pair) : "d"(with) : "cc", "memory");
    return *expected;
}

static quad load_pair(void)
{
    quad value;
    __asm__ volatile("lpq %0,%1" : "=d"(value) : "T"(shared->pair) : "memory");
    return value;
}

static void update_pair(void)
{
    quad old = load_pair(), seen;
    for (;; old = seen) {
        uint64_t n = (uint64_t)(old >> 64);
        CHECK(n == ~(uint64_t)old);
        seen = old;
        if (swap_pair(&seen, (quad)(n + 1) << 64 | ~(n + 1)) == old)
            return;
    }
}

static void update_words(unsigned me, uint64_t round)
{
    uint64_t bit = (uint64_t)1 << me;
    uint64_t old = shared->swapped;
    while (!__atomic_compare_exchange_n(&shared->swapped, &old, old + 2, false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_RELAXED))
        continue;
    uint32_t word = shared->swapped_word;
    while (!__atomic_compare_exchange_n(&shared->swapped_word, &word, word + 3, false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_RELAXED))
        continue;
    __atomic_fetch_add(&shared->added, round, __ATOMIC_RELAXED); // LAAG, LAA, LAXG where they are there
    __atomic_fetch_add(&shared->added_word, 5, __ATOMIC_RELAXED);
    uint64_t before = __atomic_fetch_xor(&shared->bits, bit, __ATOMIC_RELAXED);
    CHECK(!(before & bit) == (round % 2 == 1));
}

// A byte that runs through the slice, a string that changes places with another, and what is left of it.
static void use_slice(unsigned me, uint64_t round)
{
    uint8_t *slice = shared->slices[me], *other = slice + SLICE / 2;
    uint8_t first = (uint8_t)(round * 8 + me), second = (uint8_t)(first ^ 0xff);
    slice[0] = first;
    __asm__ volatile("mvc 1(%1,%0),0(%0)" ::"a"(slice), "n"(STRING - 1) : "memory");
    other[0] = second;
    __asm__ volatile("mvc 1(%1,%0),0(%0)" ::"a"(other), "n"(STRING - 1) : "memory");
    __asm__ volatile("xc 0(%2,%0),0(%1)\n\t"
                     "xc 0(%2,%1),0(%0)\n\t"
                     "xc 0(%2,%0),0(%1)" ::"a"(slice),
                     "a"(other), "n"(STRING)
                     : "cc", "memory");
    for (unsigned i = 0; i < STRING; i++)
        CHECK(slice[i] == second && other[i] == first);
    CHECK(slice[STRING] == 0 && other[STRING] == 0);
}

// One CPU moves doublewords of four equal parts, the others move them away and look.
static void move_text(unsigned me, uint64_t round)
{
    uint64_t mine[MOVED];
    if (me == 0) {
        for (unsigned i = 0; i < MOVED - 4; i++)
            mine[i] = round % 0x8000 * 0x0001000100010001;
        __asm__ volatile("mvc 0(256,%0),0(%1)" ::"a"(shared->text + 1), "a"(mine) : "memory");
        return;
    }
    __asm__ volatile("mvc 0(256,%0),0(%1)" ::"a"(mine), "a"(shared->text + 1) : "memory");
    for (unsigned i = 0; i < MOVED - 4; i++)
        CHECK(!strict || mine[i] == mine[i] % 0x10000 * 0x0001000100010001);
}

static uint64_t call(const struct code *code)
{
    return ((uint64_t(*)(void))(uintptr_t)&code->load)();
}

static void clash(void *nothing)
{
    (void)nothing;
    unsigned me = team_member(), next = (me + 1) % team_size();
    uint64_t last = 0;
    for (uint64_t round = 1; round <= rounds; round++) {
        update_pair();
        update_words(me, round);
        *(volatile uint16_t *)&codes[next]->value = (uint16_t)round;
        use_slice(me, round);
        move_text(me, round);
        uint64_t now = call(codes[me]);
        CHECK(now >= last && now <= rounds);
        last = now;
    }
    team_barrier();
    serialise();
    uint64_t sum = reduce_sum(call(codes[me]));
    if (me == 0)
        total = sum;
}

static void prepare(unsigned n_cpus)
{
    shared = place_for(0, sizeof *shared);
    memset(shared, 0, sizeof *shared);
    shared->pair = ~(uint64_t)0;
    for (unsigned i = 0; i < n_cpus; i++) {
        codes[i] = place_for(i, sizeof *codes[i]);
        codes[i]->load = 0xa729;
        codes[i]->value = 0;
        codes[i]->branch = 0x07fe;
    }
}

static void verify(unsigned n_cpus)
{
    uint64_t all = n_cpus * rounds, each = rounds * (rounds + 1) / 2;
    CHECK((uint64_t)(shared->pair >> 64) == all && (uint64_t)shared->pair == ~all);
    CHECK(shared->swapped == 2 * all && shared->swapped_word == 3 * all);
    CHECK(shared->added == n_cpus * each && shared->added_word == 5 * all);
    CHECK(shared->bits == (rounds % 2 ? (uint64_t)-1 >> (64 - n_cpus) : 0));
    CHECK(total == all);
}

int main(void)
{
    rounds = options.size ? options.size : 100;
    CHECK(rounds < 0x8000);
    strict = argument_is("strict");
    static const struct kernel kernel = {"clash", prepare, clash, verify};
    measure(&kernel);
    print("%lu rounds\n", rounds);
    return 0;
}
