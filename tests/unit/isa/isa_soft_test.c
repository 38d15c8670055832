// SPDX-License-Identifier: Apache-2.0
// The exact arithmetic against the host's unit under its four rounding modes, and against the compiler's
// 128-bit type. The host detects tininess after rounding: where the result is the smallest normal number only
// the result is compared.
#include <CUnit/Basic.h>
#include <fenv.h>
#include <math.h>
#include <string.h>

#include "tests/unit/isa/float_operands.h"

enum { ROUNDS = 4000 };

static const int host_modes[] = {[SOFT_NEAREST] = FE_TONEAREST,
                                 [SOFT_ZERO] = FE_TOWARDZERO,
                                 [SOFT_UP] = FE_UPWARD,
                                 [SOFT_DOWN] = FE_DOWNWARD};

// Called, not expanded in place: what the compiler makes of rint is right for rounding to nearest only.
static double (*volatile whole_host)(double) = rint;

static unsigned host_flags(void)
{
    int raised = fetestexcept(FE_ALL_EXCEPT);
    return (raised & FE_INVALID ? SOFT_INVALID : 0) | (raised & FE_DIVBYZERO ? SOFT_DIVISION : 0) |
           (raised & FE_OVERFLOW ? SOFT_OVERFLOW : 0) | (raised & FE_UNDERFLOW ? SOFT_UNDERFLOW : 0) |
           (raised & FE_INEXACT ? SOFT_INEXACT : 0);
}

static void host_begin(unsigned mode)
{
    fesetround(host_modes[mode]);
    feclearexcept(FE_ALL_EXCEPT);
}

enum operation { ADD, SUBTRACT, MULTIPLY, DIVIDE, ROOT, FUSED, OPERATIONS };

static soft_bits soft(struct soft *s, const struct soft_format *f, enum operation op, const soft_bits x[3])
{
    switch (op) {
    case ADD:
        return soft_add(s, f, x[0], x[1]);
    case SUBTRACT:
        return soft_subtract(s, f, x[0], x[1]);
    case MULTIPLY:
        return soft_multiply(s, f, f, x[0], x[1]);
    case DIVIDE:
        return soft_divide(s, f, x[0], x[1]);
    case ROOT:
        return soft_square_root(s, f, x[0]);
    case FUSED:
        return soft_multiply_add(s, f, x[0], x[1], x[2], false);
    default:
        return 0;
    }
}

// The host's answers; volatile keeps the operations where the environment is set.
#define HOST(type, name, root, fused)                                                                        \
    static void name(enum operation op, const soft_bits x[3], soft_bits *bits)                               \
    {                                                                                                        \
        volatile type a, b, c, r = 0;                                                                        \
        type result;                                                                                         \
        memcpy((void *)(uintptr_t)&a, &x[0], sizeof a);                                                      \
        memcpy((void *)(uintptr_t)&b, &x[1], sizeof b);                                                      \
        memcpy((void *)(uintptr_t)&c, &x[2], sizeof c);                                                      \
        if (op == ADD)                                                                                       \
            r = a + b;                                                                                       \
        else if (op == SUBTRACT)                                                                             \
            r = a - b;                                                                                       \
        else if (op == MULTIPLY)                                                                             \
            r = a * b;                                                                                       \
        else if (op == DIVIDE)                                                                               \
            r = a / b;                                                                                       \
        else if (op == ROOT)                                                                                 \
            r = root(a);                                                                                     \
        else                                                                                                 \
            r = fused(a, b, c);                                                                              \
        result = r;                                                                                          \
        *bits = 0;                                                                                           \
        memcpy(bits, &result, sizeof result);                                                                \
    }
HOST(float, host_short, sqrtf, fmaf)
HOST(double, host_long, sqrt, fma)
#ifdef __SIZEOF_FLOAT128__
#define NOT_THERE(...) 0
HOST(__float128, host_extended, NOT_THERE, NOT_THERE)
#endif

static bool is_nan(const struct soft_format *f, soft_bits bits)
{
    return soft_class(f, bits) & 0xf;
}

static bool is_least(const struct soft_format *f, soft_bits bits)
{
    return bits << (129 - f->width) == (soft_bits)1 << (f->precision + 128 - f->width);
}

typedef void host_function(enum operation op, const soft_bits x[3], soft_bits *bits);

static void compare(const struct soft_format *f, host_function *host, enum operation op, unsigned mode)
{
    soft_bits x[3] = {random_operand(f), random_operand(f), random_operand(f)}, wanted;
    struct soft s = {.mode = (uint8_t)mode};
    host_begin(mode);
    host(op, x, &wanted);
    unsigned flags = host_flags();
    fesetround(FE_TONEAREST);
    soft_bits got = soft(&s, f, op, x);
    if (is_nan(f, wanted)) {
        CU_ASSERT_TRUE(is_nan(f, got));
        CU_ASSERT_EQUAL(got >> (f->width - 1), 0);
    } else {
        CU_ASSERT_TRUE(got == wanted);
    }
    if (is_least(f, wanted) && s.raised & SOFT_INEXACT)
        flags |= s.raised & SOFT_UNDERFLOW;
    CU_ASSERT_EQUAL(s.raised, flags);
}

static void test_host(void)
{
    for (unsigned i = 0; i < ROUNDS; i++)
        for (unsigned op = 0; op < OPERATIONS; op++)
            for (unsigned mode = SOFT_NEAREST; mode <= SOFT_DOWN; mode++) {
                compare(&soft_short, host_short, (enum operation)op, mode);
                compare(&soft_long, host_long, (enum operation)op, mode);
            }
}

static void test_extended(void)
{
#ifdef __SIZEOF_FLOAT128__
    for (unsigned i = 0; i < ROUNDS; i++)
        for (unsigned op = ADD; op <= DIVIDE; op++)
            for (unsigned mode = SOFT_NEAREST; mode <= SOFT_DOWN; mode++)
                compare(&soft_extended, host_extended, (enum operation)op, mode);
#endif
}

// The sign of a * a - b, for the 256 bits of b.
static int square_order(soft_bits a, soft_bits b_high, soft_bits b_low)
{
    uint64_t a1 = (uint64_t)(a >> 64), a0 = (uint64_t)a;
    soft_bits low = (soft_bits)a0 * a0, cross = (soft_bits)a1 * a0, high = (soft_bits)a1 * a1;
    soft_bits sum = low + (cross << 65);
    high += (cross >> 63) + (sum < low);
    if (high != b_high)
        return high < b_high ? -1 : 1;
    return sum < b_low ? -1 : sum > b_low;
}

// Roots of the extended format, by their definition: r * r <= x < (r + 1) * (r + 1), in units of the last
// bit.
static void test_extended_root(void)
{
    soft_bits one = (soft_bits)1 << 112;
    unsigned exact = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        soft_bits x = random_operand(&soft_extended) & ~((soft_bits)1 << 127);
        struct soft s = {.mode = SOFT_ZERO};
        uint32_t biased = (uint32_t)(x >> 112);
        if (biased == 0 || biased == 0x7fff)
            continue;
        soft_bits got = soft_square_root(&s, &soft_extended, x);
        int exponent = (int)biased - 16383, odd = exponent & 1;
        soft_bits r = (got & (one - 1)) | one, m = (x & (one - 1)) | one;
        soft_bits high = m >> (16 - odd), low = m << (112 + odd);
        int order = square_order(r, high, low);
        CU_ASSERT_EQUAL((int)(got >> 112), (exponent - odd) / 2 + 16383);
        CU_ASSERT_TRUE(order <= 0 && square_order(r + 1, high, low) > 0);
        CU_ASSERT_EQUAL(s.raised, order ? SOFT_INEXACT : 0);
        exact += order == 0;
    }
    CU_ASSERT(exact > 10);
}

static float scaled_host(double exact, int power, unsigned mode)
{
    host_begin(mode);
    volatile double scaled = ldexp(exact, power);
    volatile float result = (float)scaled;
    fesetround(FE_TONEAREST);
    return result;
}

// A product of short numbers is exact in double precision, and so is that scaled: it gives what a trap
// delivers.
static void test_scaled(void)
{
    unsigned seen = 0;
    for (unsigned i = 0; i < ROUNDS; i++)
        for (unsigned mode = SOFT_NEAREST; mode <= SOFT_DOWN; mode++) {
            uint32_t x[2] = {(uint32_t)random_operand(&soft_short), (uint32_t)random_operand(&soft_short)};
            float a, b, wanted;
            memcpy(&a, &x[0], 4);
            memcpy(&b, &x[1], 4);
            struct soft s = {.mode = (uint8_t)mode, .masks = SOFT_OVERFLOW | SOFT_UNDERFLOW};
            uint32_t got = (uint32_t)soft_multiply(&s, &soft_short, &soft_short, x[0], x[1]), bits;
            double exact = (double)a * (double)b;
            bool tiny = exact != 0 && fabs(exact) < 0x1p-126;
            CU_ASSERT_EQUAL(tiny, !!(s.raised & SOFT_UNDERFLOW));
            if (!s.scaled)
                continue;
            wanted = scaled_host(exact, tiny ? 192 : -192, mode);
            memcpy(&bits, &wanted, 4);
            CU_ASSERT_EQUAL(got, bits);
            CU_ASSERT_EQUAL(s.incremented, fabs((double)wanted) > fabs(ldexp(exact, tiny ? 192 : -192)));
            CU_ASSERT_EQUAL(!!(s.raised & SOFT_INEXACT), (double)wanted != ldexp(exact, tiny ? 192 : -192));
            seen |= tiny ? 1 : 2;
        }
    CU_ASSERT_EQUAL(seen, 3);
}

// Between formats, both ways, and to whole numbers.
static void test_resize(void)
{
    for (unsigned i = 0; i < ROUNDS; i++)
        for (unsigned mode = SOFT_NEAREST; mode <= SOFT_DOWN; mode++) {
            uint64_t x = (uint64_t)random_operand(&soft_long), whole_bits;
            double a, whole;
            float narrow;
            uint32_t bits;
            memcpy(&a, &x, 8);
            host_begin(mode);
            volatile double in = a;
            volatile float out = (float)in;
            unsigned flags = host_flags();
            volatile double integral = whole_host(in);
            fesetround(FE_TONEAREST);
            narrow = out;
            whole = integral;
            memcpy(&bits, &narrow, 4);
            memcpy(&whole_bits, &whole, 8);
            struct soft s = {.mode = (uint8_t)mode}, t = s;
            CU_ASSERT_TRUE(soft_resize(&s, &soft_long, &soft_short, x) == bits);
            if (is_least(&soft_short, bits))
                flags |= s.raised & SOFT_UNDERFLOW;
            CU_ASSERT_EQUAL(s.raised, flags);
            CU_ASSERT_TRUE(soft_integral(&t, &soft_long, x) == whole_bits);
            CU_ASSERT_EQUAL(t.raised, whole == a ? 0 : SOFT_INEXACT);
            soft_bits wide = soft_resize(&t, &soft_long, &soft_extended, x);
            CU_ASSERT_TRUE(soft_resize(&t, &soft_extended, &soft_long, wide) == x);
        }
}

static void test_integers(void)
{
    for (unsigned i = 0; i < ROUNDS; i++)
        for (unsigned mode = SOFT_NEAREST; mode <= SOFT_DOWN; mode++) {
            uint64_t n = random_bits() >> (random_bits() & 63), bits,
                     x = (uint64_t)random_operand(&soft_long);
            struct soft s = {.mode = (uint8_t)mode}, t = s;
            host_begin(mode);
            volatile int64_t in = (int64_t)n;
            volatile double out = (double)in;
            unsigned flags = host_flags();
            double b = out;
            volatile double a;
            memcpy((void *)(uintptr_t)&a, &x, 8);
            volatile double whole = whole_host(a);
            fesetround(FE_TONEAREST);
            memcpy(&bits, &b, 8);
            bool negative = (int64_t)n < 0;
            CU_ASSERT_TRUE(soft_from_integer(&s, &soft_long, negative, negative ? 0 - n : n) == bits);
            CU_ASSERT_EQUAL(s.raised, flags);
            uint8_t cc;
            uint64_t got = soft_to_integer(&t, &soft_long, x, 64, true, &cc);
            if (fabs(whole) < 0x1p63) {
                CU_ASSERT_EQUAL((int64_t)got, (int64_t)whole);
                CU_ASSERT_EQUAL(t.raised, whole == a ? 0 : SOFT_INEXACT);
                CU_ASSERT_EQUAL(cc, a == 0 ? 0 : a < 0 ? 1 : 2);
            } else if (whole != -0x1p63) {
                CU_ASSERT_EQUAL(got, a < 0 ? UINT64_C(1) << 63 : (UINT64_C(1) << 63) - 1);
                CU_ASSERT_EQUAL(t.raised, SOFT_INVALID | SOFT_INEXACT);
                CU_ASSERT_EQUAL(cc, 3);
            }
        }
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("soft", NULL, NULL);
    CU_add_test(suite, "short and long, as the host", test_host);
    CU_add_test(suite, "extended, as the compiler", test_extended);
    CU_add_test(suite, "roots of the extended format", test_extended_root);
    CU_add_test(suite, "scaled results", test_scaled);
    CU_add_test(suite, "formats and whole numbers", test_resize);
    CU_add_test(suite, "integers", test_integers);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed ? 1 : 0;
}
