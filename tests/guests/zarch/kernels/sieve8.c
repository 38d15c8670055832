// SPDX-License-Identifier: Apache-2.0
// A plain sieve of Eratosthenes over size= bytes (8M), repeat= times (5), on every CPU at once, each with
// bytes of its own: for speed, with more data than caches hold. The defaults are about 700 million
// instructions. Right if the number of primes is the same in every round and on every CPU, and that of the
// table for sizes that stand in it.
#include "tests/guests/zarch/runtime/arguments.h"
#include "tests/guests/zarch/runtime/clock.h"
#include "tests/guests/zarch/runtime/cpu.h"
#include "tests/guests/zarch/runtime/end.h"
#include "tests/guests/zarch/runtime/memory.h"
#include "tests/guests/zarch/runtime/parallel.h"
#include "tests/guests/zarch/runtime/place.h"
#include "tests/guests/zarch/runtime/print.h"

// Primes below powers of two: OEIS A007053.
static const struct {
    uint64_t bytes, primes;
} known[] = {{1 << 16, 6542},   {1 << 18, 23000},  {1 << 20, 82025},
             {1 << 22, 295947}, {1 << 23, 564163}, {1 << 24, 1077871}};

static uint64_t n;
static unsigned rounds;
static uint8_t *bytes[CPUS_MAX];
static uint64_t counts[CPUS_MAX];

static uint64_t sieve_once(uint8_t *composite)
{
    uint64_t count = 0;
    memset(composite, 0, n);
    for (uint64_t p = 2; p < n; p++) {
        if (composite[p])
            continue;
        count++;
        for (uint64_t i = p * p; i < n; i += p)
            composite[i] = 1;
    }
    return count;
}

static void sieve(void *nothing)
{
    (void)nothing;
    unsigned me = team_member();
    counts[me] = sieve_once(bytes[me]);
    for (unsigned i = 1; i < rounds; i++)
        CHECK(sieve_once(bytes[me]) == counts[me]);
}

int main(void)
{
    n = options.size ? options.size : 8 << 20;
    CHECK(n >= 4 && n < (uint64_t)1 << 31);
    rounds = options.repeat ? options.repeat : 5;
    for (unsigned i = 0; i < options.cpus; i++)
        bytes[i] = place_for(i, n);
    uint64_t ns = clock_to_ns(team_run(options.cpus, sieve, NULL));
    for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++)
        CHECK(n != known[i].bytes || counts[0] == known[i].primes);
    for (unsigned i = 0; i < options.cpus; i++)
        CHECK(counts[i] == counts[0]);
    print("time: sieve8: %lu ns on %u CPUs\n", ns, options.cpus);
    print("sieve8: ok\n%lu primes below %lu\n", counts[0], n);
    return 0;
}
