// SPDX-License-Identifier: Apache-2.0
// LU factorisation without pivoting of a size= by size= matrix (64; a multiple of 16) in blocks of 16 by 16,
// dealt to a grid of CPUs. The matrix is the product of factors of small integers, with powers of two on U's
// diagonal, so every operation is exact: right if these factors come back, bit for bit.
#include "tests/guests/zarch/runtime/arguments.h"
#include "tests/guests/zarch/runtime/cpu.h"
#include "tests/guests/zarch/runtime/end.h"
#include "tests/guests/zarch/runtime/memory.h"
#include "tests/guests/zarch/runtime/parallel.h"
#include "tests/guests/zarch/runtime/place.h"
#include "tests/guests/zarch/runtime/print.h"
#include "tests/guests/zarch/runtime/random.h"

enum { SIDE = 16, BLOCKS_MAX = 32 };

typedef double block[SIDE][SIDE];

static unsigned n, n_blocks;
static double *original, *factors; // n by n; factors has L below the diagonal and U from it on
static block *blocks[BLOCKS_MAX][BLOCKS_MAX];
static unsigned grid_rows, grid_columns;

static double factor_at(unsigned i, unsigned j)
{
    uint64_t random = random_at(options.seed, (uint64_t)i * n + j);
    return i == j ? (random & 1 ? -1.0 : 1.0) * (double)(1 << (random >> 1 & 1)) : (double)(random % 5) - 2.0;
}

static void make_matrix(void)
{
    for (unsigned i = 0; i < n; i++)
        for (unsigned j = 0; j < n; j++)
            factors[i * n + j] = factor_at(i, j);
    for (unsigned i = 0; i < n; i++)
        for (unsigned j = 0; j < n; j++) {
            double sum = i <= j ? factors[i * n + j] : 0; // L has ones on its diagonal
            for (unsigned k = 0; k < i && k <= j; k++)
                sum += factors[i * n + k] * factors[k * n + j];
            original[i * n + j] = sum;
        }
}

static unsigned owner(unsigned row, unsigned column)
{
    return row % grid_rows * grid_columns + column % grid_columns;
}

static bool is_mine(unsigned row, unsigned column)
{
    return owner(row, column) == team_member();
}

static void prepare(unsigned n_cpus)
{
    grid_rows = 1;
    for (unsigned r = 1; r * r <= n_cpus; r++)
        if (n_cpus % r == 0)
            grid_rows = r;
    grid_columns = n_cpus > grid_rows ? n_cpus / grid_rows : 1;
    for (unsigned i = 0; i < n_blocks; i++)
        for (unsigned j = 0; j < n_blocks; j++) {
            blocks[i][j] = place_for(owner(i, j), sizeof(block));
            for (unsigned y = 0; y < SIDE; y++)
                memcpy((*blocks[i][j])[y], original + (size_t)(i * SIDE + y) * n + (size_t)j * SIDE,
                       SIDE * sizeof(double));
        }
}

static void factor_diagonal(block a)
{
    for (unsigned k = 0; k < SIDE; k++)
        for (unsigned i = k + 1; i < SIDE; i++) {
            a[i][k] /= a[k][k];
            for (unsigned j = k + 1; j < SIDE; j++)
                a[i][j] -= a[i][k] * a[k][j];
        }
}

// Below the diagonal: a := a / U.
static void solve_column(block a, block diagonal)
{
    for (unsigned i = 0; i < SIDE; i++)
        for (unsigned k = 0; k < SIDE; k++) {
            a[i][k] /= diagonal[k][k];
            for (unsigned j = k + 1; j < SIDE; j++)
                a[i][j] -= a[i][k] * diagonal[k][j];
        }
}

// Right of the diagonal: a := L \ a.
static void solve_row(block a, block diagonal)
{
    for (unsigned k = 0; k < SIDE; k++)
        for (unsigned i = k + 1; i < SIDE; i++)
            for (unsigned j = 0; j < SIDE; j++)
                a[i][j] -= diagonal[i][k] * a[k][j];
}

static void update(block a, block left, block above)
{
    for (unsigned i = 0; i < SIDE; i++)
        for (unsigned k = 0; k < SIDE; k++)
            for (unsigned j = 0; j < SIDE; j++)
                a[i][j] -= left[i][k] * above[k][j];
}

static void factor(void *nothing)
{
    (void)nothing;
    for (unsigned k = 0; k < n_blocks; k++) {
        if (is_mine(k, k))
            factor_diagonal(*blocks[k][k]);
        team_barrier();
        for (unsigned i = k + 1; i < n_blocks; i++) {
            if (is_mine(i, k))
                solve_column(*blocks[i][k], *blocks[k][k]);
            if (is_mine(k, i))
                solve_row(*blocks[k][i], *blocks[k][k]);
        }
        team_barrier();
        for (unsigned i = k + 1; i < n_blocks; i++)
            for (unsigned j = k + 1; j < n_blocks; j++)
                if (is_mine(i, j))
                    update(*blocks[i][j], *blocks[i][k], *blocks[k][j]);
        team_barrier();
    }
}

static void verify(unsigned n_cpus)
{
    (void)n_cpus;
    for (unsigned i = 0; i < n; i++)
        for (unsigned j = 0; j < n; j++)
            CHECK((*blocks[i / SIDE][j / SIDE])[i % SIDE][j % SIDE] == factors[i * n + j]);
}

int main(void)
{
    uint64_t size = options.size ? options.size : 64;
    CHECK(size % SIDE == 0 && size <= (uint64_t)BLOCKS_MAX * SIDE);
    n = (unsigned)size;
    n_blocks = n / SIDE;
    original = place_on(0, size * size * sizeof *original);
    factors = place_on(0, size * size * sizeof *factors);
    place_keep();
    make_matrix();
    static const struct kernel kernel = {"lu", prepare, factor, verify};
    measure(&kernel);
    double trace = 0;
    for (unsigned i = 0; i < n; i++)
        trace += original[i * n + i];
    print("%u x %u matrix, trace %ld\n", n, n, (int64_t)trace);
    return 0;
}
