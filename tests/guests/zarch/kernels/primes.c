// SPDX-License-Identifier: Apache-2.0
// Parallel sieve of Eratosthenes: the primes up to size= (50000). Each CPU finds the primes up to the square
// root by itself, and strikes their multiples out of its part of the numbers. Right if count and sum of the
// primes are those that trial division finds up to 4000, and those of a plain sieve over all.
#include "tests/guests/zarch/runtime/arguments.h"
#include "tests/guests/zarch/runtime/cpu.h"
#include "tests/guests/zarch/runtime/end.h"
#include "tests/guests/zarch/runtime/memory.h"
#include "tests/guests/zarch/runtime/parallel.h"
#include "tests/guests/zarch/runtime/place.h"
#include "tests/guests/zarch/runtime/print.h"

enum { ROOT_MAX = 4096, TRIAL_MAX = 4000 };

struct tally {
    uint64_t count, sum;
};

static uint64_t n;            // numbers 0 to n - 1
static struct dealt struck;   // a byte for each: not a prime
static struct tally expected; // by the plain sieve
static struct tally found, found_small;

static void prepare(unsigned n_cpus)
{
    deal(&struck, n, 1, n_cpus);
}

// Strikes the multiples of odd prime p, from p * p on, out of the odd numbers of part.
static void strike(uint8_t *bytes, struct range part, uint64_t p)
{
    uint64_t first = p * p;
    if (first < part.begin)
        first = (part.begin + p - 1) / p * p;
    if (first % 2 == 0)
        first += p;
    for (uint64_t i = first; i < part.end; i += 2 * p)
        bytes[i - part.begin] = 1;
}

static bool is_prime(uint64_t number)
{
    if (number < 2 || number % 2 == 0)
        return number == 2;
    for (uint64_t d = 3; d * d <= number; d += 2)
        if (number % d == 0)
            return false;
    return true;
}

// Counts what is left of a part; the even numbers were never looked at.
static void tally(const uint8_t *bytes, struct range part, struct tally *all, struct tally *small)
{
    for (uint64_t i = part.begin; i < part.end; i++)
        if (i == 2 || (i > 2 && i % 2 && !bytes[i - part.begin])) {
            all->count++, all->sum += i;
            if (i < TRIAL_MAX)
                small->count++, small->sum += i;
        }
}

static void sieve_part(uint8_t *bytes, struct range part)
{
    uint8_t root[ROOT_MAX] = {0};
    memset(bytes, 0, part.end - part.begin);
    for (uint64_t p = 3; p * p < n; p += 2)
        if (!root[p]) {
            for (uint64_t i = p * p; i < ROOT_MAX && i * i < n; i += 2 * p)
                root[i] = 1;
            strike(bytes, part, p);
        }
}

static void sieve(void *nothing)
{
    (void)nothing;
    struct range mine = my_part(n);
    struct tally all = {0}, small = {0};
    sieve_part(struck.block[team_member()], mine);
    tally(struck.block[team_member()], mine, &all, &small);
    struct tally sum = {reduce_sum(all.count), reduce_sum(all.sum)};
    struct tally sum_small = {reduce_sum(small.count), reduce_sum(small.sum)};
    if (team_member() == 0)
        found = sum, found_small = sum_small;
}

static void check_small(void)
{
    struct tally trial = {0};
    for (uint64_t i = 0; i < TRIAL_MAX && i < n; i++)
        if (is_prime(i))
            trial.count++, trial.sum += i;
    CHECK(found_small.count == trial.count && found_small.sum == trial.sum);
}

static void verify(unsigned n_cpus)
{
    CHECK(found.count == expected.count && found.sum == expected.sum);
    if (n_cpus == 1)
        check_small();
}

// All multiples of all numbers whose square is below n: slower, and without any of the thoughts above.
static void expect(void)
{
    uint8_t *bytes = place_on(0, n);
    memset(bytes, 0, n);
    for (uint64_t p = 2; p * p < n; p++)
        for (uint64_t i = p * p; !bytes[p] && i < n; i += p)
            bytes[i] = 1;
    for (uint64_t i = 2; i < n; i++)
        if (!bytes[i])
            expected.count++, expected.sum += i;
}

int main(void)
{
    n = (options.size ? options.size : 50000) + 1;
    CHECK(n <= (uint64_t)ROOT_MAX * ROOT_MAX);
    expect();
    static const struct kernel kernel = {"primes", prepare, sieve, verify};
    measure(&kernel);
    print("%lu primes up to %lu, sum %lu\n", found.count, n - 1, found.sum);
    return 0;
}
