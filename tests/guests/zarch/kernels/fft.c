// SPDX-License-Identifier: Apache-2.0
// Complex FFT of size= points (4096; a power of 4) in six steps: the vector is a square of m rows;
// transposed, transformed by rows, multiplied with twiddle factors, transposed, transformed by rows,
// transposed. CPUs have rows; transposing reads those of all others. The input is a sum of tones, so the
// transform is known: right if it is that within 1e-9 of its size.
#include "tests/guests/zarch/runtime/arguments.h"
#include "tests/guests/zarch/runtime/end.h"
#include "tests/guests/zarch/runtime/parallel.h"
#include "tests/guests/zarch/runtime/place.h"
#include "tests/guests/zarch/runtime/print.h"
#include "tests/guests/zarch/runtime/random.h"

enum { TONES = 4 };

struct complex {
    double re, im;
};

static uint64_t n, m;         // n == m * m
static struct complex *roots; // exp(-2 pi i k / n), k < n
static struct dealt data, other;
static struct {
    uint64_t frequency;
    double amplitude;
} tones[TONES];

static struct complex multiply(struct complex a, struct complex b)
{
    return (struct complex){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

// cos x - i sin x for 0 <= x <= pi / 4, by Taylor's series from its small terms on: 18 terms leave less than
// an ulp.
static struct complex root_near_one(double x)
{
    double even = 0, odd = 0;
    for (int k = 16; k >= 0; k -= 2) {
        even = 1 - even * (x * x) / ((k + 1) * (k + 2));
        odd = 1 - odd * (x * x) / ((k + 2) * (k + 3));
    }
    return (struct complex){even, -x * odd};
}

// The first eighth of the circle by the series, the rest by symmetry.
static void compute_roots(void)
{
    const double two_pi = 6.283185307179586476925286766559;
    for (uint64_t k = 0; k <= n / 8; k++)
        roots[k] = root_near_one(two_pi * (double)k / (double)n);
    for (uint64_t k = 0; k < n / 8; k++)
        roots[n / 4 - k] = (struct complex){-roots[k].im, -roots[k].re};
    for (uint64_t k = n / 4 + 1; k < n; k++)
        roots[k] = (struct complex){roots[k - n / 4].im, -roots[k - n / 4].re};
}

// Row r of a square dealt by rows.
static struct complex *row(const struct dealt *square, uint64_t r)
{
    return (struct complex *)square->block[r / square->per_block] + r % square->per_block * m;
}

static void prepare(unsigned n_cpus)
{
    deal(&data, m, m * sizeof(struct complex), n_cpus);
    deal(&other, m, m * sizeof(struct complex), n_cpus);
    for (uint64_t j = 0; j < n; j++) {
        struct complex sum = {0, 0};
        for (unsigned t = 0; t < TONES; t++) {
            struct complex root = roots[tones[t].frequency * j % n];
            sum.re += tones[t].amplitude * root.re;
            sum.im -= tones[t].amplitude * root.im;
        }
        row(&data, j / m)[j % m] = sum;
    }
}

static void reverse_bits(struct complex *x)
{
    for (uint64_t i = 0, j = 0; i < m; i++) {
        if (i < j) {
            struct complex swap = x[i];
            x[i] = x[j];
            x[j] = swap;
        }
        uint64_t bit = m >> 1;
        for (; bit && j & bit; bit >>= 1)
            j ^= bit;
        j |= bit;
    }
}

static void transform_row(struct complex *x)
{
    reverse_bits(x);
    for (uint64_t half = 1; half < m; half *= 2)
        for (uint64_t start = 0; start < m; start += 2 * half)
            for (uint64_t k = 0; k < half; k++) {
                struct complex *a = &x[start + k], *b = a + half;
                struct complex turned = multiply(*b, roots[k * (n / (2 * half))]);
                *b = (struct complex){a->re - turned.re, a->im - turned.im};
                *a = (struct complex){a->re + turned.re, a->im + turned.im};
            }
}

// My rows of to from the columns of from.
static void transpose(const struct dealt *from, struct range mine, const struct dealt *to)
{
    for (uint64_t c = 0; c < m; c++) {
        const struct complex *source = row(from, c);
        for (uint64_t r = mine.begin; r < mine.end; r++)
            row(to, r)[c] = source[r];
    }
    team_barrier();
}

static void transform(void *nothing)
{
    (void)nothing;
    struct range mine = my_part(m);
    transpose(&data, mine, &other);
    for (uint64_t r = mine.begin; r < mine.end; r++) {
        struct complex *x = row(&other, r);
        transform_row(x);
        for (uint64_t k = 0; k < m; k++)
            x[k] = multiply(x[k], roots[r * k]);
    }
    team_barrier();
    transpose(&other, mine, &data);
    for (uint64_t r = mine.begin; r < mine.end; r++)
        transform_row(row(&data, r));
    team_barrier();
    transpose(&data, mine, &other);
}

static double size_of(double x)
{
    return x < 0 ? -x : x;
}

static void verify(unsigned n_cpus)
{
    (void)n_cpus;
    for (uint64_t k = 0; k < n; k++) {
        struct complex x = row(&other, k / m)[k % m];
        double expected = 0;
        for (unsigned t = 0; t < TONES; t++)
            if (tones[t].frequency == k)
                expected += tones[t].amplitude * (double)n;
        CHECK(size_of(x.re - expected) < 1e-9 * (double)n && size_of(x.im) < 1e-9 * (double)n);
    }
}

int main(void)
{
    n = options.size ? options.size : 4096;
    for (m = 4; m * m < n; m *= 2)
        continue;
    CHECK(m * m == n);
    roots = place_on(0, n * sizeof *roots);
    place_keep();
    compute_roots();
    for (unsigned t = 0; t < TONES; t++) {
        tones[t].frequency = random_at(options.seed, t) % n;
        tones[t].amplitude = (double)(t + 1);
    }
    static const struct kernel kernel = {"fft", prepare, transform, verify};
    measure(&kernel);
    for (unsigned t = 0; t < TONES; t++) {
        double re = row(&other, tones[t].frequency / m)[tones[t].frequency % m].re;
        print("frequency %lu: %ld\n", tones[t].frequency, (int64_t)(re + 0.5));
    }
    return 0;
}
