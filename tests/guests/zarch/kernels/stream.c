// SPDX-License-Identifier: Apache-2.0
// Copy, scale, add and triad over three vectors of size= doubles (8192), rounds= times (4): how fast storage
// moves. Each CPU has a block of each vector. Right if every element is what the four operations make of the
// first values.
#include "tests/guests/zarch/runtime/arguments.h"
#include "tests/guests/zarch/runtime/clock.h"
#include "tests/guests/zarch/runtime/cpu.h"
#include "tests/guests/zarch/runtime/end.h"
#include "tests/guests/zarch/runtime/parallel.h"
#include "tests/guests/zarch/runtime/place.h"
#include "tests/guests/zarch/runtime/print.h"

enum operation { COPY, SCALE, ADD, TRIAD, OPERATIONS };

static const char *const names[OPERATIONS] = {"copy", "scale", "add", "triad"};
static const unsigned vectors_moved[OPERATIONS] = {2, 2, 3, 3};

static uint64_t n, rounds;
static struct dealt a, b, c;
static uint64_t times[OPERATIONS]; // of the last run, by CPU 0

static void prepare(unsigned n_cpus)
{
    deal(&a, n, sizeof(double), n_cpus);
    deal(&b, n, sizeof(double), n_cpus);
    deal(&c, n, sizeof(double), n_cpus);
    for (uint64_t i = 0; i < n; i++) {
        DEALT(a, double, i) = 1;
        DEALT(b, double, i) = 2;
        DEALT(c, double, i) = 0;
    }
    for (unsigned i = 0; i < OPERATIONS; i++)
        times[i] = 0;
}

static void move(enum operation operation, double *x, double *y, double *z, uint64_t count)
{
    switch (operation) {
    case COPY:
        for (uint64_t i = 0; i < count; i++)
            z[i] = x[i];
        break;
    case SCALE:
        for (uint64_t i = 0; i < count; i++)
            y[i] = 3 * z[i];
        break;
    case ADD:
        for (uint64_t i = 0; i < count; i++)
            z[i] = x[i] + y[i];
        break;
    default:
        for (uint64_t i = 0; i < count; i++)
            x[i] = y[i] + 3 * z[i];
        break;
    }
}

static void stream(void *nothing)
{
    (void)nothing;
    unsigned me = team_member();
    struct range mine = my_part(n);
    for (uint64_t round = 0; round < rounds; round++)
        for (unsigned operation = 0; operation < OPERATIONS; operation++) {
            uint64_t start = clock_now();
            move(operation, a.block[me], b.block[me], c.block[me], mine.end - mine.begin);
            team_barrier();
            if (me == 0)
                times[operation] += clock_now() - start;
        }
}

static void verify(unsigned n_cpus)
{
    double x = 1, y = 2, z = 0;
    for (uint64_t round = 0; round < rounds; round++)
        for (unsigned operation = 0; operation < OPERATIONS; operation++)
            move(operation, &x, &y, &z, 1);
    for (uint64_t i = 0; i < n; i++)
        CHECK(DEALT(a, double, i) == x && DEALT(b, double, i) == y && DEALT(c, double, i) == z);
    for (unsigned i = 0; i < OPERATIONS; i++) {
        uint64_t ns = clock_to_ns(times[i]), bytes = vectors_moved[i] * n * rounds * sizeof(double);
        print("time: %s on %u CPUs: %lu MB/s\n", names[i], n_cpus, ns ? bytes * 1000 / ns : 0);
    }
}

int main(void)
{
    n = options.size ? options.size : 8192;
    rounds = argument_number("rounds", 4);
    static const struct kernel kernel = {"stream", prepare, stream, verify};
    measure(&kernel);
    print("%lu elements, %lu rounds, first %ld\n", n, rounds, (int64_t)DEALT(a, double, 0));
    return 0;
}
