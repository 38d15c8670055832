// SPDX-License-Identifier: Apache-2.0
// To be recorded: parallel_sort [THREADS [NUMBERS]] (4, 20000; a power of two of threads, up to 64). Each
// thread sorts its part; then they merge parts in rounds, half as many threads in each, with a barrier
// between. Exit status 0: the result is in order and holds the numbers that went in; 1: it is not; 2: wrong
// arguments.
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS_MAX 64u

static uint32_t *numbers, *merged;
static size_t n_numbers;
static unsigned n_threads;
static pthread_barrier_t barrier;

static int compare(const void *a, const void *b)
{
    uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;
    return one < other ? -1 : one > other;
}

// Where part `i` of n_threads begins.
static size_t part(unsigned i)
{
    return n_numbers * i / n_threads;
}

static void merge(size_t from, size_t middle, size_t to)
{
    size_t left = from, right = middle;
    for (size_t i = from; i < to; i++)
        merged[i] = right == to || (left < middle && numbers[left] <= numbers[right]) ? numbers[left++]
                                                                                      : numbers[right++];
    memcpy(numbers + from, merged + from, (to - from) * sizeof *numbers);
}

static void *work(void *argument)
{
    unsigned self = (unsigned)(uintptr_t)argument;
    qsort(numbers + part(self), part(self + 1) - part(self), sizeof *numbers, compare);
    for (unsigned step = 1; step < n_threads; step *= 2) {
        pthread_barrier_wait(&barrier);
        if (self % (2 * step) == 0)
            merge(part(self), part(self + step), part(self + 2 * step));
    }
    return NULL;
}

static uint64_t fill(void)
{
    uint64_t sum = 0;
    uint32_t state = 1;
    for (size_t i = 0; i < n_numbers; i++) {
        state = state * 1664525u + 1013904223u;
        numbers[i] = state >> 8;
        sum += numbers[i];
    }
    return sum;
}

static int is_sorted(uint64_t sum)
{
    for (size_t i = 0; i < n_numbers; i++) {
        if (i > 0 && numbers[i - 1] > numbers[i])
            return 0;
        sum -= numbers[i];
    }
    return sum == 0;
}

int main(int argc, char **argv)
{
    n_threads = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 4;
    n_numbers = argc > 2 ? strtoul(argv[2], NULL, 10) : 20000;
    if (n_threads == 0 || n_threads > THREADS_MAX || (n_threads & (n_threads - 1)) || n_numbers > 1u << 28)
        return 2;
    numbers = malloc(n_numbers * sizeof *numbers + 1);
    merged = malloc(n_numbers * sizeof *merged + 1);
    if (!numbers || !merged || pthread_barrier_init(&barrier, NULL, n_threads))
        return 2;
    uint64_t sum = fill();
    pthread_t threads[THREADS_MAX];
    for (unsigned i = 0; i < n_threads; i++)
        if (pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)i))
            return 2;
    for (unsigned i = 0; i < n_threads; i++)
        pthread_join(threads[i], NULL);
    int good = is_sorted(sum);
    printf("%zu numbers, %u threads: %s\n", n_numbers, n_threads, good ? "sorted" : "WRONG");
    return good ? 0 : 1;
}
