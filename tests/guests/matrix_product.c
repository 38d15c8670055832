// SPDX-License-Identifier: Apache-2.0
// To be recorded: matrix_product [THREADS [ROWS]] (4, 48; up to 64 and 2048). Threads take rows of the
// product from a shared counter (C11 atomic_fetch_add), tell by a flag when they have found none left, and
// the first thread spins on the flags. Exit status 0: the product is right; 1: it is not; 2: wrong arguments.
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define THREADS_MAX 64u
#define ROWS_MAX    2048u

static uint64_t *a, *b, *product;
static unsigned rows;
static atomic_uint next_row, done;
static atomic_ullong trace_of_product;

static void compute_row(unsigned i)
{
    for (unsigned j = 0; j < rows; j++) {
        uint64_t sum = 0;
        for (unsigned k = 0; k < rows; k++)
            sum += a[i * rows + k] * b[k * rows + j];
        product[i * rows + j] = sum;
    }
    atomic_fetch_add(&trace_of_product, product[i * rows + i]);
}

static void *work(void *nothing)
{
    for (unsigned i; (i = atomic_fetch_add_explicit(&next_row, 1, memory_order_relaxed)) < rows;)
        compute_row(i);
    atomic_fetch_add_explicit(&done, 1, memory_order_release);
    return nothing;
}

// a[i][k] = i + k and b[k][j] = k - j (modulo 2^64), so sums of powers give each element.
static int is_right(void)
{
    uint64_t n = rows, sum_k = n * (n - 1) / 2, sum_kk = n * (n - 1) * (2 * n - 1) / 6, trace = 0;
    for (uint64_t i = 0; i < n; i++)
        for (uint64_t j = 0; j < n; j++)
            if (product[i * n + j] != sum_kk + (i - j) * sum_k - n * i * j)
                return 0;
    for (uint64_t i = 0; i < n; i++)
        trace += product[i * n + i];
    return trace == atomic_load(&trace_of_product);
}

int main(int argc, char **argv)
{
    unsigned n_threads = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 4;
    rows = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 48;
    if (n_threads == 0 || n_threads > THREADS_MAX || rows == 0 || rows > ROWS_MAX)
        return 2;
    size_t bytes = (size_t)rows * rows * sizeof *a;
    a = malloc(bytes), b = malloc(bytes), product = malloc(bytes);
    if (!a || !b || !product)
        return 2;
    for (unsigned i = 0; i < rows; i++)
        for (unsigned j = 0; j < rows; j++) {
            a[i * rows + j] = i + j;
            b[i * rows + j] = (uint64_t)i - j;
        }
    pthread_t threads[THREADS_MAX];
    for (unsigned i = 1; i < n_threads; i++)
        if (pthread_create(&threads[i], NULL, work, NULL))
            return 2;
    work(NULL);
    while (atomic_load_explicit(&done, memory_order_acquire) < n_threads)
        continue;
    int good = is_right();
    for (unsigned i = 1; i < n_threads; i++)
        pthread_join(threads[i], NULL);
    printf("%u rows, %u threads: %s\n", rows, n_threads, good ? "right" : "WRONG");
    return good ? 0 : 1;
}
