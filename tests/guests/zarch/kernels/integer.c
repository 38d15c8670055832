// SPDX-License-Identifier: Apache-2.0
// A loop of ten integer instructions, for speed: count= instructions (1000000) on every CPU at once. Right if
// the loop's linear congruential generator is where it must be after so many steps, and a sum of the counter
// is what the formula says.
#include "tests/guests/zarch/runtime/arguments.h"
#include "tests/guests/zarch/runtime/clock.h"
#include "tests/guests/zarch/runtime/cpu.h"
#include "tests/guests/zarch/runtime/end.h"
#include "tests/guests/zarch/runtime/parallel.h"
#include "tests/guests/zarch/runtime/print.h"

#define FACTOR    6364136223846793005u // Knuth's MMIX generator
#define INCREMENT 1442695040888963407u

enum { LOOP_INSTRUCTIONS = 10 };

static uint64_t turns;
static struct {
    uint64_t x, sum, twice_sum, differences;
} __attribute__((aligned(LINE_BYTES))) results[CPUS_MAX];

static void run(void *nothing)
{
    (void)nothing;
    uint64_t x = options.seed, sum = 0, twice = 0, differences = 0, scratch, counter = turns;
    __asm__ volatile("0:\n\t"
                     "msgr %0,%6\n\t" // x = x * FACTOR + INCREMENT
                     "agr %0,%7\n\t"
                     "agr %1,%5\n\t" // sum += counter
                     "lgr %4,%1\n\t"
                     "sllg %2,%1,1\n\t"
                     "sgr %4,%2\n\t" // sum - 2 * sum ...
                     "agr %4,%1\n\t" // ... + sum
                     "xgr %4,%3\n\t"
                     "ogr %3,%4\n\t" // one bit that ever differed stays
                     "brctg %5,0b"
                     : "+d"(x), "+d"(sum), "+d"(twice), "+d"(differences), "=&d"(scratch), "+d"(counter)
                     : "d"(FACTOR), "d"(INCREMENT)
                     : "cc");
    unsigned me = team_member();
    results[me].x = x, results[me].sum = sum, results[me].twice_sum = twice,
    results[me].differences = differences;
}

// The generator after so many steps, by squaring the step.
static uint64_t generator_after(uint64_t steps)
{
    uint64_t x = options.seed, factor = FACTOR, increment = INCREMENT;
    for (; steps; steps >>= 1) {
        if (steps & 1)
            x = x * factor + increment;
        increment = (factor + 1) * increment;
        factor *= factor;
    }
    return x;
}

int main(void)
{
    uint64_t count = argument_number("count", 1000000);
    turns = count / LOOP_INSTRUCTIONS;
    CHECK(turns > 0 && turns < UINT32_MAX);
    uint64_t ns = clock_to_ns(team_run(options.cpus, run, NULL));
    for (unsigned i = 0; i < options.cpus; i++) {
        CHECK(results[i].x == generator_after(turns));
        CHECK(results[i].sum == turns * (turns + 1) / 2 && results[i].twice_sum == 2 * results[i].sum);
        CHECK(results[i].differences == 0);
    }
    print("time: integer: %lu ns on %u CPUs, %lu instructions per us on each\n", ns, options.cpus,
          ns ? turns * LOOP_INSTRUCTIONS * 1000 / ns : 0);
    print("integer: ok\n%lu turns, x %016lx\n", turns, results[0].x);
    return 0;
}
