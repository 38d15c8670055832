// SPDX-License-Identifier: Apache-2.0
// Jacobi iteration: a square of size= points a side (64), `steps=` steps (12); each inner point becomes the
// mean of its four neighbours. CPUs have strips of rows. Before each step a CPU copies its outer rows to its
// neighbours' ghost rows and raises a flag there; nobody waits for anybody else. Right if every point is that
// of a serial computation, bit for bit, and if the mean of a harmonic function, x*x - y*y, stays what it is.
#include "tests/guests/zarch/runtime/arguments.h"
#include "tests/guests/zarch/runtime/cpu.h"
#include "tests/guests/zarch/runtime/end.h"
#include "tests/guests/zarch/runtime/memory.h"
#include "tests/guests/zarch/runtime/parallel.h"
#include "tests/guests/zarch/runtime/place.h"
#include "tests/guests/zarch/runtime/print.h"
#include "tests/guests/zarch/runtime/random.h"

// A CPU's rows: rows[0] and rows[n_rows + 1] are ghosts. Two copies of all, by parity of the step, so that a
// neighbour may be one step ahead.
struct strip {
    uint64_t first, n_rows;
    double *rows[2];
    struct {
        uint64_t steps; // that the neighbour above [0] or below [1] has delivered
    } __attribute__((aligned(LINE_BYTES))) from[2];
};

static uint64_t side, steps;
static struct strip *strips[CPUS_MAX];
static unsigned n_strips; // CPUs with rows
static double *serial[2];

static double harmonic(uint64_t x, uint64_t y)
{
    return (double)(x * x) - (double)(y * y);
}

static double initial(uint64_t x, uint64_t y)
{
    bool inner = x > 0 && y > 0 && x < side - 1 && y < side - 1;
    return harmonic(x, y) + (inner ? (double)(random_at(options.seed, y * side + x) % 1024) : 0);
}

static double *row(const struct strip *strip, uint64_t parity, uint64_t i)
{
    return strip->rows[parity] + i * side;
}

static void prepare(unsigned n_cpus)
{
    n_strips = 0;
    for (unsigned i = 0; i < n_cpus; i++) {
        struct range part = part_of(side, i, n_cpus);
        struct strip *strip = strips[i] = place_for(i, sizeof *strip);
        memset(strip, 0, sizeof *strip);
        strip->first = part.begin;
        strip->n_rows = part.end - part.begin;
        n_strips += strip->n_rows > 0;
        for (unsigned parity = 0; parity < 2; parity++) {
            strip->rows[parity] = place_for(i, (strip->n_rows + 2) * side * sizeof(double));
            for (uint64_t y = 0; y < strip->n_rows; y++)
                for (uint64_t x = 0; x < side; x++)
                    row(strip, parity, y + 1)[x] = initial(x, part.begin + y);
        }
    }
}

// To the strip above: its lower ghost row; to the one below: its upper one.
static void deliver(unsigned me, uint64_t step)
{
    const struct strip *mine = strips[me];
    uint64_t parity = step % 2, bytes = side * sizeof(double);
    if (me > 0) {
        struct strip *above = strips[me - 1];
        memcpy(row(above, parity, above->n_rows + 1), row(mine, parity, 1), bytes);
        __atomic_store_n(&above->from[1].steps, step + 1, __ATOMIC_RELEASE);
    }
    if (me + 1 < n_strips) {
        struct strip *below = strips[me + 1];
        memcpy(row(below, parity, 0), row(mine, parity, mine->n_rows), bytes);
        __atomic_store_n(&below->from[0].steps, step + 1, __ATOMIC_RELEASE);
    }
}

static void await(unsigned me, uint64_t step)
{
    for (unsigned side_of = 0; side_of < 2; side_of++)
        if (side_of == 0 ? me > 0 : me + 1 < n_strips)
            while (__atomic_load_n(&strips[me]->from[side_of].steps, __ATOMIC_ACQUIRE) <= step)
                continue;
}

static void relax_row(double *to, const double *above, const double *here, const double *below)
{
    for (uint64_t x = 1; x + 1 < side; x++)
        to[x] = 0.25 * ((above[x] + below[x]) + (here[x - 1] + here[x + 1]));
}

static void iterate(void *nothing)
{
    (void)nothing;
    unsigned me = team_member();
    struct strip *mine = strips[me];
    for (uint64_t step = 0; me < n_strips && step < steps; step++) {
        uint64_t old = step % 2, new = !old;
        deliver(me, step);
        await(me, step);
        for (uint64_t i = 1; i <= mine->n_rows; i++) {
            uint64_t y = mine->first + i - 1;
            if (y > 0 && y + 1 < side)
                relax_row(row(mine, new, i), row(mine, old, i - 1), row(mine, old, i), row(mine, old, i + 1));
        }
    }
}

static void compute_serial(bool random)
{
    for (uint64_t i = 0; i < side * side; i++) {
        uint64_t x = i % side, y = i / side;
        serial[0][i] = serial[1][i] = random ? initial(x, y) : harmonic(x, y);
    }
    for (uint64_t step = 0; step < steps; step++) {
        const double *old = serial[step % 2];
        double *new = serial[(step + 1) % 2];
        for (uint64_t y = 1; y + 1 < side; y++)
            relax_row(new + y *side, old + (y - 1) * side, old + y * side, old + (y + 1) * side);
    }
}

static void verify(unsigned n_cpus)
{
    for (unsigned i = 0; i < n_cpus; i++)
        for (uint64_t y = 0; y < strips[i]->n_rows; y++)
            CHECK(memcmp(row(strips[i], steps % 2, y + 1), serial[steps % 2] + (strips[i]->first + y) * side,
                         side * sizeof(double)) == 0);
}

int main(void)
{
    side = options.size ? options.size : 64;
    steps = argument_number("steps", 12);
    CHECK(side >= 3);
    for (unsigned i = 0; i < 2; i++)
        serial[i] = place_on(0, side * side * sizeof(double));
    place_keep();
    compute_serial(false);
    for (uint64_t i = 0; i < side * side; i++)
        CHECK(serial[steps % 2][i] == harmonic(i % side, i / side));
    compute_serial(true);
    static const struct kernel kernel = {"stencil", prepare, iterate, verify};
    measure(&kernel);
    double sum = 0;
    for (uint64_t i = 0; i < side * side; i++)
        sum += serial[steps % 2][i];
    print("%lu x %lu points, %lu steps, sum %ld\n", side, side, steps, (int64_t)sum);
    return 0;
}
