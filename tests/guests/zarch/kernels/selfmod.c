// SPDX-License-Identifier: Apache-2.0
// Code that changes. A CPU stores into the instruction that it branches to next, into one in a loop, into a
// function that it calls again and again; and CPUs execute functions that another one has written for them.
// Every result must be that of the code as stored last. rounds= times (40). With `strict` it also stores into
// the very next instruction, which the architecture executes as stored, too: QEMU 7.2 executes the old one,
// since it has translated both (-singlestep helps).
#include "tests/guests/zarch/runtime/arguments.h"
#include "tests/guests/zarch/runtime/cpu.h"
#include "tests/guests/zarch/runtime/end.h"
#include "tests/guests/zarch/runtime/memory.h"
#include "tests/guests/zarch/runtime/parallel.h"
#include "tests/guests/zarch/runtime/place.h"
#include "tests/guests/zarch/runtime/print.h"

// lghi %r2,VALUE; br %r14
struct code {
    uint16_t load, value, branch;
};

typedef uint64_t function(void);

static uint64_t rounds;
static struct code *codes[CPUS_MAX];
static struct {
    uint64_t written, executed; // rounds
} __attribute__((aligned(LINE_BYTES))) turns[CPUS_MAX];
static bool strict;
static uint64_t sum;

static void write_code(struct code *code, uint64_t value)
{
    *(volatile uint16_t *)&code->value = (uint16_t)value;
}

static uint64_t call(const struct code *code)
{
    return ((function *)(uintptr_t)code)();
}

static uint64_t execute_after_branch(uint64_t value)
{
    uint64_t result, at;
    __asm__ volatile("larl %1,0f\n\t"
                     "sth %2,2(%1)\n\t"
                     "j 0f\n\t"
                     "nopr\n" // to the next instruction would be no branch to QEMU
                     "0:\n\t"
                     "lghi %0,0"
                     : "=d"(result), "=&a"(at)
                     : "d"(value)
                     : "memory");
    return result;
}

static uint64_t execute_next(uint64_t value)
{
    uint64_t result, at;
    __asm__ volatile("larl %1,0f\n\t"
                     "sth %2,2(%1)\n"
                     "0:\n\t"
                     "lghi %0,0"
                     : "=d"(result), "=&a"(at)
                     : "d"(value)
                     : "memory");
    return result;
}

// Half of the way through a loop, an addition in it becomes a subtraction. Once only.
static uint64_t execute_loop(uint64_t n)
{
    uint64_t result = 0, at, counter = 2 * n;
    __asm__ volatile("larl %1,0f\n"
                     "0:\n\t"
                     "agr %0,%3\n\t"
                     "cgr %2,%3\n\t"
                     "jne 1f\n\t"
                     "mvi 1(%1),0x09\n" // from AGR, b908, to SGR, b909
                     "1:\n\t"
                     "brctg %2,0b"
                     : "+d"(result), "=&a"(at), "+d"(counter)
                     : "d"(n)
                     : "cc", "memory");
    return result;
}

static void check_own(void)
{
    uint64_t total = 0;
    for (uint64_t i = 1; i <= rounds; i++) {
        CHECK(execute_after_branch(i) == i);
        CHECK(!strict || execute_next(i) == i);
        write_code(codes[0], i + 1);
        CHECK(call(codes[0]) == i + 1);
        total += call(codes[0]);
    }
    // n + 1 additions, one of them with the counter at n, and n - 1 subtractions, of n each.
    CHECK(execute_loop(rounds) == 2 * rounds);
    print("own code: sum %lu\n", total);
}

// Each CPU writes code for the next one and waits until that has executed it; the reader serialises, as it
// must, between seeing the flag and executing.
static void check_others(void *nothing)
{
    (void)nothing;
    unsigned me = team_member(), next = (me + 1) % team_size();
    uint64_t total = 0;
    for (uint64_t round = 1; round <= rounds; round++) {
        write_code(codes[next], round * 10 + me);
        __atomic_store_n(&turns[next].written, round, __ATOMIC_RELEASE);
        while (__atomic_load_n(&turns[me].written, __ATOMIC_ACQUIRE) < round)
            continue;
        serialise();
        uint64_t writer = (me + team_size() - 1) % team_size(), value = call(codes[me]);
        CHECK(value == round * 10 + writer);
        total += value - writer;
        __atomic_store_n(&turns[me].executed, round, __ATOMIC_RELEASE);
        while (__atomic_load_n(&turns[next].executed, __ATOMIC_ACQUIRE) < round)
            continue;
    }
    total = reduce_sum(total);
    if (me == 0)
        sum = total;
}

static void prepare(unsigned n_cpus)
{
    for (unsigned i = 0; i < n_cpus; i++) {
        codes[i] = place_for(i, sizeof *codes[i]);
        *codes[i] = (struct code){.load = 0xa729, .value = 0, .branch = 0x07fe};
    }
    memset(turns, 0, sizeof turns);
}

static void verify(unsigned n_cpus)
{
    CHECK(sum == n_cpus * 10 * (rounds * (rounds + 1) / 2));
}

int main(void)
{
    rounds = argument_number("rounds", 40);
    CHECK(rounds > 0 && rounds < 3000);
    strict = argument_is("strict");
    prepare(1);
    check_own();
    static const struct kernel kernel = {"selfmod", prepare, check_others, verify};
    measure(&kernel);
    return 0;
}
