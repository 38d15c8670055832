// SPDX-License-Identifier: Apache-2.0
// The patterns are a march (as in tests of memory chips): write a value to each word, read it and write its
// complement, read that and write zero. The value depends on the address, so that a word that answers for
// another shows. They go through the caches; a slice that is larger than these goes through memory.
#include "node/cpu/self_test.h"

#include <stdlib.h>

#include "node/cpu/drive.h"
#include "proto/base/rng.h"

// The first page holds the counters, a line each, and the number of CPUs that have done with them.
#define SHARED_WORDS  8u
#define SHARED_STRIDE LINE_BYTES_MAX
#define ARRIVED       (SHARED_WORDS * SHARED_STRIDE)
#define ROUNDS        128u   // what each CPU adds to every counter
#define LOOKS_MAX     65536u // at the number of those that have arrived, before it counts as wrong

enum phase { WRITE, READ_COMPLEMENT, READ_ZERO, ADD, ARRIVE, WAIT, COMPARE, END };

struct self_test {
    uint64_t base, words; // its slice
    uint32_t members;
    uint32_t phase; // enum phase
    uint64_t at;    // of the phase
    uint64_t tested, failed, looks;
    bool waiting; // for the result of the access under way
};

static struct self_test *test_of(struct cpu *cpu)
{
    return cpu->program;
}

static uint64_t pattern(uint64_t address)
{
    return rng_mix(address);
}

static enum next access_at(struct access *access, uint64_t address, enum access_kind kind, uint64_t value)
{
    *access = (struct access){.address = address, .size = 8, .kind = (uint8_t)kind, .value = value};
    return NEXT_ACCESS;
}

static enum next swap_at(struct access *access, uint64_t address, uint64_t value)
{
    access_at(access, address, ACCESS_RMW, value);
    access->op = RMW_SWAP;
    return NEXT_ACCESS;
}

// How many accesses a phase has.
static uint64_t length(const struct self_test *test)
{
    if (test->phase <= READ_ZERO)
        return test->words;
    return test->phase == ADD ? SHARED_WORDS * ROUNDS : test->phase == COMPARE ? SHARED_WORDS : 1;
}

static enum next next(struct cpu *cpu, struct access *access)
{
    struct self_test *test = test_of(cpu);
    if (test->waiting)
        return NEXT_WAIT;
    while (test->phase < END && test->at == length(test)) {
        test->phase++;
        test->at = 0;
    }
    uint64_t address = test->base + 8 * test->at, counter = test->at % SHARED_WORDS * SHARED_STRIDE;
    test->waiting = test->phase != END;
    switch ((enum phase)test->phase) {
    case WRITE:
        return access_at(access, address, ACCESS_STORE, pattern(address));
    case READ_COMPLEMENT:
        return swap_at(access, address, ~pattern(address));
    case READ_ZERO:
        return swap_at(access, address, 0);
    case ADD:
        return access_at(access, counter, ACCESS_RMW, 1);
    case ARRIVE:
        return access_at(access, ARRIVED, ACCESS_RMW, 1);
    case WAIT:
        return access_at(access, ARRIVED, ACCESS_LOAD, 0);
    case COMPARE:
        return access_at(access, counter, ACCESS_LOAD, 0);
    case END:
        break;
    }
    return NEXT_DONE;
}

// Whether the access found what it must; a count of those arrived that is too small is looked at again.
static bool is_right(struct self_test *test, const struct access *access)
{
    switch ((enum phase)test->phase) {
    case READ_COMPLEMENT:
        return access->value == pattern(access->address);
    case READ_ZERO:
        return access->value == ~pattern(access->address);
    case WAIT:
        return access->value >= test->members;
    case COMPARE:
        return access->value == (uint64_t)ROUNDS * test->members;
    default:
        return true;
    }
}

static void complete(struct cpu *cpu, const struct access *access, enum access_status status, sim_time at)
{
    struct self_test *test = test_of(cpu);
    (void)at;
    test->waiting = false;
    bool right = status == ACCESS_OK && is_right(test, access);
    if (test->phase == WAIT && !right && ++test->looks < LOOKS_MAX)
        return;
    test->failed += !right;
    test->tested += test->phase == READ_ZERO ? 8 : test->phase == COMPARE ? PAGE_BYTES / SHARED_WORDS : 0;
    test->at++;
}

static void run(struct cpu *cpu, sim_time limit)
{
    cpu_drive(cpu, limit, next, complete);
}

// A store that had been complete was refused, or its line is lost.
static void store_failed(struct cpu *cpu, const struct access *access, sim_time at)
{
    (void)access, (void)at;
    test_of(cpu)->failed++;
}

static void state(struct cpu *cpu, struct archive *ar)
{
    struct self_test *test = test_of(cpu);
    ar_mark(ar, "TEST");
    ar_count(ar, &test->phase, END);
    ar_u64(ar, &test->at);
    ar_u64(ar, &test->tested);
    ar_u64(ar, &test->failed);
    ar_u64(ar, &test->looks);
    ar_bool(ar, &test->waiting);
    if (test->at > length(test))
        ar_fail(ar, "step %llu of a self-test", (unsigned long long)test->at);
}

static void free_test(struct cpu *cpu)
{
    free(cpu->program);
}

const struct program_ops program_self_test = {
    .kind = "self-test", .run = run, .store_failed = store_failed, .state = state, .free = free_test};

void self_test_open(struct cpu *cpu, uint64_t bytes, uint32_t member, uint32_t members)
{
    NP_ASSERT(bytes >= SELF_TEST_BYTES_MIN && member < members);
    struct self_test *test = calloc(1, sizeof *test);
    NP_ASSERT(test);
    uint64_t words = (bytes - PAGE_BYTES) / 8, own = words / members;
    test->base = PAGE_BYTES + 8 * own * member;
    test->words = member + 1 < members ? own : words - own * member;
    test->members = members;
    cpu->ops = &program_self_test;
    cpu->program = test;
}

uint64_t self_test_tested(const struct cpu *cpu)
{
    return ((const struct self_test *)cpu->program)->tested;
}

uint64_t self_test_failed(const struct cpu *cpu)
{
    return ((const struct self_test *)cpu->program)->failed;
}
