// SPDX-License-Identifier: Apache-2.0
// Radix sort: size= 32-bit keys (8192), in passes of 8 bits. Each CPU counts the digits of its block, the
// counts give every CPU the place of its keys for each digit, and it stores them there, in blocks of all
// CPUs. Right if the keys rise and are those of the beginning (sum and sum of squares).
#include "tests/guests/zarch/runtime/arguments.h"
#include "tests/guests/zarch/runtime/cpu.h"
#include "tests/guests/zarch/runtime/end.h"
#include "tests/guests/zarch/runtime/memory.h"
#include "tests/guests/zarch/runtime/parallel.h"
#include "tests/guests/zarch/runtime/place.h"
#include "tests/guests/zarch/runtime/print.h"
#include "tests/guests/zarch/runtime/random.h"

enum { DIGIT_BITS = 8, DIGITS = 1 << DIGIT_BITS, KEY_BITS = 32 };

struct fingerprint {
    uint64_t sum, squares;
};

static uint64_t n;
static struct dealt vectors[2];    // keys, and where they go; they take turns
static uint32_t *counts[CPUS_MAX]; // of each CPU, by digit
static uint32_t *totals;           // keys with a smaller digit
static struct fingerprint before;

static void add(struct fingerprint *print, uint32_t key)
{
    print->sum += key;
    print->squares += (uint64_t)key * key;
}

static void prepare(unsigned n_cpus)
{
    for (unsigned i = 0; i < 2; i++)
        deal(&vectors[i], n, sizeof(uint32_t), n_cpus);
    for (unsigned i = 0; i < n_cpus; i++)
        counts[i] = place_for(i, DIGITS * sizeof *counts[i]);
    totals = place_for(0, DIGITS * sizeof *totals);
    before = (struct fingerprint){0, 0};
    for (uint64_t i = 0; i < n; i++) {
        uint32_t key = (uint32_t)random_at(options.seed, i);
        DEALT(vectors[0], uint32_t, i) = key;
        add(&before, key);
    }
}

static unsigned digit_of(uint32_t key, unsigned shift)
{
    return key >> shift & (DIGITS - 1);
}

static void count(const uint32_t *keys, uint64_t n_keys, unsigned shift, uint32_t *count)
{
    memset(count, 0, DIGITS * sizeof *count);
    for (uint64_t i = 0; i < n_keys; i++)
        count[digit_of(keys[i], shift)]++;
}

// Each CPU takes some digits: what CPUs before have of the digit becomes the CPU's count, all together the
// total.
static void accumulate_over_cpus(void)
{
    struct range digits = my_part(DIGITS);
    for (uint64_t digit = digits.begin; digit < digits.end; digit++) {
        uint32_t sum = 0;
        for (unsigned cpu = 0; cpu < team_size(); cpu++) {
            uint32_t own = counts[cpu][digit];
            counts[cpu][digit] = sum;
            sum += own;
        }
        totals[digit] = sum;
    }
}

static void accumulate_over_digits(void)
{
    uint32_t sum = 0;
    for (unsigned digit = 0; digit < DIGITS; digit++) {
        uint32_t own = totals[digit];
        totals[digit] = sum;
        sum += own;
    }
}

static void permute(const uint32_t *keys, uint64_t n_keys, unsigned shift, uint32_t *next, struct dealt *to)
{
    for (uint64_t i = 0; i < n_keys; i++) {
        unsigned digit = digit_of(keys[i], shift);
        uint32_t at = totals[digit] + next[digit]++;
        DEALT(*to, uint32_t, at) = keys[i];
    }
}

static void sort(void *nothing)
{
    (void)nothing;
    unsigned me = team_member();
    struct range mine = my_part(n);
    uint64_t n_mine = mine.end - mine.begin;
    for (unsigned shift = 0, from = 0; shift < KEY_BITS; shift += DIGIT_BITS, from = !from) {
        const uint32_t *keys = vectors[from].block[me];
        count(keys, n_mine, shift, counts[me]);
        team_barrier();
        accumulate_over_cpus();
        team_barrier();
        if (me == 0)
            accumulate_over_digits();
        team_barrier();
        permute(keys, n_mine, shift, counts[me], &vectors[!from]);
        team_barrier();
    }
}

static void verify(unsigned n_cpus)
{
    (void)n_cpus;
    struct fingerprint after = {0, 0};
    uint32_t last = 0;
    for (uint64_t i = 0; i < n; i++) {
        uint32_t key = DEALT(vectors[0], uint32_t, i);
        CHECK(last <= key);
        last = key;
        add(&after, key);
    }
    CHECK(after.sum == before.sum && after.squares == before.squares);
}

int main(void)
{
    n = options.size ? options.size : 8192;
    static const struct kernel kernel = {"radix", prepare, sort, verify};
    measure(&kernel);
    print("%lu keys, sum %016lx, sum of squares %016lx\n", n, before.sum, before.squares);
    return 0;
}
